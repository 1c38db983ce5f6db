//! Connections own what they push: what another connection sees, may write, and takes over.

mod support;

use chrono::TimeDelta;
use operations::connections::New;
use serde_json::{Value, json};
use support::{Client, GROUP, TestApp, USER, user};

/// Two connections of one tenant.
async fn two(app: &TestApp) -> (Client, Client) {
    (app.connection("generic").await, app.connection("generic").await)
}

fn with_external_id(name: &str, external_id: &str) -> Value {
    json!({ "schemas": [USER], "userName": name, "externalId": external_id })
}

async fn total(client: &Client, path: &str) -> u64 {
    client.get(path).await.expect(200).body["totalResults"].as_u64().expect("a number")
}

#[tokio::test]
async fn what_another_connection_owns_is_not_there() {
    let app = TestApp::open().await;
    let (one, other) = two(&app).await;
    let ada = one.user("ada").await;
    let team = one.group("Team", &[&ada]).await;
    for path in [format!("/Users/{ada}"), format!("/Groups/{team}")] {
        one.get(&path).await.expect(200);
        other.get(&path).await.expect_error(404, None);
        other
            .patch(&path, json!([{ "op": "add", "path": "displayName", "value": "x" }]))
            .await
            .expect_error(404, None);
        other.delete(&path).await.expect_error(404, None);
    }
    for path in ["/Users", "/Groups", "/Users?filter=userName%20eq%20%22ada%22"] {
        assert_eq!(total(&other, path).await, 0, "{path}");
    }
    assert_eq!(total(&one, "/Users").await, 1);
    other.post("/Users", &user("ADA")).await.expect_error(409, Some("uniqueness"));
    let body = json!({ "schemas": [GROUP], "displayName": "Other", "members": [{ "value": ada }] });
    other.post("/Groups", &body).await.expect_error(400, Some("invalidValue"));
}

#[tokio::test]
async fn an_external_id_is_one_of_its_connection() {
    let app = TestApp::open().await;
    let (one, other) = two(&app).await;
    let ada = one.post("/Users", &with_external_id("ada", "7")).await.expect(201).id();
    let team = other.group("Team", &[]).await;
    other.add(&team, "7").await.expect(200);
    assert_eq!(other.get(&format!("/Groups/{team}")).await.expect(200).body["members"], Value::Null);
    let bob = other.post("/Users", &with_external_id("bob", "7")).await.expect(201).id();
    let members = other.get(&format!("/Groups/{team}")).await.expect(200).body["members"].clone();
    assert_eq!(
        members[0]["value"],
        bob.as_str(),
        "the parked value waited for the person of the same connection"
    );
    assert_eq!(one.get(&format!("/Users/{ada}")).await.expect(200).body["groups"], Value::Null);
}

#[tokio::test]
async fn a_connection_takes_over_by_its_first_write() {
    let app = TestApp::open().await;
    let old = app
        .connection_of(New { name: "old".to_owned(), profile: "generic".to_owned(), ..New::default() })
        .await;
    let takes_over = vec!["old".to_owned()];
    let new = app.connection_of(New { profile: "generic".to_owned(), takes_over, ..New::default() }).await;
    let ada = old.post("/Users", &with_external_id("ada", "7")).await.expect(201).id();
    let team = old.group("Team", &[&ada]).await;
    app.pool("Vault", 1, "queue").await;
    app.bind(&team, "Vault").await;
    let path = format!("/Users/{ada}");
    new.get(&path).await.expect(200);
    new.delete(&path).await.expect_error(403, None);
    new.patch(&path, json!([{ "op": "replace", "path": "active", "value": true }])).await.expect(200);
    old.get(&path).await.expect(200);

    let changed =
        new.patch(&path, json!([{ "op": "add", "path": "title", "value": "Dr" }])).await.expect(200);
    assert_eq!(changed.body["externalId"], Value::Null, "the identifier of the other directory");
    old.get(&path).await.expect_error(404, None);
    assert!(app.story(&ada).await.contains(&"owner-changed".to_owned()));
    assert_eq!(new.status(&ada).await, "pending", "seat and enrolment stay");
    let members = old.get(&format!("/Groups/{team}")).await.expect(200).body["members"].clone();
    assert_eq!(members[0]["value"], ada.as_str(), "a group shows its members, whoever owns them");
    old.remove(&team, &ada).await.expect(200);
    assert_eq!(new.status(&ada).await, "suspended");
    new.delete(&path).await.expect(204);
}

#[tokio::test]
async fn the_policy_is_that_of_the_owner() {
    let app = TestApp::open().await;
    let patient = app
        .connection_of(New {
            name: "patient".to_owned(),
            profile: "generic".to_owned(),
            grace_days: Some(30),
            ..New::default()
        })
        .await;
    let hasty = app
        .connection_of(New {
            profile: "generic".to_owned(),
            grace_days: Some(0),
            shared: true,
            ..New::default()
        })
        .await;
    let ada = patient.user("ada").await;
    let team = hasty.group("Team", &[&ada]).await;
    app.pool("Vault", 1, "queue").await;
    app.bind(&team, "Vault").await;
    hasty.remove(&team, &ada).await.expect(200);
    assert_eq!(patient.status(&ada).await, "suspended", "not that of the connection that triggered");
    app.later(TimeDelta::days(29)).await;
    assert_eq!(app.pool_now("Vault").await.used, 1);
}

#[tokio::test]
async fn a_shared_connection_writes_all_and_owns_none_of_others() {
    let app = TestApp::open().await;
    let owner = app.connection("generic").await;
    let shared =
        app.connection_of(New { profile: "generic".to_owned(), shared: true, ..New::default() }).await;
    let ada = owner.post("/Users", &with_external_id("ada", "7")).await.expect(201).id();
    let path = format!("/Users/{ada}");
    let body = json!({ "schemas": [USER], "userName": "ada", "externalId": "8", "title": "Dr" });
    let changed = shared.put(&path, &body).await.expect(200);
    assert_eq!((&changed.body["externalId"], &changed.body["title"]), (&json!("7"), &json!("Dr")));
    assert_eq!(owner.get(&path).await.expect(200).body["title"], "Dr");
    shared.delete(&path).await.expect(204);
}

#[tokio::test]
async fn names_of_groups_are_unique_for_each_owner() {
    let app = TestApp::open().await;
    let (one, other) = (app.connection("entra").await, app.connection("entra").await);
    one.group("Team", &[]).await;
    other.group("Team", &[]).await;
    let body = json!({ "schemas": [GROUP], "displayName": "TEAM" });
    one.post("/Groups", &body).await.expect_error(409, Some("uniqueness"));
}

#[tokio::test]
async fn nothing_of_another_connection_shows_through_its_relations() {
    let app = TestApp::open().await;
    let (one, other) = two(&app).await;
    let boss = one
        .post("/Users", &json!({ "schemas": [USER], "userName": "boss", "displayName": "Secret" }))
        .await
        .expect(201)
        .id();
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let manager = json!({ "manager": { "value": boss } });
    let ada = other
        .post("/Users", &json!({ "schemas": [USER, enterprise], "userName": "ada", enterprise: manager }))
        .await
        .expect(201);
    assert_eq!(ada.body[enterprise]["manager"]["displayName"], Value::Null);
    let filter = |text: &str| format!("/Users?filter={}", text.replace(' ', "%20").replace('"', "%22"));
    let name = filter(&format!(r#"{enterprise}:manager.displayName sw "sec""#));
    assert_eq!(total(&other, &name).await, 0, "a filter does not tell the name either");

    // A shared connection puts a user of each into one group, which then belongs to one of them.
    let shared =
        app.connection_of(New { profile: "generic".to_owned(), shared: true, ..New::default() }).await;
    let team = one.group("Hidden", &[&boss]).await;
    shared.add(&team, &ada.id()).await.expect(200);
    assert_eq!(other.get(&format!("/Users/{}", ada.id())).await.expect(200).body["groups"], Value::Null);
    for text in [r#"groups.display eq "Hidden""#.to_owned(), format!(r#"groups.value eq "{team}""#)] {
        assert_eq!(total(&other, &filter(&text)).await, 0, "{text}");
        assert_eq!(total(&shared, &filter(&text)).await, 2, "{text}");
    }
    assert_eq!(total(&other, &filter("groups eq null")).await, 1, "it sees no group");

    let theirs = other.group("Theirs", &[&ada.id()]).await;
    shared.add(&theirs, &boss).await.expect(200);
    let members = other.get(&format!("/Groups/{theirs}")).await.expect(200).body["members"].clone();
    let member = members.as_array().expect("a list").iter().find(|member| member["value"] == boss.as_str());
    assert_eq!(member.expect("shown by its id")["display"], Value::Null);
    assert_eq!(total(&other, "/Groups?filter=members.display%20co%20%22secret%22").await, 0);
    assert_eq!(total(&shared, "/Groups?filter=members.display%20co%20%22secret%22").await, 2);
    let guess = format!(r#"members[value eq "{boss}" and display eq "Secret"]"#);
    let path = format!("/Groups/{theirs}");
    let version = |answer: &Value| answer["meta"]["version"].clone();
    let before = version(&other.get(&path).await.expect(200).body);
    other.patch(&path, json!([{ "op": "remove", "path": guess }])).await;
    assert_eq!(version(&other.get(&path).await.expect(200).body), before, "a PATCH does not tell the name");
}
