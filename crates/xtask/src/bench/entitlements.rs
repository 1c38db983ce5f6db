//! What the application asks at saturation: may this person use it?

use std::sync::Arc;

use anyhow::Result;

use super::client::Scim;
use super::figure::{Figure, grouped};
use super::load::{CONNECTIONS, saturate};
use super::place::Place;
use super::{people, population};

/// `GET /api/v1/entitlement` per second by 16 connections, each of which sends its next one when the last is answered, by the
/// `userName` of people in turn who each have a seat, in a tenant with three permissions.
///
/// # Errors
/// The first request or command that fails.
pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Figure>> {
    let sizes = place.sizes;
    let site = place.site("entitlements")?;
    let scim = site.tenant("Entitlements")?;
    let run = |arguments: &[&str]| site.commands.run(&[arguments, &["--tenant", "Entitlements"]].concat());
    let seats = sizes.few.to_string();
    run(&["pool", "create", "--name", "Vault", "--seats", &seats, "--for-everyone"])?;
    for (name, value) in [("vault.export", "false"), ("pin.min_length", "6"), ("lock.after_minutes", "10")] {
        run(&["permission", "set", name, value])?;
    }
    let create = ["api-token", "create", "--tenant", "Entitlements", "--name", "bench"];
    let token = site.commands.field(&create, "token")?;
    place.say(&format!("entitlements of {} people", grouped(sizes.few)));
    place.block_on(population::create(&scim, 0..sizes.few))?;
    let application = Arc::new(Scim::new(site.server.address(), &token)?);
    let checks = place.block_on(saturate(sizes.load_seconds, move |number| {
        let application = Arc::clone(&application);
        let path = format!("/api/v1/entitlement?userName={}", people::user_name(number % sizes.few));
        async move { application.read(&path).await.map(drop) }
    }))?;
    Ok(vec![
        Figure::new(format!("entitlement by userName/s, {CONNECTIONS} connections"), 0, checks)
            .bounded_by("five statements: token, person, permissions, exceptions, groups"),
    ])
}
