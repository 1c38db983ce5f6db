//! Progress of work on many people, where a person at a terminal waits for it.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};

use crate::global::Global;

/// A line that counts people on standard error; nothing where standard error is no terminal.
pub(crate) struct People(ProgressBar);

impl People {
    pub(crate) fn begin(global: &Global) -> Self {
        if global.json || !stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} people settled: {pos}, {per_sec}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// So many people are done by now.
    pub(crate) fn at(&self, people: u64) {
        self.0.set_position(people);
    }

    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}
