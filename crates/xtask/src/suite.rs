//! The black-box suite against the built server on one database.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::cargo::{Runner, cargo};
use crate::commands::Commands;
use crate::postgres::Cluster;
use crate::proxy::Proxy;
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

/// Runs the suite on SQLite, and on two servers over one PostgreSQL behind a proxy that gives each request to the next.
pub(crate) fn run_on_both(
    steps: &mut Steps,
    runner: Runner,
    binary: &Path,
    cluster: Option<&Cluster>,
    folder: &Path,
) {
    let [suite, apart] = ["suite", "apart"].map(|name| Place::sqlite(folder, name));
    run(steps, runner, binary, (&suite, &apart), 1);
    let Some(cluster) = cluster else {
        steps.not_run("black-box suite, PostgreSQL", "there is no PostgreSQL");
        return;
    };
    let places = steps.work("create two databases", "for the suite", || {
        Ok((Place::postgres(cluster, folder, "suite")?, Place::postgres(cluster, folder, "apart")?))
    });
    if let Some((suite, apart)) = places {
        run(steps, runner, binary, (&suite, &apart), 2);
    }
}

/// Three steps: starts the servers, holds them against every requirement, and replays what identity providers send.
fn run(
    steps: &mut Steps,
    runner: Runner,
    binary: &Path,
    (place, apart): (&Place<'_>, &Place<'_>),
    replicas: usize,
) {
    let (requirements, replays) =
        (format!("requirements, {}", place.label), format!("replays, {}", place.label));
    let start = format!("start {} servers, {}", replicas + 2, place.label);
    let started = steps.work(&start, "rollcall serve", || Servers::start(binary, place, apart, replicas));
    let Some(servers) = started else {
        steps.not_run(&requirements, "its servers did not start");
        steps.not_run(&replays, "its servers did not start");
        return;
    };
    let with_servers = |mut command: Command| {
        command
            .env("SCIM_URL", &servers.scim_url)
            .env("SCIM_TOKEN", &servers.token)
            .env("ROLLCALL_BIN", binary)
            .env("ROLLCALL_DATABASE_URL", &place.database_url)
            .env("ROLLCALL_LIMITED_URL", servers.limited.scim_url())
            .env("ROLLCALL_APART_URL", servers.apart.scim_url())
            .env("ROLLCALL_APART_DATABASE_URL", &apart.database_url);
        command
    };
    steps.tests(&requirements, with_servers(conformance()));
    steps.tests(&replays, with_servers(runner.tests(&["--package", "conformance-tests"])));
}

/// The conformance runner, to which nothing is optional on our own server.
fn conformance() -> Command {
    let mut command = cargo(["run", "--quiet", "--package", "conformance-tests", "--"]);
    command.args(["--every-level", "--expected-failures", "conformance-tests/expected-failures.txt"]);
    command
}

struct Servers {
    /// Where those without a rate limit are reached.
    scim_url: String,
    _plain: Vec<Server>,
    /// On the same database, with a tight rate limit.
    limited: Server,
    /// On a database of its own, for what would be in the way of the other tests.
    apart: Server,
    token: String,
}

impl Servers {
    fn start(binary: &Path, place: &Place<'_>, apart: &Place<'_>, replicas: usize) -> Result<Self> {
        let commands = Commands::on_migrated(binary, &place.database_url)?;
        let token = commands.token("black-box", "strict")?;
        Commands::on_migrated(binary, &apart.database_url)?;
        let start =
            |place: &Place<'_>, limit| Server::start(binary, &place.database_url, limit, place.folder);
        // The receiver of security event tokens is on this machine.
        let private = ("ROLLCALL_WEBHOOKS__ALLOW_PRIVATE", "true".to_owned());
        let tight = RateLimit::PerSecond { rate: 1, burst: 3 };
        let (scim_url, plain) = if replicas == 1 {
            let server = Server::start_with(binary, &place.database_url, &[private], place.folder)?;
            (server.scim_url(), vec![server])
        } else {
            let proxy = Proxy::listen()?;
            let settings = [("ROLLCALL_BASE_URL", proxy.url()), private];
            let start = |_| Server::start_with(binary, &place.database_url, &settings, place.folder);
            let servers = (0..replicas).map(start).collect::<Result<Vec<_>>>()?;
            proxy.stand_before(servers.iter().map(Server::address).collect());
            (format!("{}/scim/v2", proxy.url()), servers)
        };
        Ok(Self {
            scim_url,
            _plain: plain,
            limited: start(place, tight)?,
            apart: start(apart, RateLimit::Off)?,
            token,
        })
    }
}
