//! Progress of the demo: bars on a terminal, plain lines everywhere else.

use std::io::{IsTerminal, stderr};

use anyhow::Result;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::output;

/// Where progress is shown.
pub(super) struct Progress {
    bars: Option<MultiProgress>,
}

impl Progress {
    /// Bars where a person looks at a terminal.
    pub(super) fn on_terminal_or_plain() -> Self {
        Self { bars: stderr().is_terminal().then(MultiProgress::new) }
    }

    /// A line that stays.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(super) fn say(&self, line: &str) -> Result<()> {
        match &self.bars {
            Some(bars) => bars.suspend(|| output::lines(line.split('\n'))),
            None => output::lines(line.split('\n')),
        }
    }

    /// A bar for `length` steps of what `who` does.
    pub(super) fn bar(&self, who: &str, length: usize) -> Bar {
        let Some(bars) = &self.bars else { return Bar { bar: ProgressBar::hidden() } };
        let bar = bars.add(ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX)));
        let style = ProgressStyle::with_template("{prefix:12} {bar:30} {pos}/{len}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_prefix(who.to_owned());
        Bar { bar }
    }
}

/// The progress of one of those who push.
pub(super) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// One step more is done.
    pub(super) fn step(&self) {
        self.bar.inc(1);
    }

    /// So many steps are done by now.
    pub(super) fn at(&self, steps: u64) {
        self.bar.set_position(steps);
    }

    /// Everything is done: the bar goes.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
