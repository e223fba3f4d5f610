//! What programs built at different times must agree on, and what their users read: a change of
//! either is a change of a snapshot. A changed layout needs another `LAYOUT_VERSION`.

use std::{fmt::Write, io, path::PathBuf};

use selvedge::{
    layout::Field,
    mutex::SharedMutex,
    permits::PermitPool,
    platform::{
        Platform,
        native::{FIRST_SLOT, Native, NativeCell},
    },
    protocol::{Corrupt, cells, mpmc, permits, registry::MAX_OWNERS, semaphore, spsc},
    segment::{
        AttachError, CapacityError, CleanError, ConfigError, CreateError, HEADER_SIZE, Header,
        JoinError, LAYOUT_VERSION, LOCKS, MAGIC, MpmcQueue, NameError, Object, OpenError,
        ProtocolId, RecordId, SpscRing, UnlinkError,
    },
    semaphore::SharedSemaphore,
    shared_memory::{AtomicCells, LatestCell},
    signal::SharedSignals,
};

/// A line for each field, then the size.
fn table(fields: &[Field], size: usize, align: usize) -> String {
    let mut table = String::from("offset  size  field\n");
    for Field { name, offset, size } in fields {
        writeln!(table, "{offset:>6} {size:>5}  {name}").unwrap();
    }
    write!(table, "{size:>6}        (in all, aligned to {align})").unwrap();
    table
}

#[test]
fn header() {
    let table = table(&Header::fields(), HEADER_SIZE, align_of::<Header>());
    let locks = LOCKS.map(|Field { name, offset, size }| format!("{offset:#x} {size}  {name}"));
    insta::assert_snapshot!(format!(
        "layout version {LAYOUT_VERSION}, magic {MAGIC:#x}\n{table}\nlocked only:\n{}\n\
         {FIRST_SLOT:#x} 1  slot 0, and so on: {MAX_OWNERS} at most",
        locks.join("\n")
    ));
}

/// Name and offset of each word in the table below a heading of the specification.
fn specified(heading: &str) -> Vec<(String, usize)> {
    let text = include_str!("../../docs/layout.md");
    let section = text.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
    let rows = section.take_while(|line| !line.starts_with('#')).filter_map(|line| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (offset, _size, field) = (cells.next()?, cells.next()?, cells.next()?);
        let offset = offset.split(',').next()?.parse().ok()?;
        Some((field.trim_matches('`').to_owned(), offset))
    });
    rows.collect()
}

#[test]
fn each_word_is_where_docs_layout_md_says() {
    fn of(fields: &[Field]) -> Vec<(String, usize)> {
        fields.iter().map(|field| (field.name.to_owned(), field.offset)).collect()
    }
    assert_eq!(specified("## Header"), of(&Header::fields()));
    let ring = spsc::Ring::<Native, [NativeCell<u64>; 4]>::fields();
    assert_eq!(specified("### `SPSC`"), of(&ring));
    let queue = mpmc::Queue::<Native, [mpmc::Slot<Native, u64>; 1]>::fields();
    assert_eq!(specified("### `MPMC`")[..5], of(&queue));
    assert_eq!(specified("### `SEMA`"), of(&SharedSemaphore::fields()));
    assert_eq!(specified("### `MUTX`"), of(&SharedMutex::<u64>::fields()));
    type Word = <Native as Platform>::U32;
    assert_eq!(specified("### `LTST`"), of(&LatestCell::<u64>::fields()));
    assert_eq!(specified("### `SGNL`"), of(&SharedSignals::fields()));
    type Long = <Native as Platform>::U64;
    assert_eq!(specified("### `CELL`"), of(&cells::Cells::<Native, [Long; 3]>::fields()));
    assert_eq!(specified("### `PRMT`"), of(&permits::Pool::<Native, [Word; 3]>::fields()));
}

#[test]
fn cell_of_a_word() {
    let layout = LatestCell::<u64>::layout(1).unwrap();
    insta::assert_snapshot!(table(&LatestCell::<u64>::fields(), layout.size(), layout.align()));
}

#[test]
fn three_cells() {
    let fields = cells::Cells::<Native, [<Native as Platform>::U64; 3]>::fields();
    let layout = AtomicCells::layout(3).unwrap();
    insta::assert_snapshot!(table(&fields, layout.size(), layout.align()));
}

#[test]
fn signals() {
    let layout = SharedSignals::layout(0).unwrap();
    insta::assert_snapshot!(table(&SharedSignals::fields(), layout.size(), layout.align()));
}

#[test]
fn semaphore() {
    let layout = SharedSemaphore::layout(0).unwrap();
    insta::assert_snapshot!(table(&SharedSemaphore::fields(), layout.size(), layout.align()));
}

#[test]
fn ring_of_four_words() {
    let fields = spsc::Ring::<Native, [NativeCell<u64>; 4]>::fields();
    let layout = SpscRing::<u64>::layout(4).unwrap();
    insta::assert_snapshot!(table(&fields, layout.size(), layout.align()));
}

#[test]
fn queue_of_one_word() {
    let fields = mpmc::Queue::<Native, [mpmc::Slot<Native, u64>; 1]>::fields();
    let layout = MpmcQueue::<u64>::layout(1).unwrap();
    insta::assert_snapshot!(table(&fields, layout.size(), layout.align()));
}

#[test]
fn mutex_of_a_word() {
    let layout = SharedMutex::<u64>::layout(1).unwrap();
    let fields = SharedMutex::<u64>::fields();
    insta::assert_snapshot!(table(&fields, layout.size(), layout.align()));
}

#[test]
fn pool_of_three_permits() {
    let fields = permits::Pool::<Native, [<Native as Platform>::U32; 3]>::fields();
    let layout = PermitPool::layout(3).unwrap();
    insta::assert_snapshot!(table(&fields, layout.size(), layout.align()));
}

#[test]
fn identities() {
    insta::assert_snapshot!(format!(
        "{:?} {:?}\n{:?} {:?}\n{:?} {:?}\n{:?} {:?}\n{:?} {:?}\n{:?} {:?}",
        SharedSemaphore::PROTOCOL,
        SharedSemaphore::RECORD,
        SpscRing::<u64>::PROTOCOL,
        SpscRing::<u64>::RECORD,
        SpscRing::<[u8; 3]>::PROTOCOL,
        SpscRing::<[u8; 3]>::RECORD,
        MpmcQueue::<u64>::PROTOCOL,
        MpmcQueue::<u64>::RECORD,
        SharedMutex::<u64>::PROTOCOL,
        SharedMutex::<u64>::RECORD,
        PermitPool::PROTOCOL,
        PermitPool::RECORD,
    ));
}

/// One message a line.
fn messages<E: ToString>(errors: impl IntoIterator<Item = E>) -> String {
    errors.into_iter().map(|error| error.to_string()).collect::<Vec<_>>().join("\n")
}

fn path() -> PathBuf {
    PathBuf::from("/dev/shm/selvedge.ticks")
}

fn directory() -> PathBuf {
    PathBuf::from("/dev/shm")
}

fn io_error() -> io::Error {
    io::Error::from_raw_os_error(nix::libc::EMFILE)
}

#[test]
fn messages_about_names() {
    let errors = [
        NameError::Empty,
        NameError::TooLong(201),
        NameError::Slash,
        NameError::Nul,
        NameError::Dots,
    ];
    insta::assert_snapshot!(messages(errors));
}

#[test]
fn messages_of_create() {
    let capacities =
        [CapacityError::Zero, CapacityError::NotPowerOfTwo(12), CapacityError::TooLarge(1 << 63)];
    let capacities = capacities.map(|error| CreateError::Config(error.into()));
    let permits =
        [semaphore::InitError::Maximum(0), semaphore::InitError::Permits { permits: 3, max: 2 }];
    let permits = permits.map(|error| CreateError::Config(ConfigError::Semaphore(error)));
    let others = [
        CreateError::Config(ConfigError::Owners(MAX_OWNERS + 1)),
        CreateError::Config(ConfigError::Mode(0o4600)),
        CreateError::Name(NameError::Empty),
        CreateError::AlreadyExists { path: path() },
        CreateError::InUse { path: path() },
        CreateError::Clean(CleanError::NotASegment { path: path() }),
        CreateError::NoSpace { size: 131_840 },
        CreateError::PermissionDenied { path: directory() },
        CreateError::NotADirectory { path: directory() },
        CreateError::NoTmpfile { path: directory() },
        CreateError::NoLocks { path: directory() },
        CreateError::NoProc,
        CreateError::Io { call: "memfd_create", source: io_error() },
    ];
    insta::assert_snapshot!(messages(capacities.into_iter().chain(permits).chain(others)));
}

#[test]
fn messages_of_attach() {
    insta::assert_snapshot!(messages([
        AttachError::Name(NameError::Empty),
        AttachError::NotFound { path: path() },
        AttachError::PermissionDenied { path: path() },
        AttachError::SymbolicLink { path: path() },
        AttachError::NoLocks { path: directory() },
        AttachError::NotAFile,
        AttachError::NotAMemfd,
        AttachError::NotSealed,
        AttachError::TooSmall { found: 12 },
        AttachError::NotInitialised,
        AttachError::Magic { found: 0x0A7A, expected: MAGIC },
        AttachError::Version { found: 2, expected: 1 },
        AttachError::Protocol {
            found: ProtocolId::new(*b"SE\0\xff"),
            expected: ProtocolId::new(*b"SPSC"),
        },
        AttachError::RecordId {
            found: RecordId::new("example.tick/2"),
            expected: RecordId::new("example.tick/1"),
        },
        AttachError::RecordSize { found: 16, expected: 24 },
        AttachError::RecordAlignment { found: 4, expected: 8 },
        AttachError::Capacity(CapacityError::NotPowerOfTwo(12)),
        AttachError::Capacity(CapacityError::NotZero(1)),
        AttachError::Capacity(CapacityError::NotOne(2)),
        AttachError::PayloadSize { found: 128, expected: 64 },
        AttachError::SegmentSize { found: 1, expected: 896 },
        AttachError::ObjectOffset { found: 256, expected: 128 },
        AttachError::Owners { found: u64::from(MAX_OWNERS) + 1 },
        AttachError::Reserved,
        AttachError::ReadOnly,
        AttachError::Corrupt(Corrupt),
        AttachError::FileSize { found: 895, expected: 896 },
        AttachError::Io { call: "mmap", source: io_error() },
    ]));
}

#[test]
fn messages_of_join() {
    insta::assert_snapshot!(messages([
        JoinError::RegistryFull { owners: 64 },
        JoinError::Taken,
        JoinError::Closed,
        JoinError::Corrupt(Corrupt),
        JoinError::NoProc,
        JoinError::PermissionDenied,
        JoinError::Io(io_error()),
    ]));
}

#[test]
fn messages_of_unlink() {
    insta::assert_snapshot!(messages([
        UnlinkError::NotFound { path: path() },
        UnlinkError::PermissionDenied { path: path() },
        UnlinkError::Io { call: "unlink", source: io_error() },
    ]));
}

#[test]
fn messages_of_clean() {
    insta::assert_snapshot!(messages([
        CleanError::Name(NameError::Empty),
        CleanError::NotASegment { path: path() },
        CleanError::PermissionDenied { path: path() },
        CleanError::NoLocks { path: directory() },
        CleanError::Io { call: "fcntl(F_OFD_SETLK)", source: io_error() },
    ]));
}

#[test]
fn messages_of_create_or_attach() {
    insta::assert_snapshot!(messages([
        OpenError::Create(CreateError::NoProc),
        OpenError::Attach(AttachError::NotAFile),
    ]));
}
