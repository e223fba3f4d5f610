//! Each thing that can be wrong with a segment, or with a wish for one, has its own error. What each mechanism says of
//! it is in `attacks.rs`.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::{FileExt, PermissionsExt, symlink},
};

use nix::{sys::stat::Mode, unistd::mkfifo};
use selvedge::{
    protocol::{registry::MAX_OWNERS, semaphore::InitError},
    segment::{
        AttachError, CapacityError, CleanError, ConfigError, CreateError, DEFAULT_OWNERS,
        Directory, HEADER_SIZE, LAYOUT_VERSION, MAGIC, NameError, Record, RecordId, RingConfig,
        Shared, SpscRing, UnlinkError, sealed,
    },
    semaphore::{SemaphoreConfig, SharedSemaphore},
};
use selvedge_tests::write_header;
use tempfile::TempDir;
use zerocopy::{FromBytes, Immutable, IntoBytes};

type Ring = SpscRing<u64>;

/// Asserts the one error, fields included, and shows what was found in its place.
macro_rules! assert_error {
    ($result:expr, $pattern:pat $(if $guard:expr)?) => {
        match $result {
            Err($pattern) $(if $guard)? => {}
            other => panic!("expected {}, found {other:?}", stringify!($pattern $(if $guard)?)),
        }
    };
}

/// A private directory of segments, removed with everything in it.
struct Place {
    directory: Directory,
    temporary: TempDir,
}

impl Place {
    fn new() -> Self {
        let temporary = tempfile::Builder::new().prefix("tests.").tempdir_in("/dev/shm").unwrap();
        Self { directory: Directory::at(temporary.path()), temporary }
    }

    /// A place with a ring named "ring".
    fn with_ring() -> Self {
        let place = Self::new();
        place.directory.create::<Ring>("ring", RingConfig::new(16)).unwrap();
        place
    }

    fn file(&self) -> File {
        let path = self.directory.path("ring").unwrap();
        OpenOptions::new().read(true).write(true).open(path).unwrap()
    }

    fn attach(&self) -> Result<Shared<Ring>, AttachError> {
        self.directory.attach("ring")
    }

    fn files(&self) -> usize {
        fs::read_dir(self.temporary.path()).unwrap().count()
    }
}

/// What attaching to a ring says once the header's word `name` has become `bytes`.
fn with_word(name: &str, bytes: &[u8]) -> Result<Shared<Ring>, AttachError> {
    let place = Place::with_ring();
    write_header(&place.file(), name, bytes);
    place.attach()
}

#[test]
fn an_untouched_ring_is_attached_to() {
    let ring = Place::with_ring().attach().unwrap();
    assert_eq!(ring.producer().unwrap().capacity(), 16);
}

#[test]
fn another_magic_word() {
    assert_error!(
        with_word("magic", b"SELVAGES"),
        AttachError::Magic { found, expected: MAGIC } if found == u64::from_le_bytes(*b"SELVAGES")
    );
}

#[test]
fn another_layout_version() {
    let next = LAYOUT_VERSION + 1;
    assert_error!(
        with_word("version", &next.to_le_bytes()),
        AttachError::Version { found, expected: LAYOUT_VERSION } if found == next
    );
}

#[test]
fn another_protocol() {
    let place = Place::with_ring();
    assert_error!(
        place.directory.attach::<SharedSemaphore>("ring"),
        AttachError::Protocol { found, expected }
            if (found.to_string(), expected.to_string()) == ("SPSC".into(), "SEMA".into())
    );
}

#[test]
fn another_record() {
    let place = Place::with_ring();
    assert_error!(
        place.directory.attach::<SpscRing<i64>>("ring"),
        AttachError::RecordId { found, expected }
            if (found, expected) == (RecordId::new("u64"), RecordId::new("i64"))
    );
}

#[test]
fn another_size_of_the_record() {
    let place = Place::new();
    place.directory.create::<SpscRing<[u8; 3]>>("ring", RingConfig::new(1)).unwrap();
    assert_error!(
        place.directory.attach::<SpscRing<[u8; 5]>>("ring"),
        AttachError::RecordSize { found: 3, expected: 5 }
    );
}

#[test]
fn another_alignment_of_the_record() {
    /// The bytes of a `u64`, under its name.
    #[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
    #[repr(C)]
    struct Eight([u8; 8]);
    impl Record for Eight {
        const ID: RecordId = RecordId::new("u64");
    }
    let place = Place::with_ring();
    assert_error!(
        place.directory.attach::<SpscRing<Eight>>("ring"),
        AttachError::RecordAlignment { found: 8, expected: 1 }
    );
}

#[test]
fn a_header_with_an_impossible_capacity() {
    let with_capacity = |capacity: u64| with_word("elements", &capacity.to_le_bytes());
    assert_error!(with_capacity(0), AttachError::Capacity(CapacityError::Zero));
    assert_error!(with_capacity(17), AttachError::Capacity(CapacityError::NotPowerOfTwo(17)));
    assert_error!(
        with_capacity(1 << 63),
        AttachError::Capacity(CapacityError::TooLarge(found)) if found == 1 << 63
    );
}

#[test]
fn a_semaphore_with_elements() {
    let place = Place::new();
    place.directory.create::<SharedSemaphore>("ring", SemaphoreConfig::binary()).unwrap();
    write_header(&place.file(), "elements", &1_u64.to_le_bytes());
    assert_error!(
        place.directory.attach::<SharedSemaphore>("ring"),
        AttachError::Capacity(CapacityError::NotZero(1))
    );
}

#[test]
fn a_header_whose_numbers_contradict_each_other() {
    assert_error!(
        with_word("elements", &8_u64.to_le_bytes()),
        AttachError::PayloadSize { found: 128, expected: 64 }
    );
    assert_error!(
        with_word("segment_size", &1_u64.to_le_bytes()),
        AttachError::SegmentSize { found: 1, expected: 896 }
    );
    assert_error!(
        with_word("object_offset", &256_u64.to_le_bytes()),
        AttachError::ObjectOffset { found: 256, expected: 128 }
    );
    assert_error!(with_word("reserved", &[1; 24]), AttachError::Reserved);
}

#[test]
fn a_header_with_more_owners_than_a_word_has_room_for() {
    let with_owners = |owners: u64| with_word("owners", &owners.to_le_bytes());
    assert_eq!(with_owners(MAX_OWNERS.into()).unwrap().owners(), MAX_OWNERS);
    for owners in [u64::from(MAX_OWNERS) + 1, 1 << 32, u64::MAX] {
        assert_error!(
            with_owners(owners),
            AttachError::Owners { found } if found == owners
        );
    }
}

#[test]
fn a_truncated_file() {
    let place = Place::with_ring();
    place.file().set_len(895).unwrap();
    assert_error!(place.attach(), AttachError::FileSize { found: 895, expected: 896 });
}

#[test]
fn an_extended_file() {
    let place = Place::with_ring();
    place.file().set_len(897).unwrap();
    assert_error!(place.attach(), AttachError::FileSize { found: 897, expected: 896 });
}

#[test]
fn a_file_without_a_header() {
    let place = Place::with_ring();
    for len in [HEADER_SIZE as u64 - 1, 0] {
        place.file().set_len(len).unwrap();
        assert_error!(place.attach(), AttachError::TooSmall { found } if found == len);
    }
}

#[test]
fn a_name_that_nothing_has() {
    let place = Place::new();
    let expected = place.directory.path("ring").unwrap();
    assert_error!(place.attach(), AttachError::NotFound { path } if path == expected);
    assert_error!(
        place.directory.unlink("ring"),
        UnlinkError::NotFound { path } if path == expected
    );
}

#[test]
fn a_text_that_is_no_name() {
    let long = "x".repeat(201);
    for (name, expected) in [
        ("", NameError::Empty),
        (".", NameError::Dots),
        ("..", NameError::Dots),
        ("a/b", NameError::Slash),
        ("a\0b", NameError::Nul),
        (&long, NameError::TooLong(201)),
    ] {
        let place = Place::new();
        let created = place.directory.create::<Ring>(name, RingConfig::new(16));
        assert_error!(created, CreateError::Name(found) if found == expected);
        let attached = place.directory.attach::<Ring>(name);
        assert_error!(attached, AttachError::Name(found) if found == expected);
        let unlinked = place.directory.unlink(name);
        assert_error!(unlinked, UnlinkError::Name(found) if found == expected);
        let cleaned = place.directory.clean(name);
        assert_error!(cleaned, CleanError::Name(found) if found == expected);
        assert_eq!(place.files(), 0);
    }
    let place = Place::new();
    place.directory.create::<Ring>(&long[..200], RingConfig::new(16)).unwrap();
}

#[test]
fn a_name_that_exists() {
    let place = Place::with_ring();
    let expected = place.directory.path("ring").unwrap();
    let ring = place.attach().unwrap();
    ring.producer().unwrap().try_push(42).unwrap();
    let again = place.directory.create::<Ring>("ring", RingConfig::new(16));
    assert_error!(again, CreateError::AlreadyExists { path } if path == expected);
    assert_eq!(
        place.attach().unwrap().consumer().unwrap().try_pop(),
        Ok(42),
        "the old one is intact"
    );
    assert_eq!(place.files(), 1);
}

#[test]
fn a_symbolic_link() {
    let place = Place::with_ring();
    let link = place.directory.path("link").unwrap();
    symlink(place.directory.path("ring").unwrap(), &link).unwrap();
    let attached = place.directory.attach::<Ring>("link");
    assert_error!(attached, AttachError::SymbolicLink { path } if path == link);
}

#[test]
fn something_that_is_no_file() {
    let place = Place::new();
    fs::create_dir(place.directory.path("directory").unwrap()).unwrap();
    mkfifo(&place.directory.path("fifo").unwrap(), Mode::S_IRWXU).unwrap();
    assert_error!(place.directory.attach::<Ring>("directory"), AttachError::NotAFile);
    assert_error!(place.directory.attach::<Ring>("fifo"), AttachError::NotAFile);
}

#[test]
fn a_directory_that_is_not_there() {
    let place = Place::with_ring();
    for path in [place.temporary.path().join("nothing"), place.directory.path("ring").unwrap()] {
        let created = Directory::at(&path).create::<Ring>("ring", RingConfig::new(16));
        assert_error!(created, CreateError::NotADirectory { path: found } if found == path);
    }
}

#[test]
fn a_capacity_that_no_ring_has() {
    let place = Place::new();
    for (capacity, expected) in [
        (0, CapacityError::Zero),
        (12, CapacityError::NotPowerOfTwo(12)),
        (u64::MAX, CapacityError::NotPowerOfTwo(u64::MAX)),
        (1 << 60, CapacityError::TooLarge(1 << 60)),
        (1 << 63, CapacityError::TooLarge(1 << 63)),
    ] {
        let named = place.directory.create::<Ring>("ring", RingConfig::new(capacity));
        let expected = ConfigError::Capacity(expected);
        assert_error!(named, CreateError::Config(found) if found == expected);
        let sealed = sealed::create::<Ring>(RingConfig::new(capacity));
        assert_error!(sealed, CreateError::Config(found) if found == expected);
    }
    assert_eq!(place.files(), 0);
}

#[test]
fn permits_that_no_semaphore_has() {
    let place = Place::new();
    for (config, expected) in [
        (SemaphoreConfig::counting(0), InitError::Maximum(0)),
        (SemaphoreConfig::counting(1 << 31), InitError::Maximum(1 << 31)),
        (SemaphoreConfig::binary().initially(2), InitError::Permits { permits: 2, max: 1 }),
    ] {
        let created = place.directory.create::<SharedSemaphore>("semaphore", config);
        let expected = ConfigError::Semaphore(expected);
        assert_error!(created, CreateError::Config(found) if found == expected);
    }
    assert_eq!(place.files(), 0);
}

#[test]
fn no_owners_and_more_than_a_word_has_room_for() {
    let place = Place::new();
    let of_so_many = |owners| RingConfig::new(16).owners(owners);
    for owners in [0, MAX_OWNERS + 1] {
        let created = place.directory.create::<Ring>("ring", of_so_many(owners));
        assert_error!(created, CreateError::Config(found) if found == ConfigError::Owners(owners));
    }
    assert_eq!(place.files(), 0);
    let ring = place.directory.create::<Ring>("ring", of_so_many(MAX_OWNERS)).unwrap();
    assert_eq!(ring.owners(), MAX_OWNERS);
}

#[test]
fn a_sealed_memfd_cannot_be_resized_and_is_private() {
    let (_, descriptor) = sealed::create::<Ring>(RingConfig::new(16)).unwrap();
    let file = File::from(descriptor);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(file.set_len(0).is_err(), "sealed against shrinking");
    assert!(file.set_len(1 << 20).is_err(), "sealed against growing");
    assert!(sealed::attach::<Ring>(&file).is_ok());
}

/// A number of owners that is possible is believed, as nothing else in the segment depends on it.
#[test]
fn no_byte_of_the_header_can_change_unnoticed() {
    let (_, descriptor) = sealed::create::<Ring>(RingConfig::new(16)).unwrap();
    let file = File::from(descriptor);
    let attach = || sealed::attach::<Ring>(&file);
    let mut header = [0; HEADER_SIZE];
    file.read_exact_at(&mut header, 0).unwrap();
    let mut changed = 0;
    for (place, byte) in (0_u64..).zip(header) {
        for other in (0..=u8::MAX).filter(|other| *other != byte) {
            file.write_all_at(&[other], place).unwrap();
            let noticed = attach().map_or(true, |ring| ring.owners() != DEFAULT_OWNERS);
            assert!(noticed, "byte {place} changed from {byte} to {other}");
            changed += 1;
        }
        file.write_all_at(&[byte], place).unwrap();
    }
    assert_eq!(changed, HEADER_SIZE * 255);
    assert_eq!(attach().unwrap().producer().unwrap().capacity(), 16);
}
