//! A directory is pushed: from the empty database over the first creates to the restart of a full one.

use std::fs::{self, File};
use std::io::{Seek, Write};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hyper::body::Bytes;

use super::client::Scim;
use super::figure::{Figure, grouped};
use super::load::{CONNECTIONS, Run, median_ms, taking_turns, timed};
use super::place::Place;
use super::resources::{self, Memory};
use super::{Sizes, baseline, people, population};
use crate::server::Server;

/// People of the initial cycle.
const CYCLE_PEOPLE: usize = 1_000;
/// Groups over which they are spread.
const CYCLE_GROUPS: usize = 20;
/// Starts from which the median is taken.
const STARTS: usize = 5;

/// The run from the first person to the last:
///
/// * the disk and the database alone, before and after the timed creates;
/// * `POST /Users` by 16 connections among few people, as a rate and as the median of one;
/// * the look-up by `userName`, one request at a time, among few and among many people;
/// * PATCH requests that add one member to groups of three sizes, and that set `active`, one request at a time;
/// * the first cycle of Entra ID in an empty tenant;
/// * the server's memory after all that and after a restart, and the time from its start to its first answer.
///
/// # Errors
/// The first request, start or reading that fails.
pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Figure>> {
    let sizes = place.sizes;
    if let Some(cluster) = &place.cluster {
        baseline::prepare_postgres(cluster)?;
    }
    let site = place.site("rollcall")?;
    let (scim, cycle) = (site.tenant("load")?, site.tenant("cycle")?);
    place.say("bare INSERT, first run");
    let sync_ms = sync_ms(place)?;
    let before = bare_rate(place)?;

    place.say(&format!("{} people", sizes.few));
    let mut people = place.block_on(population::create(&scim, 0..sizes.few))?.values;
    let healthz = |_, scim: Scim, _| async move { scim.read("/healthz").await.map(drop) };
    let [round_trip_ms] = place.block_on(taking_turns([scim.clone()], sizes.repetitions, healthz))?;
    place.say(&format!("{} creates with {CONNECTIONS} connections", sizes.timed_creates));
    let timed_creates = sizes.few..sizes.few + sizes.timed_creates;
    let creates = place.block_on(population::create(&scim, timed_creates))?;
    place.say("bare INSERT, second run");
    let after = bare_rate(place)?;
    let mut figures = writes(place, sync_ms, f64::midpoint(before, after), &creates)?;
    people.extend(creates.values);

    place.say(&format!("on to {} people", sizes.many));
    // One more than the largest group has: one user has to be added to it.
    people.extend(place.block_on(population::create(&scim, people.len()..sizes.many + 1))?.values);
    let look_ups = look_ups(place, &scim, people.len())?;
    place.say("groups");
    let members = members(place, &scim, &people)?;
    let actives = place.block_on(set_active(&scim, &people, sizes))?;
    place.say(&format!("initial cycle of {CYCLE_PEOPLE} people"));
    let cycle_seconds = place.block_on(initial_cycle(&cycle))?;

    figures.push(
        Figure::new("PATCH active, median ms", 2, actives).bounded_by("a read, and one durable transaction"),
    );
    figures.push(
        Figure::new(
            format!("initial cycle of Entra ID, s per {} people", grouped(CYCLE_PEOPLE)),
            2,
            cycle_seconds,
        )
        .bounded_by("latency: look-up, create and group add of each person, one request at a time"),
    );
    figures.push(
        Figure::new("GET /healthz, median ms", 2, round_trip_ms)
            .bounded_by("HTTP over loopback: what every request costs at least"),
    );
    figures.extend(look_ups);
    figures.extend(members);
    let memory = at_rest(&site.server, sizes)?;
    drop(site.server);
    place.say("restarts");
    let url = &site.commands.database_url;
    figures.extend(server_itself(place, url, &scim, people.len(), memory)?);
    Ok(figures)
}

/// The median of writing a page in place and syncing it, as a write-ahead log in use does: the floor of a commit.
fn sync_ms(place: &Place<'_>) -> Result<f64> {
    const PAGE: [u8; 4096] = [1; 4096];
    const PAGES: usize = 200;
    let path = place.folder().join("sync");
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

/// What a create costs beside what the database alone does.
fn writes(place: &Place<'_>, sync_ms: f64, bare: f64, creates: &Run<String>) -> Result<Vec<Figure>> {
    let seconds = place.sizes.baseline_seconds;
    let best = match &place.cluster {
        None => place.block_on(baseline::sqlite_alone(place.folder(), seconds))?,
        Some(cluster) => baseline::pgbench(cluster, place.folder(), CONNECTIONS, seconds)?,
    };
    let bound = "one sync a commit, three round trips, and on SQLite the wait for the one writer";
    Ok(vec![
        Figure::new("write 4 KiB and sync, ms", 3, sync_ms).bounded_by("the disk"),
        Figure::new(format!("bare INSERT transactions/s, {CONNECTIONS} connections"), 0, bare)
            .bounded_by(bound),
        Figure::new(format!("creates/s, {CONNECTIONS} connections"), 0, creates.rate())
            .bounded_by("the sync, then the processor: document, index, journal and log rows in one commit"),
        Figure::new("… as a share of bare INSERTs", 2, creates.rate() / bare),
        Figure::new("bare INSERT statements/s at best", 0, best)
            .bounded_by("the database at its best: one SQLite connection, pgbench"),
        Figure::new("… creates as a share of these", 2, creates.rate() / best),
        Figure::new("… median of one create, ms", 2, creates.median_ms())
            .bounded_by("waiting for the writers before it"),
    ])
}

/// Looks up people of a server with few and of one with many, spread over all that it has.
fn look_ups(place: &Place<'_>, scim: &Scim, people: usize) -> Result<Vec<Figure>> {
    let sizes = place.sizes;
    place.say(&format!("look-ups among {} and {} people", sizes.few, sizes.many));
    let site = place.site("few")?;
    let few = site.tenant("load")?;
    place.block_on(population::create(&few, 0..sizes.few))?;
    let [among_few, among_many] =
        place.block_on(look_up([(&few, sizes.few), (scim, people)], sizes.repetitions))?;
    let name = |people| format!("look-up by userName among {}, median ms", grouped(people));
    Ok(vec![
        Figure::new(name(sizes.few), 2, among_few)
            .at_most(1.0)
            .bounded_by("HTTP, the token and one index look-up"),
        Figure::new(name(sizes.many), 2, among_many).at_most(1.0).bounded_by("the same, in a deeper index"),
        Figure::new("… ratio of the two", 2, among_many / among_few).at_most(1.2),
    ])
}

async fn look_up<const N: usize>(servers: [(&Scim, usize); N], repetitions: usize) -> Result<[f64; N]> {
    let people = servers.map(|(_, people)| people);
    taking_turns(servers.map(|(scim, _)| scim.clone()), repetitions, |server, scim, number| async move {
        // A large odd step visits people in an order that no cache of neighbours helps.
        let name = people::user_name(number * 7_919 % people[server]);
        scim.find_user(&name).await?.with_context(|| format!("{name} was created and is not found")).map(drop)
    })
    .await
}

fn members(place: &Place<'_>, scim: &Scim, people: &[String]) -> Result<Vec<Figure>> {
    let sizes = place.sizes;
    let medians = place.block_on(add_member(scim, people, sizes))?;
    let figure = |(size, median)| {
        Figure::new(format!("add one member to a group of {}, median ms", grouped(size)), 2, median)
            .bounded_by("a fixed number of statements and one sync")
    };
    let mut figures: Vec<Figure> = sizes.groups.into_iter().zip(medians).map(figure).collect();
    figures.push(Figure::new("… ratio of the last to the first", 2, medians[2] / medians[0]).at_most(1.5));
    Ok(figures)
}

/// Memory, start and size of the server on the full database.
fn server_itself(
    place: &Place<'_>,
    url: &str,
    scim: &Scim,
    people: usize,
    memory: Memory,
) -> Result<Vec<Figure>> {
    let sizes = place.sizes;
    let (server, start_ms) = cold_start(place, url)?;
    let restarted = scim.at(server.address())?;
    place.block_on(look_up([(&restarted, people)], sizes.repetitions))?;
    let after_restart = at_rest(&server, sizes)?;
    let many = grouped(sizes.many);
    Ok(vec![
        Figure::new("peak memory of the server, MiB", 1, memory.peak)
            .bounded_by("page caches of the database connections, and the largest requests of the load"),
        Figure::new(format!("at rest after the load, {many} people, MiB"), 1, memory.now)
            .at_most(60.0)
            .bounded_by("page caches and what the allocator keeps"),
        Figure::new(format!("at rest after a restart, {many} people, MiB"), 1, after_restart.now)
            .at_most(60.0)
            .bounded_by("code and connections"),
        Figure::new("cold start to the first answer, ms", 0, start_ms)
            .at_most(100.0)
            .bounded_by("opening the database and looking for migrations"),
        Figure::new("size of the binary, MiB", 1, resources::file_mib(place.binary)?)
            .bounded_by("both databases, SQLite and TLS are built in"),
    ])
}

fn bare_rate(place: &Place<'_>) -> Result<f64> {
    let seconds = place.sizes.baseline_seconds;
    match &place.cluster {
        None => place.block_on(baseline::sqlite(place.folder(), CONNECTIONS, seconds)),
        Some(cluster) => place.block_on(baseline::postgres(cluster, CONNECTIONS, seconds)),
    }
}

/// Adds one member to groups of each size in turn, and takes them out again outside the measured time.
async fn add_member(scim: &Scim, people: &[String], sizes: Sizes) -> Result<[f64; 3]> {
    let (newcomer, others) = people.split_last().context("there are people")?;
    let newcomer = std::slice::from_ref(newcomer);
    let mut groups = Vec::new();
    for size in sizes.groups {
        ensure!(size <= others.len(), "a group of {size} needs more people than there are");
        groups.push(population::group(scim, &format!("Group of {size}"), &others[..size]).await?);
    }
    let mut each = [const { Vec::new() }; 3];
    for _ in 0..sizes.repetitions {
        for (group, each) in groups.iter().zip(&mut each) {
            each.push(timed(scim.add_members(group, newcomer)).await?);
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
            each.push(timed(scim.set_active(person, active)).await?);
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
fn cold_start(place: &Place<'_>, url: &str) -> Result<(Server, f64)> {
    let mut each = Vec::new();
    let mut last = None;
    for _ in 0..STARTS {
        drop(last.take());
        let (server, took) = Server::cold_start(place.binary, url, place.folder())?;
        each.push(took);
        last = Some(server);
    }
    Ok((last.context("there was at least one start")?, median_ms(each)))
}
