//! The other end of a connection, which connects to `ADDRESS` and does what `DEED` says: `echo` until the end,
//! `silent` for ever, `half_frame` and then silent for ever, `full` after having written all that there is room for.

#![allow(clippy::print_stdout, reason = "the test hears it")]

use std::{
    io::{self, Write},
    process::ExitCode,
    thread,
    time::Duration,
};

use selvedge::socket::{self, Address, Socket};
use selvedge_tests::child;

fn main() -> ExitCode {
    let [address, deed] = child();
    let address: Address = address.parse().expect("an address");
    let mut connection = socket::connect(&address).expect("somebody listens");
    match &*deed {
        "echo" => echo(&mut connection).expect("it is read and written"),
        "silent" => {}
        "half_frame" => connection.write_all(&[9, 0, 0, 0, 1, 2, 3]).expect("there is room"),
        "full" => {
            while connection.write_within(&[7; 4096], Some(Duration::from_millis(10))).is_ok() {}
        }
        _ => panic!("an unknown deed: {deed}"),
    }
    println!("done");
    if deed != "echo" {
        loop {
            thread::park();
        }
    }
    ExitCode::SUCCESS
}

fn echo(connection: &mut impl Socket) -> io::Result<()> {
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
