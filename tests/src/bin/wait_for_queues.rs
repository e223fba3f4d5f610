//! `wait_for_queues epoll|tasks DIRECTORY QUEUES MESSAGES`: waits for all queues 0, 1 … at once, in one thread. Prints how
//! many milliseconds of the processor's time it takes while nothing comes for a second; then receives so many messages,
//! each of which is the number of those that came from its queue before.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::{error::Error, thread, time::Duration};

use nix::sys::{
    epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
    resource::{UsageWho, getrusage},
    time::{TimeVal, TimeValLike},
};
use selvedge::{
    message_queue::{MessageQueue, Plain, Receiver, RecvError},
    poll::{Async, Pollable},
    segment::Directory,
};
use selvedge_tests::child;
use tokio::{
    runtime,
    task::{self, JoinSet},
};

/// A queue, and how many messages came from it.
type Waiting = (Pollable<Receiver<Plain<u64>>>, u64);

fn main() -> Result<(), Box<dyn Error>> {
    let [how, directory, queues, messages] = child();
    let directory = Directory::at(directory);
    let all = (0..queues.parse()?).map(|number| {
        let queue = MessageQueue::attach(&directory, &u64::to_string(&number))?;
        Ok(queue.receiver()?)
    });
    let all = all.collect::<Result<_, Box<dyn Error>>>()?;
    match &*how {
        "epoll" => epoll(all, messages.parse()?),
        "tasks" => tasks(all, messages.parse()?),
        other => Err(format!("what is {other}?").into()),
    }
}

/// Prints what it costs to wait for nothing.
fn idle() -> Result<(), Box<dyn Error>> {
    let before = processor_time()?;
    thread::sleep(Duration::from_secs(1));
    println!("{}", (processor_time()? - before).num_milliseconds());
    Ok(())
}

fn epoll(receivers: Vec<Receiver<Plain<u64>>>, messages: u64) -> Result<(), Box<dyn Error>> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let mut all = Vec::new();
    for receiver in receivers {
        let mut receiver = Pollable::new(receiver)?;
        assert_eq!(receiver.try_recv(), Err(RecvError::Empty));
        epoll.add(&receiver, EpollEvent::new(EpollFlags::EPOLLIN, all.len() as u64))?;
        all.push((receiver, 0));
    }
    idle()?;
    let mut missing = messages;
    while missing > 0 {
        let mut events = [EpollEvent::empty(); 8];
        let count = epoll.wait(&mut events, EpollTimeout::NONE)?;
        for event in &events[..count] {
            missing -= receive(&mut all[event.data() as usize]);
        }
    }
    Ok(())
}

/// A task for each receiver, all of them in this thread.
fn tasks(receivers: Vec<Receiver<Plain<u64>>>, messages: u64) -> Result<(), Box<dyn Error>> {
    let each = messages / receivers.len() as u64;
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for receiver in receivers {
            tasks.spawn(receive_each(Async::new(receiver)?, each));
        }
        // They run up to where there is nothing to be had.
        task::yield_now().await;
        idle()?;
        tasks.join_all().await;
        Ok(())
    })
}

async fn receive_each(mut receiver: Async<Receiver<Plain<u64>>>, count: u64) {
    for number in 0..count {
        assert_eq!(receiver.recv().await, Ok(number));
    }
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
