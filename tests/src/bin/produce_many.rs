//! `produce_many NAME PRODUCER COUNT`: pushes COUNT labelled records into the queue NAME, as its producer
//! number PRODUCER.

use std::error::Error;

use selvedge::{
    platform::Owner,
    segment::{Directory, MpmcQueue},
};
use selvedge_tests::{Labelled, child};

fn main() -> Result<(), Box<dyn Error>> {
    let [name, producer, count] = child();
    let (number, count) = (producer.parse()?, count.parse()?);
    let queue = Directory::shm().attach::<MpmcQueue<Labelled>>(&name)?;
    let mut producer = queue.producer(Owner(number))?;
    for seq in 0..count {
        producer.push(Labelled::new(number, seq))?;
    }
    Ok(())
}
