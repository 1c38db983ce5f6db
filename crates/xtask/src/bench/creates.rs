//! Creates at saturation: with nothing to decide, with a seat for each, with a rule, with groups that wait, with all of it.

use anyhow::{Result, ensure};

use super::client::Scim;
use super::figure::{Figure, grouped};
use super::load::CONNECTIONS;
use super::people;
use super::place::Place;
use super::population;
use super::receiver;

/// `POST /Users` per second by 16 connections, each of which sends its next one when the last is answered, in four
/// tenants of one server, and in a fifth on a server of its own, after a few people who are not timed:
///
/// * bare: nothing waits for a user and there is no pool;
/// * a seat each: a pool for all users with enough seats;
/// * a rule: a pool whose rule all users meet, with enough seats;
/// * parked members: a group names all users before they come, and each becomes a member;
/// * everything: a rule and a group that waits at once, the domain of the tenant is asked, the group has a permission of its
///   own, and a webhook is told of each user.
///
/// Afterwards it is checked that each user got what was meant for the user.
///
/// # Errors
/// The first request or command that fails.
pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Figure>> {
    let site = place.site("creates")?;
    let warm = place.sizes.few / 10;
    let all = warm + place.sizes.timed_creates;

    let bare = create(place, "bare", &site.tenant("Bare")?)?;
    let everyone = site.tenant("Everyone")?;
    site.pool("Everyone", all, &["--for-everyone"])?;
    let seat = create(place, "a seat each", &everyone)?;
    ensure!(site.seats_in_use("Everyone")? == all, "not every user of a pool for all users has a seat");
    let rule = site.tenant("Rule")?;
    site.pool("Rule", all, &["--for", r#"title eq "Clerk""#])?;
    let ruled = create(place, "a rule", &rule)?;
    ensure!(site.seats_in_use("Rule")? == all, "not every user who meets the rule has a seat");
    let parked = site.tenant("Parked")?;
    let names: Vec<String> = (0..all).map(people::user_name).collect();
    let group = place.block_on(population::group(&parked, "Awaited", &names))?;
    let awaited = create(place, "parked members", &parked)?;
    let bytes = place.block_on(parked.read(&format!("/scim/v2/Groups/{group}")))?;
    ensure!(bytes > all * 36, "not every user who was awaited is a member");

    drop(site);
    let everything = with_everything(place, all)?;

    let aim = if place.cluster.is_some() { 2_000.0 } else { 2_500.0 };
    let name = |with: &str| format!("creates/s, {with}, {CONNECTIONS} connections");
    let bound = "the processor: a document, its index, journal and log rows in a shared commit";
    Ok(vec![
        Figure::new(name("bare"), 0, bare).at_least(aim).bounded_by(bound),
        Figure::new(name("a seat each"), 0, seat).bounded_by("the same, a grant, a seat, a job and an event"),
        Figure::new("… with a seat each as a share of bare", 2, seat / bare).at_least(0.6),
        Figure::new(name("a rule that all meet"), 0, ruled).bounded_by("the same, and the rule"),
        Figure::new("… with a rule as a share of bare", 2, ruled / bare),
        Figure::new(name("awaited by a group"), 0, awaited)
            .bounded_by("the group's lock, and one membership"),
        Figure::new("… awaited by a group as a share of bare", 2, awaited / bare),
        Figure::new(name("everything switched on"), 0, everything)
            .bounded_by("all of these, and deliveries to a webhook beside them"),
        Figure::new("… with everything switched on as a share of bare", 2, everything / bare),
    ])
}

fn with_everything(place: &Place<'_>, all: usize) -> Result<f64> {
    let (url, told) = receiver::start()?;
    let site =
        place.site_with("everything", vec![("ROLLCALL_WEBHOOKS__ALLOW_PRIVATE", "true".to_owned())])?;
    let scim = site.tenant("Everything")?;
    site.pool("Everything", all, &["--for", r#"title eq "Clerk""#])?;
    let names: Vec<String> = (0..all).map(people::user_name).collect();
    let group = place.block_on(population::group(&scim, "Awaited", &names))?;
    let run = |arguments: &[&str]| site.commands.run(&[arguments, &["--tenant", "Everything"]].concat());
    run(&["domain", "add", "contoso.example"])?;
    run(&["domain", "policy", "hold"])?;
    run(&["permission", "set", "vault.export", "false"])?;
    run(&["permission", "set", "vault.export", "true", "--group", "Awaited"])?;
    run(&["webhook", "create", &url])?;
    let rate = create(place, "everything switched on", &scim)?;
    ensure!(site.seats_in_use("Everything")? == all, "not every user who meets the rule has a seat");
    let bytes = place.block_on(scim.read(&format!("/scim/v2/Groups/{group}")))?;
    ensure!(bytes > all * 36, "not every user who was awaited is a member");
    ensure!(told.try_recv().is_ok(), "the webhook was told of nobody");
    Ok(rate)
}

fn create(place: &Place<'_>, what: &str, scim: &Scim) -> Result<f64> {
    let sizes = place.sizes;
    place.say(&format!("{} creates, {what}", grouped(sizes.timed_creates)));
    let warm = sizes.few / 10;
    place.block_on(population::create(scim, 0..warm))?;
    Ok(place.block_on(population::create(scim, warm..warm + sizes.timed_creates))?.rate())
}
