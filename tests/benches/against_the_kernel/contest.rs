//! Contenders, one after the other, and the table in the end.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use criterion::Criterion;
use serde_json::Value;

/// Does something so many times, and says how long that took.
pub(crate) type Run = Box<dyn FnMut(u64) -> Duration>;

/// All measurements of a run.
pub(crate) struct Contest {
    criterion: Criterion,
    began: SystemTime,
    held: Vec<(String, Vec<String>)>,
}

impl Contest {
    pub(crate) fn new() -> Self {
        let criterion = Criterion::default()
            .warm_up_time(Duration::from_secs(1))
            .measurement_time(Duration::from_secs(4))
            .output_directory(&results())
            .configure_from_args();
        Self { criterion, began: SystemTime::now(), held: Vec::new() }
    }

    /// Measures those of these names, one after the other, once each is set up.
    pub(crate) fn hold(&mut self, measurement: &str, names: &[&str], set_up: impl Fn(&str) -> Run) {
        let mut group = self.criterion.benchmark_group(measurement);
        for name in names {
            // Not before it is known that it was asked for.
            let mut run = None;
            group.bench_function(*name, |bencher| {
                bencher.iter_custom(run.get_or_insert_with(|| set_up(name)));
            });
        }
        group.finish();
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        self.held.push((measurement.to_owned(), names));
    }

    /// Prints the medians of this run, and each as a multiple of the first of its measurement.
    pub(crate) fn finish(&self) {
        self.criterion.final_summary();
        println!("| measurement | by | median | to the first |\n|-|-|-:|-:|");
        for (measurement, names) in &self.held {
            let place = results().join(measurement);
            let median = |name| Some((name, median(&place.join(name), self.began)?));
            let medians: Vec<_> = names.iter().filter_map(median).collect();
            for (name, median) in &medians {
                let ratio = median / medians[0].1;
                let digits = if ratio < 0.1 { 4 } else { 2 };
                println!("| {measurement} | {name} | {} | {ratio:.digits$} |", readable(*median));
            }
        }
    }
}

/// Where criterion leaves its results, so that they are found again.
fn results() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("against_the_kernel")
}

/// The median that criterion has left here, in nanoseconds, if it is of this run.
fn median(place: &Path, began: SystemTime) -> Option<f64> {
    let place = place.join("new/estimates.json");
    fs::metadata(&place).ok()?.modified().ok().filter(|written| *written >= began)?;
    let estimates: Value = serde_json::from_slice(&fs::read(place).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}

fn readable(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e3 => format!("{nanoseconds:.1} ns"),
        ..1e6 => format!("{:.2} µs", nanoseconds / 1e3),
        _ => format!("{:.2} ms", nanoseconds / 1e6),
    }
}

/// How long it takes to do something so many times.
pub(crate) fn timed(times: u64, mut once: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        once();
    }
    start.elapsed()
}
