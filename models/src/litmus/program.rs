//! What a litmus test is.

use selvedge::platform::{Ordering, Rmw, Strength};

use super::Condition;

/// A litmus test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its name: a line without blanks at its ends.
    pub name: String,
    /// What it shows: a line without quotes, perhaps empty.
    pub about: String,
    /// The shared locations.
    pub locations: Vec<Location>,
    /// The threads, at least two.
    pub threads: Vec<Thread>,
    /// What is asked of the final states.
    pub condition: Condition,
}

/// A shared location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Its name.
    pub name: String,
    /// The value it holds first.
    pub initial: i32,
    /// How the threads access it.
    pub kind: Kind,
}

/// How a location is accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only by atomic operations, or not at all.
    Atomic,
    /// Only plainly: such accesses may race.
    Plain,
    /// Both ways.
    Mixed,
}

/// A location, by its place in [`Program::locations`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loc(pub usize);

/// A register, by its place in [`Thread::registers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reg(pub usize);

/// A thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// The names of its registers, in the order of their first declarations.
    pub registers: Vec<String>,
    /// What it does.
    pub body: Vec<Statement>,
}

/// A step of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `int r = e;`, or `int r;`, which is 0. The scope of the register is C's; its final value is
    /// known beyond, and 0 if it was never declared.
    Declare(Reg, Option<Expr>),
    /// `r = e;`
    Assign(Reg, Expr),
    /// `*x = e;`
    Write(Loc, Expr),
    /// `atomic_store_explicit(x, e, order);`
    Store(Loc, Expr, Ordering),
    /// `atomic_thread_fence(order);`
    Fence(Ordering),
    /// `if (e) { … } else { … }`
    If(Expr, Vec<Self>, Vec<Self>),
    /// `e;`, for what `e` does.
    Do(Expr),
}

/// An expression; operands are evaluated from left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// A number.
    Const(i32),
    /// A register.
    Reg(Reg),
    /// `*x`
    Read(Loc),
    /// `atomic_load_explicit(x, order)`
    Load(Loc, Ordering),
    /// `atomic_fetch_…_explicit(x, e, order)`, `atomic_exchange_explicit(x, e, order)`: what was
    /// there before.
    Rmw(Rmw, Loc, Box<Self>, Ordering),
    /// `atomic_compare_exchange_…_explicit(x, &r, e, success, failure)`: did it succeed?
    Cas {
        /// May it fail although the values are equal?
        strength: Strength,
        /// `x`
        location: Loc,
        /// `r`, which holds the value expected, and after a failure the value found.
        expected: Reg,
        /// `e`
        new: Box<Self>,
        /// The ordering if it succeeds.
        success: Ordering,
        /// The ordering if it fails.
        failure: Ordering,
    },
    /// An operator before its operand.
    Unary(Unary, Box<Self>),
    /// An operator between its operands.
    Binary(Binary, Box<Self>, Box<Self>),
}

/// An operator with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// An operator with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// `||`, whose right side is evaluated only if the left is 0.
    Either,
    /// `&&`, whose right side is evaluated only if the left is not 0.
    Both,
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `&`
    And,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
}

impl Binary {
    /// Every operator, how it is written, and how tightly it binds.
    pub(super) const TABLE: [(Self, &'static str, u8); 14] = [
        (Self::Either, "||", 0),
        (Self::Both, "&&", 1),
        (Self::Or, "|", 2),
        (Self::Xor, "^", 3),
        (Self::And, "&", 4),
        (Self::Equal, "==", 5),
        (Self::Unequal, "!=", 5),
        (Self::Less, "<", 6),
        (Self::AtMost, "<=", 6),
        (Self::Greater, ">", 6),
        (Self::AtLeast, ">=", 6),
        (Self::Add, "+", 7),
        (Self::Sub, "-", 7),
        (Self::Mul, "*", 8),
    ];
}

impl Program {
    /// A program whose locations have these names and initial values; their kinds follow from the
    /// accesses.
    pub fn new(
        name: String,
        about: String,
        locations: Vec<(String, i32)>,
        threads: Vec<Thread>,
        condition: Condition,
    ) -> Self {
        let mut seen = vec![(false, false); locations.len()];
        for thread in &threads {
            thread.accesses(&mut |loc, atomic| {
                let (plainly, atomically) = &mut seen[loc.0];
                *(if atomic { atomically } else { plainly }) = true;
            });
        }
        let kind = |(plainly, atomically)| match (plainly, atomically) {
            (true, true) => Kind::Mixed,
            (true, false) => Kind::Plain,
            (false, _) => Kind::Atomic,
        };
        let locations = (locations.into_iter().zip(seen))
            .map(|((name, initial), seen)| Location { name, initial, kind: kind(seen) })
            .collect();
        Self { name, about, locations, threads, condition }
    }

    /// Is a location accessed both atomically and plainly? An engine must know how
    /// ([`Model::read_plainly`](crate::model::Model::read_plainly)).
    pub fn mixed(&self) -> bool {
        self.locations.iter().any(|location| location.kind == Kind::Mixed)
    }

    /// Is a location accessed plainly? The program may race then, and is not run on the machine.
    pub fn plain(&self) -> bool {
        self.locations.iter().any(|location| location.kind != Kind::Atomic)
    }
}

impl Thread {
    /// Tells `visit` of every access in the text: which location, and whether it is atomic.
    pub(super) fn accesses(&self, visit: &mut impl FnMut(Loc, bool)) {
        self.body.iter().for_each(|statement| statement.accesses(visit));
    }
}

impl Statement {
    fn accesses(&self, visit: &mut impl FnMut(Loc, bool)) {
        match self {
            Self::Declare(_, None) | Self::Fence(_) => {}
            Self::Declare(_, Some(value)) | Self::Assign(_, value) | Self::Do(value) => {
                value.accesses(visit);
            }
            Self::Write(loc, value) => {
                value.accesses(visit);
                visit(*loc, false);
            }
            Self::Store(loc, value, _) => {
                value.accesses(visit);
                visit(*loc, true);
            }
            Self::If(condition, then, otherwise) => {
                condition.accesses(visit);
                then.iter().chain(otherwise).for_each(|statement| statement.accesses(visit));
            }
        }
    }
}

impl Expr {
    fn accesses(&self, visit: &mut impl FnMut(Loc, bool)) {
        match self {
            Self::Const(_) | Self::Reg(_) => {}
            Self::Read(loc) => visit(*loc, false),
            Self::Load(loc, _) => visit(*loc, true),
            Self::Rmw(_, loc, operand, _) | Self::Cas { location: loc, new: operand, .. } => {
                operand.accesses(visit);
                visit(*loc, true);
            }
            Self::Unary(_, operand) => operand.accesses(visit),
            Self::Binary(_, left, right) => {
                left.accesses(visit);
                right.accesses(visit);
            }
        }
    }
}
