//! A large group is bound by a command that is killed, and a server, killed as well, goes on: each member has one seat and
//! one invitation.

use reqwest::Method;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::{Moments, assert_once, invitations, killed_at, minutes_pass, name, people, seats};
use super::{server_killed_at, serving};
use crate::support::{Client, Site, text};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// Connections over which people are pushed.
const CLIENTS: usize = 8;

#[test]
fn a_binding_killed_by_sigkill_ends_the_same_on_sqlite() {
    lives_through_kills(&Site::sqlite());
}

#[test]
fn a_binding_killed_by_sigkill_ends_the_same_on_postgresql() {
    crate::support::postgres::with_site(lives_through_kills);
}

fn lives_through_kills(site: &Site) {
    let people = people(800);
    let mut moments = Moments::new();
    let group = group_of(site, people);
    let pool =
        site.id(&["pool", "create", "--tenant", "North", "--name", "Vault", "--seats", &people.to_string()]);
    let batch = ("ROLLCALL_JOBS__BATCH", "50".to_owned());
    let mut bind = site.command(&["binding", "create", "--group", &group, "--pool", &pool]);
    bind.env(batch.0, &batch.1);
    killed_at(bind, moments.within(1..people / 2), || seats(site).0);
    let (used, _) = seats(site);
    assert!(used < people, "it was killed in the middle: {used} seats");

    minutes_pass(site);
    let moment = moments.within(used + 1..used + (people - used) / 2);
    server_killed_at(serving(site, &[batch]), moment, || seats(site).0);
    minutes_pass(site);
    let mut server = site.serve();
    while seats(site).0 < people || invitations(site, &["--state", "queued"]).len() < people {}
    server.stop();
    assert_eq!(seats(site), (people, 0));
    assert_once(site, people, &[("seat-taken", people), ("enrolled", people)]);
}

/// A group of the tenant North with so many members, who are invited without delay and lose access without grace.
pub(super) fn group_of(site: &Site, people: usize) -> String {
    let (_, connection, token) = site.connected("North", "generic");
    site.json(&["connection", "update", &connection, "--invitation-delay", "0", "--grace-days", "0"]);
    let mut server = site.serve();
    let client = server.client(&token);
    let group = Runtime::new().expect("a runtime").block_on(async {
        let members: Vec<_> =
            pushed(&client, people).await.into_iter().map(|id| json!({"value": id})).collect();
        let body = json!({"schemas": [GROUP], "displayName": "Crew", "members": members});
        text(&client.expect(Method::POST, "/Groups", Some(body), 201).await, "/id")
    });
    server.stop();
    group
}

/// Pushes people; gives their ids.
async fn pushed(client: &Client, people: usize) -> Vec<String> {
    let mut clients = JoinSet::new();
    for first in 0..CLIENTS {
        let client = client.clone();
        clients.spawn(async move {
            let mut ids = Vec::new();
            for number in (first..people).step_by(CLIENTS) {
                let body = json!({
                    "schemas": [USER],
                    "userName": name(number),
                    "emails": [{"value": name(number), "primary": true}],
                });
                ids.push(text(&client.expect(Method::POST, "/Users", Some(body), 201).await, "/id"));
            }
            ids
        });
    }
    clients.join_all().await.concat()
}
