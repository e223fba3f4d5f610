//! How long a peer's death takes to become known: in each blocking call, from SIGKILL to the call's return.

mod socket;

use std::{
    any::Any,
    error::Error,
    io::{ErrorKind, Write},
    mem::forget,
    os::fd::OwnedFd,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use selvedge::{
    mutex::{LockError, MutexConfig, SharedMutex},
    permits::{PermitPool, PermitsConfig},
    pipe::{Ended, Pipe},
    platform::{Ordering::Release, Owner, native::SLEEP_SLICE},
    protocol::{
        mpmc::word::{Phase, SlotWord},
        spsc::{PopTimeoutError, PushTimeoutError},
    },
    segment::{MpmcQueue, RingConfig, SpscRing, sealed},
};

use crate::{Children, FOR_EVER, View, hear, heir};
pub use socket::SocketCall;

/// What is promised: the death is known at the end of the slice in which it came. The rest is for the kernel,
/// which frees the locks of the dead within some milliseconds, and for the scheduler of a busy machine.
pub const BOUND: Duration = SLEEP_SLICE.saturating_add(Duration::from_millis(50));

/// Records of a ring or queue.
const CAPACITY: u64 = 4;

/// A blocking call, in which somebody waits for a process that dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Of a ring that is empty, while its producer lives.
    Pop,
    /// Likewise.
    Read,
    /// Into a ring that is full, while its consumer lives.
    Push,
    /// Likewise.
    Write,
    /// A mutex that is held.
    Lock,
    /// A permit that is held.
    Acquire,
    /// A record of a queue, behind a claim of another producer.
    PopBehind,
    /// Into a queue that is full, where another consumer has claimed the first record.
    PushBehind,
    /// Of a pipe that is empty, while its writer lives.
    PipeRead,
    /// Into a pipe that is full, while its reader lives.
    PipeWrite,
    /// Of a local connection, by the server.
    Server(SocketCall),
    /// Of a local connection, by the client.
    Client(SocketCall),
    /// To a server that listens, and accepts nobody.
    Connect,
}

/// A call that is about to be made: did it end as it should?
type Wait = Box<dyn FnOnce() -> bool>;

impl Call {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::Pop,
        Self::Read,
        Self::Push,
        Self::Write,
        Self::Lock,
        Self::Acquire,
        Self::PopBehind,
        Self::PushBehind,
        Self::PipeRead,
        Self::PipeWrite,
        Self::Server(SocketCall::Read),
        Self::Server(SocketCall::Write),
        Self::Server(SocketCall::Recv),
        Self::Server(SocketCall::RecvHalf),
        Self::Server(SocketCall::PollRead),
        Self::Server(SocketCall::PollWrite),
        Self::Client(SocketCall::Read),
        Self::Client(SocketCall::Write),
        Self::Client(SocketCall::Recv),
        Self::Client(SocketCall::RecvHalf),
        Self::Client(SocketCall::PollRead),
        Self::Client(SocketCall::PollWrite),
        Self::Connect,
    ];

    /// Does the kernel tell of the death, so that it need not be asked for?
    #[must_use]
    pub fn is_told(self) -> bool {
        matches!(self, Self::Server(_) | Self::Client(_) | Self::Connect)
    }

    /// A segment for the victim, and the survivor's call.
    fn prepare(self) -> Result<(OwnedFd, Wait), Box<dyn Error>> {
        let config = RingConfig::new(CAPACITY);
        Ok(match self {
            Self::Pop | Self::Read => {
                let (ring, descriptor) = sealed::create::<SpscRing<u64>>(config)?;
                let mut consumer = ring.consumer()?;
                let wait = move || {
                    let error = if self == Self::Pop {
                        consumer.pop_timeout(FOR_EVER).err()
                    } else {
                        consumer.read_timeout(&mut [0], FOR_EVER).err()
                    };
                    error == Some(PopTimeoutError::PeerDead)
                };
                (descriptor, Box::new(wait))
            }
            Self::Push | Self::Write => {
                let (ring, descriptor) = sealed::create::<SpscRing<u64>>(config)?;
                let mut producer = ring.producer()?;
                producer.write(&[0; CAPACITY as usize])?;
                let wait = move || match self {
                    Self::Push => {
                        producer.push_timeout(7, FOR_EVER) == Err(PushTimeoutError::PeerDead(7))
                    }
                    _ => {
                        let written = producer.write_timeout(&[7], FOR_EVER);
                        written == Err(PushTimeoutError::PeerDead(()))
                    }
                };
                (descriptor, Box::new(wait))
            }
            Self::Lock => {
                let (shared, descriptor) = sealed::create::<SharedMutex<u64>>(MutexConfig::of(0))?;
                let mutex = shared.handle()?;
                let wait =
                    move || matches!(mutex.lock_timeout(FOR_EVER), Err(LockError::OwnerDied(_)));
                (descriptor, Box::new(wait))
            }
            Self::Acquire => {
                let (pool, descriptor) = sealed::create::<PermitPool>(PermitsConfig::new(1))?;
                let permits = pool.handle()?;
                (descriptor, Box::new(move || permits.acquire_timeout(FOR_EVER).is_ok()))
            }
            Self::PopBehind | Self::PushBehind => {
                let (queue, descriptor) = sealed::create::<MpmcQueue<u64>>(config)?;
                let (mut producer, mut consumer) = (queue.producer()?, queue.consumer()?);
                let wait = move || match self {
                    Self::PopBehind => {
                        producer.try_push(7) == Ok(()) && consumer.pop_timeout(FOR_EVER) == Ok(7)
                    }
                    _ => {
                        while producer.try_push(0).is_ok() {}
                        producer.push_timeout(7, FOR_EVER) == Ok(())
                    }
                };
                (descriptor, Box::new(wait))
            }
            Self::PipeRead | Self::PipeWrite => self.prepare_pipe()?,
            Self::Server(call) => socket::survivor(call, true)?,
            Self::Client(call) => socket::survivor(call, false)?,
            Self::Connect => socket::unanswered()?,
        })
    }

    fn prepare_pipe(self) -> Result<(OwnedFd, Wait), Box<dyn Error>> {
        let (pipe, descriptor) = Pipe::anonymous(CAPACITY as usize)?;
        if self == Self::PipeRead {
            let mut reader = pipe.reader()?;
            let wait = move || {
                let read = reader.read_timeout(&mut [0], FOR_EVER);
                matches!(read, Ok(0)) && reader.ended() == Some(Ended::WriterDied)
            };
            return Ok((descriptor, Box::new(wait)));
        }
        let mut writer = pipe.writer()?;
        writer.write_all(&[0; CAPACITY as usize])?;
        let wait = move || {
            let written = writer.write_timeout(&[7], FOR_EVER);
            written.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe)
        };
        Ok((descriptor, Box::new(wait)))
    }

    /// What the victim has for as long as it lives, in the segment in `descriptor`.
    ///
    /// # Errors
    /// Of attaching.
    pub fn victim(self, descriptor: OwnedFd) -> Result<Box<dyn Any>, Box<dyn Error>> {
        Ok(match self {
            Self::Pop | Self::Read => {
                Box::new(sealed::attach::<SpscRing<u64>>(descriptor)?.producer()?)
            }
            Self::Push | Self::Write => {
                Box::new(sealed::attach::<SpscRing<u64>>(descriptor)?.consumer()?)
            }
            Self::Lock => {
                let mutex = sealed::attach::<SharedMutex<u64>>(descriptor)?.handle()?;
                forget(mutex.lock().map_err(|error| error.to_string())?);
                Box::new(mutex)
            }
            Self::Acquire => {
                let permits = sealed::attach::<PermitPool>(descriptor)?.handle()?;
                forget(permits.acquire().map_err(|error| error.to_string())?);
                Box::new(permits)
            }
            Self::PopBehind | Self::PushBehind => {
                let view = View::of_queue::<u64>(&descriptor)?;
                let member = sealed::attach::<MpmcQueue<u64>>(descriptor)?.producer()?;
                // Slots are taken in order, and the survivor has two. It claims as if it had been killed in
                // the middle of a call, before it could move the counter on.
                let phase = if self == Self::PopBehind { Phase::Writing } else { Phase::Reading };
                view.u64("slot 0").store(SlotWord::owned(0, phase, Owner(2)).0, Release);
                Box::new(member)
            }
            Self::PipeRead => Box::new(Pipe::inherit(descriptor)?.writer()?),
            Self::PipeWrite => Box::new(Pipe::inherit(descriptor)?.reader()?),
            Self::Server(call) => Box::new(socket::victim(call, false, &descriptor)?),
            Self::Client(call) => Box::new(socket::victim(call, true, &descriptor)?),
            Self::Connect => Box::new(socket::deaf(&descriptor)?),
        })
    }

    /// Kills a victim `after` a while, in which its peer falls asleep: how long until the peer's call returns?
    /// The victim is `program`, which is told a descriptor and the call's name, calls
    /// [`victim`](Self::victim), and prints a line.
    ///
    /// # Panics
    /// If the call does not end as it should, or before the kill.
    #[must_use]
    pub fn time(self, program: &Path, after: Duration) -> Duration {
        let (descriptor, wait) = self.prepare().expect("a segment");
        let mut children = Children::new();
        let victim = children.start("victim", heir(program, descriptor).arg(format!("{self:?}")));
        hear(victim);
        thread::scope(|scope| {
            let killer = scope.spawn(|| {
                thread::sleep(after);
                let killed = Instant::now();
                victim.kill().expect("it is ours");
                killed
            });
            let told = wait();
            let returned = Instant::now();
            let killed = killer.join().expect("it cannot fail");
            assert!(told, "{self:?} did not end as it should, after {:?}", returned - killed);
            returned.checked_duration_since(killed).expect("it waited for the death")
        })
    }

    /// [`time`](Self::time) so many times, the deaths spread evenly over a slice; the shortest comes first.
    #[must_use]
    pub fn times(self, program: &Path, count: u32) -> Vec<Duration> {
        let asleep = Duration::from_millis(10);
        let after = (0..count).map(|n| asleep + SLEEP_SLICE * n / count);
        let mut times: Vec<_> = after.map(|after| self.time(program, after)).collect();
        times.sort_unstable();
        times
    }
}
