//! One tenant during a replay: which names stand for which ids, and how what is needed comes to be.
use std::collections::{BTreeMap, BTreeSet};

use conformance_tests::{Answer, Connection, Target, group, limited_base, patch_op, skip, user};
use serde_json::{Value, json};

use crate::credentials::Credentials;
use crate::large;
use crate::library::Library;
use crate::message::Message;
use crate::need::Need;
use crate::placeholder::{fill, fill_json, names};
use crate::scene::send;
use crate::snapshot::members_of;
use crate::tables;

/// A tenant with its names.
#[derive(Debug)]
pub(crate) struct World {
    /// The connection that is replayed against.
    pub(crate) target: Target,
    /// Where the next request goes, when not to the connection's own base URL.
    pub(crate) limited: Option<Target>,
    cast: Library,
    client: String,
    connection: Connection,
    credentials: Credentials,
    beside: BTreeMap<String, Target>,
    ids: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
    same: BTreeMap<String, String>,
    held: BTreeSet<Need>,
}

impl World {
    /// A fresh world; `client` names whose fixtures create what is needed.
    pub(crate) fn new(connection: Connection, client: &str, same: BTreeMap<String, String>) -> World {
        World {
            target: connection.target.clone(),
            limited: None,
            cast: Library::of(client),
            client: client.to_owned(),
            connection,
            credentials: Credentials::default(),
            beside: BTreeMap::new(),
            ids: BTreeMap::new(),
            tags: BTreeMap::new(),
            same,
            held: BTreeSet::new(),
        }
    }

    /// Makes the other connections of the tenant through which these requests go.
    pub(crate) fn connect_beside(&mut self, messages: &[Message]) {
        for profile in messages.iter().filter_map(|message| message.through.as_ref()) {
            let connection = &self.connection;
            let made = self.beside.entry(profile.clone());
            made.or_insert_with(|| connection.beside(profile, &[]).target);
        }
    }

    /// Sends a request and requires what it says of its answer.
    pub(crate) fn send(&self, message: &Message, subject: Option<&str>) -> Answer {
        let target = message.through.as_ref().map_or(&self.target, |profile| &self.beside[profile]);
        let fill = |text: &str| self.fill(text, subject).unwrap_or_else(|complaint| panic!("{complaint}"));
        let headers: Vec<_> = message.headers.iter().map(|(name, text)| (name.clone(), fill(text))).collect();
        let body = self.fill_json(&message.body, subject).unwrap_or_else(|complaint| panic!("{complaint}"));
        let answer = send(target, &message.method, &fill(&message.path), &headers, &body);
        match message.status {
            Some(status) => answer.expect_status(status),
            None if answer.status < 300 => answer.check(),
            None => answer.fail("a request before the one in question is not answered with success"),
        }
    }

    /// The id behind a name.
    pub(crate) fn id(&self, name: &str) -> Option<&str> {
        self.ids.get(self.key(name)).map(String::as_str)
    }

    /// Lets a name stand for an id.
    pub(crate) fn bind(&mut self, name: &str, id: &str) {
        self.ids.insert(self.key(name).to_owned(), id.to_owned());
    }

    /// Fills the placeholders of a text; `current.*` reads the resource `subject`.
    pub(crate) fn fill(&self, text: &str, subject: Option<&str>) -> Result<String, String> {
        fill(text, &|name| self.value_of(name, subject))
    }

    /// As [`World::fill`], for JSON.
    pub(crate) fn fill_json(&self, value: &Value, subject: Option<&str>) -> Result<Value, String> {
        fill_json(value, &|name| self.value_of(name, subject))
    }

    /// Makes a needed state true; a state that held before and was lost is a failure of the server.
    pub(crate) fn ensure(&mut self, need: &Need) {
        match need {
            Need::Exists(name) => {
                self.created(name);
            }
            Need::Inactive(name) => {
                let path = self.created(name);
                if self.read(&path)["active"] != false {
                    self.not_lost(need);
                    self.arrange(&path, json!([{ "op": "replace", "path": "active", "value": false }]));
                }
            }
            Need::Deleted(name) => {
                let path = self.created(name);
                if self.target.get(&path).status != 404 {
                    self.target.delete(&path).expect_status(204);
                }
            }
            Need::Contains(group, user) => {
                let path = self.created(group);
                self.created(user);
                let user = self.id(user).expect("was created").to_owned();
                if !members_of(&self.read(&path)).contains(&user) {
                    self.not_lost(need);
                    let members = json!([{ "value": user }]);
                    self.arrange(&path, json!([{ "op": "add", "path": "members", "value": members }]));
                }
            }
            Need::ReportsTo(user, manager) => {
                let path = self.created(user);
                self.created(manager);
                let manager = json!({ "value": self.id(manager).expect("was created") });
                let attribute = format!("{}:manager", tables::ENTERPRISE);
                self.arrange(&path, json!([{ "op": "add", "path": attribute, "value": manager }]));
            }
            Need::Users(count) => (1..=*count).for_each(|number| {
                self.created(&format!("crowd_user_{number:03}"));
            }),
            Need::BulkUsers(count) => (1..=*count).for_each(|number| {
                self.created(&format!("bulk_user_{number:03}"));
            }),
            Need::Crowd(group, count) => {
                let (made, people) = large::crowd(&self.target, *count);
                self.bind(group, &made);
                for (index, id) in people.iter().enumerate() {
                    self.bind(&format!("crowd_user_{:03}", index + 1), id);
                }
            }
            Need::Addresses(user, count) => {
                let made = large::addressee(&self.target, *count);
                self.bind(user, &made);
            }
            Need::Tag(name) => {
                let path = self.created(name);
                let answer = self.target.get(&path).expect_status(200);
                let tag = answer.header("etag").unwrap_or_else(|| answer.fail("there is no tag")).to_owned();
                self.tags.insert(name.clone(), tag);
            }
            Need::LimitExhausted => self.exhaust_limit(),
        }
        self.held.insert(need.clone());
    }

    /// Forgets what held of a resource that a request has just changed on purpose.
    pub(crate) fn changed(&mut self, path: &str) {
        let mut held = std::mem::take(&mut self.held);
        held.retain(|need| {
            !need.subject().and_then(|name| self.id(name)).is_some_and(|id| path.contains(id))
        });
        self.held = held;
    }

    fn key<'a>(&'a self, name: &'a str) -> &'a str {
        self.same.get(name).map_or(name, String::as_str)
    }

    fn value_of(&self, name: &str, subject: Option<&str>) -> Option<String> {
        if let Some(named) = name.strip_suffix(".id") {
            return self.id(named).map(str::to_owned);
        }
        if let Some(named) = name.strip_suffix(".tag") {
            return self.tags.get(named).cloned();
        }
        if name == "current" {
            return Some(self.read(&self.path(subject?)?).to_string());
        }
        if let Some(attribute) = name.strip_prefix("current.") {
            let resource = self.read(&self.path(subject?)?);
            return tables::current(attribute, &resource);
        }
        match name {
            "token" => Some(self.target.token.clone()),
            "root" => Some(self.target.base.replace("/scim/v2", "")),
            "token_endpoint" => Some(self.target.base.replace("/scim/v2", "/oauth/token")),
            _ => self.credentials.value(name, &self.connection),
        }
    }

    /// Creates the resource behind a name unless there is one, as this client would; answers its path.
    fn created(&mut self, name: &str) -> String {
        if let Some(path) = self.path(name) {
            return path;
        }
        let own = self.cast.creation(self.key(name));
        let (path, body) = own.unwrap_or_else(|| self.plain_creation(name));
        for named in names(&body.to_string()) {
            let named = named.strip_suffix(".id").unwrap_or_else(|| panic!("{name} is created with {named}"));
            self.created(named);
        }
        let body = self.fill_json(&body, None).unwrap_or_else(|complaint| panic!("{name}: {complaint}"));
        let answer = self.target.post(&path, &body).expect_status(201);
        self.bind(name, &answer.id());
        self.path(name).expect("was bound")
    }

    fn plain_creation(&self, name: &str) -> (String, Value) {
        let given = tables::CAST.iter().find(|(client, known, _)| *client == self.client && *known == name);
        let said = given.map(|(_, _, said)| (*said).to_owned());
        if is_group(name) {
            ("/Groups".to_owned(), group(&said.unwrap_or_else(|| format!("{name} of {}", self.client))))
        } else {
            ("/Users".to_owned(), user(&said.unwrap_or_else(|| format!("{name}@{}.example", self.client))))
        }
    }

    fn path(&self, name: &str) -> Option<String> {
        let kind = if is_group(name) { "Groups" } else { "Users" };
        self.id(name).map(|id| format!("/{kind}/{id}"))
    }

    fn read(&self, path: &str) -> Value {
        self.target.get(path).expect_status(200).json()
    }

    fn arrange(&self, path: &str, operations: Value) {
        let answer: Answer = self.target.patch(path, &patch_op(operations)).check();
        if !matches!(answer.status, 200 | 204) {
            answer.fail("what a fixture needs cannot be arranged");
        }
    }

    fn not_lost(&self, need: &Need) {
        assert!(!self.held.contains(need), "{need:?} held earlier in the story and was lost");
    }

    /// Sends requests to the server with the low limit until it refuses one.
    fn exhaust_limit(&mut self) {
        let Some(base) = limited_base() else {
            skip("ROLLCALL_LIMITED_URL is not set, so no rate limit can be exhausted")
        };
        let limited = Target::new(&base, &self.target.token);
        let refused = (0..100).any(|_| limited.get("/Users?count=1").check().status == 429);
        assert!(refused, "100 requests in a row meet no rate limit on {}", limited.base);
        self.limited = Some(limited);
    }
}

fn is_group(name: &str) -> bool {
    name.contains("group")
}
