//! `wait_for_queues DIRECTORY QUEUES MESSAGES`: waits for all queues 0, 1 … at once, in one thread. Prints how many
//! milliseconds of the processor's time it takes while nothing comes for a second; then receives so many messages, each
//! of which is the number of those that came from its queue before.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::{error::Error, thread, time::Duration};

use nix::sys::{
    epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
    resource::{UsageWho, getrusage},
    time::{TimeVal, TimeValLike},
};
use selvedge::{
    message_queue::{MessageQueue, Plain, Receiver, RecvError},
    poll::Pollable,
    segment::Directory,
};
use selvedge_tests::child;

/// A queue, and how many messages came from it.
type Waiting = (Pollable<Receiver<Plain<u64>>>, u64);

fn main() -> Result<(), Box<dyn Error>> {
    let [directory, queues, messages] = child();
    let (directory, mut missing) = (Directory::at(directory), messages.parse::<u64>()?);
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let mut all = Vec::new();
    for number in 0..queues.parse()? {
        let queue = MessageQueue::attach(&directory, &u64::to_string(&number))?;
        let mut receiver = Pollable::new(queue.receiver()?)?;
        assert_eq!(receiver.try_recv(), Err(RecvError::Empty));
        epoll.add(&receiver, EpollEvent::new(EpollFlags::EPOLLIN, number))?;
        all.push((receiver, 0));
    }
    let before = processor_time()?;
    thread::sleep(Duration::from_secs(1));
    println!("{}", (processor_time()? - before).num_milliseconds());
    while missing > 0 {
        let mut events = [EpollEvent::empty(); 8];
        let count = epoll.wait(&mut events, EpollTimeout::NONE)?;
        for event in &events[..count] {
            missing -= receive(&mut all[event.data() as usize]);
        }
    }
    Ok(())
}

/// All that is there.
fn receive((receiver, received): &mut Waiting) -> u64 {
    let before = *received;
    while let Ok(message) = receiver.try_recv() {
        assert_eq!(message, *received);
        *received += 1;
    }
    *received - before
}

fn processor_time() -> nix::Result<TimeVal> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok(usage.user_time() + usage.system_time())
}
