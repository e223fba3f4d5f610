//! Handles as descriptors that can be polled.

use std::{
    os::fd::AsFd,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use nix::{
    libc,
    sys::{
        signal::{Signal, kill},
        wait::{WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid, fork},
};
use selvedge::{
    cancel::Canceller,
    inspect::State,
    message_queue::{MessageQueue, Plain, RecvError, SendError},
    mutex::{LockError, MutexConfig, SharedMutex},
    permits::{PermitPool, PermitsConfig},
    pipe::{Ended, Pipe},
    poll::{self, Async, Pollable},
    protocol::semaphore::TryAcquireError,
    segment::{Directory, RingConfig, sealed},
    semaphore::{Semaphore, SemaphoreConfig},
    signal::{Set, Signals},
};
use selvedge_tests::{
    A_WHILE, Children, FOR_EVER, Name, be_interrupted, begin, confined, hear, peer_dead::BOUND,
    pipes::Kind,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime,
    time::timeout,
};

type Numbers = MessageQueue<Plain<u64>>;

/// Does it ring within so long?
fn rings(descriptor: impl AsFd, within: Duration) -> bool {
    !poll::wait(&[&descriptor], Some(within)).unwrap().is_empty()
}

fn now(descriptor: impl AsFd) -> bool {
    rings(descriptor, Duration::ZERO)
}

/// A child waits for so many queues, to which this process sends; the milliseconds of the child's processor that it took
/// to wait for nothing for a second.
fn wait_for(how: &str, queues: u64, confine: impl FnOnce(&mut Command)) -> u64 {
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
    command
        .arg(how)
        .arg(place.path())
        .args([queues, queues * ROUNDS].map(|number| number.to_string()));
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
    let took = wait_for("epoll", 100, |_| ());
    assert!(took < 50, "{took} ms of a second, to wait for nothing");
}

#[test]
fn two_hundred_tasks_await_a_queue_each_and_take_no_time_while_nothing_comes() {
    let took = wait_for("tasks", 200, |_| ());
    assert!(took < 50, "{took} ms of a second, to wait for nothing");
}

#[test]
fn one_thread_waits_for_more_queues_than_one_call_of_the_kernel() {
    wait_for("epoll", 300, |_| ());
}

#[test]
fn where_the_kernel_refuses_to_sleep_on_several_words_it_is_looked_at_them() {
    wait_for("epoll", 10, |command| confined::refuse(command, libc::SYS_futex_waitv));
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

#[test]
fn a_permit_rings_when_it_is_released_or_its_holder_is_dead() {
    let (semaphore, _) = Semaphore::anonymous(SemaphoreConfig::binary().initially(0)).unwrap();
    let mut waiter = Pollable::new(semaphore.clone()).unwrap();
    assert_eq!(waiter.try_acquire(), Err(TryAcquireError::NoPermit));
    assert!(!rings(&waiter, A_WHILE));
    semaphore.release(1).unwrap();
    assert!(rings(&waiter, FOR_EVER));
    assert_eq!(waiter.try_acquire(), Ok(()));

    let (pool, _) = sealed::create::<PermitPool>(PermitsConfig::new(1)).unwrap();
    let (holder, dead) = (pool.handle().unwrap(), pool.handle().unwrap());
    let mut waiter = Pollable::new(pool.handle().unwrap()).unwrap();
    let held = holder.acquire().unwrap();
    assert!(waiter.try_acquire().is_err());
    assert!(!rings(&waiter, A_WHILE));
    drop(held);
    assert!(rings(&waiter, FOR_EVER));
    drop(waiter.try_acquire().unwrap());

    // A handle that is dropped while it holds something is, to the others, as one that died.
    core::mem::forget(dead.acquire().unwrap());
    assert!(waiter.try_acquire().is_err());
    assert!(!rings(&waiter, A_WHILE));
    drop(dead);
    assert!(rings(&waiter, BOUND));
    assert!(waiter.try_acquire().is_ok());
}

#[test]
fn a_mutex_rings_when_it_is_left_or_its_holder_is_dead() {
    let (mutex, _) = sealed::create::<SharedMutex<u64>>(MutexConfig::of(7)).unwrap();
    let (holder, dead) = (mutex.handle().unwrap(), mutex.handle().unwrap());
    let mut waiter = Pollable::new(mutex.handle().unwrap()).unwrap();
    let held = holder.lock().unwrap();
    assert!(matches!(waiter.try_lock(), Err(LockError::Held)));
    assert!(!rings(&waiter, A_WHILE));
    drop(held);
    assert!(rings(&waiter, FOR_EVER));
    assert_eq!(waiter.try_lock().unwrap().get(), 7);

    core::mem::forget(dead.lock().unwrap());
    assert!(matches!(waiter.try_lock(), Err(LockError::Held)));
    assert!(!rings(&waiter, A_WHILE));
    drop(dead);
    assert!(rings(&waiter, BOUND));
    let Err(LockError::OwnerDied(mut guard)) = waiter.try_lock() else { panic!("not told") };
    guard.mark_consistent();
    drop(guard);
    drop(waiter);
    assert_eq!(mutex.state().waiters(), 0);
}

#[test]
fn who_waits_for_several_is_told_which_can_be_read() {
    let (queue, _) = Numbers::anonymous(RingConfig::new(1)).unwrap();
    let (semaphore, _) = Semaphore::anonymous(SemaphoreConfig::binary().initially(0)).unwrap();
    let (signals, _) = Signals::anonymous().unwrap();
    let mut receiver = Pollable::new(queue.receiver().unwrap()).unwrap();
    let mut acquirer = Pollable::new(semaphore.clone()).unwrap();
    let mut taker = Pollable::new(signals.clone()).unwrap();
    assert_eq!(receiver.try_recv(), Err(RecvError::Empty));
    assert_eq!(acquirer.try_acquire(), Err(TryAcquireError::NoPermit));
    assert!(taker.try_take(Set::ALL).is_empty());

    let several: [&dyn AsFd; 3] = [&receiver, &acquirer, &taker];
    let start = Instant::now();
    assert!(poll::wait(&several, Some(A_WHILE)).unwrap().is_empty());
    assert!(start.elapsed() >= A_WHILE);

    let raising = begin(move || {
        thread::sleep(A_WHILE);
        signals.raise(Set::of(3));
    });
    assert_eq!(poll::wait(&several, Some(FOR_EVER)).unwrap(), [2]);
    raising.recv().unwrap();
    semaphore.release(1).unwrap();
    queue.sender().unwrap().send(&7).unwrap();
    assert!(several.iter().all(|one| rings(one, FOR_EVER)));
    assert_eq!(poll::wait(&several, Some(FOR_EVER)).unwrap(), [0, 1, 2]);
    assert_eq!(receiver.try_recv(), Ok(7));
    assert_eq!(acquirer.try_acquire(), Ok(()));
    assert_eq!(taker.try_take(Set::ALL), Set::of(3));
}

#[test]
fn who_waits_for_several_is_cancelled_and_told_what_is_there() {
    let (semaphore, _) = Semaphore::anonymous(SemaphoreConfig::binary().initially(0)).unwrap();
    let mut acquirer = Pollable::new(semaphore.clone()).unwrap();
    assert_eq!(acquirer.try_acquire(), Err(TryAcquireError::NoPermit));
    let canceller = Canceller::new().unwrap();
    let wait = || {
        let start = Instant::now();
        let ready = canceller.run(|| poll::wait(&[&acquirer], Some(FOR_EVER))).unwrap();
        assert!(start.elapsed() < FOR_EVER, "nobody cancelled it");
        ready
    };
    let cancelling = begin({
        let canceller = canceller.clone();
        move || {
            thread::sleep(A_WHILE);
            canceller.cancel();
        }
    });
    assert!(wait().is_empty());
    cancelling.recv().unwrap();
    assert!(wait().is_empty(), "it is so until it is reset");
    semaphore.release(1).unwrap();
    assert!(rings(&acquirer, FOR_EVER));
    assert_eq!(wait(), [0]);
}

#[test]
fn a_signal_that_is_handled_ends_no_wait_and_moves_no_deadline() {
    be_interrupted().unwrap();
    let start = Instant::now();
    // SAFETY: it names this thread, and does no more.
    let waiter = unsafe { libc::pthread_self() };
    let interrupting = thread::spawn(move || {
        while start.elapsed() < A_WHILE * 2 {
            // SAFETY: the thread waits for this one to end.
            assert_eq!(unsafe { libc::pthread_kill(waiter, libc::SIGUSR1) }, 0);
            thread::sleep(Duration::from_millis(1));
        }
    });
    let ready = poll::wait(&[&Canceller::new().unwrap()], Some(A_WHILE));
    let took = start.elapsed();
    interrupting.join().unwrap();
    assert!(ready.unwrap().is_empty());
    assert!((A_WHILE..A_WHILE * 2).contains(&took), "{took:?}");
}

#[test]
fn a_raised_signal_rings() {
    let (signals, _) = Signals::anonymous().unwrap();
    let mut polled = Pollable::new(signals.clone()).unwrap();
    assert!(polled.try_take(Set::of(1)).is_empty());
    assert!(!rings(&polled, A_WHILE));
    signals.raise(Set::of(1));
    assert!(rings(&polled, FOR_EVER));
    assert_eq!(polled.try_take(Set::of(1)), Set::of(1));
}

#[test]
fn a_forked_child_that_drops_it_takes_nothing_from_its_parent() {
    let (semaphore, _) = Semaphore::anonymous(SemaphoreConfig::binary().initially(0)).unwrap();
    let mut waiter = Pollable::new(semaphore.clone()).unwrap();
    assert_eq!(waiter.try_acquire(), Err(TryAcquireError::NoPermit));
    // SAFETY: the child drops what it has a copy of, and ends.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            drop(waiter);
            // SAFETY: it returns from nothing.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => {
            assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)));
        }
    }
    assert_eq!(semaphore.state().waiters(), 1);
    semaphore.release(1).unwrap();
    assert!(rings(&waiter, FOR_EVER));
}

fn run(task: impl Future<Output = ()>) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(FOR_EVER, task).await.expect("it ends") });
}

#[test]
fn tasks_copy_from_pipe_to_pipe_in_one_thread() {
    let pipes = [(); 2].map(|()| Pipe::anonymous(64).unwrap().0);
    let writers = pipes.each_ref().map(|pipe| pipe.writer().unwrap());
    let readers = pipes.each_ref().map(|pipe| pipe.reader().unwrap());
    let bytes: Vec<u8> = (0..100_000).map(selvedge_tests::byte).collect();
    run(async {
        let [mut first_in, mut second_in] = writers.map(|writer| Async::new(writer).unwrap());
        let [mut first_out, mut second_out] = readers.map(|reader| Async::new(reader).unwrap());
        let write = async {
            first_in.write_all(&bytes).await.unwrap();
            drop(first_in);
        };
        let copy = async {
            let copied = tokio::io::copy(&mut first_out, &mut second_in).await.unwrap();
            assert_eq!(copied, bytes.len() as u64);
            drop(second_in);
        };
        let read = async {
            let mut read = Vec::new();
            second_out.read_to_end(&mut read).await.unwrap();
            assert!(read == bytes, "other bytes");
            assert_eq!(second_out.into_inner().ended(), Some(Ended::Closed));
        };
        tokio::join!(write, copy, read);
    });
}

#[test]
fn tasks_await_a_mutex_a_permit_and_a_signal() {
    let (mutex, _) = sealed::create::<SharedMutex<u64>>(MutexConfig::of(7)).unwrap();
    let (pool, _) = sealed::create::<PermitPool>(PermitsConfig::new(1)).unwrap();
    let (signals, _) = Signals::anonymous().unwrap();
    let (locker, acquirer) = (mutex.handle().unwrap(), pool.handle().unwrap());
    let (mutex, permits) = (mutex.handle().unwrap(), pool.handle().unwrap());
    run(async {
        let (guard, permit) = (mutex.lock().unwrap(), permits.acquire().unwrap());
        let mut locker = Async::new(locker).unwrap();
        let mut acquirer = Async::new(acquirer).unwrap();
        let mut waiter = Async::new(signals.clone()).unwrap();
        assert!(timeout(A_WHILE, locker.lock()).await.is_err());
        assert!(timeout(A_WHILE, acquirer.acquire()).await.is_err());
        assert!(timeout(A_WHILE, waiter.wait(Set::of(1))).await.is_err());
        let give = async {
            drop((guard, permit));
            signals.raise(Set::of(1));
        };
        let lock = async { locker.lock().await.unwrap().get() };
        let acquire = async { acquirer.acquire().await };
        let (locked, _permit, taken, ()) =
            tokio::join!(lock, acquire, waiter.wait(Set::of(1)), give);
        assert_eq!((locked, taken), (7, Set::of(1)));
        assert!(permits.try_acquire().is_err(), "the task holds it");
    });
}

#[test]
fn a_call_that_is_given_up_has_taken_nothing() {
    let (queue, _) = Numbers::anonymous(RingConfig::new(1)).unwrap();
    let (sender, receiver) = (queue.sender().unwrap(), queue.receiver().unwrap());
    run(async {
        let (mut sender, mut receiver) =
            (Async::new(sender).unwrap(), Async::new(receiver).unwrap());
        assert!(timeout(A_WHILE, receiver.recv()).await.is_err());
        sender.send(&7).await.unwrap();
        assert!(timeout(A_WHILE, sender.send(&8)).await.is_err());
        assert_eq!(receiver.recv().await, Ok(7));
        assert!(timeout(A_WHILE, receiver.recv()).await.is_err(), "the 8 was not sent");
        sender.send(&9).await.unwrap();
        assert_eq!(receiver.recv().await, Ok(9));
    });
}
