//! Blocking calls that another thread ends.

use core::{fmt::Debug, mem::replace};
use std::{
    fs::File,
    io::{self, ErrorKind, Read, Write},
    os::fd::AsFd,
    panic::catch_unwind,
    sync::mpsc::RecvTimeoutError::Timeout,
    thread,
    time::{Duration, Instant},
};

use nix::{
    fcntl::{FcntlArg, fcntl},
    libc,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};
use selvedge::{
    cancel::Canceller,
    inspect::State,
    layout::Field,
    message_queue::{MessageQueue, Plain, RecvError, SendError},
    mutex::{LockError, MutexConfig, SharedMutex},
    permits::{PermitPool, PermitsConfig},
    pipe::{Pipe, PipeReader, PipeWriter},
    protocol::semaphore::AcquireTimeoutError,
    segment::{CleanError, Cleaned, Directory, LOCKS, RingConfig},
    semaphore::{Semaphore, SemaphoreConfig},
    signal::{Set, Signals},
};
use selvedge_tests::{A_WHILE, Children, FOR_EVER, Name, begin, confined, hear, heir};

type Numbers = MessageQueue<Plain<u64>>;

/// A slice, and some.
const BOUND: Duration = Duration::from_millis(150);

/// Waits for something: was it had, or did the call end as one that has waited for too long?
type Call = Box<dyn FnMut(Option<Duration>) -> bool + Send>;

/// Lets the call have something, once.
type Give = Box<dyn FnMut()>;

/// A call, of which there is nothing to be had.
struct Blocked {
    what: &'static str,
    /// The segment's.
    name: Name,
    call: Call,
    give: Give,
}

impl Blocked {
    fn new(test: &str, what: &'static str, make: impl FnOnce(&str) -> (Call, Give)) -> Self {
        let name = Name::of(&format!("{test}.{what}"));
        let (call, give) = make(&name);
        Self { what, name, call, give }
    }

    fn waiters(&self) -> u32 {
        match Directory::shm().inspect(&self.name).unwrap().state {
            State::Ring { waiters, .. } | State::Queue { waiters, .. } => waiters.iter().sum(),
            State::Semaphore { waiters, .. }
            | State::Mutex { waiters, .. }
            | State::Permits { waiters, .. }
            | State::Signals { waiters, .. } => waiters,
            other => panic!("{other:?}"),
        }
    }

    /// Makes the call in a thread, and cancels it while it sleeps: how long it took to end, without anything.
    fn cancelled(&mut self, timeout: Option<Duration>, canceller: &Canceller) -> Duration {
        let mut call = replace(&mut self.call, Box::new(|_| unreachable!("it is being made")));
        let theirs = canceller.clone();
        let ended = begin(move || {
            let had = theirs.run(|| call(timeout));
            (Instant::now(), had, call)
        });
        until(|| self.waiters() > 0);
        thread::sleep(Duration::from_millis(1));
        let start = Instant::now();
        canceller.cancel();
        let (end, had, call) = ended.recv_timeout(FOR_EVER).expect(self.what);
        self.call = call;
        assert!(!had, "{}: there was nothing", self.what);
        end - start
    }
}

fn until(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < FOR_EVER, "nobody waits");
        thread::yield_now();
    }
}

fn had<T, E: Debug>(result: Result<T, E>, is_late: impl FnOnce(&E) -> bool) -> bool {
    match result {
        Ok(_) => true,
        Err(error) => {
            assert!(is_late(&error), "{error:?}");
            false
        }
    }
}

fn timed_out(error: &io::Error) -> bool {
    error.kind() == ErrorKind::TimedOut
}

/// Each call of each mechanism.
fn all(test: &str) -> [Blocked; 10] {
    [
        of_reader(test, "read", |reader, timeout| match timeout {
            None => reader.read(&mut [0]),
            Some(timeout) => reader.read_timeout(&mut [0], timeout),
        }),
        of_reader(test, "peek", |reader, timeout| {
            reader.peek(1, timeout).map(|bytes| bytes.expect("it is not the end").count())
        }),
        of_writer(test, "write", |writer, timeout| match timeout {
            None => writer.write(&[0]),
            Some(timeout) => writer.write_timeout(&[0], timeout),
        }),
        of_writer(test, "reserve", |writer, timeout| {
            writer.reserve(1, timeout).map(|room| room.count())
        }),
        recv(test),
        send(test),
        semaphore(test),
        permits(test),
        mutex(test),
        signals(test),
    ]
}

fn of_reader(
    test: &str,
    what: &'static str,
    call: fn(&mut PipeReader, Option<Duration>) -> io::Result<usize>,
) -> Blocked {
    Blocked::new(test, what, |name| {
        let pipe = Pipe::named(&Directory::shm(), name, 4).unwrap();
        let (mut reader, mut writer) = (pipe.reader().unwrap(), pipe.writer().unwrap());
        (
            Box::new(move |timeout| had(call(&mut reader, timeout), timed_out)),
            Box::new(move || writer.write_all(&[7]).unwrap()),
        )
    })
}

fn of_writer(
    test: &str,
    what: &'static str,
    call: fn(&mut PipeWriter, Option<Duration>) -> io::Result<usize>,
) -> Blocked {
    Blocked::new(test, what, |name| {
        let pipe = Pipe::named(&Directory::shm(), name, 4).unwrap();
        let (mut reader, mut writer) = (pipe.reader().unwrap(), pipe.writer().unwrap());
        writer.write_all(&[7; 4]).unwrap();
        (
            Box::new(move |timeout| had(call(&mut writer, timeout), timed_out)),
            Box::new(move || reader.read_exact(&mut [0]).unwrap()),
        )
    })
}

fn recv(test: &str) -> Blocked {
    Blocked::new(test, "recv", |name| {
        let (queue, _) = Numbers::named(&Directory::shm(), name, RingConfig::new(1)).unwrap();
        let (mut receiver, mut sender) = (queue.receiver().unwrap(), queue.sender().unwrap());
        let call = move |timeout| {
            let received = match timeout {
                None => receiver.recv(),
                Some(timeout) => receiver.recv_timeout(timeout),
            };
            had(received, |error| *error == RecvError::Empty)
        };
        (Box::new(call), Box::new(move || sender.try_send(&7).unwrap()))
    })
}

fn send(test: &str) -> Blocked {
    Blocked::new(test, "send", |name| {
        let (queue, _) = Numbers::named(&Directory::shm(), name, RingConfig::new(1)).unwrap();
        let (mut receiver, mut sender) = (queue.receiver().unwrap(), queue.sender().unwrap());
        sender.try_send(&7).unwrap();
        let call = move |timeout| {
            let sent = match timeout {
                None => sender.send(&8),
                Some(timeout) => sender.send_timeout(&8, timeout),
            };
            had(sent, |error| *error == SendError::Full)
        };
        (Box::new(call), Box::new(move || assert_eq!(receiver.try_recv(), Ok(7))))
    })
}

fn semaphore(test: &str) -> Blocked {
    Blocked::new(test, "semaphore", |name| {
        let config = SemaphoreConfig::binary().initially(0);
        let (semaphore, _) = Semaphore::named(&Directory::shm(), name, config).unwrap();
        let releaser = semaphore.clone();
        let call = move |timeout| {
            let acquired = match timeout {
                None => semaphore.acquire(),
                Some(timeout) => semaphore.acquire_timeout(timeout),
            };
            had(acquired, |error| *error == AcquireTimeoutError::TimedOut)
        };
        (Box::new(call), Box::new(move || releaser.release(1).unwrap()))
    })
}

fn permits(test: &str) -> Blocked {
    Blocked::new(test, "permits", |name| {
        let config = PermitsConfig::new(1);
        let (pool, _) = Directory::shm().create_or_attach::<PermitPool>(name, config).unwrap();
        let (handle, holder) =
            (pool.handle().unwrap(), Box::leak(Box::new(pool.handle().unwrap())));
        let mut held = Some(holder.acquire().unwrap());
        let call = move |timeout| match timeout {
            None => had(handle.acquire(), |_| true),
            Some(timeout) => had(handle.acquire_timeout(timeout), |_| true),
        };
        (Box::new(call), Box::new(move || drop(held.take())))
    })
}

fn mutex(test: &str) -> Blocked {
    Blocked::new(test, "mutex", |name| {
        let config = MutexConfig::of(0);
        let (mutex, _) =
            Directory::shm().create_or_attach::<SharedMutex<u64>>(name, config).unwrap();
        let (handle, holder) =
            (mutex.handle().unwrap(), Box::leak(Box::new(mutex.handle().unwrap())));
        let mut held = Some(holder.lock().unwrap());
        let call = move |timeout| {
            let locked = match timeout {
                None => handle.lock(),
                Some(timeout) => handle.lock_timeout(timeout),
            };
            had(locked, |error| matches!(error, LockError::Held))
        };
        (Box::new(call), Box::new(move || drop(held.take())))
    })
}

fn signals(test: &str) -> Blocked {
    Blocked::new(test, "signals", |name| {
        let (signals, _) = Signals::named(&Directory::shm(), name).unwrap();
        let raiser = signals.clone();
        let call = move |timeout| match timeout {
            None => !signals.wait(Set::of(7)).is_empty(),
            Some(timeout) => had(signals.wait_timeout(Set::of(7), timeout), |_| true),
        };
        (Box::new(call), Box::new(move || raiser.raise(Set::of(7))))
    })
}

#[test]
fn each_call_is_ended_from_another_thread_and_takes_and_leaves_nothing() {
    const ROUNDS: usize = 9;
    let canceller = Canceller::new().unwrap();
    for mut blocked in all("ended") {
        for timeout in [None, Some(FOR_EVER)] {
            let mut took = [(); ROUNDS].map(|()| {
                let took = blocked.cancelled(timeout, &canceller);
                assert_eq!(blocked.waiters(), 0, "{}", blocked.what);
                // The next call waits again.
                canceller.reset();
                took
            });
            took.sort();
            let (median, longest) = (took[ROUNDS / 2], took[ROUNDS - 1]);
            assert!(median < BOUND / 10, "{}: {median:?}", blocked.what);
            assert!(longest < BOUND, "{}: {longest:?}", blocked.what);
        }
        (blocked.give)();
        assert!((blocked.call)(Some(FOR_EVER)), "{}: it was lost", blocked.what);
    }
}

#[test]
fn what_is_cancelled_already_takes_what_is_there_and_waits_for_nothing() {
    let canceller = Canceller::new().unwrap();
    canceller.cancel();
    for mut blocked in all("already") {
        for timeout in [Some(FOR_EVER), None] {
            let start = Instant::now();
            assert!(!canceller.run(|| (blocked.call)(timeout)), "{}", blocked.what);
            assert!(start.elapsed() < BOUND / 10, "{}", blocked.what);
        }
        assert_eq!(blocked.waiters(), 0, "{}", blocked.what);
        (blocked.give)();
        assert!(canceller.run(|| (blocked.call)(Some(FOR_EVER))), "{}: it is there", blocked.what);
    }
}

#[test]
fn where_the_kernel_refuses_to_sleep_on_several_words_a_slice_bounds_it() {
    let canceller = Canceller::new().unwrap();
    let mut blocked = semaphore("refused");
    let mut call = blocked.call;
    blocked.call = Box::new(move |timeout| {
        confined::refuse_here(libc::SYS_futex_waitv);
        call(timeout)
    });
    let took = blocked.cancelled(None, &canceller);
    assert!(took < BOUND, "{took:?}");
    assert_eq!(blocked.waiters(), 0);
}

#[test]
fn others_who_wait_for_the_same_thing_wait_on() {
    let (semaphore, descriptor) =
        Semaphore::anonymous(SemaphoreConfig::counting(2).initially(0)).unwrap();
    let mut children = Children::new();
    let mut command = heir(env!("CARGO_BIN_EXE_one_call"), descriptor);
    assert_eq!(hear(children.start("one_call", command.args(["anonymous", "acquires"]))), "here");
    let canceller = Canceller::new().unwrap();
    let [theirs, another] = [(); 2].map(|()| semaphore.clone());
    let cancelled = begin({
        let canceller = canceller.clone();
        move || canceller.run(|| theirs.acquire())
    });
    let waits_on = begin(move || another.acquire());
    until(|| semaphore.state().waiters() == 3);
    canceller.cancel();
    assert_eq!(cancelled.recv_timeout(FOR_EVER), Ok(Err(AcquireTimeoutError::TimedOut)));
    assert_eq!(waits_on.recv_timeout(A_WHILE), Err(Timeout));
    assert_eq!(semaphore.state().waiters(), 2);
    semaphore.release(2).unwrap();
    assert_eq!(waits_on.recv_timeout(FOR_EVER), Ok(Ok(())));
    assert_eq!(children.finish(), ["done"]);
}

#[test]
fn whoever_waits_for_a_cleaner_that_stands_still_is_ended() {
    let (shm, name) = (Directory::shm(), Name::of("cancelling.name"));
    drop(Signals::named(&shm, &name).unwrap());
    let file = File::options().write(true).open(shm.path(&name).unwrap()).unwrap();
    lock(&file, LOCKS[1]);
    let canceller = Canceller::new().unwrap();
    thread::scope(|scope| {
        let cleaner = scope.spawn(|| canceller.run(|| shm.clean(&name)));
        thread::sleep(A_WHILE);
        assert!(!cleaner.is_finished());
        canceller.cancel();
        let error = cleaner.join().unwrap().unwrap_err();
        assert!(
            matches!(&error, CleanError::Io { source, .. } if source.kind() == ErrorKind::TimedOut),
            "{error}"
        );
    });
    drop(file);
    assert_eq!(canceller.run(|| shm.clean(&name)).unwrap(), Cleaned::Removed);
}

/// Locks a byte, for as long as the file is open.
fn lock(file: &File, Field { offset, .. }: Field) {
    let lock = libc::flock {
        l_type: libc::F_WRLCK as i16,
        l_whence: libc::SEEK_SET as i16,
        l_start: offset as i64,
        l_len: 1,
        l_pid: 0,
    };
    fcntl(file, FcntlArg::F_OFD_SETLK(&lock)).unwrap();
}

#[test]
fn the_innermost_applies_until_it_ends_if_by_a_panic() {
    let (semaphore, _) = Semaphore::anonymous(SemaphoreConfig::binary().initially(0)).unwrap();
    let [outer, inner] = [(); 2].map(|()| Canceller::new().unwrap());
    let waits = || {
        let start = Instant::now();
        assert_eq!(semaphore.acquire_timeout(BOUND), Err(AcquireTimeoutError::TimedOut));
        start.elapsed() >= BOUND
    };
    outer.cancel();
    outer.run(|| {
        assert!(inner.run(waits), "the outer one does not apply");
        let panics = inner.clone();
        assert!(catch_unwind(move || panics.run(|| panic!("on purpose"))).is_err());
        assert!(!waits(), "it applies again");
    });
    assert!(waits(), "none applies");
}

#[test]
fn it_can_be_read_while_it_is_cancelled() {
    let canceller = Canceller::new().unwrap();
    let can_be_read = || {
        let mut one = [PollFd::new(canceller.as_fd(), PollFlags::POLLIN)];
        poll(&mut one, PollTimeout::ZERO).unwrap() == 1
    };
    for cancelled in [false, true, true, false] {
        let other = canceller.clone();
        if cancelled {
            other.cancel()
        } else {
            other.reset()
        }
        assert_eq!((can_be_read(), canceller.is_cancelled()), (cancelled, cancelled));
    }
}
