//! What is asked of the final states of a program.

use super::{Loc, Program, Reg, run::Outcome};

/// The question at the end of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Of which states it is asked.
    pub quantifier: Quantifier,
    /// What is asked of a state.
    pub proposition: Proposition,
}

/// Of which final states a proposition is said to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// Of some.
    Exists,
    /// Of none.
    NotExists,
    /// Of all.
    Forall,
}

impl Quantifier {
    /// Is it as is said, if the proposition holds or not of each final state as in `holds`?
    pub fn is_met(self, mut holds: impl Iterator<Item = bool>) -> bool {
        match self {
            Self::Exists => holds.any(|holds| holds),
            Self::NotExists => !holds.any(|holds| holds),
            Self::Forall => holds.all(|holds| holds),
        }
    }
}

/// What is said of a final state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposition {
    /// `true`
    True,
    /// `1:r0=2`: the value of a register of a thread.
    Register(usize, Reg, i32),
    /// `x=2`: the value of a location.
    Location(Loc, i32),
    /// `~ p`
    Not(Box<Self>),
    /// `p /\ q`
    And(Box<Self>, Box<Self>),
    /// `p \/ q`
    Or(Box<Self>, Box<Self>),
}

impl Program {
    /// Does the proposition of the condition hold of this final state of the program?
    ///
    /// # Panics
    /// If it is a state of another program.
    pub fn holds(&self, outcome: &Outcome) -> bool {
        self.says(&self.condition.proposition, outcome)
    }

    fn says(&self, proposition: &Proposition, outcome: &Outcome) -> bool {
        match proposition {
            Proposition::True => true,
            Proposition::Register(thread, reg, value) => {
                let name = &self.threads[*thread].registers[reg.0];
                outcome.registers[&(*thread, name.clone())] == *value
            }
            Proposition::Location(loc, value) => {
                outcome.locations[&self.locations[loc.0].name] == *value
            }
            Proposition::Not(p) => !self.says(p, outcome),
            Proposition::And(p, q) => self.says(p, outcome) && self.says(q, outcome),
            Proposition::Or(p, q) => self.says(p, outcome) || self.says(q, outcome),
        }
    }
}
