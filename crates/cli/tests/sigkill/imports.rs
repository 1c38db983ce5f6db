//! An import that is killed, as a command and in a server: no row is done twice, and none is left out.

use super::{Moments, assert_once, invitations, items, killed_at, minutes_pass, people, seats};
use super::{server_killed_at, serving, write_file};
use crate::support::Site;
use serde_json::{Value, json};

#[test]
fn an_import_killed_by_sigkill_ends_the_same_on_sqlite() {
    lives_through_kills(&Site::sqlite());
}

#[test]
fn an_import_killed_by_sigkill_ends_the_same_on_postgresql() {
    crate::support::postgres::with_site(lives_through_kills);
}

fn lives_through_kills(site: &Site) {
    let people = people(3_000);
    // Fewer than people come, so that some wait.
    let with_seat = people * 2 / 5;
    let mut moments = Moments::new();
    site.id(&["tenant", "create", "North"]);
    let pool = ["pool", "create", "--tenant", "North", "--name", "Vault", "--seats", &with_seat.to_string()];
    site.id(&pool);
    write_file(site, people);
    let import = ["import", "staff.csv", "--tenant", "North", "--licence", "Vault"];
    killed_at(site.command(&import), moments.within(1..people / 4), || came(site));
    let begun = latest(site);
    assert_eq!(begun["state"], "working", "it was killed in the middle: {begun}");
    let id = begun["id"].as_str().expect("an id").to_owned();
    let resume = ["import", "resume", "--tenant", "North", &id];
    killed_at(site.command(&resume), moments.within(people / 4..people / 2), || came(site));

    minutes_pass(site);
    let settings = [("ROLLCALL_JOBS__BATCH", "100".to_owned())];
    server_killed_at(serving(site, &settings), moments.within(people / 2..people * 3 / 4), || came(site));
    minutes_pass(site);
    let mut server = site.serve();
    while latest(site)["state"] != "done" {}
    server.stop();
    minutes_pass(site);
    let mut server = site.serve();
    while invitations(site, &["--state", "queued"]).len() < with_seat {}
    server.stop();

    let waiting = people - with_seat;
    assert_eq!(latest(site)["verdicts"], json!({ "created": with_seat, "waiting": waiting }));
    let listed = site.json(&["user", "list", "--tenant", "North", "--count", "1"]);
    assert_eq!(listed["total"], people);
    assert_eq!(seats(site), (with_seat, waiting));
    let entries = [("user-created", people), ("seat-taken", with_seat), ("seat-queued", waiting)];
    assert_once(site, with_seat, &entries);
}

fn latest(site: &Site) -> Value {
    items(&site.json(&["import", "list", "--tenant", "North"])).into_iter().next().unwrap_or_default()
}

/// How many people came in.
fn came(site: &Site) -> usize {
    let import = latest(site);
    let count = |verdict: &str| import["verdicts"][verdict].as_u64().unwrap_or(0);
    usize::try_from(count("created") + count("waiting")).expect("few")
}
