//! Nothing that was acknowledged is lost when the server is killed under load, on SQLite and on PostgreSQL.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Client, Server, Site, text};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const STATUS: &str = "urn:rollcall:params:scim:schemas:extension:enrolment:1.0:User:status";
/// Clients that write at the same time.
const CLIENTS: usize = 6;
/// How often the server is killed.
const ROUNDS: usize = 4;
/// Acknowledged writes after which it is; not a multiple of what a client does in turn, so that it dies anywhere.
const WRITES: usize = 61;
/// Fewer than people come, so that some wait.
const SEATS: usize = 40;

/// What a client was promised about one person.
#[derive(Default)]
struct Promised {
    user_name: String,
    version: u64,
    title: usize,
    member: bool,
}

type Promises = Arc<Mutex<BTreeMap<String, Promised>>>;

/// Kills the server when enough was acknowledged.
struct Executioner {
    acknowledged: AtomicUsize,
    server: Mutex<Server>,
}

impl Executioner {
    fn count(&self) {
        if self.acknowledged.fetch_add(1, Ordering::SeqCst) + 1 == WRITES {
            self.server.lock().expect("no client panics").kill();
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_on_sqlite() {
    lives_through_kills(&Site::sqlite());
}

#[test]
fn nothing_acknowledged_is_lost_on_postgresql() {
    crate::support::postgres::with_site(lives_through_kills);
}

fn lives_through_kills(site: &Site) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (tenant, _, token) = site.connected("Crash", "generic");
        let seats = SEATS.to_string();
        let pool = site.id(&["pool", "create", "--tenant", &tenant, "--name", "Vault", "--seats", &seats]);
        let group = {
            let server = site.serve();
            let body = json!({"schemas": [GROUP], "displayName": "Crew"});
            text(&server.client(&token).expect(Method::POST, "/Groups", Some(body), 201).await, "/id")
        };
        site.json(&["binding", "create", "--group", &group, "--pool", &pool]);
        let promises = Promises::default();
        for round in 0..ROUNDS {
            load_until_killed(site, &token, &group, round, &promises).await;
            let server = site.serve();
            verify(site, &server.client(&token), &tenant, &group, &promises).await;
        }
    });
}

/// Clients create people, put them into the group and change them, until the server is dead.
async fn load_until_killed(site: &Site, token: &str, group: &str, round: usize, promises: &Promises) {
    let server = site.serve();
    let client = server.client(token);
    let executioner = Arc::new(Executioner { acknowledged: AtomicUsize::new(0), server: Mutex::new(server) });
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (client, executioner, promises) =
            (client.clone(), Arc::clone(&executioner), Arc::clone(promises));
        let (prefix, group) = (format!("r{round}c{number}"), group.to_owned());
        clients.spawn(async move { write_on(&client, &executioner, &promises, &prefix, &group).await });
    }
    while let Some(ended) = clients.join_next().await {
        assert!(ended.expect("no client panics").is_none(), "a client stopped while the server was alive");
    }
    assert!(executioner.acknowledged.load(Ordering::SeqCst) >= WRITES, "the server died by itself");
}

/// One client's turns; none when the server stopped answering.
async fn write_on(
    client: &Client,
    executioner: &Executioner,
    promises: &Promises,
    prefix: &str,
    group: &str,
) -> Option<()> {
    for number in 0.. {
        let user_name = format!("{prefix}n{number}@crash.example");
        let body = json!({"schemas": [USER], "userName": user_name, "active": true, "title": "0"});
        let user = acknowledged(client.send(Method::POST, "/Users", Some(body)).await?, 201);
        let id = text(&user, "/id");
        let promise = Promised { user_name, version: version(&user), ..Promised::default() };
        promises.lock().expect("no client panics").insert(id.clone(), promise);
        executioner.count();

        let member = json!([{"op": "add", "path": "members", "value": [{"value": id}]}]);
        let body = json!({"schemas": [PATCH], "Operations": member});
        acknowledged(client.send(Method::PATCH, &format!("/Groups/{group}"), Some(body)).await?, 200);
        change(promises, &id, |promise| promise.member = true);
        executioner.count();

        for title in 1..=2 {
            let operation = json!([{"op": "replace", "path": "title", "value": title.to_string()}]);
            let body = json!({"schemas": [PATCH], "Operations": operation});
            let user =
                acknowledged(client.send(Method::PATCH, &format!("/Users/{id}"), Some(body)).await?, 200);
            change(promises, &id, |promise| (promise.title, promise.version) = (title, version(&user)));
            executioner.count();
        }
    }
    Some(())
}

/// Everything promised is there, and the seats are those of the people who are there.
async fn verify(site: &Site, client: &Client, tenant: &str, group: &str, promises: &Promises) {
    let promises = std::mem::take(&mut *promises.lock().expect("no client panics"));
    assert!(!promises.is_empty(), "nothing was acknowledged");
    let stored = client.expect(Method::GET, &format!("/Groups/{group}"), None, 200).await;
    let members: Vec<String> =
        stored["members"].as_array().into_iter().flatten().map(|member| text(member, "/value")).collect();
    for (id, promised) in &promises {
        let user = client.expect(Method::GET, &format!("/Users/{id}"), None, 200).await;
        assert_eq!(text(&user, "/userName"), promised.user_name);
        let title: usize = text(&user, "/title").parse().expect("a number");
        // A change that was carried out but not acknowledged any more may have come on top.
        assert!(title >= promised.title, "the title {} of {id} is {title} again", promised.title);
        assert!(
            version(&user) >= promised.version,
            "{id} is older than version {}: {user}",
            promised.version
        );
        assert!(!promised.member || members.contains(id), "{id} is no member any more");
    }
    let pools = site.json(&["pool", "list", "--tenant", tenant]);
    let pool = &pools["items"][0];
    let (used, waiting) = (number(pool, "used"), number(pool, "waiting"));
    assert_eq!(used, members.len().min(SEATS), "seats used by {} members: {pool}", members.len());
    assert_eq!(used + waiting, members.len(), "members are seated or wait: {pool}");
    let filter = format!("/Users?count=1&filter={STATUS}%20eq%20%22pending%22");
    let seated = client.expect(Method::GET, &filter, None, 200).await;
    assert_eq!(number(&seated, "totalResults"), used, "people with access have the seats");
}

fn acknowledged((status, body): (u16, Value), expected: u16) -> Value {
    assert_eq!(status, expected, "{body}");
    body
}

fn change(promises: &Promises, id: &str, with: impl FnOnce(&mut Promised)) {
    with(promises.lock().expect("no client panics").get_mut(id).expect("promised before"));
}

fn version(resource: &Value) -> u64 {
    let tag = text(resource, "/meta/version");
    let digits: String = tag.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("no number in the version {tag}"))
}

fn number(value: &Value, name: &str) -> usize {
    let number = value[name].as_u64().unwrap_or_else(|| panic!("no number {name} in {value}"));
    usize::try_from(number).expect("a small number")
}
