//! `/Bulk` (RFC 7644 §3.7) where it meets the rest: the rules of provisioning, the brake, the request log, and limits.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::{Client, GROUP, PATCH, TestApp, user};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

fn message(operations: &[Value]) -> Value {
    json!({ "schemas": [BULK], "Operations": operations })
}

async fn bulk(client: &Client, operations: &[Value]) -> Vec<Value> {
    let answer = client.post("/Bulk", &message(operations)).await.expect(200);
    answer.body["Operations"].as_array().expect("entries").clone()
}

fn create(number: usize) -> Value {
    let data = user(&format!("p{number}@alpha.example"));
    json!({ "method": "POST", "path": "/Users", "bulkId": format!("p{number}"), "data": data })
}

fn statuses(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["status"].as_str().expect("a status")).collect()
}

fn id(entry: &Value) -> String {
    entry["location"].as_str().and_then(|place| place.rsplit('/').next()).expect("a location").to_owned()
}

/// Seats are given and queues are joined in the order of the request, however many users are created at the same time.
#[tokio::test]
async fn seats_go_to_the_first_operations_of_a_bulk_request() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool_for_everyone(30).await;
    let entries = bulk(&client, &(0..100).map(create).collect::<Vec<_>>()).await;
    assert!(statuses(&entries).iter().all(|status| *status == "201"), "{entries:?}");
    let mut seated = Vec::new();
    for entry in &entries {
        seated.push(app.person(&id(entry)).await.enrolment.status.to_string() == "pending");
    }
    assert!(seated[..30].iter().all(|seated| *seated) && !seated[30..].contains(&true), "{seated:?}");
    let log = app.last_request(&client).await;
    assert!(!log.effects.is_empty() && log.status == 200, "{log:?}");
    assert!(!log.body.expect("a body").to_string().contains("alpha.example"), "the log masks people");
}

/// What a bulk request takes away counts for the brake like single requests.
#[tokio::test]
async fn the_brake_holds_what_a_bulk_request_takes_away() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool_for_everyone(40).await;
    let people = bulk(&client, &(0..40).map(create).collect::<Vec<_>>()).await;
    let off = |entry: &Value| {
        let operations = json!([{ "op": "replace", "path": "active", "value": false }]);
        let data = json!({ "schemas": [PATCH], "Operations": operations });
        json!({ "method": "PATCH", "path": format!("/Users/{}", id(entry)), "data": data })
    };
    let entries = bulk(&client, &people.iter().map(off).collect::<Vec<_>>()).await;
    assert!(statuses(&entries).iter().all(|status| *status == "200"), "{entries:?}");
    let mut suspended = 0;
    for entry in &people {
        suspended += usize::from(client.status(&id(entry)).await == "suspended");
    }
    assert_eq!(suspended, 5, "a tenth of the people, but five at least, lose access; the others are held");
}

/// A chain of references as long as a request may be, from the last to the first, is created.
#[tokio::test]
async fn a_long_chain_of_references_is_created() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let group = |number: usize| {
        let members =
            if number < 299 { vec![json!({ "value": format!("bulkId:g{}", number + 1) })] } else { vec![] };
        let data = json!({ "schemas": [GROUP], "displayName": format!("G{number}"), "members": members });
        json!({ "method": "POST", "path": "/Groups", "bulkId": format!("g{number}"), "data": data })
    };
    let entries = bulk(&client, &(0..300).map(group).collect::<Vec<_>>()).await;
    assert!(statuses(&entries).iter().all(|status| *status == "201"), "{entries:?}");
    let first = client.get(&format!("/Groups/{}", id(&entries[0]))).await.expect(200);
    assert_eq!(first.body["members"][0]["value"], id(&entries[1]));
}

/// When the time of a request runs out, the client learns what was done and what was not.
#[tokio::test]
async fn operations_without_time_say_so_and_the_others_are_done() {
    let app = TestApp::open_with(&[("ROLLCALL_LIMITS__REQUEST_SECONDS", "2")]).await;
    let client = app.connection("generic").await;
    let person = client.user("ada").await;
    let change = |number: usize| {
        let operations = json!([{ "op": "replace", "path": "title", "value": number.to_string() }]);
        let data = json!({ "schemas": [PATCH], "Operations": operations });
        json!({ "method": "PATCH", "path": format!("/Users/{person}"), "data": data })
    };
    let entries = bulk(&client, &(0..1_000).map(change).collect::<Vec<_>>()).await;
    assert_eq!(entries.len(), 1_000);
    let done = statuses(&entries).iter().take_while(|status| **status == "200").count();
    assert!(statuses(&entries)[done..].iter().all(|status| *status == "503"), "{entries:?}");
    let now = client.get(&format!("/Users/{person}")).await.expect(200);
    assert_eq!(now.body["title"], (done - 1).to_string());
}

/// What the limits say counts, and the configuration tells it.
#[tokio::test]
async fn the_limits_of_bulk_requests_are_those_of_the_settings() {
    let settings = [("ROLLCALL_LIMITS__BULK_OPERATIONS", "3"), ("ROLLCALL_LIMITS__BODY_BYTES", "4096")];
    let app = TestApp::open_with(&settings).await;
    let client = app.connection("generic").await;
    let config = client.get("/ServiceProviderConfig").await.expect(200).body;
    assert_eq!(
        (&config["bulk"]["maxOperations"], &config["bulk"]["maxPayloadSize"]),
        (&json!(3), &json!(4096))
    );
    let four: Vec<Value> = (0..4).map(create).collect();
    let refused = client.post("/Bulk", &message(&four)).await.expect_error(413, None);
    assert!(refused.body["detail"].as_str().is_some_and(|detail| detail.contains('3')), "{}", refused.body);
    assert_eq!(client.get("/Users").await.expect(200).body["totalResults"], 0);
    assert_eq!(statuses(&bulk(&client, &four[..3]).await), ["201"; 3]);
    let padded = json!({ "schemas": [BULK], "Operations": [create(9)], "x": "y".repeat(4096) });
    client.post("/Bulk", &padded).await.expect_error(413, None);
    client.get("/Bulk").await.expect_error(405, None);
}

/// When a resource of a circle cannot be created, nothing stays that refers to it, whoever refers to it and through whom.
#[tokio::test]
async fn nothing_stays_of_a_circle_that_cannot_be_closed() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    client.user("taken@alpha.example").await;
    let managed = |bulk_id: &str, name: &str, manager: &str| {
        let mut data = user(&format!("{name}@alpha.example"));
        data[ENTERPRISE] = json!({ "manager": { "value": format!("bulkId:{manager}") } });
        json!({ "method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data })
    };
    let entries = bulk(
        &client,
        &[
            managed("boss", "taken", "deputy"),
            managed("deputy", "d", "boss"),
            managed("clerk", "c", "deputy"),
        ],
    )
    .await;
    assert_eq!(statuses(&entries), ["409"; 3], "{entries:?}");
    assert_eq!(client.get("/Users").await.expect(200).body["totalResults"], 1);
    // The clerk was created before the circle broke.
    let group = |bulk_id: &str, name: &str, members: &[&str]| {
        let members: Vec<Value> =
            members.iter().map(|it| json!({ "value": format!("bulkId:{it}") })).collect();
        let data = json!({ "schemas": [GROUP], "displayName": name, "members": members });
        json!({ "method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data })
    };
    let circle = [group("x", "", &["p", "q"]), group("p", "P", &["x"]), group("q", "Q", &["p"])];
    let entries = bulk(&client, &circle).await;
    assert_eq!(statuses(&entries), ["400", "409", "409"], "{entries:?}");
    assert_eq!(client.get("/Groups").await.expect(200).body["totalResults"], 0);
}

/// Texts that begin like references are texts, wherever no id of a resource stands.
#[tokio::test]
async fn names_that_look_like_references_are_names() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let mut person = create(1);
    person["data"]["displayName"] = json!("bulkId:p1");
    person["data"]["title"] = json!("\"bulkId:none\" ".repeat(20));
    person["data"]["groups"] = json!([{ "value": "bulkId:none" }]);
    let entries = bulk(&client, &[person]).await;
    assert_eq!(statuses(&entries), ["201"], "{entries:?}");
    let shown = client.get(&format!("/Users/{}", id(&entries[0]))).await.expect(200);
    assert_eq!(shown.body["displayName"], "bulkId:p1");
    assert_eq!(shown.body["meta"]["version"], entries[0]["version"]);
}

/// The version of an entry is the entity tag that a read shows, also for people with groups and licences.
#[tokio::test]
async fn entries_have_the_entity_tags_that_reads_show() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool_for_everyone(3).await;
    let person = client.user("ada").await;
    client.group("Crew", &[&person]).await;
    let data = json!({ "schemas": [PATCH], "Operations": [{ "op": "add", "path": "title", "value": "x" }] });
    let change = json!({ "method": "PATCH", "path": format!("/Users/{person}"), "data": data });
    let entries = bulk(&client, &[change, create(7)]).await;
    for entry in entries {
        let shown = client.get(&format!("/Users/{}", id(&entry))).await.expect(200);
        assert_eq!(entry["version"], shown.header("etag"));
    }
}

/// What a client does, with people and groups by their numbers.
#[derive(Clone, Debug)]
enum Act {
    Person(usize),
    Group(usize, Vec<usize>),
    Title(usize, u8),
    Active(usize, bool),
    Member(usize, usize, bool),
    DeletePerson(usize),
    DeleteGroup(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let (person, group) = (0..4_usize, 0..3_usize);
    prop_oneof![
        4 => person.clone().prop_map(Act::Person),
        3 => (group.clone(), prop::collection::vec(person.clone(), 0..3)).prop_map(|(it, who)| Act::Group(it, who)),
        2 => (person.clone(), 0..3_u8).prop_map(|(it, title)| Act::Title(it, title)),
        2 => (person.clone(), any::<bool>()).prop_map(|(it, active)| Act::Active(it, active)),
        4 => (group.clone(), person.clone(), any::<bool>()).prop_map(|(it, who, joins)| Act::Member(it, who, joins)),
        1 => person.prop_map(Act::DeletePerson),
        1 => group.prop_map(Act::DeleteGroup),
    ]
}

/// The names by which a client calls what it has created: ids, or references in a bulk request.
#[derive(Default)]
struct Known {
    people: [Option<String>; 4],
    groups: [Option<String>; 3],
    /// People who are there, so that another one of the name is refused.
    there: [bool; 4],
}

impl Known {
    fn person(&self, number: usize) -> String {
        self.people[number].clone().unwrap_or_else(|| "nobody".to_owned())
    }

    fn group(&self, number: usize) -> String {
        self.groups[number].clone().unwrap_or_else(|| "nothing".to_owned())
    }

    /// The operation, and who is called by `name` when it has succeeded.
    fn operation(&mut self, act: &Act, name: &str) -> (Value, bool) {
        let post =
            |path: &str, data: Value| json!({ "method": "POST", "path": path, "bulkId": name, "data": data });
        let patch = |path: String, operation: Value| {
            let data = json!({ "schemas": [PATCH], "Operations": [operation] });
            json!({ "method": "PATCH", "path": path, "data": data })
        };
        let mut creates = false;
        let operation = match act {
            Act::Person(number) => {
                creates = !std::mem::replace(&mut self.there[*number], true);
                post("/Users", user(&format!("p{number}@alpha.example")))
            }
            Act::Group(number, members) => {
                creates = true;
                let members =
                    members.iter().filter_map(|it| self.people[*it].clone().filter(|_| self.there[*it]));
                let members: Vec<Value> = members.map(|value| json!({ "value": value })).collect();
                post(
                    "/Groups",
                    json!({ "schemas": [GROUP], "displayName": format!("G{number}"), "members": members }),
                )
            }
            Act::Title(number, title) => {
                let operation = json!({ "op": "replace", "path": "title", "value": title.to_string() });
                patch(format!("/Users/{}", self.person(*number)), operation)
            }
            Act::Active(number, active) => {
                let operation = json!({ "op": "replace", "path": "active", "value": active });
                patch(format!("/Users/{}", self.person(*number)), operation)
            }
            Act::Member(number, who, joins) => {
                let who = self.people[*who].clone().filter(|_| self.there[*who]);
                let who = who.unwrap_or_else(|| "01900000-0000-7000-8000-000000000000".to_owned());
                let operation = match joins {
                    true => json!({ "op": "add", "path": "members", "value": [{ "value": who }] }),
                    false => json!({ "op": "remove", "path": format!("members[value eq \"{who}\"]") }),
                };
                patch(format!("/Groups/{}", self.group(*number)), operation)
            }
            Act::DeletePerson(number) => {
                self.there[*number] = false;
                json!({ "method": "DELETE", "path": format!("/Users/{}", self.person(*number)) })
            }
            Act::DeleteGroup(number) => {
                json!({ "method": "DELETE", "path": format!("/Groups/{}", self.group(*number)) })
            }
        };
        (operation, creates)
    }

    fn call(&mut self, act: &Act, name: String) {
        match act {
            Act::Person(number) => self.people[*number] = Some(name),
            Act::Group(number, _) => self.groups[*number] = Some(name),
            _ => {}
        }
    }
}

/// What a connection sees of everything, without ids and times, and what of a version is made of ids.
async fn all(client: &Client) -> Vec<String> {
    let (users, groups) =
        (client.get("/Users?count=500").await.expect(200), client.get("/Groups?count=500").await.expect(200));
    let listed = |list: &Value| list["Resources"].as_array().cloned().unwrap_or_default();
    let users = listed(&users.body);
    let version = |it: &Value| {
        it["meta"]["version"].to_string().split('-').next().map(str::to_owned).unwrap_or_default()
    };
    let named =
        |id: &Value| users.iter().find(|user| user["id"] == *id).map(|user| user["userName"].to_string());
    let mut all: Vec<String> = users
        .iter()
        .map(|user| format!("{} {} {} {}", user["userName"], user["title"], user["active"], version(user)))
        .collect();
    all.extend(listed(&groups.body).iter().map(|group| {
        let members = group["members"].as_array().cloned().unwrap_or_default();
        let mut members: Vec<_> = members.iter().map(|member| named(&member["value"])).collect();
        members.sort();
        format!("{} {members:?} {}", group["displayName"], version(group))
    }));
    all.sort();
    all
}

/// The same operations lead to the same answers and the same end, in one bulk request and one by one.
#[test]
fn operations_mean_the_same_in_bulk_and_one_by_one_by_property() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let app = runtime.block_on(TestApp::open());
    let config = Config { cases: 24, failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
    let outcome = TestRunner::new(config).run(&prop::collection::vec(act(), 1..25), |acts| {
        let (single, bulk, answers, entries) = runtime.block_on(async {
            let client = async || app.connection_with(&app.other_tenant().await, "generic", None).await;
            let (one, many) = (client().await, client().await);
            let (mut known, mut answers) = (Known::default(), Vec::new());
            for act in &acts {
                let (operation, creates) = known.operation(act, "x");
                let (method, path) =
                    (operation["method"].as_str().expect("one"), operation["path"].as_str().expect("one"));
                let answer = one.json(method, path, &operation["data"]).await;
                answers.push(answer.status.to_string());
                if creates {
                    known.call(act, answer.id());
                }
            }
            let mut known = Known::default();
            let mut operations = Vec::new();
            for (number, act) in acts.iter().enumerate() {
                let name = format!("b{number}");
                let (operation, creates) = known.operation(act, &name);
                operations.push(operation);
                if creates {
                    known.call(act, format!("bulkId:{name}"));
                }
            }
            let entries = bulk(&many, &operations).await;
            let entries: Vec<String> = statuses(&entries).into_iter().map(str::to_owned).collect();
            (all(&one).await, all(&many).await, answers, entries)
        });
        prop_assert_eq!(answers, entries);
        prop_assert_eq!(single, bulk);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
