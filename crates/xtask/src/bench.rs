//! `cargo xtask bench`: load runs over loopback against a release build, on SQLite and on PostgreSQL.

mod baseline;
mod bindings;
mod bulk;
mod client;
mod console;
mod creates;
mod directory;
mod entitlements;
mod figure;
mod groups;
mod imports;
mod invitations;
mod lists;
mod load;
mod machine;
mod neighbours;
mod patches;
mod people;
mod place;
mod population;
mod reads;
mod resources;
mod sizes;
mod slow_disk;
mod table;
mod watch;

#[path = "../../cli/tests/support/receiver.rs"]
mod receiver;
#[path = "../../cli/tests/support/smtp.rs"]
mod smtp;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use tokio::runtime::Runtime;

use crate::cargo::{self, cargo};
use crate::postgres::Binaries;
use crate::process;
use figure::Figure;
use place::{Database, Place};
use sizes::Sizes;

/// How much to measure, and how to print it.
#[derive(Args)]
pub(crate) struct Options {
    /// Measure this scenario alone; may be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<Scenario>,
    /// Measure this database alone
    #[arg(long)]
    database: Option<Database>,
    /// Small populations and short loads, for trying
    #[arg(long)]
    quick: bool,
    /// Print the table as Markdown
    #[arg(long)]
    markdown: bool,
    /// Leave out the micro benchmarks of the pure crates, as --only does
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

/// What can be measured, in the order of the table; each has a server and a database of its own.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// A directory is pushed, from the empty database to the restart of a full one
    Directory,
    /// Creates/s: bare, with a seat each, with a rule, awaited by a group, with everything
    Creates,
    /// GET/s and look-up/s of a user
    Reads,
    /// GET/s of a user in a group while the tenant has more and more memberships
    Memberships,
    /// PATCH/s of a user's title and of active
    Patches,
    /// A thousand creates in one bulk request, and one after the other
    Bulk,
    /// The first page of a list among few and among many
    Lists,
    /// Pages of a sorted list of many, with an index for the order and without one
    Sorted,
    /// The memory that a list of large users takes
    LargeUsers,
    /// A group read in full
    Groups,
    /// A large group on a PostgreSQL database that was never analysed
    Unanalysed,
    /// A bound group loses all its members in one PUT
    Emptied,
    /// A large group is bound to a pool
    Bindings,
    /// A file of people is tried and imported
    Imports,
    /// Invitations/s to a mail server
    Invitations,
    /// Entitlements/s that the application asks for
    Entitlements,
    /// One tenant's reads beside the expensive searches of another
    Neighbours,
    /// The pages of the console of a large tenant
    Console,
}

impl Scenario {
    fn measure(self, place: &Place<'_>) -> Result<Vec<Figure>> {
        match self {
            Self::Directory => directory::measure(place),
            Self::Creates => creates::measure(place),
            Self::Reads => reads::reads(place),
            Self::Memberships => reads::memberships(place),
            Self::Patches => patches::measure(place),
            Self::Bulk => bulk::measure(place),
            Self::Lists => lists::first_page(place),
            Self::Sorted => lists::sorted(place),
            Self::LargeUsers => lists::large_users(place),
            Self::Groups => groups::read_in_full(place),
            Self::Unanalysed => groups::without_statistics(place),
            Self::Emptied => groups::emptied(place),
            Self::Bindings => bindings::measure(place),
            Self::Imports => imports::measure(place),
            Self::Invitations => invitations::measure(place),
            Self::Entitlements => entitlements::measure(place),
            Self::Neighbours => neighbours::measure(place),
            Self::Console => console::measure(place),
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Measures and prints the table. A load generator without optimisation would take the processor from what it
/// measures, so a debug build hands over to a release build of itself.
///
/// # Errors
/// When something cannot be built or started. A scenario that fails is a row of the table and fails the run; a missed
/// aim is shown, and is no failure.
pub(crate) fn run(pg_bin: Option<&Path>, options: &Options) -> Result<ExitCode> {
    if cfg!(debug_assertions) {
        return hand_over();
    }
    if let Some(milliseconds) = options.sync_ms
        && let Some(code) = slow_disk::hand_over(milliseconds)?
    {
        return Ok(code);
    }
    let sizes = if options.quick { sizes::QUICK } else { sizes::FULL };
    let binary = match &options.binary {
        Some(binary) => binary.canonicalize()?,
        None => cargo::build_binary(true)?,
    };
    if !options.no_micro && options.only.is_empty() {
        micro_benchmarks()?;
    }
    let parent = options.dir.clone().unwrap_or_else(std::env::temp_dir).canonicalize()?;
    let postgres = Binaries::find_or_install(pg_bin)?;
    let machine = machine::describe(&parent, options.sync_ms, &postgres);
    let runtime = Runtime::new()?;

    let (mut columns, mut failed) = (Vec::new(), false);
    for database in [Database::Sqlite, Database::Postgres] {
        if options.database.is_some_and(|only| only != database) {
            continue;
        }
        let mut figures = Vec::new();
        for scenario in Scenario::value_variants() {
            if !options.only.is_empty() && !options.only.contains(scenario) {
                continue;
            }
            let measured = Place::new(&runtime, &binary, sizes, database, &postgres, &parent)
                .and_then(|place| scenario.measure(&place));
            figures.extend(measured.unwrap_or_else(|error| {
                eprintln!("error: {} on {}: {error:#}", scenario.name(), database.label());
                failed = true;
                vec![Figure::failed(&scenario.name())]
            }));
        }
        columns.push((database.label(), figures));
    }

    let table = table::Table::new(&columns);
    println!("\n{machine}\n");
    println!("{}", if options.markdown { table.markdown() } else { table.text() });
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
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
