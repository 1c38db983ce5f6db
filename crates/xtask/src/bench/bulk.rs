//! Bulk requests: what a thousand creates cost in one request, and what they cost one after the other.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use hyper::body::Bytes;

use super::figure::{Figure, grouped};
use super::load::drive;
use super::people;
use super::place::Place;

/// Operations of a request, which is what the server allows.
const OPERATIONS: usize = 1_000;

/// Operations of an asynchronous request.
const LATER: usize = 10_000;

/// A thousand users by `POST /Users`, each sent when the one before is answered, and a thousand by one `POST /Bulk`, three times in
/// turn: the best of each.
///
/// # Errors
/// The first request or command that fails.
pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Figure>> {
    let site = place.site("bulk")?;
    let scim = site.tenant("Bulk")?;
    place.say(&format!("{} creates in a bulk request, and one after the other", grouped(OPERATIONS)));
    let (mut single, mut bulk) = (f64::INFINITY, f64::INFINITY);
    for round in 0..3 {
        let from = round * 2 * OPERATIONS;
        let client = scim.clone();
        let start = Instant::now();
        place.block_on(drive(1, from..from + OPERATIONS, move |number| {
            let scim = client.clone();
            async move { scim.create_user(Bytes::from(people::person(number))).await }
        }))?;
        single = single.min(start.elapsed().as_secs_f64());
        let body = people::bulk(from + OPERATIONS..from + 2 * OPERATIONS);
        let start = Instant::now();
        let created = place.block_on(scim.bulk(Bytes::from(body)))?;
        bulk = bulk.min(start.elapsed().as_secs_f64());
        ensure!(created == OPERATIONS, "{created} of {OPERATIONS} users were created");
    }
    let name = grouped(OPERATIONS);
    let mut figures = vec![
        Figure::new(format!("{name} creates, one after the other, s"), 2, single)
            .bounded_by("a commit for each"),
        Figure::new(format!("{name} creates in one bulk request, s"), 2, bulk)
            .bounded_by("the processor: up to 64 share a commit"),
        Figure::new("… in bulk as a share of one after the other", 2, bulk / single).at_most(1.0),
    ];
    figures.extend(later(place)?);
    Ok(figures)
}

/// Ten thousand users by one `POST /Bulk` whose client does not wait: until it is accepted, until it is done, and what the tokens
/// of its result cost.
fn later(place: &Place<'_>) -> Result<Vec<Figure>> {
    let settings = vec![
        ("ROLLCALL_LIMITS__BULK_OPERATIONS", LATER.to_string()),
        ("ROLLCALL_LIMITS__BODY_BYTES", (16 * 1024 * 1024).to_string()),
    ];
    let site = place.site_with("bulk_later", settings)?;
    let scim = site.tenant("Later")?;
    let name = grouped(LATER);
    place.say(&format!("{name} creates in a bulk request whose client does not wait"));
    let body = Bytes::from(people::bulk(0..LATER));
    let start = Instant::now();
    let result = place.block_on(scim.bulk_later(body))?;
    let accepted = start.elapsed().as_secs_f64();
    let last = format!("{result}:{}", LATER - 1);
    while !place.block_on(scim.is_there(&last))? {
        thread::sleep(Duration::from_millis(20));
    }
    let done = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let bytes = place.block_on(scim.read(&result))?;
    let read = start.elapsed().as_secs_f64();
    ensure!(bytes > LATER * 500, "the result has {bytes} bytes");
    ensure!(
        place.block_on(scim.find_user(&people::user_name(LATER - 1)))?.is_some(),
        "the last user is missing"
    );
    Ok(vec![
        Figure::new(
            format!("{name} creates in an asynchronous bulk request, until accepted, s"),
            2,
            accepted,
        )
        .bounded_by("reading, checking and sealing the body"),
        Figure::new("… until all are done, s", 2, done).bounded_by("the processor: up to 64 share a commit"),
        Figure::new("… reading the result, a signed token each, s", 2, read).bounded_by("RSA signatures"),
    ])
}
