//! Messages between shells.

use std::io::{self, BufRead, ErrorKind, Write};

use clap::Args;
use selvedge::{
    cancel,
    message_queue::{Bytes, MessageQueue, RecvError},
    segment::{AttachError, Directory, OpenError, RingConfig},
};

use crate::{Done, input};

/// A queue of bytes or strings, which is created if it is not there.
#[derive(Debug, Args)]
pub(super) struct Queue {
    /// The queue's name. It is created if it is not there, unless only what is there is received.
    name: String,
    /// How many messages it has room for, if it is created: a power of two.
    #[arg(long, value_name = "MESSAGES", default_value_t = 16)]
    capacity: u64,
    /// The longest message in bytes, if it is created: a power of two from 64 to 65536.
    #[arg(long, value_name = "BYTES", default_value_t = 1024)]
    longest: u64,
}

/// The function for queues whose longest message has so many bytes, which is a part of their type.
macro_rules! of_longest {
    ($longest:expr, $function:ident) => {
        of_longest!($longest, $function, 64 128 256 512 1024 2048 4096 8192 16384 32768 65536)
    };
    ($longest:expr, $function:ident, $($known:literal)*) => {
        match $longest {
            $($known => Ok($function::<$known> as fn(_, _, _) -> Done),)*
            other => Err(format!(
                "messages of up to {other} bytes: this program knows powers of two from 64 to 65536"
            )),
        }
    };
}

impl Queue {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of the longest message: as it is there, or is to be.
    fn longest(&self, directory: &Directory) -> Result<u64, AttachError> {
        match directory.inspect(&self.name) {
            // Behind four bytes of length.
            Ok(found) => Ok(found.record.size.saturating_sub(4)),
            Err(AttachError::NotFound { .. }) => Ok(self.longest),
            Err(error) => Err(error),
        }
    }

    fn open<const N: usize>(
        &self,
        directory: &Directory,
    ) -> Result<MessageQueue<Bytes<N>>, OpenError> {
        let config = RingConfig::new(self.capacity);
        Ok(MessageQueue::named(directory, &self.name, config)?.0)
    }
}

/// Sends a message, or each line of standard input.
pub(super) fn send(directory: &Directory, queue: &Queue, message: Option<&str>) -> Done {
    of_longest!(queue.longest(directory)?, send_all)?(directory, queue, message)
}

fn send_all<const N: usize>(directory: &Directory, queue: &Queue, message: Option<&str>) -> Done {
    let mut sender = queue.open::<N>(directory)?.sender()?;
    if let Some(message) = message {
        return Ok(sender.send(message.as_bytes())?);
    }
    for line in input()?.split(b'\n') {
        sender.send(&line?)?;
    }
    Ok(())
}

/// Prints messages, a line each: so many, or as many as there are.
pub(super) fn recv(directory: &Directory, queue: &Queue, count: Option<u64>) -> Done {
    of_longest!(queue.longest(directory)?, recv_some)?(directory, queue, count)
}

fn recv_some<const N: usize>(directory: &Directory, queue: &Queue, count: Option<u64>) -> Done {
    // Whoever waits may be the first to come.
    let opened = match count {
        Some(_) => queue.open::<N>(directory)?,
        None => MessageQueue::attach(directory, &queue.name)?,
    };
    let mut receiver = opened.receiver()?;
    let mut output = io::stdout().lock();
    for _ in 0..count.unwrap_or(u64::MAX) {
        if cancel::is_cancelled() {
            break;
        }
        let received = if count.is_some() { receiver.recv() } else { receiver.try_recv() };
        let message = match received {
            Err(RecvError::Empty) => break,
            received => received?,
        };
        let line = [&message, b"\n".as_slice()].concat();
        match output.write_all(&line).and_then(|()| output.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            written => written?,
        }
    }
    Ok(())
}
