//! `cargo xtask test`: everything that proves the tree, with nothing left out.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::cargo::{self, Runner, cargo};
use crate::step::Steps;
use crate::{advisories, chromium, fuzz, issuer, postgres, suite};

/// All but the black-box suite, which needs a server.
const OURS: &[&str] = &["--workspace", "--exclude", "conformance-tests"];
/// What touches the database, and so is proved on each.
const ON_BOTH_DATABASES: &[&str] = &["store", "server", "cli"];

/// Runs every step, also after one failed, and closes with the counts.
///
/// # Errors
/// When no temporary folder can be made; what fails in a step is in its verdict.
pub(crate) fn run(pg_bin: Option<&Path>) -> Result<ExitCode> {
    let folder = tempfile::Builder::new().prefix("rollcall-test-").tempdir()?;
    let runner = Runner::installed();
    let mut steps = Steps::default();
    steps.check("format", cargo(["fmt", "--all", "--check"]));
    steps.check("lints", lints());
    steps.check("docs", docs());
    advisories::check(&mut steps);

    // The tests in a browser wait for pages most of the time: beside the others they cost little.
    let browser = (chromium::find_for_tests(&mut steps), issuer::install_for_tests(&mut steps));
    let mut tests = runner.tests(OURS);
    if let (Some(driver), Some(issuer)) = &browser {
        tests.env("ROLLCALL_TEST_CHROMEDRIVER", driver).env("ROLLCALL_TEST_ISSUER", issuer);
    } else {
        steps.not_run("tests, Chromium", "there is no Chromium, or no issuer");
    }
    steps.tests("tests, SQLite and Chromium", tests);
    steps.check("doc tests", doc_tests());

    let cluster = postgres::start_for_tests(&mut steps, pg_bin);
    match &cluster {
        Some(cluster) => {
            let mut tests = runner.tests_of(ON_BOTH_DATABASES, OURS);
            tests.env("ROLLCALL_TEST_POSTGRES_URL", cluster.url("postgres"));
            steps.chosen_tests("tests, PostgreSQL", tests);
        }
        None => steps.not_run("tests, PostgreSQL", "there is no PostgreSQL"),
    }
    match steps.work("find the binary", "as the tests were built", cargo::tested_binary) {
        Some(binary) => suite::run_on_both(&mut steps, runner, &binary, cluster.as_ref(), folder.path()),
        None => steps.not_run("black-box suite", "there is no binary"),
    }
    steps.work("fuzz", &format!("each target for {} seconds", fuzz::SECONDS), fuzz::all);
    Ok(steps.close())
}

fn lints() -> Command {
    cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn docs() -> Command {
    let mut command = cargo(["doc", "--workspace", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}

fn doc_tests() -> Command {
    let mut command = cargo(["test", "--doc"]);
    command.args(OURS);
    command
}
