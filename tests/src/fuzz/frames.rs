//! Arbitrary bytes as frames.

use core::time::Duration;
use std::io;

use arbitrary::Arbitrary;
use selvedge::socket::{
    Peer, Socket,
    frame::{FrameError, Framed},
};

/// What comes next from a peer.
#[derive(Debug, Arbitrary)]
enum Piece {
    Frame(Vec<u8>),
    /// A length, and not what it is of.
    Length(u32),
    Bytes(Vec<u8>),
    /// Nothing, for a while.
    Pause,
}

impl Piece {
    /// Its bytes, unless it is a pause.
    fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Frame(message) => {
                let length = (message.len() as u32).to_le_bytes();
                Some([&length[..], &message].concat())
            }
            Self::Length(length) => Some(length.to_le_bytes().to_vec()),
            Self::Bytes(bytes) => Some(bytes),
            Self::Pause => None,
        }
    }
}

/// A socket from which pieces come.
#[derive(Debug)]
struct Pieces {
    to_come: Vec<Option<Vec<u8>>>,
    datagrams: bool,
    limit: usize,
}

impl Socket for Pieces {
    fn read_within(&mut self, into: &mut [u8], _: Option<Duration>) -> io::Result<usize> {
        assert!(self.datagrams || into.len() <= HEADER + self.limit, "room for more than a frame");
        let Some(piece) = self.to_come.first_mut() else { return Ok(0) };
        let Some(bytes) = piece else {
            self.to_come.remove(0);
            return Err(io::ErrorKind::TimedOut.into());
        };
        let count = bytes.len().min(into.len());
        into[..count].copy_from_slice(&bytes[..count]);
        bytes.drain(..count);
        if self.datagrams || bytes.is_empty() {
            self.to_come.remove(0);
        }
        Ok(count)
    }

    fn write_within(&mut self, _: &[u8], _: Option<Duration>) -> io::Result<usize> {
        unreachable!("nothing is sent")
    }

    fn finish(&mut self) -> io::Result<()> {
        unreachable!("nothing is sent")
    }

    fn keeps_boundaries(&self) -> bool {
        self.datagrams
    }

    fn peer(&self) -> io::Result<Peer> {
        unreachable!("nobody asks")
    }
}

const HEADER: usize = 4;

/// What is received, or why nothing is.
#[derive(Debug, PartialEq, Eq)]
enum Received {
    Message(Vec<u8>),
    End,
    TooLong(u64),
    Cut,
    NotOneFrame,
}

impl Received {
    /// What the bytes of a stream begin with, and the rest of them.
    fn of(bytes: &[u8], limit: u64) -> (Self, &[u8]) {
        let Some((length, rest)) = bytes.split_first_chunk::<HEADER>() else {
            return (if bytes.is_empty() { Self::End } else { Self::Cut }, &[]);
        };
        let length = u64::from(u32::from_le_bytes(*length));
        if length > limit {
            return (Self::TooLong(length), &[]);
        }
        match rest.split_at_checked(length as usize) {
            Some((message, rest)) => (Self::Message(message.to_vec()), rest),
            None => (Self::Cut, &[]),
        }
    }

    /// What a datagram is.
    fn of_datagram(bytes: &[u8], limit: u64) -> Self {
        match Self::of(bytes, limit) {
            (Self::Message(_), [_, ..]) | (Self::End | Self::Cut, _) => Self::NotOneFrame,
            (received, _) => received,
        }
    }

    /// What the next call says, however long it takes; nothing once no piece is left.
    fn next(framed: &mut Framed<Pieces>) -> Option<Self> {
        loop {
            if framed.get_ref().datagrams && framed.get_ref().to_come.is_empty() {
                return None;
            }
            return Some(match framed.recv(None) {
                Ok(Some(message)) => Self::Message(message),
                Ok(None) => Self::End,
                Err(FrameError::TooLong { length, .. }) => Self::TooLong(length),
                Err(FrameError::Cut) => Self::Cut,
                Err(FrameError::NotOneFrame { .. }) => Self::NotOneFrame,
                Err(FrameError::Io(error)) if error.kind() == io::ErrorKind::TimedOut => continue,
                Err(error) => panic!("{error}"),
            });
        }
    }
}

/// Whatever comes, in whatever pieces, is what the bytes say; and no room is made for more than a frame.
pub(super) fn frames(input: &[u8]) {
    let Some((limit, datagrams, pieces)) = super::decode::<(u8, bool, Vec<Piece>)>(input) else {
        return;
    };
    let limit = u32::from(limit % 32);
    let to_come: Vec<_> = pieces.into_iter().map(Piece::bytes).collect();
    let pieces: Vec<_> = to_come.iter().flatten().cloned().collect();
    // An empty piece of a stream would be its end.
    let to_come = to_come.into_iter().filter(|piece| datagrams || *piece != Some(Vec::new()));
    let to_come = Pieces { to_come: to_come.collect(), datagrams, limit: limit as usize };
    let mut framed = Framed::with_limit(to_come, limit);
    if datagrams {
        for datagram in &pieces {
            let expected = Received::of_datagram(datagram, limit.into());
            assert_eq!(Received::next(&mut framed), Some(expected), "{datagram:?}");
        }
        return;
    }
    let bytes = pieces.concat();
    let mut left = &bytes[..];
    loop {
        let (expected, rest) = Received::of(left, limit.into());
        assert_eq!(Received::next(&mut framed).as_ref(), Some(&expected), "{left:?}");
        if !matches!(expected, Received::Message(_)) {
            assert_eq!(Received::next(&mut framed), Some(expected), "it stays so");
            return;
        }
        left = rest;
    }
}
