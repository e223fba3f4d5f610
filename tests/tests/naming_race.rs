//! A hundred processes race for one name, and some are killed while they do. Each has its say in every
//! round; what they say must fit together, and nothing is left behind.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use selvedge::{
    segment::{Cleaned, Directory},
    semaphore::{SemaphoreConfig, SharedSemaphore},
};
use selvedge_tests::{Gate, PRIZE, RACERS, STALE, Tick, mark};
use tempfile::TempDir;

/// One race at a time: the machine has few cores.
static COURSE: Mutex<()> = Mutex::new(());

/// A racer, which is killed when this is dropped.
struct Racer {
    child: Child,
    says: BufReader<ChildStdout>,
}

impl Racer {
    /// What it says next; `None` if it has died before.
    fn next(&mut self) -> Option<String> {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        line.strip_suffix('\n').map(str::to_owned)
    }
}

impl Drop for Racer {
    fn drop(&mut self) {
        // An error says that it has been reaped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the racers of a round said.
struct Round {
    number: u32,
    /// By slot: what it said, and whether it was killed.
    said: Vec<(Option<String>, bool)>,
}

impl Round {
    /// Marks of what those who survived said they had `word`.
    fn marks<'a>(&'a self, word: &'a str) -> impl Iterator<Item = u32> + 'a {
        let survivors = self.said.iter().filter(|(_, killed)| !killed);
        let said = survivors.filter_map(|(said, _)| said.as_deref());
        said.filter_map(move |said| said.strip_prefix(word)?.trim().parse().ok())
    }

    fn count(&self, word: &str) -> usize {
        self.said.iter().filter(|(said, _)| said.as_deref() == Some(word)).count()
    }

    /// Is it the mark of one that was killed in this round?
    fn is_of_killed(&self, found: u32) -> bool {
        let killed = self.said.iter().zip(0..).filter(|((_, killed), _)| *killed);
        killed.into_iter().any(|(_, slot)| found == mark(self.number, slot))
    }

    /// The one mark that all survivors who hold something saw; whoever created it is among them, or
    /// was killed, or it was there before.
    fn common_mark(&self) -> Option<u32> {
        let created: Vec<u32> = self.marks("created").collect();
        let mut all = self.marks("attached").chain(created.iter().copied());
        let found = all.next()?;
        assert!(all.all(|other| other == found), "two segments have one name: {:?}", self.said);
        assert!(created.len() <= 1, "two have created one: {:?}", self.said);
        let known = created == [found] || found == STALE || self.is_of_killed(found);
        assert!(known, "{found} was created by nobody: {:?}", self.said);
        Some(found)
    }
}

/// The racers, their course and its referee.
struct Race {
    role: fn(u32) -> &'static str,
    rounds: u32,
    /// Before the places, so that no racer misses them.
    racers: Vec<Racer>,
    directory: Directory,
    places: [TempDir; 2],
    start: Gate,
    detach: Gate,
    killed: u64,
}

impl Race {
    fn new(rounds: u32, role: fn(u32) -> &'static str) -> Self {
        let place = || tempfile::Builder::new().prefix("tests.").tempdir_in("/dev/shm").unwrap();
        let places = [place(), place()];
        let [start, detach] = Gate::pair(places[1].path()).unwrap();
        start.close().unwrap();
        detach.close().unwrap();
        let directory = Directory::at(places[0].path());
        let racers = Vec::new();
        let mut race = Self { role, rounds, racers, directory, places, start, detach, killed: 0 };
        race.racers = (0..RACERS).map(|slot| race.enter(slot, 0)).collect();
        race
    }

    /// A racer that takes part from the round `first` on.
    fn enter(&self, slot: u32, first: u32) -> Racer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_race_for_name"));
        let places = self.places.each_ref().map(TempDir::path);
        let numbers = [slot, first, self.rounds].map(|number| number.to_string());
        command.args(places).args(numbers).arg((self.role)(slot));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let says = BufReader::new(child.stdout.take().unwrap());
        Racer { child, says }
    }

    /// Something that has the name and that nobody uses.
    fn leave_stale(&self) {
        let config = SemaphoreConfig::counting(u32::MAX >> 1).initially(STALE);
        drop(self.directory.create::<SharedSemaphore>(PRIZE, config).unwrap());
    }

    /// Kills up to three racers while the round is on, in every other round.
    fn kill_some(&mut self, number: u32) -> Vec<usize> {
        let random = |nth: u64| Tick::nth(u64::from(number) * 8 + nth).mix >> 16;
        let mut victims = Vec::new();
        for nth in 0..if number.is_multiple_of(2) { random(0) % 4 } else { 0 } {
            thread::sleep(Duration::from_micros(random(nth + 1) % 700));
            let slot = (random(nth + 4) % u64::from(RACERS)) as usize;
            self.racers[slot].child.kill().unwrap();
            victims.push(slot);
        }
        victims
    }

    /// Runs a round. `meanwhile` is called when everybody has had their say, and holds what they hold.
    fn round(&mut self, number: u32, meanwhile: impl FnOnce(&Directory, &Round)) -> Round {
        self.start.open().unwrap();
        let victims = self.kill_some(number);
        let said = self.racers.iter_mut().enumerate().map(|(slot, racer)| {
            let killed = victims.contains(&slot);
            let said = racer.next();
            assert!(killed || said.is_some(), "racer {slot} failed in round {number}");
            (said, killed)
        });
        let round = Round { number, said: said.collect() };
        for &slot in &victims {
            self.racers[slot].child.wait().unwrap();
        }
        self.start.close().unwrap();
        meanwhile(&self.directory, &round);
        self.detach.open().unwrap();
        for (slot, racer) in self.racers.iter_mut().enumerate() {
            let said = racer.next();
            assert!(victims.contains(&slot) || said.as_deref() == Some("detached"), "{said:?}");
        }
        self.detach.close().unwrap();
        for slot in victims {
            self.racers[slot] = self.enter(slot as u32, number + 1);
            self.killed += 1;
        }
        round
    }

    /// Nothing is left in the directory, and all have ended well.
    fn end(mut self) {
        for racer in &mut self.racers {
            assert!(racer.child.wait().unwrap().success());
        }
        assert_eq!(fs::read_dir(self.places[0].path()).unwrap().count(), 0);
        assert!(self.killed > u64::from(self.rounds) / 4, "only {} were killed", self.killed);
    }
}

fn assert_used(directory: &Directory, _: &Round) {
    assert_eq!(directory.clean(PRIZE).unwrap(), Cleaned::InUse, "cleaning spares what is in use");
}

#[test]
fn a_hundred_processes_create_or_attach() {
    let _alone = COURSE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut race = Race::new(1000, |_| "create or attach");
    let mut dead_creators = 0;
    for number in 0..1000 {
        let round = race.round(number, assert_used);
        let created = round.common_mark().expect("most survive");
        assert_ne!(created, STALE, "nothing was there before");
        dead_creators += u32::from(round.is_of_killed(created));
        assert_eq!(race.directory.clean(PRIZE).unwrap(), Cleaned::Removed);
    }
    assert!(dead_creators > 0, "no creator was killed");
    race.end();
}

#[test]
fn a_hundred_processes_take_over() {
    let _alone = COURSE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut race = Race::new(200, |_| "take over");
    for number in 0..200 {
        race.leave_stale();
        let round = race.round(number, |directory, round| {
            if round.common_mark().is_some() {
                assert_used(directory, round);
            }
        });
        let cleaned = race.directory.clean(PRIZE).unwrap();
        match round.common_mark() {
            Some(_) => assert_eq!(cleaned, Cleaned::Removed),
            // Who had the name was killed, or died before it created another.
            None => assert!(round.said.iter().any(|(_, killed)| *killed), "{:?}", round.said),
        }
        assert!(round.count("in use") >= 90, "{:?}", round.said);
    }
    race.end();
}

#[test]
fn cleaners_among_a_hundred_processes() {
    let _alone = COURSE.lock().unwrap_or_else(PoisonError::into_inner);
    let role = |slot: u32| if slot.is_multiple_of(4) { "clean" } else { "create or attach" };
    let mut race = Race::new(200, role);
    let (mut kept, mut removed) = (0, 0);
    for number in 0..200 {
        race.leave_stale();
        let round = race.round(number, assert_used);
        kept += u32::from(round.common_mark() == Some(STALE));
        removed += round.count("clean: Removed");
        assert_eq!(race.directory.clean(PRIZE).unwrap(), Cleaned::Removed);
    }
    assert!(kept > 0, "the stale name was never kept");
    assert!(removed > 0, "the stale name was never removed");
    race.end();
}
