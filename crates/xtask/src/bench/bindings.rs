//! A large group is bound to a pool: what its preview takes, and what it does to others.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::figure::{Figure, grouped};
use super::place::Place;
use super::watch::Watch;
use super::{people, population};

/// `rollcall binding create` of a group to a pool with a seat for each member, first as a preview and then in earnest, until
/// the command ends, and how long another tenant's read of a user took at most meanwhile.
///
/// # Errors
/// The first request or command that fails.
pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Figure>> {
    let size = place.sizes.bound_group;
    let site = place.site("bindings")?;
    let (other, scim) = (site.tenant("Other")?, site.tenant("Bound")?);
    place.say(&format!("a group of {} to bind", grouped(size)));
    let read = place.block_on(other.create_user(people::person(0).into()))?;
    let people = place.block_on(population::create(&scim, 0..size))?.values;
    let group = place.block_on(population::group(&scim, "Bound", &people))?;
    let pool = site.pool("Bound", size, &[])?;
    let bind = ["binding", "create", "--group", &group, "--pool", &pool];

    place.say(&format!("preview for a group of {}", grouped(size)));
    let watch = Watch::begin(place, other.clone(), &read);
    let start = Instant::now();
    site.commands.json(&[&bind[..], &["--preview"]].concat())?;
    let preview = start.elapsed();
    let longest_of_preview = watch.end(place)?;
    ensure!(site.seats_in_use("Bound")? == 0, "a preview changed something");

    place.say(&format!("binding a group of {}", grouped(size)));
    let watch = Watch::begin(place, other, &read);
    let start = Instant::now();
    site.commands.json(&bind)?;
    let bound = start.elapsed();
    let longest = watch.end(place)?;
    ensure!(site.seats_in_use("Bound")? == size, "not every member of the bound group has a seat");
    let felt = |during: &str, longest| {
        let name = format!("… longest read of another tenant's user during the {during}, ms");
        Figure::new(name, 0, longest).at_most(1_000.0)
    };
    Ok(vec![
        Figure::new(
            format!("preview of a binding for {} members, s", grouped(size)),
            2,
            preview.as_secs_f64(),
        )
        .bounded_by("the facts of each member, read and decided in batches"),
        felt("preview", longest_of_preview),
        Figure::new(format!("binding of a group of {}, s", grouped(size)), 1, bound.as_secs_f64())
            .bounded_by("a seat, journal entries, an event and an invitation for each member"),
        felt("binding", longest),
    ])
}
