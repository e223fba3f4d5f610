//! One victim, killed or interrupted at every instruction.

use core::fmt::Write as _;
use std::time::Instant;

use selvedge::signal::Set;

use super::{
    Account, Arguments, Death, Harm, INTERRUPT, Subject, Told,
    path::Path,
    perform, refused,
    tracee::{Astray, Stop, Tracee},
    watch,
};
use crate::maps::{self, Mapping};

/// No operation is as long as that: it is in a loop that single steps do not end.
const TOO_LONG: usize = 1_000_000;

/// As many times fewer are interrupted, unless told otherwise.
const FEWER: usize = 10;

/// How often the way is recorded, at most. It depends on the time, here and there: a sum of seconds and
/// nanoseconds carries, or not. The one that is gone most often is taken.
const RECORDINGS: usize = 9;

/// A way that is gone so often is taken at once.
const AGREED: usize = 3;

/// How many victims may go another way before an instruction counts as skipped.
const TRIES: usize = 24;

/// Of an operation with more instructions than that, only every so many are died at, unless told otherwise.
const MANY: usize = if cfg!(debug_assertions) { 80 } else { 800 };

/// After so many failures the rest of an operation is left, and counts as skipped.
const ENOUGH: usize = 8;

/// An operation, and how its death is looked at.
///
/// `W` is the survivors' side, made afresh for each death; `V` is the victim's.
#[derive(Debug)]
pub struct Operation<W, V> {
    /// The protocol, then the operation.
    pub name: &'static str,
    /// How many permits or records may go with the dead.
    pub allowed: u64,
    /// The operation that has the same world and the same way as far as the first call of the kernel:
    /// its deaths there are not died again.
    pub begins_as: Option<&'static str>,
    /// Makes the object, and what the survivors have.
    pub prepare: fn() -> W,
    /// In the victim's process: attaches, and does what comes before the operation.
    pub victim: fn(&W) -> V,
    /// The operation, whose result it returns as a number.
    pub operate: fn(&mut V) -> u64,
    /// Called once the victim sleeps in the operation, if it does.
    pub meanwhile: fn(&mut W),
    /// After the death: survivors go on, and account for everything.
    pub survive: fn(W, Death) -> Account,
}

/// Nobody does anything while the victim sleeps.
pub(super) fn nothing<W>(_: &mut W) {}

impl<W, V> Operation<W, V> {
    /// What is not said otherwise: while the victim sleeps, nobody does anything.
    pub const NOTHING: fn(&mut W) = nothing::<W>;
}

/// An instruction, as `addr2line -e` wants it: file and distance from where the file is mapped.
fn place_of(pc: u64) -> String {
    match maps::all().into_iter().find(|mapping| mapping.range.contains(&pc)) {
        Some(Mapping { file, base, .. }) => {
            let name = file.rsplit('/').next().unwrap_or(&file);
            format!("{name}+{:#x}", pc - base)
        }
        None => format!("{pc:#x}"),
    }
}

/// How victims are disturbed.
struct How<'a> {
    /// Or kills.
    interrupts: bool,
    arguments: &'a Arguments,
}

impl How<'_> {
    fn verb(&self) -> &'static str {
        if self.interrupts { "interrupted" } else { "killed" }
    }
}

/// What came of an operation.
#[derive(Debug, Default)]
struct Tally {
    instructions: usize,
    /// Those at the beginning that another operation has died at.
    shared: usize,
    /// Those that were left out: a loop's.
    repetitions: usize,
    /// Those that were left out, being in between: see [`Arguments::every`].
    between: usize,
    deaths: usize,
    asleep: usize,
    skipped: usize,
    /// Wedged, lost, doubled, corrupt.
    harms: [usize; 4],
    lost: u64,
    details: String,
}

impl Tally {
    fn count(&mut self, account: Account, allowed: u64, place: &str, pc: Option<u64>) {
        self.deaths += 1;
        let harm = match account {
            Ok(lost) if lost <= allowed => {
                self.lost += lost;
                return;
            }
            Ok(lost) => Harm::Lost(lost.to_string()),
            Err(harm) => harm,
        };
        let kind = match harm {
            Harm::Wedged(_) => 0,
            Harm::Lost(_) => 1,
            Harm::Doubled(_) => 2,
            Harm::Corrupt(_) => 3,
        };
        self.harms[kind] += 1;
        let pc = pc.map_or("the end".into(), place_of);
        // Writing to a string does not fail.
        let _ = write!(self.details, "\n    {place}, at {pc}: {harm}");
    }

    fn harms(&self) -> usize {
        self.harms.iter().sum()
    }
}

impl<W, V> Operation<W, V> {
    /// A victim at its first mark.
    fn start(&self, world: &W, told: &Told) -> Result<Tracee, Astray> {
        watch();
        told.clear();
        let ready = || {
            told.handle();
            (self.victim)(world)
        };
        Tracee::start(|| perform(told.word(0), ready, self.operate))
    }

    /// Steps through all of it, a few times.
    fn record(&self, told: &Told) -> Result<Path, Astray> {
        let mut paths: Vec<(Path, usize)> = Vec::new();
        for _ in 0..RECORDINGS {
            let path = self.record_once(told)?;
            match paths.iter_mut().find(|(other, _)| *other == path) {
                Some((_, times)) if *times + 1 == AGREED => return Ok(path),
                Some((_, times)) => *times += 1,
                None => paths.push((path, 1)),
            }
        }
        let (most, _) = paths.into_iter().max_by_key(|(_, times)| *times).expect("a few");
        Ok(most)
    }

    fn record_once(&self, told: &Told) -> Result<Path, Astray> {
        let mut world = (self.prepare)();
        let mut victim = self.start(&world, told)?;
        let mut path = Path::default();
        loop {
            let pc = victim.pc();
            path.push(pc, victim.enters_kernel(pc));
            if victim.step(&mut || (self.meanwhile)(&mut world))? == Stop::Mark {
                return Ok(path);
            }
            if path.len() > TOO_LONG {
                return Err(Astray::Lost(format!("no end after {TOO_LONG} instructions")));
            }
        }
    }

    /// Brings a victim to instruction `n` of the way; `false` if it went another.
    fn bring(
        victim: &mut Tracee,
        path: &Path,
        n: usize,
        step: bool,
        meanwhile: &mut dyn FnMut(),
    ) -> Result<bool, Astray> {
        let mut steps = n;
        if let Some(landmark) = path.landmark(n).filter(|_| !step) {
            match victim.run_to(landmark, meanwhile) {
                Ok(true) => steps = landmark.steps,
                Ok(false) => {}
                Err(Astray::Lost(_)) => return Ok(false),
                Err(refused) => return Err(refused),
            }
        }
        let mut stop = Stop::Trap;
        for _ in 0..steps {
            if stop == Stop::Mark {
                return Ok(false);
            }
            stop = victim.step(meanwhile)?;
        }
        Ok(match path.at(n) {
            Some(pc) => stop == Stop::Trap && victim.pc() == pc,
            None => stop == Stop::Mark,
        })
    }

    /// One death, or interruption, at instruction `n`, or in its middle if it sleeps in it. `None`: the victim did not
    /// get there, or does not sleep.
    fn disturb(
        &self,
        told: &Told,
        path: &Path,
        n: usize,
        asleep: bool,
        how: &How<'_>,
    ) -> Result<Option<Account>, Astray> {
        for attempt in 0..TRIES {
            let step = how.arguments.step || attempt % 4 == 3;
            let mut world = (self.prepare)();
            let mut victim = self.start(&world, told)?;
            let mut meanwhile = || (self.meanwhile)(&mut world);
            if !Self::bring(&mut victim, path, n, step, &mut meanwhile)? {
                continue;
            }
            if asleep && victim.step_until_asleep()? != Stop::Asleep {
                return Ok(None);
            }
            // Behind the last one it has sent itself the signal that stops it.
            let harm = match how.interrupts && n + 1 < path.len() {
                true => interrupt(&mut victim, told, asleep, &mut meanwhile),
                false => Ok(()),
            };
            victim.kill();
            return Ok(Some(harm.and_then(|()| (self.survive)(world, told.death(0)))));
        }
        Ok(None)
    }

    fn run(&self, told: &Told, path: &mut Path, how: &How<'_>) -> Result<Tally, Astray> {
        let once = (0..path.len()).filter(|n| !path.repeats(*n)).count();
        let many = if how.interrupts { MANY / FEWER } else { MANY };
        let every = how.arguments.every.unwrap_or(once.div_ceil(many));
        // To its end, as it is without interruptions.
        self.disturb(told, path, path.len(), false, how)?;
        told.expected.set(Some(told.death(0)));
        let mut tally = Tally::default();
        if self.begins_as.is_some() {
            tally.shared = *path.calls().first().expect("an operation that sleeps");
        }
        let (mut n, mut again) = (tally.shared, 0);
        while n <= path.len() {
            if !how.arguments.all && path.repeats(n) {
                tally.repetitions += 1;
            } else if n % every != 0 && n < path.len() && !path.calls().contains(&n) {
                tally.between += 1;
            } else if tally.harms() >= ENOUGH {
                tally.skipped += 1;
            } else if let Some(account) = self.disturb(told, path, n, false, how)? {
                let place = format!("{} before instruction {n} of {}", how.verb(), path.len());
                tally.count(account, self.allowed, &place, path.at(n));
            } else if again < RECORDINGS {
                // The way has changed for good, by what the parent's memory looks like.
                again += 1;
                *path = self.record(told)?;
                continue;
            } else {
                tally.skipped += 1;
            }
            n += 1;
        }
        for n in path.calls().iter().copied() {
            if tally.harms() >= ENOUGH {
                break;
            }
            if let Some(account) = self.disturb(told, path, n, true, how)? {
                tally.asleep += 1;
                let place = format!("{} asleep in instruction {n} of {}", how.verb(), path.len());
                tally.count(account, self.allowed, &place, path.at(n));
            }
        }
        tally.instructions = path.len();
        Ok(tally)
    }
}

/// A handler runs where the victim is, and raises a signal; the operation goes on to its end.
fn interrupt(
    victim: &mut Tracee,
    told: &Told,
    asleep: bool,
    meanwhile: &mut dyn FnMut(),
) -> Result<(), Harm> {
    let ended = match asleep {
        true => victim.interrupt_asleep(INTERRUPT, meanwhile),
        false => victim.interrupt(INTERRUPT, meanwhile),
    };
    match ended {
        Ok(Stop::Mark) => {}
        other => return Err(Harm::Wedged(format!("interrupted, {other:?}"))),
    }
    if !told.raised.take(Set::ALL).contains(0) {
        return Err(Harm::Lost("the signal".into()));
    }
    match (told.death(0), told.expected.get()) {
        (death, Some(expected)) if death != expected => {
            Err(Harm::Corrupt(format!("{death:?}, and not {expected:?}")))
        }
        _ => Ok(()),
    }
}

impl<W, V> Operation<W, V> {
    /// Says in a line what came of it; `Err` if it is red.
    fn report(&self, told: &Told, path: &mut Path, how: &How<'_>) -> Result<String, String> {
        let start = Instant::now();
        let tally = self.or_lost(self.run(told, path, how))?;
        let Tally { instructions, deaths, asleep, skipped, lost, .. } = tally;
        let [wedged, too_many, doubled, corrupt] = tally.harms;
        let shared = self.begins_as.map_or(String::new(), |other| {
            format!(" (the first {} as in {other:?})", tally.shared)
        });
        let left_out = match (tally.repetitions, tally.between) {
            (0, 0) => String::new(),
            (n, 0) => format!(" ({n} repetitions left out)"),
            (n, between) => format!(" ({n} repetitions and {between} in between left out)"),
        };
        let what = if how.interrupts { "interruptions" } else { "deaths" };
        let line = format!(
            "{}: {instructions} instructions{shared}{left_out}, {deaths} {what} ({asleep} asleep), skipped {skipped}, \
             wedged {wedged}, lost {lost} ({} a death allowed, {too_many} times more), \
             doubled {doubled}, corrupt {corrupt}; {:.1} s{}",
            self.name,
            self.allowed,
            start.elapsed().as_secs_f64(),
            tally.details,
        );
        let green = tally.shared + tally.repetitions + tally.between + deaths > instructions
            && skipped == 0
            && tally.harms() == 0;
        if green { Ok(line) } else { Err(line) }
    }

    fn or_lost<T>(&self, had: Result<T, Astray>) -> Result<T, String> {
        had.map_err(|astray| match astray {
            Astray::Lost(how) => format!("{}: {how}", self.name),
            Astray::Refused(_) => refused(&astray),
        })
    }
}

impl<W, V> Subject for Operation<W, V> {
    fn name(&self) -> &str {
        self.name
    }

    fn run(&self, arguments: &Arguments) -> Result<String, String> {
        let told = Told::new();
        let mut path = self.or_lost(self.record(&told))?;
        let kill = (!arguments.interrupt).then_some(false);
        let interrupt = (arguments.interrupt || arguments.every.is_none()).then_some(true);
        let hows = [kill, interrupt].into_iter().flatten();
        let reports: Vec<_> = hows
            .map(|interrupts| self.report(&told, &mut path, &How { interrupts, arguments }))
            .collect();
        let is_green = reports.iter().all(Result::is_ok);
        let lines: Vec<_> =
            reports.into_iter().map(|report| report.unwrap_or_else(|line| line)).collect();
        if is_green { Ok(lines.join("\n")) } else { Err(lines.join("\n")) }
    }
}
