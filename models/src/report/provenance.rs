//! What exactly was verified, and with what.

use std::{fmt::Write, fs, path::Path, process::Command};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::planted::workspace;

/// What was verified, with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The commit, or `unknown` outside a checkout.
    pub commit: String,
    /// Does the checkout differ from the commit?
    pub dirty: bool,
    /// SHA-256 of `Cargo.lock`.
    pub cargo_lock: String,
    /// SHA-256 over the names and contents of the files in `core/src`.
    pub core_src: String,
    /// `rustc --version`.
    pub toolchain: String,
}

impl Provenance {
    /// Of the present workspace.
    ///
    /// # Errors
    /// If its files cannot be read.
    pub fn collect() -> Result<Self, String> {
        let git = |args: &[&str]| output("git", args);
        Ok(Self {
            commit: git(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".into()),
            dirty: git(&["status", "--porcelain"]).is_some_and(|changes| !changes.is_empty()),
            cargo_lock: hash(&[&workspace().join("Cargo.lock")])?,
            core_src: {
                let mut files = Vec::new();
                collect_files(&workspace().join("core/src"), &mut files)?;
                files.sort();
                hash(&files)?
            },
            toolchain: output("rustc", &["--version"]).unwrap_or_else(|| "unknown".into()),
        })
    }
}

fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).current_dir(workspace()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn collect_files(folder: &Path, files: &mut Vec<std::path::PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|e| e.to_string())?.path();
        if path.is_dir() { collect_files(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

fn hash(files: &[impl AsRef<Path>]) -> Result<String, String> {
    let mut hasher = Sha256::new();
    for file in files.iter().map(AsRef::as_ref) {
        let name = file.strip_prefix(workspace()).unwrap_or(file);
        let content = fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
        hasher.update(name.as_os_str().as_encoded_bytes());
        hasher.update([0]);
        hasher.update((content.len() as u64).to_le_bytes());
        hasher.update(content);
    }
    let mut text = String::new();
    for byte in hasher.finalize() {
        write!(text, "{byte:02x}").map_err(|e| e.to_string())?;
    }
    Ok(text)
}
