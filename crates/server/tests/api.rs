//! The API of the application: what is asked of pools and devices, and what no request may do to the server.

use crate::support::sending::Site;
use crate::support::smtp::WILLING;
use crate::support::{Answer, TestApp};
use chrono::TimeDelta;
use operations::pools;
use serde_json::{Value, json};

impl Site {
    async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.application.send(method, &format!("/api/v1{path}"), &headers, Some(body.to_string())).await
    }

    /// Registers a device of a person.
    async fn device(&self, person: &str, reference: &str) {
        let body = json!({ "name": "HL-LT-2231", "platform": "Windows 11", "appVersion": "7.1" });
        self.ask("PUT", &format!("/people/{person}/devices/{reference}"), &body).await.expect(200);
    }

    async fn devices(&self, person: &str) -> Value {
        self.get(&format!("/people/{person}/devices")).await.expect(200).body["items"].take()
    }
}

/// An answer is a problem of this status.
fn is_problem(answer: Answer, status: u16) -> Value {
    let answer = answer.expect(status);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    answer.body
}

#[tokio::test]
async fn sightings_that_nobody_can_have_are_passed_over_and_the_others_count() {
    let site = Site::open(WILLING).await;
    let (keoni, berta) = (site.invited("keoni").await, site.invited("berta").await);
    site.device(&keoni, "d-1").await;
    site.device(&berta, "d-2").await;
    site.pass(TimeDelta::hours(2)).await;
    let at = site.app.clock.now();
    let seen = json!([
        { "person": keoni, "device": "d\u{0}1", "at": at },
        { "person": keoni, "device": "", "at": at },
        { "person": keoni, "device": "d".repeat(5_000), "at": at },
        { "person": keoni, "device": "d-1", "at": "-5000-01-01T00:00:00Z" },
        { "person": berta, "device": "d-2", "at": "-262000-01-01T00:00:00Z" },
        { "person": berta, "device": "d-2", "at": "+262000-01-01T00:00:00Z" },
    ]);
    site.post("/seen", &seen).await.expect(204);
    for (person, device) in [(&keoni, at - TimeDelta::hours(2)), (&berta, at)] {
        let shown = site.get(&format!("/people/{person}")).await.expect(200).body;
        assert_eq!(shown["lastUsedAt"], json!(at));
        assert_eq!(site.devices(person).await[0]["seenAt"], json!(device));
    }
    let nobody = json!([{ "person": "\u{0}", "at": at }]);
    assert!(is_problem(site.post("/seen", &nobody).await, 422)["detail"].is_string());
    // No more than a sighting can a name have this character.
    for path in
        ["/entitlement?userName=%00", "/entitlement?email=a%00@b.example", "/entitlement?externalId=%00"]
    {
        is_problem(site.get(path).await, 404);
    }
    let path = "/people?filter=userName%20eq%20%22%5Cu0000%22";
    assert_eq!(site.get(path).await.expect(200).body["total"], 0, "{path}");
    for (method, path) in [
        ("DELETE", format!("/people/{keoni}/devices/%00")),
        ("POST", format!("/people/{keoni}/devices/%00/hub")),
    ] {
        let body = json!({ "authenticated": true });
        is_problem(site.ask(method, &path, &body).await, 404);
    }
    let hold = format!("/people/{keoni}/holds/%00");
    site.ask("DELETE", &hold, &json!({})).await.expect(204);
    is_problem(site.ask("PUT", &hold, &json!({ "words": "manages a vault" })).await, 422);
}

#[tokio::test]
async fn a_revoked_device_is_not_authenticated() {
    let site = Site::open(WILLING).await;
    let person = site.invited("keoni").await;
    site.device(&person, "d-1").await;
    let hub = async |authenticated: bool| {
        site.post(&format!("/people/{person}/devices/d-1/hub"), &json!({ "authenticated": authenticated }))
            .await
    };
    assert!(hub(true).await.expect(200).body["hubAuthenticatedAt"].is_string());
    site.ask("DELETE", &format!("/people/{person}/devices/d-1"), &json!({})).await.expect(200);
    assert_eq!(is_problem(hub(true).await, 409)["type"], "urn:rollcall:problem:revoked");
    assert!(hub(false).await.expect(200).body.get("hubAuthenticatedAt").is_none());
    is_problem(hub(true).await, 409);
}

#[tokio::test]
async fn a_path_that_is_no_text_is_a_problem_as_any_other() {
    let site = Site::open(WILLING).await;
    for path in ["/people/%FF", "/people/%FF/devices", "/people/%FF/holds", "/pools/%FF"] {
        let problem = is_problem(site.get(path).await, 400);
        assert_eq!(problem["type"], "urn:rollcall:problem:invalid-request", "{path}");
    }
    let step = json!({ "step": "pin-set" });
    is_problem(site.post("/people/%FF/steps", &step).await, 400);
    is_problem(site.directory.send("GET", "/api/v1/people/%FF", &[], None).await, 401);
}

#[tokio::test]
async fn pools_are_listed_in_pages_and_shown_with_the_seats_that_are_left() {
    let site = Site::open(WILLING).await;
    let all = |seats: u32, name: &str, policy: &str, expires: Option<&str>| pools::New {
        name: name.to_owned(),
        seats,
        policy: policy.to_owned(),
        expires: expires.map(str::to_owned),
        for_everyone: name != "Past",
        ..Default::default()
    };
    site.app.pool_of(all(1, "Second", "queue", Some("2099-12-31"))).await;
    site.app.pool_of(all(1, "Extra", "overage", Some("2099-12-31T12:00:00Z"))).await;
    site.app.pool_of(all(7, "Past", "reject", Some("2000-01-01"))).await;
    for name in ["keoni", "berta"] {
        site.directory.user(name).await;
    }
    let list = site.get("/pools").await.expect(200).body;
    assert_eq!(list["total"], 4);
    let shown: Vec<Value> = list["items"]
        .as_array()
        .expect("pools")
        .iter()
        .map(|pool| {
            json!([pool["name"], pool["policy"], pool["seats"], pool["used"], pool["waiting"], pool["free"]])
        })
        .collect();
    assert_eq!(
        shown[1..],
        [
            json!(["Second", "queue", 1, 1, 1, 0]),
            json!(["Extra", "overage", 1, 2, 0, 0]),
            json!(["Past", "reject", 7, 0, 0, 0]),
        ]
    );
    assert_eq!(shown[0][5], 9_998, "{}", shown[0]);
    assert_eq!(list["items"][1]["lastDay"], "2099-12-31");
    assert!(list["items"][2].get("lastDay").is_none() && list["items"][2]["expiresAt"].is_string());
    assert!(list["items"][0].get("expiresAt").is_none());
    let page = site.get("/pools?startIndex=2&count=2").await.expect(200).body;
    assert_eq!(page, json!({ "total": 4, "items": [list["items"][1], list["items"][2]] }));
    assert_eq!(site.get("/pools?startIndex=9").await.expect(200).body, json!({ "total": 4, "items": [] }));
    let id = list["items"][1]["id"].as_str().expect("an id");
    assert_eq!(site.get(&format!("/pools/{id}")).await.expect(200).body, list["items"][1]);
    for id in ["Second", "00000000-0000-0000-0000-000000000000"] {
        is_problem(site.get(&format!("/pools/{id}")).await, 404);
    }
}

#[tokio::test]
async fn pools_are_read_with_the_scope_of_people_and_are_those_of_the_tenant() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let operator = app.admin.operator("test");
    let token = async |tenant: &str, scopes: &[&str]| {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let new =
            operations::api_tokens::create(app.admin.db(), &operator, tenant, ("app", &scopes), None).await;
        client.with_token(new.expect("a new token").token)
    };
    let pool = app.pool("Vault", 1, "queue").await;
    let other = app.other_tenant().await;
    let (reader, blind) =
        (token(&app.tenant, &["people:read"]).await, token(&app.tenant, &["events:read"]).await);
    let stranger = token(&other, &[]).await;
    let one = format!("/api/v1/pools/{}", pool.id);
    for path in ["/api/v1/pools", &one] {
        reader.send("GET", path, &[], None).await.expect(200);
        is_problem(blind.send("GET", path, &[], None).await, 403);
        is_problem(app.nobody().send("GET", path, &[], None).await, 401);
    }
    assert_eq!(stranger.send("GET", "/api/v1/pools", &[], None).await.expect(200).body["total"], 0);
    is_problem(stranger.send("GET", &one, &[], None).await, 404);
}
