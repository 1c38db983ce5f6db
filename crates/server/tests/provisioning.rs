//! From a push to people with seats, and back, over HTTP in the dialects of the products.

use crate::support::{Client, ENROLMENT, GROUP, TestApp, USER, user};
use chrono::TimeDelta;
use operations::consequences::Agreed;
use provisioning::{SeatState, Status};
use serde_json::{Value, json};

#[tokio::test]
async fn a_push_into_a_bound_group_enrols_and_a_disabled_account_keeps_its_seat_for_the_grace() {
    let app = TestApp::open().await;
    let client = app.connection("entra").await;
    let ada = json!({
        "schemas": [USER], "userName": "ada@alpha.example", "active": "True", "externalId": "ada",
        "emails": [{ "type": "work", "value": "ada@alpha.example", "primary": true }], "roles": [],
        "meta": { "resourceType": "User" },
    });
    let ada = client.post("/Users", &ada).await.expect(201).id();
    let team = json!({
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "displayName": "Vault Users", "externalId": "g-1",
    });
    let team = client.post("/Groups", &team).await.expect(201).id();
    app.pool("Vault", 5, "queue").await;
    app.bind(&team, "Vault").await;

    let add = json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": ada }] }]);
    let pushed = client.patch(&format!("/Groups/{team}"), add.clone()).await.expect(204);
    assert_eq!((pushed.header("etag"), &pushed.body), ("W/\"2\"", &json!("")));
    let shown = client.get(&format!("/Users/{ada}")).await.expect(200).body;
    assert_eq!(shown["schemas"], json!([USER, ENROLMENT]));
    assert_eq!(shown[ENROLMENT]["status"], "pending");
    assert_eq!(shown[ENROLMENT]["licences"][0]["display"], "Vault");
    assert_eq!(app.pool_now("Vault").await.used, 1);

    // Pushed again, nothing follows.
    client.patch(&format!("/Groups/{team}"), add).await.expect(204);
    assert_eq!(app.last_request(&client).await.effects, ["nothing changed"]);

    let disable = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    client.patch(&format!("/Users/{ada}"), disable).await.expect(200);
    assert_eq!(client.status(&ada).await, "suspended");
    assert_eq!(app.pool_now("Vault").await.used, 1);
    let found = client.get("/Users?filter=userName+eq+%22ADA%40alpha.example%22").await.expect(200).body;
    assert_eq!((&found["totalResults"], &found["Resources"][0]["active"]), (&json!(1), &json!(false)));

    let enable = json!([{ "op": "Replace", "path": "active", "value": "True" }]);
    client.patch(&format!("/Users/{ada}"), enable).await.expect(200);
    assert_eq!(client.status(&ada).await, "pending");

    let remove = json!([{ "op": "Remove", "path": "members", "value": [{ "value": ada }] }]);
    client.patch(&format!("/Groups/{team}"), remove).await.expect(204);
    assert_eq!(client.status(&ada).await, "suspended");
    app.later(TimeDelta::days(8)).await;
    assert_eq!(client.status(&ada).await, "deactivated");
    assert_eq!(app.pool_now("Vault").await.used, 0);
    assert_eq!(
        app.story(&ada).await,
        [
            "user-created",
            "member-added",
            "seat-taken",
            "enrolled",
            "user-changed",
            "suspended",
            "user-changed",
            "reinstated",
            "member-removed",
            "suspended",
            "deactivated",
            "seat-freed"
        ]
    );
}

#[tokio::test]
async fn an_activation_leaves_no_seat_and_no_invitation() {
    let app = TestApp::open().await;
    app.pool_of(operations::pools::New {
        name: "All".to_owned(),
        seats: 3,
        policy: "queue".to_owned(),
        for_everyone: true,
        ..Default::default()
    })
    .await;
    let client = app.connection("jumpcloud").await;
    let test = json!({ "schemas": [USER], "userName": "test@alpha.example", "active": true, "name": { "givenName": "T" } });
    let id = client.post("/Users", &test).await.expect(201).id();
    assert_eq!(app.pool_now("All").await.used, 1);
    let update = json!({ "schemas": [USER], "id": id, "userName": "test@alpha.example", "active": true, "emails": [] });
    client.put(&format!("/Users/{id}"), &update).await.expect(200);
    let group = client.group("Test group", &[&id]).await;
    client.delete(&format!("/Groups/{group}")).await.expect(204);
    client.delete(&format!("/Users/{id}")).await.expect(204);
    assert_eq!(app.pool_now("All").await.used, 0);
    let report = operations::report::of(app.admin.db(), &app.tenant).await.expect("readable");
    assert_eq!(report.people.iter().map(|status| status.people).sum::<u64>(), 0);
    assert_eq!(jobs(&app, "invitation").await, 0, "the invitation was withdrawn before it left");
    assert_eq!(client.user("test@alpha.example").await.len(), 36);
}

#[tokio::test]
async fn who_finds_no_seat_waits_and_gets_the_first_that_is_free() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let (ada, bob, eve) = (client.user("ada").await, client.user("bob").await, client.user("eve").await);
    let team = client.group("Team", &[]).await;
    app.pool("Vault", 1, "queue").await;
    app.bind(&team, "Vault").await;
    for person in [&ada, &bob, &eve] {
        app.clock.advance(TimeDelta::minutes(1));
        client.add(&team, person).await.expect(200);
    }
    assert_eq!(app.person(&bob).await.seats[0].state, SeatState::Waiting);
    let report = operations::report::of(app.admin.db(), &app.tenant).await.expect("readable");
    let queue: Vec<_> = report.waiting.iter().map(|waiting| (waiting.name.as_str(), waiting.place)).collect();
    assert_eq!(queue, [("bob", 1), ("eve", 2)]);

    // One PATCH takes two out: the seat of one is kept for the grace, the place of the other goes.
    client.remove(&team, &bob).await.expect(200);
    client.delete(&format!("/Users/{ada}")).await.expect(204);
    assert_eq!(app.person(&eve).await.seats[0].state, SeatState::Assigned);
    assert_eq!(app.person(&eve).await.enrolment.status, Status::Pending);

    client.add(&team, &bob).await.expect(200);
    let change = operations::pools::Change { seats: Some(2), ..operations::pools::Change::default() };
    let operator = app.admin.operator("test");
    let updated =
        operations::pools::update(app.admin.db(), &operator, "Vault", &change, Agreed::Nothing).await;
    let (pool, _) = updated.expect("there is such a pool");
    assert_eq!((pool.used, pool.waiting), (2, 0));
    assert_eq!(app.person(&bob).await.seats[0].state, SeatState::Assigned);
}

#[tokio::test]
async fn a_pool_that_rejects_refuses_the_push_and_nothing_is_stored() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let (ada, bob) = (client.user("ada").await, client.user("bob").await);
    let team = client.group("Team", &[&ada]).await;
    app.pool("Vault", 1, "reject").await;
    app.bind(&team, "Vault").await;
    let before = client.get(&format!("/Groups/{team}")).await.expect(200).body;
    let refused = client.add(&team, &bob).await.expect_error(400, Some("invalidValue"));
    assert!(
        refused.body["detail"]
            .as_str()
            .expect("a detail")
            .contains("all 1 seats of the licence pool “Vault”")
    );
    assert_eq!(client.get(&format!("/Groups/{team}")).await.expect(200).body, before);
    assert_eq!(app.story(&bob).await, ["user-created"]);

    // An operator's binding is not undone by one person for whom there is no seat.
    let wide = client.group("Wide", &[&ada, &bob]).await;
    let settled = app.bind(&wide, "Vault").await;
    assert_eq!((settled.people, settled.refused), (2, 1));
}

#[tokio::test]
async fn binding_and_unbinding_settle_everybody_in_the_group() {
    let app = TestApp::open_with(&[("ROLLCALL_JOBS__BATCH", "2")]).await;
    let client = app.connection("generic").await;
    let mut people = Vec::new();
    for number in 0..5 {
        people.push(client.user(&format!("user{number}")).await);
    }
    let members: Vec<&str> = people.iter().map(String::as_str).collect();
    let team = client.group("Team", &members).await;
    app.pool("Vault", 10, "queue").await;
    let mut steps = Vec::new();
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let bound = operations::bindings::create(
        db,
        &operator,
        operations::bindings::New::of(&["team"], "VAULT"),
        Agreed::Nothing,
    )
    .await;
    let (_, work) = bound.expect("a new binding").pop().expect("one group");
    let settled = app.admin.finish(work, |settled| steps.push(settled.people)).await.expect("settled");
    assert_eq!(settled.people, 5);
    assert_eq!(steps, [2, 4, 5]);
    assert_eq!(app.pool_now("Vault").await.used, 5);
    let again = operations::bindings::create(
        db,
        &operator,
        operations::bindings::New::of(&[&team], "Vault"),
        Agreed::Nothing,
    )
    .await;
    let again = operations::sentence(&again.expect_err("it is bound"));
    assert!(again.contains("exists already"), "{again}");

    let unbound = operations::bindings::delete(db, &operator, &["Team"], "Vault", Agreed::People(5)).await;
    let (_, work) = unbound.expect("it was bound").pop().expect("one group");
    assert_eq!(app.admin.finish(work, |_| {}).await.expect("settled").people, 5);
    assert_eq!(client.status(&people[0]).await, "suspended");
    app.later(TimeDelta::days(8)).await;
    assert_eq!(app.pool_now("Vault").await.used, 0);
    assert_eq!(jobs(&app, "settle-group").await, 0);
}

#[tokio::test]
async fn what_a_command_left_behind_is_finished_by_the_server() {
    let app = TestApp::open_with(&[("ROLLCALL_JOBS__BATCH", "1")]).await;
    let client = app.connection("generic").await;
    let (ada, bob) = (client.user("ada").await, client.user("bob").await);
    client.group("Team", &[&ada, &bob]).await;
    app.pool("Vault", 2, "queue").await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let bound = operations::bindings::create(
        db,
        &operator,
        operations::bindings::New::of(&["Team"], "Vault"),
        Agreed::Nothing,
    )
    .await;
    let (_, work) = bound.expect("a new binding").pop().expect("one group");
    let settling = app.admin.finish(work, |_| panic!("the operator's terminal went away"));
    let cut = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(settling)).await;
    assert!(cut.is_err());
    assert_eq!((client.status(&ada).await.as_str(), client.status(&bob).await.as_str()), ("pending", "none"));
    assert_eq!(jobs(&app, "settle-group").await, 1);
    app.later(TimeDelta::minutes(2)).await;
    assert_eq!(client.status(&bob).await, "pending");
    assert_eq!(jobs(&app, "settle-group").await, 0);
}

#[tokio::test]
async fn leaving_one_of_two_bound_groups_changes_nothing_and_deleting_the_other_does() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let ada = client.user("ada").await;
    let (one, two) = (client.group("One", &[&ada]).await, client.group("Two", &[&ada]).await);
    app.pool("Vault", 1, "queue").await;
    app.bind(&one, "Vault").await;
    app.bind(&two, "Vault").await;
    client.remove(&one, &ada).await.expect(200);
    assert_eq!(client.status(&ada).await, "pending");
    client.delete(&format!("/Groups/{two}")).await.expect(204);
    assert_eq!(client.status(&ada).await, "suspended");
    let person = app.person(&ada).await;
    assert!(person.enrolment.cause.expect("a cause").contains("the group “Two” was deleted"));
}

#[tokio::test]
async fn without_grace_a_loss_is_final_and_a_return_owes_nothing_that_was_not_there() {
    let app = TestApp::open().await;
    let client = app.connection_with(&app.tenant, "generic", Some(0)).await;
    let ada = client.user("ada").await;
    let team = client.group("Team", &[&ada]).await;
    app.pool("Vault", 1, "queue").await;
    app.bind(&team, "Vault").await;
    client.set_active(&ada, false).await.expect(200);
    assert_eq!(client.status(&ada).await, "deactivated");
    assert_eq!(app.pool_now("Vault").await.used, 0);
    client.set_active(&ada, true).await.expect(200);
    assert_eq!(client.status(&ada).await, "pending");
}

#[tokio::test]
async fn rules_entitle_by_attributes_those_who_are_there_and_those_who_come() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let counsel = |name: &str, title: &str| json!({ "schemas": [USER], "userName": name, "title": title });
    let ada = client.post("/Users", &counsel("ada", "Counsel")).await.expect(201).id();
    let rule = operations::pools::New {
        name: "Legal".to_owned(),
        seats: 5,
        policy: "queue".to_owned(),
        rule: Some("title eq \"counsel\"".to_owned()),
        ..Default::default()
    };
    let pool = app.pool_of(rule).await;
    assert_eq!(pool.used, 1);
    assert_eq!(app.person(&ada).await.grants, ["Legal by the rule “title eq \"counsel\"”"]);
    let bob = client.post("/Users", &counsel("bob", "Clerk")).await.expect(201).id();
    assert_eq!(client.status(&bob).await, "none");
    let promote = json!([{ "op": "replace", "path": "title", "value": "Counsel" }]);
    client.patch(&format!("/Users/{bob}"), promote).await.expect(200);
    assert_eq!(client.status(&bob).await, "pending");
    let demote = json!([{ "op": "remove", "path": "title" }]);
    client.patch(&format!("/Users/{ada}"), demote).await.expect(200);
    assert_eq!(client.status(&ada).await, "suspended");
    let wrong = operations::pools::New {
        rule: Some("groups pr".to_owned()),
        tenant: app.tenant.clone(),
        name: "x".to_owned(),
        policy: "queue".to_owned(),
        ..Default::default()
    };
    operations::pools::create(app.admin.db(), &app.admin.operator("test"), &wrong)
        .await
        .expect_err("groups are bound instead");
}

#[tokio::test]
async fn a_licence_by_hand_is_given_and_taken_without_grace() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let ada = client.user("ada").await;
    app.pool("Vault", 1, "queue").await;
    let grant = operations::grants::create(app.admin.db(), &app.admin.operator("test"), "ada", "vault")
        .await
        .expect("a new grant");
    assert!(grant.effects.contains(&"seat taken in Vault".to_owned()), "{:?}", grant.effects);
    operations::grants::create(app.admin.db(), &app.admin.operator("test"), "ada", "Vault")
        .await
        .expect_err("it stands");
    assert_eq!(client.status(&ada).await, "pending");
    operations::grants::delete(app.admin.db(), &app.admin.operator("test"), "ada", "Vault", Agreed::Anything)
        .await
        .expect("it stood");
    assert_eq!(client.status(&ada).await, "no-licence");
    assert_eq!(app.pool_now("Vault").await.used, 0);
    operations::grants::delete(app.admin.db(), &app.admin.operator("test"), "ada", "Vault", Agreed::Anything)
        .await
        .expect_err("it is lifted");
}

#[tokio::test]
async fn a_pool_expires_like_any_other_loss() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let ada = client.user("ada").await;
    let team = client.group("Team", &[&ada]).await;
    let expires = scim::time::format(crate::support::start() + TimeDelta::days(2));
    app.pool_of(operations::pools::New {
        name: "Trial".to_owned(),
        seats: 1,
        policy: "queue".to_owned(),
        expires: Some(expires),
        ..Default::default()
    })
    .await;
    app.bind(&team, "Trial").await;
    app.later(TimeDelta::days(1)).await;
    assert_eq!(client.status(&ada).await, "pending");
    app.later(TimeDelta::days(2)).await;
    assert_eq!(client.status(&ada).await, "suspended");
    app.later(TimeDelta::days(8)).await;
    assert_eq!(client.status(&ada).await, "deactivated");
    assert_eq!(app.pool_now("Trial").await.used, 0);
}

#[tokio::test]
async fn a_large_bound_group_that_is_deleted_is_worked_off_in_batches() {
    let app = TestApp::open_with(&[("ROLLCALL_JOBS__BATCH", "2")]).await;
    let client = app.connection("generic").await;
    app.pool("Vault", 9, "queue").await;
    let mut people = Vec::new();
    for number in 0..5 {
        people.push(client.user(&format!("person-{number}")).await);
    }
    let all: Vec<&str> = people.iter().map(String::as_str).collect();
    let (large, other) = (client.group("Large", &all).await, client.group("Other", &all[..1]).await);
    app.bind(&large, "Vault").await;
    app.bind(&other, "Vault").await;
    client.delete(&format!("/Groups/{large}")).await.expect(204);
    assert_eq!(jobs(&app, "group-deleted").await, 1);
    app.server.run_due_jobs().await;
    assert_eq!(jobs(&app, "group-deleted").await, 0);
    assert_eq!(client.status(&people[0]).await, "pending", "the other group still entitles");
    for person in &people[1..] {
        assert_eq!(client.status(person).await, "suspended");
        let shown = client.get(&format!("/Users/{person}")).await.expect(200).body;
        let reason = shown[scim::schema::ENROLMENT]["reason"].as_str().expect("a reason");
        assert!(reason.contains("“Large” was deleted"), "{reason}");
    }
    client.delete(&format!("/Groups/{other}")).await.expect(204);
    assert_eq!(client.status(&people[0]).await, "suspended", "few are settled at once");
}

#[tokio::test]
async fn members_who_are_not_there_yet_join_when_they_come() {
    let app = TestApp::open().await;
    let client = app.connection("okta").await;
    let team = client.group("Team", &["ada@alpha.example", "ext-7", "ext-8"]).await;
    assert_eq!(app.last_request(&client).await.quirks, ["park-unknown-members"]);
    app.pool("Vault", 5, "queue").await;
    app.bind(&team, "Vault").await;
    assert_eq!(client.get(&format!("/Groups/{team}")).await.expect(200).body.get("members"), None);
    // Taken out before they came, they do not join.
    client.remove(&team, "ext-8").await.expect(200);
    let ada = client.user("ada@alpha.example").await;
    assert_eq!(client.status(&ada).await, "pending");
    assert_eq!(app.story(&ada).await, ["user-created", "member-added", "seat-taken", "enrolled"]);
    let body = |name: &str, id: &str| json!({ "schemas": [USER], "userName": name, "externalId": id });
    let bob = client.post("/Users", &body("bob", "ext-7")).await.expect(201).id();
    let eve = client.post("/Users", &body("eve", "ext-8")).await.expect(201).id();
    assert_eq!(
        (client.status(&bob).await, client.status(&eve).await),
        ("pending".to_owned(), "none".to_owned())
    );
}

#[tokio::test]
async fn who_gets_the_name_that_a_group_waits_for_joins_it() {
    let app = TestApp::open().await;
    let client = app.connection("okta").await;
    let team = client.group("Team", &["ext-7", "ada.lovelace@alpha.example"]).await;
    app.pool("Vault", 1, "queue").await;
    app.bind(&team, "Vault").await;
    let (ada, bob) = (client.user("ada@alpha.example").await, client.user("bob@alpha.example").await);
    let replace = |path: &str, value: &str| json!([{ "op": "replace", "path": path, "value": value }]);
    let path = |user: &str| format!("/Users/{user}");
    client.patch(&path(&bob), replace("title", "Clerk")).await.expect(200);
    assert_eq!(jobs(&app, "join-groups").await, 0, "no name has changed");
    client.patch(&path(&bob), replace("externalId", "ext-7")).await.expect(200);
    client.patch(&path(&ada), replace("userName", "ada.lovelace@alpha.example")).await.expect(200);
    app.server.run_due_jobs().await;
    assert_eq!(jobs(&app, "join-groups").await, 0);
    let group = client.get(&format!("/Groups/{team}")).await.expect(200).body;
    assert_eq!(group["members"].as_array().map(Vec::len), Some(2));
    // Both joined; the seat went to one, and the other waits.
    let mut states = [client.status(&ada).await, client.status(&bob).await];
    states.sort();
    assert_eq!(states, ["no-licence", "pending"]);
    assert!(app.story(&bob).await.contains(&"member-added".to_owned()));
}

#[tokio::test]
async fn names_of_groups_are_unique_where_the_product_needs_it() {
    let app = TestApp::open().await;
    let (strict, loose) = (app.connection("entra").await, app.connection("generic").await);
    let group = |name: &str| json!({ "schemas": [GROUP], "displayName": name });
    loose.post("/Groups", &group("Team")).await.expect(201);
    loose.post("/Groups", &group("Team")).await.expect(201);
    strict.post("/Groups", &group("TEAM")).await.expect(201);
    strict.post("/Groups", &group("Other")).await.expect(201);
    strict.post("/Groups", &group("other")).await.expect_error(409, Some("uniqueness"));
}

#[tokio::test]
async fn twenty_parallel_creates_of_one_name_have_one_winner() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let body = user("ada");
    let answers = futures::future::join_all((0..20).map(|_| client.post("/Users", &body))).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(409)), (1, 19));
}

#[tokio::test]
async fn twenty_parallel_joins_take_exactly_the_seats_there_are() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let team = client.group("Team", &[]).await;
    app.pool("Vault", 7, "queue").await;
    app.bind(&team, "Vault").await;
    let mut people = Vec::new();
    for number in 0..20 {
        people.push(client.user(&format!("user{number}")).await);
    }
    let answers = futures::future::join_all(people.iter().map(|person| client.add(&team, person))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let pool = app.pool_now("Vault").await;
    assert_eq!((pool.used, pool.waiting), (7, 13));
    let shown = client.get(&format!("/Groups/{team}")).await.expect(200).body;
    assert_eq!(shown["members"].as_array().map(Vec::len), Some(20));
}

/// How many jobs of the kind are there, whatever their state.
async fn jobs(app: &TestApp, kind: &str) -> i64 {
    crate::support::count(app, &format!("SELECT COUNT(*) FROM jobs WHERE kind = '{kind}'")).await
}

#[tokio::test]
async fn a_large_group_is_filled_and_emptied_at_once_and_its_people_are_settled_in_batches() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let bodies: Vec<Value> = (0..1_001).map(|number| user(&format!("person-{number}"))).collect();
    let answers = futures::future::join_all(bodies.iter().map(|body| client.post("/Users", body))).await;
    let people: Vec<String> = answers.into_iter().map(|answer| answer.expect(201).id()).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let members: Vec<Value> = people.iter().map(|person| json!({ "value": person })).collect();
    let whole = json!({ "schemas": [GROUP], "displayName": "Team", "members": members });
    let team = client.group("Team", &[]).await;
    app.pool("Few", 10, "reject").await;
    app.bind(&team, "Few").await;
    client.put(&format!("/Groups/{team}"), &whole).await.expect(400);
    assert_eq!(client.get(&format!("/Groups/{team}")).await.expect(200).body["members"], Value::Null);
    let operator = app.admin.operator("test");
    let unbound =
        operations::bindings::delete(app.admin.db(), &operator, &[&team], "Few", Agreed::Nothing).await;
    let (_, work) = unbound.expect("a binding").pop().expect("one group");
    app.admin.finish(work, |_| {}).await.expect("no member to settle");
    app.pool("Vault", 2_000, "queue").await;
    app.bind(&team, "Vault").await;
    client.put(&format!("/Groups/{team}"), &whole).await.expect(200);
    assert_eq!(jobs(&app, "members-moved").await, 3, "500, 500 and one");
    app.later(TimeDelta::seconds(1)).await;
    assert_eq!(app.pool_now("Vault").await.used, 1_001);
    let story = app.story(people[1_000]).await;
    assert!(
        story.contains(&"member-added".to_owned()) && story.contains(&"seat-taken".to_owned()),
        "{story:?}"
    );
    let others = client.group("Others", &people[..1]).await;
    app.bind(&others, "Vault").await;

    app.without_brake(&client).await;
    let body = json!({ "schemas": [GROUP], "displayName": "Team", "members": [] });
    client.put(&format!("/Groups/{team}"), &body).await.expect(200);
    assert_eq!(client.get(&format!("/Groups/{team}")).await.expect(200).body["members"], Value::Null);
    let filter = format!("/Users?filter=groups.value%20eq%20%22{team}%22");
    assert_eq!(client.get(&filter).await.expect(200).body["totalResults"], 0);
    access_is_cut(&app, &client, &people).await;
    app.later(TimeDelta::seconds(1)).await;
    assert_eq!(client.status(people[0]).await, "pending", "the other group is left");
    for person in [people[1], people[1_000]] {
        assert_eq!(client.status(person).await, "suspended");
        let story = app.story(person).await;
        let removed =
            story.iter().position(|kind| kind == "member-removed").expect("the journal tells of it");
        assert_eq!(story[removed + 1], "suspended", "{story:?}");
    }
    assert!(app.story(people[0]).await.contains(&"member-removed".to_owned()));
}

/// The first person has another grant; the access of all others is cut, although no job has settled them.
async fn access_is_cut(app: &TestApp, client: &Client, people: &[&str]) {
    assert_eq!(client.status(people[0]).await, "pending", "the other group is left");
    let shown = client.get(&format!("/Users/{}", people[1])).await.expect(200);
    let enrolment = &shown.body[ENROLMENT];
    assert_eq!(
        (&enrolment["status"], &enrolment["reason"]),
        (&json!("suspended"), &json!("no grant is left"))
    );
    assert!(!app.story(people[1]).await.contains(&"suspended".to_owned()), "no job has run");
    for (status, count) in [("suspended", people.len() - 1), ("pending", 1)] {
        let filter = format!("/Users?count=0&filter={ENROLMENT}:status%20eq%20%22{status}%22");
        assert_eq!(client.get(&filter).await.expect(200).body["totalResults"], count, "{status}");
    }
    let contents = operations::tenants::show(app.admin.db(), &app.tenant).await.expect("readable");
    assert_eq!(contents.with_access, 1);
}

#[tokio::test]
async fn deleting_a_large_bound_group_cuts_access_before_its_people_are_settled() {
    let app = TestApp::open_with(&[("ROLLCALL_JOBS__BATCH", "1")]).await;
    let client = app.connection("generic").await;
    let people = [client.user("ada").await, client.user("bob").await, client.user("cy").await];
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let team = client.group("Team", &people).await;
    let others = client.group("Others", &people[..1]).await;
    app.pool("Vault", 3, "queue").await;
    app.bind(&team, "Vault").await;
    app.bind(&others, "Vault").await;
    client.delete(&format!("/Groups/{team}")).await.expect(204);
    access_is_cut(&app, &client, &people).await;
    app.later(TimeDelta::minutes(1)).await;
    assert_eq!(client.status(people[0]).await, "pending");
    assert!(app.story(people[1]).await.contains(&"suspended".to_owned()));
}

#[tokio::test]
async fn a_pool_that_rejects_serves_those_whom_it_refused_once_it_grows() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let (ada, bob) = (client.user("ada").await, client.user("bob").await);
    let team = client.group("Team", &[&ada, &bob]).await;
    app.pool("Vault", 1, "reject").await;
    let bound = app.bind(&team, "Vault").await;
    assert_eq!((bound.people, bound.refused), (2, 1));
    assert_eq!((client.status(&ada).await.as_str(), client.status(&bob).await.as_str()), ("pending", "none"));
    let change = operations::pools::Change { seats: Some(2), ..Default::default() };
    let operator = app.admin.operator("pool update");
    let agreed = Agreed::Nothing;
    let changed = operations::pools::update(app.admin.db(), &operator, "Vault", &change, agreed).await;
    let (_, work) = changed.expect("a larger pool");
    app.admin.finish(work.expect("people to settle"), |_| {}).await.expect("the end");
    assert_eq!(client.status(&bob).await, "pending");
}
