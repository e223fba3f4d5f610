//! Bugs planted by patches to a copy of the sources: each still applies, builds, and is caught.

use std::fmt::Write;

use selvedge_models::planted::{self, How, PatchedCopy};

#[test]
fn every_patch_applies_and_its_bug_is_caught_by_the_engine_that_it_names() {
    let copy = PatchedCopy::new().expect("the sources can be copied");
    let (mut hunted, mut missed) = (0, String::new());
    for bug in planted::all() {
        let How::Patch(patch) = bug.how else { continue };
        let job = bug.job().expect("the scenario exists");
        let hunt = bug.judge(copy.build(&bug.name, patch).and_then(|worker| job.run_in(&worker)));
        hunted += 1;
        if !hunt.caught {
            writeln!(missed, "{}: {}", hunt.bug, hunt.said).expect("a string takes all");
        }
    }
    assert!(hunted >= 10, "only {hunted} patches");
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn a_patch_that_no_longer_applies_is_an_error() {
    let copy = PatchedCopy::new().expect("the sources can be copied");
    let patch = "--- a/core/src/protocol.rs\n+++ b/core/src/protocol.rs\n@@ -1,1 +1,1 @@\n-x\n+y\n";
    let error = copy.build("stale", patch).expect_err("there is no such line");
    assert!(error.starts_with("the patch no longer applies to core/src/protocol.rs"), "{error}");
}
