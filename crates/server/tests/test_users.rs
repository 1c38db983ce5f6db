//! J-04: what identity providers push to try a connection gets no seat, no mail, and is not counted.

use operations::connections::{self, Change, New};
use operations::consequences::Agreed;
use operations::{directory, people, tenants};
use serde_json::{Value, json};

use crate::support::{Client, TestApp, USER, count};

const PROBE: &str = "scim-activation-0718@alpha.example";

/// JumpCloud's connection that knows the address of its activation, and a pool for everyone.
async fn site(policy: &str, seats: u32) -> (TestApp, Client) {
    let app = TestApp::open().await;
    app.pool_of(operations::pools::New {
        name: "All".to_owned(),
        seats,
        policy: policy.to_owned(),
        for_everyone: true,
        ..Default::default()
    })
    .await;
    let new = New {
        profile: "jumpcloud".to_owned(),
        test_users: vec![PROBE.to_uppercase()],
        invitation_delay_seconds: Some(0),
        ..New::default()
    };
    let client = app.connection_of(new).await;
    (app, client)
}

fn document(name: &str, email: &str) -> Value {
    json!({
        "schemas": [USER], "userName": name, "active": true,
        "emails": [{ "type": "work", "primary": true, "value": email }],
        "name": { "givenName": "Test", "familyName": "User" },
    })
}

impl TestApp {
    /// How many people administrators are told of: by status, of the tenant, of the connection.
    async fn people_told(&self, client: &Client) -> [u64; 3] {
        let (db, operator) = (self.admin.db(), self.admin.operator("test"));
        let report = operations::report::of(db, &self.tenant).await.expect("readable");
        let tenant = tenants::show(db, &self.tenant).await.expect("readable");
        let connection = connections::show(db, &operator, &client.id).await.expect("readable");
        [report.people.iter().map(|status| status.people).sum(), tenant.people, connection.people]
    }

    /// How many jobs of a kind there are.
    async fn queued(&self, kind: &str) -> i64 {
        count(self, &format!("SELECT COUNT(*) FROM jobs WHERE kind = '{kind}'")).await
    }

    async fn set_test_users(&self, client: &Client, names: &[&str], agreed: Agreed) -> Result<(), String> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let change = Change { test_users: Some(names), ..Change::default() };
        let (db, operator) = (self.admin.db(), self.admin.operator("test"));
        let updated = connections::update(db, &operator, &client.id, &change, agreed).await;
        updated.map(drop).map_err(|error| operations::sentence(&error))
    }
}

#[tokio::test]
async fn j04_the_test_user_of_an_activation_is_served_exactly_and_gets_nothing() {
    for (policy, seats) in [("queue", 3), ("queue", 0), ("reject", 0), ("overage", 0)] {
        let (app, client) = site(policy, seats).await;
        let created = client.post("/Users", &document(PROBE, PROBE)).await.expect(201);
        let (id, path) = (created.id(), format!("/Users/{}", created.id()));
        assert_eq!(created.body["userName"], PROBE);
        let found = client.get(&format!("/Users?filter=userName%20eq%20%22{PROBE}%22")).await.expect(200);
        assert_eq!(
            (&found.body["totalResults"], found.body["Resources"][0]["id"].as_str()),
            (&json!(1), Some(&*id))
        );
        let mut update = document(PROBE, PROBE);
        update["name"]["familyName"] = "Updated".into();
        let updated = client.put(&path, &update).await.expect(200);
        assert_eq!(updated.body["name"]["familyName"], "Updated");
        let again = client.post("/Users", &document(PROBE, PROBE)).await;
        again.expect_error(409, Some("uniqueness"));
        let group = client.group("JumpCloud Test Group 0718", &[&id]).await;
        app.bind(&group, "All").await;

        let pool = app.pool_now("All").await;
        assert_eq!((pool.used, pool.waiting), (0, 0), "{policy} with {seats} seats");
        assert_eq!(app.people_told(&client).await, [0, 0, 0]);
        let part = directory::Part { count: 9, ..directory::Part::default() };
        let listed = directory::users(app.admin.db(), &app.tenant, &part).await.expect("readable");
        assert_eq!((listed.total, listed.items[0].test_user), (1, true), "a list shows it for what it is");
        let shown = people::show(app.admin.db(), &app.admin.operator("test"), &id).await.expect("there");
        assert!(
            shown.test_user && shown.explanation[0].contains("is a test user"),
            "{:?}",
            shown.explanation
        );
        assert_eq!(app.queued("invitation").await, 0, "no mail is owed");
        client.delete(&format!("/Groups/{group}")).await.expect(204);
        client.delete(&path).await.expect(204);
        client.get(&path).await.expect_error(404, None);
        assert_eq!(client.post("/Users", &document(PROBE, PROBE)).await.expect(201).id().len(), 36);
    }
}

#[tokio::test]
async fn j04_a_person_is_a_test_user_only_while_the_name_or_an_address_says_so() {
    let (app, client) = site("queue", 9).await;
    let other = app.connection("generic").await;
    let theirs = other.post("/Users", &document("dan@alpha.example", PROBE)).await.expect(201).id();
    assert_eq!(app.person(&theirs).await.enrolment.status.as_str(), "pending", "of another connection");
    let id =
        client.post("/Users", &document("ada@alpha.example", "ada@alpha.example")).await.expect(201).id();
    assert_eq!(app.pool_now("All").await.used, 2);
    let address = async |email: &str| {
        let operations =
            json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": email }]);
        client.patch(&format!("/Users/{id}"), operations).await.expect(200);
        app.person(&id).await
    };
    let tested = address(PROBE).await;
    assert!(tested.test_user && tested.seats.is_empty(), "{tested:?}");
    assert_eq!(
        (tested.enrolment.status.as_str(), app.queued("invitation").await),
        ("no-licence", 1),
        "dan's"
    );
    let again = address("ada@alpha.example").await;
    assert!(!again.test_user && again.seats.len() == 1, "{again:?}");
}

#[tokio::test]
async fn j04_to_name_a_test_user_who_has_a_seat_is_a_loss_to_agree_to() {
    let (app, client) = site("queue", 1).await;
    let ada =
        client.post("/Users", &document("ada@alpha.example", "ada@alpha.example")).await.expect(201).id();
    let ben =
        client.post("/Users", &document("ben@alpha.example", "ben@alpha.example")).await.expect(201).id();
    let change = Change { test_users: Some(vec!["ADA@alpha.example".to_owned()]), ..Change::default() };
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let told = connections::preview_update(db, &operator, &client.id, &change).await.expect("a preview");
    assert_eq!(
        told.sentence(),
        "1 person would lose something: 1 person would lose access, 1 seat would go back; 1 person would get a seat"
    );
    let refused = app.set_test_users(&client, &["ada@alpha.example"], Agreed::Nothing).await;
    assert!(refused.expect_err("a loss").contains("--expect-people 1"));
    assert_eq!(app.person(&ada).await.seats.len(), 1, "nothing has happened");
    app.set_test_users(&client, &["ada@alpha.example"], Agreed::Verdicts(told.tag)).await.expect("agreed");
    let (tested, person) = (app.person(&ada).await, app.person(&ben).await);
    assert!(tested.test_user && tested.seats.is_empty(), "{tested:?}");
    assert_eq!(person.enrolment.status.as_str(), "pending", "the seat went to the next");
    assert_eq!(app.queued("deactivation-notice").await, 0, "a test user gets no mail");

    app.set_test_users(&client, &[], Agreed::Nothing).await.expect("no loss");
    assert_eq!(app.person(&ada).await.seats[0].state.as_str(), "waiting", "a person like any other");
    let many: Vec<String> = (0..21).map(|number| format!("user-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(app.set_test_users(&client, &many, Agreed::Nothing).await.expect_err("too many").contains("20"));
    assert!(app.set_test_users(&client, &[" "], Agreed::Nothing).await.is_err());
}

#[tokio::test]
async fn entras_test_connection_finds_nothing_and_leaves_nothing() {
    let app = TestApp::open().await;
    let client = app.connection("entra").await;
    for path in ["/Users?filter=userName+eq+", "/Groups?excludedAttributes=members&filter=displayName+eq+"] {
        let found =
            client.get(&format!("{path}%225f0c2a44-9b1e-4c0e-8a52-7d1f0e6c3b19%22")).await.expect(200);
        assert_eq!(found.body["totalResults"], 0);
    }
    assert_eq!(app.people_told(&client).await, [0, 0, 0]);
    assert_eq!(app.queued("invitation").await, 0);
}
