//! What one tenant feels of the expensive searches of another.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use super::client::Scim;
use super::figure::{Figure, grouped};
use super::load::{longest_ms, median_ms};
use super::place::Place;
use super::{people, population};

/// Searches of the busy tenant that run at any moment.
const SEARCHES: usize = 12;
/// Terms of each search; no user matches, so every user is looked at.
const TERMS: usize = 40;
/// Fewest reads from which a figure is taken, however long one takes.
const FEWEST: usize = 5;

/// Reads of a user of a quiet tenant, one at a time, first alone and then while 12 connections of a busy tenant
/// repeat searches that have to look at all users. A search that is refused, fails or is cut off is sent again, as a
/// client would; what counts is how long the quiet tenant waits, and how many of its reads were not answered 200.
///
/// # Errors
/// The first request or command that fails before the searches begin.
pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Figure>> {
    let sizes = place.sizes;
    let site = place.site("neighbours")?;
    let (busy, quiet) = (site.tenant("Busy")?, site.tenant("Quiet")?);
    place.say(&format!("{SEARCHES} expensive searches among {} people", grouped(sizes.searched)));
    place.block_on(population::create(&busy, 0..sizes.searched))?;
    let user = place.block_on(quiet.create_user(people::person(0).into()))?;
    let path = format!("/scim/v2/Users/{user}");
    let time = Duration::from_secs(sizes.load_seconds.into());

    let (alone, during) = place.block_on(async {
        let alone = reads(&quiet, &path, time).await;
        let mut searches = JoinSet::new();
        for _ in 0..SEARCHES {
            let busy = busy.clone();
            searches.spawn(async move {
                loop {
                    // Refused, cut off or answered: the next one follows.
                    drop(busy.read(&search()).await);
                    tokio::task::yield_now().await;
                }
            });
        }
        // Until the first searches hold what they want to hold.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let during = reads(&quiet, &path, time * 2).await;
        searches.shutdown().await;
        (alone, during)
    });
    let refused = during.iter().filter(|(_, answered)| !answered).count();
    let times = |reads: &[(Duration, bool)]| reads.iter().map(|(took, _)| *took).collect::<Vec<_>>();
    let name = |what: &str| format!("read of a user beside {SEARCHES} searches of another tenant, {what} ms");
    Ok(vec![
        Figure::new("read of a user alone, median ms", 2, median_ms(times(&alone))),
        Figure::new(name("median"), 1, median_ms(times(&during)))
            .bounded_by("connections and processor that a tenant may take from others"),
        Figure::new(name("longest"), 0, longest_ms(&times(&during))).at_most(2_000.0),
        Figure::new("… of these not answered 200", 0, super::load::count(refused)).at_most(0.0),
    ])
}

/// How long each read took, and whether it was answered 200.
async fn reads(scim: &Scim, path: &str, time: Duration) -> Vec<(Duration, bool)> {
    let (start, mut reads) = (Instant::now(), Vec::new());
    while start.elapsed() < time || reads.len() < FEWEST {
        let sent = Instant::now();
        let answered = scim.read(path).await.is_ok();
        reads.push((sent.elapsed(), answered));
    }
    reads
}

fn search() -> String {
    let terms: Vec<String> =
        (0..TERMS).map(|term| format!("name.formatted%20co%20%22nobody{term}%22")).collect();
    format!("/scim/v2/Users?filter={}", terms.join("%20or%20"))
}
