#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| selvedge_tests::fuzz::run("frames", input));
