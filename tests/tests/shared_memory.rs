//! The latest value between processes: whole, never older than before, whoever dies.

use std::{
    io::{BufRead, BufReader},
    thread,
    time::Duration,
};

use selvedge::{
    segment::{JoinError, Record, sealed},
    shared_memory::{LatestCell, LatestConfig, LatestReader},
};
use selvedge_tests::{Children, Wide, heir};

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

#[test]
fn readers_get_whole_values_in_order_while_one_writer_after_the_other_is_killed() {
    let (cell, descriptor) =
        sealed::create::<LatestCell<Wide>>(LatestConfig::of(Wide([0; 32]))).unwrap();
    thread::scope(|scope| {
        let readers =
            [cell.reader(), cell.reader()].map(|reader| scope.spawn(move || read_all(&reader)));
        for death in 0..DEATHS {
            let mut children = Children::new();
            let program = env!("CARGO_BIN_EXE_write_latest");
            let child = children.start("write_latest", &mut heir(program, &descriptor));
            let mut here = String::new();
            BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut here).unwrap();
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
