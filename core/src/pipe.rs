//! Pipes: one-way streams of bytes from one process to another, in shared memory.
//!
//! A [`Pipe`] has two ends, of which any process that has it may take one: a [`PipeWriter`], which is a
//! [`Write`], and a [`PipeReader`], which is a [`Read`]. *Anonymous*, it is a descriptor that a child inherits;
//! *named*, unrelated processes meet at a name. Bytes arrive once, in order; writes and reads are partial, as
//! much at a time as there is room for, or as is there. Its promises are those of
//! [`protocol::spsc`](crate::protocol::spsc).
//!
//! # Against the kernel's
//!
//! | | `pipe(2)`, `mkfifo(3)` | here |
//! |-|------------------------|------|
//! | `cat`, redirection by a shell | yes | **no**: a named pipe is no file to read; `selvedge pipe in` and `out` are |
//! | `splice`, `tee` | yes | **no** |
//! | `poll`, `select`, `epoll` | yes | an end as a [`Pollable`](crate::poll::Pollable) |
//! | several readers or writers | yes | **no**: one of each at a time |
//! | system calls | one for each read and write | none, unless somebody sleeps |
//! | capacity | 64 KiB, or as `F_SETPIPE_SZ` says | any power of two of bytes, when it is created |
//! | to open a named one | waits for the other side | waits for nobody |
//! | the writer closes | the reader takes what is there, then finds the end | the same |
//! | the writer dies | likewise, at once | likewise, within a tenth of a second and some milliseconds; and [`ended`](PipeReader::ended) says which it was |
//! | the reader closes | `EPIPE`, and a signal | [`BrokenPipe`], and no signal |
//! | the reader dies | likewise, at once | once the pipe is full; what is in it is there for the next reader |
//! | the writer is gone before the reader comes | a FIFO's writer waits for a reader | what was written is there |
//! | both have closed | a FIFO is empty, and can be opened again | the same of a named one; an anonymous one is over |
//! | a write of at most `PIPE_BUF` bytes | is not torn apart by other writers | there are none |
//!
//! # Whom is trusted
//! With an anonymous pipe nobody: the other side may write anything to the memory at any time, so that the
//! stream holds any bytes, ends, stalls or fails with [`InvalidData`], no more. With a named one whoever may open
//! the name: see [`segment`](crate::segment).
//!
//! # If a process dies
//! A reader takes what its dead writer had written, and finds the end; [`ended`](PipeReader::ended) says that more may
//! have been to come. A writer fills the pipe, and then finds it broken. Who waits meanwhile learns of it within
//! [`SLEEP_SLICE`] and some milliseconds.
//!
//! # After a restart
//! Either end is there for whoever takes the dead one's place, also of an anonymous pipe that a third process holds. A
//! writer goes on behind the last byte that was published: what it publishes at once, by one
//! [`commit`](Reserved::commit), is there as a whole or not at all. A reader begins with the first byte that was not
//! consumed: one that [`peek`](PipeReader::peek)s, does its work, and only then [consumes](Peeked::consume), loses
//! nothing, and may do the last piece of work twice. `core/examples/pipe.rs` is such a reader, killed again and again.
//!
//! # Examples
//! ```
//! use std::io::{Read, Write};
//!
//! use selvedge::pipe::Pipe;
//!
//! let (pipe, descriptor) = Pipe::anonymous(Pipe::CAPACITY)?;
//! let mut writer = pipe.writer()?;
//!
//! // Usually in a child that has inherited the descriptor.
//! let mut reader = Pipe::inherit(descriptor)?.reader()?;
//! writer.write_all(b"as much as you like")?;
//! writer.close();
//! let mut text = String::new();
//! reader.read_to_string(&mut text)?;
//! assert_eq!(text, "as much as you like");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`SLEEP_SLICE`]: crate::platform::native::SLEEP_SLICE

use core::time::Duration;
use std::{
    io::{
        self,
        ErrorKind::{BrokenPipe, InvalidData, TimedOut, WouldBlock},
        Read, Write,
    },
    os::fd::{AsFd, OwnedFd},
    thread,
    time::Instant,
};

use crate::{
    platform::{
        Platform,
        native::{Native, NativeCell, NativeCtx},
    },
    protocol::spsc::{
        self, Claim, Consumer, PopError, PopTimeoutError, Producer, PushError, PushTimeoutError,
    },
    segment::{
        AttachError, CreateError, Directory, JoinError, OpenError, RingConfig, Shared, SpscRing,
        sealed,
    },
};

type Ring = SpscRing<u8>;

/// Bytes that are the writer's to fill, in place, and then to commit.
pub type Reserved<'a> = spsc::Reserved<'a, Native, u8>;

/// Bytes that are the reader's to look at, in place, and then to consume.
pub type Peeked<'a> = spsc::Peeked<'a, Native, u8>;

/// A pipe, of which either end can be had.
#[derive(Clone, Debug)]
pub struct Pipe(Shared<Ring>);

impl Pipe {
    /// The kernel's capacity, in bytes.
    pub const CAPACITY: usize = 64 * 1024;

    /// A pipe without a name, for this process and those that get its descriptor: it is a sealed memfd,
    /// close-on-exec, which a child inherits once that flag is cleared. `capacity` in bytes is a power of two.
    ///
    /// # Errors
    /// [`CreateError::Config`], [`CreateError::NoSpace`] or [`CreateError::Io`].
    ///
    /// # If a process dies
    /// The kernel frees the pipe once nobody has it.
    pub fn anonymous(capacity: usize) -> Result<(Self, OwnedFd), CreateError> {
        let (ring, descriptor) = sealed::create::<Ring>(RingConfig::new(capacity as u64))?;
        Ok((Self(ring), descriptor))
    }

    /// The anonymous pipe of a descriptor, which is not needed any longer afterwards.
    ///
    /// # Errors
    /// [`AttachError`]; nothing of it was used.
    pub fn inherit(descriptor: impl AsFd) -> Result<Self, AttachError> {
        Ok(Self(sealed::attach::<Ring>(descriptor)?))
    }

    /// The pipe of this name, which is created, with this capacity in bytes, unless it is there: a power of two.
    /// Where the last stream is over, because both ends were closed, another begins.
    ///
    /// Waits a moment for whoever is about to leave a stream that is over.
    ///
    /// # Errors
    /// [`OpenError`]. [`CreateError::InUse`] if the last stream is over, and a process that has closed its end
    /// still holds the [`Pipe`].
    ///
    /// # If a process dies
    /// The name and what is in the pipe stay, until the next process opens or [cleans](Directory::clean) it.
    pub fn named(directory: &Directory, name: &str, capacity: usize) -> Result<Self, OpenError> {
        const PATIENCE: Duration = Duration::from_millis(500);
        let (start, config) = (Instant::now(), RingConfig::new(capacity as u64));
        loop {
            let (ring, _) = directory.create_or_attach::<Ring>(name, config)?;
            if ring.ends() != [Claim::Closed; 2] {
                return Ok(Self(ring));
            }
            drop(ring);
            match directory.take_over::<Ring>(name, config) {
                Ok(ring) => return Ok(Self(ring)),
                // Another has begun the next stream, or the last one's user is about to leave.
                Err(CreateError::InUse { .. }) if start.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(1));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The writer's end, if nobody has it who lives: a dead writer's stream goes on behind what it has written.
    ///
    /// # Errors
    /// [`JoinError::Taken`]; [`JoinError::Closed`] once a writer has closed the stream; any other [`JoinError`].
    ///
    /// # If a process dies
    /// What it had written stays. The reader takes that, and then finds the end.
    pub fn writer(&self) -> Result<PipeWriter, JoinError> {
        Ok(PipeWriter::over(self.0.producer()?))
    }

    /// The reader's end, if nobody has it who lives: it begins with what a dead reader has not read.
    ///
    /// # Errors
    /// As [`writer`](Self::writer).
    ///
    /// # If a process dies
    /// What it had not read stays for the next reader. The writer fills the pipe, and then finds it broken.
    pub fn reader(&self) -> Result<PipeReader, JoinError> {
        Ok(PipeReader::over(self.0.consumer()?))
    }

    /// Whose the ends are, for inspection; stale at once.
    pub fn ends(&self) -> [Claim; 2] {
        self.0.ends()
    }
}

type WritingEnd = Producer<Native, u8, Shared<Ring>>;

/// The end of a pipe that is written to. It may move between threads, not be shared by them.
///
/// Dropping it closes the stream, but not while the thread panics: then the reader is told that its writer died.
#[derive(Debug)]
pub struct PipeWriter(Option<WritingEnd>);

impl PipeWriter {
    pub(crate) fn over(end: WritingEnd) -> Self {
        Self(Some(end))
    }

    fn end(&mut self) -> &mut WritingEnd {
        self.0.as_mut().expect(PRESENT)
    }

    pub(crate) fn producer(&self) -> &WritingEnd {
        self.0.as_ref().expect(PRESENT)
    }

    /// Writes as much as there is room for.
    ///
    /// # Errors
    /// [`WouldBlock`] if there is none; [`BrokenPipe`]; [`InvalidData`] if the memory is corrupt.
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.end().write(bytes).map_err(not_written)
    }

    /// Writes as much as there is room for, waiting for some for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`] if there was none; [`BrokenPipe`]; [`InvalidData`].
    pub fn write_timeout(&mut self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        self.end().write_timeout(bytes, timeout).map_err(not_written_in_time)
    }

    /// Room for `wanted` bytes, or for as many as there is room for: at least 1 unless `wanted` is 0. Waits for it
    /// for at most `timeout`, or as long as it takes.
    ///
    /// # Errors
    /// As [`write_timeout`](Self::write_timeout).
    ///
    /// # Examples
    /// ```
    /// # use selvedge::pipe::Pipe;
    /// # let (pipe, _) = Pipe::anonymous(4)?;
    /// # let (mut writer, mut reader) = (pipe.writer()?, pipe.reader()?);
    /// let mut room = writer.reserve(100, None)?;
    /// assert_eq!(room.count(), 4);
    /// room.fill(0, b"abc");
    /// room.commit(2);
    ///
    /// let bytes = reader.peek(100, None)?.expect("it is not the end");
    /// let mut two = [0; 2];
    /// bytes.copy(0, &mut two);
    /// assert_eq!(&two, b"ab");
    /// bytes.consume(1);
    /// assert_eq!(reader.try_peek(100)?.map(|bytes| bytes.count()), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reserve(
        &mut self,
        wanted: usize,
        timeout: Option<Duration>,
    ) -> io::Result<Reserved<'_>> {
        let until = deadline(self.end().ctx(), timeout);
        self.end().reserve_until(wanted, until).map_err(not_written_in_time)
    }

    /// [`reserve`](Self::reserve), without waiting.
    ///
    /// # Errors
    /// As [`try_write`](Self::try_write).
    pub fn try_reserve(&mut self, wanted: usize) -> io::Result<Reserved<'_>> {
        self.end().reserve(wanted).map_err(not_written)
    }

    /// Ends the stream: the reader takes what is in the pipe, then finds the end.
    pub fn close(self) {}
}

impl Write for PipeWriter {
    /// Writes as much as there is room for, waiting for some as long as it takes.
    ///
    /// # Errors
    /// [`BrokenPipe`] if the reader has closed, or the pipe is full and its reader dead; [`InvalidData`];
    /// [`TimedOut`] if it was [cancelled](crate::cancel).
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.end().write_until(bytes, None).map_err(not_written_in_time)
    }

    /// Whatever was written can be read already.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        if let Some(end) = self.0.take().filter(|end| closes(end.ctx())) {
            end.close();
        }
    }
}

/// Why a stream has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its writer has closed it: it is whole.
    Closed,
    /// Its writer died, or panicked: more may have been to come, and does if another takes its place.
    WriterDied,
}

type ReadingEnd = Consumer<Native, u8, Shared<Ring>>;

/// The end of a pipe that is read from. It may move between threads, not be shared by them.
///
/// Dropping it breaks the pipe, but not while the thread panics: then another reader may go on.
#[derive(Debug)]
pub struct PipeReader {
    end: Option<ReadingEnd>,
    ended: Option<Ended>,
}

impl PipeReader {
    pub(crate) fn over(end: ReadingEnd) -> Self {
        Self { end: Some(end), ended: None }
    }

    fn parts(&mut self) -> (&mut ReadingEnd, &mut Option<Ended>) {
        (self.end.as_mut().expect(PRESENT), &mut self.ended)
    }

    pub(crate) fn consumer(&self) -> &ReadingEnd {
        self.end.as_ref().expect(PRESENT)
    }

    /// Reads as much as is there and fits: at least 1 byte, or 0 at the end, or if `into` is empty.
    ///
    /// # Errors
    /// [`WouldBlock`] if nothing is there; [`InvalidData`] if the memory is corrupt.
    pub fn try_read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (end, ended) = self.parts();
        Ok(or_end(ended, end.read(into).map_err(not_read))?.unwrap_or(0))
    }

    /// [`try_read`](Self::try_read), waiting for a byte for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`] if none was there; [`InvalidData`].
    pub fn read_timeout(&mut self, into: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let (end, ended) = self.parts();
        let read = end.read_timeout(into, timeout).map_err(not_read_in_time);
        Ok(or_end(ended, read)?.unwrap_or(0))
    }

    /// The next bytes, up to `wanted`: at least 1 unless `wanted` is 0, or nothing at the end. Waits for one for at
    /// most `timeout`, or as long as it takes.
    ///
    /// # Errors
    /// As [`read_timeout`](Self::read_timeout).
    pub fn peek(
        &mut self,
        wanted: usize,
        timeout: Option<Duration>,
    ) -> io::Result<Option<Peeked<'_>>> {
        let (end, ended) = self.parts();
        let until = deadline(end.ctx(), timeout);
        or_end(ended, end.peek_until(wanted, until).map_err(not_read_in_time))
    }

    /// [`peek`](Self::peek), without waiting.
    ///
    /// # Errors
    /// As [`try_read`](Self::try_read).
    pub fn try_peek(&mut self, wanted: usize) -> io::Result<Option<Peeked<'_>>> {
        let (end, ended) = self.parts();
        or_end(ended, end.peek(wanted).map_err(not_read))
    }

    /// Why the last call found the end, if it did.
    pub fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// Breaks the pipe: the writer finds that nobody reads.
    pub fn close(self) {}
}

impl Read for PipeReader {
    /// Reads as much as is there and fits, waiting for a byte as long as it takes: 0 at the end, or if `into` is
    /// empty.
    ///
    /// # Errors
    /// [`InvalidData`] if the memory is corrupt; [`TimedOut`] if it was [cancelled](crate::cancel).
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (end, ended) = self.parts();
        Ok(or_end(ended, end.read_until(into, None).map_err(not_read_in_time))?.unwrap_or(0))
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        if let Some(end) = self.end.take().filter(|end| closes(end.ctx())) {
            end.close();
        }
    }
}

const PRESENT: &str = "only closing takes it";

/// Does an end that is dropped here close?
fn closes(ctx: &NativeCtx) -> bool {
    // In a forked child, it is the parent's.
    ctx.is_here() && !thread::panicking()
}

fn deadline(ctx: &NativeCtx, timeout: Option<Duration>) -> Option<<Native as Platform>::Instant> {
    timeout.and_then(|timeout| Native::deadline(ctx, timeout))
}

fn not_written(error: PushError<()>) -> io::Error {
    let kind = match error {
        PushError::Full(()) => WouldBlock,
        PushError::Closed(()) | PushError::PeerDead(()) => BrokenPipe,
        PushError::Corrupt(()) => InvalidData,
    };
    io::Error::new(kind, error)
}

fn not_written_in_time(error: PushTimeoutError<()>) -> io::Error {
    let kind = match error {
        PushTimeoutError::TimedOut(()) => TimedOut,
        PushTimeoutError::Closed(()) | PushTimeoutError::PeerDead(()) => BrokenPipe,
        PushTimeoutError::Corrupt(()) => InvalidData,
    };
    io::Error::new(kind, error)
}

/// The end of the stream, or an error.
fn not_read(error: PopError) -> Result<Ended, io::Error> {
    match error {
        PopError::Closed => Ok(Ended::Closed),
        PopError::PeerDead => Ok(Ended::WriterDied),
        PopError::Empty => Err(io::Error::new(WouldBlock, error)),
        PopError::Corrupt => Err(io::Error::new(InvalidData, error)),
    }
}

fn not_read_in_time(error: PopTimeoutError) -> Result<Ended, io::Error> {
    match error {
        PopTimeoutError::Closed => Ok(Ended::Closed),
        PopTimeoutError::PeerDead => Ok(Ended::WriterDied),
        PopTimeoutError::TimedOut => Err(io::Error::new(TimedOut, error)),
        PopTimeoutError::Corrupt => Err(io::Error::new(InvalidData, error)),
    }
}

/// What was read, or nothing at the end, which is noted.
fn or_end<R>(
    ended: &mut Option<Ended>,
    read: Result<R, Result<Ended, io::Error>>,
) -> io::Result<Option<R>> {
    *ended = None;
    match read {
        Ok(read) => Ok(Some(read)),
        Err(end) => {
            *ended = Some(end?);
            Ok(None)
        }
    }
}

impl Reserved<'_> {
    /// The bytes in place: up to the end of the ring, then from its beginning.
    ///
    /// # Safety
    /// Whoever has the memory mapped is trusted: nobody else accesses these bytes as long as the slices live.
    pub unsafe fn as_mut_slices(&mut self) -> [&mut [u8]; 2] {
        // SAFETY: the caller's promise.
        self.cells().map(|cells| unsafe { NativeCell::as_mut_slice(cells) })
    }
}

impl Peeked<'_> {
    /// The bytes in place: up to the end of the ring, then from its beginning.
    ///
    /// # Safety
    /// Whoever has the memory mapped is trusted: nobody writes these bytes as long as the slices live.
    pub unsafe fn as_slices(&self) -> [&[u8]; 2] {
        // SAFETY: the caller's promise.
        self.cells().map(|cells| unsafe { NativeCell::as_slice(cells) })
    }
}
