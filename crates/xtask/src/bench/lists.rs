//! Lists: the first page among few and among many, and the memory that large users take.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use hyper::body::Bytes;

use super::client::Scim;
use super::figure::{Figure, grouped};
use super::load::{CONNECTIONS, drive, median_ms, taking_turns, timed};
use super::place::Place;
use super::{people, population, resources};

/// Resources of a page, which is what the server gives who does not ask.
const PAGE: usize = 100;
/// Letters that make a user as large as the limit of a body allows.
const LARGE: usize = 1_040_000;

/// `GET /Users?count=100`, one request at a time, on a server with few people and on one with many: the best median
/// of three rounds, in which the servers take turns.
///
/// # Errors
/// The first request or command that fails.
pub(crate) fn first_page(place: &Place<'_>) -> Result<Vec<Figure>> {
    let sizes = place.sizes;
    let (few, many) = (place.site("few")?, place.site("many")?);
    let [few, many] = [few.tenant("Few")?, many.tenant("Many")?];
    place.say(&format!("first pages among {} and {} people", grouped(sizes.few), grouped(sizes.many)));
    place.block_on(population::create(&few, 0..sizes.few))?;
    place.block_on(population::create(&many, 0..sizes.many))?;
    let path = format!("/scim/v2/Users?count={PAGE}");
    let medians = place.block_on(taking_turns([few, many], sizes.repetitions, |_, scim: Scim, _| {
        let path = path.clone();
        async move {
            let bytes = scim.read(&path).await?;
            ensure!(bytes > PAGE * 100, "the page is too short to have {PAGE} people");
            Ok(())
        }
    }))?;
    let name = |people| format!("first page of {PAGE} among {}, median ms", grouped(people));
    Ok(vec![
        Figure::new(name(sizes.few), 2, medians[0]).bounded_by("reading and writing out the page"),
        Figure::new(name(sizes.many), 2, medians[1]).bounded_by("the same"),
        Figure::new("… ratio of the two pages", 2, medians[1] / medians[0]).at_most(1.25),
    ])
}

/// Pages of a list of many people, sorted by the user name, for whose order there is an index, and by attributes without one: the
/// median of the first page of each, and of a page in the middle.
///
/// # Errors
/// The first request or command that fails.
pub(crate) fn sorted(place: &Place<'_>) -> Result<Vec<Figure>> {
    let sizes = place.sizes;
    let site = place.site("sorted")?;
    let scim = site.tenant("Sorted")?;
    place.say(&format!("sorted pages among {} people", grouped(sizes.many)));
    place.block_on(population::create(&scim, 0..sizes.many))?;
    let middle = sizes.many / 2;
    let mut figures = Vec::new();
    for (by, start) in
        [("userName", 1), ("userName", middle), ("title", 1), ("emails.value", 1), ("meta.lastModified", 1)]
    {
        let path = format!("/scim/v2/Users?count={PAGE}&sortBy={by}&startIndex={start}");
        let mut each = Vec::new();
        for _ in 0..(sizes.repetitions / 10).max(5) {
            each.push(place.block_on(timed(async { scim.read(&path).await.map(drop) }))?);
        }
        let name = format!(
            "page of {PAGE} from {} of {}, sorted by {by}, median ms",
            grouped(start),
            grouped(sizes.many)
        );
        figures.push(Figure::new(name, 1, median_ms(each)));
    }
    for (how, by) in
        [("cursor", "userName"), ("cursor", "id"), ("startIndex", "userName"), ("startIndex", "id")]
    {
        let each = place.block_on(walk(&scim, how, by))?;
        ensure!(each.len() == sizes.many.div_ceil(PAGE), "the walk has {} pages", each.len());
        let part = (each.len() / 10).max(1);
        let (first, last) = (each[..part].to_vec(), each[each.len() - part..].to_vec());
        let total: f64 = each.iter().map(Duration::as_secs_f64).sum();
        let (first, last) = (median_ms(first), median_ms(last));
        let name = format!("walk of {} by {how} and {by}, s", grouped(sizes.many));
        figures.push(Figure::new(name, 1, total));
        let of = |part| format!("… the {part} tenth of its pages by {how} and {by}, median ms");
        figures.push(Figure::new(of("first"), 2, first));
        figures.push(Figure::new(of("last"), 2, last));
    }
    Ok(figures)
}

/// Reads a list to its end, page by page; gives how long each page took.
async fn walk(scim: &Scim, how: &str, by: &str) -> Result<Vec<Duration>> {
    let (mut each, mut seen, mut cursor) = (Vec::new(), 0, Some(String::new()));
    while let Some(at) = cursor.take() {
        let place = if how == "cursor" { at } else { (seen + 1).to_string() };
        let start = Instant::now();
        let page = scim.page(&format!("/scim/v2/Users?count={PAGE}&sortBy={by}&{how}={place}")).await?;
        each.push(start.elapsed());
        seen += page.resources;
        cursor = if how == "cursor" { page.next } else { (page.resources == PAGE).then(String::new) };
    }
    // A list that fills its last page is left with an empty one by index.
    each.truncate(seen.div_ceil(PAGE));
    Ok(each)
}

/// `GET /Users?count=500` of users of 1 MiB, again and again behind those that came, until all have come, on a server
/// that was started anew before: by how much its peak is above what it takes at rest, and how long it takes until the
/// last page ends.
///
/// # Errors
/// The first request or command that fails.
pub(crate) fn large_users(place: &Place<'_>) -> Result<Vec<Figure>> {
    let users = place.sizes.large_users;
    let site = place.site("large")?;
    let scim = site.tenant("Large")?;
    place.say(&format!("{users} users of 1 MiB"));
    let client = scim.clone();
    let created = drive(CONNECTIONS, 0..users, move |number| {
        let scim = client.clone();
        async move { scim.create_user(Bytes::from(people::large_person(number, LARGE))).await }
    });
    place.block_on(created)?;

    let site = place.serve({
        drop(site.server);
        site.commands
    })?;
    let scim = scim.at(site.server.address())?;
    place.block_on(scim.find_user(&people::user_name(0)))?;
    let rest = resources::memory(site.server.process())?;
    let start = Instant::now();
    let bytes = place.block_on(read_all(&scim, users))?;
    let took = start.elapsed();
    ensure!(bytes > users * LARGE, "the pages have {bytes} bytes, which are too few for {users} users");
    let peak = resources::memory(site.server.process())?.peak;
    Ok(vec![
        Figure::new(format!("list of {users} users of 1 MiB, memory above rest, MiB"), 0, peak - rest.now)
            .at_most(1_024.0)
            .bounded_by("what is in flight at once"),
        Figure::new("… s to the end of its last page", 1, took.as_secs_f64()),
    ])
}

/// Reads so many users page by page; gives the bytes.
async fn read_all(scim: &Scim, users: usize) -> Result<usize> {
    let (mut seen, mut bytes) = (0, 0);
    while seen < users {
        let page = scim.page(&format!("/scim/v2/Users?count={users}&startIndex={}", seen + 1)).await?;
        ensure!(page.resources > 0, "the list ends behind {seen} of {users} users");
        seen += page.resources;
        bytes += page.bytes;
    }
    Ok(bytes)
}
