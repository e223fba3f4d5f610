//! Sequence lock of one writer: Boehm, "Can seqlocks get along with programming language memory models?",
//! MSPC 2012.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// The payload may be read after the second look at the sequence number.
    NoReaderFence,
    /// The payload may be written before the sequence number is odd.
    NoWriterFence,
    /// The payload may be written after the sequence number is even again.
    RelaxedEnd,
}

struct Seqlock<P: Platform> {
    sequence: P::U32,
    data: P::Racy<[u64; 2]>,
    flaw: Option<Flaw>,
}

impl<P: Platform> Seqlock<P> {
    fn write(&self, data: [u64; 2]) {
        let before = self.sequence.load(Relaxed);
        self.sequence.store(before + 1, Relaxed);
        if self.flaw != Some(Flaw::NoWriterFence) {
            P::fence(Release);
        }
        self.data.write(data);
        let end = if self.flaw == Some(Flaw::RelaxedEnd) { Relaxed } else { Release };
        self.sequence.store(before + 2, end);
    }

    fn read(&self) -> [u64; 2] {
        loop {
            let before = self.sequence.load(Acquire);
            let data = self.data.read();
            if self.flaw != Some(Flaw::NoReaderFence) {
                P::fence(Acquire);
            }
            if before.is_multiple_of(2) && self.sequence.load(Relaxed) == before {
                return data;
            }
            P::give_way();
        }
    }
}

/// Two writes and a read.
#[derive(Clone, Copy, Debug)]
struct Reader(Option<Flaw>);

impl Scenario for Reader {
    fn info(&self) -> Info {
        let reach = &["[0, 0]", "[1, 1]", "[2, 2]"];
        Info { name: "seqlock/whole_values", reach, ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (sequence, data) = (M::U32::new(0), M::Racy::new([0; 2]));
        let seqlock = Arc::new(Seqlock::<M> { sequence, data, flaw: self.0 });
        let writer = world.actor("writer", {
            let seqlock = seqlock.clone();
            move || [1, 2].into_iter().for_each(|value| seqlock.write([value; 2]))
        });
        let reader = world.actor("reader", move || seqlock.read());
        M::join(writer);
        format!("{:?}", M::join(reader))
    }
}

#[test]
fn a_reader_gets_a_whole_value() {
    assert_eq!(executions(Reader(None)), 3);
}

#[test]
fn a_missing_fence_or_release_tears_it() {
    for flaw in [Flaw::NoReaderFence, Flaw::NoWriterFence, Flaw::RelaxedEnd] {
        caught(Reader(Some(flaw)), "forbidden outcome: [");
    }
}
