use std::sync::Arc;

use selvedge::protocol::latest::{Cell, Reader, Writer};

use super::{Value, whole};
use crate::model::{Info, Model, Scenario, World};

/// A writer makes two values, so that the second goes where the first reader may be.
#[derive(Clone, Copy)]
pub(super) struct NeverTorn;

impl Scenario for NeverTorn {
    fn info(&self) -> Info {
        Info {
            name: "latest/never_torn",
            does: "write 1, write 2 || try_read, try_read",
            claims: &["LATEST-1", "LATEST-2"],
            reach: &[
                "[0, 0]", "[0, 1]", "[0, 2]", "[0]", "[1, 1]", "[1, 2]", "[1]", "[2, 2]", "[2]",
                "[]",
            ],
            quick: Some(3),
            deep: Some(5),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let cell = Arc::new(Cell::<M, Value>::new([0; 2]));
        let mut writer = Writer::attach(cell.clone(), world.ctx());
        let reader = Reader::attach(cell);
        let writing = world.actor("writer", move || [1, 2].map(|n| writer.write([n; 2])));
        let reading = world.actor("reader", move || {
            let read = |_| reader.try_read().map(|(value, version)| (whole(value), version));
            let read: Vec<(u64, u64)> = (0..2).filter_map(read).collect();
            assert!(read.iter().all(|(value, version)| value == version), "{read:?}");
            read.into_iter().map(|(value, _)| value).collect::<Vec<_>>()
        });
        M::join(writing);
        let read = M::join(reading);
        assert!(read.is_sorted(), "an older value came after a newer one: {read:?}");
        format!("{read:?}")
    }
}
