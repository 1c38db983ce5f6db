//! People by hand: added, edited and removed; licence and access on and off, whatever is pushed; domains at every door.

use crate::support::{Client, ENROLMENT, TestApp, USER};
use chrono::TimeDelta;
use futures::future::join_all;
use operations::consequences::Agreed;
use operations::domains::{self, Policy};
use operations::hand::{self, Word};
use operations::tenants;
use operations::users::by_hand::{self, Changed, Licence, Person};
use serde_json::json;

/// A person of this name.
fn person(name: &str) -> Person {
    Person { name: name.to_owned(), email: format!("{name}@alpha.example"), user_name: Some(name.to_owned()) }
}

async fn add(app: &TestApp, person: &Person, licence: Licence) -> Result<Changed, String> {
    let operator = app.admin.operator("user add");
    let added = by_hand::add(app.admin.db(), &operator, &app.tenant, person, &licence).await;
    added.map_err(|error| operations::sentence(&error))
}

async fn say(app: &TestApp, user: &str, word: Word) -> Result<Changed, String> {
    say_if(app, user, word, Agreed::Anything).await
}

async fn say_if(app: &TestApp, user: &str, word: Word, agreed: Agreed) -> Result<Changed, String> {
    let operator = app.admin.operator("user");
    let said = hand::say(app.admin.db(), &operator, user, &word, agreed).await;
    said.map_err(|error| operations::sentence(&error))
}

async fn domain(app: &TestApp, change: domains::Change) {
    let operator = app.admin.operator("domain");
    domains::change(app.admin.db(), &operator, &app.tenant, &change).await.expect("changed");
}

/// How many seats of a pool are used, and how many people wait.
async fn pool(app: &TestApp, name: &str) -> (u32, u32) {
    let pool = app.pool_now(name).await;
    (pool.used, pool.waiting)
}

#[tokio::test]
async fn two_people_with_one_address_are_not_added_at_the_same_time() {
    let app = TestApp::open().await;
    for round in 0..8 {
        let email = format!("round{round}@alpha.example");
        let people = ["a", "b", "c", "d"]
            .map(|name| Person { email: email.clone(), ..person(&format!("{name}{round}")) });
        let added = join_all(people.iter().map(|person| add(&app, person, Licence::None))).await;
        let refused: Vec<&String> = added.iter().filter_map(|added| added.as_ref().err()).collect();
        assert_eq!(refused.len(), 3, "{added:?}");
        assert!(refused.iter().all(|refusal| refusal.contains("exists already")), "{refused:?}");
    }
}

#[tokio::test]
async fn a_person_is_added_edited_and_removed_by_hand() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool("Vault", 1, "queue").await;
    let ada = add(&app, &person("ada"), Licence::Of("vault".to_owned())).await.expect("added");
    assert!(ada.effects.contains(&"seat taken in Vault".to_owned()), "{:?}", ada.effects);
    let shown = app.person("ada").await;
    assert_eq!((shown.connection, shown.enrolment.status.to_string()), (None, "pending".to_owned()));
    assert_eq!(shown.profile["emails"][0]["value"], "ada@alpha.example");
    assert_eq!(app.story("ada").await[..2], ["user-created", "seat-taken"]);
    let again = add(&app, &person("ADA"), Licence::None).await.expect_err("the name is taken");
    assert!(again.contains("exists already"), "{again}");
    let other = Person { email: "Ada@Alpha.example".to_owned(), ..person("other") };
    let other = add(&app, &other, Licence::None).await.expect_err("the address is Ada's");
    assert!(other.contains("exists already: ada, of no connection"), "{other}");
    let refused = |person: Person| {
        let app = &app;
        async move { add(app, &person, Licence::None).await.expect_err("it cannot be used") }
    };
    assert!(
        refused(Person { email: "nowhere".to_owned(), ..person("ben") })
            .await
            .contains("\"nowhere\" is no e-mail")
    );
    assert!(refused(Person { name: " ".to_owned(), ..person("ben") }).await.contains("the name is missing"));

    let (db, operator) = (app.admin.db(), app.admin.operator("user"));
    by_hand::rename(db, &operator, "ada", "Ada Lovelace").await.expect("renamed");
    let read = client.get(&format!("/Users/{}", ada.id)).await.expect(200);
    assert_eq!(
        (&read.body["displayName"], &read.body["name"]["formatted"]),
        (&json!("Ada Lovelace"), &json!("Ada Lovelace"))
    );
    assert_eq!(read.body["emails"][0]["value"], "ada@alpha.example");

    // S-33, S-36: the licence first, then the person.
    let held = by_hand::remove(db, &operator, "ada", Agreed::Anything).await.expect_err("a licence is left");
    assert!(held.to_string().contains("unassign it first"), "{held}");
    let refused =
        say_if(&app, "ada", Word::Unassign(None), Agreed::Nothing).await.expect_err("not agreed to");
    assert!(
        refused.contains("1 person would lose something") && pool(&app, "Vault").await == (1, 0),
        "{refused}"
    );
    say(&app, "ada", Word::Unassign(None)).await.expect("unassigned");
    by_hand::remove(db, &operator, "ada", Agreed::Nothing).await.expect("nothing is lost any more");
    client.get(&format!("/Users/{}", ada.id)).await.expect(404);
    assert_eq!(pool(&app, "Vault").await, (0, 0));

    // E-07: people of a connection are not edited or removed by hand.
    let ben = client.user("ben").await;
    for refused in [
        by_hand::rename(db, &operator, &ben, "Ben").await.expect_err("it is pushed").to_string(),
        by_hand::remove(db, &operator, &ben, Agreed::Anything).await.expect_err("it is pushed").to_string(),
    ] {
        assert!(
            refused.contains("ben belongs to the connection “generic") && refused.contains("directory"),
            "{refused}"
        );
    }
}

/// A tenant with a group of one person, bound to a pool.
async fn bound(app: &TestApp) -> (Client, String, String) {
    let client = app.connection("generic").await;
    let ada = client.user("ada").await;
    let crew = client.group("Crew", &[&ada]).await;
    app.pool("Vault", 5, "queue").await;
    app.bind(&crew, "Vault").await;
    (client, ada, crew)
}

#[tokio::test]
async fn what_is_withheld_stays_so_whatever_is_pushed_until_it_is_assigned_again() {
    let app = TestApp::open().await;
    let (client, ada, crew) = bound(&app).await;
    assert_eq!(pool(&app, "Vault").await, (1, 0));
    say(&app, "ada", Word::Unassign(None)).await.expect("withheld");
    assert_eq!((client.status(&ada).await.as_str(), pool(&app, "Vault").await), ("no-licence", (0, 0)));
    let again = say(&app, "ada", Word::Unassign(Some("Vault".to_owned()))).await.expect_err("it is so");
    assert!(again.contains("nothing is to be done"), "{again}");
    for _ in 0..2 {
        client.remove(&crew, &ada).await.expect(200);
        client.add(&crew, &ada).await.expect(200);
        client.set_active(&ada, false).await.expect(200);
        client.set_active(&ada, true).await.expect(200);
        let other = client.group("Other", &[&ada]).await;
        app.bind(&other, "Vault").await;
        client.delete(&format!("/Groups/{other}")).await.expect(204);
        assert_eq!((client.status(&ada).await.as_str(), pool(&app, "Vault").await), ("no-licence", (0, 0)));
    }
    let shown = app.person("ada").await;
    assert_eq!(shown.by_hand.withheld, ["Vault"]);
    let why = shown.explanation.join(" ");
    assert!(why.contains("ada has no seat in “Vault”: an administrator withholds it"), "{why}");
    assert!(app.story("ada").await.contains(&"withheld".to_owned()));
    // A grant by hand is told to be in vain.
    let operator = app.admin.operator("grant create");
    let told =
        operations::grants::create(app.admin.db(), &operator, "ada", "Vault").await.expect_err("withheld");
    assert!(told.to_string().contains("rollcall user assign"), "{told}");

    let preview =
        hand::preview(app.admin.db(), &operator, "ada", &Word::Assign(None)).await.expect("a preview");
    assert_eq!((preview.gains.seats, pool(&app, "Vault").await), (1, (0, 0)));
    say(&app, "ada", Word::Assign(None)).await.expect("assigned");
    assert_eq!((client.status(&ada).await.as_str(), pool(&app, "Vault").await), ("pending", (1, 0)));
    // Exactly what the grants say: the group gives it, and nothing by hand.
    client.remove(&crew, &ada).await.expect(200);
    assert_eq!(client.status(&ada).await, "suspended");
    assert!(app.person("ada").await.by_hand.withheld.is_empty());
}

#[tokio::test]
async fn a_deactivation_by_hand_beats_a_push_and_scim_says_what_the_provider_said() {
    let app = TestApp::open().await;
    let (client, ada, crew) = bound(&app).await;
    let refused = say_if(&app, "ada", Word::Deactivate, Agreed::Nothing).await.expect_err("not agreed to");
    assert!(refused.contains("1 person would lose access"), "{refused}");
    say_if(&app, "ada", Word::Deactivate, Agreed::People(1)).await.expect("deactivated");
    for active in [true, false, true] {
        client.set_active(&ada, active).await.expect(200);
        client.remove(&crew, &ada).await.expect(200);
        client.add(&crew, &ada).await.expect(200);
        let read = client.get(&format!("/Users/{ada}")).await.expect(200);
        assert_eq!(
            (&read.body["active"], &read.body[ENROLMENT]["status"]),
            (&json!(active), &json!("suspended"))
        );
    }
    let shown = app.person("ada").await;
    assert!(
        shown.by_hand.deactivated
            && shown.explanation.join(" ").contains("deactivated by an administrator's hand")
    );
    // Both must let the person in.
    client.set_active(&ada, false).await.expect(200);
    say(&app, "ada", Word::Activate).await.expect("activated");
    assert_eq!(client.status(&ada).await, "suspended");
    client.set_active(&ada, true).await.expect(200);
    assert_eq!((client.status(&ada).await.as_str(), pool(&app, "Vault").await), ("pending", (1, 0)));
    let story = app.story("ada").await;
    assert_eq!(story.iter().filter(|kind| *kind == "switched-by-hand").count(), 2, "{story:?}");
}

#[tokio::test]
async fn the_pool_for_people_by_hand_is_the_tenants_or_has_to_be_named() {
    let app = TestApp::open().await;
    app.pool("Vault", 5, "queue").await;
    app.pool("Notes", 5, "queue").await;
    add(&app, &person("ada"), Licence::OfTenant).await.expect("added");
    assert_eq!((pool(&app, "Vault").await, pool(&app, "Notes").await), ((0, 0), (0, 0)), "no pool is chosen");
    let told = say(&app, "ada", Word::Assign(None)).await.expect_err("two pools could be meant");
    assert!(told.contains("--pool: “Vault”, “Notes”"), "{told}");
    let operator = app.admin.operator("tenant update");
    let change = tenants::Change { pool_by_hand: Some("notes".to_owned()), ..tenants::Change::default() };
    tenants::update(app.admin.db(), &operator, &app.tenant, &change, Agreed::Nothing).await.expect("changed");
    say(&app, "ada", Word::Assign(None)).await.expect("assigned");
    add(&app, &person("ben"), Licence::OfTenant).await.expect("added");
    assert_eq!((pool(&app, "Vault").await, pool(&app, "Notes").await), ((0, 0), (2, 0)));
}

#[tokio::test]
async fn an_expired_pool_gives_nobody_a_licence_by_hand() {
    let app = TestApp::open().await;
    app.pool_of(operations::pools::New {
        name: "Vault".to_owned(),
        seats: 5,
        policy: "queue".to_owned(),
        expires: Some("2026-03-01".to_owned()),
        ..Default::default()
    })
    .await;
    add(&app, &person("ada"), Licence::None).await.expect("added");
    app.later(TimeDelta::days(2)).await;
    let added = add(&app, &person("ben"), Licence::Of("vault".to_owned())).await;
    for pool in [None, Some("Vault".to_owned())] {
        let assigned = say(&app, "ada", Word::Assign(pool)).await.expect_err("it has expired");
        assert!(assigned.contains("“Vault” has expired"), "{assigned}");
    }
    let added = added.expect_err("it has expired");
    assert!(added.contains("“Vault” has expired"), "{added}");
    assert_eq!(crate::support::count(&app, "SELECT COUNT(*) FROM users").await, 1);
}

/// A user of this name and address.
fn pushed(name: &str, email: &str) -> serde_json::Value {
    json!({ "schemas": [USER], "userName": name, "emails": [{ "value": email, "primary": true }] })
}

#[tokio::test]
async fn a_foreign_domain_is_refused_at_every_door_and_named() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let ada = client.post("/Users", &pushed("ada", "ada@beta.example")).await.expect(201).id();
    domain(&app, domains::Change::Add("@Alpha.Example".to_owned())).await;
    let named = |answer: crate::support::Answer| {
        let answer = answer.expect_error(400, Some("invalidValue"));
        assert!(answer.body["detail"].as_str().expect("text").contains("beta.example"), "{}", answer.body);
    };
    named(client.post("/Users", &pushed("ben", "ben@beta.example")).await);
    named(client.post("/Users", &pushed("ben@beta.example", "ben@alpha.example")).await);
    let ben = client.post("/Users", &pushed("ben@alpha.example", "ben@ALPHA.example")).await.expect(201).id();
    named(client.put(&format!("/Users/{ben}"), &pushed("ben@alpha.example", "ben@beta.example")).await);
    let rename = json!([{ "op": "replace", "path": "userName", "value": "ben@beta.example" }]);
    named(client.patch(&format!("/Users/{ben}"), rename).await);
    // What was there before stays, and can still be changed in other ways.
    client.set_active(&ada, false).await.expect(200);
    let told =
        add(&app, &Person { email: "cleo@beta.example".to_owned(), ..person("cleo") }, Licence::None).await;
    assert!(told.expect_err("a foreign domain").contains("beta.example"));
    // A refused person does not stop the others.
    let (dan, eve) = (pushed("dan", "dan@beta.example"), pushed("eve", "eve@alpha.example"));
    let (dan, eve) = tokio::join!(client.post("/Users", &dan), client.post("/Users", &eve));
    named(dan);
    eve.expect(201);
    domain(&app, domains::Change::Remove("alpha.example".to_owned())).await;
    client.post("/Users", &pushed("dan", "dan@beta.example")).await.expect(201);
}

#[tokio::test]
async fn people_of_a_foreign_domain_are_held_until_they_are_released() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool_for_everyone(5).await;
    domain(&app, domains::Change::Add("alpha.example".to_owned())).await;
    domain(&app, domains::Change::Policy(Policy::Hold)).await;
    let ada = client.post("/Users", &pushed("ada", "ada@beta.example")).await.expect(201).id();
    assert_eq!((client.status(&ada).await.as_str(), pool(&app, "Vault").await), ("none", (0, 0)));
    let shown = app.person("ada").await;
    assert_eq!(shown.by_hand.held.as_deref(), Some("beta.example"));
    assert!(
        shown.explanation.join(" ").contains("ada is held because the domain beta.example"),
        "{:?}",
        shown.explanation
    );
    client.set_active(&ada, false).await.expect(200);
    client.set_active(&ada, true).await.expect(200);
    assert_eq!(pool(&app, "Vault").await, (0, 0), "no push releases");
    say(&app, "ada", Word::Release).await.expect("released");
    assert_eq!((client.status(&ada).await.as_str(), pool(&app, "Vault").await), ("pending", (1, 0)));
    // The release outlasts pushes of the same address; another foreign one is held anew.
    client.put(&format!("/Users/{ada}"), &pushed("ada", "ada@beta.example")).await.expect(200);
    assert_eq!(client.status(&ada).await, "pending");
    client.put(&format!("/Users/{ada}"), &pushed("ada", "ada.new@beta.example")).await.expect(200);
    assert_eq!(client.status(&ada).await, "pending", "another address in the same domain");
    client.put(&format!("/Users/{ada}"), &pushed("ada", "ada@gamma.example")).await.expect(200);
    assert_eq!(client.status(&ada).await, "suspended");
    client.put(&format!("/Users/{ada}"), &pushed("ada", "ada@alpha.example")).await.expect(200);
    assert_eq!(client.status(&ada).await, "pending", "the address is one of the organisation's");

    domain(&app, domains::Change::Policy(Policy::Flag)).await;
    let ben = client.post("/Users", &pushed("ben", "ben@beta.example")).await.expect(201).id();
    assert_eq!(client.status(&ben).await, "pending");
    let part = operations::directory::Part { start: 1, count: 10, ..Default::default() };
    let listed = operations::directory::users(app.admin.db(), &app.tenant, &part).await.expect("readable");
    let marks: Vec<_> =
        listed.items.iter().map(|user| (user.user_name.as_str(), user.by_hand.join(" "))).collect();
    assert_eq!(marks, [("ada", String::new()), ("ben", "flagged: beta.example".to_owned())]);
}

#[tokio::test]
async fn a_person_whose_directory_is_gone_is_switched_on_by_hand() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.pool_for_everyone(5).await;
    let ada = client.user("ada").await;
    client.set_active(&ada, false).await.expect(200);
    let refused = say(&app, "ada", Word::Activate).await.expect_err("the directory switches on");
    assert!(refused.contains("where the directory has the person"), "{refused}");
    let operator = app.admin.operator("test");
    let (_, work) = operations::owners::delete(app.admin.db(), &operator, &client.id).await.expect("deleted");
    app.admin.finish(work, |_| {}).await.expect("no owner is left");
    say(&app, "ada", Word::Activate).await.expect("switched on");
    let shown = app.person(&ada).await;
    assert!(shown.active && shown.enrolment.has_access());
}
