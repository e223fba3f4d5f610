//! `pipe_end PLACE KIND reads|writes`: has one end of a pipe, says so, and then reads or writes until it cannot: it
//! is there to be killed. Prints how many bytes it moved, and how it ended.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::io::{ErrorKind, Read, Write};

use selvedge_tests::{child, pipes::Kind};

fn main() {
    let (mut kind, writes) = Kind::handed(child());
    let (mut moved, mut bytes) = (0, [b'x'; 1000]);
    if writes {
        let mut end = kind.writer();
        println!("here");
        let error = loop {
            match end.write(&bytes) {
                Ok(written) => moved += written,
                Err(error) => break error,
            }
        };
        println!("{}, {:?}", moved, error.kind());
    } else {
        let mut end = kind.reader();
        println!("here");
        let end = loop {
            match end.read(&mut bytes) {
                Ok(0) => break Ok(()),
                Ok(read) => moved += read,
                Err(error) => break Err(error.kind()),
            }
        };
        println!(
            "{moved}, {}",
            end.map_or_else(|kind: ErrorKind| kind.to_string(), |()| "end".into())
        );
    }
}
