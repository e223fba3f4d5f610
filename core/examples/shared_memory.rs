//! The latest value, in shared memory: one publishes, any number watch. Start them in any order:
//!
//! ```sh
//! cargo run --example shared_memory -- publish temperature 18 19 20
//! cargo run --example shared_memory -- watch temperature --until 20 --rm
//! ```
//!
//! The cell outlives its publisher: one that is killed and started again finds what it last published.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{
    process::ExitCode,
    slice::from_ref,
    time::{Duration, Instant},
};

use clap::Parser;
use common::Done;
use selvedge::{
    segment::Directory,
    shared_memory::{LatestCell, LatestConfig},
};

/// Between two values, unless another rate is asked for.
const PACE: Duration = Duration::from_millis(10);

/// Between two looks.
const GLANCE: Duration = Duration::from_millis(1);

/// The latest value, in shared memory.
#[derive(Debug, Parser)]
enum Role {
    /// Publish values, one after the other: those behind the latest, if it is one of them.
    Publish {
        name: String,
        /// The values, in order, each once.
        #[arg(required = true, value_name = "VALUE")]
        values: Vec<u64>,
        /// So many a second; then say how late the latest was.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        rate: Option<u32>,
        /// Die by SIGKILL when N values are written and more are to be.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        crash_after: Option<u64>,
    },
    /// Wait until this is the latest value.
    Watch {
        name: String,
        #[arg(long, value_name = "VALUE")]
        until: u64,
        /// Then remove the name.
        #[arg(long)]
        rm: bool,
    },
}

fn main() -> ExitCode {
    let role = Role::parse();
    let (Role::Publish { name, .. } | Role::Watch { name, .. }) = &role;
    common::run("shared_memory", from_ref(name), |directory| match &role {
        Role::Publish { values, rate, crash_after, .. } => {
            publish(directory, name, values, *rate, *crash_after)
        }
        Role::Watch { until, rm, .. } => watch(directory, name, *until, *rm),
    })
}

fn publish(
    directory: &Directory,
    name: &str,
    values: &[u64],
    rate: Option<u32>,
    crash_after: Option<u64>,
) -> Done {
    let config = LatestConfig::of(values[0]);
    let (cell, _) = directory.create_or_attach::<LatestCell<u64>>(name, config)?;
    let mut writer = cell.writer()?;
    let latest = cell.reader().read();
    let published = values.iter().position(|value| *value == latest).map_or(0, |place| place + 1);
    let pace = rate.map_or(PACE, |rate| Duration::from_secs(1) / rate);
    let (start, mut late) = (Instant::now(), Duration::ZERO);
    for (written, value) in (0..).zip(&values[published..]) {
        if crash_after == Some(written) {
            common::crash();
        }
        let due = start + pace * (written as u32 + 1);
        common::pause(due.saturating_duration_since(Instant::now()))?;
        writer.write(*value);
        late = late.max(due.elapsed());
    }
    if rate.is_some() {
        let second = (values.len() - published) as f64 / start.elapsed().as_secs_f64();
        println!("{second:.0} values a second, none more than {late:.0?} late");
    }
    Ok(())
}

fn watch(directory: &Directory, name: &str, until: u64, rm: bool) -> Done {
    let reader = common::wait_for(|| directory.attach::<LatestCell<u64>>(name))?.reader();
    loop {
        let (value, others) = reader.read_with_version();
        if value == until {
            println!("{value} after {others} others");
            break;
        }
        common::pause(GLANCE)?;
    }
    if rm {
        directory.unlink(name)?;
    }
    Ok(())
}
