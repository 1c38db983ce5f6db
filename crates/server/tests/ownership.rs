//! Connections own what they push: what another connection sees, may write, and takes over.

use crate::support::{Client, ENROLMENT, GROUP, TestApp, USER, user};
use chrono::TimeDelta;
use operations::conflicts;
use operations::connections::{Change, New, update};
use operations::consequences::Agreed;
use operations::owners::{self, What};
use serde_json::{Value, json};

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
async fn what_a_connection_waits_for_still_comes_after_it_is_shared() {
    let app = TestApp::open().await;
    let directory = app.connection("jumpcloud").await;
    let team = directory.group("Team", &["bob"]).await;
    let change = Change { shared: Some(true), ..Change::default() };
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    update(db, &operator, &directory.id, &change, Agreed::Nothing).await.expect("another sight");
    let bob = directory.user("bob").await;
    let members = directory.get(&format!("/Groups/{team}")).await.expect(200).body["members"].clone();
    assert_eq!(members[0]["value"], bob.as_str(), "the group was told of him before");
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

#[tokio::test]
async fn a_name_that_another_owner_has_is_listed_as_a_conflict_until_it_is_settled() {
    let app = TestApp::open().await;
    let (one, other) = two(&app).await;
    let listed = || async { conflicts::list(app.admin.db(), &app.tenant, (0, 10)).await.expect("readable") };
    let work = json!([{ "value": "Ada@Alpha.example", "type": "work" }]);
    let ada = json!({ "schemas": [USER], "userName": "ada", "emails": work });
    let id = one.post("/Users", &ada).await.expect(201).id();
    one.post("/Users", &ada).await.expect_error(409, Some("uniqueness"));
    assert_eq!(listed().await, [], "a connection has no conflict with itself");
    for name in ["ADA", "Ada"] {
        other.post("/Users", &user(name)).await.expect_error(409, Some("uniqueness"));
    }
    let found = listed().await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].user_name.as_str(), found[0].attempts, found[0].user.to_string()), ("Ada", 2, id));
    assert!(found[0].owner.is_some());

    let bob = json!({ "schemas": [USER], "userName": "bob", "emails": work });
    other.post("/Users", &bob).await.expect(201);
    let emails = conflicts::shared_emails(app.admin.db(), &app.tenant, "", 10).await.expect("readable");
    assert_eq!(emails.len(), 1, "flagged, not refused");
    assert_eq!((emails[0].users, emails[0].between.clone()), (2, ["ada".to_owned(), "bob".to_owned()]));

    hand_over(&app, &one, &other, What::All).await;
    assert_eq!(listed().await, []);
    let emails = conflicts::shared_emails(app.admin.db(), &app.tenant, "", 10).await.expect("readable");
    assert_eq!(emails, [], "both belong to one connection");
}

async fn hand_over(app: &TestApp, from: &Client, to: &Client, what: What) -> operations::work::Progress {
    let (db, operator) = (app.admin.db(), app.admin.operator("connection hand-over"));
    let started = owners::hand_over(db, &operator, &from.id, &to.id, what).await;
    app.admin.finish(started.expect("two connections of one tenant").1, |_| {}).await.expect("the end")
}

#[tokio::test]
async fn a_hand_over_keeps_access_and_joins_what_waited() {
    let app = TestApp::open().await;
    let (one, other) = (app.connection("entra").await, app.connection("entra").await);
    let ada = one.post("/Users", &with_external_id("ada", "7")).await.expect(201).id();
    let team = one.group("Team", &[&ada]).await;
    let twin = one.group("Twin", &[]).await;
    other.group("Twin", &[]).await;
    app.pool("Vault", 2, "queue").await;
    app.bind(&team, "Vault").await;
    let waiting = other.group("Waiting", &[]).await;
    other.add(&waiting, "ada").await;
    let before = one.get(&format!("/Users/{ada}")).await.expect(200).body;

    hand_over(&app, &one, &other, What::Users).await;
    one.get(&format!("/Users/{ada}")).await.expect_error(404, None);
    one.get(&format!("/Groups/{team}")).await.expect(200);
    app.later(TimeDelta::seconds(1)).await;
    let after = other.get(&format!("/Users/{ada}")).await.expect(200).body;
    for attribute in ["id", "externalId", ENROLMENT] {
        assert_eq!(after[attribute], before[attribute], "{attribute}");
    }
    assert_eq!(after["groups"][0]["value"], waiting.as_str(), "the group of the new owner had named ada");

    let moved = hand_over(&app, &one, &other, What::Groups).await;
    assert_eq!((moved.people, moved.refused), (2, 1), "a group whose name the other connection has stays");
    one.get(&format!("/Groups/{twin}")).await.expect(200);
    other.remove(&team, &ada).await;
    assert_eq!(other.status(&ada).await, "suspended");
    assert!(app.story(&ada).await.contains(&"owner-changed".to_owned()));
}

#[tokio::test]
async fn a_deleted_connection_leaves_its_people_with_their_access() {
    let app = TestApp::open().await;
    let (one, other) = (app.connection("entra").await, app.connection("entra").await);
    let ada = one.user("ada").await;
    let team = one.group("Team", &[&ada]).await;
    one.add(&team, "someone-to-come").await;
    app.pool("Vault", 1, "queue").await;
    app.bind(&team, "Vault").await;
    let (db, operator) = (app.admin.db(), app.admin.operator("connection delete"));
    let (owned, work) = owners::delete(db, &operator, &one.id).await.expect("a connection");
    assert_eq!((owned.users, owned.groups), (1, 1));
    let refused = one.post("/Users", &user("bob")).await;
    assert_eq!(refused.status, 401, "the tokens end at once");
    app.admin.finish(work, |_| {}).await.expect("the end");
    assert_eq!(other.status(&ada).await, "pending", "unowned, and with the seat");
    other.add(&team, &other.user("bob").await).await;
    let path = format!("/Users/{ada}");
    other.patch(&path, json!([{ "op": "add", "path": "title", "value": "Dr" }])).await.expect(200);
    other.delete(&path).await.expect(204);
    owners::owned(db, &operator, &one.id).await.expect_err("there is no such connection any more");
}

#[tokio::test]
async fn hand_overs_that_would_undo_each_other_are_refused() {
    let app = TestApp::open().await;
    let (one, other) = (app.connection("generic").await, app.connection("generic").await);
    let ada = one.user("ada").await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let (_, begun) =
        owners::hand_over(db, &operator, &one.id, &other.id, What::All).await.expect("two connections");
    let back = owners::hand_over(db, &operator, &other.id, &one.id, What::All).await;
    let why = back.expect_err("neither would end").to_string();
    assert!(why.contains("is being handed over to"), "{why}");
    owners::delete(db, &operator, &other.id).await.expect_err("the other one is being filled");
    app.admin.finish(begun, |_| {}).await.expect("the end");
    other.get(&format!("/Users/{ada}")).await.expect(200);

    let (_, deletion) = owners::delete(db, &operator, &other.id).await.expect("nothing is under way");
    for (from, to) in [(&one, &other), (&other, &one)] {
        let started = owners::hand_over(db, &operator, &from.id, &to.id, What::All).await;
        let why = started.expect_err("a deletion goes on").to_string();
        assert!(why.contains("is being deleted"), "{why}");
    }
    drop(deletion);
    owners::delete(db, &operator, &other.id).await.expect("an interrupted deletion is taken up again");
}
