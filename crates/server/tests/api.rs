//! The API of the application: what is asked of pools and devices, and what no request may do to the server.

use crate::support::Answer;
use crate::support::sending::Site;
use crate::support::smtp::WILLING;
use chrono::TimeDelta;
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
    for path in ["/people/%FF", "/people/%FF/devices", "/people/%FF/holds"] {
        let problem = is_problem(site.get(path).await, 400);
        assert_eq!(problem["type"], "urn:rollcall:problem:invalid-request", "{path}");
    }
    let step = json!({ "step": "pin-set" });
    is_problem(site.post("/people/%FF/steps", &step).await, 400);
    is_problem(site.directory.send("GET", "/api/v1/people/%FF", &[], None).await, 401);
}
