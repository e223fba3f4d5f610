//! What is measured of whatever moves bytes.

use std::{
    any::Any,
    io::{Read, Write},
};

use crate::{
    contest::Run,
    peer::{Peer, serve},
};

/// Bytes of a stream.
const STREAM: usize = 1 << 20;

/// Bytes that are written or read at a time, at most.
const MOST: usize = 1 << 16;

/// Writes of these sizes.
pub(crate) const SIZES: [(&str, usize); 3] = [("64 B", 64), ("4 KiB", 4096), ("64 KiB", MOST)];

/// Writes a stream to who [counts](count) it, so many bytes at a time.
pub(crate) fn stream(
    mut peer: Peer,
    mut writer: impl Write + 'static,
    size: usize,
    stays: impl Any,
) -> Run {
    let bytes = [b'x'; MOST];
    Box::new(move |rounds| {
        let _stays = &stays;
        peer.rounds(rounds, STREAM as u64, || {
            for _ in 0..rounds * (STREAM / size) as u64 {
                writer.write_all(&bytes[..size]).expect("somebody reads");
            }
        })
    })
}

/// In the other process: counts what is read.
pub(crate) fn count(mut reader: impl Read) {
    let mut bytes = [0; MOST];
    serve(|rounds| {
        let (mut count, expected) = (0, rounds * STREAM as u64);
        while count < expected {
            match reader.read(&mut bytes).expect("a stream") {
                0 => break,
                read => count += read as u64,
            }
        }
        count
    });
}

/// Has a byte [echoed](echo) by this call.
pub(crate) fn round_trip(
    mut peer: Peer,
    mut exchange: impl FnMut(u8) -> u8 + 'static,
    stays: impl Any,
) -> Run {
    Box::new(move |rounds| {
        let _stays = &stays;
        peer.rounds(rounds, 1, || {
            for n in 0..rounds {
                assert_eq!(exchange(n as u8), n as u8);
            }
        })
    })
}

/// In the other process: sends each byte back by this call.
pub(crate) fn echo(mut exchange: impl FnMut()) {
    serve(|rounds| {
        (0..rounds).for_each(|_| exchange());
        rounds
    });
}

/// Writes a byte.
pub(crate) fn put(writer: &mut impl Write, byte: u8) {
    writer.write_all(&[byte]).expect("somebody reads");
}

/// Reads a byte.
pub(crate) fn get(reader: &mut impl Read) -> u8 {
    let mut byte = [0];
    reader.read_exact(&mut byte).expect("somebody writes");
    byte[0]
}
