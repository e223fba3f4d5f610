//! Every scenario and calibration program on the explorer.

mod common;

fn main() {
    common::main(selvedge_models::engine::Engine::Explorer, Vec::new());
}
