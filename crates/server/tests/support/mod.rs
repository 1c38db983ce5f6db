//! A server without a socket for each test, on a database of its own: `SQLite`, or `PostgreSQL` where
//! `ROLLCALL_TEST_POSTGRES_URL` names a server.

pub(crate) mod feed;
pub(crate) mod issuer;
#[path = "../../../store/tests/support/postgres.rs"]
mod postgres;
pub(crate) mod receiver;
pub(crate) mod sending;
pub(crate) mod smtp;
pub(crate) mod tab;

use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request};
use chrono::{DateTime, TimeDelta, Utc};
use operations::journal::{Reader, Wanted};
use operations::keys::MasterKey;
use operations::work::Progress;
use serde_json::{Value, json};
use server::admin::Admin;
use server::master_key::KeyError;
use server::{Clock, Config, Server};
use sqlx::{Connection as _, Executor as _};
use tower::ServiceExt as _;

/// The core User schema.
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core Group schema.
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// Our extension.
pub(crate) const ENROLMENT: &str = "urn:rollcall:params:scim:schemas:extension:enrolment:1.0:User";
/// The schema of PATCH messages.
pub(crate) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A server with one tenant.
pub(crate) struct TestApp {
    pub(crate) server: Server,
    pub(crate) admin: Admin,
    pub(crate) clock: Clock,
    pub(crate) url: String,
    pub(crate) tenant: String,
    router: Router,
    _folder: tempfile::TempDir,
}

impl TestApp {
    /// A server with the settings of the manual, without a rate limit and a token cache.
    pub(crate) async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// As [`TestApp::open`], with further settings as variables of the environment.
    pub(crate) async fn open_with(settings: &[(&str, &str)]) -> Self {
        Self::open_on(fresh_database().await, settings).await
    }

    /// As [`TestApp::open`], on `SQLite` whatever other tests use.
    pub(crate) async fn open_on_sqlite(settings: &[(&str, &str)]) -> Self {
        Self::open_on(sqlite(), settings).await
    }

    async fn open_on((url, folder): (String, tempfile::TempDir), settings: &[(&str, &str)]) -> Self {
        let config = config(&url, settings);
        let clock = Clock::standing_at(start());
        let server = Server::build_with(config.clone(), clock.clone()).await.expect("the server builds");
        let admin = Admin::open_with(&config, clock.clone()).await.expect("the database opens twice");
        let tenant = operations::tenants::create(admin.db(), &admin.operator("test"), &tenant("Alpha")).await;
        let tenant = tenant.expect("an empty database has no Alpha");
        let router = server.router();
        Self { server, admin, clock, url, tenant: tenant.id.to_string(), router, _folder: folder }
    }

    /// A client with a token of a new connection of this profile.
    pub(crate) async fn connection(&self, profile: &str) -> Client {
        self.connection_with(&self.tenant, profile, None).await
    }

    /// As [`TestApp::connection`], in a tenant and with a grace of its own.
    pub(crate) async fn connection_with(
        &self,
        tenant: &str,
        profile: &str,
        grace_days: Option<u32>,
    ) -> Client {
        self.connection_of(operations::connections::New {
            tenant: tenant.to_owned(),
            profile: profile.to_owned(),
            grace_days,
            ..operations::connections::New::default()
        })
        .await
    }

    /// A client with a token of a new connection, in every detail; the tenant and the name may be left out.
    pub(crate) async fn connection_of(&self, new: operations::connections::New) -> Client {
        let or = |given: String, other: String| if given.is_empty() { other } else { given };
        let new = operations::connections::New {
            name: or(new.name, format!("{} {}", new.profile, unique())),
            tenant: or(new.tenant, self.tenant.clone()),
            ..new
        };
        let (db, operator) = (self.admin.db(), self.admin.operator("test"));
        let connection =
            operations::connections::create(db, &operator, &new).await.expect("a new connection");
        let id = connection.id.to_string();
        let token = operations::tokens::create(db, &operator, &id, &operations::tokens::New::default())
            .await
            .expect("a new token");
        Client {
            router: self.router.clone(),
            id,
            token: Some(token.token),
            token_id: token.known.id.to_string(),
        }
    }

    /// A new owner of the tenant who gets alerts, and may be one of its people.
    pub(crate) async fn owner(&self, name: &str, user: Option<&str>) {
        let new = operations::administrators::New {
            name: name.to_owned(),
            email: format!("{name}@alpha.example"),
            role: "owner".to_owned(),
            user: user.map(str::to_owned),
            alerts: true,
        };
        let operator = self.admin.operator("test");
        let added =
            operations::administrators::add(self.admin.db(), &operator, Some(self.tenant.as_str()), &new)
                .await;
        added.expect("a new administrator");
    }

    /// The connection may take access from as many people as it likes.
    pub(crate) async fn without_brake(&self, client: &Client) {
        self.brake(client, 0).await;
    }

    /// The connection may take access from so many people in its window; 0 is no limit.
    pub(crate) async fn brake(&self, client: &Client, people: u32) {
        let change = operations::connections::Change { brake_people: Some(people), ..Default::default() };
        let operator = self.admin.operator("test");
        let updated = operations::connections::update(
            self.admin.db(),
            &operator,
            &client.id,
            &change,
            operations::consequences::Agreed::Nothing,
        )
        .await;
        updated.expect("a connection with a brake");
    }

    /// Another tenant.
    pub(crate) async fn other_tenant(&self) -> String {
        let name = format!("Beta {}", unique());
        operations::tenants::create(self.admin.db(), &self.admin.operator("test"), &tenant(&name))
            .await
            .expect("a new name")
            .id
            .to_string()
    }

    /// Where the server is, as it says.
    pub(crate) async fn address(&self) -> String {
        let config = self.nobody().get("/ServiceProviderConfig").await.expect(200);
        let location = config.body["meta"]["location"].as_str().expect("an address");
        location
            .strip_suffix("/scim/v2/ServiceProviderConfig")
            .expect("the address of the endpoint")
            .to_owned()
    }

    /// Somebody without a token.
    pub(crate) fn nobody(&self) -> Client {
        anonymous(self.router.clone())
    }

    /// A new pool of the tenant.
    pub(crate) async fn pool(&self, name: &str, seats: u32, policy: &str) -> operations::pools::Pool {
        self.pool_of(operations::pools::New {
            name: name.to_owned(),
            seats,
            policy: policy.to_owned(),
            ..Default::default()
        })
        .await
    }

    /// A new pool of the tenant, in every detail.
    pub(crate) async fn pool_of(&self, new: operations::pools::New) -> operations::pools::Pool {
        let new = operations::pools::New { tenant: self.tenant.clone(), ..new };
        let created = operations::pools::create(self.admin.db(), &self.admin.operator("test"), &new).await;
        let (pool, work) = created.expect("a new pool");
        let Some(work) = work else { return pool };
        self.admin.finish(work, |_| {}).await.expect("everybody is settled");
        self.pool_now(&pool.name).await
    }

    /// A pool “Vault” with a queue, of which every person gets a seat.
    pub(crate) async fn pool_for_everyone(&self, seats: u32) -> operations::pools::Pool {
        self.pool_of(operations::pools::New {
            name: "Vault".to_owned(),
            seats,
            policy: "queue".to_owned(),
            for_everyone: true,
            ..Default::default()
        })
        .await
    }

    /// The pool as it stands.
    pub(crate) async fn pool_now(&self, name: &str) -> operations::pools::Pool {
        let pools = operations::pools::list(self.admin.db(), &self.tenant).await.expect("readable");
        pools.into_iter().find(|pool| pool.name == name).expect("there is such a pool")
    }

    /// Binds a group to a pool.
    pub(crate) async fn bind(&self, group: &str, pool: &str) -> Progress {
        let operator = self.admin.operator("test");
        let agreed = operations::consequences::Agreed::Nothing;
        let bound = operations::bindings::create(
            self.admin.db(),
            &operator,
            operations::bindings::New::of(&[group], pool),
            agreed,
        )
        .await;
        let (_, work) = bound.expect("a new binding").pop().expect("one group");
        self.admin.finish(work, |_| {}).await.expect("the members are settled")
    }

    /// The person as an operator sees them.
    pub(crate) async fn person(&self, id: &str) -> operations::people::User {
        let shown = operations::people::show(self.admin.db(), &self.admin.operator("test"), id).await;
        shown.expect("there is such a person")
    }

    /// What the journal says about a person, the kinds in their order.
    pub(crate) async fn story(&self, id: &str) -> Vec<String> {
        let wanted = Wanted { user: Some(id.to_owned()), most: 100, ..Wanted::default() };
        let reader = Reader::open(self.admin.db(), &self.admin.operator("test"), &wanted).await;
        let lines = reader.expect("a person").read(self.admin.db()).await.expect("readable");
        lines.into_iter().map(|line| line.kind.to_string()).collect()
    }

    /// The last request of a connection in the request log.
    pub(crate) async fn last_request(&self, client: &Client) -> operations::request_log::Request {
        self.server.flush().await;
        let operator = self.admin.operator("test");
        let requests = operations::request_log::tail(self.admin.db(), &operator, &client.id, 1).await;
        let requests = requests.expect("readable");
        requests.into_iter().next_back().expect("a request was logged")
    }

    /// Lets time pass, and runs what is due by then.
    pub(crate) async fn later(&self, by: TimeDelta) {
        self.clock.advance(by);
        self.server.run_due_jobs().await;
    }

    /// Runs what is due until a receiver has heard so many requests: transactions of other tests on the same server may hold
    /// events back.
    pub(crate) async fn until_heard(
        &self,
        receiver: &receiver::Receiver,
        many: usize,
    ) -> Vec<receiver::Heard> {
        loop {
            self.later(TimeDelta::zero()).await;
            let heard = receiver.heard();
            if heard.len() >= many {
                return heard;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Who sends.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    pub(crate) id: String,
    pub(crate) token: Option<String>,
    pub(crate) token_id: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Client {
    /// The same connection with another token.
    pub(crate) fn with_token(&self, token: String) -> Self {
        Self { token: Some(token), ..self.clone() }
    }

    /// The same token at another server of the same database.
    pub(crate) fn through(&self, server: &Server) -> Self {
        Self { router: server.router(), ..self.clone() }
    }

    /// Sends a request; the body may be JSON, text or nothing.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.map_or_else(Body::empty, Body::from)).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("the router always answers");
        let (parts, body) = response.into_parts();
        // A stream of events has no end.
        let body = if is_events(&parts.headers) { Body::empty() } else { body };
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        let text = String::from_utf8(bytes.to_vec()).expect("answers are UTF-8");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Opens a stream of events.
    pub(crate) async fn follow(&self, path: &str, headers: &[(&str, &str)]) -> Body {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("the router always answers");
        assert!(is_events(response.headers()), "{}", response.status());
        response.into_body()
    }

    /// Sends JSON below the protocol's address.
    pub(crate) async fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/scim+json")];
        self.send(method, &format!("/scim/v2{path}"), &headers, Some(body.to_string())).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", &format!("/scim/v2{path}"), &[], None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", &format!("/scim/v2{path}"), &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.json("POST", path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.json("PUT", path, body).await
    }

    /// PATCH with these operations.
    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Answer {
        self.json("PATCH", path, &json!({ "schemas": [PATCH], "Operations": operations })).await
    }

    /// Creates a user of this name and answers the id.
    pub(crate) async fn user(&self, name: &str) -> String {
        self.post("/Users", &user(name)).await.expect(201).id()
    }

    /// Creates a group with these members and answers the id.
    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let body = json!({ "schemas": [GROUP], "displayName": name, "members": members });
        self.post("/Groups", &body).await.expect(201).id()
    }

    /// Adds a member to a group.
    pub(crate) async fn add(&self, group: &str, member: &str) -> Answer {
        let add = json!([{ "op": "add", "path": "members", "value": [{ "value": member }] }]);
        self.patch(&format!("/Groups/{group}"), add).await
    }

    /// Takes a member out of a group.
    pub(crate) async fn remove(&self, group: &str, member: &str) -> Answer {
        let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{member}\"]") }]);
        self.patch(&format!("/Groups/{group}"), remove).await
    }

    /// Sets `active`.
    pub(crate) async fn set_active(&self, user: &str, active: bool) -> Answer {
        let operations = json!([{ "op": "replace", "path": "active", "value": active }]);
        self.patch(&format!("/Users/{user}"), operations).await
    }

    /// The status of a person's enrolment, as the client reads it back.
    pub(crate) async fn status(&self, user: &str) -> String {
        let answer = self.get(&format!("/Users/{user}")).await.expect(200);
        answer.body[ENROLMENT]["status"].as_str().unwrap_or("none").to_owned()
    }
}

impl Answer {
    /// The answer, if it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// The answer, if it is a complete SCIM error with this status and word.
    #[track_caller]
    pub(crate) fn expect_error(self, status: u16, word: Option<&str>) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(
            self.body["schemas"],
            json!(["urn:ietf:params:scim:api:messages:2.0:Error"]),
            "{}",
            self.body
        );
        assert_eq!(self.body["status"], json!(status.to_string()));
        assert_eq!(self.body["scimType"].as_str(), word, "{}", self.body);
        assert!(self.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        assert_eq!(self.header("content-type"), "application/scim+json; charset=utf-8");
        assert!(!self.header("x-request-id").is_empty());
        self
    }

    #[track_caller]
    pub(crate) fn id(&self) -> String {
        self.body["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
    }
}

/// A client without a token.
pub(crate) fn anonymous(router: Router) -> Client {
    Client { router, id: String::new(), token: None, token_id: String::new() }
}

/// A user of this name.
pub(crate) fn user(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": name })
}

/// Settings on a database, on a free port, without a rate limit and a token cache.
pub(crate) fn config(url: &str, settings: &[(&str, &str)]) -> Config {
    // PostgreSQL has no folder in which a key could be made.
    let key = concat!(env!("CARGO_TARGET_TMPDIR"), "/master.key");
    match server::master_key::write(key.as_ref(), &MasterKey::new()) {
        Ok(()) | Err(KeyError::Exists(_)) => {}
        Err(error) => panic!("{error}"),
    }
    let fixed = [
        ("ROLLCALL_DATABASE_URL", url),
        ("ROLLCALL_MASTER_KEY_FILE", key),
        ("ROLLCALL_LISTEN", "127.0.0.1:0"),
        ("ROLLCALL_LIMITS__REQUESTS_PER_SECOND", "0"),
        ("ROLLCALL_AUTH__TOKEN_CACHE_SECONDS", "0"),
        ("ROLLCALL_DATABASE_CONNECTIONS", "4"),
    ];
    let all = fixed.iter().chain(settings).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::from_sources(None, &all.collect::<Vec<_>>(), &[]).expect("valid settings")
}

/// The instant at which tests begin.
pub(crate) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_355_600, 0).expect("an instant")
}

/// A tenant of this name.
fn tenant(name: &str) -> operations::tenants::New {
    operations::tenants::New { name: name.to_owned(), ..Default::default() }
}

/// The id and the token of a new connection, in a new tenant of the database of these settings.
pub(crate) async fn connection(config: &Config) -> (String, String) {
    let admin = Admin::open(config).await.expect("the database opens");
    let tenant = operations::tenants::create(admin.db(), &admin.operator("test"), &tenant("Alpha"))
        .await
        .expect("a new tenant");
    let new = operations::connections::New {
        tenant: tenant.id.to_string(),
        name: "staff".to_owned(),
        profile: "generic".to_owned(),
        ..Default::default()
    };
    let id = operations::connections::create(admin.db(), &admin.operator("test"), &new)
        .await
        .expect("a new connection")
        .id
        .to_string();
    let token = operations::tokens::create(
        admin.db(),
        &admin.operator("test"),
        &id,
        &operations::tokens::New::default(),
    )
    .await
    .expect("a new token")
    .token;
    (id, token)
}

/// The URL of a database with the schema of today, and the folder that goes with the test.
pub(crate) async fn fresh_database() -> (String, tempfile::TempDir) {
    let Some(server) = postgres::server() else { return sqlite() };
    let migrate = async |url: &str| {
        Admin::migrate(&config(url, &[])).await.expect("the database is migrated");
    };
    (postgres::migrated(&server, migrate).await, tempfile::tempdir().expect("a folder"))
}

/// The URL of a database without a schema, and the folder that goes with the test.
pub(crate) async fn empty_database() -> (String, tempfile::TempDir) {
    let Some(server) = postgres::server() else { return sqlite() };
    (postgres::empty(&server).await, tempfile::tempdir().expect("a folder"))
}

fn sqlite() -> (String, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    (format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display()), folder)
}

fn unique() -> u32 {
    static MADE: AtomicU32 = AtomicU32::new(0);
    MADE.fetch_add(1, Ordering::Relaxed)
}

/// What a query on the test's own database counts.
pub(crate) async fn count(app: &TestApp, query: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(query.to_owned());
    if app.url.starts_with("sqlite") {
        let mut database = sqlx::SqliteConnection::connect(&app.url).await.expect("the database opens");
        sqlx::query_scalar(sql).fetch_one(&mut database).await.expect("a number")
    } else {
        let mut database = sqlx::PgConnection::connect(&app.url).await.expect("the database opens");
        sqlx::query_scalar(sql).fetch_one(&mut database).await.expect("a number")
    }
}

/// Runs a statement on the test's own database.
pub(crate) async fn execute(app: &TestApp, statement: &str) {
    let sql = sqlx::AssertSqlSafe(statement.to_owned());
    if app.url.starts_with("sqlite") {
        let mut database = sqlx::SqliteConnection::connect(&app.url).await.expect("the database opens");
        database.execute(sql).await.expect("done");
    } else {
        let mut database = sqlx::PgConnection::connect(&app.url).await.expect("the database opens");
        database.execute(sql).await.expect("done");
    }
}

/// Whether an answer is a stream of events.
fn is_events(headers: &HeaderMap) -> bool {
    headers.get("content-type").is_some_and(|value| value == "text/event-stream")
}
