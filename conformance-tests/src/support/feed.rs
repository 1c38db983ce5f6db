//! A receiver of event streams: it sets one up (OpenID Shared Signals 1.0), asks for tokens (RFC 8936) and reads them.
use std::cell::RefCell;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::{Scratch, signature, with};
use crate::exchange::Made;
use crate::run::Run;
use crate::{Answer, Connection, Target, skip, unique};

/// What the URIs of SCIM events begin with.
pub(crate) const EVENT: &str = "urn:ietf:params:scim:event:";
/// How tokens are asked for.
const POLL: &str = "urn:ietf:rfc:8936";
/// How long a token may be on its way.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
/// How long between two questions.
pub(crate) const PAUSE: Duration = Duration::from_millis(200);

/// Events with a form, and events without one.
const WITH_FORM: &[&str] = &["prov:create", "prov:patch", "prov:put"];
const PLAIN: &[&str] = &["prov:delete", "prov:activate", "prov:deactivate", "feed:add", "feed:remove"];

/// Which form of events a stream is to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// With data.
    Full,
    /// With the names of what changed.
    Notice,
    /// As the server likes.
    Any,
}

impl Form {
    /// The URIs of the events to ask for.
    pub(crate) fn asked(self) -> Vec<String> {
        let ends: &[&str] = match self {
            Form::Full => &["full"],
            Form::Notice => &["notice"],
            Form::Any => &["full", "notice"],
        };
        let formed = WITH_FORM.iter().flat_map(|start| ends.iter().map(move |end| format!("{start}:{end}")));
        let plain = PLAIN.iter().map(|&event| event.to_owned());
        formed.chain(plain).map(|event| format!("{EVENT}{event}")).collect()
    }
}

/// One tenant with streams: who changes it, and who hears of it.
pub(crate) struct Site {
    /// The connection that makes the changes.
    pub(crate) scratch: Scratch,
    /// The receiver, with a token that may manage streams.
    pub(crate) receiver: Target,
    /// What the transmitter says of itself.
    pub(crate) metadata: Value,
    /// The connection, where the run made it.
    pub(crate) made: Option<Connection>,
}

impl Site {
    /// The tenant of the run, or a new one; skips the test where the server has no streams.
    pub(crate) fn of(run: &Run) -> Site {
        let (scratch, receiver, made) = run.streams();
        let found = Site::discovery(&receiver);
        if found.status != 200 {
            skip("the server shows no `/.well-known/ssf-configuration`, which R-EVT-34 tells");
        }
        Site { scratch, metadata: found.json(), receiver, made }
    }

    /// What the server answers where Shared Signals has it say how streams are set up.
    pub(crate) fn discovery(receiver: &Target) -> Answer {
        let start = receiver.base.find("://").map_or(0, |place| place + 3);
        let end = receiver.base[start..].find('/').map_or(receiver.base.len(), |place| start + place);
        let url = format!("{}/.well-known/ssf-configuration", &receiver.base[..end]);
        receiver.request("GET", &url).header("accept", "application/json").send()
    }

    /// One of the addresses that the transmitter names.
    pub(crate) fn endpoint(&self, name: &str) -> String {
        let url = self.metadata[name].as_str();
        url.unwrap_or_else(|| skip(&format!("the transmitter names no `{name}`"))).to_owned()
    }

    /// A request of the receiver.
    pub(crate) fn call(&self, method: &str, url: &str, body: Option<&Value>) -> Answer {
        let request = self.receiver.request(method, url).header("accept", "application/json");
        match body {
            None => request.send(),
            Some(body) => request.header("content-type", "application/json").json(body).send(),
        }
    }

    /// A stream of the form, whose tokens the receiver asks for.
    pub(crate) fn feed(&self, form: Form) -> Feed<'_> {
        self.feed_with(form, &json!({}))
    }

    /// As [`Site::feed`], with more said of it.
    pub(crate) fn feed_with(&self, form: Form, more: &Value) -> Feed<'_> {
        let usual = json!({
            "description": unique("stream"),
            "events_requested": form.asked(),
            "delivery": { "method": POLL },
        });
        let created = self.create(&with(&usual, more));
        if created.status == 409 {
            skip("the server has one stream for a receiver, and the test needs another one");
        }
        if created.status != 201 {
            created.fail(&format!("status {} where 201 was expected", created.status));
        }
        let feed = Feed { site: self, stream: created.json(), told: RefCell::default() };
        let carried = feed.stream["events_delivered"].as_array().cloned();
        let wanted = form.asked();
        if carried.is_some_and(|carried| !carried.iter().any(|one| *one == wanted[0].as_str())) {
            skip(&format!("the server delivers no {}", wanted[0]));
        }
        feed
    }

    /// The answer to a request for a stream, which is deleted after the test.
    pub(crate) fn create(&self, configuration: &Value) -> Answer {
        let endpoint = self.endpoint("configuration_endpoint");
        let created = self.call("POST", &endpoint, Some(configuration));
        let body: Value = serde_json::from_str(&created.text).unwrap_or_default();
        if let (Some(log), Some(id)) = (&created.log, body["stream_id"].as_str()) {
            let path = format!("{endpoint}?stream_id={id}");
            log.made(Made { target: self.receiver.unlogged(), path });
        }
        created
    }

    /// The keys that the transmitter publishes, which are for everybody.
    pub(crate) fn keys(&self) -> Value {
        let url = self.endpoint("jwks_uri");
        let answer = self.receiver.request("GET", &url).header("accept", "application/json").no_auth().send();
        answer.expect_status(200).json()
    }
}

/// One token, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// Its name in the answer.
    pub(crate) name: String,
    /// As it came.
    pub(crate) token: String,
    /// Its JOSE header.
    pub(crate) header: Value,
    /// What it says.
    pub(crate) claims: Value,
}

impl Told {
    /// Takes a token apart.
    pub(crate) fn of(name: &str, token: &str) -> Told {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, _] = parts[..] else { panic!("no security event token: {token}") };
        let read = |part: &str| {
            let bytes = signature::decoded(part).unwrap_or_else(|error| panic!("{error}"));
            serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("no JSON in {token}: {error}"))
        };
        Told { name: name.to_owned(), token: token.to_owned(), header: read(header), claims: read(claims) }
    }

    /// The events, by the ends of their URIs.
    pub(crate) fn events(&self) -> Vec<(String, &Value)> {
        let events = self.claims["events"].as_object();
        let events = events.unwrap_or_else(|| panic!("no events in {}", self.claims));
        let end = |uri: &str| {
            let lower = uri.to_lowercase();
            lower.strip_prefix(EVENT).unwrap_or(uri).to_owned()
        };
        events.iter().map(|(uri, payload)| (end(uri), payload)).collect()
    }

    /// The payload of an event, in either form.
    pub(crate) fn payload(&self, event: &str) -> Option<&Value> {
        self.events().into_iter().find(|(end, _)| is(end, event)).map(|(_, payload)| payload)
    }

    /// Whether the token is about this resource.
    pub(crate) fn is_about(&self, path: &str) -> bool {
        self.claims["sub_id"]["uri"].as_str().is_some_and(|uri| uri.ends_with(path.trim_start_matches('/')))
    }

    /// Whether the signature is that of a published key.
    pub(crate) fn is_signed_by(&self, keys: &Value) -> Result<(), String> {
        signature::check(&self.token, &self.header, keys)
    }
}

/// Whether an event is this one, in either form.
pub(crate) fn is(end: &str, event: &str) -> bool {
    end.strip_prefix(event).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

/// The payload of an event in these tokens, which must be there.
pub(crate) fn payload<'t>(told: &'t [Told], event: &str) -> &'t Value {
    let found = told.iter().find_map(|one| one.payload(event));
    found.unwrap_or_else(|| panic!("no {event} was told"))
}

/// A stream whose tokens the receiver asks for.
pub(crate) struct Feed<'s> {
    pub(crate) site: &'s Site,
    /// The stream as the server created it.
    pub(crate) stream: Value,
    /// Everything that was told until now.
    told: RefCell<Vec<Told>>,
}

impl Feed<'_> {
    /// The id of the stream.
    pub(crate) fn id(&self) -> &str {
        self.stream["stream_id"].as_str().unwrap_or_else(|| panic!("no stream_id in {}", self.stream))
    }

    /// Where tokens are asked for.
    pub(crate) fn address(&self) -> &str {
        let url = self.stream["delivery"]["endpoint_url"].as_str();
        url.unwrap_or_else(|| panic!("no address to ask for tokens in {}", self.stream))
    }

    /// One question for tokens, and its answer.
    pub(crate) fn poll(&self, body: &Value) -> Answer {
        let answer = self.site.call("POST", self.address(), Some(body));
        if answer.status != 200 || !answer.json()["sets"].is_object() {
            answer.fail("no answer with `sets` to a question for tokens");
        }
        answer
    }

    /// Asks until an answer is good, and gives what is found in it; nothing is acknowledged.
    pub(crate) fn poll_until<T>(&self, body: &Value, found: impl Fn(&Answer) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.poll(body);
            if let Some(found) = found(&answer) {
                return found;
            }
            if Instant::now() > deadline {
                answer.fail("what should be told did not come within two minutes");
            }
            thread::sleep(PAUSE);
        }
    }

    /// Takes and acknowledges tokens until all of these events were told of a resource; answers all tokens about it.
    pub(crate) fn until(&self, path: &str, events: &[&str]) -> Vec<Told> {
        let is_told = |told: &[Told]| {
            let all: Vec<String> = told.iter().flat_map(Told::events).map(|(end, _)| end).collect();
            events.iter().all(|event| all.iter().any(|end| is(end, event)))
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.take();
            let told = self.about(path);
            if is_told(&told) {
                return told;
            }
            if Instant::now() > deadline {
                answer.fail(&format!("{events:?} of {path} did not come within two minutes"));
            }
            thread::sleep(PAUSE);
        }
    }

    /// Everything that was told of a resource until now.
    pub(crate) fn about(&self, path: &str) -> Vec<Told> {
        self.told.borrow().iter().filter(|one| one.is_about(path)).cloned().collect()
    }

    /// Everything that was told until now.
    pub(crate) fn all(&self) -> Vec<Told> {
        self.told.borrow().clone()
    }

    /// Takes what there is, and acknowledges it; what comes again counts once.
    pub(crate) fn take(&self) -> Answer {
        let answer = self.poll(&json!({ "returnImmediately": true }));
        let sets = sets(&answer);
        if !sets.is_empty() {
            let names: Vec<&String> = sets.keys().collect();
            self.poll(&json!({ "maxEvents": 0, "returnImmediately": true, "ack": names }));
        }
        let mut told = self.told.borrow_mut();
        for (name, token) in &sets {
            if told.iter().any(|one| one.name == *name) {
                continue;
            }
            told.push(Told::of(name, token.as_str().unwrap_or_default()));
        }
        answer
    }
}

/// The tokens of an answer, by their names.
pub(crate) fn sets(answer: &Answer) -> Map<String, Value> {
    answer.json()["sets"].as_object().cloned().unwrap_or_default()
}

/// The token of an answer that is about this resource.
pub(crate) fn token_about(answer: &Answer, path: &str) -> Option<Told> {
    let all = sets(answer);
    let mut told = all.iter().map(|(name, token)| Told::of(name, token.as_str().unwrap_or_default()));
    told.find(|one| one.is_about(path))
}
