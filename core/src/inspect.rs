//! What a segment says of itself, whatever is in it, to whoever may read its file.
//!
//! The file is read, not mapped, and no lock is taken, only asked about: whoever looks changes nothing, is no user,
//! and cannot fault. What it finds is stale at once; words are read one after the other, while others change them.

use core::alloc::Layout;
use std::{fs::File, io, os::unix::fs::FileExt};

use nix::{
    fcntl::{FcntlArg, fcntl},
    libc,
    sys::stat::{FileStat, SFlag, fstat},
};
use zerocopy::FromBytes;

use crate::{
    layout::Field,
    mutex::SharedMutex,
    permits::PermitPool,
    platform::{
        Owner, Platform,
        native::{FIRST_SLOT, Native, NativeCell, byte_lock},
    },
    protocol::{
        cells, event, latest,
        mpmc::{
            self,
            word::{Phase, SlotWord},
        },
        mutex, permits,
        registry::MAX_OWNERS,
        semaphore, signals,
        spsc::{self, Claim, End},
    },
    segment::{
        AttachError, Contents, Directory, HEADER_SIZE, Header, Identity, LAYOUT_VERSION, LOCKS,
        MpmcQueue, Object, ProtocolId, SpscRing, attach_io,
    },
    semaphore::SharedSemaphore,
    shared_memory::{AtomicCells, LatestCell},
    signal::SharedSignals,
};

/// The most elements that are looked at.
const LOOKED_AT: u64 = 1 << 16;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The protocol that its processes speak.
    pub protocol: ProtocolId,
    /// What its records are.
    pub record: Identity,
    /// How many elements its object has: slots of a ring or a queue, permits of a pool, cells, 1 of a mutex.
    pub elements: u64,
    /// Bytes of the file.
    pub size: u64,
    /// Slots of its registry.
    pub owners: u64,
    /// Those that have an owner who lives.
    pub living: Vec<Owner>,
    /// Has a process the segment mapped? Of a segment without a name that is not known.
    pub in_use: bool,
    /// The object's.
    pub state: State,
}

/// The state of an object. Waiters are those that are registered: one that died while it waited remains so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Of a ring, or a pipe.
    Ring {
        /// Whose the producer's and the consumer's end are.
        ends: [Claim; 2],
        /// Records that were pushed and not popped.
        records: u64,
        /// Producers and consumers that wait.
        waiters: [u32; 2],
    },
    /// Of a queue.
    Queue {
        /// Records whose pushes have begun and that were not taken.
        records: u64,
        /// Whose records are being pushed or popped, in the first 65,536 slots.
        claims: Vec<Owner>,
        /// Producers and consumers that wait.
        waiters: [u32; 2],
    },
    /// Of a semaphore.
    Semaphore {
        /// Permits that are free.
        free: u32,
        /// The most that can be.
        max: u32,
        /// Who waits for one.
        waiters: u32,
    },
    /// Of a mutex.
    Mutex {
        /// Who holds it.
        holder: Option<Owner>,
        /// What is known of the data.
        condition: mutex::Condition,
        /// Who waits for it.
        waiters: u32,
    },
    /// Of a pool of permits.
    Permits {
        /// Who holds each permit that is not free, of the first 65,536.
        holders: Vec<Owner>,
        /// Who waits for one.
        waiters: u32,
    },
    /// Of a cell that holds the latest value.
    Latest {
        /// How many values were written.
        version: u64,
    },
    /// Of cells.
    Cells {
        /// What is in each of the first 65,536.
        values: Vec<u64>,
    },
    /// Of a set of signals.
    Signals {
        /// Those that are pending.
        pending: signals::Set,
        /// Who waits for one.
        waiters: u32,
    },
    /// Of an object that this version does not know.
    Unknown,
}

impl Inspection {
    /// Is a slot's owner alive, as far as is known?
    pub fn lives(&self, owner: Owner) -> bool {
        self.living.contains(&owner)
    }

    /// Inspects the segment in `file`, named or sealed.
    ///
    /// # Errors
    /// [`AttachError`]: it is no segment of this version, or damaged.
    pub fn of(file: &File) -> Result<Self, AttachError> {
        let FileStat { st_mode, st_size, .. } =
            fstat(file).map_err(|errno| attach_io("fstat", errno))?;
        if SFlag::from_bits_truncate(st_mode) & SFlag::S_IFMT != SFlag::S_IFREG {
            return Err(AttachError::NotAFile);
        }
        let size = st_size.cast_unsigned();
        if size < HEADER_SIZE as u64 {
            return Err(AttachError::TooSmall { found: size });
        }
        let look = |source| AttachError::Io { call: "read", source };
        let mut header = [0; HEADER_SIZE];
        file.read_exact_at(&mut header, 0).map_err(look)?;
        let contents = Header::read_from_bytes(&header).expect("of a header's size").contents()?;
        check(&contents, size)?;
        let living = (0..contents.owners as u32)
            .map(Owner)
            .filter(|owner| is_held(file, FIRST_SLOT + u64::from(owner.0), libc::F_RDLCK));
        Ok(Self {
            protocol: contents.protocol,
            record: contents.record,
            elements: contents.elements,
            size,
            owners: contents.owners,
            living: living.collect(),
            in_use: is_held(file, LOCKS[0].offset as u64, libc::F_WRLCK),
            state: state(file, &contents).map_err(look)?,
        })
    }
}

impl Directory {
    /// Inspects the segment `name`.
    ///
    /// # Errors
    /// [`AttachError`].
    pub fn inspect(&self, name: &str) -> Result<Inspection, AttachError> {
        Inspection::of(&self.open_to_look(name)?)
    }

    /// The names of what is here and looks like a segment by its name, sorted.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in self.root().read_dir()? {
            let file = entry?.file_name();
            let name = file.to_str().and_then(|file| file.strip_prefix(Self::PREFIX));
            names.extend(name.map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }
}

/// Does the header go together with a file of `size` bytes? Only this much is needed to read the object.
fn check(contents: &Contents, size: u64) -> Result<(), AttachError> {
    if contents.version != LAYOUT_VERSION {
        return Err(AttachError::Version { found: contents.version, expected: LAYOUT_VERSION });
    }
    if contents.segment_size != size {
        return Err(AttachError::FileSize { found: size, expected: contents.segment_size });
    }
    if contents.owners > u64::from(MAX_OWNERS) {
        return Err(AttachError::Owners { found: contents.owners });
    }
    Ok(())
}

/// Does anybody hold a lock of this byte that excludes one of this `kind`?
fn is_held(file: &File, byte: u64, kind: libc::c_int) -> bool {
    let mut lock = byte_lock(byte, kind);
    let asked = fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock));
    asked.is_ok() && i32::from(lock.l_type) != libc::F_UNLCK
}

/// The number in one of an object's words, of four or eight bytes.
fn word(file: &File, field: Field) -> io::Result<u64> {
    let mut bytes = [0; 8];
    file.read_exact_at(&mut bytes[..field.size], (HEADER_SIZE + field.offset) as u64)?;
    Ok(u64::from_le_bytes(bytes))
}

/// The first words of elements that are `stride` bytes apart, of as many as are [looked at](LOOKED_AT).
fn each(file: &File, first: Field, count: u64, stride: usize) -> io::Result<Vec<u64>> {
    // A stride that lies ends behind the file with the second element.
    let place = |n: u64| Field { offset: first.offset + n as usize * stride, ..first };
    (0..count.min(LOOKED_AT)).map(|n| word(file, place(n))).collect()
}

fn waiters(file: &File, event: Field) -> io::Result<u32> {
    Ok(event::State(word(file, event)?).waiters())
}

fn state(file: &File, contents: &Contents) -> io::Result<State> {
    const RING: ProtocolId = SpscRing::<u8>::PROTOCOL;
    const QUEUE: ProtocolId = MpmcQueue::<u8>::PROTOCOL;
    const SEMAPHORE: ProtocolId = SharedSemaphore::PROTOCOL;
    const MUTEX: ProtocolId = SharedMutex::<u8>::PROTOCOL;
    const PERMITS: ProtocolId = PermitPool::PROTOCOL;
    const LATEST: ProtocolId = LatestCell::<u8>::PROTOCOL;
    const SIGNALS: ProtocolId = SharedSignals::PROTOCOL;
    const CELLS: ProtocolId = AtomicCells::PROTOCOL;
    let owner = |word: u64| Owner((word as u32).wrapping_sub(1));
    Ok(match contents.protocol {
        RING => {
            let [producer, consumer, head, tail, filled, freed, _] =
                spsc::Ring::<Native, [NativeCell<u8>; 1]>::fields();
            let end = |field| Ok::<_, io::Error>(End(word(file, field)? as u32).claim());
            State::Ring {
                ends: [end(producer)?, end(consumer)?],
                records: word(file, tail)?.wrapping_sub(word(file, head)?),
                waiters: [waiters(file, freed)?, waiters(file, filled)?],
            }
        }
        QUEUE => {
            let [head, tail, filled, freed, slots] =
                mpmc::Queue::<Native, [mpmc::Slot<Native, u8>; 1]>::fields();
            let Identity { size, alignment, .. } = contents.record;
            let record = Layout::from_size_align(size as usize, alignment as usize);
            let slot = record.and_then(|record| Layout::new::<u64>().extend(record));
            let stride = slot.map_err(io::Error::other)?.0.pad_to_align().size();
            let first = Field { size: size_of::<u64>(), ..slots };
            let words = each(file, first, contents.elements, stride)?;
            let claimed = words
                .into_iter()
                .map(SlotWord)
                .filter(|word| matches!(word.phase(), Phase::Writing | Phase::Reading));
            State::Queue {
                records: word(file, tail)?.wrapping_sub(word(file, head)?),
                claims: claimed.map(SlotWord::owner).collect(),
                waiters: [waiters(file, freed)?, waiters(file, filled)?],
            }
        }
        SEMAPHORE => {
            let [state, max] = semaphore::Shared::<Native>::fields();
            let state = semaphore::State(word(file, state)?);
            State::Semaphore {
                free: state.permits(),
                max: word(file, max)? as u32,
                waiters: state.waiters(),
            }
        }
        MUTEX => {
            let [state, _] = mutex::Shared::<Native, u8>::fields();
            let state = mutex::State(word(file, state)?);
            State::Mutex {
                holder: state.holder(),
                condition: state.condition(),
                waiters: state.waiters(),
            }
        }
        PERMITS => {
            let [freed, slots] = permits::Pool::<Native, [<Native as Platform>::U32; 1]>::fields();
            let words = each(file, slots, contents.elements, slots.size)?;
            State::Permits {
                holders: words.into_iter().filter(|word| *word != 0).map(owner).collect(),
                waiters: waiters(file, freed)?,
            }
        }
        LATEST => {
            let [version, _] = latest::Cell::<Native, u8>::fields();
            State::Latest { version: word(file, version)? }
        }
        CELLS => {
            let [first] = cells::Cells::<Native, [<Native as Platform>::U64; 1]>::fields();
            State::Cells { values: each(file, first, contents.elements, first.size)? }
        }
        SIGNALS => {
            let [pending, raised] = SharedSignals::fields();
            State::Signals {
                pending: signals::Set(word(file, pending)?),
                waiters: waiters(file, raised)?,
            }
        }
        _ => State::Unknown,
    })
}
