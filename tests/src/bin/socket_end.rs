//! `socket_end kernels|ours ADDRESS DEED`: the other end of a connection, which connects to ADDRESS, says "done" once it
//! has done its deed, and is there to be killed: `echo` until the end, `silent` for ever, `says` "abc" and is silent, `half_frame` likewise, `full`
//! once nothing more can be written. `listen` does not connect, but listens, for ever; `half_open` and `hello` go so far
//! with a connection and no further. `try`, and `try_as_nobody`, say what comes of connecting within a while, and how
//! many descriptors that has left open.

#![allow(clippy::print_stdout, reason = "the test hears it")]

use std::{fs, io, thread, time::Duration};

use selvedge::socket::{Socket, connect_within};
use selvedge_tests::{child, confined, handshake, send_packet, sockets::Kind};

fn main() {
    let [owner, address, deed] = child();
    let mut kind = Kind::handed(&owner, &address);
    match &*deed {
        "try" => attempt(&kind),
        "try_as_nobody" => {
            confined::become_nobody().expect("it is root");
            attempt(&kind);
        }
        "listen" => {
            let _listener = kind.listen().expect("nobody listens");
            done();
        }
        "half_open" | "hello" => {
            let socket = handshake::half_open(kind.path()).expect("somebody listens");
            if deed == "hello" {
                send_packet(&socket, &handshake::hello(1, 0), &[]).expect("there is room");
            }
            done();
        }
        _ => converse(&kind, &deed),
    }
}

fn converse(kind: &Kind, deed: &str) {
    let mut connection = kind.meet().expect("somebody listens");
    let mut say = |bytes| connection.write_within(bytes, None).expect("there is room");
    match deed {
        "echo" => {
            println!("done");
            return echo(&mut *connection).expect("it is read and written");
        }
        "silent" => {}
        "says" => _ = say(b"abc"),
        "half_frame" => _ = say(&[9, 0, 0, 0, 1, 2, 3]),
        "full" => {
            while connection.write_within(&[7; 4096], Some(Duration::from_millis(10))).is_ok() {}
        }
        _ => panic!("an unknown deed: {deed}"),
    }
    done();
}

/// It is there to be killed.
fn done() {
    println!("done");
    loop {
        thread::park();
    }
}

fn attempt(kind: &Kind) {
    let descriptors = || fs::read_dir("/proc/self/fd").expect("it is mounted").count();
    let before = descriptors();
    let said = match connect_within(kind.address(), Some(Duration::from_millis(300))) {
        Ok(_) => "connected".into(),
        Err(error) => format!("{:?}: {error}", error.kind()),
    };
    println!("{said}\n{}", descriptors() - before);
}

fn echo(connection: &mut dyn Socket) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let count = connection.read_within(&mut bytes, None)?;
        if count == 0 && !connection.keeps_boundaries() {
            return connection.finish();
        }
        let mut left = &bytes[..count];
        while !left.is_empty() {
            left = &left[connection.write_within(left, None)?..];
        }
    }
}
