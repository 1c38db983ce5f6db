//! Bulk requests: what a thousand creates cost in one request, and what they cost one after the other.

use std::time::Instant;

use anyhow::{Result, ensure};
use hyper::body::Bytes;

use super::figure::{Figure, grouped};
use super::load::drive;
use super::people;
use super::place::Place;

/// Operations of a request, which is what the server allows.
const OPERATIONS: usize = 1_000;

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
    Ok(vec![
        Figure::new(format!("{name} creates, one after the other, s"), 2, single)
            .bounded_by("a commit for each"),
        Figure::new(format!("{name} creates in one bulk request, s"), 2, bulk)
            .bounded_by("the processor: up to 64 share a commit"),
        Figure::new("… in bulk as a share of one after the other", 2, bulk / single).at_most(1.0),
    ])
}
