//! PATCH requests for users at saturation.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};

use super::client::Scim;
use super::figure::{Figure, grouped};
use super::load::{CONNECTIONS, saturate};
use super::place::Place;
use super::population;

/// PATCH requests per second by 16 connections, each of which sends its next one when the last is answered, of people in
/// turn who are in no group and have no seat. Every PATCH changes something: the title to one that the person never
/// had, `active` to what it was not.
///
/// # Errors
/// The first request or command that fails.
pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Figure>> {
    let sizes = place.sizes;
    let site = place.site("patches")?;
    let scim = site.tenant("Patches")?;
    place.say(&format!("PATCHes of {} people", grouped(sizes.few)));
    let people: Arc<[String]> = place.block_on(population::create(&scim, 0..sizes.few))?.values.into();
    let title =
        |number: usize, _| json!({"op": "replace", "path": "title", "value": format!("Clerk {number}")});
    // Round after round all users are switched off, then on.
    let active = |number: usize, of: usize| json!({"op": "replace", "path": "active", "value": !(number / of).is_multiple_of(2)});
    let titles = place.block_on(patches(&scim, &people, sizes.load_seconds, title))?;
    let actives = place.block_on(patches(&scim, &people, sizes.load_seconds, active))?;
    Ok(vec![
        Figure::new(format!("PATCH of a user's title/s, {CONNECTIONS} connections"), 0, titles)
            .bounded_by("the statements in the write lane, and the sync that concurrent writers share"),
        Figure::new(format!("PATCH of a user's active/s, {CONNECTIONS} connections"), 0, actives)
            .bounded_by("the same, and what follows for the person"),
    ])
}

async fn patches(
    scim: &Scim,
    people: &Arc<[String]>,
    seconds: u32,
    operation: impl Fn(usize, usize) -> Value + Copy + Send + Sync + 'static,
) -> Result<f64> {
    let (scim, people) = (scim.clone(), Arc::clone(people));
    saturate(seconds, move |number| {
        let path = format!("/scim/v2/Users/{}", people[number % people.len()]);
        let (scim, operation) = (scim.clone(), operation(number, people.len()));
        async move { scim.patch(&path, operation).await }
    })
    .await
}
