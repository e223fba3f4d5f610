//! `signal_end PLACE KIND`: one end of signals. Says "here", and then does what it is told, a line each, and says what
//! came of it: `raise N`, `take`, `take N`, `sender`, or `wait [MS]`, before which it says "waits". Ends with its `stdin`.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::{
    io,
    time::{Duration, Instant},
};

use selvedge_tests::{
    A_WHILE, child,
    signals::{End, Kind},
};

fn main() -> io::Result<()> {
    let [place, kind] = child();
    let end = Kind::handed(place, &kind).end();
    println!("here");
    for line in io::stdin().lines() {
        println!("{}", obey(&*end, &line?));
    }
    Ok(())
}

fn obey(end: &dyn End, line: &str) -> String {
    let (what, argument) = line.split_once(' ').unwrap_or((line, ""));
    match what {
        "raise" => match end.raise(argument.parse().expect("a signal")) {
            Ok(()) => "raised".into(),
            Err(why) => why,
        },
        "take" => shown(&end.take(argument.parse().ok())),
        "sender" => end.sender().map_or("nobody".into(), |pid| pid.to_string()),
        "wait" => {
            println!("waits");
            let start = Instant::now();
            let answer = match end.wait(argument.parse().ok().map(Duration::from_millis)) {
                Ok(taken) => shown(&taken),
                Err(why) => why,
            };
            let waited = if start.elapsed() < A_WHILE / 2 { "at once" } else { "after a while" };
            format!("{answer}, {waited}")
        }
        other => panic!("what is {other:?}?"),
    }
}

/// Signals in the order in which they were taken.
fn shown(signals: &[u32]) -> String {
    match signals {
        [] => "nothing".into(),
        signals => signals.iter().map(u32::to_string).collect::<Vec<_>>().join(" "),
    }
}
