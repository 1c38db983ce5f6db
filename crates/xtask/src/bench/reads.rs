//! Reads at saturation: a user by id, by name, and in a group of a tenant with more and more memberships.

use std::sync::Arc;

use anyhow::{Context, Result};

use super::client::Scim;
use super::figure::{Figure, grouped};
use super::load::{CONNECTIONS, saturate};
use super::place::Place;
use super::{people, population};

/// Requests per second by 16 connections, each of which sends its next one when the last is answered:
///
/// * `GET /healthz`, which is what HTTP over loopback allows;
/// * `GET /Users/{id}` of people in turn, who are in no group and have no seat, by a bearer token and by an access token;
/// * `GET /Users?filter=userName eq "…"` of people in turn.
///
/// # Errors
/// The first request or command that fails.
pub(crate) fn reads(place: &Place<'_>) -> Result<Vec<Figure>> {
    let sizes = place.sizes;
    let site = place.site("reads")?;
    let scim = site.tenant("Reads")?;
    place.say(&format!("reads among {} people", grouped(sizes.few)));
    let people: Arc<[String]> = place.block_on(population::create(&scim, 0..sizes.few))?.values.into();
    let healthz = scim.clone();
    let http = place.block_on(saturate(sizes.load_seconds, move |_| {
        let scim = healthz.clone();
        async move { scim.read("/healthz").await.map(drop) }
    }))?;
    let get = place.block_on(gets(&scim, &people, sizes.load_seconds))?;
    let signed = place.block_on(async {
        let scim = site.by_access_token(&scim, "Reads").await?;
        gets(&scim, &people, sizes.load_seconds).await
    })?;
    let look_up = place.block_on(saturate(sizes.load_seconds, move |number| {
        let (scim, name) = (scim.clone(), people::user_name(number % sizes.few));
        async move { scim.find_user(&name).await?.context("a user who was created is not found").map(drop) }
    }))?;
    Ok(vec![
        Figure::new(format!("GET /healthz/s, {CONNECTIONS} connections"), 0, http)
            .bounded_by("HTTP over loopback, and the load generator beside it"),
        Figure::new(format!("GET of a user/s, {CONNECTIONS} connections"), 0, get)
            .bounded_by("the processor: trips to the database, and the text of the answer"),
        Figure::new("… GETs as a share of HTTP", 2, get / http),
        Figure::new(format!("GET of a user with an access token/s, {CONNECTIONS} connections"), 0, signed)
            .bounded_by("the same, with a signed token (RFC 9068) in place of a token of the server's own"),
        Figure::new("… with an access token as a share of those", 2, signed / get),
        Figure::new(format!("look-up of a user by userName/s, {CONNECTIONS} connections"), 0, look_up)
            .bounded_by("the same, and reading the filter"),
        Figure::new("… look-ups as a share of HTTP", 2, look_up / http),
    ])
}

/// `GET /Users/{id}` per second by 16 connections of people who are all in one group each, while the tenant has no
/// membership at all and then more and more: the answers stay the same, the table grows.
///
/// # Errors
/// The first request or command that fails.
pub(crate) fn memberships(place: &Place<'_>) -> Result<Vec<Figure>> {
    let sizes = place.sizes;
    let group_size = sizes.memberships[1];
    let site = place.site("memberships")?;
    let scim = site.tenant("Memberships")?;
    let all = sizes.memberships[3];
    place.say(&format!("{} people for as many memberships", grouped(all)));
    let people = place.block_on(population::create(&scim, 0..all))?.values;
    let read: Arc<[String]> = people[..group_size].into();
    let (mut filled, mut rates) = (0, Vec::new());
    for memberships in sizes.memberships {
        place.say(&format!("reads at {} memberships", grouped(memberships)));
        while filled < memberships {
            let members = &people[filled..filled + group_size];
            place.block_on(population::group(&scim, &format!("Group from {filled}"), members))?;
            filled += group_size;
        }
        rates.push(place.block_on(gets(&scim, &read, sizes.load_seconds))?);
    }
    let name = |at: usize| format!("GET of a user/s at {} memberships of the tenant", grouped(at));
    let mut figures: Vec<Figure> = sizes
        .memberships
        .into_iter()
        .zip(&rates)
        .map(|(at, rate)| {
            Figure::new(name(at), 0, *rate).bounded_by("the same work, whatever the size of the tenant")
        })
        .collect();
    figures.push(Figure::new("… ratio of the last to the second", 2, rates[3] / rates[1]).at_least(0.8));
    Ok(figures)
}

async fn gets(scim: &Scim, people: &Arc<[String]>, seconds: u32) -> Result<f64> {
    let (scim, people) = (scim.clone(), Arc::clone(people));
    saturate(seconds, move |number| {
        let (scim, path) = (scim.clone(), format!("/scim/v2/Users/{}", people[number % people.len()]));
        async move { scim.read(&path).await.map(drop) }
    })
    .await
}
