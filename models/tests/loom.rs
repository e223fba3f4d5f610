//! Every scenario and calibration program on loom.

mod common;

fn main() {
    common::main(selvedge_models::engine::Engine::Loom, Vec::new());
}
