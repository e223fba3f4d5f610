//! Every scenario and calibration program on native.

mod common;

fn main() {
    common::main(selvedge_models::engine::Engine::Native);
}
