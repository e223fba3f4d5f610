use super::ends;
use crate::model::{Info, Model, Scenario, World};

/// Three bytes through a ring of two, as much at a time as fits.
#[derive(Clone, Copy)]
pub(super) struct ByteStream;

impl Scenario for ByteStream {
    fn info(&self) -> Info {
        Info {
            name: "spsc/byte_stream",
            does: "write 3 bytes, the rest again || read, read; capacity 2",
            claims: &["SPSC-2", "SPSC-5"],
            reach: &[
                "wrote 2, read []",
                "wrote 2, read [1, 2]",
                "wrote 3, read [1, 2]",
                "wrote 3, read [1, 2, 3]",
            ],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (mut producer, mut consumer) = ends::<M, u8>(world, 2, u64::MAX);
        let writing = world.actor("producer", move || {
            let bytes = [1, 2, 3];
            let mut written = 0;
            for _ in 0..2 {
                written += producer.write(&bytes[written..]).unwrap_or(0);
            }
            written
        });
        let reading = world.actor("consumer", move || {
            let mut bytes = Vec::new();
            for _ in 0..2 {
                let mut some = [0; 3];
                let count = consumer.read(&mut some).unwrap_or(0);
                bytes.extend_from_slice(&some[..count]);
            }
            bytes
        });
        format!("wrote {}, read {:?}", M::join(writing), M::join(reading))
    }
}
