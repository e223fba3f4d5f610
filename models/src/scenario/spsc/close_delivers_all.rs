use selvedge::protocol::spsc::PopError;

use super::ends;
use crate::model::{Info, Model, Scenario, World};

/// A record, then the end; the consumer waits for both.
#[derive(Clone, Copy)]
pub(super) struct CloseDeliversAll;

impl Scenario for CloseDeliversAll {
    fn info(&self) -> Info {
        Info {
            name: "spsc/close_delivers_all",
            does: "try_push 1, close || pop until closed",
            claims: &["SPSC-3", "SPSC-4"],
            reach: &["[1], closed"],
            quick: Some(3),
            deep: Some(5),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (mut producer, mut consumer) = ends::<M, u32>(world, 1, 0);
        let pushing = world.actor("producer", move || {
            producer.try_push(1).expect("there is room");
            producer.close();
        });
        let popping = world.actor("consumer", move || {
            let mut records = Vec::new();
            loop {
                match consumer.pop() {
                    Ok(record) => records.push(record),
                    Err(PopError::Closed) => return format!("{records:?}, closed"),
                    Err(error) => return error.to_string(),
                }
            }
        });
        M::join(pushing);
        M::join(popping)
    }
}
