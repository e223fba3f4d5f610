//! `consume_many NAME PRODUCERS COUNT FILE`: pops labelled records from the queue NAME until the
//! end, checks each and that each producer's come in order, and writes to FILE which ones it got: a bit
//! a record, COUNT bits for each of the PRODUCERS.

use std::error::Error;

use selvedge::segment::{Directory, MpmcQueue};
use selvedge_tests::{Labelled, Ticked, child};

fn main() -> Result<(), Box<dyn Error>> {
    let [name, producers, count, file] = child();
    let (producers, count): (u64, u64) = (producers.parse()?, count.parse()?);
    let queue = Directory::shm().attach::<MpmcQueue<Labelled>>(&name)?;
    let mut consumer = queue.consumer()?;
    let mut ticked: Vec<_> = (0..producers).map(|_| Ticked::none_of(count)).collect();
    let mut next = vec![0; ticked.len()];
    loop {
        let record = consumer.pop()?;
        if record == Labelled::END {
            break;
        }
        let (producer, seq) = record.checked().ok_or_else(|| format!("{record:?} is torn"))?;
        let producer = producer as usize;
        if seq < next[producer] {
            return Err(format!("{record:?} after number {}", next[producer] - 1).into());
        }
        next[producer] = seq + 1;
        ticked[producer].tick(seq);
    }
    Ok(std::fs::write(file, ticked.iter().flat_map(Ticked::bytes).copied().collect::<Vec<u8>>())?)
}
