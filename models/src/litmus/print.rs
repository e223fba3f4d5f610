//! Writes a litmus test: what [`Program::parse`] reads back.

use std::fmt::{self, Write};

use selvedge::platform::{
    Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst},
    Rmw, Strength,
};

use super::{
    Binary, Expr, Kind, Loc, Location, Program, Proposition, Quantifier, Reg, Statement, Thread,
    Unary,
};

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "C {}", self.name)?;
        if !self.about.is_empty() {
            writeln!(f, "\"{}\"", self.about)?;
        }
        f.write_str("{ ")?;
        for Location { name, initial, .. } in &self.locations {
            write!(f, "{name}={initial}; ")?;
        }
        f.write_str("}\n")?;
        for (number, thread) in self.threads.iter().enumerate() {
            writeln!(f, "P{number} ({}) {{", self.parameters(thread))?;
            let names = Names { locations: &self.locations, registers: &thread.registers };
            names.block(&thread.body, 1, f)?;
            f.write_str("}\n")?;
        }
        let quantifier = match self.condition.quantifier {
            Quantifier::Exists => "exists",
            Quantifier::NotExists => "~exists",
            Quantifier::Forall => "forall",
        };
        writeln!(f, "{quantifier} ({})", self.proposition(&self.condition.proposition, 0))
    }
}

impl Program {
    /// The locations that a thread uses.
    fn parameters(&self, thread: &Thread) -> String {
        let mut used = vec![false; self.locations.len()];
        thread.accesses(&mut |loc, _| used[loc.0] = true);
        let used = self.locations.iter().zip(used).filter(|(_, used)| *used);
        let parameters: Vec<String> = used
            .map(|(Location { name, kind, .. }, _)| match kind {
                Kind::Plain => format!("int* {name}"),
                Kind::Atomic | Kind::Mixed => format!("atomic_int* {name}"),
            })
            .collect();
        parameters.join(", ")
    }

    /// A proposition where `\/` (0), only `/\` (1) or neither (2) can stand without parentheses.
    fn proposition(&self, proposition: &Proposition, level: u8) -> String {
        let (own, text) = match proposition {
            Proposition::True => return "true".into(),
            Proposition::Register(thread, reg, value) => {
                return format!("{thread}:{}={value}", self.threads[*thread].registers[reg.0]);
            }
            Proposition::Location(loc, value) => {
                return format!("{}={value}", self.locations[loc.0].name);
            }
            Proposition::Not(p) => return format!("~ {}", self.proposition(p, 2)),
            Proposition::And(p, q) => {
                (1, format!("{} /\\ {}", self.proposition(p, 1), self.proposition(q, 2)))
            }
            Proposition::Or(p, q) => {
                (0, format!("{} \\/ {}", self.proposition(p, 0), self.proposition(q, 1)))
            }
        };
        if own < level { format!("({text})") } else { text }
    }
}

/// What locations and registers are called.
struct Names<'a> {
    locations: &'a [Location],
    registers: &'a [String],
}

impl Names<'_> {
    fn loc(&self, loc: Loc) -> &str {
        &self.locations[loc.0].name
    }

    fn reg(&self, reg: Reg) -> &str {
        &self.registers[reg.0]
    }

    fn block(&self, body: &[Statement], depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for statement in body {
            write!(f, "{:1$}", "", 2 * depth)?;
            match statement {
                Statement::Declare(reg, None) => write!(f, "int {};", self.reg(*reg)),
                Statement::Declare(reg, Some(value)) => {
                    write!(f, "int {} = {};", self.reg(*reg), self.expr(value))
                }
                Statement::Assign(reg, value) => {
                    write!(f, "{} = {};", self.reg(*reg), self.expr(value))
                }
                Statement::Write(loc, value) => {
                    write!(f, "*{} = {};", self.loc(*loc), self.expr(value))
                }
                Statement::Store(loc, value, order) => {
                    let (loc, value) = (self.loc(*loc), self.expr(value));
                    write!(f, "atomic_store_explicit({loc}, {value}, {});", memory_order(*order))
                }
                Statement::Fence(order) => {
                    write!(f, "atomic_thread_fence({});", memory_order(*order))
                }
                Statement::If(condition, then, otherwise) => {
                    writeln!(f, "if ({}) {{", self.expr(condition))?;
                    self.block(then, depth + 1, f)?;
                    if !otherwise.is_empty() {
                        writeln!(f, "{:1$}}} else {{", "", 2 * depth)?;
                        self.block(otherwise, depth + 1, f)?;
                    }
                    write!(f, "{:1$}}}", "", 2 * depth)
                }
                Statement::Do(value @ (Expr::Load(..) | Expr::Rmw(..) | Expr::Cas { .. })) => {
                    write!(f, "{};", self.expr(value))
                }
                Statement::Do(value) => write!(f, "({});", self.expr(value)),
            }?;
            f.write_char('\n')?;
        }
        Ok(())
    }

    fn expr(&self, expr: &Expr) -> String {
        match expr {
            Expr::Const(value) => value.to_string(),
            Expr::Reg(reg) => self.reg(*reg).into(),
            Expr::Read(loc) => format!("*{}", self.loc(*loc)),
            Expr::Load(loc, order) => {
                format!("atomic_load_explicit({}, {})", self.loc(*loc), memory_order(*order))
            }
            Expr::Rmw(rmw, loc, operand, order) => {
                let operation = match rmw {
                    Rmw::Add => "fetch_add",
                    Rmw::Sub => "fetch_sub",
                    Rmw::Or => "fetch_or",
                    Rmw::And => "fetch_and",
                    Rmw::Swap => "exchange",
                };
                let (loc, operand) = (self.loc(*loc), self.expr(operand));
                format!("atomic_{operation}_explicit({loc}, {operand}, {})", memory_order(*order))
            }
            Expr::Cas { strength, location, expected, new, success, failure } => {
                let strength = match strength {
                    Strength::Weak => "weak",
                    Strength::Strong => "strong",
                };
                let (loc, expected, new) =
                    (self.loc(*location), self.reg(*expected), self.expr(new));
                let (success, failure) = (memory_order(*success), memory_order(*failure));
                format!(
                    "atomic_compare_exchange_{strength}_explicit\
                     ({loc}, &{expected}, {new}, {success}, {failure})"
                )
            }
            Expr::Unary(unary, operand) => {
                let sign = match unary {
                    Unary::Not => '!',
                    Unary::Negate => '-',
                };
                // `-1` is a number.
                let is_number = matches!(**operand, Expr::Const(_));
                let operand = self.operand(operand);
                if is_number { format!("{sign}({operand})") } else { format!("{sign}{operand}") }
            }
            Expr::Binary(binary, left, right) => {
                let sign = Binary::TABLE.iter().find(|(it, ..)| it == binary);
                let sign = sign.map_or("", |(_, sign, _)| sign);
                format!("{} {sign} {}", self.operand(left), self.operand(right))
            }
        }
    }

    /// An expression, in parentheses if it has an operator.
    fn operand(&self, expr: &Expr) -> String {
        match expr {
            Expr::Unary(..) | Expr::Binary(..) => format!("({})", self.expr(expr)),
            _ => self.expr(expr),
        }
    }
}

/// What C calls a memory order.
pub(super) fn memory_order(order: Ordering) -> &'static str {
    match order {
        Relaxed => "memory_order_relaxed",
        Acquire => "memory_order_acquire",
        Release => "memory_order_release",
        AcqRel => "memory_order_acq_rel",
        SeqCst => "memory_order_seq_cst",
        _ => unreachable!("the platform has five orderings"),
    }
}
