use super::ends;
use crate::model::{Info, Model, Scenario, World};

/// Bytes are filled and looked at where they lie, and not all that were are committed or consumed.
#[derive(Clone, Copy)]
pub(super) struct InPlace;

impl Scenario for InPlace {
    fn info(&self) -> Info {
        Info {
            name: "spsc/in_place",
            does: "reserve 2, fill 1 and 9, commit 1; reserve 1, fill 2, commit 1 || peek 2, consume 1, twice; capacity 2",
            claims: &["SPSC-2", "SPSC-5"],
            reach: &["[], []", "[], [1]", "[], [1, 2]", "[1], []", "[1], [2]", "[1, 2], [2]"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (mut producer, mut consumer) = ends::<M, u8>(world, 2, u64::MAX);
        let writing = world.actor("producer", move || {
            for bytes in [[1, 9].as_slice(), &[2]] {
                let mut room =
                    producer.reserve(bytes.len()).expect("one byte fits beside the first");
                room.fill(0, &bytes[..room.count()]);
                room.commit(1);
            }
        });
        let reading = world.actor("consumer", move || {
            let mut look = || {
                let Ok(bytes) = consumer.peek(2) else { return Vec::new() };
                let mut copy = vec![0; bytes.count()];
                bytes.copy(0, &mut copy);
                bytes.consume(1);
                copy
            };
            (look(), look())
        });
        M::join(writing);
        let (first, second) = M::join(reading);
        format!("{first:?}, {second:?}")
    }
}
