//! Each mechanism by its name, so that all of them can be tried alike.

use core::fmt::Display;
use std::{error::Error, fs::File, time::Duration};

use selvedge::{
    message_queue::{Bytes, MessageQueue, Receiver, Sender},
    mutex::{MutexConfig, RobustMutex, SharedMutex},
    permits::{PermitHandle, PermitPool, PermitsConfig},
    pipe::{Pipe, PipeReader, PipeWriter},
    segment::{Directory, MpmcQueue, Object, ProtocolId, RingConfig, Shared, SpscRing, sealed},
    semaphore::{Semaphore, SemaphoreConfig, SharedSemaphore},
    shared_memory::{
        AtomicCells, CellsConfig, LatestCell, LatestConfig, LatestReader, LatestWriter,
    },
    signal::{Set, SharedSignals, Signals},
};

/// Bytes of the pipe, and messages of the queue.
const CAPACITY: usize = 4;

/// The longest that an operation waits.
const MOMENT: Duration = Duration::from_millis(10);

/// Somebody with handles on a segment.
pub trait User {
    /// Uses them, with `meanwhile` in the middle, and tells what came of each operation after that, none of
    /// which waits for long.
    ///
    /// # Panics
    /// If one fails before that.
    fn use_around(&mut self, meanwhile: &mut dyn FnMut()) -> String;
}

/// A user, or why there is none.
pub type Had = Result<Box<dyn User>, Box<dyn Error>>;

/// How segments of one kind are had.
#[derive(Debug)]
pub struct Mechanism {
    /// What it is called.
    pub name: &'static str,
    /// What its segments speak.
    pub protocol: ProtocolId,
    /// A user of the segment of this name, which is created unless it is there.
    pub named: fn(&Directory, &str) -> Had,
    /// A sealed segment for so many owners.
    pub sealed: fn(u32) -> File,
    /// A user of a sealed segment.
    pub inherit: fn(&File) -> Had,
}

type Queue = MessageQueue<Bytes<64>>;
type Cell = LatestCell<u64>;
type Mutex = SharedMutex<u64>;

const CELL: LatestConfig<u64> = LatestConfig::of(0);
const CELLS: CellsConfig = CellsConfig::new(1);
const MUTEX: MutexConfig<u64> = MutexConfig::of(0);
const PERMIT: PermitsConfig = PermitsConfig::new(1);
const PERMITS: SemaphoreConfig = SemaphoreConfig::counting(2);
const RING: RingConfig = RingConfig::new(CAPACITY as u64);

impl Mechanism {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self {
            name: "pipe",
            protocol: SpscRing::<u8>::PROTOCOL,
            named: |directory, name| pipe(&Pipe::named(directory, name, CAPACITY)?),
            sealed: |owners| sealed::<SpscRing<u8>>(RING.owners(owners)),
            inherit: |file| pipe(&Pipe::inherit(file)?),
        },
        Self {
            name: "message queue",
            protocol: MpmcQueue::<Bytes<64>>::PROTOCOL,
            named: |directory, name| queue(&Queue::named(directory, name, RING)?.0),
            sealed: |owners| sealed::<MpmcQueue<Bytes<64>>>(RING.owners(owners)),
            inherit: |file| queue(&Queue::inherit(file)?),
        },
        Self {
            name: "latest value",
            protocol: Cell::PROTOCOL,
            named: |directory, name| cell(&directory.create_or_attach(name, CELL)?.0),
            sealed: |_| sealed::<Cell>(CELL),
            inherit: |file| cell(&sealed::attach(file)?),
        },
        Self {
            name: "mutex",
            protocol: Mutex::PROTOCOL,
            named: |directory, name| mutex(&directory.create_or_attach(name, MUTEX)?.0),
            sealed: |owners| sealed::<Mutex>(MUTEX.owners(owners)),
            inherit: |file| mutex(&sealed::attach(file)?),
        },
        Self {
            name: "semaphore",
            protocol: SharedSemaphore::PROTOCOL,
            named: |directory, name| Ok(Box::new(Semaphore::named(directory, name, PERMITS)?.0)),
            sealed: |_| sealed::<SharedSemaphore>(PERMITS),
            inherit: |file| Ok(Box::new(Semaphore::inherit(file)?)),
        },
        Self {
            name: "permits",
            protocol: PermitPool::PROTOCOL,
            named: |directory, name| permits(&directory.create_or_attach(name, PERMIT)?.0),
            sealed: |owners| sealed::<PermitPool>(PERMIT.owners(owners)),
            inherit: |file| permits(&sealed::attach(file)?),
        },
        Self {
            name: "cells",
            protocol: AtomicCells::PROTOCOL,
            named: |directory, name| cells(directory.create_or_attach(name, CELLS)?.0),
            sealed: |_| sealed::<AtomicCells>(CELLS),
            inherit: |file| cells(sealed::attach(file)?),
        },
        Self {
            name: "signals",
            protocol: SharedSignals::PROTOCOL,
            named: |directory, name| Ok(Box::new(Signals::named(directory, name)?.0)),
            sealed: |_| sealed::<SharedSignals>(()),
            inherit: |file| Ok(Box::new(Signals::inherit(file)?)),
        },
    ];

    /// The one of this name.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn called(name: &str) -> Self {
        Self::ALL.into_iter().find(|mechanism| mechanism.name == name).expect("a mechanism's name")
    }
}

fn sealed<O: ?Sized + Object>(config: O::Config) -> File {
    let (_, descriptor) = sealed::create::<O>(config).expect("some memory");
    descriptor.into()
}

fn pipe(pipe: &Pipe) -> Had {
    Ok(Box::new((pipe.writer()?, pipe.reader()?)))
}

fn queue(queue: &Queue) -> Had {
    Ok(Box::new((queue.sender()?, queue.receiver()?)))
}

fn cell(cell: &Shared<Cell>) -> Had {
    Ok(Box::new((cell.writer()?, cell.reader())))
}

fn mutex(mutex: &Shared<Mutex>) -> Had {
    Ok(Box::new([mutex.handle()?, mutex.handle()?]))
}

fn permits(pool: &Shared<PermitPool>) -> Had {
    Ok(Box::new([pool.handle()?, pool.handle()?]))
}

fn cells(cells: Shared<AtomicCells>) -> Had {
    Ok(Box::new(cells))
}

/// What came of an operation.
fn came(of: Result<impl Display, impl Display>) -> String {
    of.map_or_else(|error| error.to_string(), |value| value.to_string())
}

/// Likewise, if there is nothing to show for it.
fn done(result: Result<(), impl Display>) -> String {
    came(result.map(|()| "done"))
}

fn text(bytes: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(bytes))
}

impl User for (PipeWriter, PipeReader) {
    fn use_around(&mut self, meanwhile: &mut dyn FnMut()) -> String {
        let (writer, reader) = self;
        let mut read = |wanted| {
            let mut bytes = vec![0; wanted];
            let count = reader.read_timeout(&mut bytes, MOMENT);
            came(count.map(|count| text(&bytes[..count])))
        };
        writer.write_timeout(b"abc", MOMENT).expect("room");
        assert_eq!(read(2), text(b"ab"));
        meanwhile();
        let rest = read(CAPACITY);
        let written = came(writer.write_timeout(b"defg", MOMENT));
        format!("read: {rest}; write 4 bytes: {written}; read: {}", read(CAPACITY))
    }
}

impl User for (Sender<Bytes<64>>, Receiver<Bytes<64>>) {
    fn use_around(&mut self, meanwhile: &mut dyn FnMut()) -> String {
        let (sender, receiver) = self;
        let mut send = |message: &str| done(sender.send_timeout(message.as_bytes(), MOMENT));
        let mut receive = || came(receiver.recv_timeout(MOMENT).map(|message| text(&message)));
        for message in ["first", "second"] {
            assert_eq!(send(message), "done");
            assert_eq!(receive(), text(message.as_bytes()));
        }
        assert_eq!(send("third"), "done");
        meanwhile();
        let third = receive();
        format!("receive: {third}; send: {}; receive: {}", send("fourth"), receive())
    }
}

impl User for (LatestWriter<u64>, LatestReader<u64>) {
    fn use_around(&mut self, meanwhile: &mut dyn FnMut()) -> String {
        let (writer, reader) = self;
        let read = || came(reader.try_read().map(|(value, _)| value).ok_or("nothing"));
        writer.write(7);
        meanwhile();
        let latest = read();
        writer.write(8);
        format!("read: {latest}; after another was written: {}", read())
    }
}

impl User for [RobustMutex<u64>; 2] {
    fn use_around(&mut self, meanwhile: &mut dyn FnMut()) -> String {
        let [one, another] = self;
        let lock = || came(another.lock_timeout(MOMENT).map(|guard| guard.get()));
        let mut guard = one.lock_timeout(MOMENT).expect("nobody holds it");
        guard.set(7);
        meanwhile();
        let held = lock();
        drop(guard);
        format!("lock what is held: {held}; after it was left: {}", lock())
    }
}

impl User for Semaphore {
    fn use_around(&mut self, meanwhile: &mut dyn FnMut()) -> String {
        let acquire = || done(self.acquire_timeout(MOMENT));
        assert_eq!(acquire(), "done");
        meanwhile();
        let second = acquire();
        let release = done(self.release(1));
        format!("acquire the second of two: {second}; release: {release}; acquire: {}", acquire())
    }
}

impl User for [PermitHandle; 2] {
    fn use_around(&mut self, meanwhile: &mut dyn FnMut()) -> String {
        let [one, another] = self;
        let acquire = || done(another.acquire_timeout(MOMENT).map(drop));
        let permit = one.acquire_timeout(MOMENT).expect("it is free");
        meanwhile();
        let held = acquire();
        drop(permit);
        format!("acquire what is held: {held}; after it was released: {}", acquire())
    }
}

impl User for Shared<AtomicCells> {
    fn use_around(&mut self, meanwhile: &mut dyn FnMut()) -> String {
        self.store(0, 7);
        meanwhile();
        format!("add 1 to: {}; then there is: {}", self.add(0, 1), self.load(0))
    }
}

impl User for Signals {
    fn use_around(&mut self, meanwhile: &mut dyn FnMut()) -> String {
        let take = || format!("{:?}", self.take(Set(0xFF)).iter().collect::<Vec<_>>());
        self.raise(Set::of(3));
        meanwhile();
        let taken = take();
        self.raise(Set::of(5));
        format!("take of 8: {taken}; after 5 was raised: {}", take())
    }
}
