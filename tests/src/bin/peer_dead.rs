//! `peer_dead COUNT`: kills COUNT processes in each blocking call of a peer, and prints how long it took
//! the peer to learn of it, in milliseconds.
//! `peer_dead FD CALL`: is to be killed.
#![allow(clippy::print_stdout, reason = "it is what the program is for")]

use std::{env, error::Error, thread};

use selvedge_tests::{
    child, inherited,
    peer_dead::{BOUND, Call},
};

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(count) = env::args().nth(1).filter(|_| env::args().count() == 2) {
        return measure(count.parse()?);
    }
    let [descriptor, name] = child();
    let call = Call::ALL.into_iter().find(|call| format!("{call:?}") == name).ok_or(name)?;
    let _mine = call.victim(inherited(descriptor.parse()?))?;
    println!("ready");
    loop {
        thread::park();
    }
}

fn measure(count: u32) -> Result<(), Box<dyn Error>> {
    let program = env::current_exe()?;
    println!("{:18} {:>7} {:>7} {:>7} {:>7}  of {count}", "ms", "min", "median", "p99", "max");
    for call in Call::ALL {
        let times = call.times(&program, count);
        let last = times.len().checked_sub(1).ok_or("none")?;
        let [min, median, p99, max] =
            [0, 50, 99, 100].map(|percent| times[last * percent / 100].as_secs_f64() * 1e3);
        println!("{:18} {min:7.2} {median:7.2} {p99:7.2} {max:7.2}", format!("{call:?}"));
    }
    println!("promised: {} ms", BOUND.as_millis());
    Ok(())
}
