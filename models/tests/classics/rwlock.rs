//! Readers and a writer at one word: the simple reader-preference lock of Mellor-Crummey and Scott, "Scalable
//! reader-writer synchronization for shared-memory multiprocessors", PPoPP 1991.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// A reader's use is not published to the writer.
    RelaxedLeave,
    /// The writer looks, and then announces itself: a reader may have come between.
    LooksThenWrites,
    /// The writer leaves with a store, which forgets the readers who wait.
    WriterStores,
}

/// The writer's bit; below it the readers who are in or wait.
const WRITER: u32 = 1 << 31;

struct RwLock<P: Platform> {
    word: P::U32,
    flaw: Option<Flaw>,
}

impl<P: Platform> RwLock<P> {
    fn read(&self) {
        let mut seen = self.word.fetch_add(1, Acquire);
        while seen & WRITER != 0 {
            P::give_way();
            seen = self.word.load(Acquire);
        }
    }

    fn end_read(&self) {
        let release = if self.flaw == Some(Flaw::RelaxedLeave) { Relaxed } else { Release };
        self.word.fetch_sub(1, release);
    }

    fn write(&self) {
        let late = self.flaw == Some(Flaw::LooksThenWrites);
        let first = if late { 0 } else { WRITER };
        while self.word.compare_exchange(0, first, Acquire, Relaxed).is_err() {
            P::give_way();
        }
        if late {
            self.word.fetch_or(WRITER, Acquire);
        }
    }

    fn end_write(&self) {
        if self.flaw == Some(Flaw::WriterStores) {
            self.word.store(0, Release);
        } else {
            self.word.fetch_and(!WRITER, Release);
        }
    }
}

/// Two readers and a writer, once each.
#[derive(Clone, Copy, Debug)]
struct Readers(Option<Flaw>);

impl Scenario for Readers {
    fn info(&self) -> Info {
        let reach = &["[0, 0], then 0", "[0, 1], then 0", "[1, 0], then 0", "[1, 1], then 0"];
        Info { name: "rwlock/exclusion", reach, ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let lock = RwLock::<M> { word: M::U32::new(0), flaw: self.0 };
        let shared = Arc::new((lock, M::Cell::new(0_u32)));
        let readers = ["reader", "looker"].map(|name| {
            let shared = shared.clone();
            world.actor(name, move || {
                shared.0.read();
                // SAFETY: no writer is in; the explorer checks just that.
                let value = unsafe { shared.1.read() };
                shared.0.end_read();
                value
            })
        });
        let writer = shared.clone();
        M::join(world.actor("writer", move || {
            writer.0.write();
            bump::<M>(&writer.1);
            writer.0.end_write();
        }));
        format!("{:?}, then {}", readers.map(M::join), shared.0.word.load(Relaxed))
    }
}

#[test]
fn a_writer_excludes_readers() {
    assert_eq!(executions(Readers(None)), 36);
}

#[test]
fn each_way_to_be_in_with_the_writer_or_to_forget_a_reader_is_caught() {
    caught(Readers(Some(Flaw::RelaxedLeave)), "data race: rwlock.rs:");
    caught(Readers(Some(Flaw::LooksThenWrites)), "data race: rwlock.rs:");
    caught(Readers(Some(Flaw::WriterStores)), "livelock: nothing can change for ");
}
