//! `cargo xtask test`: everything that proves the tree, with nothing left out.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::cargo::{self, Runner, cargo};
use crate::step::Steps;
use crate::{advisories, chromium, issuer, postgres, suite};

/// All but the black-box suite, which needs a server.
const OURS: &[&str] = &["--workspace", "--exclude", "conformance-tests"];
/// What touches the database, and so is proved on each.
const ON_BOTH_DATABASES: &[&str] = &["--package", "store", "--package", "server", "--package", "cli"];
/// What has pages: the names of tests in a browser end so, and without the driver's name they do nothing.
const IN_THE_BROWSER: &[&str] =
    &["--package", "server", "--package", "sample-application", "--package", "cli"];

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
    steps.tests("tests, SQLite", runner.tests(OURS));
    steps.check("doc tests", doc_tests());

    match (chromium::find_for_tests(&mut steps), issuer::install_for_tests(&mut steps)) {
        (Some(driver), Some(issuer)) => {
            let mut tests = runner.named("in_the_browser", IN_THE_BROWSER);
            tests.env("ROLLCALL_TEST_CHROMEDRIVER", driver).env("ROLLCALL_TEST_ISSUER", issuer);
            steps.chosen_tests("tests, browser", tests);
        }
        _ => steps.not_run("tests, browser", "there is no Chromium, or no issuer"),
    }

    let cluster = postgres::start_for_tests(&mut steps, pg_bin);
    match &cluster {
        Some(cluster) => {
            let mut tests = runner.tests(ON_BOTH_DATABASES);
            tests.env("ROLLCALL_TEST_POSTGRES_URL", cluster.url("postgres"));
            steps.tests("tests, PostgreSQL", tests);
        }
        None => steps.not_run("tests, PostgreSQL", "there is no PostgreSQL"),
    }
    match steps.work("build", "cargo build --package cli", || cargo::build_binary(false)) {
        Some(binary) => suite::run_on_both(&mut steps, runner, &binary, cluster.as_ref(), folder.path()),
        None => steps.not_run("black-box suite", "there is no binary"),
    }
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
