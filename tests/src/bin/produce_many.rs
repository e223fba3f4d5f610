//! `produce_many NAME PRODUCER COUNT`: pushes COUNT records into the queue NAME, labelled with the number
//! PRODUCER.

use std::error::Error;

use selvedge::segment::{Directory, MpmcQueue};
use selvedge_tests::{Labelled, child};

fn main() -> Result<(), Box<dyn Error>> {
    let [name, producer, count] = child();
    let (number, count) = (producer.parse()?, count.parse()?);
    let queue = Directory::shm().attach::<MpmcQueue<Labelled>>(&name)?;
    let mut producer = queue.producer()?;
    for seq in 0..count {
        producer.push(Labelled::new(number, seq))?;
    }
    Ok(())
}
