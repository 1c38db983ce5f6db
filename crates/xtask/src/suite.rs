//! The black-box suite against the built server on one database.

use std::path::Path;

use anyhow::Result;

use crate::administration::Administration;
use crate::cargo::Runner;
use crate::postgres::Cluster;
use crate::server::{RateLimit, Server};
use crate::step::Steps;

/// A database of its own for one run of a server.
pub(crate) struct Place<'a> {
    /// How the database is called in the table of steps.
    pub(crate) label: &'a str,
    pub(crate) database_url: String,
    /// For logs and files, removed by its owner.
    pub(crate) folder: &'a Path,
}

impl<'a> Place<'a> {
    /// A new SQLite file in the folder.
    pub(crate) fn sqlite(folder: &'a Path, name: &str) -> Self {
        let database_url = format!("sqlite://{}?mode=rwc", folder.join(format!("{name}.db")).display());
        Self { label: "SQLite", database_url, folder }
    }

    /// A new database of the cluster.
    ///
    /// # Errors
    /// When it cannot be created.
    pub(crate) fn postgres(cluster: &Cluster, folder: &'a Path, name: &str) -> Result<Self> {
        Ok(Self { label: "PostgreSQL", database_url: cluster.create_database(name)?, folder })
    }
}

/// Runs the suite on SQLite and on PostgreSQL.
pub(crate) fn run_on_both(
    steps: &mut Steps,
    runner: Runner,
    binary: &Path,
    cluster: Option<&Cluster>,
    folder: &Path,
) {
    run(steps, runner, binary, &Place::sqlite(folder, "suite"));
    let Some(cluster) = cluster else {
        steps.not_run("black-box suite, PostgreSQL", "there is no PostgreSQL");
        return;
    };
    let place =
        steps.work("create a database", "for the suite", || Place::postgres(cluster, folder, "suite"));
    if let Some(place) = place {
        run(steps, runner, binary, &place);
    }
}

/// Two steps: starts a server without a rate limit and one with a tight limit, and runs the suite on them.
fn run(steps: &mut Steps, runner: Runner, binary: &Path, place: &Place<'_>) {
    let name = format!("black-box suite, {}", place.label);
    let start = format!("start two servers, {}", place.label);
    let Some((server, limited, token)) = steps.work(&start, "rollcall serve", || servers(binary, place))
    else {
        steps.not_run(&name, "its servers did not start");
        return;
    };
    let mut command = runner.tests(&["--package", "conformance-tests"]);
    command
        .env("SCIM_URL", server.scim_url())
        .env("SCIM_TOKEN", token)
        .env("ROLLCALL_BIN", binary)
        .env("ROLLCALL_DATABASE_URL", &place.database_url)
        .env("ROLLCALL_LIMITED_URL", limited.scim_url());
    steps.tests(&name, command);
}

fn servers(binary: &Path, place: &Place<'_>) -> Result<(Server, Server, String)> {
    let token = Administration::on_migrated(binary, &place.database_url)?.token("black-box", "generic")?;
    let server = Server::start(binary, &place.database_url, RateLimit::Off, place.folder)?;
    let tight = RateLimit::PerSecond { rate: 1, burst: 3 };
    let limited = Server::start(binary, &place.database_url, tight, place.folder)?;
    Ok((server, limited, token))
}
