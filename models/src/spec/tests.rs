//! The checker is checked: against all orders of small histories, and by valid histories that are
//! spoilt.

use proptest::{collection::vec, prelude::*};

use super::{
    Call, History, Judgement, Spec, Stamped,
    fifo::{
        Answer::{self, Empty, Full, Popped, Pushed},
        Op::{self, Pop, Push},
    },
    mpmc::Queue,
    semaphore::{self, Semaphore},
    spsc::Ring,
};

type Done = Stamped<Op, Answer>;

/// An operation from `start` to `end`.
fn done(start: u64, end: u64, op: Op, answer: Answer) -> Done {
    Stamped { start, end, op, answer }
}

fn ring(actors: &[(&str, Vec<Done>)]) -> Judgement {
    History::<Ring>::stamped(actors).judge(&Ring { capacity: 2 })
}

fn queue(actors: &[(&str, Vec<Done>)]) -> Judgement {
    History::<Queue>::stamped(actors).judge(&Queue { capacity: 2 })
}

/// A push that is under way for long, and a whole push behind it.
fn behind_a_claim() -> [(&'static str, Vec<Done>); 2] {
    [
        ("slow", vec![done(0, 9, Push(1), Pushed)]),
        ("fast", vec![done(1, 2, Push(2), Pushed), done(3, 4, Pop, Empty)]),
    ]
}

#[test]
fn a_record_behind_an_unfinished_claim_is_not_to_be_had() {
    assert!(matches!(queue(&behind_a_claim()), Judgement::Linearizable));
    assert!(matches!(ring(&behind_a_claim()), Judgement::Refuted(_)));
}

#[test]
fn a_slot_that_is_still_being_read_is_not_free() {
    let actors = [
        ("slow", vec![done(0, 1, Push(1), Pushed), done(4, 9, Pop, Popped(1))]),
        (
            "fast",
            vec![
                done(2, 3, Push(2), Pushed),
                done(5, 6, Pop, Popped(2)),
                done(7, 8, Push(3), Full),
            ],
        ),
    ];
    assert!(matches!(queue(&actors), Judgement::Linearizable));
    assert!(matches!(ring(&actors), Judgement::Refuted(_)));
}

#[test]
fn a_refutation_says_how_far_it_came() {
    let Judgement::Refuted(why) = ring(&behind_a_claim()) else { panic!("it is refuted") };
    insta::assert_snapshot!(why, @"
    not linearizable; the longest order that explains the answers:
      slow  pushes     push 1: pushed
      fast  pushes     push 2: pushed
    after which the state is State { records: [1, 2], pushing_ended: false, popping_ended: false }, and none of these can go on:
      fast  pop: empty
    ");
}

/// Neither has seen what the other did last: with weak memory they may not have.
#[test]
fn crossed_refusals_are_explained_apart_but_not_together() {
    let mut history = History::<Ring>::of(["producer", "consumer"]);
    let calls = [
        (0, Push(1), Pushed, [0, 0]),
        (0, Push(2), Pushed, [1, 0]),
        (0, Push(3), Full, [2, 0]),
        (1, Pop, Popped(1), [1, 0]),
        (1, Pop, Empty, [1, 1]),
    ];
    for (actor, op, answer, after) in calls {
        history.call(actor, op, after.into());
        history.answer(actor, answer);
    }
    assert!(matches!(history.judge(&Ring { capacity: 2 }), Judgement::EachRefusalApart));
}

#[test]
fn an_operation_that_never_returned_may_have_happened_or_not_or_half() {
    // The claim of 1 may never have come, or come before or after that of 2, or not be published.
    for (answer, fits) in [(Popped(1), true), (Popped(2), true), (Empty, true), (Popped(3), false)]
    {
        let mut history = History::<Queue>::of(["dead", "other"]);
        history.call(0, Push(1), vec![0, 0]);
        history.call(1, Push(2), vec![0, 0]);
        history.answer(1, Pushed);
        history.call(1, Pop, vec![0, 1]);
        history.answer(1, answer);
        assert_eq!(history.linearize(&Queue { capacity: 2 }).is_ok(), fits, "{answer}");
    }
}

/// A push that its process died in; then another's calls, who knows of the death from one of them on.
fn after_a_death<S: Spec<Op = Op, Answer = Answer>>(
    calls: &[(Op, Answer)],
    told: usize,
) -> History<S> {
    let mut history = History::of(["dead", "other"]);
    history.call(0, Push(1), vec![0, 0]);
    history.death(0);
    for (n, (op, answer)) in calls.iter().enumerate() {
        history.call(1, *op, vec![usize::from(n >= told), n]);
        history.answer(1, *answer);
    }
    history
}

#[test]
fn the_dead_do_nothing_after_their_death() {
    let explained = |calls: &[(Op, Answer)], told| {
        after_a_death::<Ring>(calls, told).linearize(&Ring { capacity: 2 })
    };
    let Err(why) = explained(&[(Pop, Empty), (Pop, Popped(1))], 0) else { panic!("it is refuted") };
    insta::assert_snapshot!(why, @"
    not linearizable; the longest order that explains the answers:
      dead   dies       push 1, which did not return
      other  looks      pop: empty
    after which the state is State { records: [], pushing_ended: false, popping_ended: false }, and none of these can go on:
      other  pop: 1
    ");
    // Before it they may.
    assert!(explained(&[(Pop, Empty), (Pop, Popped(1))], 1).is_ok());
    assert!(explained(&[(Pop, Popped(1)), (Pop, Empty)], 0).is_ok());
    assert!(explained(&[(Pop, Empty), (Pop, Empty)], 0).is_ok());
}

#[test]
fn what_the_dead_have_left_half_done_is_in_the_way_until_it_is_undone() {
    let explained = |calls: &[(Op, Answer)], told| {
        after_a_death::<Queue>(calls, told).linearize(&Queue { capacity: 1 }).is_ok()
    };
    let full = [(Push(2), Full), (Pop, Empty), (Push(3), Full), (Pop, Empty)];
    assert!(explained(&full, 4) && explained(&full, 2) && explained(&full, 3));
    let still_full = [full.as_slice(), &[(Push(4), Full)]].concat();
    assert!(explained(&still_full, 5));
    assert!(!explained(&still_full, 3), "a pop by one who knows of the death undoes it");
    let undone = [(Push(2), Full), (Pop, Empty), (Push(3), Pushed), (Pop, Popped(3))];
    assert!(explained(&undone, 2) && explained(&undone, 4));
    let back = [(Push(2), Full), (Pop, Empty), (Push(3), Pushed), (Pop, Popped(1))];
    assert!(!explained(&back, 4), "what is undone does not come back");
    let lost = [(Push(2), Full), (Push(3), Pushed), (Pop, Popped(3))];
    assert!(explained(&lost, 1));
    let both = [(Pop, Popped(1)), (Push(2), Pushed), (Pop, Popped(1))];
    assert!(!explained(&both, 0), "what was published is not there twice");
}

#[test]
fn a_semaphore_has_as_many_permits_as_it_has() {
    use semaphore::{Answer::*, Op::*};
    let judge = |third| {
        let call = |start, end, op, answer| Stamped { start, end, op, answer };
        let actors = [
            ("one", vec![call(0, 1, Acquire, Acquired), call(4, 5, Release(1), Released)]),
            ("other", vec![call(2, 3, Acquire, third)]),
        ];
        History::<Semaphore>::stamped(&actors).judge(&Semaphore { permits: 1, max: 1 })
    };
    assert!(matches!(judge(NoPermit), Judgement::Linearizable));
    assert!(matches!(judge(Acquired), Judgement::Refuted(_)));
}

/// A run of the spec by actors that take turns as `turns` says: a valid history, with intervals as
/// wide as the turns allow. Each turn makes one step of an actor, or its call, or its return.
fn run(spec: &Queue, ops: &[Vec<Op>], turns: &[usize]) -> Vec<(&'static str, Vec<Done>)> {
    struct Actor {
        left: Vec<Op>,
        now: Option<(u64, Call<Queue>, usize, bool)>,
        done: Vec<Done>,
    }
    let names = ["a", "b", "c"];
    let reversed = |ops: &Vec<Op>| ops.iter().rev().copied().collect();
    let actor = |ops| Actor { left: reversed(ops), now: None, done: Vec::new() };
    let mut actors: Vec<Actor> = ops.iter().map(actor).collect();
    let mut state = spec.initial();
    let fair = (0..).map(|turn| turn % ops.len());
    for (clock, turn) in turns.iter().copied().chain(fair).enumerate() {
        let (clock, actor) = (clock as u64, &mut actors[turn % ops.len()]);
        match actor.now.take() {
            None => {
                let Some(op) = actor.left.pop() else {
                    if actors.iter().all(|actor| actor.left.is_empty() && actor.now.is_none()) {
                        break;
                    }
                    continue;
                };
                let call = Call { id: clock as usize, op, answer: None, after: Vec::new() };
                actor.now = Some((clock, call, 0, false));
            }
            Some((start, Call { op, answer: Some(answer), .. }, _, true)) => {
                actor.done.push(Done { start, end: clock, op, answer });
            }
            Some((start, mut call, steps, _)) => {
                let candidates = match (call.answer, call.op) {
                    (Some(answer), _) => vec![answer],
                    (None, Push(_)) => vec![Full, Pushed],
                    (None, _) => (0..9).map(Popped).chain([Empty]).collect(),
                };
                let step = candidates.into_iter().find_map(|answer| {
                    call.answer = Some(answer);
                    spec.step(&state, &call, steps)
                });
                let step = step.expect("some answer is right");
                state = step.state;
                actor.now = Some((start, call, steps + 1, step.last));
            }
        }
    }
    actors.into_iter().zip(names).map(|(actor, name)| (name, actor.done)).collect()
}

fn ops() -> impl Strategy<Value = Vec<Vec<Op>>> {
    vec(vec(prop_oneof![(0..9_u32).prop_map(Push), Just(Pop)], 1..6), 1..=3)
}

/// Is there an order, trying them all, without any memory?
fn brute_force(history: &History<Queue>, spec: &Queue) -> bool {
    fn go(
        history: &History<Queue>,
        spec: &Queue,
        at: &mut Vec<(usize, usize)>,
        state: &<Queue as Spec>::State,
    ) -> bool {
        let actors = &history.actors;
        if actors.iter().zip(&*at).all(|(actor, at)| at.0 == actor.calls.len()) {
            return true;
        }
        (0..actors.len()).any(|actor| {
            let (calls, steps) = at[actor];
            let Some(call) = actors[actor].calls.get(calls) else { return false };
            if steps == 0 && call.after.iter().zip(&*at).any(|(after, at)| at.0 < *after) {
                return false;
            }
            let Some(step) = spec.step(state, call, steps) else { return false };
            at[actor] = if step.last { (calls + 1, 0) } else { (calls, steps + 1) };
            let found = go(history, spec, at, &step.state);
            at[actor] = (calls, steps);
            found
        })
    }
    go(history, spec, &mut vec![(0, 0); history.actors.len()], &spec.initial())
}

proptest! {
    #[test]
    fn what_a_run_of_the_spec_did_is_linearizable(
        ops in ops(),
        turns in vec(0..3_usize, 0..60),
        capacity in prop_oneof![Just(1_usize), Just(2)],
    ) {
        let spec = Queue { capacity };
        let history = History::<Queue>::stamped(&run(&spec, &ops, &turns));
        prop_assert!(history.linearize(&spec).is_ok(), "{history:?}");
    }

    /// Any answers whatever: the search agrees with trying all orders.
    #[test]
    fn the_search_finds_an_order_exactly_if_there_is_one(
        ops in ops(),
        turns in vec(0..3_usize, 0..40),
        spoilt in vec((0..3_usize, 0..5_usize, 0..9_u32, any::<bool>()), 0..2),
    ) {
        let spec = Queue { capacity: 2 };
        let mut actors = run(&spec, &ops, &turns);
        for (actor, call, record, refused) in spoilt {
            let Some((_, calls)) = actors.get_mut(actor) else { continue };
            let Some(call) = calls.get_mut(call) else { continue };
            call.answer = match (call.op, refused) {
                (Push(_), true) => Full,
                (Push(_), false) => Pushed,
                (_, true) => Empty,
                (_, false) => Popped(record),
            };
        }
        let history = History::<Queue>::stamped(&actors);
        prop_assume!(history.len() <= 9);
        prop_assert_eq!(history.linearize(&spec).is_ok(), brute_force(&history, &spec));
    }

    /// A record that nobody pushed, one that comes twice, and two that come in the wrong order.
    #[test]
    fn a_history_that_is_spoilt_is_refused(
        records in 2..6_u32,
        which in any::<prop::sample::Index>(),
        how in 0..3,
    ) {
        let moments = (0..records).map(|n| (u64::from(4 * n), n));
        let pushes = moments.clone().map(|(t, n)| done(t, t + 3, Push(n), Pushed)).collect();
        let mut pops: Vec<Done> = moments.map(|(t, n)| done(t + 2, t + 5, Pop, Popped(n))).collect();
        let first = which.index(pops.len() - 1);
        match how {
            0 => pops[first].answer = Popped(records),
            1 => pops[first + 1].answer = pops[first].answer,
            _ => {
                let (a, b) = (pops[first].answer, pops[first + 1].answer);
                (pops[first].answer, pops[first + 1].answer) = (b, a);
            }
        }
        let history = History::<Queue>::stamped(&[("producer", pushes), ("consumer", pops)]);
        let refused = history.linearize(&Queue { capacity: 8 }).is_err();
        prop_assert!(refused, "{history:?}");
    }
}
