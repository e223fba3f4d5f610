//! `race_for_name DIR GATES SLOT FIRST END ROLE`: in each round from FIRST to END, waits at the first
//! gate in GATES, does what its ROLE says to the name in DIR, prints what came of it, waits at the
//! second gate, detaches and prints "detached".
//!
//! What it creates carries its mark as the number of permits; what it attaches to is checked, and its
//! mark printed.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::error::Error;

use nix::unistd::alarm;
use selvedge::{
    segment::{CreateError, Directory, Origin, Shared},
    semaphore::{SemaphoreConfig, SharedSemaphore},
};
use selvedge_tests::{Gate, LIMIT, PRIZE, child, mark};

/// What is held until the second gate.
type Held = Option<Shared<SharedSemaphore>>;

fn main() -> Result<(), Box<dyn Error>> {
    let [directory, gates, slot, first, end, role] = child();
    // Should the referee be stuck, the silence of its racers tells it.
    alarm::set(LIMIT.as_secs() as u32);
    let directory = Directory::at(directory);
    let [start, detach] = Gate::pair(gates)?;
    let (slot, first, end): (u32, u32, u32) = (slot.parse()?, first.parse()?, end.parse()?);
    let act = match &*role {
        "create or attach" => create_or_attach,
        "take over" => take_over,
        "clean" => clean,
        other => return Err(format!("no role {other}").into()),
    };
    for round in first..end {
        let config = SemaphoreConfig::counting(u32::MAX >> 1).initially(mark(round, slot));
        start.pass()?;
        let (said, held) = act(&directory, config)?;
        println!("{said}");
        detach.pass()?;
        drop(held);
        println!("detached");
    }
    Ok(())
}

/// The mark of a complete semaphore.
fn mark_of(semaphore: &Shared<SharedSemaphore>) -> Result<u32, Box<dyn Error>> {
    semaphore.handle()?; // Checks the maximum, which is written first.
    Ok(semaphore.state().permits())
}

fn create_or_attach(
    directory: &Directory,
    config: SemaphoreConfig,
) -> Result<(String, Held), Box<dyn Error>> {
    let (semaphore, origin) = directory.create_or_attach::<SharedSemaphore>(PRIZE, config)?;
    let said = match origin {
        Origin::Created => "created",
        Origin::Attached => "attached",
    };
    Ok((format!("{said} {}", mark_of(&semaphore)?), Some(semaphore)))
}

fn take_over(
    directory: &Directory,
    config: SemaphoreConfig,
) -> Result<(String, Held), Box<dyn Error>> {
    match directory.take_over::<SharedSemaphore>(PRIZE, config) {
        Ok(semaphore) => Ok((format!("created {}", mark_of(&semaphore)?), Some(semaphore))),
        Err(CreateError::InUse { .. }) => Ok(("in use".into(), None)),
        Err(error) => Err(error.into()),
    }
}

fn clean(directory: &Directory, _: SemaphoreConfig) -> Result<(String, Held), Box<dyn Error>> {
    Ok((format!("clean: {:?}", directory.clean(PRIZE)?), None))
}
