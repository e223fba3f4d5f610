//! Pipes of every kind, the kernel's and ours, to be held against each other.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::{fd::OwnedFd, unix::fs::OpenOptionsExt},
    path::PathBuf,
    process::Command,
};

use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    libc::O_NONBLOCK,
    sys::stat::Mode,
    unistd::mkfifo,
};
use selvedge::{
    pipe::{Pipe, PipeReader, PipeWriter},
    segment::Directory,
};

use crate::{bequeath, inherited};

/// An end that is written to.
pub trait WriteEnd: Write + Send {
    /// Writes without waiting.
    ///
    /// # Errors
    /// As `write`; `WouldBlock`.
    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize>;
}

/// An end that is read from.
pub trait ReadEnd: Read + Send {
    /// Reads without waiting.
    ///
    /// # Errors
    /// As `read`; `WouldBlock`.
    fn try_read(&mut self, into: &mut [u8]) -> io::Result<usize>;
}

impl WriteEnd for PipeWriter {
    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write(bytes)
    }
}

impl ReadEnd for PipeReader {
    fn try_read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.try_read(into)
    }
}

/// Whether calls on the kernel's pipe wait.
fn wait(end: &File, waits: bool) {
    let flags = if waits { OFlag::empty() } else { OFlag::O_NONBLOCK };
    fcntl(end, FcntlArg::F_SETFL(flags)).expect("a pipe has flags");
}

impl WriteEnd for File {
    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        wait(self, false);
        let written = self.write(bytes);
        wait(self, true);
        written
    }
}

impl ReadEnd for File {
    fn try_read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        wait(self, false);
        let read = self.read(into);
        wait(self, true);
        read
    }
}

/// A pipe of some kind.
#[derive(Debug)]
pub enum Kind {
    /// The kernel's `pipe(2)`: its reader's and its writer's end, until they are taken.
    Kernel([Option<OwnedFd>; 2]),
    /// The kernel's `mkfifo(3)`, by its path.
    Fifo(PathBuf),
    /// Ours, by its descriptor.
    Anonymous(OwnedFd),
    /// Ours, by its name.
    Named(String),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kernel(_) => "pipe(2)",
            Self::Fifo(_) => "mkfifo(3)",
            Self::Anonymous(_) => "anonymous",
            Self::Named(_) => "named",
        })
    }
}

impl Kind {
    /// One of each kind: a FIFO at `path`, where nothing is yet, and one of ours named `name`.
    ///
    /// # Panics
    /// If there can be none.
    #[must_use]
    pub fn all(path: PathBuf, name: &str) -> [Self; 4] {
        let (reader, writer) = io::pipe().expect("two descriptors");
        mkfifo(&path, Mode::S_IRWXU).expect("a new path");
        let (_, descriptor) = Pipe::anonymous(Pipe::CAPACITY).expect("some memory");
        [
            Self::Kernel([Some(reader.into()), Some(writer.into())]),
            Self::Fifo(path),
            Self::Anonymous(descriptor),
            Self::Named(name.to_owned()),
        ]
    }

    /// The program at `path`, which is told of a pipe of which it is to have the writer's end, or the reader's.
    ///
    /// # Panics
    /// If a kernel's pipe has lost that end.
    pub fn hand_to(&mut self, path: &str, writer: bool) -> Command {
        let mut command = Command::new(path);
        self.hand_over(&mut command, writer);
        command
    }

    /// Likewise, where the program is told of other things too.
    ///
    /// # Panics
    /// If a kernel's pipe has lost that end.
    pub fn hand_over(&mut self, command: &mut Command, writer: bool) {
        match self {
            Self::Kernel(ends) => {
                bequeath(command, ends[usize::from(writer)].take().expect("once"));
            }
            Self::Anonymous(descriptor) => bequeath(command, descriptor),
            Self::Fifo(path) => _ = command.arg(path),
            Self::Named(name) => _ = command.arg(name),
        }
        command.args([&*self.to_string(), if writer { "writes" } else { "reads" }]);
    }

    /// The pipe that a child was [told](Self::hand_to) of, and whether it is to write.
    ///
    /// # Panics
    /// If it was told nonsense.
    #[must_use]
    pub fn handed([place, kind, side]: [String; 3]) -> (Self, bool) {
        let descriptor = || inherited(place.parse().expect("a descriptor's number"));
        let writes = side == "writes";
        let kind = match &*kind {
            "pipe(2)" if writes => Self::Kernel([None, Some(descriptor())]),
            "pipe(2)" => Self::Kernel([Some(descriptor()), None]),
            "mkfifo(3)" => Self::Fifo(place.into()),
            "anonymous" => Self::Anonymous(descriptor()),
            "named" => Self::Named(place),
            other => panic!("no pipe is called {other}"),
        };
        (kind, writes)
    }

    /// Both ends.
    ///
    /// # Panics
    /// If they are not to be had.
    pub fn ends(&mut self) -> (Box<dyn WriteEnd>, Box<dyn ReadEnd>) {
        let Self::Fifo(path) = self else { return (self.writer(), self.reader()) };
        // To open one end is to wait for the other.
        let reader = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path);
        let (writer, reader) = (self.writer(), reader.expect("a FIFO"));
        wait(&reader, true);
        (writer, Box::new(reader))
    }

    /// The writer's end. That of a FIFO waits for a reader.
    ///
    /// # Panics
    /// If it is not to be had.
    pub fn writer(&mut self) -> Box<dyn WriteEnd> {
        let pipe = match self {
            Self::Kernel([_, end]) => return Box::new(File::from(end.take().expect("once"))),
            Self::Fifo(path) => {
                return Box::new(OpenOptions::new().write(true).open(path).expect("a FIFO"));
            }
            Self::Anonymous(_) | Self::Named(_) => self.ours(),
        };
        Box::new(pipe.writer().expect("nobody has it"))
    }

    /// The reader's end. That of a FIFO waits for a writer.
    ///
    /// # Panics
    /// If it is not to be had.
    pub fn reader(&mut self) -> Box<dyn ReadEnd> {
        let pipe = match self {
            Self::Kernel([end, _]) => return Box::new(File::from(end.take().expect("once"))),
            Self::Fifo(path) => return Box::new(File::open(path).expect("a FIFO")),
            Self::Anonymous(_) | Self::Named(_) => self.ours(),
        };
        Box::new(pipe.reader().expect("nobody has it"))
    }

    fn ours(&self) -> Pipe {
        match self {
            Self::Anonymous(descriptor) => Pipe::inherit(descriptor).expect("a pipe"),
            Self::Named(name) => {
                Pipe::named(&Directory::shm(), name, Pipe::CAPACITY).expect("a name in /dev/shm")
            }
            Self::Kernel(_) | Self::Fifo(_) => unreachable!("the kernel's"),
        }
    }
}
