//! Signs of life of a search: how many executions it has behind it, and where its threads made their last
//! accesses. Who watches sees how fast it is, and that an actor touches shared memory no more.
#![allow(clippy::disallowed_types, reason = "what an engine counts is no protocol")]

use std::{
    cell::RefCell,
    panic::Location,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::card;

/// The pulse of one thread that takes part in a search.
#[derive(Debug, Default)]
struct Pulse {
    beats: AtomicU64,
    executions: AtomicU64,
    site: Mutex<Option<&'static Location<'static>>>,
    /// It waits for work, not for an actor.
    rests: AtomicBool,
}

/// What every watcher looks at.
static ALL: Mutex<Vec<Weak<Pulse>>> = Mutex::new(Vec::new());

/// Executions of threads that have ended.
static PAST: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static MINE: RefCell<Option<Arc<Pulse>>> = const { RefCell::new(None) };
}

/// The present thread takes part in a search as long as this lives.
#[derive(Debug)]
#[must_use]
pub(super) struct Alive(());

impl Alive {
    pub(super) fn new() -> Self {
        let pulse = Arc::new(Pulse::default());
        lock(&ALL).push(Arc::downgrade(&pulse));
        MINE.set(Some(pulse));
        Self(())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if let Some(pulse) = MINE.take() {
            PAST.fetch_add(pulse.executions.load(Relaxed), Relaxed);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The counters have one writer each.
fn increase(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}

fn beat(also: impl FnOnce(&Pulse)) {
    MINE.with_borrow(|mine| {
        if let Some(pulse) = mine {
            increase(&pulse.beats);
            also(pulse);
        }
    });
}

/// An actor makes an access.
pub(super) fn access(site: &'static Location<'static>) {
    beat(|pulse| *lock(&pulse.site) = Some(site));
}

/// An execution begins.
pub(super) fn execution() {
    beat(|pulse| increase(&pulse.executions));
}

/// Waits for what may take its time.
pub(super) fn resting<T>(wait: impl FnOnce() -> T) -> T {
    beat(|pulse| pulse.rests.store(true, Relaxed));
    let result = wait();
    beat(|pulse| pulse.rests.store(false, Relaxed));
    result
}

/// What a watcher sees.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vitals {
    /// Executions run in this process so far, those included that turned out to be dead ends.
    pub executions: u64,
    /// Since the watch began.
    pub seconds: f64,
    /// An actor that has not touched shared memory for so many seconds, if there is one, and where it did
    /// last.
    pub silent: Option<(f64, String)>,
}

/// An actor that is silent for so long will be so for ever.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How often a watcher looks.
const TICK: Duration = Duration::from_millis(200);

/// Watches the searches of this process until `tell` has had enough. Silence is counted in looks, so that a
/// stopped process, or one that gets no turn, is not silent.
pub fn watch(mut tell: impl FnMut(Vitals) -> bool + Send + 'static) {
    let start = Instant::now();
    let mut seen: Vec<Look> = Vec::new();
    thread::spawn(move || {
        loop {
            thread::sleep(TICK);
            let alive: Vec<_> = {
                let mut all = lock(&ALL);
                all.retain(|pulse| pulse.strong_count() > 0);
                all.iter().filter_map(Weak::upgrade).collect()
            };
            seen = alive.iter().map(|pulse| Look::at(pulse, &seen)).collect();
            let executions = alive.iter().map(|pulse| pulse.executions.load(Relaxed));
            let longest = alive.iter().zip(&seen).max_by_key(|(_, look)| look.silent_for);
            let vitals = Vitals {
                executions: PAST.load(Relaxed) + executions.sum::<u64>(),
                seconds: start.elapsed().as_secs_f64(),
                silent: longest.filter(|(_, look)| look.silent_for > 0).map(|(pulse, look)| {
                    let site = *lock(&pulse.site);
                    let site = site.map_or_else(|| "no access at all".into(), card::site);
                    (f64::from(look.silent_for) * TICK.as_secs_f64(), site)
                }),
            };
            if !tell(vitals) {
                return;
            }
        }
    });
}

/// What a look at a pulse found.
struct Look {
    pulse: Weak<Pulse>,
    beats: u64,
    /// Looks in a row that found it so.
    silent_for: u32,
}

impl Look {
    fn at(pulse: &Arc<Pulse>, before: &[Self]) -> Self {
        let beats = pulse.beats.load(Relaxed);
        let pulse_before = |look: &&Self| look.pulse.as_ptr() == Arc::as_ptr(pulse);
        let same = before.iter().find(pulse_before).filter(|look| look.beats == beats);
        let silent_for = match same {
            Some(look) if !pulse.rests.load(Relaxed) => look.silent_for + 1,
            _ => 0,
        };
        Self { pulse: Arc::downgrade(pulse), beats, silent_for }
    }
}

impl Vitals {
    /// Why the search should be ended, if it should.
    pub fn alarm(&self) -> Option<String> {
        let (seconds, site) = self.silent.as_ref()?;
        (*seconds >= PATIENCE.as_secs_f64()).then(|| {
            format!(
                "an actor has not touched shared memory for {seconds:.0} s (an endless loop, or a wait \
                 for what is not shared memory?): its last access was at {site}"
            )
        })
    }
}
