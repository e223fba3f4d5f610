use std::sync::Arc;

use selvedge::{
    platform::Owner,
    protocol::spsc::{ClaimError, Consumer, PopError, Producer, PushError},
};

use super::ring;
use crate::{
    ledger::Ledger,
    model::{Dies, Info, Model, Scenario, Victim, World},
};

/// Records through a ring of one slot, both ends waiting for each other; one of them dies, or both. Whoever
/// is left is told, and the next consumer finds what is left.
#[derive(Clone, Copy)]
pub(super) struct Deaths {
    info: Info,
    records: u32,
}

/// Two records, one death.
pub(super) const ONE: Deaths = Deaths {
    info: Info {
        name: "spsc/one_death",
        does: "push 1, push 2, close, dying || pop to the end, dying; one of them dies; capacity 1",
        claims: &["SPSC-9", "SPSC-10"],
        reach: &[
            "done, done, 0 lost",
            "done, died, 0 lost",
            "done, died, 1 lost",
            "told, died, 0 lost",
            "died, done, 0 lost",
            "died, told, 0 lost",
        ],
        deaths: 1,
        explorer_only: true,
        spurious: 0,
        ..Info::DEFAULT
    },
    records: 2,
};

/// One record, two deaths.
pub(super) const TWO: Deaths = Deaths {
    info: Info {
        name: "spsc/two_deaths",
        does: "push 1, close, dying || pop to the end, dying too; capacity 1",
        reach: &[
            "done, done, 0 lost",
            "done, died, 0 lost",
            "done, died, 1 lost",
            "died, done, 0 lost",
            "died, told, 0 lost",
            "died, died, 0 lost",
            "died, died, 1 lost",
        ],
        deaths: 2,
        spurious: 1,
        ..ONE.info
    },
    records: 1,
};

impl Scenario for Deaths {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (ring, ledger) = (ring::<M, u32>(1, 0), Arc::new(Ledger::default()));
        let mut producer = Producer::claim(ring.clone(), world.ctx(), Owner(0)).expect("vacant");
        let mut consumer = Consumer::claim(ring.clone(), world.ctx(), Owner(1)).expect("vacant");
        let (pushed, popped) = (ledger.clone(), ledger.clone());
        let records = self.records;
        let dies = |owner| Victim { owner: Owner(owner), dies: Dies::Anywhere };
        let producing = world.victim("producer", dies(0), move || {
            for record in 1..=records {
                match producer.push(record) {
                    Ok(()) => pushed.sent(record),
                    Err(PushError::PeerDead(_)) => return "told",
                    Err(error) => panic!("{error}"),
                }
            }
            producer.close();
            "done"
        });
        let consuming = world.victim("consumer", dies(1), move || {
            let end = loop {
                match consumer.pop() {
                    Ok(record) => popped.received(record),
                    Err(PopError::PeerDead) => break "told",
                    Err(PopError::Closed) => break "done",
                    Err(error) => panic!("{error}"),
                }
            };
            consumer.close();
            end
        });
        let ends = [M::join(producing), M::join(consuming)].map(|end| end.unwrap_or("died"));
        if ends[1] == "died" {
            match Consumer::claim(ring, world.ctx(), Owner(7)) {
                Ok(mut heir) => core::iter::from_fn(|| heir.try_pop().ok())
                    .for_each(|record| ledger.received(record)),
                // It died when it had closed.
                Err(error) => assert_eq!(error, ClaimError::Closed),
            }
        }
        let lost = ledger.lost();
        let consumers = usize::from(ends[1] == "died");
        assert!(lost <= consumers, "{lost} lost by {consumers} deaths of consumers");
        format!("{}, {}, {lost} lost", ends[0], ends[1])
    }
}
