use std::{io::Write, thread};

use selvedge_tests::{A_WHILE, Children, Name, hear, signals::Kind};

use crate::{Question, table};

const QUESTIONS: &[Question<Kind>] = &[
    ("raised twice, before it is taken", |kind| {
        let mut ends = Ends::of(kind);
        ends.raise([0, 0]);
        ends.taken(["take", "take"])
    }),
    ("raised again, after it was taken", |kind| {
        let mut ends = Ends::of(kind);
        ends.raise([0]);
        let first = ends.taken(["take"]);
        ends.raise([0]);
        format!("{first}, {}", ends.taken(["take"]))
    }),
    ("raised before the receiver waits", |kind| {
        let mut ends = Ends::of(kind);
        ends.raise([0]);
        ends.begin_to("wait");
        ends.ended()
    }),
    ("raised while the receiver waits", |kind| {
        let mut ends = Ends::of(kind);
        ends.begin_to("wait");
        thread::sleep(A_WHILE);
        ends.raise([0]);
        ends.ended()
    }),
    ("a wait that times out", |kind| {
        let mut ends = Ends::of(kind);
        ends.begin_to(&format!("wait {}", A_WHILE.as_millis()));
        ends.ended()
    }),
    ("two different ones, while the receiver does something else", |kind| {
        let mut ends = Ends::of(kind);
        ends.raise([0, 1]);
        ends.begin_to("wait");
        ends.ended()
    }),
    ("raised in the order 2 0 1", |kind| {
        let mut ends = Ends::of(kind);
        ends.raise([2, 0, 1]);
        ends.taken(["take"])
    }),
    ("two are pending, and 1 alone is wanted; then all are", |kind| {
        let mut ends = Ends::of(kind);
        ends.raise([0, 1]);
        ends.taken(["take 1", "take"])
    }),
    ("who raised it", |kind| {
        let mut ends = Ends::of(kind);
        ends.raise([0]);
        let sender = ends.0.nth(SENDER).id().to_string();
        ends.taken(["sender"]).replace(&sender, "the sender")
    }),
    ("the sender is killed after it raised", |kind| {
        let mut ends = Ends::of(kind);
        ends.raise([1]);
        ends.kill(SENDER);
        ends.taken(["take"])
    }),
    ("the receiver is killed, with one pending, and another takes", |kind| {
        let mut ends = Ends::of(kind);
        ends.raise([0]);
        ends.kill(RECEIVER);
        Ends::of(kind).taken(["take"])
    }),
    ("the receiver is killed while it waits; then one is raised, and another takes", |kind| {
        let mut ends = Ends::of(kind);
        ends.begin_to("wait");
        ends.kill(RECEIVER);
        let raised = ends.told(SENDER, "raise 0");
        format!("{raised}; {}", Ends::of(kind).taken(["take"]))
    }),
    ("raised before there is a receiver", |kind| match kind {
        Kind::Kernel(_) => "to whom?".into(),
        ours => {
            ours.end().raise(0).unwrap();
            Ends::of(ours).taken(["take"])
        }
    }),
];

const RECEIVER: usize = 0;
const SENDER: usize = 1;

/// A process that receives, and one that raises.
struct Ends(Children);

impl Ends {
    fn of(kind: &mut Kind) -> Self {
        let mut children = Children::new();
        let mut start = |kind: &Kind| {
            let program = &mut kind.hand_to(env!("CARGO_BIN_EXE_signal_end"));
            let child = children.talk_to("signal_end", program);
            assert_eq!(hear(child), "here");
            child.id()
        };
        let receiver = start(kind);
        match kind {
            Kind::Kernel(_) => _ = start(&Kind::Kernel(receiver)),
            ours => _ = start(ours),
        }
        Self(children)
    }

    /// Tells one of them what to do.
    fn tell(&mut self, whom: usize, what: &str) {
        writeln!(self.0.nth(whom).stdin.as_mut().expect("piped"), "{what}").unwrap();
    }

    fn told(&mut self, whom: usize, what: &str) -> String {
        self.tell(whom, what);
        hear(self.0.nth(whom))
    }

    fn raise<const N: usize>(&mut self, signals: [u32; N]) {
        for signal in signals {
            assert_eq!(self.told(SENDER, &format!("raise {signal}")), "raised");
        }
    }

    /// What the receiver takes, once and again.
    fn taken<const N: usize>(&mut self, how: [&str; N]) -> String {
        how.map(|how| self.told(RECEIVER, how)).join(", ")
    }

    /// The receiver is about to wait.
    fn begin_to(&mut self, wait: &str) {
        assert_eq!(self.told(RECEIVER, wait), "waits");
    }

    /// How its wait ended.
    fn ended(&mut self) -> String {
        hear(self.0.nth(RECEIVER))
    }

    fn kill(&mut self, whom: usize) {
        self.0.nth(whom).kill().unwrap();
        self.0.nth(whom).wait().unwrap();
    }
}

#[test]
fn ours_answers_as_the_kernels_but_where_the_table_says_otherwise() {
    insta::assert_snapshot!(table("signals", QUESTIONS, |name: &Name| Kind::all(name)));
}
