//! A server is killed after people have left a dynamic group, and again while it ends what was kept for them: nobody keeps access
//! for longer than the grace, and nobody loses it twice.

use reqwest::Method;
use serde_json::json;
use tokio::runtime::Runtime;

use super::binding::group_of;
use super::{Moments, assert_once, minutes_pass, people, seats, server_killed_at, serving};
use crate::support::{Site, postgres, text};

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

#[test]
fn a_grace_of_a_dynamic_group_killed_by_sigkill_ends_the_same_on_sqlite() {
    lives_through_kills(&Site::sqlite());
}

#[test]
fn a_grace_of_a_dynamic_group_killed_by_sigkill_ends_the_same_on_postgresql() {
    postgres::with_site(lives_through_kills);
}

fn lives_through_kills(site: &Site) {
    let people = people(300);
    let mut moments = Moments::new();
    let group = group_of(site, people);
    let pool =
        site.id(&["pool", "create", "--tenant", "North", "--name", "Vault", "--seats", &people.to_string()]);
    site.json(&["binding", "create", "--group", &group, "--pool", &pool]);
    site.json(&["connection", "update", "North", "--brake-people", "0"]);
    site.json(&["group", "update", &group, "--dynamic", "--grace-hours", "1"]);

    let token = text(&site.json(&["token", "create", "--connection", "North"]), "/token");
    let mut server = site.serve();
    let client = server.client(&token);
    let body = json!({"schemas": [GROUP], "displayName": "Crew", "members": []});
    let path = format!("/Groups/{group}");
    Runtime::new().expect("a runtime").block_on(client.expect(Method::PUT, &path, Some(body), 200));
    server.kill();
    assert_eq!(seats(site).0, people, "what is kept outlives the server");
    let shown = site.json(&["group", "show", &group]);
    assert_eq!((&shown["members"], &shown["lingering"]), (&json!(0), &json!(people)));

    // More than an hour later.
    postgres::execute(site, "UPDATE grants SET created_at = '2020-01-01T00:00:00+00:00'");
    minutes_pass(site);
    let batch = ("ROLLCALL_JOBS__BATCH", "20".to_owned());
    let left = moments.within(people / 4..people - 1);
    server_killed_at(serving(site, &[batch]), people - left, || people - seats(site).0);
    minutes_pass(site);
    let mut server = site.serve();
    while seats(site).0 > 0 {}
    server.stop();
    assert_once(site, people, &[("deactivated", people), ("seat-freed", people), ("member-removed", people)]);
}
