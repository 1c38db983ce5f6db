//! One load run on one database, from the empty database to the restart of a full one.

use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hyper::body::Bytes;
use tokio::runtime::Runtime;

use super::client::Scim;
use super::load::{self, drive, median_ms};
use super::resources::{self, Memory};
use super::{Sizes, baseline, people};
use crate::administration::Administration;
use crate::postgres::Cluster;
use crate::server::{RateLimit, Server};

/// Connections of every load that is not sent one request at a time.
pub(crate) const CONNECTIONS: usize = 16;
/// People of the initial cycle.
pub(crate) const CYCLE_PEOPLE: usize = 1_000;
/// Groups over which they are spread.
const CYCLE_GROUPS: usize = 20;
/// Members that one request adds when a group is filled.
const BATCH: usize = 500;
/// Starts from which the median is taken.
const STARTS: usize = 5;

/// The database to measure.
pub(crate) enum Database<'a> {
    Sqlite,
    Postgres(&'a Cluster),
}

/// Every figure of one database.
pub(crate) struct Measured {
    pub(crate) sync_ms: f64,
    pub(crate) round_trip_ms: f64,
    pub(crate) baseline_rate: f64,
    /// What the database alone does at its best.
    pub(crate) best_rate: f64,
    pub(crate) create_rate: f64,
    pub(crate) create_ms: f64,
    /// At few and at many people.
    pub(crate) look_up_ms: [f64; 2],
    /// For each size of group.
    pub(crate) add_member_ms: [f64; 3],
    pub(crate) set_active_ms: f64,
    pub(crate) cycle_seconds: f64,
    pub(crate) start_ms: f64,
    /// After the load, without a request for a while.
    pub(crate) memory: Memory,
    /// After a restart and some look-ups.
    pub(crate) memory_restarted: Memory,
}

/// Runs the whole scenario in a new folder under `parent`.
///
/// # Errors
/// The first request, start or reading that fails.
pub(crate) fn measure(
    runtime: &Runtime,
    binary: &Path,
    database: &Database<'_>,
    parent: &Path,
    sizes: Sizes,
) -> Result<Measured> {
    let folder = tempfile::Builder::new().prefix("rollcall-bench-").tempdir_in(parent)?;
    if let Database::Postgres(cluster) = database {
        baseline::prepare_postgres(cluster)?;
    }
    let url = database_url(database, folder.path(), "rollcall")?;
    let administration = Administration::on_migrated(binary, &url)?;
    let token = administration.token("load", "entra")?;
    let cycle_token = administration.token("cycle", "entra")?;
    say(database, "bare INSERT, first run");
    let bare = || bare_rate(runtime, database, folder.path(), sizes);
    let sync_ms = sync_ms(folder.path())?;
    let before = bare()?;

    let server = Server::start(binary, &url, RateLimit::Off, folder.path())?;
    let scim = Scim::new(server.address(), &token)?;
    say(database, &format!("{} people", sizes.few));
    let mut people = runtime.block_on(create(&scim, 0..sizes.few))?.values;
    let round_trip_ms = runtime.block_on(round_trip(&scim, sizes))?;
    say(database, &format!("{} creates with {CONNECTIONS} connections", sizes.timed_creates));
    let creates = runtime.block_on(create(&scim, sizes.few..sizes.few + sizes.timed_creates))?;
    say(database, "bare INSERT, second run");
    let after = bare()?;
    let seconds = sizes.baseline_seconds;
    let best_rate = match database {
        Database::Sqlite => runtime.block_on(baseline::sqlite_alone(folder.path(), seconds))?,
        Database::Postgres(cluster) => baseline::pgbench(cluster, folder.path(), CONNECTIONS, seconds)?,
    };
    let (create_rate, create_ms) = (creates.rate(), creates.median_ms());
    people.extend(creates.values);

    say(database, &format!("on to {} people", sizes.many));
    // One more than the largest group has: somebody has to be added to it.
    people.extend(runtime.block_on(create(&scim, people.len()..sizes.many + 1))?.values);
    say(database, &format!("look-ups among {} and {} people", sizes.few, sizes.many));
    let look_up_ms = {
        let url = database_url(database, folder.path(), "few")?;
        let token = Administration::on_migrated(binary, &url)?.token("load", "entra")?;
        let server = Server::start(binary, &url, RateLimit::Off, folder.path())?;
        let few = Scim::new(server.address(), &token)?;
        runtime.block_on(create(&few, 0..sizes.few))?;
        runtime.block_on(look_up([(&few, sizes.few), (&scim, people.len())], sizes))?
    };
    say(database, "groups");
    let add_member_ms = runtime.block_on(add_member(&scim, &people, sizes))?;
    let set_active_ms = runtime.block_on(set_active(&scim, &people, sizes))?;
    say(database, &format!("initial cycle of {CYCLE_PEOPLE} people"));
    let cycle = Scim::new(server.address(), &cycle_token)?;
    let cycle_seconds = runtime.block_on(initial_cycle(&cycle))?;

    let memory = at_rest(&server, sizes)?;
    drop(server);
    say(database, "restarts");
    let (server, start_ms) = cold_start(binary, &url, folder.path())?;
    let restarted = Scim::new(server.address(), &token)?;
    runtime.block_on(look_up([(&restarted, people.len())], sizes))?;
    let memory_restarted = at_rest(&server, sizes)?;
    Ok(Measured {
        sync_ms,
        round_trip_ms,
        baseline_rate: f64::midpoint(before, after),
        best_rate,
        create_rate,
        create_ms,
        look_up_ms,
        add_member_ms,
        set_active_ms,
        cycle_seconds,
        start_ms,
        memory,
        memory_restarted,
    })
}

fn say(database: &Database<'_>, what: &str) {
    let name = match database {
        Database::Sqlite => "SQLite",
        Database::Postgres(_) => "PostgreSQL",
    };
    println!("── {name}: {what}");
}

fn database_url(database: &Database<'_>, folder: &Path, name: &str) -> Result<String> {
    match database {
        Database::Sqlite => {
            Ok(format!("sqlite://{}?mode=rwc", folder.join(name).with_extension("db").display()))
        }
        Database::Postgres(cluster) => cluster.create_database(name),
    }
}

fn bare_rate(runtime: &Runtime, database: &Database<'_>, folder: &Path, sizes: Sizes) -> Result<f64> {
    match database {
        Database::Sqlite => runtime.block_on(baseline::sqlite(folder, CONNECTIONS, sizes.baseline_seconds)),
        Database::Postgres(cluster) => {
            runtime.block_on(baseline::postgres(cluster, CONNECTIONS, sizes.baseline_seconds))
        }
    }
}

/// The median of writing a page in place and syncing it, as a write-ahead log in use does: the floor of a commit.
fn sync_ms(folder: &Path) -> Result<f64> {
    const PAGE: [u8; 4096] = [1; 4096];
    const PAGES: usize = 200;
    let path = folder.join("sync");
    let mut file = File::create(&path)?;
    file.write_all(&PAGE.repeat(PAGES))?;
    file.sync_all()?;
    file.rewind()?;
    let mut each = Vec::new();
    for _ in 0..PAGES {
        let start = Instant::now();
        file.write_all(&PAGE)?;
        file.sync_data()?;
        each.push(start.elapsed());
    }
    fs::remove_file(path)?;
    Ok(median_ms(each))
}

async fn create(scim: &Scim, numbers: std::ops::Range<usize>) -> Result<load::Run<String>> {
    let scim = scim.clone();
    // Written out ahead: what the client does takes the processor from the server.
    let body = |number| Bytes::from(people::person(number));
    let (first, bodies) = (numbers.start, numbers.clone().map(body).collect::<Arc<[Bytes]>>());
    drive(CONNECTIONS, numbers, move |number| {
        let (scim, body) = (scim.clone(), bodies[number - first].clone());
        async move { scim.create_user(body).await }
    })
    .await
}

async fn round_trip(scim: &Scim, sizes: Sizes) -> Result<f64> {
    let mut each = Vec::new();
    for _ in 0..sizes.repetitions {
        let start = Instant::now();
        scim.ping("/healthz").await?;
        each.push(start.elapsed());
    }
    Ok(median_ms(each))
}

/// Looks up people of each server, spread over all that it has, one request at a time, and gives the best median of
/// three rounds. The servers take turns, since a machine has slow minutes, and a ratio of figures from different ones
/// says nothing. A first round warms caches and is not timed.
async fn look_up<const N: usize>(servers: [(&Scim, usize); N], sizes: Sizes) -> Result<[f64; N]> {
    let mut best = [f64::INFINITY; N];
    for timed in [false, true, true, true] {
        for ((scim, people), best) in servers.into_iter().zip(&mut best) {
            let scim = scim.clone();
            let round = drive(1, 0..sizes.repetitions, move |number| {
                let scim = scim.clone();
                async move {
                    // A large odd step visits people in an order that no cache of neighbours helps.
                    let name = people::user_name(number * 7_919 % people);
                    let found = scim.find_user(&name).await?;
                    found.with_context(|| format!("{name} was created and is not found"))
                }
            });
            let median = round.await?.median_ms();
            if timed {
                *best = best.min(median);
            }
        }
    }
    Ok(best)
}

/// Adds one member to groups of each size in turn, and takes them out again outside the measured time.
async fn add_member(scim: &Scim, people: &[String], sizes: Sizes) -> Result<[f64; 3]> {
    let (newcomer, others) = people.split_last().context("there are people")?;
    let newcomer = std::slice::from_ref(newcomer);
    let mut groups = Vec::new();
    for size in sizes.groups {
        let group = scim.create_group(&format!("Group of {size}")).await?;
        ensure!(size <= others.len(), "a group of {size} needs more people than there are");
        for batch in others[..size].chunks(BATCH) {
            scim.add_members(&group, batch).await?;
        }
        groups.push(group);
    }
    let mut each = [const { Vec::new() }; 3];
    for _ in 0..sizes.repetitions {
        for (group, each) in groups.iter().zip(&mut each) {
            let start = Instant::now();
            scim.add_members(group, newcomer).await?;
            each.push(start.elapsed());
            scim.remove_members(group, newcomer).await?;
        }
    }
    Ok(each.map(median_ms))
}

/// Disables and enables people in turn, one request at a time.
async fn set_active(scim: &Scim, people: &[String], sizes: Sizes) -> Result<f64> {
    let mut each = Vec::new();
    for person in people.iter().take(sizes.repetitions) {
        for active in [false, true] {
            let start = Instant::now();
            scim.set_active(person, active).await?;
            each.push(start.elapsed());
        }
    }
    Ok(median_ms(each))
}

/// Plays the first cycle of Entra ID one request at a time: each person is looked up and created, each group too,
/// then each person is added to one group.
async fn initial_cycle(scim: &Scim) -> Result<f64> {
    let start = Instant::now();
    let mut people = Vec::new();
    for number in 0..CYCLE_PEOPLE {
        let known = scim.find_user(&people::user_name(number)).await?;
        ensure!(known.is_none(), "the tenant of the cycle is not empty");
        people.push(scim.create_user(Bytes::from(people::person(number))).await?);
    }
    let mut groups = Vec::new();
    for number in 0..CYCLE_GROUPS {
        let name = format!("Team%20{number}");
        let known = scim.find_group(&name).await?;
        ensure!(known.is_none(), "the tenant of the cycle is not empty");
        groups.push(scim.create_group(&name.replace("%20", " ")).await?);
    }
    for (number, person) in people.iter().enumerate() {
        scim.add_members(&groups[number % CYCLE_GROUPS], std::slice::from_ref(person)).await?;
    }
    Ok(start.elapsed().as_secs_f64())
}

fn at_rest(server: &Server, sizes: Sizes) -> Result<Memory> {
    thread::sleep(Duration::from_secs(sizes.rest_seconds));
    resources::memory(server.process())
}

/// The median of several starts on the full database; the last server stays.
fn cold_start(binary: &Path, url: &str, folder: &Path) -> Result<(Server, f64)> {
    let mut each = Vec::new();
    let mut last = None;
    for _ in 0..STARTS {
        drop(last.take());
        let (server, took) = Server::cold_start(binary, url, folder)?;
        each.push(took);
        last = Some(server);
    }
    Ok((last.context("there was at least one start")?, median_ms(each)))
}
