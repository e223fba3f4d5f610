//! The examples and the tool end on Ctrl-C; `cargo run -p selvedge-tests --bin interrupt -- 1000` tries it more often.
#![cfg(target_os = "linux")]

use selvedge_tests::{
    interrupting::{SCENES, Stage},
    soak::Random,
};

/// How often each is ended.
const TIMES: u64 = 3;

#[test]
fn examples_and_tool_end_on_ctrl_c_at_any_moment_and_leave_nothing_behind() {
    let stage = Stage::build();
    for (n, scene) in (0..).zip(SCENES) {
        for seed in n * TIMES..(n + 1) * TIMES {
            let played = scene.play(&stage, &mut Random::new(seed));
            assert_eq!(played, Ok(()), "{}, seed {seed}", scene.name);
        }
    }
}
