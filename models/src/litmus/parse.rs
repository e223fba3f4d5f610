//! Reads a litmus test, by recursive descent.

mod expression;
mod proposition;
mod statement;

use std::{error::Error, fmt, str::FromStr};

use super::{
    Condition, Loc, Program, Quantifier, Reg, Thread,
    lex::{Token, tokens},
};

/// Why a text is no litmus test, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// The character of the line, from 1.
    pub column: usize,
    /// What was expected and what was found instead.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl Error for ParseError {}

impl Program {
    /// Reads a litmus test.
    ///
    /// # Errors
    /// What was expected, and where, if it is none.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let (name, about, start) = header(text);
        let parser = Parser {
            text,
            tokens: tokens(text, start),
            next: 0,
            locations: Vec::new(),
            scope: Scope::default(),
            operators: 0,
        };
        let Some(name) = name else { return Err(parser.unexpected("`C` and the program's name")) };
        parser.program(name.into(), about.into())
    }
}

impl FromStr for Program {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

type Parsed<T> = Result<T, ParseError>;

/// Actors have their names from here.
pub(super) const THREADS: [&str; 16] = [
    "P0", "P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11", "P12", "P13", "P14",
    "P15",
];

/// How deep statements may be nested. With the limit of operators it keeps recursion, here and in
/// the threads of a checker, within a few kilobytes.
const DEPTH: usize = 16;

/// How many operators, calls and parentheses an expression may have.
const IN_EXPRESSION: usize = 32;

/// How many operators and parentheses a condition may have.
const IN_CONDITION: usize = 256;

/// What a thread cannot do.
const JUMPS: [&str; 8] = ["while", "for", "do", "goto", "switch", "return", "break", "continue"];

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(usize, Token<'a>)>,
    next: usize,
    locations: Vec<(String, i32)>,
    scope: Scope<'a>,
    /// How many operators are left to what is being read.
    operators: usize,
}

/// What a thread can name.
#[derive(Default)]
struct Scope<'a> {
    parameters: Vec<(&'a str, Loc)>,
    /// Registers that are declared here, the innermost last.
    visible: Vec<Reg>,
    /// All that were declared so far.
    registers: Vec<String>,
    depth: usize,
}

impl Scope<'_> {
    /// Does `name` mean something here?
    fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|(it, _)| *it == name)
            || self.visible.iter().any(|reg| self.registers[reg.0] == name)
    }
}

/// The name, if there is one, what the program is about, and where the rest begins. Of the other
/// lines of information (`Key=value`) nothing is kept.
fn header(text: &str) -> (Option<&str>, &str, usize) {
    let blank = |at: usize| at + text[at..].len() - text[at..].trim_start().len();
    let line = |at: usize| text[at..].lines().next().unwrap_or_default();
    let (mut at, mut about) = (blank(0), "");
    let name = line(at).strip_prefix("C").filter(|name| name.starts_with(char::is_whitespace));
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else {
        return (None, about, at);
    };
    loop {
        at = blank(at + line(at).len());
        let is_quoted = line(at).starts_with('"');
        let is_key = line(at).split_once('=').is_some_and(|(key, _)| is_key(key));
        if is_quoted && about.is_empty() {
            about = line(at).trim_end().trim_matches('"');
        } else if !is_quoted && !is_key {
            return (Some(name), about, at);
        }
    }
}

/// Does `word` mean something else than a location or a register?
fn is_keyword(word: &str) -> bool {
    let words = ["int", "volatile", "if", "else", "true", "not"];
    words.contains(&word)
        || JUMPS.contains(&word)
        || word.starts_with("atomic_")
        || word.starts_with("memory_order_")
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic())
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        self.tokens[self.next].1
    }

    fn advance(&mut self) -> Token<'a> {
        let token = self.peek();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    /// The next token is not what is expected.
    fn unexpected(&self, expected: &str) -> ParseError {
        self.refuse(format!("expected {expected}, found {}", self.peek()))
    }

    /// The next token is refused.
    fn refuse(&self, message: String) -> ParseError {
        let before = &self.text[..self.tokens[self.next].0];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        ParseError { line, column, message }
    }

    /// Takes the sign or word `text` if it comes next.
    fn take(&mut self, text: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(it) | Token::Word(it) if it == text);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.take(text) { Ok(()) } else { Err(self.unexpected(&format!("`{text}`"))) }
    }

    /// A name for a location or a register.
    fn name(&mut self, expected: &str, taken: impl Fn(&Self, &str) -> bool) -> Parsed<&'a str> {
        match self.peek() {
            Token::Word(word) if is_keyword(word) => Err(self.unexpected(expected)),
            Token::Word(word) if taken(self, word) => Err(self.unexpected("a name not in use yet")),
            Token::Word(word) => {
                self.advance();
                Ok(word)
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    /// A number that may be negative.
    fn number(&mut self) -> Parsed<i32> {
        let sign = if self.take("-") { "-" } else { "" };
        let value = match self.peek() {
            Token::Number(digits) => format!("{sign}{digits}").parse().ok(),
            _ => None,
        };
        let value = value.ok_or_else(|| self.unexpected("a number of 32 bits"))?;
        self.advance();
        Ok(value)
    }

    /// Counts an operator, a call or a parenthesis.
    fn operator(&mut self) -> Parsed<()> {
        let left = self.operators.checked_sub(1);
        self.operators =
            left.ok_or_else(|| self.refuse("too many operators in one place".into()))?;
        Ok(())
    }

    /// `atomic_int` or `int`, perhaps `volatile`; `false` if no type comes next.
    fn kind_of_int(&mut self) -> Parsed<bool> {
        let volatile = self.take("volatile");
        let found = self.take("int") || self.take("atomic_int");
        if volatile && !found {
            return Err(self.unexpected("`int` or `atomic_int`"));
        }
        Ok(found)
    }

    fn program(mut self, name: String, about: String) -> Parsed<Program> {
        self.initial_values()?;
        let mut threads = Vec::new();
        while THREADS.get(threads.len()).is_some_and(|name| self.take(name)) {
            threads.push(self.thread()?);
        }
        let another = matches!(self.peek(), Token::Word(word) if THREADS.contains(&word));
        if another || threads.len() < 2 {
            let name = THREADS.get(threads.len()).unwrap_or(&"exists");
            let why = if another { "" } else { ", as there are two threads at least" };
            return Err(self.unexpected(&format!("`{name}`{why}")));
        }
        let condition = self.condition(&threads)?;
        Ok(Program::new(name, about, self.locations, threads, condition))
    }

    fn known(&self, name: &str) -> Option<Loc> {
        self.locations.iter().position(|(it, _)| it == name).map(Loc)
    }

    /// `{ x=0; int y=0; [z]=0; }`
    fn initial_values(&mut self) -> Parsed<()> {
        self.expect("{")?;
        while !self.take("}") {
            if self.kind_of_int()? {
                self.take("*");
            }
            let bracket = self.take("[");
            let is_known = |parser: &Self, name: &str| parser.known(name).is_some();
            let name = self.name("a location or `}`", is_known)?;
            if bracket {
                self.expect("]")?;
            }
            let value = if self.take("=") { self.number()? } else { 0 };
            self.locations.push((name.into(), value));
            if !self.take(";") && self.peek() != Token::Symbol("}") {
                return Err(self.unexpected("`;` or `}`"));
            }
        }
        Ok(())
    }

    /// `(atomic_int* x, int* y) { … }`
    fn thread(&mut self) -> Parsed<Thread> {
        self.scope = Scope::default();
        self.expect("(")?;
        while !self.take(")") {
            if !self.scope.parameters.is_empty() {
                self.expect(",")?;
            }
            if !self.kind_of_int()? {
                return Err(self.unexpected("a parameter"));
            }
            self.expect("*")?;
            let name = self.name("the name of a location", |p, name| p.scope.has(name))?;
            let loc = self.known(name).unwrap_or_else(|| {
                self.locations.push((name.into(), 0));
                Loc(self.locations.len() - 1)
            });
            self.scope.parameters.push((name, loc));
        }
        let body = self.block()?;
        Ok(Thread { registers: std::mem::take(&mut self.scope.registers), body })
    }

    /// `locations […]`, of which nothing is kept, then the quantifier and the proposition.
    fn condition(&mut self, threads: &[Thread]) -> Parsed<Condition> {
        if self.take("locations") {
            self.expect("[")?;
            while !self.take("]") {
                if self.advance() == Token::End {
                    return Err(self.unexpected("`]`"));
                }
            }
        }
        let quantifier = if self.take("exists") {
            Quantifier::Exists
        } else if self.take("forall") {
            Quantifier::Forall
        } else if self.take("~") {
            self.expect("exists")?;
            Quantifier::NotExists
        } else {
            return Err(self.unexpected("`exists`, `~exists` or `forall`"));
        };
        self.operators = IN_CONDITION;
        let proposition = self.proposition(threads)?;
        match self.peek() {
            Token::End => Ok(Condition { quantifier, proposition }),
            _ => Err(self.unexpected("`/\\`, `\\/` or the end")),
        }
    }
}
