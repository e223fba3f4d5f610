//! Each attack on a server or on a client: what the attacker sees, and what the victim says. It is an error and nothing
//! else, and the server's other clients are served meanwhile.
#![cfg(target_os = "linux")]

mod frames;
mod hellos;
mod memory;
mod users;
mod victim;
mod welcomes;

use std::fmt::Write as _;

use victim::Victim;

/// What an attacker does, and tells of what it has seen.
type Deed = fn(&Victim) -> String;

/// An attack on a server of bytes or of frames, at an address of some kind.
struct Attack {
    name: &'static str,
    transport: &'static str,
    serves: &'static str,
    attack: Deed,
}

const fn local(name: &'static str, attack: Deed) -> Attack {
    Attack { name, transport: "local", serves: "bytes", attack }
}

/// What comes of each.
fn table(attacks: &[Attack]) -> String {
    let mut table = String::new();
    for attack in attacks {
        let mut victim = Victim::start(attack.transport, attack.serves);
        let seen = victim.is_attacked(attack.attack);
        let told = victim.tells();
        let told = if told.is_empty() { "nothing" } else { &told };
        writeln!(table, "{}\n    attacker: {seen}\n    server: {told}", attack.name).unwrap();
    }
    table
}
