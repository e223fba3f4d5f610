//! What one execution did, access by access, for the report of a failure.

use std::cell::RefCell;

/// One access to shared memory.
#[derive(Clone, Debug)]
struct Access {
    actor: usize,
    /// As it is shown.
    site: String,
    what: String,
}

#[derive(Default)]
struct Trace {
    on: bool,
    accesses: Vec<Access>,
    actors: Vec<(usize, &'static str)>,
}

/// A trace longer than this is cut at the front: the end is where it went wrong.
const LONGEST: usize = 400;

thread_local! {
    // The engines run all threads of a model on one thread of the machine.
    static TRACE: RefCell<Trace> = RefCell::default();
}

/// Forgets the last execution; records the next one if `on`.
pub(super) fn start(on: bool) {
    TRACE.with_borrow_mut(|trace| *trace = Trace { on, ..Trace::default() });
}

/// Gives the thread with the engine's number `thread` a name.
pub(super) fn name(thread: usize, name: &'static str) {
    TRACE.with_borrow_mut(|trace| trace.actors.push((thread, name)));
}

/// Is this execution recorded?
pub(super) fn is_on() -> bool {
    TRACE.with_borrow(|trace| trace.on)
}

/// Records an access of the present execution.
pub(super) fn record(actor: usize, site: String, what: String) {
    TRACE.with_borrow_mut(|trace| trace.accesses.push(Access { actor, site, what }));
}

/// The recorded execution, a line an access: actor, site, what it did.
pub(super) fn lines() -> Vec<String> {
    TRACE.with_borrow(|trace| {
        let skipped = trace.accesses.len().saturating_sub(LONGEST);
        let cut = (skipped > 0).then(|| format!("({skipped} earlier accesses)"));
        let lines = trace.accesses[skipped..].iter().map(|access| {
            let named = trace.actors.iter().find(|(thread, _)| *thread == access.actor);
            let actor = named.map_or("main", |(_, name)| name);
            format!("{actor:<10} {:<22} {}", access.site, access.what)
        });
        cut.into_iter().chain(lines).collect()
    })
}
