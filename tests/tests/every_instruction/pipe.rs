//! What a pipe's writer commits at once is there as a whole or not at all, and what its reader consumes at once is gone
//! as a whole or not at all.

use std::os::fd::OwnedFd;

use selvedge::pipe::{Pipe, PipeReader, PipeWriter};
use selvedge_tests::deaths::{Account, Death, Harm, Operation, Subject, patiently};

/// The pipe has room for as much again.
const LINE: &[u8; 5] = b"line\n";

struct World {
    pipe: Pipe,
    descriptor: OwnedFd,
}

impl World {
    fn empty() -> Self {
        let (pipe, descriptor) = Pipe::anonymous(8).unwrap();
        Self { pipe, descriptor }
    }

    /// One that holds a line, of a writer who is gone.
    fn with_a_line() -> Self {
        let world = Self::empty();
        world.pipe.writer().unwrap().try_write(LINE).unwrap();
        world
    }

    fn pipe(&self) -> Pipe {
        Pipe::inherit(&self.descriptor).unwrap()
    }

    /// Another reader takes what there is: nothing, or the line. Then was there one?
    fn has_a_line(&self) -> Result<bool, Harm> {
        let wedged = |error: String| Harm::Wedged(error);
        let mut reader =
            patiently(|| self.pipe.reader()).map_err(|error| wedged(error.to_string()))?;
        let mut bytes = [0; 8];
        let read = patiently(|| match reader.try_read(&mut bytes) {
            // The writer's death is not known yet.
            Err(error) => Err(error.to_string()),
            Ok(count) => Ok(count),
        });
        match &bytes[..read.map_err(wedged)?] {
            b"" => Ok(false),
            line if line == LINE => Ok(true),
            other => Err(Harm::Corrupt(String::from_utf8_lossy(other).into())),
        }
    }
}

fn commit(writer: &mut PipeWriter) -> u64 {
    let Ok(mut room) = writer.try_reserve(LINE.len()) else { return 0 };
    room.fill(0, LINE);
    room.commit(LINE.len());
    1
}

fn consume(reader: &mut PipeReader) -> u64 {
    let Ok(Some(there)) = reader.try_peek(LINE.len()) else { return 0 };
    there.consume(LINE.len());
    1
}

pub(crate) fn operations() -> Vec<Box<dyn Subject>> {
    let commit = Operation {
        name: "pipe reserve, fill, commit",
        allowed: 0,
        begins_as: None,
        prepare: World::empty,
        victim: |world| world.pipe().writer().unwrap(),
        operate: commit,
        meanwhile: Operation::<World, PipeWriter>::NOTHING,
        survive: |world, death: Death| -> Account {
            match (death.returned, world.has_a_line()?) {
                (Some(1), false) => Err(Harm::Lost("what was committed".into())),
                _ => Ok(0),
            }
        },
    };
    let consume = Operation {
        name: "pipe peek, consume",
        allowed: 0,
        begins_as: None,
        prepare: World::with_a_line,
        victim: |world| world.pipe().reader().unwrap(),
        operate: consume,
        meanwhile: Operation::<World, PipeReader>::NOTHING,
        survive: |world, death: Death| -> Account {
            match (death.returned, world.has_a_line()?) {
                (Some(1), true) => Err(Harm::Doubled("what was consumed".into())),
                _ => Ok(0),
            }
        },
    };
    vec![Box::new(commit), Box::new(consume)]
}
