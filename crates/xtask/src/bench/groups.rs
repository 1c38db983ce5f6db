//! Large groups: read in full, replaced on a database without statistics, emptied.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::figure::{Figure, grouped};
use super::load::{CONNECTIONS, median_ms, saturate, timed};
use super::place::Place;
use super::watch::Watch;
use super::{people, population};

/// How long the consequences of an emptied group may take before the run gives up.
const PATIENCE: Duration = Duration::from_mins(10);
/// Time between two looks whether all is settled.
const LOOK: Duration = Duration::from_millis(50);
/// Repetitions on the database without statistics, where one may take minutes.
const FEW_TIMES: usize = 5;

/// `GET /Groups/{id}` with all its members, per second by 16 connections, each of which sends its next request when
/// the last is answered.
///
/// # Errors
/// The first request or command that fails.
pub(crate) fn read_in_full(place: &Place<'_>) -> Result<Vec<Figure>> {
    let size = place.sizes.read_group;
    let site = place.site("groups")?;
    let scim = site.tenant("Groups")?;
    place.say(&format!("a group of {}", grouped(size)));
    let people = place.block_on(population::create(&scim, 0..size))?.values;
    let path = format!("/scim/v2/Groups/{}", place.block_on(population::group(&scim, "All", &people))?);
    let rate = place.block_on(saturate(place.sizes.load_seconds, move |_| {
        let (scim, path) = (scim.clone(), path.clone());
        async move { whole(scim.read(&path).await?, size) }
    }))?;
    let name = format!("GET of a group of {}/s, {CONNECTIONS} connections", grouped(size));
    Ok(vec![Figure::new(name, 0, rate).bounded_by("rows read, and their text")])
}

/// A group on a PostgreSQL database that was never analysed, as just after a restore, one request at a time: the
/// seconds of the first PUT that fills it, the median of PUTs that exchange one of its members for another, the
/// median of GETs with all members. On SQLite it is a database like any other.
///
/// # Errors
/// The first request or command that fails.
pub(crate) fn without_statistics(place: &Place<'_>) -> Result<Vec<Figure>> {
    let size = place.sizes.replaced_group;
    let commands = place.database("unanalysed")?;
    place.forget_statistics("unanalysed")?;
    let site = place.serve(commands)?;
    let scim = site.tenant("Unanalysed")?;
    place.say(&format!("a group of {} without statistics", grouped(size)));
    let people = place.block_on(population::create(&scim, 0..size + FEW_TIMES))?.values;
    let (filled, replaced, read) = place.block_on(async {
        let group = scim.create_group("Unanalysed").await?;
        let filled = timed(scim.put_members(&group, "Unanalysed", &people[..size])).await?;
        let (mut replaced, mut read) = (Vec::new(), Vec::new());
        for gone in 1..=FEW_TIMES {
            let members = &people[gone..gone + size];
            replaced.push(timed(scim.put_members(&group, "Unanalysed", members)).await?);
        }
        let path = format!("/scim/v2/Groups/{group}");
        for _ in 0..FEW_TIMES {
            read.push(timed(async { whole(scim.read(&path).await?, size) }).await?);
        }
        anyhow::Ok((filled, replaced, read))
    })?;
    let name = |what: &str| format!("{what} a group of {} without statistics, s", grouped(size));
    Ok(vec![
        Figure::new(name("PUT that fills"), 2, filled.as_secs_f64()).at_most(0.3),
        Figure::new(name("PUT that exchanges one of"), 2, median_ms(replaced) / 1_000.0)
            .at_most(0.3)
            .bounded_by("members compared, and one row changed"),
        Figure::new(name("GET of"), 2, median_ms(read) / 1_000.0)
            .at_most(0.3)
            .bounded_by("rows read, and their text"),
    ])
}

/// `PUT members: []` of a group that is bound to a pool in which every member has a seat, from a connection without
/// grace: until the answer, until `rollcall pool list` shows no seat in use, and how long another tenant's read of a
/// user took at most from the request until then.
///
/// # Errors
/// The first request or command that fails, or no end in ten minutes.
pub(crate) fn emptied(place: &Place<'_>) -> Result<Vec<Figure>> {
    let size = place.sizes.emptied_group;
    let site = place.site("emptied")?;
    let other = site.tenant("Other")?;
    site.commands.run(&["tenant", "create", "Emptied"])?;
    let scim = site.connect("Emptied", &["--grace-days", "0"])?;
    place.say(&format!("a bound group of {}", grouped(size)));
    let read = place.block_on(other.create_user(people::person(0).into()))?;
    let people = place.block_on(population::create(&scim, 0..size))?.values;
    let group = place.block_on(population::group(&scim, "Emptied", &people))?;
    let pool = site.pool("Emptied", size, &[])?;
    site.commands.json(&["binding", "create", "--group", &group, "--pool", &pool])?;
    ensure!(site.seats_in_use("Emptied")? == size, "not every member of the bound group has a seat");

    place.say(&format!("emptying a group of {}", grouped(size)));
    let watch = Watch::begin(place, other, &read);
    let start = Instant::now();
    place.block_on(scim.put_members(&group, "Emptied", &[]))?;
    let answered = start.elapsed();
    while site.seats_in_use("Emptied")? > 0 {
        ensure!(start.elapsed() < PATIENCE, "seats of an emptied group are still in use");
        thread::sleep(LOOK);
    }
    let ended = start.elapsed();
    let longest_ms = watch.end(place)?;
    Ok(vec![
        Figure::new(
            format!("PUT without members of a bound group of {}, s", grouped(size)),
            2,
            answered.as_secs_f64(),
        )
        .bounded_by("the rows of the memberships, which end in the request"),
        Figure::new("… s until all are settled", 1, ended.as_secs_f64())
            .bounded_by("a seat, its journal entry and its jobs for each member"),
        Figure::new("… longest read of another tenant's user meanwhile, ms", 0, longest_ms).at_most(1_000.0),
    ])
}

/// The answer is long enough to have so many members, each with an id of 36 letters.
fn whole(bytes: usize, members: usize) -> Result<()> {
    ensure!(bytes > members * 36, "{bytes} bytes are too few for {members} members");
    Ok(())
}
