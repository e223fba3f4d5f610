//! Runs a program along a graph: each thread, a coroutine, is given what the graph says of its events,
//! as far as the graph goes, and then asks what comes next.
//!
//! A thread cannot be wound back, so each execution starts afresh and is replayed up to the graph's
//! end. A replayed event waits for the events that it reads from, so that whatever scenarios share
//! besides shared memory (a recorder, say) is touched in an order that the graph allows.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use corosensei::{Coroutine, CoroutineResult, Yielder, stack::DefaultStack};

use super::{
    ask::Ask,
    event::{EventId, Flavour, Kind, Loc, MOST_THREADS, Site},
    graph::Graph,
    mortal,
    path::Path,
    search::{Flaw, Search},
    story::{self, Note},
};
use crate::{
    card,
    engine::{death, pulse, trace::Trace},
};

/// A stack's size; what lies below it is guarded.
const STACK: usize = 256 * 1024;

type Fiber = Coroutine<(), (), ()>;

/// How far a thread is.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// It has not been started in this execution.
    Absent,
    /// It can go on.
    Ready,
    /// It is to read from this event, which has not been replayed yet.
    Behind(EventId),
    /// It wants to do this next.
    Asks(Ask, Site),
    Ended,
}

pub(super) struct Thread {
    fiber: Option<Fiber>,
    yielder: *const Yielder<(), ()>,
    pub(super) state: State,
    pub(super) name: &'static str,
    /// Events of the graph that lie behind it.
    done: u16,
    /// Locations that it has made.
    locations: u16,
    /// Where its present read-modify-write, or stay in a futex's queue, began.
    pub(super) section: Option<u16>,
    /// May it die?
    pub(super) mortal: bool,
    /// Has it done anything that others can tell since it could die last?
    pub(super) has_acted: bool,
    /// Has it woken for no reason?
    pub(super) has_woken: bool,
    /// The dead whom it has noticed when a slice of its sleep ended.
    pub(super) noticed: u64,
    /// The registry slots whose locks it holds.
    pub(super) holds: u64,
}

impl Thread {
    const ABSENT: Self = Self {
        fiber: None,
        yielder: std::ptr::null(),
        state: State::Absent,
        name: "",
        done: 0,
        locations: 0,
        section: None,
        mortal: false,
        has_acted: false,
        has_woken: false,
        noticed: 0,
        holds: 0,
    };
}

/// What the machine of this thread of the process is at.
pub(super) struct Machine {
    pub(super) search: Search,
    pub(super) threads: [Thread; MOST_THREADS],
    pub(super) current: u8,
    /// Fibers are being unwound: whatever they still ask is answered without effect.
    pub(super) is_over: bool,
    /// What the threads say, if somebody listens.
    notes: Option<Vec<Note>>,
}

thread_local! {
    static MACHINE: RefCell<Option<Machine>> = const { RefCell::new(None) };
    /// Stacks for use again.
    static STACKS: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
}

/// How an execution ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Every thread came to its end.
    Complete,
    /// A thread waits for what this execution does not bring, but another one does.
    Blocked,
    /// Nobody can go on, for ever.
    Stuck(String),
    /// Two accesses must not be as they are.
    Flawed(Flaw),
    /// The search's own dead end.
    Pruned,
}

/// What the program is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) value: u64,
    /// A read that a write follows.
    pub(super) updates: bool,
}

pub(super) fn with<T>(f: impl FnOnce(&mut Machine) -> T) -> T {
    MACHINE.with_borrow_mut(|machine| f(machine.as_mut().expect("only the explorer's fibers ask")))
}

/// Sets up a search on this thread of the process; `end` gives it back.
pub(super) fn begin(search: Search) {
    let threads = [const { Thread::ABSENT }; MOST_THREADS];
    let machine = Machine { search, threads, current: 0, is_over: false, notes: None };
    MACHINE.set(Some(machine));
}

/// From here on what the threads say is noted, for [`trace`].
pub(super) fn listen() {
    with(|machine| machine.notes = Some(Vec::new()));
}

/// The present thread says something, if somebody listens.
pub(super) fn note(site: Site, what: impl FnOnce() -> String) {
    let moment = moment();
    with(|machine| {
        if let Some(notes) = &mut machine.notes
            && !machine.is_over
        {
            notes.push((moment, site, what()));
        }
    });
}

/// The execution at hand, as it is told.
pub(super) fn trace() -> Trace {
    with(|machine| {
        let names = machine.threads.each_ref().map(|thread| thread.name);
        let notes = machine.notes.as_deref().unwrap_or_default();
        story::trace(machine.search.graph(), names, notes)
    })
}

/// The part of what is still to be tried that was noted first.
pub(super) fn give_away() -> Option<Path> {
    with(|machine| machine.search.give_away())
}

/// The name of an event's thread.
pub(super) fn name(event: EventId) -> &'static str {
    with(|machine| machine.threads[usize::from(event.thread)].name)
}

/// The node at hand.
pub(super) fn path() -> Path {
    with(|machine| machine.search.path().clone())
}

/// Does the node at hand belong to what is searched?
pub(super) fn is_within() -> bool {
    with(|machine| machine.search.is_within())
}

pub(super) fn end() -> Search {
    MACHINE.take().expect("a search has begun").search
}

/// Goes on to the next graph; `false` if there is none.
pub(super) fn advance() -> bool {
    with(|machine| machine.search.advance())
}

/// What `look` finds in the graph at hand.
pub(super) fn inspect<T>(look: impl FnOnce(&Graph) -> T) -> T {
    with(|machine| look(machine.search.graph()))
}

/// Runs `main` and the threads that it starts, along the graph at hand and on to an end, or until there are
/// so many events; and says what `main` returned.
///
/// # Panics
/// With the panic of a thread.
pub(super) fn execute<T: 'static>(
    events: usize,
    main: impl FnOnce() -> T + 'static,
) -> (Ended, Option<T>) {
    let result = Rc::new(RefCell::new(None));
    let returned = result.clone();
    start(0, "main", move || {
        let value = main();
        *returned.borrow_mut() = Some(value);
    });
    let ended = catch_unwind(AssertUnwindSafe(|| run(events)));
    finish();
    match ended {
        Ok(ended) => (ended, result.take()),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Runs `main` along the graph at hand, and on while there is an event that can come in one way only: it
/// comes in every execution that goes on from here. Says what can come then, and, if nothing can, how that
/// execution ended.
#[cfg(test)]
pub(super) fn frontier(main: impl FnOnce() + 'static) -> (Vec<(u8, Ask, Site)>, Option<Ended>) {
    start(0, "main", main);
    let next = loop {
        settle();
        let next: Vec<_> = with(|machine| machine.candidates().collect());
        let Some(sure) = next.iter().find(|(_, ask, _)| matches!(ask, Ask::Plainly(_))) else {
            break next;
        };
        with(|machine| machine.add(*sure));
    };
    let ended = next.is_empty().then(|| with(Machine::conclude));
    finish();
    (next, ended)
}

fn run(events: usize) -> Ended {
    loop {
        settle();
        if let Some(ended) = with(|machine| machine.step(events)) {
            return ended;
        }
    }
}

/// Lets every thread run that can, until each asks for something new.
fn settle() {
    while let Some((thread, mut fiber)) = with(Machine::resume) {
        let result = fiber.resume(());
        with(|machine| {
            let slot = &mut machine.threads[usize::from(thread)];
            if let CoroutineResult::Return(()) = result {
                slot.state = State::Ended;
                STACKS.with_borrow_mut(|stacks| stacks.push(fiber.into_stack()));
            } else {
                slot.fiber = Some(fiber);
            }
        });
    }
}

/// Ends what is left of the present execution.
fn finish() {
    let fibers = with(|machine| {
        machine.is_over = true;
        machine.threads.each_mut().map(|thread| thread.fiber.take())
    });
    for mut fiber in fibers.into_iter().flatten() {
        fiber.force_unwind();
        STACKS.with_borrow_mut(|stacks| stacks.push(fiber.into_stack()));
    }
    with(|machine| {
        machine.is_over = false;
        for thread in &mut machine.threads {
            *thread = Thread { name: thread.name, ..Thread::ABSENT };
        }
    });
}

/// Makes a fiber for a thread that the graph has.
pub(super) fn start(thread: u8, name: &'static str, body: impl FnOnce() + 'static) {
    let stack = STACKS.with_borrow_mut(Vec::pop);
    let stack = stack.unwrap_or_else(|| DefaultStack::new(STACK).expect("memory for a stack"));
    let fiber = Fiber::with_stack(stack, move |yielder, ()| {
        with(|machine| {
            let current = usize::from(machine.current);
            machine.threads[current].yielder = yielder;
        });
        body();
        request(Ask::Plainly(Kind::End), std::panic::Location::caller());
    });
    with(|machine| {
        let fresh = Thread { fiber: Some(fiber), state: State::Ready, name, ..Thread::ABSENT };
        machine.threads[usize::from(thread)] = fresh;
    });
}

/// Asks for an event of the present thread, and comes back when it has happened. A mortal thread may die
/// instead.
pub(super) fn request(ask: Ask, site: Site) -> Answer {
    match mortal::choose_death(Some(ask), site) {
        None => {}
        Some(mortal::Death::Here) => death::die(),
        Some(mortal::Death::Halfway) => {
            grant(ask.torn(), site);
            death::die();
        }
    }
    grant(ask, site)
}

/// The event itself, in the midst of which nobody dies.
pub(super) fn grant(ask: Ask, site: Site) -> Answer {
    pulse::access(site);
    loop {
        match with(|machine| machine.serve(ask, site)) {
            Ok(answer) => {
                if death::is_near() {
                    death::strike(usize::from(with(|machine| machine.current)), site);
                }
                return answer;
            }
            Err(yielder) => {
                // SAFETY: the yielder was noted by the fiber that runs this, at its start, and lives as
                // long as the fiber does; the machine is not borrowed here.
                let yielder = unsafe { &*yielder };
                yielder.suspend(());
            }
        }
    }
}

/// A name for so many new locations, made by the present thread.
pub(super) fn locate(count: u16) -> Loc {
    with(|machine| {
        let thread = machine.current;
        let made = &mut machine.threads[usize::from(thread)].locations;
        let index = *made;
        *made = index.checked_add(count).expect("a thread of a model makes few locations");
        Loc { thread, index }
    })
}

/// The present thread.
pub(super) fn current() -> u8 {
    with(|machine| machine.current)
}

/// The index of the present thread's next event.
pub(super) fn moment() -> EventId {
    with(|machine| {
        let thread = machine.current;
        EventId { thread, index: machine.threads[usize::from(thread)].done }
    })
}

/// The present thread's newest event.
pub(super) fn last() -> EventId {
    let EventId { thread, index } = moment();
    EventId { thread, index: index - 1 }
}

/// Has all that was before `moment` happened before the present moment of the present thread?
pub(super) fn precedes(moment: EventId) -> bool {
    with(|machine| {
        let now = {
            let thread = machine.current;
            EventId { thread, index: machine.threads[usize::from(thread)].done }
        };
        let graph = machine.search.graph();
        // Nothing of its own before it: it is as early as its thread.
        let Some(index) = moment.index.checked_sub(1) else { return true };
        moment.thread == now.thread
            || graph.past_before(now).hb.contains(EventId { index, ..moment })
    })
}

/// Where the present section began.
pub(super) fn section() -> Option<u16> {
    with(|machine| machine.threads[usize::from(machine.current)].section)
}

/// May the present thread wake for no reason? Once.
pub(super) fn may_wake(spurious: bool) -> bool {
    with(|machine| {
        let allowed = machine.search.allows_spurious();
        let woken = &mut machine.threads[usize::from(machine.current)].has_woken;
        let may = allowed && !*woken;
        *woken |= spurious;
        may
    })
}

impl Machine {
    /// Answers the present thread from the graph, or notes what it waits for.
    fn serve(&mut self, ask: Ask, site: Site) -> Result<Answer, *const Yielder<(), ()>> {
        if self.is_over {
            let value = if let Ask::Read { first, .. } = ask { first } else { 0 };
            return Ok(Answer { value, updates: true });
        }
        let after_each = self.search.kills_after_each();
        let graph = self.search.graph();
        let id =
            EventId { thread: self.current, index: self.threads[usize::from(self.current)].done };
        if id.index >= graph.len(id.thread) {
            let thread = &mut self.threads[usize::from(id.thread)];
            thread.state = State::Asks(ask, site);
            return Err(thread.yielder);
        }
        let event = graph.event(id);
        let kind = event.kind;
        assert!(
            ask.is_answered_by(kind),
            "the scenario is not deterministic: having read the same as before, {} comes to {} with another \
             access than at {} then",
            self.threads[usize::from(id.thread)].name,
            card::site(site),
            card::site(event.site)
        );
        let needed = match kind {
            Kind::Read { from, .. } => from,
            Kind::Woken { by } => Some(by),
            Kind::Join { child } => Some(EventId { thread: child, index: graph.len(child) - 1 }),
            _ => None,
        };
        let needed = needed.filter(|event| {
            event.thread != id.thread && self.threads[usize::from(event.thread)].done <= event.index
        });
        let thread = &mut self.threads[usize::from(id.thread)];
        if let Some(event) = needed {
            thread.state = State::Behind(event);
            return Err(thread.yielder);
        }
        thread.done += 1;
        thread.has_acted |= kind.is_told() || after_each && kind.loc().is_some();
        Ok(match kind {
            Kind::Read { value, flavour, .. } => {
                let updates = flavour == Flavour::Updates;
                if updates {
                    thread.section = Some(id.index);
                }
                Answer { value, updates }
            }
            Kind::Write { value, half, .. } => {
                if half.is_some() {
                    thread.section = None;
                }
                Answer { value, updates: false }
            }
            Kind::Choose { value, .. } => Answer { value: value.into(), updates: false },
            Kind::Spawn { child } => Answer { value: child.into(), updates: false },
            _ => Answer { value: 0, updates: false },
        })
    }

    /// A thread that can run, with its fiber.
    fn resume(&mut self) -> Option<(u8, Fiber)> {
        let can_run = |thread: &Thread| match thread.state {
            State::Ready => true,
            State::Behind(event) => self.threads[usize::from(event.thread)].done > event.index,
            _ => false,
        };
        let thread = self.threads.iter().position(can_run)?;
        self.current = thread as u8;
        let fiber = self.threads[thread].fiber.take();
        Some((thread as u8, fiber.expect("a thread that can run has a fiber")))
    }
}
