//! `cargo xtask fuzz`: builds the fuzz targets with the stable compiler and runs each for a while, two at a time.

mod build;
mod run;
mod seeds;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::cargo;
use run::Verdict;

/// How long a target runs when nothing else is said.
pub(crate) const SECONDS: u64 = 60;

/// So many targets run at the same time.
const TOGETHER: usize = 2;

/// How the command is used.
#[derive(Args)]
pub(crate) struct Options {
    /// Seconds that each target runs
    #[arg(long, value_name = "N", default_value_t = SECONDS)]
    seconds: u64,
    /// One target alone
    #[arg(long, value_name = "TARGET")]
    only: Option<Target>,
}

/// What is fuzzed: a file in `fuzz/targets`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Filters
    Filter,
    /// Paths of PATCH operations
    Path,
    /// Bodies of PATCH requests
    Patch,
    /// Bodies of bulk requests
    Bulk,
    /// Cursors of lists
    Cursor,
    /// ID tokens of identity providers
    Token,
}

impl Target {
    /// The name of its file and of its program.
    const fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Path => "path",
            Self::Patch => "patch",
            Self::Bulk => "bulk",
            Self::Cursor => "cursor",
            Self::Token => "token",
        }
    }

    /// The longest input, in bytes: long enough for every rule, and short enough for many tries.
    const fn longest(self) -> usize {
        match self {
            Self::Filter | Self::Path | Self::Cursor => 1_024,
            Self::Patch | Self::Bulk | Self::Token => 8_192,
        }
    }

    /// The words that its inputs are made of, a file in `fuzz/dictionaries`.
    const fn dictionary(self) -> Option<&'static str> {
        match self {
            Self::Filter | Self::Path => Some("filter.dict"),
            Self::Patch | Self::Bulk => Some("json.dict"),
            Self::Cursor => None,
            Self::Token => Some("token.dict"),
        }
    }
}

/// Runs the targets and prints the table of what they came to.
///
/// # Errors
/// When they cannot be built.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let targets = options.only.map_or_else(|| Target::value_variants().to_vec(), |only| vec![only]);
    let verdicts = verdicts(&targets, options.seconds)?;
    let passed = verdicts.iter().all(|(_, verdict)| verdict.failure.is_none());
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Checks and runs all targets, as a step of the test run.
///
/// # Errors
/// When they cannot be built, or one of them fails.
pub(crate) fn all() -> Result<()> {
    build::check(&folder()?)?;
    let verdicts = verdicts(Target::value_variants(), SECONDS)?;
    let failed: Vec<_> =
        verdicts.iter().filter(|(_, it)| it.failure.is_some()).map(|(it, _)| it.name()).collect();
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

/// Where the targets are built, and where what they have learnt is kept.
fn folder() -> Result<PathBuf> {
    Ok(cargo::target_directory()?.join("fuzz"))
}

fn verdicts(targets: &[Target], seconds: u64) -> Result<Vec<(Target, Verdict)>> {
    let folder = folder()?;
    let programs = build::programs(&folder)?;
    seeds::write(&folder)?;
    println!("   {} targets, {seconds} seconds each, {TOGETHER} at a time", targets.len());
    let waiting = Mutex::new(targets.iter().copied().collect::<VecDeque<_>>());
    let done = Mutex::new(Vec::new());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    thread::scope(|scope| {
        for _ in 0..TOGETHER {
            scope.spawn(|| {
                while let Some(target) = next() {
                    let verdict = run::one(target, &programs, &folder, seconds);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((target, verdict));
                }
            });
        }
    });
    let mut verdicts = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    verdicts.sort_by_key(|(target, _)| *target as usize);
    println!("\n{}", table(&verdicts));
    Ok(verdicts)
}

fn table(verdicts: &[(Target, Verdict)]) -> String {
    let row = |name: &str, figures: [String; 3], result: &str| {
        let [executions, per_second, coverage] = figures;
        format!("  {name:<8}{executions:>13}{per_second:>10}{coverage:>10}  {result}\n")
    };
    let head = row("target", ["executions", "a second", "coverage"].map(str::to_owned), "result");
    let rows = verdicts.iter().map(|(target, verdict)| {
        let figures = [verdict.executions, verdict.per_second, verdict.coverage].map(|it| it.to_string());
        row(target.name(), figures, verdict.failure.as_deref().unwrap_or("ok"))
    });
    std::iter::once(head).chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_file_of_a_target_is_run() {
        let files = fs::read_dir(cargo::workspace().join("fuzz").join("targets")).expect("the folder");
        let mut files: Vec<String> = files
            .map(|file| file.expect("a file").path())
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .collect();
        let mut names: Vec<&str> = Target::value_variants().iter().map(|target| target.name()).collect();
        files.sort_unstable();
        names.sort_unstable();
        assert_eq!(files, names);
    }

    #[test]
    fn dictionaries_are_there() {
        for name in Target::value_variants().iter().filter_map(|target| target.dictionary()) {
            assert!(cargo::workspace().join("fuzz").join("dictionaries").join(name).is_file(), "{name}");
        }
    }

    #[test]
    fn the_table_says_what_failed() {
        let verdict = |failure| Verdict { executions: 1_234_567, per_second: 20_576, coverage: 812, failure };
        let table =
            table(&[(Target::Path, verdict(None)), (Target::Patch, verdict(Some("FAILED".to_owned())))]);
        let rows: Vec<&str> = table.lines().collect();
        assert_eq!(rows[1], "  path          1234567     20576       812  ok");
        assert!(rows[2].ends_with("  FAILED"), "{table}");
    }
}
