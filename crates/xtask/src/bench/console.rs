//! The pages of the console of a tenant with many people and a long journal.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::client::Scim;
use super::figure::{Figure, grouped};
use super::load::{CONNECTIONS, drive, median_ms, timed};
use super::place::{Place, Site};
use super::{people, population};

/// Journal entries for each person.
const ENTRIES: usize = 10;
/// The most milliseconds of a page at the median.
const AIM: f64 = 50.0;
/// The most bytes of a page.
const BYTES: usize = 100_000;

/// Every page of the console, one request at a time, of a tenant in which half of the people have a seat and the other half
/// wait for one, with ten journal entries for each: the median of each page, and the bytes of the largest one.
///
/// # Errors
/// The first request or command that fails.
pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Figure>> {
    let (all, repetitions) = (place.sizes.many, (place.sizes.repetitions / 10).max(5));
    let site = place.site("console")?;
    let tenant = site.commands.field(&["tenant", "create", "Console"], "id")?;
    let scim = site.connect("Console", &["--invitations", "release"])?;
    let pool = site.pool("Console", all / 2, &["--for-everyone"])?;
    place.say(&format!("{} people, half of them with a seat", grouped(all)));
    let ids = place.block_on(population::create(&scim, 0..all))?.values;
    let group = place.block_on(population::group(&scim, "Everyone", &ids[..all / 10]))?;
    lengthen(place, &site, &scim, &ids)?;
    let client = sign_in(place, &site)?;

    let (root, person) = (format!("/console/{tenant}"), &ids[all / 3]);
    let mut figures = Vec::new();
    let mut largest = (0, String::new());
    for (name, path) in pages(person, &pool, &group, all) {
        let path = format!("{root}{path}");
        let bytes = place.block_on(client.read(&path))?;
        if bytes > largest.0 {
            largest = (bytes, name.to_owned());
        }
        let mut each = Vec::new();
        for _ in 0..repetitions {
            each.push(place.block_on(timed(async { client.read(&path).await.map(drop) }))?);
        }
        figures.push(Figure::new(format!("console, {name}, median ms"), 1, median_ms(each)).at_most(AIM));
    }
    let (bytes, name) = largest;
    let kilobytes = super::load::count(bytes) / 1_000.0;
    let most = super::load::count(BYTES) / 1_000.0;
    figures.push(Figure::new(format!("… the largest page ({name}), kB"), 1, kilobytes).at_most(most));
    if let Some(first) = figures.first_mut() {
        first.bound = "counts and lists of a page, each from an index";
    }
    Ok(figures)
}

/// The pages, each with its name.
fn pages(person: &str, pool: &str, group: &str, all: usize) -> Vec<(&'static str, String)> {
    let name = people::user_name(all / 2);
    let user = |rest: &str| format!("/users/{person}{rest}");
    let pool = |rest: &str| format!("/licences/{pool}{rest}");
    vec![
        ("overview", String::new()),
        ("users", "/users".to_owned()),
        ("users, 50 on a page", "/users?per=50".to_owned()),
        ("users who wait", "/users?licence=waiting".to_owned()),
        ("users of a status that none has", "/users?status=deactivated".to_owned()),
        ("users, a word that all have", "/users?q=person".to_owned()),
        ("users, two words", "/users?q=person%20123".to_owned()),
        ("users, an address", format!("/users?q={name}")),
        ("users, nobody", "/users?q=zzz".to_owned()),
        ("a person", user("")),
        ("a person\u{2019}s grants", user("/grants")),
        ("a person\u{2019}s journal", user("/journal")),
        ("groups", "/groups".to_owned()),
        ("a large group", format!("/groups/{group}")),
        ("licences", "/licences".to_owned()),
        ("a waiting list", pool("")),
        ("seats", pool("/seats")),
        ("history of a pool", pool("/history")),
        ("connections", "/connections".to_owned()),
        ("inspector", "/inspector".to_owned()),
        ("inspector, refused", "/inspector?outcome=refused".to_owned()),
        ("conflicts", "/conflicts".to_owned()),
        ("brake", "/brake".to_owned()),
        ("journal", "/journal".to_owned()),
        ("journal of a person", format!("/journal?q={name}")),
        ("journal, an area without entries", "/journal?area=sign-ins".to_owned()),
        ("journal, nobody", "/journal?q=zzz".to_owned()),
        ("permissions", "/permissions".to_owned()),
        ("mail", "/mail".to_owned()),
        ("administrators", "/administrators".to_owned()),
        ("settings", "/settings".to_owned()),
        ("search through everything", "/search?q=person".to_owned()),
    ]
}

/// Changes titles until there are [`ENTRIES`] journal entries for each person.
fn lengthen(place: &Place<'_>, site: &Site, scim: &Scim, ids: &[String]) -> Result<()> {
    let wanted = ids.len() * ENTRIES;
    let there = place.block_on(entries(place, site))?;
    let missing = wanted.saturating_sub(there);
    place.say(&format!(
        "{} journal entries, {} of them by changes of titles",
        grouped(wanted),
        grouped(missing)
    ));
    let (scim, paths) = (scim.clone(), ids.iter().map(|id| format!("/scim/v2/Users/{id}")));
    let paths: std::sync::Arc<[String]> = paths.collect();
    let changed = drive(CONNECTIONS, 0..missing, move |number| {
        let (scim, paths) = (scim.clone(), std::sync::Arc::clone(&paths));
        async move {
            let operation = json!({ "op": "replace", "path": "title", "value": format!("Clerk {number}") });
            scim.patch(&paths[number % paths.len()], operation).await
        }
    });
    place.block_on(changed)?;
    let there = place.block_on(entries(place, site))?;
    ensure!(there >= wanted, "there are {there} journal entries of {wanted}");
    Ok(())
}

async fn entries(place: &Place<'_>, site: &Site) -> Result<usize> {
    let (url, count) = (&site.commands.database_url, "SELECT COUNT(*) FROM journal");
    let number: i64 = if place.cluster.is_some() {
        sqlx::query_scalar(count).fetch_one(&mut PgConnection::connect(url).await?).await?
    } else {
        sqlx::query_scalar(count).fetch_one(&mut SqliteConnection::connect(url).await?).await?
    };
    Ok(usize::try_from(number)?)
}

/// A client with the session of an owner.
fn sign_in(place: &Place<'_>, site: &Site) -> Result<Scim> {
    let of = ["--tenant", "Console"];
    let add = ["administrator", "add", "--name", "Ada", "--email", "ada@contoso.example", "--role", "owner"];
    site.commands.run(&[&add[..], &of].concat())?;
    let link = ["administrator", "sign-in-link", "ada@contoso.example"];
    let url = site.commands.field(&[&link[..], &of].concat(), "url")?;
    let path = url.find("/console/").and_then(|at| url.get(at..)).context("the link has no path")?;
    place.block_on(Scim::signed_in(site.server.address(), path))
}
