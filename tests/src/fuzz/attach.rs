//! Arbitrary bytes as a segment.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    time::Duration,
};

use arbitrary::Arbitrary;
use nix::{
    fcntl::{F_ADD_SEALS, SealFlag, fcntl},
    sys::memfd::{MFdFlags, memfd_create},
};
use selvedge::{
    mutex::{MutexConfig, SharedMutex},
    permits::{PermitPool, PermitsConfig},
    segment::{HEADER_SIZE, Header, MpmcQueue, Object, RingConfig, Shared, SpscRing, sealed},
    semaphore::{SemaphoreConfig, SharedSemaphore},
    shared_memory::{AtomicCells, CellsConfig, LatestCell, LatestConfig},
    signal::{Set, SharedSignals},
};

/// A segment's bytes.
#[derive(Debug, Arbitrary)]
enum Bytes {
    Any(Vec<u8>),
    /// Those of a sound segment, with some written over, and the end cut off.
    Edited {
        kind: Kind,
        edits: Vec<(u16, u8)>,
        cut: u8,
    },
}

/// What is in a segment.
#[derive(Clone, Copy, Debug, Arbitrary)]
enum Kind {
    Ring,
    Queue,
    Semaphore,
    Mutex,
    Permits,
    Latest,
    Cells,
    Signals,
}

const CAPACITY: u64 = 4;

/// A sound segment's bytes.
fn sound(kind: Kind) -> Vec<u8> {
    let ring = RingConfig::new(CAPACITY);
    match kind {
        Kind::Ring => new::<SpscRing<u32>>(ring),
        Kind::Queue => new::<MpmcQueue<u32>>(ring),
        Kind::Semaphore => new::<SharedSemaphore>(SemaphoreConfig::counting(2)),
        Kind::Mutex => new::<SharedMutex<u32>>(MutexConfig::of(7)),
        Kind::Permits => new::<PermitPool>(PermitsConfig::new(2)),
        Kind::Latest => new::<LatestCell<u32>>(LatestConfig::of(7)),
        Kind::Cells => new::<AtomicCells>(CellsConfig::new(2)),
        Kind::Signals => new::<SharedSignals>(()),
    }
}

fn new<O: ?Sized + Object>(config: O::Config) -> Vec<u8> {
    contents(sealed::create::<O>(config).unwrap().1)
}

fn contents(descriptor: OwnedFd) -> Vec<u8> {
    let mut bytes = Vec::new();
    File::from(descriptor).read_to_end(&mut bytes).unwrap();
    bytes
}

/// A sealed memfd with these bytes.
fn memfd(bytes: &[u8]) -> OwnedFd {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let mut file = File::from(memfd_create(c"fuzz", flags).unwrap());
    file.write_all(bytes).unwrap();
    fcntl(&file, F_ADD_SEALS(SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW)).unwrap();
    file.into()
}

/// Attaching refuses what is no segment; what it accepts begins as a sound one does, and can be used.
pub(super) fn attach(input: &[u8]) {
    let Some(bytes) = super::decode::<Bytes>(input) else { return };
    let bytes = match bytes {
        Bytes::Any(bytes) => bytes,
        Bytes::Edited { kind, edits, cut } => {
            let mut bytes = sound(kind);
            for (at, byte) in edits {
                let at = usize::from(at) % bytes.len();
                bytes[at] = byte;
            }
            bytes.truncate(bytes.len() - usize::from(cut) % bytes.len());
            bytes
        }
    };
    let descriptor = memfd(&bytes);
    if let Some(ring) = accepted::<SpscRing<u32>>(&descriptor, &bytes, RingConfig::new) {
        if let Ok(mut producer) = ring.producer() {
            let _ = producer.try_push(1);
            let _ = producer.push_timeout(2, Duration::ZERO);
        }
        if let Ok(mut consumer) = ring.consumer() {
            let _ = consumer.try_pop();
            let _ = consumer.pop_timeout(Duration::ZERO);
        }
    }
    if let Some(queue) = accepted::<MpmcQueue<u32>>(&descriptor, &bytes, RingConfig::new) {
        if let Ok(mut producer) = queue.producer() {
            let _ = producer.try_push(1);
            let _ = producer.push_timeout(2, Duration::ZERO);
        }
        if let Ok(mut consumer) = queue.consumer() {
            let _ = consumer.try_pop();
            let _ = consumer.pop_timeout(Duration::ZERO);
        }
    }
    let permits = |_| SemaphoreConfig::counting(2);
    let shared = accepted::<SharedSemaphore>(&descriptor, &bytes, permits);
    if let Some(Ok(semaphore)) = shared.map(|shared| shared.handle()) {
        let _ = semaphore.try_acquire();
        let _ = semaphore.release(1);
        let _ = semaphore.acquire_timeout(Duration::ZERO);
    }
    let data = |_| MutexConfig::of(7);
    let shared = accepted::<SharedMutex<u32>>(&descriptor, &bytes, data);
    if let Some(Ok(mutex)) = shared.map(|shared| shared.handle()) {
        drop(mutex.try_lock());
        drop(mutex.lock_timeout(Duration::ZERO));
    }
    let permits = |permits| PermitsConfig::new(permits as u32);
    let pool = accepted::<PermitPool>(&descriptor, &bytes, permits);
    if let Some(Ok(permits)) = pool.map(|pool| pool.handle()) {
        let _held = permits.try_acquire();
        drop(permits.acquire_timeout(Duration::ZERO));
    }
    if let Some(cell) = accepted::<LatestCell<u32>>(&descriptor, &bytes, |_| LatestConfig::of(7)) {
        let _ = cell.reader().try_read();
        if let Ok(mut writer) = cell.writer() {
            writer.write(1);
            assert_eq!(cell.reader().read(), 1);
        }
    }
    if let Some(cells) = accepted::<AtomicCells>(&descriptor, &bytes, CellsConfig::new) {
        let last = cells.count() - 1;
        let before = cells.add(last, 1);
        assert_eq!(cells.load(last), before.wrapping_add(1));
    }
    if let Some(signals) = accepted::<SharedSignals>(&descriptor, &bytes, |_| ()) {
        let signals = signals.handle();
        signals.raise(Set::of(7));
        assert!(signals.take(Set::ALL).contains(7));
        assert!(signals.wait_timeout(Set::ALL, Duration::ZERO).is_err());
    }
}

/// The object, if attaching accepts it: then its header is that of a new segment with as many elements, but for the
/// number of owners, which may be any.
fn accepted<O: ?Sized + Object>(
    descriptor: &OwnedFd,
    bytes: &[u8],
    config: impl FnOnce(u64) -> O::Config,
) -> Option<Shared<O>> {
    let object = sealed::attach::<O>(descriptor).ok()?;
    let word = |name| {
        let field = Header::fields().into_iter().find(|field| field.name == name);
        let field = field.expect("a word of the header");
        field.offset..field.offset + field.size
    };
    let elements = bytes[word("elements")].try_into().expect("eight bytes");
    let mut sound = new::<O>(config(u64::from_le_bytes(elements)));
    sound[word("owners")].copy_from_slice(&bytes[word("owners")]);
    assert_eq!(bytes[..HEADER_SIZE], sound[..HEADER_SIZE], "accepted, with another header");
    assert_eq!(bytes.len(), sound.len(), "accepted, with another size");
    Some(object)
}
