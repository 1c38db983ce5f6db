//! Everything that needs more than cargo: the whole test run, the conformance suites, fuzzing and the measurements.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool: its output is its purpose"
)]

mod advisories;
mod bench;
mod cargo;
mod chromium;
mod commands;
mod conformance;
mod counts;
mod fuzz;
mod issuer;
mod packages;
mod postgres;
mod process;
mod proxy;
mod server;
mod step;
mod suite;
mod test;
mod watched;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about, version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Format, lints, docs, all tests on SQLite and again on PostgreSQL, pages in Chromium, the black-box suite on both databases, and the fuzz targets
    Test {
        #[command(flatten)]
        databases: Databases,
    },
    /// The black-box suite on both databases, then three conformance runners from PyPI
    Conformance {
        #[command(flatten)]
        databases: Databases,
        #[command(flatten)]
        options: conformance::Options,
    },
    /// The fuzz targets, each for a while; prints the table of executions
    Fuzz {
        #[command(flatten)]
        options: fuzz::Options,
    },
    /// Load runs against a release build; prints the table of measured figures
    Bench {
        #[command(flatten)]
        databases: Databases,
        #[command(flatten)]
        options: bench::Options,
    },
}

/// Where the database programs are.
#[derive(Args)]
struct Databases {
    /// Folder with PostgreSQL's server programs (initdb, postgres); searched for when not given
    #[arg(long, env = "PG_BIN", value_name = "DIR")]
    pg_bin: Option<PathBuf>,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Test { databases } => test::run(databases.pg_bin.as_deref()),
        Command::Conformance { databases, options } => {
            conformance::run(databases.pg_bin.as_deref(), &options)
        }
        Command::Fuzz { options } => fuzz::run(&options),
        Command::Bench { databases, options } => bench::run(databases.pg_bin.as_deref(), &options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
