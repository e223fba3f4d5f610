//! Reads what a thread does.

use super::{
    DEPTH, IN_EXPRESSION, JUMPS, Parsed, Parser, Reg, Token,
    expression::{ANY, OF_STORES},
};
use crate::litmus::Statement::{self, Assign, Declare, Do, Fence, If, Store, Write};

impl Parser<'_> {
    /// `{ … }`
    pub(super) fn block(&mut self) -> Parsed<Vec<Statement>> {
        self.expect("{")?;
        self.scoped(|parser| {
            let mut statements = Vec::new();
            while !parser.take("}") {
                parser.statement(&mut statements)?;
            }
            Ok(statements)
        })
    }

    /// A block, or one statement that stands for it.
    fn branch(&mut self) -> Parsed<Vec<Statement>> {
        if self.peek() == Token::Symbol("{") {
            return self.block();
        }
        self.scoped(|parser| {
            let mut statements = Vec::new();
            parser.statement(&mut statements)?;
            Ok(statements)
        })
    }

    /// Reads what has a scope of its own.
    fn scoped<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.scope.depth == DEPTH {
            return Err(self.refuse(format!("statements are nested more than {DEPTH} deep")));
        }
        let visible = self.scope.visible.len();
        self.scope.depth += 1;
        let result = read(self)?;
        self.scope.depth -= 1;
        self.scope.visible.truncate(visible);
        Ok(result)
    }

    fn statement(&mut self, statements: &mut Vec<Statement>) -> Parsed<()> {
        self.operators = IN_EXPRESSION;
        if self.take("if") {
            self.expect("(")?;
            let condition = self.expression()?;
            self.expect(")")?;
            let then = self.branch()?;
            let otherwise = if self.take("else") { self.branch()? } else { Vec::new() };
            statements.push(If(condition, then, otherwise));
            return Ok(());
        }
        if self.kind_of_int()? {
            statements.push(self.declaration()?);
            while self.take(",") {
                statements.push(self.declaration()?);
            }
        } else {
            statements.push(self.action()?);
        }
        self.expect(";")
    }

    /// `r` or `r = e`, after its type.
    fn declaration(&mut self) -> Parsed<Statement> {
        let name = self.name("the name of a register", |p, name| p.scope.has(name))?;
        let value = if self.take("=") { Some(self.expression()?) } else { None };
        let registers = &mut self.scope.registers;
        let reg = registers.iter().position(|it| it == name).unwrap_or_else(|| {
            registers.push(name.into());
            registers.len() - 1
        });
        self.scope.visible.push(Reg(reg));
        Ok(Declare(Reg(reg), value))
    }

    /// A statement that is not made of statements and declares nothing, without its semicolon.
    fn action(&mut self) -> Parsed<Statement> {
        if self.take("*") {
            let loc = self.location()?;
            self.expect("=")?;
            return Ok(Write(loc, self.expression()?));
        }
        match self.peek() {
            Token::Word(word) if JUMPS.contains(&word) => {
                Err(self.unexpected("a statement without loops or jumps"))
            }
            Token::Word("atomic_thread_fence") => {
                self.advance();
                self.expect("(")?;
                let order = self.order(ANY)?;
                self.expect(")")?;
                Ok(Fence(order))
            }
            Token::Word(word @ ("atomic_store" | "atomic_store_explicit")) => {
                self.advance();
                self.expect("(")?;
                let loc = self.location()?;
                self.expect(",")?;
                let value = self.expression()?;
                let order = self.last_order(word.ends_with("_explicit"), OF_STORES)?;
                self.expect(")")?;
                Ok(Store(loc, value, order))
            }
            Token::Word(_) if self.tokens[self.next + 1].1 == Token::Symbol("=") => {
                let reg = self.register()?;
                self.expect("=")?;
                Ok(Assign(reg, self.expression()?))
            }
            Token::Word(_) | Token::Symbol("(") => Ok(Do(self.expression()?)),
            _ => Err(self.unexpected("a statement")),
        }
    }
}
