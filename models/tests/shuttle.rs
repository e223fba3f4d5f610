//! Every scenario and calibration program on shuttle.

mod common;

fn main() {
    common::main(selvedge_models::engine::Engine::Shuttle, Vec::new());
}
