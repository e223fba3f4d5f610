//! Every scenario and calibration program on native, and the litmus tests of `models/litmus`.

mod common;

use libtest_mimic::{Failed, Trial};
use selvedge_models::{
    engine::Engine,
    litmus::{Litmus, Shown, golden},
};

fn main() {
    let name = "litmus/the_machine_shows_no_state_that_the_explorer_does_not_allow";
    common::main(Engine::Native, vec![Trial::test(name, litmus)]);
}

/// Programs with plain accesses are left out: a race is undefined on the machine. `cargo verify litmus
/// --native 1000000` runs the others more often.
fn litmus() -> Result<(), Failed> {
    const RUNS: u64 = 2_000;
    let (mut reached, mut programs) = (0, 0);
    for golden in golden::ALL {
        let litmus = Litmus::new(golden.program());
        let Some(shown) = Shown::by_the_machine(litmus, RUNS)? else { continue };
        assert!(shown.forbidden.is_empty(), "{}: {:?}", litmus.program().name, shown.forbidden);
        assert_eq!(shown.runs, RUNS);
        (reached, programs) = (reached + shown.reached(), programs + 1);
    }
    // Its actors do overlap: one after the other they would show a state a program.
    assert!(programs == 52 && reached > 2 * programs, "{reached} states of {programs} programs");
    Ok(())
}
