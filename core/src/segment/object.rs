//! What can live in a segment, and how it is laid out there.

use core::{
    alloc::{Layout, LayoutError},
    ptr,
};

use super::{CapacityError, ConfigError, Identity, ProtocolId, Record};
use crate::{
    platform::{
        Owner,
        native::{Native, NativeCell, NativeCtx},
    },
    protocol::{mpmc, spsc},
};

/// The largest alignment of an object, and of a record, in bytes: that of two cache lines.
pub const MAX_ALIGNMENT: usize = 128;

/// A ring of records of type `T` for one producer process and one consumer process.
pub type SpscRing<T> = spsc::Ring<Native, [NativeCell<T>]>;

/// A queue of records of type `T` for any number of producers and consumers; see [`mpmc`].
///
/// ```
/// use selvedge::{
///     protocol::mpmc::PopError,
///     segment::{MpmcQueue, RingConfig, sealed},
/// };
///
/// let (queue, descriptor) = sealed::create::<MpmcQueue<u64>>(RingConfig::new(64))?;
/// let (mut producer, mut another) = (queue.producer()?, queue.producer()?);
/// producer.push(7)?;
/// another.push(8)?;
///
/// // Usually other processes, which were handed the descriptor.
/// let queue = sealed::attach::<MpmcQueue<u64>>(descriptor)?;
/// let mut consumer = queue.consumer()?;
/// assert_eq!(consumer.pop(), Ok(7));
/// assert_eq!(consumer.pop(), Ok(8));
/// assert_eq!(consumer.try_pop(), Err(PopError::Empty));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type MpmcQueue<T> = mpmc::Queue<Native, mpmc::Slots<Native, T>>;

/// An object that may live in a segment, possibly with a trailing array of elements.
///
/// # Safety
/// For every `elements` that [`layout`](Self::layout) accepts:
/// - the layout is that of the object which [`at`](Self::at) yields, and is aligned to
///   [`MAX_ALIGNMENT`] at most;
/// - `at` yields a pointer to the byte `base`, with its provenance;
/// - memory of that layout holds a valid object whatever its bytes are, and each of its bytes that
///   is ever read or written through a shared reference lies in an atomic or an `UnsafeCell`;
/// - all its safe methods are safe whatever other processes write to it.
pub unsafe trait Object: Send + Sync + 'static {
    /// What the creator decides.
    type Config;

    /// The protocol that the object's processes speak.
    const PROTOCOL: ProtocolId;

    /// What the elements are.
    const RECORD: Identity;

    /// How many elements an object of this configuration has.
    fn elements(config: &Self::Config) -> u64;

    /// Size and alignment with so many elements.
    ///
    /// # Errors
    /// [`CapacityError`] if no object has that number of elements.
    fn layout(elements: u64) -> Result<Layout, CapacityError>;

    /// The object with so many elements at `base`.
    fn at(base: *mut u8, elements: usize) -> *const Self;

    /// Makes an object of zeroed memory that no other participant has seen yet.
    ///
    /// # Errors
    /// [`ConfigError`] if the configuration contradicts itself.
    fn init(&self, config: &Self::Config) -> Result<(), ConfigError>;

    /// How many handles on it can have an owner's number at a time: slots of the segment's registry. `None`
    /// if its handles have none.
    fn owners(_: &Self::Config) -> Option<u32> {
        None
    }

    /// Removes every trace of a dead owner. Others may do so at the same time.
    fn sweep(&self, _: &NativeCtx, _: Owner) {}
}

/// Slots of a registry, unless its segment's creator says otherwise.
pub const DEFAULT_OWNERS: u32 = 64;

/// What the creator of a ring or a queue decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct RingConfig {
    capacity: u64,
    start: u64,
    owners: u32,
}

impl RingConfig {
    /// A ring or queue of `capacity` records, which must be a power of two.
    pub const fn new(capacity: u64) -> Self {
        Self { capacity, start: 0, owners: DEFAULT_OWNERS }
    }

    /// At most so many handles at a time, up to 4096; a handle on a ring's end that a dead one left, too.
    pub const fn owners(self, owners: u32) -> Self {
        Self { owners, ..self }
    }

    /// Counts records from `start`, not from 0: only a test of the wrap-around has a use for it.
    pub const fn start_at(self, start: u64) -> Self {
        Self { start, ..self }
    }
}

/// The layout of an `Empty`, which has no slots, with so many `Slot`s: by `repr(C)`, the fields before
/// the slots, the slots, padding to the alignment.
fn with_slots<Empty, Slot>(capacity: u64) -> Result<Layout, CapacityError> {
    if capacity == 0 {
        return Err(CapacityError::Zero);
    }
    if !capacity.is_power_of_two() {
        return Err(CapacityError::NotPowerOfTwo(capacity));
    }
    let too_large = CapacityError::TooLarge(capacity);
    let count = usize::try_from(capacity).map_err(|_| too_large)?;
    trailing::<Empty, Slot>(count).map_err(|_| too_large)
}

/// Likewise, for any number of them.
pub(crate) fn trailing<Empty, Slot>(count: usize) -> Result<Layout, LayoutError> {
    let (object, _) = Layout::new::<Empty>().extend(Layout::array::<Slot>(count)?)?;
    Ok(object.pad_to_align())
}

/// The layout of an `O`, which has no trailing array: `expected` elements, 0 or 1, and no other number.
///
/// # Errors
/// [`CapacityError::NotZero`] or [`CapacityError::NotOne`].
pub fn fixed<O>(expected: u64, elements: u64) -> Result<Layout, CapacityError> {
    match expected {
        _ if elements == expected => Ok(Layout::new::<O>()),
        0 => Err(CapacityError::NotZero(elements)),
        _ => Err(CapacityError::NotOne(elements)),
    }
}

// SAFETY:
// - `layout` is that of the ring with so many slots (`with_slots`); its alignment is 128, of the ring's lines, since `Identity::of` admits no larger one for `T`;
// - `at` casts `base` and attaches the number of slots;
// - every field is an atomic word or cells of `T: Pod`, for which all bytes are valid;
// - the ring's handles are safe whatever a peer writes (the card, "Trust").
unsafe impl<T: Record> Object for SpscRing<T> {
    type Config = RingConfig;

    const PROTOCOL: ProtocolId = ProtocolId::new(*b"SPSC");
    const RECORD: Identity = Identity::of::<T>();

    fn elements(config: &RingConfig) -> u64 {
        config.capacity
    }

    fn layout(elements: u64) -> Result<Layout, CapacityError> {
        with_slots::<spsc::Ring<Native, [NativeCell<T>; 0]>, NativeCell<T>>(elements)
    }

    fn at(base: *mut u8, elements: usize) -> *const Self {
        ptr::slice_from_raw_parts_mut(base.cast::<NativeCell<T>>(), elements) as *const Self
    }

    fn init(&self, config: &RingConfig) -> Result<(), ConfigError> {
        self.init(config.start);
        Ok(())
    }

    fn owners(config: &RingConfig) -> Option<u32> {
        Some(config.owners)
    }

    fn sweep(&self, ctx: &NativeCtx, owner: Owner) {
        self.sweep(ctx, owner);
    }
}

// SAFETY: as for the ring, whose slots have a word each besides; a queue's handles are safe whatever
// a peer writes (the card, "Trust").
unsafe impl<T: Record> Object for MpmcQueue<T> {
    type Config = RingConfig;

    const PROTOCOL: ProtocolId = ProtocolId::new(*b"MPMC");
    const RECORD: Identity = Identity::of::<T>();

    fn elements(config: &RingConfig) -> u64 {
        config.capacity
    }

    fn layout(elements: u64) -> Result<Layout, CapacityError> {
        if elements > mpmc::word::MAX_CAPACITY {
            return Err(CapacityError::TooLarge(elements));
        }
        with_slots::<mpmc::Queue<Native, [mpmc::Slot<Native, T>; 0]>, mpmc::Slot<Native, T>>(
            elements,
        )
    }

    fn at(base: *mut u8, elements: usize) -> *const Self {
        ptr::slice_from_raw_parts_mut(base.cast::<mpmc::Slot<Native, T>>(), elements) as *const Self
    }

    fn init(&self, config: &RingConfig) -> Result<(), ConfigError> {
        self.init(config.start);
        Ok(())
    }

    fn owners(config: &RingConfig) -> Option<u32> {
        Some(config.owners)
    }

    fn sweep(&self, ctx: &NativeCtx, owner: Owner) {
        self.sweep(ctx, owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What has slots in number `N` can be unsized to what has a trailing array: one layout.
    fn agrees<T: Record, const N: usize>() {
        let compiled = Layout::new::<spsc::Ring<Native, [NativeCell<T>; N]>>();
        assert_eq!(SpscRing::<T>::layout(N as u64), Ok(compiled));
        let compiled = Layout::new::<mpmc::Queue<Native, [mpmc::Slot<Native, T>; N]>>();
        assert_eq!(MpmcQueue::<T>::layout(N as u64), Ok(compiled));
    }

    #[test]
    fn the_layout_is_the_compilers() {
        agrees::<u8, 1>();
        agrees::<u8, 128>();
        agrees::<u8, 256>();
        agrees::<u64, 16>();
        agrees::<u64, 1024>();
        agrees::<u128, 1>();
        agrees::<[u8; 3], 64>();
        agrees::<[u8; 200], 2>();
    }

    #[test]
    fn only_powers_of_two_that_fit_are_capacities() {
        assert_eq!(SpscRing::<u64>::layout(0), Err(CapacityError::Zero));
        assert_eq!(SpscRing::<u64>::layout(12), Err(CapacityError::NotPowerOfTwo(12)));
        assert_eq!(SpscRing::<u64>::layout(1 << 60), Err(CapacityError::TooLarge(1 << 60)));
        assert_eq!(SpscRing::<u64>::layout(1 << 63), Err(CapacityError::TooLarge(1 << 63)));
        assert!(SpscRing::<u64>::layout(1 << 59).is_ok());
        assert_eq!(MpmcQueue::<u8>::layout(1 << 49), Err(CapacityError::TooLarge(1 << 49)));
        assert!(MpmcQueue::<u8>::layout(1 << 48).is_ok());
    }
}
