use std::{fs::OpenOptions, io, os::unix::fs::OpenOptionsExt, sync::mpsc::channel, thread};

use nix::{errno::Errno, libc::O_NONBLOCK};
use selvedge_tests::{
    Children, Name, hear, outlive,
    pipes::{Kind, ReadEnd, WriteEnd},
};
use tempfile::TempDir;

use crate::{Question, table};

const QUESTIONS: &[Question<Kind>] = &[
    ("two writes, one read", |kind| {
        let (mut writer, mut reader) = kind.ends();
        writer.write_all(b"abc").unwrap();
        writer.write_all(b"def").unwrap();
        read(&mut *reader, 6)
    }),
    ("a read of more than is there", |kind| {
        let (mut writer, mut reader) = kind.ends();
        writer.write_all(b"abc").unwrap();
        read(&mut *reader, 100)
    }),
    ("a read of nothing from an empty pipe", |kind| read(&mut *kind.ends().1, 0)),
    ("a read that does not wait", |kind| said(kind.ends().1.try_read(&mut [0; 1]))),
    ("bytes that fit", |kind| {
        let (mut writer, _reader) = kind.ends();
        format!("{}, then {}", fill(&mut *writer), said(writer.try_write(b"x")))
    }),
    ("100 bytes where 1 fits", |kind| {
        let (mut writer, mut reader) = kind.ends();
        fill(&mut *writer);
        reader.read_exact(&mut [0; 1]).unwrap();
        said(writer.try_write(&[0; 100]))
    }),
    ("10,000 bytes where 4,096 fit", |kind| {
        let (mut writer, mut reader) = kind.ends();
        fill(&mut *writer);
        reader.read_exact(&mut [0; 4096]).unwrap();
        said(writer.try_write(&[0; 10_000]))
    }),
    ("reads after the writer has gone", |kind| {
        let (mut writer, mut reader) = kind.ends();
        writer.write_all(b"abc").unwrap();
        drop(writer);
        [9, 9, 9].map(|wanted| read(&mut *reader, wanted)).join(", ")
    }),
    ("a write after the reader has gone", |kind| {
        let (mut writer, reader) = kind.ends();
        drop(reader);
        said(writer.write(b"x"))
    }),
    ("a write of nothing after that", |kind| {
        let (mut writer, reader) = kind.ends();
        drop(reader);
        said(writer.write(b""))
    }),
    ("what a writer wrote who was gone before the reader came", |kind| match kind {
        // To open it is to wait for a reader.
        Kind::Fifo(path) => {
            let mut options = OpenOptions::new();
            let error =
                options.write(true).custom_flags(O_NONBLOCK).open(path).expect_err("no reader");
            format!("not written: {}", Errno::from_raw(error.raw_os_error().unwrap_or_default()))
        }
        _ => {
            kind.writer().write_all(b"abc").unwrap();
            read(&mut *kind.reader(), 9)
        }
    }),
    ("another stream, after both have gone", |kind| match kind {
        Kind::Kernel(_) | Kind::Anonymous(_) => "no: create another pipe".into(),
        Kind::Fifo(_) | Kind::Named(_) => {
            kind.ends().0.write_all(b"lost").unwrap();
            let (mut writer, mut reader) = kind.ends();
            writer.write_all(b"abc").unwrap();
            read(&mut *reader, 9)
        }
    }),
    ("the reader waits while the writer is killed", |kind| {
        killed(kind, true, |kind| match io::copy(&mut kind.reader(), &mut io::sink()) {
            Ok(_) => "the end".into(),
            Err(error) => format!("{:?}", error.kind()),
        })
    }),
    ("the writer waits while the reader is killed", |kind| {
        killed(kind, false, |kind| {
            let error = io::copy(&mut io::repeat(0), &mut kind.writer()).expect_err("no end");
            format!("{:?}", error.kind())
        })
    }),
];

fn said(result: io::Result<usize>) -> String {
    result.map_or_else(|error| format!("{:?}", error.kind()), |count| count.to_string())
}

fn read(reader: &mut dyn ReadEnd, wanted: usize) -> String {
    let mut bytes = vec![0; wanted];
    match reader.read(&mut bytes) {
        Ok(count) => format!("{:?}", String::from_utf8_lossy(&bytes[..count])),
        error => said(error),
    }
}

/// Fills the pipe to the last byte; says how many those were.
fn fill(writer: &mut dyn WriteEnd) -> usize {
    [4096, 1]
        .map(|piece| core::iter::from_fn(|| writer.try_write(&vec![0; piece]).ok()).sum::<usize>())
        .iter()
        .sum()
}

/// Waits at one end; a child that has the other one is stopped, so that there is something to wait for, and killed.
fn killed(kind: &mut Kind, child_writes: bool, wait: fn(&mut Kind) -> String) -> String {
    let mut children = Children::new();
    let program = env!("CARGO_BIN_EXE_pipe_end");
    let child = children.start("pipe_end", &mut kind.hand_to(program, child_writes));
    thread::scope(|scope| {
        let (tell, answer) = channel();
        scope.spawn(move || tell.send(wait(kind)));
        assert_eq!(hear(child), "here");
        outlive(child, &answer, || {}).0
    })
}

#[test]
fn ours_answers_as_the_kernels_but_where_the_table_says_otherwise() {
    let directory = TempDir::new().unwrap();
    let kinds = |name: &Name| Kind::all(directory.path().join(&**name), name);
    let table = table("pipe", QUESTIONS, kinds);
    insta::assert_snapshot!(table);
}
