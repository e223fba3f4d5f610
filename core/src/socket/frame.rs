//! Messages on top of a stream: each is preceded by its length.
//!
//! A *frame* is a length of four bytes, the lowest first, and so many bytes. A frame that claims to be longer than the
//! limit is an error before any memory is had for it, and memory grows with the bytes that come, by 64 KiB at a time at
//! most. Of datagrams each is one frame.
//!
//! ```
//! use selvedge::socket::frame::Framed;
//! # use selvedge::socket::{self, Address};
//! # let mut listener = socket::listen(&"tcp://127.0.0.1:0".parse()?)?;
//! # let near = socket::connect(&listener.address()?)?;
//! # let far = listener.accept()?;
//!
//! let mut framed = Framed::new(near); // Any `Socket`.
//! framed.send(b"a whole message", None)?;
//!
//! // Usually in another process.
//! let mut framed = Framed::new(far);
//! assert_eq!(framed.recv(None)?.as_deref(), Some(&b"a whole message"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::time::Duration;
use std::io::{self, ErrorKind::TimedOut};

use super::Socket;
use crate::platform::native::ready::{deadline, left};

/// Bytes of a length.
const HEADER: usize = size_of::<u32>();

/// The most that is read at a time: a datagram is not longer.
const CHUNK: usize = 64 * 1024;

/// A socket for messages.
#[derive(Debug)]
pub struct Framed<S> {
    socket: S,
    limit: u32,
    /// What has come of frames that were not taken yet.
    come: Vec<u8>,
    /// What a call that was out of time has left unsent of its frame.
    unsent: Vec<u8>,
}

/// Why a message was not sent, or none received.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The message, or the one that the peer announces, is longer than the limit.
    #[error("a frame of {length} bytes, where at most {limit} are allowed")]
    TooLong {
        /// Bytes of the message.
        length: u64,
        /// The most.
        limit: u32,
    },
    /// The peer's stream ended in the middle of a frame.
    #[error("the stream ended in the middle of a frame")]
    Cut,
    /// The message before this one is not sent to its end yet.
    #[error("there is no room yet for the rest of an earlier frame")]
    Unfinished,
    /// A datagram is not one whole frame. It is lost.
    #[error("a datagram of {length} bytes that is not one frame")]
    NotOneFrame {
        /// Bytes of the datagram.
        length: usize,
    },
    /// The socket's error; [`TimedOut`] if it took too long, and then the next call goes on where this one was.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<S: Socket> Framed<S> {
    /// The limit unless one is given, in bytes.
    pub const LIMIT: u32 = 1 << 20;

    /// Sends and receives messages of at most [`LIMIT`](Self::LIMIT) bytes.
    pub fn new(socket: S) -> Self {
        Self::with_limit(socket, Self::LIMIT)
    }

    /// Sends and receives messages of at most `limit` bytes.
    pub fn with_limit(socket: S, limit: u32) -> Self {
        Self { socket, limit, come: Vec::new(), unsent: Vec::new() }
    }

    /// The socket, to look at.
    pub fn get_ref(&self) -> &S {
        &self.socket
    }

    /// The socket, to finish it for instance.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.socket
    }

    /// Sends a message, waiting for room for at most `timeout` in all.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] and [`FrameError::Unfinished`], and nothing of it was sent. [`FrameError::Io`]; if it is
    /// `TimedOut`, the message may have been sent in part: [`flush`](Self::flush) sends the rest of it, and so does the
    /// next call before it does anything else.
    pub fn send(&mut self, message: &[u8], timeout: Option<Duration>) -> Result<(), FrameError> {
        let length = self.allowed(message.len() as u64)?;
        let until = deadline(timeout);
        self.flush(timeout).map_err(|error| match error {
            FrameError::Io(late) if late.kind() == TimedOut => FrameError::Unfinished,
            error => error,
        })?;
        self.unsent.extend_from_slice(&length.to_le_bytes());
        self.unsent.extend_from_slice(message);
        self.flush(left(until))
    }

    /// Sends what a call that was out of time has left.
    ///
    /// # Errors
    /// [`FrameError::Io`].
    pub fn flush(&mut self, timeout: Option<Duration>) -> Result<(), FrameError> {
        let until = deadline(timeout);
        while !self.unsent.is_empty() {
            let written = self.socket.write_within(&self.unsent, left(until));
            // A datagram is written as a whole, or lost like any.
            let all = self.socket.keeps_boundaries();
            let done = if all { self.unsent.len() } else { *written.as_ref().unwrap_or(&0) };
            self.unsent.drain(..done);
            written?;
        }
        Ok(())
    }

    /// The next message, or nothing at the end of the stream. Waits for it for at most `timeout` in all.
    ///
    /// # Errors
    /// [`FrameError`]. After [`FrameError::TooLong`] on a stream there is no finding the next frame: each call says so
    /// again.
    ///
    /// # If a process dies
    /// A peer that dies in the middle of a frame has [`Cut`](FrameError::Cut) it.
    pub fn recv(&mut self, timeout: Option<Duration>) -> Result<Option<Vec<u8>>, FrameError> {
        if self.socket.keeps_boundaries() {
            return self.datagram(timeout).map(Some);
        }
        let until = deadline(timeout);
        loop {
            let whole = HEADER + self.announced()?.unwrap_or(0) as usize;
            let had = self.come.len();
            if had == whole && had >= HEADER {
                let message = self.come.split_off(HEADER);
                self.come.clear();
                return Ok(Some(message));
            }
            self.come.resize(had + (whole - had).min(CHUNK), 0);
            let read = self.socket.read_within(&mut self.come[had..], left(until));
            self.come.truncate(had + *read.as_ref().unwrap_or(&0));
            match read? {
                0 if had == 0 => return Ok(None),
                0 => return Err(FrameError::Cut),
                _ => {}
            }
        }
    }

    fn datagram(&mut self, timeout: Option<Duration>) -> Result<Vec<u8>, FrameError> {
        self.come.resize(CHUNK, 0);
        let length = self.socket.read_within(&mut self.come, timeout)?;
        self.come.truncate(length);
        let announced = self.announced()?;
        let mut message = core::mem::take(&mut self.come);
        if announced.is_none_or(|announced| HEADER + announced as usize != length) {
            return Err(FrameError::NotOneFrame { length });
        }
        message.drain(..HEADER);
        Ok(message)
    }

    /// The length of the next frame, once it has come.
    fn announced(&self) -> Result<Option<u32>, FrameError> {
        let header = self.come.first_chunk().map(|header| u32::from_le_bytes(*header));
        header.map(|length| self.allowed(length.into())).transpose()
    }

    fn allowed(&self, length: u64) -> Result<u32, FrameError> {
        let limit = self.limit;
        u32::try_from(length)
            .ok()
            .filter(|length| *length <= limit)
            .ok_or(FrameError::TooLong { length, limit })
    }
}
