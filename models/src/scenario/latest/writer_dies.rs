use std::sync::Arc;

use selvedge::{
    platform::Owner,
    protocol::{
        latest::{Cell, Reader, Writer},
        registry,
    },
};

use super::{Value, whole};
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// A writer dies anywhere; another goes on where it was, and a reader waits for neither.
#[derive(Clone, Copy)]
pub(super) struct WriterDies;

impl Scenario for WriterDies {
    fn info(&self) -> Info {
        Info {
            name: "latest/writer_dies",
            does: "join, write 1, write 2, dying || join, write 3 || read, try_read, dying",
            claims: &["LATEST-1", "LATEST-3"],
            reach: &[
                "alive, 0", "alive, 2", "alive, 3", "died, 0", "died, 1", "died, 2", "died, 3",
            ],
            deaths: 2,
            joins: true,
            explorer_only: true,
            spurious: 0,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let cell = Arc::new(Cell::<M, Value>::new([0; 2]));
        let write = |values: &'static [u64]| {
            let (cell, ctx) = (cell.clone(), world.ctx());
            move || {
                let Some(_) = registry::join::<M>(&ctx, [Owner(0)], |_| ()) else { return false };
                let mut writer = Writer::attach(cell, ctx);
                values.iter().for_each(|n| writer.write([*n; 2]));
                true
            }
        };
        let (first, second) = (write(&[1, 2]), write(&[3]));
        let dies = |owner| Victim { owner: Owner(owner), dies: Dies::Anywhere };
        let dying = world.victim("writer", dies(0), first);
        let heir = world.actor("heir", second);
        let reader = Reader::attach(cell.clone());
        let reading = world.victim("reader", dies(1), move || {
            let first = whole(reader.read().0);
            [Some(first), reader.try_read().map(|(value, _)| whole(value))]
        });
        let died = M::join(dying).is_none();
        let inherited = M::join(heir);
        M::join(reading);
        let (last, version) = Reader::attach(cell).read();
        let last = whole(last);
        assert!(!inherited || last == 3 || !died, "the last writer's value is the latest");
        assert_eq!(version > 0, last > 0, "a value for each version");
        format!("{}, {last}", if died { "died" } else { "alive" })
    }
}
