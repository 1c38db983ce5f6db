//! What the application is told: events of every kind, read since a cursor, kept for some days.

use crate::support::{Answer, Client, TestApp, USER, count};
use chrono::TimeDelta;
use operations::api_tokens;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};

/// A server with a pool for everyone, a directory and an application.
struct Site {
    app: TestApp,
    directory: Client,
    application: Client,
}

impl Site {
    async fn open() -> Self {
        let app = TestApp::open().await;
        app.pool_for_everyone(100).await;
        Self::of(app).await
    }

    async fn of(app: TestApp) -> Self {
        let directory = app.connection("generic").await;
        let application = directory.with_token(token(&app, &app.tenant, &[]).await);
        Self { app, directory, application }
    }

    async fn person(&self, name: &str) -> String {
        let body = json!({ "schemas": [USER], "userName": name, "externalId": format!("e-{name}") });
        self.directory.post("/Users", &body).await.expect(201).id()
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.application.send(method, &format!("/api/v1{path}"), &headers, Some(body.to_string())).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.application.send("GET", &format!("/api/v1{path}"), &[], None).await
    }

    /// The events behind a cursor, once there are so many: transactions of other tests on the same server may hold them back.
    async fn events(&self, after: &str, many: usize) -> (Vec<Value>, String) {
        loop {
            let query = if after.is_empty() { String::new() } else { format!("?after={after}") };
            let answer = self.get(&format!("/events{query}")).await.expect(200);
            let items = answer.body["items"].as_array().expect("a list").clone();
            if items.len() >= many {
                return (items, answer.body["next"].as_str().unwrap_or_default().to_owned());
            }
            tokio::task::yield_now().await;
        }
    }
}

async fn token(app: &TestApp, tenant: &str, scopes: &[String]) -> String {
    let operator = app.admin.operator("test");
    let token = api_tokens::create(app.admin.db(), &operator, tenant, ("app", scopes), None).await;
    token.expect("a new token").token
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("a word")).collect()
}

#[tokio::test]
async fn the_application_is_told_a_whole_journey_in_order() {
    let site = Site::open().await;
    assert_eq!(site.events("", 0).await, (Vec::new(), String::new()));
    let person = site.person("keoni").await;
    let (told, next) = site.events("", 1).await;
    assert_eq!(kinds(&told), ["access-granted"]);
    let data = &told[0]["data"];
    assert_eq!(
        (&data["id"], &data["userName"], &data["externalId"], &data["status"], &data["access"]),
        (&json!(person), &json!("keoni"), &json!("e-keoni"), &json!("pending"), &json!(true))
    );
    let request = site.app.last_request(&site.directory).await;
    assert_eq!(data["reference"], json!(request.id), "it names the request of the push");
    assert_eq!(site.events(&next, 0).await, (Vec::new(), next.clone()), "nothing is new");

    let device = json!({ "name": "Laptop", "platform": "Windows", "appVersion": "7" });
    site.send("PUT", &format!("/people/{person}/devices/d-1"), &device).await.expect(200);
    site.send("DELETE", &format!("/people/{person}/devices/d-1"), &json!({})).await.expect(200);
    site.send("POST", &format!("/people/{person}/steps"), &json!({ "step": "pin-set" })).await.expect(200);
    site.send("POST", &format!("/people/{person}/steps"), &json!({ "step": "pin-set" })).await.expect(200);
    site.directory.set_active(&person, false).await.expect(200);
    site.directory.set_active(&person, true).await.expect(200);
    site.directory.set_active(&person, false).await.expect(200);
    site.app.later(TimeDelta::days(8)).await;
    site.directory.delete(&format!("/Users/{person}")).await.expect(204);
    let (told, end) = site.events(&next, 8).await;
    let expected = [
        "enrolment-step",
        "device-revoked",
        "enrolment-step",
        "access-cut",
        "access-restored",
        "access-cut",
        "deactivated",
        "removed",
    ];
    assert_eq!(kinds(&told), expected);
    assert_eq!(
        (&told[0]["data"]["step"], &told[2]["data"]["step"]),
        (&json!("signed-in"), &json!("pin-set"))
    );
    assert_eq!(told[1]["data"]["device"], "d-1");
    assert_eq!(
        (&told[3]["data"]["status"], &told[3]["data"]["access"]),
        (&json!("suspended"), &json!(false))
    );
    assert!(told[3]["data"]["reason"].as_str().is_some_and(|why| !why.is_empty()), "{}", told[3]);
    assert_eq!(told[7]["data"]["userName"], "keoni", "the name of a person who is gone");
    assert_eq!(site.events(&end, 0).await.0, Vec::<Value>::new());
    let mut one_by_one = Vec::new();
    let mut after = next;
    while one_by_one.len() < told.len() {
        let answer = site.get(&format!("/events?count=1&after={after}")).await.expect(200);
        one_by_one.extend(answer.body["items"].as_array().expect("a list").clone());
        assert_eq!(answer.body["items"].as_array().map(Vec::len), Some(1));
        after = answer.body["next"].as_str().expect("a cursor").to_owned();
    }
    assert_eq!((one_by_one, after), (told, end));
}

#[tokio::test]
async fn a_cursor_of_an_event_that_is_kept_no_more_is_gone() {
    let site = Site::open().await;
    site.person("a").await;
    let (_, first) = site.events("", 1).await;
    site.person("b").await;
    let (_, last) = site.events(&first, 1).await;
    // Ids never go back within a process, and other tests in it are days ahead.
    site.app.clock.advance(TimeDelta::days(400));
    site.app.server.forget_what_is_old().await;
    let gone = site.get(&format!("/events?after={first}")).await.expect(410);
    assert_eq!(gone.body["type"], "urn:rollcall:problem:gone");
    assert!(
        gone.body["detail"].as_str().is_some_and(|said| said.contains("without \"after\"")),
        "{}",
        gone.body
    );
    assert_eq!(
        site.events(&last, 0).await,
        (Vec::new(), last.clone()),
        "a quiet month is no reason to begin anew"
    );
    site.person("c").await;
    assert_eq!(site.events(&last, 1).await.0.len(), 1);
    for text in ["x", "%20", &last[1..]] {
        let refused = site.get(&format!("/events?after={text}")).await.expect(422);
        assert_eq!(refused.header("content-type"), "application/problem+json", "{text}");
    }
    let stranger = site.application.with_token(token(&site.app, &site.app.other_tenant().await, &[]).await);
    stranger.send("GET", &format!("/api/v1/events?after={last}"), &[], None).await.expect(410);
    let none = stranger.send("GET", "/api/v1/events", &[], None).await.expect(200);
    assert_eq!(none.body, json!({ "items": [] }));
    let reader = token(&site.app, &site.app.tenant, &["people:read".to_owned()]).await;
    site.application.with_token(reader).send("GET", "/api/v1/events", &[], None).await.expect(403);
}

/// A request has its number on PostgreSQL once it holds the group, and waits for a person; meanwhile another request, which
/// began later, switches the second person on.
#[tokio::test]
async fn a_person_is_told_of_in_order_also_where_a_request_began_before_another_one_and_ended_behind_it() {
    let site = Site::of(TestApp::open().await).await;
    site.app.pool("Vault", 100, "queue").await;
    let (first, second) = (site.person("ada").await, site.person("ben").await);
    let group = site.directory.group("Staff", &[&first, &second]).await;
    site.app.bind(&group, "Vault").await;
    site.directory.set_active(&second, false).await.expect(200);
    let removed = json!([
        { "op": "remove", "path": format!("members[value eq \"{first}\"]") },
        { "op": "remove", "path": format!("members[value eq \"{second}\"]") },
    ]);
    let leave = async || site.directory.patch(&format!("/Groups/{group}"), removed.clone()).await.expect(200);
    let come_back = async || site.directory.set_active(&second, true).await.expect(200);
    if site.app.url.starts_with("sqlite") {
        come_back().await;
        leave().await;
    } else {
        let mut other = sqlx::PgConnection::connect(&site.app.url).await.expect("the database opens");
        let held = format!("SELECT 1 FROM users WHERE id = '{first}' FOR NO KEY UPDATE");
        other.execute("BEGIN").await.expect("begun");
        other.execute(sqlx::AssertSqlSafe(held)).await.expect("locked");
        let back = async {
            // Once the request waits, it has its number.
            let waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            while count(&site.app, waits).await == 0 {
                tokio::task::yield_now().await;
            }
            come_back().await;
            other.execute("COMMIT").await.expect("released");
        };
        futures::future::join(leave(), back).await;
    }
    let (mut told, _) = site.events("", 6).await;
    told.retain(|event| event["data"]["id"] == json!(second));
    assert_eq!(kinds(&told), ["access-granted", "access-cut", "access-restored", "access-cut"]);
    assert_eq!(site.get(&format!("/people/{second}")).await.expect(200).body["access"], json!(false));
}
