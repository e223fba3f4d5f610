//! `produce NAME COUNT`: pushes the first COUNT ticks into the ring NAME, closes it, and prints how
//! many there were and their checksum.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::error::Error;

use selvedge::segment::{Directory, SpscRing};
use selvedge_tests::{Checksum, Tick, child};

fn main() -> Result<(), Box<dyn Error>> {
    let [name, count] = child();
    let count: u64 = count.parse()?;
    let mut producer = Directory::shm().attach::<SpscRing<Tick>>(&name)?.producer()?;
    let mut checksum = Checksum::default();
    for seq in 0..count {
        let tick = Tick::nth(seq);
        checksum.add(tick.mix);
        producer.push(tick)?;
    }
    producer.close();
    println!("{count} {:#x}", checksum.value());
    Ok(())
}
