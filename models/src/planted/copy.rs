//! A copy of the sources, in which a patch is tried.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// The workspace that this program was built from.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// What a copy needs to be built.
const PARTS: [&str; 5] = ["Cargo.toml", "Cargo.lock", "core", "models", "tests"];

/// A copy of the workspace, below its `target` folder, so that builds of it are incremental.
#[derive(Debug)]
pub struct PatchedCopy {
    root: PathBuf,
    target: PathBuf,
}

impl PatchedCopy {
    /// A fresh copy of the present sources.
    ///
    /// # Errors
    /// What could not be copied.
    pub fn new() -> Result<Self, String> {
        let target = workspace().join("target/planted");
        let root = target.join("workspace");
        fs::create_dir_all(&root).map_err(|e| format!("cannot make a copy: {e}"))?;
        for part in PARTS {
            mirror(&workspace().join(part), &root.join(part))
                .map_err(|e| format!("cannot copy {part}: {e}"))?;
        }
        Ok(Self { root, target })
    }

    /// Applies patches, each to files of its own, builds the worker, takes the patches back, and returns
    /// the worker.
    ///
    /// # Errors
    /// A patch that no longer applies; a build that fails.
    pub fn build(&self, name: &str, patches: &[&str]) -> Result<PathBuf, String> {
        let patched = patches.iter().map(|patch| apply(patch)).collect::<Result<Vec<_>, _>>()?;
        let put = |file: &str, text: &str| {
            fs::write(self.root.join(file), text).map_err(|e| format!("cannot write {file}: {e}"))
        };
        for Patched { file, patched, .. } in &patched {
            put(file, patched)?;
        }
        let built = self.build_worker(name);
        for Patched { file, original, .. } in &patched {
            put(file, original)?;
        }
        built
    }

    fn build_worker(&self, name: &str) -> Result<PathBuf, String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["build", "--quiet", "--offline", "--locked", "--profile", "planted"])
            .args(["--package", "selvedge-models", "--bin", "selvedge-worker"])
            .args(["--no-default-features", "--features", "loom,shuttle"])
            .arg("--target-dir")
            .arg(&self.target)
            .current_dir(&self.root)
            .env("RUSTFLAGS", "-Awarnings") // A planted bug may leave a variable unused.
            .output()
            .map_err(|e| format!("cannot start cargo: {e}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("the patched copy does not build: {said}"));
        }
        let worker = self.target.join(format!("worker-{name}"));
        fs::copy(self.target.join("planted/selvedge-worker"), &worker)
            .map_err(|e| format!("cannot keep the worker: {e}"))?;
        Ok(worker)
    }
}

/// A file of the workspace, before and after a patch.
#[derive(Debug)]
pub struct Patched {
    /// Its path in the workspace.
    pub file: String,
    /// Its text.
    pub original: String,
    /// Its text with the patch.
    pub patched: String,
}

/// Applies a patch to the present sources, in memory.
///
/// # Errors
/// If it no longer applies.
pub fn apply(patch: &str) -> Result<Patched, String> {
    let start = patch.find("--- ").ok_or("the patch changes nothing")?;
    let parsed = diffy::Patch::from_str(&patch[start..]).map_err(|e| e.to_string())?;
    let file = parsed.original().and_then(|name| name.strip_prefix("a/"));
    let file = file.ok_or("the patch names no file")?;
    let original = fs::read_to_string(workspace().join(file))
        .map_err(|e| format!("cannot read {file}: {e}"))?;
    let patched = diffy::apply(&original, &parsed)
        .map_err(|e| format!("the patch no longer applies to {file}: {e}"))?;
    Ok(Patched { file: file.to_owned(), original, patched })
}

/// Makes `to` equal to `from`, leaving alone what is equal already: cargo goes by the time of a
/// file's last change.
fn mirror(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            mirror(&from.join(&name), &to.join(&name))?;
        }
        for entry in fs::read_dir(to)? {
            let entry = entry?;
            if !from.join(entry.file_name()).exists() {
                if entry.path().is_dir() {
                    fs::remove_dir_all(entry.path())?;
                } else {
                    fs::remove_file(entry.path())?;
                }
            }
        }
        return Ok(());
    }
    let text = fs::read(from)?;
    if fs::read(to).is_ok_and(|old| old == text) { Ok(()) } else { fs::write(to, text) }
}
