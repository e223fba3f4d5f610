//! Handles as descriptors that can be polled.

use std::{
    os::fd::AsFd,
    process::Command,
    time::{Duration, Instant},
};

use nix::{
    libc,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use selvedge::{
    inspect::State,
    message_queue::{MessageQueue, Plain, RecvError, SendError},
    pipe::{Ended, Pipe},
    poll::Pollable,
    segment::{Directory, RingConfig},
};
use selvedge_tests::{
    A_WHILE, Children, FOR_EVER, Name, confined, hear, peer_dead::BOUND, pipes::Kind,
};

type Numbers = MessageQueue<Plain<u64>>;

/// Does it ring within so long?
fn rings(descriptor: impl AsFd, within: Duration) -> bool {
    let timeout = PollTimeout::try_from(within).unwrap();
    poll(&mut [PollFd::new(descriptor.as_fd(), PollFlags::POLLIN)], timeout).unwrap() == 1
}

fn now(descriptor: impl AsFd) -> bool {
    rings(descriptor, Duration::ZERO)
}

/// A child waits for so many queues, to which this process sends; the milliseconds of the child's processor that it took
/// to wait for nothing for a second.
fn wait_for(queues: u64, confine: impl FnOnce(&mut Command)) -> u64 {
    const ROUNDS: u64 = 20;
    let place = tempfile::tempdir_in("/dev/shm").unwrap();
    let directory = Directory::at(place.path());
    let mut senders: Vec<_> = (0..queues)
        .map(|number| {
            let config = RingConfig::new(4);
            let (queue, _) = Numbers::named(&directory, &number.to_string(), config).unwrap();
            queue.sender().unwrap()
        })
        .collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_wait_for_queues"));
    command.arg(place.path()).args([queues, queues * ROUNDS].map(|number| number.to_string()));
    confine(&mut command);
    let mut children = Children::new();
    let took = hear(children.start("wait_for_queues", &mut command));
    for round in 0..ROUNDS {
        for number in 0..senders.len() {
            // Another order in each round, and at times several to one queue before the next.
            let sender = &mut senders[number * 37 % queues as usize];
            sender.send_timeout(&round, FOR_EVER).unwrap();
        }
    }
    children.finish();
    took.parse().unwrap()
}

#[test]
fn one_thread_waits_for_a_hundred_queues_and_takes_no_time_while_nothing_comes() {
    let took = wait_for(100, |_| ());
    assert!(took < 50, "{took} ms of a second, to wait for nothing");
}

#[test]
fn one_thread_waits_for_more_queues_than_one_call_of_the_kernel() {
    wait_for(300, |_| ());
}

#[test]
fn where_the_kernel_refuses_to_sleep_on_several_words_it_is_looked_at_them() {
    wait_for(10, |command| confined::refuse(command, libc::SYS_futex_waitv));
}

#[test]
fn a_descriptor_can_be_read_until_a_try_finds_nothing() {
    let (queue, _) = Numbers::anonymous(RingConfig::new(2)).unwrap();
    let mut receiver = Pollable::new(queue.receiver().unwrap()).unwrap();
    let mut sender = Pollable::new(queue.sender().unwrap()).unwrap();
    assert!(now(&receiver) && now(&sender), "nobody has tried");
    assert_eq!(receiver.try_recv(), Err(RecvError::Empty));
    assert!(!rings(&receiver, A_WHILE));

    assert_eq!([7, 8].map(|number| sender.try_send(&number)), [Ok(()), Ok(())]);
    assert!(now(&sender), "nothing was refused");
    assert!(rings(&receiver, FOR_EVER));
    assert_eq!(receiver.try_recv(), Ok(7));
    assert!(now(&receiver), "there is more");
    assert_eq!(sender.try_send(&9), Ok(()));
    assert_eq!(sender.try_send(&10), Err(SendError::Full));
    assert!(!rings(&sender, A_WHILE));
    assert_eq!([(); 2].map(|()| receiver.try_recv()), [Ok(8), Ok(9)]);
    assert!(rings(&sender, FOR_EVER));
    assert_eq!(receiver.try_recv(), Err(RecvError::Empty));
    assert!(!now(&receiver));
}

#[test]
fn who_waits_no_more_leaves_no_waiter_behind() {
    let (shm, name) = (Directory::shm(), Name::of("no_waiter"));
    let (queue, _) = Numbers::named(&shm, &name, RingConfig::new(2)).unwrap();
    let waiters = || match shm.inspect(&name).unwrap().state {
        State::Queue { waiters, .. } => waiters,
        other => panic!("{other:?}"),
    };
    let mut dropped = Pollable::new(queue.receiver().unwrap()).unwrap();
    let mut unwrapped = Pollable::new(queue.receiver().unwrap()).unwrap();
    for receiver in [&mut dropped, &mut unwrapped] {
        for _ in 0..2 {
            assert_eq!(receiver.try_recv(), Err(RecvError::Empty));
        }
    }
    assert_eq!(waiters(), [0, 2]);
    drop(dropped);
    assert_eq!(waiters(), [0, 1]);
    let mut receiver = unwrapped.into_inner();
    assert_eq!(waiters(), [0, 0]);
    queue.sender().unwrap().send(&7).unwrap();
    assert_eq!(receiver.recv(), Ok(7));
}

/// Kills a child that has the other end of a pipe, and waits for the descriptor to ring.
fn killed(child_writes: bool, wait: impl FnOnce(&Pipe, &mut dyn FnMut(&dyn AsFd))) {
    let (pipe, descriptor) = Pipe::anonymous(64).unwrap();
    let mut children = Children::new();
    let program = env!("CARGO_BIN_EXE_pipe_end");
    let mut kind = Kind::Anonymous(descriptor);
    let child = children.start("pipe_end", &mut kind.hand_to(program, child_writes));
    assert_eq!(hear(child), "here");
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGSTOP).unwrap();
    wait(&pipe, &mut |descriptor| {
        assert!(!rings(descriptor.as_fd(), A_WHILE), "a stopped process is not dead");
        child.kill().unwrap();
        let start = Instant::now();
        assert!(rings(descriptor.as_fd(), FOR_EVER), "nobody tells of the death");
        assert!(start.elapsed() < BOUND, "told after {:?}", start.elapsed());
    });
}

#[test]
fn a_peers_death_rings() {
    killed(true, |pipe, outlive| {
        let mut reader = Pollable::new(pipe.reader().unwrap()).unwrap();
        let mut bytes = [0; 64];
        // A stopped writer's last bytes.
        while reader.try_read(&mut bytes).is_ok() {}
        outlive(&reader);
        assert_eq!(reader.try_read(&mut bytes).unwrap(), 0);
        assert_eq!(reader.into_inner().ended(), Some(Ended::WriterDied));
    });
    killed(false, |pipe, outlive| {
        let mut writer = Pollable::new(pipe.writer().unwrap()).unwrap();
        while writer.try_write(&[0; 64]).is_ok() {}
        outlive(&writer);
        let error = writer.try_write(&[0]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    });
}
