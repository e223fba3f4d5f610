//! What a soak has done, and at which steps it has killed.

use std::collections::{BTreeMap, BTreeSet};

use selvedge_models::card;

use super::Settled;

/// Kills inside operations that a complete soak of a protocol has, at least.
const KILLS: u64 = 1_000;

/// Figures of one protocol.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub(super) rounds: u64,
    pub(super) kills: u64,
    /// Kills in the middle of each operation.
    pub(super) inside: BTreeMap<&'static str, u64>,
    pub(super) hits: Hits,
    pub(super) settled: Settled,
}

/// Kills at each step, called `protocol/label`.
#[derive(Clone, Debug, Default)]
pub struct Hits(BTreeMap<String, u64>);

impl Hits {
    /// A kill at these steps.
    pub(super) fn count(&mut self, steps: &BTreeSet<String>) {
        for step in steps {
            *self.0.entry(step.clone()).or_default() += 1;
        }
    }

    /// The kills of another soak, too.
    pub fn add(&mut self, others: &Self) {
        for (step, kills) in &others.0 {
            *self.0.entry(step.clone()).or_default() += kills;
        }
    }

    /// How many there were at a step.
    #[must_use]
    pub fn at(&self, step: &str) -> u64 {
        self.0.get(step).copied().unwrap_or_default()
    }

    /// The steps of a protocol's card at which there were none.
    #[must_use]
    pub fn missing(&self, protocol: &str) -> Vec<String> {
        steps(protocol).filter(|step| self.at(step) == 0).collect()
    }

    /// Each step of a protocol's card with its kills, and which have none.
    #[must_use]
    pub fn report(&self, protocol: &str) -> String {
        let label = |step: &str| step.rsplit('/').next().unwrap_or_default().to_owned();
        let each: Vec<_> =
            steps(protocol).map(|step| format!("{} {}", label(&step), self.at(&step))).collect();
        let missing = self.missing(protocol);
        let never = match &*missing {
            [] => "none".to_owned(),
            steps => steps.iter().map(|step| label(step)).collect::<Vec<_>>().join(" "),
        };
        format!("  at {protocol}: {}\n  never at {protocol}: {never}", each.join(", "))
    }
}

/// The steps of a protocol's card, in its order.
pub(super) fn steps(protocol: &str) -> impl Iterator<Item = String> {
    let card = card::all().iter().find(|card| card.protocol == protocol).expect("it has a card");
    card.steps.iter().map(|step| format!("{}/{step}", card.protocol))
}

impl core::fmt::Display for Figures {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { rounds, kills, inside, settled: Settled { done, lost }, .. } = self;
        write!(
            f,
            "{rounds} rounds, {done} operations, {kills} kills, {} of them inside",
            self.inside()
        )?;
        write!(f, " an operation:")?;
        inside.iter().try_for_each(|(operation, kills)| write!(f, " {operation} {kills}"))?;
        write!(f, "; {lost} lost with the dead")
    }
}

impl Figures {
    /// Has it tested anything?
    #[must_use]
    pub fn any(&self) -> bool {
        !self.inside.is_empty() && self.settled.done > 0
    }

    /// Kills at each step.
    #[must_use]
    pub fn hits(&self) -> &Hits {
        &self.hits
    }

    fn inside(&self) -> u64 {
        self.inside.values().sum()
    }

    /// Were there kills enough, and some at each step of the protocol's card?
    #[must_use]
    pub fn complete(&self, protocol: &str) -> bool {
        self.inside() >= KILLS && self.hits.missing(protocol).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_missing_until_there_was_a_kill_at_it_and_complete_takes_every_step_and_many_kills()
    {
        let mut figures = Figures::default();
        let all: BTreeSet<_> = steps("event").collect();
        assert_eq!(figures.hits.missing("event").len(), all.len());
        let mut but_one = all.clone();
        but_one.remove("event/N2");
        figures.hits.count(&but_one);
        assert_eq!(figures.hits.missing("event"), ["event/N2"]);
        assert!(figures.hits.report("event").ends_with("never at event: N2"));
        figures.hits.count(&all);
        assert_eq!((figures.hits.at("event/N1"), figures.hits.at("event/N2")), (2, 1));
        assert!(!figures.complete("event"));
        figures.inside.insert("notifying", KILLS);
        assert!(figures.complete("event"));
    }
}
