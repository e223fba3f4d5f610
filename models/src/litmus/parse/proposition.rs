//! Reads what a condition says of a state.

use super::{Parsed, Parser, Reg, Thread, Token};
use crate::litmus::Proposition::{self, And, Not, Or, Register, True};

impl Parser<'_> {
    /// `p \/ q \/ …`
    pub(super) fn proposition(&mut self, threads: &[Thread]) -> Parsed<Proposition> {
        let mut whole = self.conjunction(threads)?;
        while self.take("\\/") {
            self.operator()?;
            whole = Or(Box::new(whole), Box::new(self.conjunction(threads)?));
        }
        Ok(whole)
    }

    /// `p /\ q /\ …`
    fn conjunction(&mut self, threads: &[Thread]) -> Parsed<Proposition> {
        let mut whole = self.atom(threads)?;
        while self.take("/\\") {
            self.operator()?;
            whole = And(Box::new(whole), Box::new(self.atom(threads)?));
        }
        Ok(whole)
    }

    /// `true`, `(p)`, `~ p`, `not p`, `0:r1=2`, `x=2`, `[x]=2`
    fn atom(&mut self, threads: &[Thread]) -> Parsed<Proposition> {
        if self.take("true") {
            return Ok(True);
        }
        if self.take("~") || self.take("not") {
            self.operator()?;
            return Ok(Not(Box::new(self.atom(threads)?)));
        }
        if self.take("(") {
            self.operator()?;
            let inner = self.proposition(threads)?;
            self.expect(")")?;
            return Ok(inner);
        }
        if let Token::Number(digits) = self.peek() {
            let thread = digits.parse().ok().filter(|thread| *thread < threads.len());
            let thread: usize = thread.ok_or_else(|| self.unexpected("the number of a thread"))?;
            self.advance();
            self.expect(":")?;
            let mut registers = threads[thread].registers.iter();
            let reg = registers.position(|name| self.peek() == Token::Word(name)).map(Reg);
            let reg = reg.ok_or_else(|| self.unexpected("a register of the thread"))?;
            self.advance();
            self.expect("=")?;
            return Ok(Register(thread, reg, self.number()?));
        }
        let bracket = self.take("[");
        let loc = if let Token::Word(name) = self.peek() { self.known(name) } else { None };
        let loc = loc.ok_or_else(|| self.unexpected("a location"))?;
        self.advance();
        if bracket {
            self.expect("]")?;
        }
        self.expect("=")?;
        Ok(Proposition::Location(loc, self.number()?))
    }
}
