//! Random sequences of requests: they are answered alike on both databases, and end in the same state one by one and in one bulk
//! request.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Client, GROUP, PATCH, TestApp, USER};

const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

/// A request that speaks of resources by handles, such as `<3>` for what the fourth request created.
#[derive(Clone, Debug, PartialEq)]
struct Ask {
    method: &'static str,
    path: String,
    body: Value,
}

/// What a sequence came to: the answers, and the lists of users and groups at the end.
#[derive(Clone, Debug, PartialEq)]
struct Came {
    statuses: Vec<u16>,
    bodies: Vec<Value>,
    state: Value,
}

/// Makes requests from numbers. They name what was created before, also what is gone by now.
#[derive(Default)]
struct Writer {
    users: Vec<usize>,
    groups: Vec<usize>,
}

impl Writer {
    fn ask(&self, [kind, who, what]: [u8; 3]) -> Ask {
        let name = format!("{}-{}@alpha.example", if what % 2 == 0 { "Person" } else { "person" }, who % 6);
        let user = json!({
            "schemas": [USER], "userName": name, "externalId": format!("e-{}", what % 9), "active": what % 5 != 0,
            "title": format!("T{}", what % 3), "name": { "familyName": "Ö".repeat(usize::from(what % 3)) },
            "emails": [{ "value": name, "type": "work", "primary": what % 3 == 0 }],
        });
        let of = |all: &[usize]| {
            let chosen = all.get(usize::from(who) % all.len().max(1));
            chosen.map_or("0190d9a0-0000-7000-8000-00000000000a".to_owned(), |number| format!("<{number}>"))
        };
        let member = of(&self.users[usize::from(what) % self.users.len().max(1)..]);
        let path = |endpoint: &str, id: String| format!("/{endpoint}/{id}");
        let patch = |operations: Value| json!({ "schemas": [PATCH], "Operations": operations });
        let group = json!({ "schemas": [GROUP], "displayName": format!("Group {}", what % 4), "members": [{ "value": member }] });
        let (method, path, body) = match kind % 12 {
            0..=2 => ("POST", "/Users".to_owned(), user),
            3 => ("POST", "/Groups".to_owned(), group),
            4 => ("PUT", path("Users", of(&self.users)), user),
            5 => ("PUT", path("Groups", of(&self.groups)), group),
            6 => ("DELETE", path("Users", of(&self.users)), Value::Null),
            7 if who % 3 == 0 => ("DELETE", path("Groups", of(&self.groups)), Value::Null),
            7 => (
                "PATCH",
                path("Groups", of(&self.groups)),
                patch(json!([{ "op": "remove", "path": "members" }])),
            ),
            8 => {
                let add = json!([{ "op": "add", "path": "members", "value": [{ "value": member }] }]);
                ("PATCH", path("Groups", of(&self.groups)), patch(add))
            }
            9 => {
                let gone = format!("members[value eq \"{member}\"]");
                ("PATCH", path("Groups", of(&self.groups)), patch(json!([{ "op": "remove", "path": gone }])))
            }
            10 => {
                let change = match what % 5 {
                    0 => json!([{ "op": "replace", "path": "active", "value": who % 2 == 0 }]),
                    1 => json!([{ "op": "add", "path": "emails[type eq \"work\"].display", "value": "W" }]),
                    2 => {
                        json!([{ "op": "remove", "path": "emails[primary eq true]" }, { "op": "remove", "path": "title" }])
                    }
                    3 => {
                        json!([{ "op": "replace", "value": { "userName": name, "name": { "givenName": "G" } } }])
                    }
                    _ => json!([{ "op": "replace", "path": "shoeSize", "value": 4 }]),
                };
                ("PATCH", path("Users", of(&self.users)), patch(change))
            }
            _ => (
                "POST",
                "/Users".to_owned(),
                json!({ "schemas": [USER], "active": "perhaps", "userName": name }),
            ),
        };
        Ask { method, path, body }
    }

    fn created(&mut self, number: usize, ask: &Ask) {
        if ask.path == "/Users" { self.users.push(number) } else { self.groups.push(number) }
    }
}

/// The resources that were created, by the number of their request.
type Ids = BTreeMap<usize, String>;

fn with_ids(text: &str, ids: &Ids) -> String {
    ids.iter().fold(text.to_owned(), |text, (number, id)| text.replace(&format!("<{number}>"), id))
}

/// Handles in the place of ids, and versions without their digests, which are made of ids.
fn without_ids(value: &Value, ids: &Ids) -> Value {
    match value {
        Value::String(text) => {
            let named = |text: String, (number, id): (&usize, &String)| {
                text.replace(id.as_str(), &format!("<{number}>"))
            };
            let text = ids.iter().fold(text.clone(), named);
            let digest = text.strip_prefix("W/\"").and_then(|version| version.split_once('-'));
            digest.map_or(text.clone(), |(version, _)| version.to_owned()).into()
        }
        Value::Array(items) => items.iter().map(|item| without_ids(item, ids)).collect(),
        Value::Object(object) => {
            object.iter().map(|(name, value)| (name.clone(), without_ids(value, ids))).collect()
        }
        other => other.clone(),
    }
}

async fn state(client: &Client, ids: &Ids) -> Value {
    let users = client.get("/Users?count=500").await.expect(200).body;
    let groups = client.get("/Groups?count=500").await.expect(200).body;
    let sought =
        client.get("/Users?filter=active%20eq%20true%20and%20title%20ge%20%22T1%22").await.expect(200).body;
    without_ids(&json!([users["Resources"], groups["Resources"], sought["totalResults"]]), ids)
}

async fn send(client: &Client, ask: &Ask, ids: &Ids) -> (u16, Value) {
    let body = with_ids(&ask.body.to_string(), ids);
    let headers = [("content-type", "application/scim+json")];
    let path = format!("/scim/v2{}", with_ids(&ask.path, ids));
    let body = (ask.body != Value::Null).then_some(body);
    let answer = client.send(ask.method, &path, &headers, body).await;
    (answer.status, answer.body)
}

/// Sends the requests one by one; where numbers are given, they are made into requests meanwhile.
async fn one_by_one(client: &Client, numbers: &[[u8; 3]]) -> (Vec<Ask>, Came) {
    let (mut writer, mut ids, mut asks) = (Writer::default(), Ids::new(), Vec::new());
    let (mut statuses, mut bodies) = (Vec::new(), Vec::new());
    for (number, numbers) in numbers.iter().enumerate() {
        let ask = writer.ask(*numbers);
        let (status, body) = send(client, &ask, &ids).await;
        if status == 201 {
            ids.insert(number, body["id"].as_str().expect("an id").to_owned());
            writer.created(number, &ask);
        }
        statuses.push(status);
        bodies.push(without_ids(&body, &ids));
        asks.push(ask);
    }
    let state = state(client, &ids).await;
    (asks, Came { statuses, bodies, state })
}

/// Sends the requests as one, in which each names what others create by `bulkId`.
async fn in_one(client: &Client, asks: &[Ask], created: &Came) -> (Vec<u16>, Value) {
    let places: Ids = (0..asks.len())
        .filter(|number| created.statuses[*number] == 201)
        .map(|number| (number, format!("bulkId:{number}")))
        .collect();
    let operations = asks.iter().enumerate().map(|(number, ask)| {
        let mut operation = json!({ "method": ask.method, "path": with_ids(&ask.path, &places) });
        if ask.body != Value::Null {
            operation["data"] =
                serde_json::from_str(&with_ids(&ask.body.to_string(), &places)).expect("JSON");
        }
        if ask.method == "POST" {
            operation["bulkId"] = number.to_string().into();
        }
        operation
    });
    let body = json!({ "schemas": [BULK], "Operations": operations.collect::<Vec<_>>() });
    let answer = client.post("/Bulk", &body).await.expect(200).body;
    let entries = answer["Operations"].as_array().expect("a list");
    let status =
        |entry: &Value| entry["status"].as_str().and_then(|status| status.parse().ok()).expect("a status");
    let mut ids = Ids::new();
    for (number, entry) in entries.iter().enumerate().filter(|(_, entry)| entry["status"] == "201") {
        let place = entry["location"].as_str().expect("an address");
        ids.insert(number, place.rsplit('/').next().unwrap_or_default().to_owned());
    }
    (entries.iter().map(status).collect(), state(client, &ids).await)
}

/// The first request that was answered in two ways, with those before it.
fn difference(asks: &[Ask], one: &Came, other: &Came) -> Option<String> {
    let answer = |came: &Came, number: usize| (came.statuses[number], came.bodies[number].clone());
    let first = (0..asks.len()).find(|number| answer(one, *number) != answer(other, *number));
    let sent = asks[..first.map_or(asks.len(), |first| first + 1)].iter().enumerate();
    let sent = sent.map(|(number, ask)| format!("<{number}> {} {} {}", ask.method, ask.path, ask.body));
    let sent = sent.collect::<Vec<_>>().join("\n");
    match first {
        Some(first) => Some(format!("{sent}\n{:?}\n{:?}", answer(one, first), answer(other, first))),
        None if one.state == other.state => None,
        None => Some(format!("{sent}\n{}\n{}", one.state, other.state)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_sequence_ends_alike_on_each_database_and_in_bulk(numbers in vec(any::<[u8; 3]>(), 10..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            // Addresses in answers are the same.
            let settings = [("ROLLCALL_BASE_URL", "https://scim.example")];
            let (app, bulk) = (TestApp::open_with(&settings).await, TestApp::open_with(&settings).await);
            let twin = TestApp::open_on_sqlite(&settings).await;
            let clients = (app.connection("strict").await, twin.connection("strict").await, bulk.connection("strict").await);
            app.without_brake(&clients.0).await;
            twin.without_brake(&clients.1).await;
            bulk.without_brake(&clients.2).await;
            let (asks, came) = one_by_one(&clients.0, &numbers).await;
            assert!(came.statuses.iter().all(|status| *status < 500), "{:?}", came.statuses);
            let (again, twin) = one_by_one(&clients.1, &numbers).await;
            assert_eq!(difference(&asks, &came, &twin), None);
            assert_eq!(asks, again);
            let (statuses, state) = in_one(&clients.2, &asks, &came).await;
            let bulk = Came { statuses, bodies: came.bodies.clone(), state };
            assert_eq!(difference(&asks, &came, &bulk), None);
        });
    }
}
