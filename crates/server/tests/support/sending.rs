//! A server with a mail server, a pool for everyone and a directory, for tests of what is sent and when.

use chrono::TimeDelta;
use operations::mail::{self, Listed};
use operations::tenants::{self, SendingChange, SettingsChange};
use operations::{Database, Options, api_tokens};
use serde_json::{Value, json};
use server::master_key::read_file;
use server::{Config, Server};

use crate::support::smtp::{Received, Script, Sink};
use crate::support::{self, Answer, Client, TestApp, USER};

/// The server and what stands around it.
pub(crate) struct Site {
    pub(crate) app: TestApp,
    pub(crate) sink: Sink,
    pub(crate) directory: Client,
    pub(crate) application: Client,
}

impl Site {
    pub(crate) async fn open(script: Script) -> Self {
        let sink = Sink::start(script).await;
        let port = sink.port.to_string();
        let app = TestApp::open_with(&settings(&port)).await;
        let directory = app.connection("generic").await;
        app.pool_for_everyone(10_000).await;
        let operator = app.admin.operator("test");
        let token = api_tokens::create(app.admin.db(), &operator, &app.tenant, ("app", &[]), None).await;
        let application = directory.with_token(token.expect("a new token").token);
        Self { app, sink, directory, application }
    }

    /// Another server on the same database.
    pub(crate) async fn another(&self) -> Server {
        let port = self.sink.port.to_string();
        let config: Config = support::config(&self.app.url, &settings(&port));
        Server::build_with(config, self.app.clock.clone()).await.expect("a second server builds")
    }

    /// The database as a worker sees it that writes links.
    pub(crate) async fn worker(&self) -> Database {
        let key = read_file(concat!(env!("CARGO_TARGET_TMPDIR"), "/master.key").as_ref()).expect("a key");
        let options =
            Options { url: self.app.url.clone(), max_connections: 2, migrate: false, statement_limit: None };
        let site = "https://rollcall.example.com";
        let policy = *self.app.admin.db().policy();
        Database::open(&options, (site, site), policy, Some(key)).await.expect("the database opens again")
    }

    /// A person with this address.
    pub(crate) async fn person(&self, name: &str, address: &str) -> String {
        let body = json!({ "schemas": [USER], "userName": name, "name": { "givenName": "Keoni" },
            "emails": [{ "value": address, "primary": true }] });
        self.directory.post("/Users", &body).await.expect(201).id()
    }

    /// A person whose invitation was sent.
    pub(crate) async fn invited(&self, name: &str) -> String {
        let id = self.person(name, &format!("{name}@alpha.example")).await;
        self.pass(TimeDelta::hours(1)).await;
        id
    }

    /// The directory gives a person another address, or none.
    pub(crate) async fn readdress(&self, person: &str, address: Option<&str>) {
        let emails: Vec<Value> = address.iter().map(|address| json!({ "value": address })).collect();
        let change = json!([{ "op": "replace", "path": "emails", "value": emails }]);
        self.directory.patch(&format!("/Users/{person}"), change).await.expect(200);
    }

    /// The application reports a step.
    pub(crate) async fn step(&self, person: &str, step: &str) {
        self.post(&format!("/people/{person}/steps"), &json!({ "step": step })).await.expect(200);
    }

    /// A code is sent to a person; it is what the mail shows.
    pub(crate) async fn code(&self, person: &str) -> String {
        self.post(&format!("/people/{person}/code"), &json!({ "device": "HL-LT-2231" })).await.expect(202);
        self.pass(TimeDelta::zero()).await;
        let subject = self.sink.received().pop().and_then(|mail| mail.field("Subject")).expect("a mail");
        subject.split(' ').take_while(|word| word.bytes().all(|byte| byte.is_ascii_digit())).collect()
    }

    /// A person takes every step.
    pub(crate) async fn finish(&self, person: &str) {
        let code = self.code(person).await;
        self.post(&format!("/people/{person}/code/check"), &json!({ "code": code })).await.expect(200);
        self.step(person, "pin-set").await;
        assert_eq!(self.directory.status(person).await, "active");
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.application.send("POST", &format!("/api/v1{path}"), &headers, Some(body.to_string())).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.application.send("GET", &format!("/api/v1{path}"), &[], None).await
    }

    /// Lets time pass, and does what is due.
    pub(crate) async fn pass(&self, by: TimeDelta) {
        self.app.later(by).await;
    }

    /// Changes how mail is sent.
    pub(crate) async fn sending(&self, sending: SendingChange) {
        let change = tenants::Change {
            settings: SettingsChange { sending, ..Default::default() },
            ..Default::default()
        };
        self.change(change).await;
    }

    pub(crate) async fn change(&self, change: tenants::Change) {
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("test"));
        let agreed = operations::consequences::Agreed::Nothing;
        tenants::update(db, &operator, &self.app.tenant, &change, agreed).await.expect("a change");
    }

    /// Has the directory's people invited so.
    pub(crate) async fn invite(&self, how: &str) {
        let change =
            operations::connections::Change { invitations: Some(how.to_owned()), ..Default::default() };
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("test"));
        operations::connections::update(
            db,
            &operator,
            &self.directory.id,
            &change,
            operations::consequences::Agreed::Nothing,
        )
        .await
        .expect("a change");
    }

    /// The mail to an address that came.
    pub(crate) fn to(&self, address: &str) -> Vec<Received> {
        self.sink.received().into_iter().filter(|mail| mail.to == address).collect()
    }

    /// How much mail came.
    pub(crate) fn count(&self) -> usize {
        self.sink.received().len()
    }

    pub(crate) async fn outbox(&self, state: &str) -> Vec<Listed> {
        let query = mail::Query { state: Some(state.to_owned()), most: 10_000, ..mail::Query::default() };
        let operator = self.app.admin.operator("test");
        mail::list(self.app.admin.db(), &operator, &self.app.tenant, &query).await.expect("readable")
    }

    /// What the journal of the tenant says of a kind.
    pub(crate) async fn told(&self, kind: &str) -> i64 {
        support::count(&self.app, &format!("SELECT COUNT(*) FROM journal WHERE kind = '{kind}'")).await
    }
}

fn settings(port: &str) -> [(&str, &str); 5] {
    [
        ("ROLLCALL_MAIL__SMTP_HOST", "127.0.0.1"),
        ("ROLLCALL_MAIL__SMTP_PORT", port),
        ("ROLLCALL_MAIL__SMTP_SECURITY", "none"),
        ("ROLLCALL_MAIL__FROM", "Rollcall <rollcall@example.com>"),
        ("ROLLCALL_BASE_URL", "https://rollcall.example.com"),
    ]
}
