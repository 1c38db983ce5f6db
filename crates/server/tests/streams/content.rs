//! What tokens say about what was changed.

use crate::support::feed::{Feed, happened, payload};
use crate::support::{ENROLMENT, TestApp, USER};
use operations::users::by_hand;
use serde_json::{Value, json};

const FULL: [&str; 7] = [
    "prov:create:full",
    "prov:patch:full",
    "prov:put:full",
    "prov:delete",
    "prov:activate",
    "prov:deactivate",
    "feed:add",
];

fn full() -> Value {
    json!({ "events_requested": FULL.map(|end| format!("urn:ietf:params:scim:event:{end}")) })
}

#[tokio::test]
async fn each_change_is_told_once_with_the_names_of_what_changed() {
    let app = TestApp::open().await;
    let directory = app.connection("generic").await;
    directory.user("before").await;
    let feed = Feed::open(&app, json!({})).await;
    let body = json!({ "schemas": [USER], "userName": "ada", "externalId": "e-1", "password": "secret-1" });
    let created = directory.post("/Users", &body).await.expect(201);
    let (ada, path) = (created.id(), format!("/Users/{}", created.id()));
    directory.post("/Users", &body).await.expect(409);
    let change = json!([{ "op": "replace", "path": "name.familyName", "value": "King" }]);
    let patched = directory.patch(&path, change.clone()).await.expect(200);
    directory.patch(&path, change).await.expect(200);
    directory.patch(&path, json!([{ "op": "replace", "path": "emails", "value": 7 }])).await.expect(400);
    directory.set_active(&ada, false).await.expect(200);
    let body =
        json!({ "schemas": [USER], "userName": "ada", "externalId": "e-1", "title": "Dr", "active": true });
    let put = directory.put(&path, &body).await.expect(200);
    directory.put(&path, &body).await.expect(200);
    directory.delete(&path).await.expect(204);
    let told = feed.until(5).await;
    let said: Vec<Vec<String>> = told.iter().map(happened).collect();
    let expected = [
        vec!["prov:create:notice"],
        vec!["prov:patch:notice"],
        vec!["prov:patch:notice", "prov:deactivate"],
        vec!["prov:put:notice", "prov:activate"],
        vec!["prov:delete"],
    ];
    assert_eq!(said, expected.map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>()));
    let notice = payload(&told[0], "prov:create:notice");
    assert_eq!(notice["version"], created.body["meta"]["version"]);
    assert_eq!(notice.get("data"), None);
    let attributes: Vec<&str> =
        notice["attributes"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
    assert_eq!(attributes, ["id", "active", "externalId", "userName"]);
    let notice = payload(&told[1], "prov:patch:notice");
    assert_eq!(*notice, json!({ "version": patched.header("etag"), "attributes": ["name.familyName"] }));
    assert_eq!(payload(&told[3], "prov:put:notice")["version"], put.header("etag"));
    for end in ["prov:activate", "prov:delete"] {
        let told = told.iter().find(|claims| happened(claims).iter().any(|word| word == end));
        assert_eq!(*payload(told.expect("told"), end), json!({}));
    }
    let subject = json!({ "format": "scim", "uri": path, "id": ada, "externalId": "e-1", "userName": "ada" });
    for claims in &told {
        assert_eq!(claims["sub_id"], subject);
        for none in ["sub", "exp"] {
            assert_eq!(claims.get(none), None);
        }
    }
    let ids: std::collections::BTreeSet<&str> =
        told.iter().filter_map(|claims| claims["jti"].as_str()).collect();
    assert_eq!(ids.len(), 5, "each token has an id of its own");
}

#[tokio::test]
async fn the_full_form_holds_what_is_stored_and_nothing_that_is_never_returned() {
    let app = TestApp::open().await;
    let directory = app.connection("generic").await;
    let (feed, notices) = (Feed::open(&app, full()).await, Feed::open(&app, json!({})).await);
    let body = json!({ "schemas": [USER], "userName": "ada", "password": "secret-1", "title": "Dr" });
    let created = directory.post("/Users", &body).await.expect(201);
    let path = format!("/Users/{}", created.id());
    let change = json!([{ "op": "replace", "value": { "password": "secret-2", "title": "Prof" } },
        { "op": "add", "path": "emails", "value": [{ "value": "ada@alpha.example", "type": "work" }] }]);
    directory.patch(&path, change).await.expect(200);
    directory
        .patch(&path, json!([{ "op": "replace", "path": "password", "value": "secret-3" }]))
        .await
        .expect(200);
    let body = json!({ "schemas": [USER], "userName": "ada", "nickName": "A" });
    let put = directory.put(&path, &body).await.expect(200);
    let told = feed.until(3).await;
    assert_eq!(payload(&told[0], "prov:create:full")["data"], created.body);
    let message = &payload(&told[1], "prov:patch:full")["data"];
    let expected = json!([
        { "op": "replace", "path": "emails", "value": [{ "value": "ada@alpha.example", "type": "work" }] },
        { "op": "replace", "path": "title", "value": "Prof" },
    ]);
    assert_eq!(message["Operations"], expected);
    assert_eq!(payload(&told[2], "prov:put:full")["data"], put.body);
    assert!(!told.iter().any(|claims| claims.to_string().contains("secret-")));
    let others = notices.until(3).await;
    let transactions = |told: &[Value]| told.iter().map(|claims| claims["txn"].clone()).collect::<Vec<_>>();
    assert_eq!(transactions(&told), transactions(&others), "what is told of one change has one transaction");
    assert!(told.iter().zip(&others).all(|(one, other)| one["jti"] != other["jti"]));
    assert!(!others.iter().any(|claims| claims.to_string().contains("\"data\"")));
}

#[tokio::test]
async fn a_group_tells_who_joins_and_who_leaves() {
    let app = TestApp::open().await;
    let directory = app.connection("generic").await;
    let ada = directory.user("ada").await;
    let feed = Feed::open(&app, full()).await;
    let group = directory.group("Staff", &[&ada]).await;
    directory.remove(&group, &ada).await.expect(200);
    directory.add(&group, &ada).await.expect(200);
    directory.delete(&format!("/Users/{ada}")).await.expect(204);
    directory.delete(&format!("/Groups/{group}")).await.expect(204);
    let told = feed.until(6).await;
    let uri = format!("/Groups/{group}");
    assert_eq!(payload(&told[0], "prov:create:full")["data"]["members"][0]["value"], json!(ada));
    let left = json!([{ "op": "remove", "path": format!("members[value eq \"{ada}\"]") }]);
    assert_eq!(payload(&told[1], "prov:patch:full")["data"]["Operations"], left);
    let joined = &payload(&told[2], "prov:patch:full")["data"]["Operations"][0];
    assert_eq!((&joined["op"], &joined["path"]), (&json!("add"), &json!("members")));
    let address = format!("/scim/v2/Users/{ada}");
    assert!(joined["value"][0]["$ref"].as_str().is_some_and(|link| link.ends_with(&address)), "{joined}");
    assert_eq!(happened(&told[3]), ["prov:delete"]);
    assert_eq!(
        (&told[4]["sub_id"]["uri"], &told[4]["txn"]),
        (&json!(uri), &told[3]["txn"]),
        "the deleted user left"
    );
    assert_eq!(payload(&told[4], "prov:patch:full")["data"]["Operations"], left);
    assert_eq!(
        (happened(&told[5]), &told[5]["sub_id"]["uri"]),
        (vec!["prov:delete".to_owned()], &json!(uri))
    );
}

#[tokio::test]
async fn a_change_of_ten_thousand_members_is_told_by_name() {
    let app = TestApp::open().await;
    let directory = app.connection("generic").await;
    let feed = Feed::open(&app, full()).await;
    let group = directory.group("Staff", &[]).await;
    let mut members = Vec::new();
    for number in 0..600 {
        members.push(json!({ "value": directory.group(&format!("g{number}"), &[]).await }));
    }
    let change = json!([{ "op": "add", "path": "members", "value": members }]);
    directory.patch(&format!("/Groups/{group}"), change).await.expect(200);
    let told = feed.until(602).await;
    let last = told.last().expect("told");
    assert_eq!(payload(last, "prov:patch:notice")["attributes"], json!(["members"]));
    assert!(last.to_string().len() < 2_000);
}

#[tokio::test]
async fn what_administrators_and_rules_change_is_told_as_well() {
    let app = TestApp::open().await;
    let feed = Feed::open(&app, full()).await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let person =
        by_hand::Person { name: "Ada".to_owned(), email: "ada@alpha.example".to_owned(), user_name: None };
    let added = by_hand::add(db, &operator, &app.tenant, &person, &by_hand::Licence::None).await;
    let ada = added.expect("added").id.to_string();
    by_hand::rename(db, &operator, &ada, "Ada King").await.expect("renamed");
    let pool = app.pool("Vault", 1, "queue").await;
    operations::grants::create(db, &operator, &ada, &pool.id.to_string()).await.expect("assigned");
    let told = feed.until(3).await;
    let said: Vec<String> = told.iter().flat_map(happened).collect();
    assert_eq!(said, ["prov:create:full", "prov:patch:full", "prov:patch:full"]);
    let operations = &payload(&told[1], "prov:patch:full")["data"]["Operations"];
    assert!(operations.to_string().contains("Ada King"), "{operations}");
    let operations = &payload(&told[2], "prov:patch:full")["data"]["Operations"];
    assert_eq!(operations[0]["path"], json!(format!("{ENROLMENT}:status")));
    assert_eq!(operations[1]["value"][0]["display"], json!("Vault"));
}

#[tokio::test]
async fn each_operation_of_a_bulk_request_is_told_as_a_request_of_its_own() {
    let app = TestApp::open().await;
    let directory = app.connection("generic").await;
    let feed = Feed::open(&app, json!({})).await;
    let user = |name: &str| json!({ "schemas": [USER], "userName": name });
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            { "method": "POST", "path": "/Users", "bulkId": "a", "data": user("ada") },
            { "method": "POST", "path": "/Users", "bulkId": "b", "data": { "schemas": [USER] } },
            { "method": "POST", "path": "/Users", "bulkId": "c", "data": user("ben") },
        ],
    });
    directory.post("/Bulk", &body).await.expect(200);
    let told = feed.until(2).await;
    let mut transactions: Vec<&str> = told.iter().filter_map(|claims| claims["txn"].as_str()).collect();
    transactions.sort_unstable();
    let (base, _) = transactions[0].split_once(':').expect("an operation");
    assert_eq!(transactions, [format!("{base}:0"), format!("{base}:2")]);
}
