//! Shared memory between processes: the latest value is whole, never older than before, whoever dies; and who reads
//! cannot write.

use std::{
    fs::{self, File},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::FileExt,
    },
    process::Child,
    thread,
    time::{Duration, Instant},
};

use memmap2::MmapOptions;
use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, kill},
        wait::{Id, WaitPidFlag, waitid},
    },
    unistd::Pid,
};
use selvedge::{
    segment::{AttachError, Directory, JoinError, Record, sealed},
    shared_memory::{
        AtomicCells, CellsConfig, CellsReader, LatestCell, LatestConfig, LatestReader,
    },
};
use selvedge_tests::{Children, Name, Wide, hear, heir, peer_dead::BOUND};

/// Each death comes at another moment.
const DEATHS: u64 = 30;

/// Tells readers that it is over.
const END: Wide = Wide([u64::MAX; 32]);

/// Reads to the end; how often there was a new value.
fn read_all(reader: &LatestReader<Wide>) -> u64 {
    let (mut last, mut seen) = (0, 0);
    loop {
        let Some((value, version)) = reader.try_read() else { continue };
        if value == END {
            return seen;
        }
        let Wide([first, rest @ ..]) = value;
        assert!(rest.iter().all(|n| *n == first), "torn: {value:?}");
        assert!(first >= last, "{first} after {last}");
        assert_eq!(first, version, "a writer goes on where the last one was");
        seen += u64::from(first > last);
        last = first;
    }
}

/// A child that writes on and on.
fn writer<'a>(children: &'a mut Children, descriptor: &OwnedFd) -> &'a mut Child {
    let program = env!("CARGO_BIN_EXE_write_latest");
    let child = children.start("write_latest", &mut heir(program, descriptor));
    assert_eq!(hear(child), "here");
    child
}

#[test]
fn readers_get_whole_values_in_order_while_one_writer_after_the_other_is_killed() {
    let (cell, descriptor) =
        sealed::create::<LatestCell<Wide>>(LatestConfig::of(Wide([0; 32]))).unwrap();
    thread::scope(|scope| {
        let readers =
            [cell.reader(), cell.reader()].map(|reader| scope.spawn(move || read_all(&reader)));
        for death in 0..DEATHS {
            let mut children = Children::new();
            writer(&mut children, &descriptor);
            let another = cell.writer();
            assert!(matches!(another, Err(JoinError::RegistryFull { owners: 1 })), "{another:?}");
            thread::sleep(Duration::from_micros(death * 317));
        }
        cell.writer().unwrap().write(END);
        for seen in readers.map(|reader| reader.join().unwrap()) {
            assert!(seen > DEATHS, "{seen} values were seen");
        }
    });
}

#[test]
fn no_reader_waits_for_a_stopped_writer_nor_another_writer_long_for_a_dead_one() {
    let (cell, descriptor) =
        sealed::create::<LatestCell<Wide>>(LatestConfig::of(Wide([0; 32]))).unwrap();
    let reader = cell.reader();
    for death in 0..DEATHS {
        let mut children = Children::new();
        let child = writer(&mut children, &descriptor);
        thread::sleep(Duration::from_micros(death * 317));
        let pid = Pid::from_raw(child.id().cast_signed());
        kill(pid, Signal::SIGSTOP).unwrap();
        waitid(Id::Pid(pid), WaitPidFlag::WSTOPPED | WaitPidFlag::WNOWAIT).unwrap();
        let (Wide(words), version) = reader.try_read().expect("nobody writes meanwhile");
        assert_eq!(words, [version; 32]);

        let killed = Instant::now();
        child.kill().unwrap();
        while cell.writer().is_err() && killed.elapsed() <= BOUND {}
        let time = killed.elapsed();
        assert!(time <= BOUND, "its place was taken for {time:?}");
        let (Wide(words), version) = reader.try_read().expect("nobody writes at all");
        assert_eq!(words, [version; 32]);
    }
}

#[test]
fn a_value_of_any_alignment_is_whole() {
    fn check<T: Record + PartialEq + core::fmt::Debug>(values: [T; 3]) {
        let (cell, _) = sealed::create::<LatestCell<T>>(LatestConfig::of(values[0])).unwrap();
        let (mut writer, reader) = (cell.writer().unwrap(), cell.reader());
        for (version, value) in (1..).zip(values) {
            writer.write(value);
            assert_eq!(reader.read_with_version(), (value, version));
        }
    }
    check([1_u8, 2, 3]);
    check([[1_u8; 3], [2; 3], [3; 3]]);
    check([1_u128, 2, u128::MAX]);
    check([0.5_f64, -0.0, f64::MAX]);
}

/// How this process has the file whose path ends with `name` mapped, as /proc says.
fn permissions(name: &str) -> Vec<String> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let of_file = maps.lines().filter(|line| line.ends_with(name));
    of_file.map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn a_reader_has_a_named_segment_mapped_to_read_alone_and_keeps_it_in_use() {
    let (shm, name) = (Directory::shm(), Name::of("read_alone"));
    let cells = shm.create::<AtomicCells>(&name, CellsConfig::new(2)).unwrap();
    let reader = CellsReader::attach(&shm, &name).unwrap();
    // The creator's mapping is of a file that had no name yet.
    assert_eq!(permissions(&name), ["r--s"]);
    cells.add(1, 7);
    assert_eq!((reader.count(), reader.load(0), reader.load(1)), (2, 0, 7));
    drop(cells);
    assert!(shm.inspect(&name).unwrap().in_use);
    drop(reader);
    assert!(!shm.inspect(&name).unwrap().in_use);
}

#[test]
fn what_is_for_readers_is_written_by_its_creator_alone() {
    type Cell = LatestCell<u64>;
    let (cell, descriptor) = sealed::create_for_readers::<Cell>(LatestConfig::of(7)).unwrap();
    let reader = LatestReader::<u64>::inherit(&descriptor).unwrap();
    cell.writer().unwrap().write(8);
    assert_eq!(reader.read_with_version(), (8, 1));

    // However the descriptor is opened again, by whoever may.
    let again = format!("/proc/self/fd/{}", descriptor.as_raw_fd());
    let again = File::options().read(true).write(true).open(again).unwrap();
    for file in [File::from(descriptor), again] {
        let attached = sealed::attach::<Cell>(&file);
        assert!(matches!(attached, Err(AttachError::ReadOnly)), "{attached:?}");
        let mapped = MmapOptions::new().map_raw(&file).map(|_| ());
        assert_eq!(mapped.unwrap_err().raw_os_error(), Some(Errno::EPERM as i32));
        let written = file.write_all_at(&[0; 8], 128);
        assert_eq!(written.unwrap_err().raw_os_error(), Some(Errno::EPERM as i32));
    }
    assert_eq!(reader.read_with_version(), (8, 1));
}

#[test]
fn a_descriptor_that_was_opened_to_read_admits_a_reader_and_nobody_else() {
    let (cells, descriptor) = sealed::create::<AtomicCells>(CellsConfig::new(1)).unwrap();
    let file = File::open(format!("/proc/self/fd/{}", descriptor.as_raw_fd())).unwrap();
    let attached = sealed::attach::<AtomicCells>(&file);
    assert!(matches!(attached, Err(AttachError::ReadOnly)), "{attached:?}");
    let reader = CellsReader::inherit(&file).unwrap();
    cells.store(0, 7);
    assert_eq!(reader.load(0), 7);
}
