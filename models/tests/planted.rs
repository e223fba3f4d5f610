//! Bugs planted by patches to a copy of the sources. `cargo verify` builds and hunts every one of them;
//! here each is shown to apply still.

use selvedge_models::planted::{self, Patched, apply};

#[test]
fn every_patch_applies_and_changes_something() {
    let mut patches = 0;
    for bug in planted::all() {
        let Some(patch) = bug.patch() else { continue };
        let applied = apply(patch).unwrap_or_else(|error| panic!("{}: {error}", bug.name));
        let Patched { original, patched, .. } = applied;
        assert_ne!(original, patched, "{}", bug.name);
        patches += 1;
    }
    assert!(patches >= 30, "only {patches} patches");
}

#[test]
fn a_patch_that_no_longer_applies_is_an_error() {
    let patch = "--- a/core/src/protocol.rs\n+++ b/core/src/protocol.rs\n@@ -1,1 +1,1 @@\n-x\n+y\n";
    let error = apply(patch).expect_err("there is no such line");
    assert!(error.starts_with("the patch no longer applies to core/src/protocol.rs"), "{error}");
}
