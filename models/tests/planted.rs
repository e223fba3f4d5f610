//! Bugs planted by patches to a copy of the sources. `cargo verify` hunts every one of them; here each is
//! shown to apply still, and one is hunted from its patch to its verdict.

use selvedge_models::planted::{self, Bug, How, Patched, PatchedCopy, apply};

fn patches() -> Vec<(Bug, &'static str)> {
    let patch = |bug: Bug| match bug.how {
        How::Patch(patch) => Some((bug, patch)),
        How::Wrapper(_) => None,
    };
    planted::all().into_iter().filter_map(patch).collect()
}

#[test]
fn every_patch_applies_and_changes_something() {
    let all = patches();
    assert!(all.len() >= 30, "only {} patches", all.len());
    for (bug, patch) in all {
        let Patched { original, patched, .. } =
            apply(patch).unwrap_or_else(|error| panic!("{}: {error}", bug.name));
        assert_ne!(original, patched, "{}", bug.name);
    }
}

#[test]
fn a_patched_copy_is_built_and_its_bug_is_caught_by_the_engine_that_it_names() {
    let copy = PatchedCopy::new().expect("the sources can be copied");
    let (bug, patch) = patches().swap_remove(0);
    let job = bug.job().expect("the scenario exists");
    let hunt = bug.judge(copy.build(&bug.name, patch).and_then(|worker| job.run_in(&worker)));
    assert!(hunt.caught, "{}: {}", hunt.bug, hunt.said);
}

#[test]
fn a_patch_that_no_longer_applies_is_an_error() {
    let copy = PatchedCopy::new().expect("the sources can be copied");
    let patch = "--- a/core/src/protocol.rs\n+++ b/core/src/protocol.rs\n@@ -1,1 +1,1 @@\n-x\n+y\n";
    let error = copy.build("stale", patch).expect_err("there is no such line");
    assert!(error.starts_with("the patch no longer applies to core/src/protocol.rs"), "{error}");
}
