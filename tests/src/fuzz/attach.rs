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
    segment::{HEADER_SIZE, MpmcQueue, Object, RingConfig, SpscRing, sealed},
    semaphore::{SemaphoreConfig, SharedSemaphore},
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
}

const CAPACITY: u64 = 4;

/// A sound segment's bytes.
fn sound(kind: Kind) -> Vec<u8> {
    let ring = RingConfig::new(CAPACITY);
    let descriptor = match kind {
        Kind::Ring => sealed::create::<SpscRing<u32>>(ring).unwrap().1,
        Kind::Queue => sealed::create::<MpmcQueue<u32>>(ring).unwrap().1,
        Kind::Semaphore => {
            sealed::create::<SharedSemaphore>(SemaphoreConfig::counting(2)).unwrap().1
        }
    };
    contents(descriptor)
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
        let mut producer = queue.producer().expect("the header has a capacity");
        let mut consumer = queue.consumer().expect("the header has a capacity");
        let _ = producer.try_push(1);
        let _ = producer.push_timeout(2, Duration::ZERO);
        let _ = consumer.try_pop();
        let _ = consumer.pop_timeout(Duration::ZERO);
    }
    let permits = |_| SemaphoreConfig::counting(2);
    let shared = accepted::<SharedSemaphore>(&descriptor, &bytes, permits);
    if let Some(Ok(semaphore)) = shared.map(|shared| shared.handle()) {
        let _ = semaphore.try_acquire();
        let _ = semaphore.release(1);
        let _ = semaphore.acquire_timeout(Duration::ZERO);
    }
}

/// The object, if attaching accepts it: then its header is that of a new segment with as many
/// elements.
fn accepted<O: ?Sized + Object>(
    descriptor: &OwnedFd,
    bytes: &[u8],
    config: impl FnOnce(u64) -> O::Config,
) -> Option<selvedge::segment::Shared<O>> {
    let object = sealed::attach::<O>(descriptor).ok()?;
    let elements = u64::from_le_bytes(bytes[64..72].try_into().expect("eight bytes"));
    let (_, sound) = sealed::create::<O>(config(elements)).expect("it was attached to");
    let sound = contents(sound);
    assert_eq!(bytes[..HEADER_SIZE], sound[..HEADER_SIZE], "accepted, with another header");
    assert_eq!(bytes.len(), sound.len(), "accepted, with another size");
    Some(object)
}
