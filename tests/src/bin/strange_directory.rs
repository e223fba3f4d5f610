//! `strange_directory MECHANISM HOW DIRECTORY`: in a mount namespace of its own, tries to create a segment in a
//! place where that must fail, and prints why:
//!
//! - "full": a file system over DIRECTORY that lacks one page, and in which no file is left behind;
//! - "without unnamed files": DIRECTORY, which is in /proc;
//! - "without /proc": DIRECTORY, with /proc hidden.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::{error::Error, fs, path::Path};

use selvedge::segment::Directory;
use selvedge_tests::{child, confined, mechanisms::Mechanism};

fn main() -> Result<(), Box<dyn Error>> {
    let [mechanism, how, path] = child();
    let mechanism = Mechanism::called(&mechanism);
    let open = || (mechanism.named)(&Directory::at(&path), "segment");
    let refused = || open().err().ok_or("it was created");
    confined::private_mounts()?;
    match &*how {
        "full" => {
            let size = (mechanism.sealed)(1).metadata()?.len();
            confined::hide(&path, Some(&format!("size={size}")))?;
            let page = Path::new(&path).join("page");
            fs::write(&page, "x")?;
            println!("{}", refused()?);
            assert_eq!(fs::read_dir(&path)?.count(), 1, "a file is left behind");
            fs::remove_file(page)?;
            open().map_err(|error| format!("with that page it must fit: {error}"))?;
        }
        "without unnamed files" => println!("{}", refused()?),
        "without /proc" => {
            confined::hide("/proc", None)?;
            println!("{}", refused()?);
        }
        other => return Err(format!("no directory is {other}").into()),
    }
    Ok(())
}
