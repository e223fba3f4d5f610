//! Every committed input of every fuzz target is run again, without a fuzzer.

use std::{fs, path::Path};

use selvedge_tests::fuzz::{TARGETS, run};

#[test]
fn every_committed_input_still_passes() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let mut dirs: Vec<String> = fs::read_dir(&corpora)
        .expect("corpora are committed")
        .map(|dir| dir.unwrap().file_name().into_string().expect("a target's name"))
        .collect();
    dirs.sort();
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(dirs, names, "a corpus for each target");
    for name in names {
        let mut inputs = 0;
        for file in fs::read_dir(corpora.join(name)).unwrap() {
            let path = file.unwrap().path();
            let result = std::panic::catch_unwind(|| run(name, &fs::read(&path).unwrap()));
            assert!(result.is_ok(), "{name}: {}", path.display());
            inputs += 1;
        }
        assert!(inputs >= 10, "{name}: only {inputs} inputs");
    }
}
