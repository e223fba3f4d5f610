//! What a run shows while it runs: a bar on a terminal, a line a job elsewhere.

use std::{io::IsTerminal, time::Duration};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use selvedge_models::engine::pulse::Vitals;

/// The progress of a known number of jobs.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(jobs: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos}/{len} {wide_msg}");
            let bar = ProgressBar::new(jobs as u64)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self { bar }
    }

    /// A job has started.
    pub(crate) fn starts(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
    }

    /// A job is so far.
    pub(crate) fn goes_on(&self, what: &str, vitals: &Vitals) {
        if let Some(bar) = &self.bar {
            let Vitals { executions, seconds, .. } = *vitals;
            let rate = HumanCount((executions as f64 / seconds) as u64);
            let executions = HumanCount(executions);
            bar.set_message(format!("{what}: {executions} executions, {rate}/s, {seconds:.0} s"));
        }
    }

    /// A job has ended; what failed stays on the screen.
    pub(crate) fn ends(&self, what: &str, well: bool) {
        match &self.bar {
            Some(bar) if well => bar.inc(1),
            Some(bar) => {
                bar.println(what);
                bar.inc(1);
            }
            None => eprintln!("{what}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
