//! `/Bulk` (RFC 7644 §3.7) where it meets the rest: the rules of provisioning, the brake, the request log, and limits.

use serde_json::{Value, json};

use crate::support::{Client, PATCH, TestApp, user};

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
        let data = json!({ "schemas": [crate::support::GROUP], "displayName": format!("G{number}"), "members": members });
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
