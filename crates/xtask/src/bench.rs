//! `cargo xtask bench`: load runs over loopback against a release build, on SQLite and on PostgreSQL.

mod baseline;
mod client;
mod load;
mod machine;
mod people;
mod resources;
mod scenario;
mod slow_disk;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use tokio::runtime::Runtime;

use crate::cargo::{self, cargo};
use crate::postgres::{Binaries, Cluster, Durability};
use crate::process;

/// How much to measure, and how to print it.
#[derive(Args)]
pub(crate) struct Options {
    /// A small population, for trying: 5,000 people in place of 100,000
    #[arg(long)]
    quick: bool,
    /// Print the table as Markdown
    #[arg(long)]
    markdown: bool,
    /// Leave out the micro benchmarks of the pure crates
    #[arg(long)]
    no_micro: bool,
    /// Measure this executable, rather than a release build made now
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Folder on the disk to measure; the temporary folder when not given
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Let every sync take so many milliseconds longer, as on a slower disk
    #[arg(long, value_name = "MS")]
    sync_ms: Option<f64>,
}

/// How many people, groups and repetitions a run has.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    /// People at the first look-up measurement.
    pub(crate) few: usize,
    /// People at the last one.
    pub(crate) many: usize,
    /// People whose creation is timed.
    pub(crate) timed_creates: usize,
    /// Members of the three groups that get one more.
    pub(crate) groups: [usize; 3],
    /// Repetitions of what is measured one request at a time.
    pub(crate) repetitions: usize,
    /// Seconds of each of the two runs of the bare INSERT.
    pub(crate) baseline_seconds: u32,
    /// Seconds without a request before memory at rest is read.
    pub(crate) rest_seconds: u64,
}

const FULL: Sizes = Sizes {
    few: 1_000,
    many: 100_000,
    timed_creates: 10_000,
    groups: [10, 1_000, 100_000],
    repetitions: 500,
    baseline_seconds: 5,
    rest_seconds: 10,
};

const QUICK: Sizes = Sizes {
    few: 1_000,
    many: 5_000,
    timed_creates: 2_000,
    groups: [10, 1_000, 5_000],
    repetitions: 100,
    baseline_seconds: 1,
    rest_seconds: 2,
};

/// Measures and prints the table. A load generator without optimisation would take the processor from what it
/// measures, so a debug build hands over to a release build of itself.
///
/// # Errors
/// When something cannot be built, started or measured; a missed aim is shown, and is no error.
pub(crate) fn run(pg_bin: Option<&Path>, options: &Options) -> Result<ExitCode> {
    if cfg!(debug_assertions) {
        return hand_over();
    }
    if let Some(milliseconds) = options.sync_ms
        && let Some(code) = slow_disk::hand_over(milliseconds)?
    {
        return Ok(code);
    }
    let sizes = if options.quick { QUICK } else { FULL };
    let binary = match &options.binary {
        Some(binary) => binary.canonicalize()?,
        None => cargo::build_binary(true)?,
    };
    if !options.no_micro {
        micro_benchmarks()?;
    }
    let parent = options.dir.clone().unwrap_or_else(std::env::temp_dir).canonicalize()?;
    let binaries = Binaries::find_or_install(pg_bin)?;
    let machine = machine::describe(&parent, options.sync_ms, &binaries);
    let runtime = Runtime::new()?;

    let sqlite = scenario::measure(&runtime, &binary, &scenario::Database::Sqlite, &parent, sizes)
        .context("the run on SQLite")?;
    let cluster = Cluster::start(binaries, Durability::Full, &parent)?;
    let postgres =
        scenario::measure(&runtime, &binary, &scenario::Database::Postgres(&cluster), &parent, sizes)
            .context("the run on PostgreSQL")?;

    let table = table::Table::new(&sqlite, &postgres, sizes, resources::file_mib(&binary)?);
    println!("\n{machine}\n");
    println!("{}", if options.markdown { table.markdown() } else { table.text() });
    Ok(ExitCode::SUCCESS)
}

fn hand_over() -> Result<ExitCode> {
    let status = cargo(["run", "--release", "--quiet", "--package", "xtask", "--"])
        .args(std::env::args_os().skip(1))
        .current_dir(std::env::current_dir()?)
        .status()
        .context("cargo did not start")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn micro_benchmarks() -> Result<()> {
    for (package, benchmark) in cargo::micro_benchmarks()? {
        println!("\n── {package}: {benchmark}");
        let mut command = cargo(["bench", "--quiet", "--package", &package, "--bench", &benchmark]);
        let (status, _) = process::shown_and_kept(&mut command)?;
        if !status.success() {
            bail!("the micro benchmark {benchmark} of {package} failed");
        }
    }
    Ok(())
}
