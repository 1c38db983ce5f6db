//! A preview says what performing the same change gives, whatever the size of the batches, and stops no writer.

mod situations;

use crate::support::{Client, GROUP, TestApp};
use operations::consequences::{Agreed, Consequences, Kind, Shift};
use operations::{bindings, grants, pools};
use serde_json::json;

/// A group of so many people, created in a few requests, and their ids.
async fn crowd(client: &Client, name: &str, people: usize) -> (String, Vec<String>) {
    let mut ids = Vec::new();
    for number in 0..people {
        ids.push(client.user(&format!("{name}-{number:04}")).await);
    }
    let members: Vec<&str> = ids.iter().map(String::as_str).collect();
    (client.group(name, &members).await, ids)
}

fn shift(before: u64, after: u64) -> Shift {
    Shift { before, after }
}

fn first(consequences: &Consequences, kind: Kind) -> Vec<&str> {
    let shares = consequences.people.iter().filter(|share| share.kind == kind);
    shares.flat_map(|share| &share.first).map(|named| named.user_name.as_str()).collect()
}

#[tokio::test]
async fn twelve_hundred_people_and_seven_hundred_seats() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let (crew, _) = crowd(&client, "crew", 1_200).await;
    app.pool("Vault", 700, "queue").await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let told = bindings::preview_create(db, &operator, bindings::New::of(&[&crew], "Vault"))
        .await
        .expect("a preview");
    assert_eq!(told.sentence(), "700 people would get a seat, 500 would wait");
    assert_eq!((told.gains.people, told.gains.seats, told.gains.places), (1_200, 700, 500));
    assert_eq!((told.gains.access, told.losses.people, told.refused, told.unaffected), (700, 0, 0, 0));
    assert_eq!((told.pools[0].free, told.pools[0].waiting), (shift(700, 0), shift(0, 500)));
    let named: Vec<String> = (0..10).map(|number| format!("crew-{number:04}")).collect();
    assert_eq!(first(&told, Kind::GetSeat), named, "the first ten by name");
    assert_eq!(first(&told, Kind::Wait)[0], "crew-0700");
    let before = app.pool_now("Vault").await;
    assert_eq!((before.used, before.waiting), (0, 0), "nothing has happened");

    app.bind(&crew, "Vault").await;
    let after = app.pool_now("Vault").await;
    assert_eq!((after.used, after.waiting), (700, 500));
    let person = async |name: &str| app.person(name).await.enrolment.status.to_string();
    assert_eq!(
        (person("crew-0699").await, person("crew-0700").await),
        ("pending".into(), "no-licence".into())
    );

    // The seats that go back in one batch serve those who wait, batch after batch.
    let operator = app.admin.operator("test");
    let fewer = pools::Change { seats: Some(950), ..pools::Change::default() };
    let told = pools::preview_update(db, &operator, "Vault", &fewer).await.expect("a preview");
    assert_eq!(told.sentence(), "250 people would get a seat");
    assert_eq!((told.pools[0].seats, told.pools[0].waiting), (shift(700, 950), shift(500, 250)));
    assert_eq!(first(&told, Kind::GetSeat)[0], "crew-0700");
}

#[tokio::test]
async fn seats_that_go_back_serve_those_who_wait_in_whatever_batch_they_are() {
    let app = TestApp::open().await;
    let client = app.connection_with(&app.tenant, "generic", Some(0)).await;
    let (early, _) = crowd(&client, "early", 30).await;
    let (late, _) = crowd(&client, "late", 40).await;
    app.pool("Vault", 30, "queue").await;
    app.bind(&early, "Vault").await;
    app.bind(&late, "Vault").await;
    for batch in [1, 7, 29, 500] {
        let mut operator = app.admin.operator("test");
        operator.batch = batch;
        let told = bindings::preview_delete(app.admin.db(), &operator, &[&early], "Vault").await;
        let told = told.expect("a preview");
        assert_eq!(
            told.sentence(),
            "30 people would lose something: 30 people would lose access, 30 seats would go back; \
             30 people would get a seat",
            "batches of {batch}"
        );
        assert_eq!((told.pools[0].free, told.pools[0].waiting), (shift(0, 0), shift(40, 10)));
        assert_eq!(first(&told, Kind::GetSeat).last(), Some(&"late-0009"));
    }
}

#[tokio::test]
async fn who_is_turned_away_and_who_is_not_affected_is_told_with_the_reason() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let [ada, ben, cleo, dan] = ["ada", "ben", "cleo", "dan"].map(|name| client.user(name));
    let (ada, ben, cleo, dan) = (ada.await, ben.await, cleo.await, dan.await);
    client.set_active(&dan, false).await.expect(200);
    let crew = client.group("Crew", &[&ada, &ben, &cleo, &dan]).await;
    app.pool("Vault", 2, "reject").await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    grants::create(db, &operator, "ada", "Vault").await.expect("a seat");
    let told = bindings::preview_create(db, &operator, bindings::New::of(&[&crew], "Vault"))
        .await
        .expect("a preview");
    assert_eq!(told.sentence(), "1 person would get a seat, 1 would be turned away by a full pool");
    let shares: Vec<String> = told
        .people
        .iter()
        .map(|share| format!("{}: {}", share.first[0].user_name, share.sentence()))
        .collect();
    assert_eq!(
        shares,
        [
            "ben: get a seat",
            "cleo: get nothing: the pool is full and lets no person wait",
            "dan: nothing changes: the account is switched off",
            "ada: nothing changes: the seat is there already and stays",
        ]
    );
    assert_eq!(app.bind(&crew, "Vault").await.refused, told.refused);
    let again = bindings::preview_create(db, &operator, bindings::New::of(&[&crew], "Vault"))
        .await
        .expect_err("it is bound");
    let really = bindings::create(db, &operator, bindings::New::of(&[&crew], "Vault"), Agreed::Nothing).await;
    assert_eq!(operations::sentence(&again), operations::sentence(&really.expect_err("it is bound")));
    let shown = serde_json::to_value(&told).expect("JSON");
    assert_eq!(shown["people"][0]["first"], json!([{ "id": ben, "userName": "ben" }]));
    assert_eq!(shown["pools"][0]["free"], json!({ "before": 1, "after": 0 }));
    assert_eq!(client.get(&format!("/Groups/{crew}")).await.expect(200).body["schemas"], json!([GROUP]));
}

#[tokio::test]
async fn what_an_unbinding_means_for_administrators_backups_and_things_to_hand_over_is_told() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let (ada, ben) = (client.user("ada").await, client.user("ben").await);
    let crew = client.group("Crew", &[&ada, &ben]).await;
    app.pool("Vault", 9, "queue").await;
    app.bind(&crew, "Vault").await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let token = operations::api_tokens::create(db, &operator, &app.tenant, ("app", &[]), None).await;
    let application = client.with_token(token.expect("a new token").token);
    let headers = [("content-type", "application/json")];
    let step = json!({ "step": "pin-set" }).to_string();
    application.send("POST", &format!("/api/v1/people/{ada}/steps"), &headers, Some(step)).await.expect(200);
    let hold = json!({ "words": "manages 3 shared vaults" }).to_string();
    let path = format!("/api/v1/people/{ada}/holds/vaults");
    application.send("PUT", &path, &headers, Some(hold)).await.expect(200);
    let new = operations::administrators::New {
        name: "Ben Ito".to_owned(),
        email: "ben@alpha.example".to_owned(),
        role: "auditor".to_owned(),
        user: Some(ben),
        alerts: false,
    };
    operations::administrators::add(db, &operator, Some(app.tenant.as_str()), &new)
        .await
        .expect("an administrator");
    let told = bindings::preview_delete(db, &operator, &[&crew], "Vault").await.expect("a preview");
    assert_eq!((told.losses.access, told.restores), (2, 1));
    assert_eq!(told.administrators, ["Ben Ito"]);
    assert_eq!((told.holds.len(), told.holds[0].words.as_str()), (1, "manages 3 shared vaults"));
    for words in [
        "1 person would need a restore from a backup",
        "administrators among them: Ben Ito",
        "1 thing would have to be handed over first",
    ] {
        assert!(told.sentence().contains(words), "{words} in {}", told.sentence());
    }
}
