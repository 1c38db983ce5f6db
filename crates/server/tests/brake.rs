//! The brake (O-04) and the return of deleted people (O-10): what a mistaken removal takes, and what comes back.

use chrono::TimeDelta;
use futures::stream::{self, StreamExt as _};
use operations::brake::{self, About, Held};
use operations::connections::{self, Change};
use operations::consequences::Agreed;
use operations::{api_tokens, journal, mail, people};
use serde_json::{Value, json};

use crate::support::{Client, ENROLMENT, GROUP, TestApp, USER, count};

/// A directory with people in a bound group, an application, and an administrator who gets alerts.
struct Site {
    app: TestApp,
    directory: Client,
    application: Client,
    team: String,
    people: Vec<String>,
}

impl Site {
    async fn open(number: usize) -> Self {
        let app = TestApp::open().await;
        let directory = app.connection("generic").await;
        let mut people: Vec<(usize, String)> = stream::iter(0..number)
            .map(async |at| (at, directory.post("/Users", &person(at)).await.expect(201).id()))
            .buffer_unordered(20)
            .collect()
            .await;
        people.sort();
        let people: Vec<String> = people.into_iter().map(|(_, id)| id).collect();
        let team = directory.group("Team", &people.iter().map(String::as_str).collect::<Vec<_>>()).await;
        app.pool("Vault", 5_000, "queue").await;
        app.bind(&team, "Vault").await;
        app.later(TimeDelta::seconds(1)).await;
        let operator = app.admin.operator("test");
        let token = api_tokens::create(app.admin.db(), &operator, &app.tenant, ("app", &[]), None).await;
        let application = directory.with_token(token.expect("a new token").token);
        app.owner("owner", None).await;
        Self { app, directory, application, team, people }
    }

    async fn held(&self) -> Vec<Held> {
        let operator = self.app.admin.operator("test");
        let held = brake::list(self.app.admin.db(), &operator, Some(&self.directory.id), None, 10_000).await;
        held.expect("readable")
    }

    async fn approve(&self, about: &About) {
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("test"));
        let work = brake::approve(db, &operator, about, Agreed::Anything).await.expect("approved");
        self.app.admin.finish(work, |_| {}).await.expect("done");
    }

    async fn reject(&self, about: &About) {
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("test"));
        let work = brake::reject(db, &operator, about).await.expect("rejected");
        self.app.admin.finish(work, |_| {}).await.expect("done");
    }

    fn all(&self) -> About {
        About::Connection(self.directory.id.clone())
    }

    /// What the application is told of a person.
    async fn entitlement(&self, path: &str) -> crate::support::Answer {
        self.application.send("GET", &format!("/api/v1{path}"), &[], None).await
    }

    async fn with_access(&self) -> usize {
        let query = "SELECT COUNT(*) FROM users WHERE enrolment_status IN ('pending', 'active')";
        usize::try_from(count(&self.app, query).await).expect("a count")
    }

    async fn used(&self) -> u64 {
        self.app.pool_now("Vault").await.used.into()
    }

    async fn alerts(&self) -> usize {
        let query = mail::Query { kind: Some("alert".to_owned()), most: 10, ..mail::Query::default() };
        let operator = self.app.admin.operator("test");
        mail::list(self.app.admin.db(), &operator, &self.app.tenant, &query).await.expect("readable").len()
    }
}

fn person(at: usize) -> Value {
    let address = format!("p{at}@alpha.example");
    json!({ "schemas": [USER], "userName": format!("p{at}"), "externalId": format!("e-{at}"),
        "emails": [{ "value": address, "primary": true }] })
}

/// 500 people are switched off one by one, and then deleted, as a directory does whose filter went wrong. 10 % of them may
/// go.
#[tokio::test]
async fn a_mistaken_removal_of_500_takes_access_from_the_limit_at_most() {
    let site = Site::open(500).await;
    let off: Vec<u16> = stream::iter(&site.people)
        .map(async |id| site.directory.set_active(id, false).await.status)
        .buffer_unordered(20)
        .collect()
        .await;
    assert!(off.iter().all(|status| *status == 200), "the directory gets its normal answer");
    assert_eq!(site.with_access().await, 450);
    assert_eq!(site.held().await.len(), 450);
    let held = site.held().await.pop().expect("held").user.to_string();
    let shown = site.directory.get(&format!("/Users/{held}")).await.expect(200);
    assert_eq!((&shown.body["active"], &shown.body[ENROLMENT]["status"]), (&json!(false), &json!("pending")));
    site.app.later(TimeDelta::minutes(2)).await;
    assert_eq!(site.alerts().await, 1, "one alert, however many");

    let gone: Vec<u16> = stream::iter(&site.people)
        .map(async |id| site.directory.delete(&format!("/Users/{id}")).await.status)
        .buffer_unordered(20)
        .collect()
        .await;
    assert!(gone.iter().all(|status| *status == 204));
    assert_eq!((site.with_access().await, site.used().await), (450, 450));
    assert_eq!(site.directory.get("/Users").await.expect(200).body["totalResults"], 0);
    site.directory.get(&format!("/Users/{held}")).await.expect_error(404, None);
    site.directory.delete(&format!("/Users/{held}")).await.expect_error(404, None);
    let told = site.entitlement(&format!("/people/{held}")).await.expect(200);
    assert_eq!(told.body["access"], true, "access follows the hold");
    let operator = site.app.admin.operator("test");
    let preview = brake::preview_approve(site.app.admin.db(), &operator, &site.all()).await.expect("decided");
    assert_eq!((preview.losses.access, preview.losses.seats), (450, 450));

    // The next day the directory brings all of them back, and nothing was lost.
    site.app.later(TimeDelta::days(1)).await;
    for at in [0, 100, 200, 300, 499] {
        let back = site.directory.post("/Users", &person(at)).await.expect(201);
        assert_eq!(back.id(), site.people[at], "the same person");
    }
    assert_eq!(site.alerts().await, 1);
}

#[tokio::test]
async fn a_group_that_is_emptied_at_once_is_held_before_any_job_comes_by() {
    let site = Site::open(1_010).await;
    let others = site.directory.group("Others", &[&site.people[0]]).await;
    site.app.bind(&others, "Vault").await;
    // A grant of a full pool gives no seat.
    let waiters: Vec<&str> = site.people[500..].iter().map(String::as_str).collect();
    let waiting = site.directory.group("Waiting", &waiters).await;
    site.app.pool("Full", 0, "queue").await;
    site.app.bind(&waiting, "Full").await;
    let empty = json!({ "schemas": [GROUP], "displayName": "Team", "members": [] });
    site.directory.put(&format!("/Groups/{}", site.team), &empty).await.expect(200);
    let status = async |at: usize| site.directory.status(&site.people[at]).await;
    assert_eq!((status(0).await, status(1_009).await), ("pending".to_owned(), "pending".to_owned()));
    assert_eq!(site.held().await.len(), 1_009, "but for the one who is in another group");
    site.app.later(TimeDelta::minutes(2)).await;
    let alerts = site.alerts().await;
    assert_eq!((site.with_access().await, site.used().await), (1_010, 1_010));
    assert_eq!(alerts, 2, "one of the brake, and one of the full pool");
    let story = site.app.story(&site.people[1]).await;
    assert!(
        story.contains(&"loss-held".to_owned()) && story.contains(&"member-removed".to_owned()),
        "{story:?}"
    );

    // Some are put back into the group; an administrator leaves the others their access; and takes it after all.
    site.directory.add(&site.team, &site.people[1]).await.expect(200);
    assert_eq!(site.held().await.len(), 1_008);
    site.reject(&site.all()).await;
    assert!(site.held().await.iter().all(|held| held.rejected));
    site.app.later(TimeDelta::days(30)).await;
    assert_eq!(site.with_access().await, 1_010);
    let one = &site.people[2];
    site.approve(&About::People(vec![one.clone()])).await;
    assert_eq!(site.directory.status(one).await, "suspended");
    assert_eq!(site.held().await.len(), 1_007);
}

#[tokio::test]
async fn deleting_a_bound_group_of_many_is_held_at_once() {
    let site = Site::open(300).await;
    site.directory.delete(&format!("/Groups/{}", site.team)).await.expect(204);
    assert_eq!(site.directory.status(&site.people[299]).await, "pending");
    site.app.later(TimeDelta::minutes(2)).await;
    assert_eq!((site.with_access().await, site.held().await.len()), (300, 300));
    site.approve(&site.all()).await;
    assert_eq!((site.with_access().await, site.held().await.len()), (0, 0));
    assert_eq!(
        site.app.person(&site.people[0]).await.enrolment.status.as_str(),
        "suspended",
        "with the grace"
    );
}

#[tokio::test]
async fn a_deleted_person_who_is_held_has_a_free_name_and_the_next_one_inherits_nothing() {
    let site = Site::open(3).await;
    site.app.brake(&site.directory, 1).await;
    let [first, held] = [&site.people[0], &site.people[1]];
    site.directory.delete(&format!("/Users/{first}")).await.expect(204);
    site.directory.delete(&format!("/Users/{held}")).await.expect(204);
    let listed = site.held().await;
    assert_eq!((listed.len(), listed[0].user_name.as_str(), listed[0].deleted), (1, "p1", true));
    assert_eq!(site.used().await, 2);

    let body = json!({ "schemas": [USER], "userName": "p1", "emails": [{ "value": "p1@alpha.example" }] });
    let new = site.directory.post("/Users", &body).await.expect(201).id();
    assert!(new != *held && new != *first);
    let name = site.entitlement("/entitlement?userName=p1").await.expect(200);
    assert_eq!(
        (&name.body["id"], &name.body["access"]),
        (&json!(new), &json!(false)),
        "who is there comes first"
    );
    assert_eq!(site.entitlement(&format!("/people/{held}")).await.expect(200).body["access"], true);
    site.directory.post("/Users", &person(1)).await.expect_error(409, Some("uniqueness"));

    // An administrator approves: the seat goes back, and a person of the same external id would still be the same one.
    site.approve(&About::People(vec![held.clone()])).await;
    assert_eq!((site.used().await, site.held().await.len()), (1, 0));
    site.entitlement(&format!("/people/{held}")).await.expect(404);
    site.directory.delete(&format!("/Users/{new}")).await.expect(204);
    let back = site.directory.post("/Users", &person(1)).await.expect(201);
    assert_eq!(back.id(), *held);
}

#[tokio::test]
async fn a_deleted_person_returns_as_the_same_one_by_an_equal_external_id_alone() {
    let site = Site::open(2).await;
    let ada = &site.people[0];
    let device = json!({ "name": "Laptop", "platform": "linux", "appVersion": "1" });
    let headers = [("content-type", "application/json")];
    let path = format!("/api/v1/people/{ada}/devices/HL-1");
    site.application.send("PUT", &path, &headers, Some(device.to_string())).await.expect(200);
    let step = json!({ "step": "pin-set" }).to_string();
    let path = format!("/api/v1/people/{ada}/steps");
    site.application.send("POST", &path, &headers, Some(step)).await.expect(200);
    site.directory.delete(&format!("/Users/{ada}")).await.expect(204);
    site.directory.get(&format!("/Users/{ada}")).await.expect_error(404, None);
    site.directory.get(&format!("/Groups/{}", site.team)).await.expect(200);
    assert_eq!(
        site.directory.get("/Users?filter=externalId%20eq%20%22e-0%22").await.expect(200).body["totalResults"],
        0
    );

    // By name alone it is another person, and of another connection, too.
    let named = json!({ "schemas": [USER], "userName": "p0" });
    let other = site.directory.post("/Users", &named).await.expect(201).id();
    assert_ne!(other, *ada);
    site.directory.delete(&format!("/Users/{other}")).await.expect(204);
    let elsewhere = site.app.connection("generic").await;
    let foreign = elsewhere.post("/Users", &person(0)).await.expect(201).id();
    assert_ne!(foreign, *ada);
    elsewhere.delete(&format!("/Users/{foreign}")).await.expect(204);

    let back = site.directory.post("/Users", &person(0)).await.expect(201);
    assert_eq!(back.id(), *ada);
    let again = site.directory.add(&site.team, ada).await;
    again.expect(200);
    let shown = site.app.person(ada).await;
    assert!(shown.enrolment.restore_owed, "a PIN was set before");
    assert!(shown.devices.iter().all(|device| device.revoked_at.is_some()) && shown.devices.len() == 1);
    let story = site.app.story(ada).await;
    for kind in ["user-created", "removed", "returned", "enrolled"] {
        assert!(story.contains(&kind.to_owned()), "{kind} in {story:?}");
    }
    assert_eq!(site.directory.get("/Users").await.expect(200).body["totalResults"], 2);
}

#[tokio::test]
async fn strict_connections_and_erased_people_get_new_ids() {
    let app = TestApp::open().await;
    let strict = app.connection("strict").await;
    let before = strict.post("/Users", &person(0)).await.expect(201).id();
    strict.delete(&format!("/Users/{before}")).await.expect(204);
    assert_ne!(strict.post("/Users", &person(0)).await.expect(201).id(), before);

    let directory = app.connection("generic").await;
    let ada = directory.post("/Users", &person(7)).await.expect(201).id();
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    people::erase(db, &operator, &ada).await.expect_err("the person was not deleted");
    directory.delete(&format!("/Users/{ada}")).await.expect(204);
    people::erase(db, &operator, "p7@alpha.example").await.expect("erased");
    assert_ne!(directory.post("/Users", &person(7)).await.expect(201).id(), ada);
    let wanted = journal::Wanted { user: Some(ada.clone()), most: 100, ..journal::Wanted::default() };
    let mut reader = journal::Reader::open(db, &operator, &wanted).await.expect("the journal knows the id");
    let told = json!(reader.read(db).await.expect("readable")).to_string();
    assert!(!told.contains("p7") && told.contains("about an erased person"), "{told}");

    // What is kept is erased by itself after some time.
    let ben = directory.post("/Users", &person(8)).await.expect(201).id();
    directory.delete(&format!("/Users/{ben}")).await.expect(204);
    app.clock.advance(TimeDelta::days(91));
    app.server.forget_what_is_old().await;
    assert_ne!(directory.post("/Users", &person(8)).await.expect(201).id(), ben);
}

/// The directory brings a deleted person back before the group: a decision about the deletion is no decision about the
/// person who is there again.
#[tokio::test]
async fn an_approval_takes_no_person_who_has_come_back() {
    let site = Site::open(12).await;
    for id in &site.people {
        site.directory.delete(&format!("/Users/{id}")).await.expect(204);
    }
    assert_eq!(site.held().await.len(), 7);
    let back = site.held().await[0].user.to_string();
    let at = site.people.iter().position(|id| *id == back).expect("one of them");
    assert_eq!(site.directory.post("/Users", &person(at)).await.expect(201).id(), back);
    site.approve(&site.all()).await;
    site.directory.get(&format!("/Users/{back}")).await.expect(200);
    assert_eq!(site.directory.status(&back).await, "suspended", "no group gives the licence");
    assert_eq!(
        (
            site.held().await.len(),
            site.directory.get("/Users").await.expect(200).body["totalResults"].clone()
        ),
        (0, json!(1))
    );
}

#[tokio::test]
async fn a_pool_with_kept_seats_is_deleted_and_a_renamed_connection_has_its_brake() {
    let site = Site::open(20).await;
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    let change = Change { name: Some("renamed".to_owned()), ..Change::default() };
    connections::update(db, &operator, &site.directory.id, &change, Agreed::Nothing).await.expect("renamed");
    let empty = json!({ "schemas": [GROUP], "displayName": "Team", "members": [] });
    site.directory.put(&format!("/Groups/{}", site.team), &empty).await.expect(200);
    assert_eq!((site.with_access().await, site.held().await.len()), (20, 20));
    let deleted = operations::pools::delete(db, &operator, "Vault", Agreed::Anything).await;
    site.app.admin.finish(deleted.expect("deleted").2, |_| {}).await.expect("the work ends");
    assert_eq!((site.with_access().await, site.held().await.len()), (0, 0));
}

/// Whatever a push says, what it takes counts.
#[tokio::test]
async fn every_way_of_taking_access_by_a_push_counts() {
    let site = Site::open(24).await;
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    for change in [
        operations::domains::Change::Add("alpha.example".to_owned()),
        operations::domains::Change::Policy(provisioning::DomainPolicy::Hold),
    ] {
        operations::domains::change(db, &operator, &site.app.tenant, &change).await.expect("changed");
    }
    for (at, id) in site.people[..12].iter().enumerate() {
        let mut body = person(at);
        body["emails"] = json!([{ "value": format!("p{at}@elsewhere.example"), "primary": true }]);
        body["active"] = json!(at % 2 == 0);
        site.directory.put(&format!("/Users/{id}"), &body).await.expect(200);
    }
    assert_eq!((site.with_access().await, site.held().await.len()), (19, 7));
    // Deleted, held, and back without access: still held.
    let last = site.people.last().expect("people");
    site.directory.delete(&format!("/Users/{last}")).await.expect(204);
    let mut body = person(23);
    body["active"] = json!(false);
    assert_eq!(site.directory.post("/Users", &body).await.expect(201).id(), *last);
    assert_eq!(site.with_access().await, 19);
    // A decision about one person forgets no other connection's losses, and takes that person alone.
    site.approve(&About::People(vec![last.clone()])).await;
    assert_eq!(site.with_access().await, 18);
}
