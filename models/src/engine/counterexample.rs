//! A failure as a person reads it.

use std::fmt;

use super::Verdict;
use crate::scenario;

/// A failed verdict, its schedule, and how to see it again.
#[derive(Debug)]
pub struct Counterexample<'a>(pub &'a Verdict);

impl fmt::Display for Counterexample<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(failure) = &self.0.failure else { return Ok(()) };
        writeln!(f, "FAILED {} on {}: {}", self.0.scenario, self.0.engine, failure.message.trim())?;
        for line in &failure.schedule {
            writeln!(f, "  {line}")?;
        }
        // A scenario of somebody else's is met again by its own test.
        if let Some(token) =
            failure.replay.as_ref().filter(|_| scenario::find(&self.0.scenario).is_ok())
        {
            writeln!(f, "  again: cargo verify replay '{token}'")?;
        }
        Ok(())
    }
}
