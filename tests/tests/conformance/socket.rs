use std::{io, process::Child, sync::mpsc::channel, thread, time::Duration};

use nix::sys::{
    pthread::{pthread_kill, pthread_self},
    signal::Signal,
};
use selvedge_tests::{
    A_WHILE, Children, FOR_EVER, be_interrupted, begin, byte, hear, outlive,
    sockets::{End, Kind},
};
use tempfile::TempDir;

use crate::{Question, ended, table};

const QUESTIONS: &[Question<Kind>] = &[
    ("two writes, one read", |kind| {
        let [mut near, mut far] = kind.ends();
        near.write_within(b"abc", None).unwrap();
        near.write_within(b"def", None).unwrap();
        read(&mut far, 9)
    }),
    ("an empty write, and one more", |kind| {
        let [mut near, mut far] = kind.ends();
        format!(
            "{}, {}; read: {}",
            write(&mut near, b""),
            write(&mut near, b"x"),
            read(&mut far, 9)
        )
    }),
    ("two reads of 3 bytes, where 6 were written", |kind| {
        let [mut near, mut far] = kind.ends();
        near.write_within(b"abcdef", None).unwrap();
        format!("{}, {}", read(&mut far, 3), read(&mut far, 3))
    }),
    ("both ways at once", |kind| {
        let [mut near, mut far] = kind.ends();
        // More than a connection holds, but not of datagrams, which would be lost.
        let count = if kind.is_datagrams() { 10_000 } else { 1_000_000 };
        let [first, second] = thread::scope(|scope| {
            [&mut near, &mut far]
                .map(|end| scope.spawn(move || exchange(end, count)))
                .map(|thread| thread.join().unwrap())
        });
        format!("{first}, and {second}")
    }),
    ("a read with a timeout, where nothing is", |kind| read(&mut kind.ends()[1], 1)),
    ("writes with a timeout, where nobody reads", |kind| {
        const ENOUGH: usize = 16 << 20;
        let [mut near, _far] = kind.ends();
        let mut written = 0;
        let error = loop {
            match near.write_within(&[0; 4096], Some(SHORT)) {
                Ok(_) if written > ENOUGH => return "no end".into(),
                Ok(count) => written += count,
                Err(error) => break error.kind(),
            }
        };
        match (kind.to_string().as_str(), written) {
            ("local://", _) => format!("{written} bytes, then {error:?}"),
            // That depends on the kernel.
            (_, 65_536..) => format!("65536 bytes or more, then {error:?}"),
            _ => panic!("only {written} bytes"),
        }
    }),
    ("the client finishes: reads of it; then one of its write, and of the server's", |kind| {
        let [mut near, mut far] = kind.ends();
        near.write_within(b"abc", None).unwrap();
        near.finish().unwrap();
        let reads = [(); 3].map(|()| read(&mut far, 9)).join(", ");
        let writes = [write(&mut near, b"def"), write(&mut far, b"ghi")].join(", ");
        format!("{reads}; {writes}, {}", read(&mut near, 9))
    }),
    ("the client has gone: reads of it, and writes to it", |kind| {
        let [mut near, mut far] = kind.ends();
        near.write_within(b"abc", None).unwrap();
        drop(near);
        afterwards(&mut far)
    }),
    ("the client has gone, and has left something unread", |kind| {
        let [mut near, mut far] = kind.ends();
        near.write_within(b"abc", None).unwrap();
        far.write_within(b"lost", None).unwrap();
        drop(near);
        afterwards(&mut far)
    }),
    ("the client has said something, and is killed", |kind| {
        with_child(kind, "says", |mut far, child| {
            killed(child);
            afterwards(&mut far)
        })
    }),
    ("the server waits to read while the client is killed", |kind| {
        with_child(kind, "silent", |mut far, child| {
            let answer = begin(move || said(far.read_within(&mut [0], Some(LONG))));
            ended(outlive(child, &answer, || ()))
        })
    }),
    ("the server waits to read, and has written before, while the client is killed", |kind| {
        with_child(kind, "silent", |mut far, child| {
            far.write_within(b"lost", None).unwrap();
            let answer = begin(move || said(far.read_within(&mut [0], Some(LONG))));
            ended(outlive(child, &answer, || ()))
        })
    }),
    ("the server waits to write while the client is killed", |kind| {
        if kind.is_datagrams() {
            return "does not apply: it never waits".into();
        }
        with_child(kind, "silent", |mut far, child| {
            let answer = begin(move || {
                loop {
                    if let Err(error) = far.write_within(&[0; 4096], Some(LONG)) {
                        return format!("{:?}", error.kind());
                    }
                }
            });
            ended(outlive(child, &answer, || ()))
        })
    }),
    ("a signal is handled while a read waits", |kind| {
        be_interrupted().unwrap();
        let [mut near, mut far] = kind.ends();
        let (tell, thread) = channel();
        let answer = begin(move || {
            tell.send(pthread_self()).unwrap();
            (read_within(&mut far, 9, None), far)
        });
        let thread = thread.recv().unwrap();
        thread::sleep(SHORT);
        pthread_kill(thread, Signal::SIGUSR1).unwrap();
        let by_itself = answer.recv_timeout(A_WHILE);
        near.write_within(b"late", None).unwrap();
        let was = by_itself.is_ok();
        ended((by_itself.or_else(|_| answer.recv_timeout(FOR_EVER)).unwrap().0, was))
    }),
    ("a connection to where nobody ever listened", |kind| {
        if !kind.is_local() {
            return "does not apply: a port is a number".into();
        }
        connected(kind)
    }),
    ("a connection to where nobody listens any more", |kind| {
        drop(kind.listen().unwrap());
        connected(kind)
    }),
    ("a connection to where a listener was killed", |kind| {
        listener_is_killed(kind);
        connected(kind)
    }),
    ("two listeners at one address", |kind| {
        let _listener = kind.listen().unwrap();
        listened(kind)
    }),
    ("a listener where another has gone", |kind| {
        drop(kind.listen().unwrap());
        listened(kind)
    }),
    ("a listener where another was killed", |kind| {
        listener_is_killed(kind);
        listened(kind)
    }),
];

/// Long enough for what is on its way within this machine.
const SHORT: Duration = Duration::from_millis(20);

/// Longer than a child is [outlived](outlive), and no longer than it takes to say that it is waited for ever.
const LONG: Duration = A_WHILE.saturating_mul(3);

fn said(result: io::Result<usize>) -> String {
    result.map_or_else(|error| format!("{:?}", error.kind()), |count| count.to_string())
}

fn read(end: &mut End, wanted: usize) -> String {
    read_within(end, wanted, Some(SHORT))
}

fn read_within(end: &mut End, wanted: usize, timeout: Option<Duration>) -> String {
    let mut bytes = vec![0; wanted];
    match end.read_within(&mut bytes, timeout) {
        Ok(count) => format!("{:?}", String::from_utf8_lossy(&bytes[..count])),
        error => said(error),
    }
}

fn write(end: &mut End, bytes: &[u8]) -> String {
    said(end.write_within(bytes, Some(SHORT)))
}

/// Writes so many bytes, and reads as many, in turn as it can.
fn exchange(end: &mut End, count: usize) -> String {
    let bytes: Vec<u8> = (0..count as u64).map(byte).collect();
    let (mut written, mut read) = (0, Vec::new());
    let mut piece = [0; 1000];
    while written < count || read.len() < count {
        let next = &bytes[written..(written + piece.len()).min(count)];
        if !next.is_empty() {
            written += end.write_within(next, Some(Duration::from_millis(1))).unwrap_or(0);
        }
        let wait = if next.is_empty() { FOR_EVER } else { Duration::from_millis(1) };
        let had = end.read_within(&mut piece, Some(wait)).unwrap_or(0);
        assert!(had > 0 || !next.is_empty(), "{} of {count} bytes came", read.len());
        read.extend_from_slice(&piece[..had]);
    }
    format!("{} bytes, {}", read.len(), if read == bytes { "as written" } else { "others" })
}

/// What three reads and two writes say to an end whose peer has gone.
fn afterwards(end: &mut End) -> String {
    thread::sleep(SHORT);
    let reads = [(); 3].map(|()| read(end, 9)).join(", ");
    let writes = [(); 2].map(|()| {
        let written = write(end, b"x");
        // So that the answer to it has come.
        thread::sleep(SHORT);
        written
    });
    format!("{reads}; {}", writes.join(", "))
}

const SOCKET_END: &str = env!("CARGO_BIN_EXE_socket_end");

/// What comes of a server's end, whose peer is a child that has done its deed.
fn with_child(kind: &mut Kind, deed: &str, then: fn(End, &mut Child) -> String) -> String {
    let mut listener = kind.listen().unwrap();
    let mut children = Children::new();
    let child = children.start("socket_end", &mut kind.hand_to(SOCKET_END, deed));
    let far = kind.accept(&mut listener).unwrap();
    assert_eq!(hear(child), "done");
    then(far, child)
}

fn killed(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A child listens, and is killed.
fn listener_is_killed(kind: &mut Kind) {
    // So that there is a port.
    drop(kind.listen().unwrap());
    kind.forget();
    let mut children = Children::new();
    let child = children.start("socket_end", &mut kind.hand_to(SOCKET_END, "listen"));
    assert_eq!(hear(child), "done");
    killed(child);
}

fn connected(kind: &Kind) -> String {
    let mut end = match kind.connect() {
        Ok(end) => end,
        Err(error) => return format!("{:?}", error.kind()),
    };
    let writes = [(); 2].map(|()| {
        let written = write(&mut end, b"x");
        thread::sleep(SHORT);
        written
    });
    format!("connected; {}", writes.join(", "))
}

fn listened(kind: &mut Kind) -> String {
    kind.listen().map_or_else(|error| format!("{:?}", error.kind()), |_| "listens".into())
}

#[test]
fn ours_answers_as_the_kernels_but_where_the_table_says_otherwise() {
    let directory = TempDir::new().unwrap();
    let table = table("socket", QUESTIONS, |name| Kind::all(&directory.path().join(&**name)));
    insta::assert_snapshot!(table);
}
