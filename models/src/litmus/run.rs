//! Runs a litmus test, as a scenario.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use selvedge::platform::{AtomicWord, DataCell, Ordering::Relaxed};

use super::{Binary, Expr, Kind, Loc, Program, Statement, Unary, parse::THREADS};
use crate::model::{Info, Model, Scenario, World};

/// A litmus test as a scenario: its threads are the actors `P0`, `P1`, …, and its outcome is an
/// [`Outcome`]. No outcome is claimed or forbidden, so it is for plans that do not
/// [stop at a forbidden one](crate::engine::Plan::stop_at_forbidden).
#[derive(Clone, Copy, Debug)]
pub struct Litmus(&'static Program);

impl Litmus {
    /// The scenario of `program`, which is kept for as long as the process lives.
    pub fn new(program: Program) -> Self {
        Self(Box::leak(Box::new(program)))
    }

    /// The program.
    pub fn program(self) -> &'static Program {
        self.0
    }
}

/// A final state. Printed, it is herd's: `0:r0=1; 1:r0=0; x=2;`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    /// Every register of every thread, by its thread and name.
    pub registers: BTreeMap<(usize, String), i32>,
    /// Every location, by its name.
    pub locations: BTreeMap<String, i32>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let registers = self.registers.iter();
        let registers =
            registers.map(|((thread, name), value)| format!("{thread}:{name}={value};"));
        let locations = self.locations.iter().map(|(name, value)| format!("{name}={value};"));
        f.write_str(&registers.chain(locations).collect::<Vec<_>>().join(" "))
    }
}

impl FromStr for Outcome {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut outcome = Self::default();
        let mut read = |item: &str| {
            let (name, value) = item.split_once('=')?;
            let value = value.parse().ok()?;
            match name.split_once(':') {
                Some((thread, name)) => {
                    outcome.registers.insert((thread.parse().ok()?, name.into()), value)
                }
                None => outcome.locations.insert(name.into(), value),
            };
            Some(())
        };
        for item in text.split_terminator(';').map(str::trim) {
            read(item).ok_or_else(|| format!("`{item}` is no part of a final state"))?;
        }
        Ok(outcome)
    }
}

/// What holds a location.
enum Place<M: Model> {
    Word(M::U32),
    Cell(M::Cell<u32>),
}

/// The locations of one execution.
struct Memory<M: Model>(Vec<Place<M>>);

impl<M: Model> Memory<M> {
    fn of(program: &Program) -> Self {
        let places = program.locations.iter().map(|location| match location.kind {
            Kind::Atomic | Kind::Mixed => Place::Word(M::U32::new(location.initial as u32)),
            Kind::Plain => Place::Cell(M::Cell::new(location.initial as u32)),
        });
        Self(places.collect())
    }

    fn word(&self, loc: Loc) -> &M::U32 {
        match &self.0[loc.0] {
            Place::Word(word) => word,
            Place::Cell(_) => panic!("a plain location is accessed atomically: see Program::new"),
        }
    }

    fn read(&self, loc: Loc) -> i32 {
        let value = match &self.0[loc.0] {
            Place::Word(word) => M::read_plainly(word),
            // SAFETY: the program may race; its scenario asserts that the model defines races.
            Place::Cell(cell) => unsafe { cell.read() },
        };
        value as i32
    }

    fn write(&self, loc: Loc, value: i32) {
        match &self.0[loc.0] {
            Place::Word(word) => M::write_plainly(word, value as u32),
            // SAFETY: as in `read`.
            Place::Cell(cell) => unsafe { cell.write(value as u32) },
        }
    }

    /// The value of a location when all threads are done.
    fn last(&self, loc: Loc) -> i32 {
        match &self.0[loc.0] {
            Place::Word(word) => word.load(Relaxed) as i32,
            Place::Cell(_) => self.read(loc),
        }
    }
}

/// A thread under way.
struct Running<M: Model> {
    memory: Arc<Memory<M>>,
    registers: Vec<i32>,
}

impl<M: Model> Running<M> {
    fn run(&mut self, body: &[Statement]) {
        for statement in body {
            match statement {
                Statement::Declare(reg, None) => self.registers[reg.0] = 0,
                Statement::Declare(reg, Some(value)) | Statement::Assign(reg, value) => {
                    self.registers[reg.0] = self.eval(value);
                }
                Statement::Write(loc, value) => {
                    let value = self.eval(value);
                    self.memory.write(*loc, value);
                }
                Statement::Store(loc, value, order) => {
                    let value = self.eval(value);
                    self.memory.word(*loc).store(value as u32, *order);
                }
                // In C it does nothing; the platform has none.
                Statement::Fence(Relaxed) => {}
                Statement::Fence(order) => M::fence(*order),
                Statement::If(condition, then, otherwise) => {
                    let branch = if self.eval(condition) != 0 { then } else { otherwise };
                    self.run(branch);
                }
                Statement::Do(value) => {
                    self.eval(value);
                }
            }
        }
    }

    fn eval(&mut self, expr: &Expr) -> i32 {
        match expr {
            Expr::Const(value) => *value,
            Expr::Reg(reg) => self.registers[reg.0],
            Expr::Read(loc) => self.memory.read(*loc),
            Expr::Load(loc, order) => self.memory.word(*loc).load(*order) as i32,
            Expr::Rmw(rmw, loc, operand, order) => {
                let operand = self.eval(operand) as u32;
                self.memory.word(*loc).rmw(*rmw, operand, *order) as i32
            }
            Expr::Cas { strength, location, expected, new, success, failure } => {
                let new = self.eval(new) as u32;
                let current = self.registers[expected.0] as u32;
                let word = self.memory.word(*location);
                match word.cas(*strength, current, new, *success, *failure) {
                    Ok(_) => 1,
                    Err(found) => {
                        self.registers[expected.0] = found as i32;
                        0
                    }
                }
            }
            Expr::Unary(Unary::Not, operand) => i32::from(self.eval(operand) == 0),
            Expr::Unary(Unary::Negate, operand) => self.eval(operand).wrapping_neg(),
            Expr::Binary(binary, left, right) => match (binary, self.eval(left)) {
                (Binary::Both, 0) => 0,
                (Binary::Either, left) if left != 0 => 1,
                (_, left) => binary.of(left, self.eval(right)),
            },
        }
    }
}

impl Binary {
    /// What C makes of two values that are known.
    fn of(self, left: i32, right: i32) -> i32 {
        match self {
            Self::Either => i32::from(left != 0 || right != 0),
            Self::Both => i32::from(left != 0 && right != 0),
            Self::Or => left | right,
            Self::Xor => left ^ right,
            Self::And => left & right,
            Self::Equal => i32::from(left == right),
            Self::Unequal => i32::from(left != right),
            Self::Less => i32::from(left < right),
            Self::AtMost => i32::from(left <= right),
            Self::Greater => i32::from(left > right),
            Self::AtLeast => i32::from(left >= right),
            Self::Add => left.wrapping_add(right),
            Self::Sub => left.wrapping_sub(right),
            Self::Mul => left.wrapping_mul(right),
        }
    }
}

impl Scenario for Litmus {
    fn info(&self) -> Info {
        Info { name: &self.0.name, does: &self.0.about, ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let program = self.0;
        assert!(M::DEFINES_RACES || !program.plain(), "its plain accesses may race for real");
        let memory = Arc::new(Memory::<M>::of(program));
        let started: Vec<_> = (program.threads.iter().zip(THREADS))
            .map(|(thread, name)| {
                let registers = vec![0; thread.registers.len()];
                let mut running = Running { memory: memory.clone(), registers };
                world.actor(name, move || {
                    running.run(&thread.body);
                    running.registers
                })
            })
            .collect();
        let mut outcome = Outcome::default();
        for (number, (thread, join)) in program.threads.iter().zip(started).enumerate() {
            let names = thread.registers.iter().map(|name| (number, name.clone()));
            outcome.registers.extend(names.zip(M::join(join)));
        }
        for (number, location) in program.locations.iter().enumerate() {
            outcome.locations.insert(location.name.clone(), memory.last(Loc(number)));
        }
        outcome.to_string()
    }
}
