//! `truncate MECHANISM plainly|guarded|elsewhere DIRECTORY`: truncates the file of a segment in the middle of using that,
//! and prints what came of it, if it lives; "elsewhere", a file that is no segment, under the guard.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::{error::Error, fs::File, path::Path};

use memmap2::MmapOptions;
use selvedge::segment::{Directory, guard};
use selvedge_tests::{child, mechanisms::Mechanism};

fn main() -> Result<(), Box<dyn Error>> {
    let [mechanism, how, directory] = child();
    if how != "plainly" {
        guard::install()?;
        println!("guarded");
    }
    if how == "elsewhere" {
        return elsewhere(Path::new(&directory));
    }
    let directory = Directory::at(directory);
    let mut user = (Mechanism::called(&mechanism).named)(&directory, "segment")?;
    let file = File::options().write(true).open(directory.path("segment")?)?;
    println!("{}", user.use_around(&mut || file.set_len(0).expect("it may be truncated")));
    Ok(())
}

fn elsewhere(directory: &Path) -> Result<(), Box<dyn Error>> {
    let mut options = File::options();
    let file = options.read(true).write(true).create_new(true).open(directory.join("file"))?;
    file.set_len(1)?;
    let memory = MmapOptions::new().map_raw(&file)?;
    file.set_len(0)?;
    // SAFETY: it is mapped; that it has no page any more is the point.
    let byte = unsafe { memory.as_ptr().read_volatile() };
    Err(format!("no fault: {byte}").into())
}
