//! The arguments that `cargo test` hands to every test program, and a few of our own.

use std::env;

/// What is to be run, and how.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Only say what there is.
    pub list: bool,
    /// Also die at each repetition of a loop.
    pub all: bool,
    /// Step all the way, without breakpoints.
    pub step: bool,
    /// Of an operation's instructions, and of a grid's pairs of them, every so many.
    pub every: Option<usize>,
    /// Interrupt operations, and kill nobody in the midst of one.
    pub interrupt: bool,
    exact: bool,
    filters: Vec<String>,
    skip: Vec<String>,
}

impl Arguments {
    /// The program's. What only the usual runner understands is ignored, with its value.
    pub(super) fn parse() -> Self {
        Self::of(env::args().skip(1))
    }

    fn of(args: impl IntoIterator<Item = String>) -> Self {
        let mut this = Self::default();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let (flag, mut value) = match arg.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => (flag, Some(value.to_owned())),
                _ => (&*arg, None),
            };
            match flag {
                "--list" => this.list = true,
                "--all" => this.all = true,
                "--step" => this.step = true,
                "--interrupt" => this.interrupt = true,
                "--exact" => this.exact = true,
                "--every" => {
                    let every = value.take().or_else(|| args.next()).and_then(|n| n.parse().ok());
                    this.every = Some(every.filter(|n| *n > 0).expect("--every N"));
                }
                "--skip" => this.skip.extend(value.take().or_else(|| args.next())),
                "--test-threads" | "--format" | "--color" | "--logfile" | "--shuffle-seed"
                | "-Z" => {
                    if value.is_none() {
                        args.next();
                    }
                }
                _ if flag.starts_with('-') => {}
                _ => this.filters.push(arg),
            }
        }
        this
    }

    /// Is what has this name to be run?
    #[must_use]
    pub fn select(&self, name: &str) -> bool {
        let fits = |filter: &String| {
            if self.exact { name == filter } else { name.contains(filter.as_str()) }
        };
        (self.filters.is_empty() || self.filters.iter().any(fits)) && !self.skip.iter().any(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(line: &str, name: &str) -> bool {
        Arguments::of(line.split_whitespace().map(str::to_owned)).select(name)
    }

    #[test]
    fn filters_are_cargo_tests() {
        assert!(select("", "spsc push"));
        assert!(select("--test-threads 1 --nocapture push", "spsc push"));
        assert!(!select("--color=never --format terse pop", "spsc push"));
        assert!(!select("--exact push", "spsc push"));
        assert!(!select("spsc --skip push", "spsc push"));
    }
}
