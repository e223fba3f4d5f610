//! Reads expressions, calls of `<stdatomic.h>` among them.

use selvedge::platform::{
    Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst},
    Rmw, Strength,
};

use super::{Loc, Parsed, Parser, Reg, Token};
use crate::litmus::{Binary, Expr, Unary, print::memory_order};

/// The memory orders that something can have, and what they are called together.
#[derive(Clone, Copy)]
pub(super) struct Orders(&'static [Ordering], &'static str);

/// Of a read-modify-write or a fence.
pub(super) const ANY: Orders =
    Orders(&[Relaxed, Acquire, Release, AcqRel, SeqCst], "a memory order");
/// Of what only reads.
const OF_LOADS: Orders = Orders(&[Relaxed, Acquire, SeqCst], "a memory order that a load can have");
/// Of what only writes.
pub(super) const OF_STORES: Orders =
    Orders(&[Relaxed, Release, SeqCst], "a memory order that a store can have");

impl Parser<'_> {
    /// An expression.
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.operators_above(0)
    }

    /// Operands and operators that bind at least as tightly as `level`.
    fn operators_above(&mut self, level: u8) -> Parsed<Expr> {
        let mut left = self.operand()?;
        loop {
            let next = Binary::TABLE
                .into_iter()
                .find(|(_, sign, binds)| *binds >= level && self.peek() == Token::Symbol(sign));
            let Some((binary, _, binds)) = next else { return Ok(left) };
            self.operator()?;
            self.advance();
            let right = self.operators_above(binds + 1)?;
            left = Expr::Binary(binary, Box::new(left), Box::new(right));
        }
    }

    fn operand(&mut self) -> Parsed<Expr> {
        match self.peek() {
            Token::Number(_) => self.number().map(Expr::Const),
            Token::Word(word) if word.starts_with("atomic_") => {
                self.operator()?;
                self.call(word)
            }
            Token::Word(_) => self.register().map(Expr::Reg),
            Token::Symbol("*") => {
                self.advance();
                self.location().map(Expr::Read)
            }
            Token::Symbol("-") if matches!(self.tokens[self.next + 1].1, Token::Number(_)) => {
                self.number().map(Expr::Const)
            }
            Token::Symbol(sign @ ("-" | "!")) => {
                self.operator()?;
                self.advance();
                let unary = if sign == "-" { Unary::Negate } else { Unary::Not };
                Ok(Expr::Unary(unary, Box::new(self.operand()?)))
            }
            Token::Symbol("(") => {
                self.operator()?;
                self.advance();
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            _ => Err(self.unexpected("an expression")),
        }
    }

    /// `atomic_…(x, …)`
    fn call(&mut self, word: &str) -> Parsed<Expr> {
        let (name, explicit) = match word.strip_suffix("_explicit") {
            Some(name) => (name, true),
            None => (word, false),
        };
        let (rmw, strength) = match name {
            "atomic_load" => (None, None),
            "atomic_exchange" => (Some(Rmw::Swap), None),
            "atomic_fetch_add" => (Some(Rmw::Add), None),
            "atomic_fetch_sub" => (Some(Rmw::Sub), None),
            "atomic_fetch_or" => (Some(Rmw::Or), None),
            "atomic_fetch_and" => (Some(Rmw::And), None),
            "atomic_compare_exchange_strong" => (None, Some(Strength::Strong)),
            "atomic_compare_exchange_weak" => (None, Some(Strength::Weak)),
            "atomic_fetch_xor" => return Err(self.refuse(format!("`{word}` is not supported"))),
            _ => return Err(self.unexpected("an atomic operation that returns a value")),
        };
        self.advance();
        self.expect("(")?;
        let location = self.location()?;
        let expr = if let Some(rmw) = rmw {
            self.expect(",")?;
            let operand = Box::new(self.expression()?);
            let order = self.last_order(explicit, ANY)?;
            Expr::Rmw(rmw, location, operand, order)
        } else if let Some(strength) = strength {
            self.expect(",")?;
            self.expect("&")?;
            let expected = self.register()?;
            self.expect(",")?;
            let new = Box::new(self.expression()?);
            let success = self.last_order(explicit, ANY)?;
            let failure = self.last_order(explicit, OF_LOADS)?;
            Expr::Cas { strength, location, expected, new, success, failure }
        } else {
            let order = self.last_order(explicit, OF_LOADS)?;
            Expr::Load(location, order)
        };
        self.expect(")")?;
        Ok(expr)
    }

    /// A parameter of the thread.
    pub(super) fn location(&mut self) -> Parsed<Loc> {
        let parameters = self.scope.parameters.iter();
        let found = parameters.copied().find(|(name, _)| self.peek() == Token::Word(name));
        let (_, loc) = found.ok_or_else(|| self.unexpected("a parameter of the thread"))?;
        self.advance();
        Ok(loc)
    }

    /// A register that is declared.
    pub(super) fn register(&mut self) -> Parsed<Reg> {
        let name = |reg: &&Reg| self.peek() == Token::Word(&self.scope.registers[reg.0]);
        let found = self.scope.visible.iter().find(name).copied();
        let reg = found.ok_or_else(|| self.unexpected("a register that is declared"))?;
        self.advance();
        Ok(reg)
    }

    /// The memory order that is an operation's last argument if it is explicit.
    pub(super) fn last_order(&mut self, explicit: bool, allowed: Orders) -> Parsed<Ordering> {
        if !explicit {
            return Ok(SeqCst);
        }
        self.expect(",")?;
        self.order(allowed)
    }

    pub(super) fn order(&mut self, Orders(allowed, expected): Orders) -> Parsed<Ordering> {
        if self.peek() == Token::Word("memory_order_consume") {
            return Err(self.refuse("`memory_order_consume` is not supported".into()));
        }
        let found = allowed.iter().find(|order| self.peek() == Token::Word(memory_order(**order)));
        let order = *found.ok_or_else(|| self.unexpected(expected))?;
        self.advance();
        Ok(order)
    }
}
