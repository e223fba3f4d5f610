//! `produce_descriptor FD`: pushes ticks into the ring in the inherited memfd FD for as long as
//! somebody takes them: it is there to be killed.

use std::error::Error;

use selvedge::segment::{SpscRing, sealed};
use selvedge_tests::{Tick, child, inherited};

fn main() -> Result<(), Box<dyn Error>> {
    let [descriptor] = child();
    let descriptor = inherited(descriptor.parse()?);
    let mut producer = sealed::attach::<SpscRing<Tick>>(descriptor)?.producer()?;
    for seq in 0.. {
        producer.push(Tick::nth(seq))?;
    }
    Ok(())
}
