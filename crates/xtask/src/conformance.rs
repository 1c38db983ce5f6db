//! `cargo xtask conformance`: the black-box suite, and the conformance runners that others wrote.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;

use crate::cargo::{self, Runner};
use crate::commands::Commands;
use crate::postgres::{self, Cluster};
use crate::server::{RateLimit, Server};
use crate::step::Steps;
use crate::suite::{self, Place};

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// Only the three runners from PyPI
    #[arg(long, conflicts_with = "own_only")]
    suites_only: bool,
    /// Only the project's own black-box suite
    #[arg(long)]
    own_only: bool,
    /// Judge this executable, rather than one built now
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// The scripts under `conformance-tests/runners`; each takes a base URL and a token.
const RUNNERS: &[&str] = &["scim2-tester", "scim-sanity", "schemathesis"];

/// Runs what the options ask for and closes with the counts.
///
/// # Errors
/// When no folder can be made; what fails in a step is in its verdict.
pub(crate) fn run(pg_bin: Option<&Path>, options: &Options) -> Result<ExitCode> {
    let folder = tempfile::Builder::new().prefix("rollcall-conformance-").tempdir()?;
    let mut steps = Steps::default();
    let built = match &options.binary {
        Some(binary) => Some(binary.canonicalize()?),
        None => steps.work("build", "cargo build --package cli", || cargo::build_binary(false)),
    };
    let Some(binary) = built else { return Ok(steps.close()) };
    let cluster = postgres::start_for_tests(&mut steps, pg_bin);
    if !options.suites_only {
        suite::run_on_both(&mut steps, Runner::installed(), &binary, cluster.as_ref(), folder.path());
    }
    if !options.own_only {
        let work = cargo::target_directory()?.join("conformance");
        runners_on_both(&mut steps, &binary, cluster.as_ref(), folder.path(), &work);
    }
    Ok(steps.close())
}

fn runners_on_both(steps: &mut Steps, binary: &Path, cluster: Option<&Cluster>, folder: &Path, work: &Path) {
    runners(steps, binary, &Place::sqlite(folder, "runners"), work);
    let Some(cluster) = cluster else {
        steps.not_run("runners, PostgreSQL", "there is no PostgreSQL");
        return;
    };
    let place =
        steps.work("create a database", "for the runners", || Place::postgres(cluster, folder, "runners"));
    if let Some(place) = place {
        runners(steps, binary, &place, work);
    }
}

/// Runs each runner against one server, in a tenant of its own.
fn runners(steps: &mut Steps, binary: &Path, place: &Place<'_>, work: &Path) {
    let start = format!("start a server, {}", place.label);
    let started = steps.work(&start, "rollcall serve", || {
        let commands = Commands::on_migrated(binary, &place.database_url)?;
        let tokens = RUNNERS.iter().map(|runner| commands.token(runner, "strict"));
        let tokens = tokens.collect::<Result<Vec<_>>>()?;
        // One client sends thousands of requests here, which a rate limit exists to refuse.
        let server = Server::start(binary, &place.database_url, RateLimit::Off, place.folder)?;
        Ok((server, tokens))
    });
    for (index, runner) in RUNNERS.iter().enumerate() {
        let name = format!("{runner}, {}", place.label);
        match &started {
            Some((server, tokens)) => {
                let reports = work.join(place.label.to_lowercase());
                steps.tests(&name, script(runner, &server.scim_url(), &tokens[index], &reports));
            }
            None => steps.not_run(&name, "its server did not start"),
        }
    }
}

/// The runner's script; it installs into, and leaves its reports in, a folder of its own.
fn script(runner: &str, base_url: &str, token: &str, reports: &Path) -> Command {
    let scripts = cargo::workspace().join("conformance-tests/runners");
    let mut command = Command::new(scripts.join(format!("{runner}.sh")));
    command.args([base_url, token]).env("REPORTS", reports);
    command.env("ENVIRONMENTS", reports.parent().unwrap_or(reports));
    command
}
