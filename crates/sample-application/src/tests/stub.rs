//! A Rollcall that is played: what it says depends on the first word of the person's address, and it keeps what it was told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::{Mailbox, Settings};

/// The only code that is right.
pub(super) const CODE: &str = "418203";
/// The token that is known.
const TOKEN: &str = "Bearer t0ken";

/// The played Rollcall; dropped, it answers no more.
pub(super) struct Stub {
    pub(super) settings: Settings,
    state: Arc<Played>,
    _served: JoinSet<()>,
}

#[derive(Default)]
struct Played {
    people: Mutex<HashMap<String, Person>>,
    told: Mutex<Vec<String>>,
}

#[derive(Clone, Default)]
struct Person {
    taken: Vec<String>,
    tries: u32,
    devices: Vec<Value>,
    revoked: Vec<String>,
    used: bool,
}

impl Stub {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let api = format!("http://{}/api/v1", listener.local_addr().expect("an address"));
        let state = Arc::new(Played::default());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        let mut served = JoinSet::new();
        served.spawn(
            async move { axum::serve(listener, router).await.expect("it serves until it is dropped") },
        );
        let mailbox: Mailbox = Arc::new(|address| match address {
            "ada@a.example" => vec![MAIL.to_owned()],
            _ => Vec::new(),
        });
        let settings = Settings { api, token: "t0ken".to_owned(), mailbox: Some(mailbox) };
        Self { settings, state, _served: served }
    }

    /// All that it was told, as method, path and body.
    pub(super) fn told(&self) -> Vec<String> {
        self.state.told.lock().expect("no test panics with it").clone()
    }

    /// Revokes the devices of a person.
    pub(super) fn revoke(&self, person: &str) {
        let mut people = self.state.people.lock().expect("no test panics with it");
        let person = people.entry(person.to_owned()).or_default();
        let references =
            person.devices.drain(..).map(|device| device["reference"].as_str().map(str::to_owned));
        person.revoked.extend(references.flatten());
    }
}

const MAIL: &str = "Subject: 418 203 is your code <b>\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: 7bit\r\n\r\nType 418 203 in Latchkey.\r\n\r\nOr open\r\nhttp://127.0.0.1:1/enrol/x?y now, <script>alert(1)</script>\r\n";

async fn answer(
    State(played): State<Arc<Played>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    played.told.lock().expect("no test panics with it").push(format!("{method} {uri} {body}"));
    let path = uri.path().strip_prefix("/api/v1").expect("the API");
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    if headers.get("authorization").is_none_or(|token| token != TOKEN) {
        return problem(401, "unauthorised", "no token", None);
    }
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let mut people = played.people.lock().expect("no test panics with it");
    let mut person = |id: &str| {
        people.entry(id.to_owned()).or_insert_with(|| Person { tries: 5, ..Person::default() }).clone()
    };
    let (id, known) = match segments[..] {
        ["entitlement"] => {
            let address = uri.query().and_then(|query| query.strip_prefix("email=")).expect("an address");
            let id = address.split("%40").next().expect("a word").to_owned();
            (id.clone(), person(&id))
        }
        ["people", id, ..] => (id.to_owned(), person(id)),
        ["seen"] => {
            let id = body[0]["person"].as_str().expect("a person").to_owned();
            let mut seen = person(&id);
            seen.used = true;
            people.insert(id, seen);
            return StatusCode::NO_CONTENT.into_response();
        }
        _ => panic!("{method} {uri}"),
    };
    let mut next = known;
    let answer = about(&id, &mut next, (&method, &segments), &body);
    people.insert(id, next);
    answer
}

fn about(id: &str, person: &mut Person, (method, segments): (&Method, &[&str]), body: &Value) -> Response {
    match (method.as_str(), segments) {
        _ if id == "nobody" => problem(404, "not-found", "There is no such person.", None),
        _ if id == "strange" => "<html>hello".into_response(),
        _ if id == "refused" => problem(403, "forbidden", "The token has not the scope people:read.", None),
        _ if id == "busy" => problem(503, "busy", "The server is busy.", None),
        ("GET", ["entitlement"] | ["people", _]) => axum::Json(shown(id, person)).into_response(),
        ("PUT", ["people", _, "devices", reference]) => {
            let name = body["name"].as_str().expect("a name");
            if person.revoked.iter().any(|revoked| revoked == reference) {
                return problem(422, "invalid-value", "This device was revoked.", None);
            }
            if name.chars().count() > 200 {
                return problem(422, "invalid-value", "The name is too long.", None);
            }
            let device = json!({
                "reference": reference, "name": name, "platform": body["platform"],
                "appVersion": body["appVersion"], "registeredAt": NOON, "seenAt": NOON
            });
            person.devices.push(device.clone());
            person.taken.push("signed-in".to_owned());
            axum::Json(device).into_response()
        }
        ("GET", ["people", _, "devices"]) => axum::Json(json!({ "items": person.devices })).into_response(),
        ("POST", ["people", _, "code"]) if id == "soon" => problem(
            429,
            "too-many-codes",
            "A code was sent a moment ago: another one can be sent in 25 seconds.",
            None,
        ),
        ("POST", ["people", _, "code"]) => {
            person.tries = 5;
            let sent = json!({ "address": format!("•••@a.example"), "expiresAt": NOON });
            (StatusCode::ACCEPTED, axum::Json(sent)).into_response()
        }
        ("POST", ["people", _, "code", "check"]) => check(id, person, body),
        ("POST", ["people", _, "steps"]) => {
            person.taken.push(body["step"].as_str().expect("a step").to_owned());
            axum::Json(shown(id, person)).into_response()
        }
        _ => panic!("{method} {segments:?}"),
    }
}

const NOON: &str = "2026-12-01T12:00:00Z";

fn check(id: &str, person: &mut Person, body: &Value) -> Response {
    let typed: String = body["code"].as_str().expect("a code").split(' ').collect();
    if id == "lost" {
        return problem(409, "no-access", "The person has no access to the application.", None);
    }
    if id == "late" || person.tries == 0 {
        return problem(422, "code-ended", "No code counts any more: have another one sent.", None);
    }
    if typed.len() != 6 {
        return problem(422, "not-a-code", "A code has six digits.", None);
    }
    if typed != CODE {
        person.tries -= 1;
        let detail =
            format!("This is not the code that was sent: it can be tried {} times more.", person.tries);
        return problem(422, "wrong-code", &detail, Some(person.tries));
    }
    person.taken.push("email-verified".to_owned());
    axum::Json(shown(id, person)).into_response()
}

fn shown(id: &str, person: &Person) -> Value {
    let owed = id == "back" && !person.taken.contains(&"restored".to_owned());
    let mut steps = vec!["signed-in", "email-verified", "pin-set"];
    steps.extend((id == "back").then_some("restored"));
    steps.retain(|step| !person.taken.iter().any(|taken| taken == step));
    let (status, waiting) = match id {
        "none" => ("no-licence", json!([])),
        "waiting" => ("no-licence", json!(["Vault <b>"])),
        "suspended" => ("suspended", json!([])),
        "deactivated" => ("deactivated", json!([])),
        "lost" if !person.taken.is_empty() => ("deactivated", json!([])),
        _ if steps.is_empty() => ("active", json!(["Vault Premium"])),
        _ => ("pending", json!([])),
    };
    json!({
        "id": id, "userName": format!("{id}@a.example"), "access": matches!(status, "active" | "pending"),
        "status": status, "reason": "an internal reason", "steps": [], "missingSteps": steps, "restoreOwed": owed,
        "lastUsedAt": person.used.then_some(NOON), "seats": ["Vault Standard"], "waiting": waiting,
        "permissions": { "vault-sharing": true, "vault-region": "eu" }
    })
}

fn problem(status: u16, kind: &str, detail: &str, left: Option<u32>) -> Response {
    let body = json!({
        "type": format!("urn:rollcall:problem:{kind}"), "status": status, "detail": detail, "triesLeft": left
    });
    let response = Response::builder().status(status).header("content-type", "application/problem+json");
    response.body(Body::from(body.to_string())).expect("an answer")
}
