//! The HTTP client: sends what was written, byte by byte, and keeps the answer as it came.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::exchange::{Exchange, Log};
use crate::received::{self, Received};
use crate::requirement::{INTERRUPTED, skip};
use crate::transport::{Transport, client};
use crate::{Answer, environment, mint, raw};

/// The media type of RFC 7644 §8.1.
pub(crate) const SCIM_JSON: &str = "application/scim+json";
/// How often a request is sent again after the server said that there were too many.
const PATIENCE: usize = 4;
/// The longest pause that a server can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// One connection of the server under test: its base URL and a bearer token.
#[derive(Clone, Debug)]
pub struct Target {
    /// Base URL up to and including `/scim/v2`, without a slash at its end.
    pub base: String,
    /// Bearer token, as it goes into the `Authorization` header.
    pub token: String,
    /// Where exchanges are written down; none where the test's own messages show them.
    log: Option<Arc<Log>>,
}

impl Target {
    /// A server and a token for it.
    pub fn new(base: &str, token: &str) -> Target {
        Target { base: base.trim_end_matches('/').to_owned(), token: token.to_owned(), log: None }
    }

    /// The shared connection of profile `strict`, as `SCIM_URL` and `SCIM_TOKEN` name it.
    pub fn from_env() -> Target {
        Target::new(&environment::base(), &environment::token())
    }

    /// A new tenant with one connection of this profile and a token for it.
    pub fn fresh(profile: &str) -> Target {
        Target::fresh_with(profile, &[], &[])
    }

    /// As [`Target::fresh`], with quirks switched on and off.
    pub fn fresh_with(profile: &str, with: &[&str], without: &[&str]) -> Target {
        mint::target(profile, with, without)
    }

    /// The same target, whose exchanges are written down here.
    pub(crate) fn logged(self, log: &Arc<Log>) -> Target {
        Target { log: Some(Arc::clone(log)), ..self }
    }

    /// The same target, whose exchanges are not written down.
    pub(crate) fn unlogged(&self) -> Target {
        Target { log: None, ..self.clone() }
    }

    /// The same connection at another address of the server.
    pub(crate) fn at(self, base: &str) -> Target {
        Target { base: base.trim_end_matches('/').to_owned(), ..self }
    }

    /// The absolute URL of a path below the base URL, or of a reference as a server may write it: absolute, or relative to
    /// the host or the service (RFC 7643 §2.3.7).
    pub(crate) fn url(&self, path: &str) -> String {
        if ["http://", "https://"].iter().any(|scheme| path.starts_with(scheme)) {
            return path.to_owned();
        }
        let start = self.base.find("://").map_or(0, |place| place + 3);
        let host = self.base[start..].find('/').map_or(self.base.len(), |place| start + place);
        let (host, prefix) = self.base.split_at(host);
        let below_host =
            !prefix.is_empty() && path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
        match (below_host, path.starts_with('/') || path.starts_with('?') || path.is_empty()) {
            (true, _) => format!("{host}{path}"),
            (false, true) => format!("{}{path}", self.base),
            (false, false) => format!("{}/{path}", self.base),
        }
    }

    /// Whether a URL leads to the scheme, host and port of the base URL.
    fn is_home(&self, url: &str) -> bool {
        let origin = |url: &str| reqwest::Url::parse(url).map(|parsed| parsed.origin());
        match (origin(url), origin(&self.base)) {
            (Ok(one), Ok(other)) => one == other,
            _ => url.starts_with(&self.base),
        }
    }

    /// The path of a resource below the base URL, from its address as the server writes it: of another host the end counts.
    pub(crate) fn below(&self, address: &str) -> String {
        let url = self.url(address);
        if let Some(path) = url.strip_prefix(&self.base) {
            return path.to_owned();
        }
        let mut parts = url.trim_end_matches('/').rsplitn(3, '/');
        let (id, endpoint) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        format!("/{endpoint}/{id}")
    }

    /// GET.
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path).send()
    }

    /// POST with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path).json(body).send()
    }

    /// PUT with a JSON body.
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.request("PUT", path).json(body).send()
    }

    /// PATCH with a JSON body.
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.request("PATCH", path).json(body).send()
    }

    /// A request to be completed; `path` follows the base URL as it is, or is an absolute URL.
    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        Request {
            target: self,
            method: method.to_owned(),
            path: path.to_owned(),
            authorization: Some(format!("Bearer {}", self.token)),
            headers: BTreeMap::from([("accept".to_owned(), SCIM_JSON.to_owned())]),
            body: None,
            plain: false,
            patient: self.log.is_some(),
            timeout: None,
        }
    }
}

/// A request under construction.
#[derive(Debug)]
pub struct Request<'a> {
    target: &'a Target,
    method: String,
    path: String,
    authorization: Option<String>,
    headers: BTreeMap<String, String>,
    body: Option<Vec<u8>>,
    plain: bool,
    patient: bool,
    timeout: Option<Duration>,
}

impl Request<'_> {
    /// Sets a header; a second value for one name replaces the first, `authorization` replaces the token.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = name.to_lowercase();
        if name == "authorization" {
            self.authorization = Some(value.to_owned());
        } else {
            self.headers.insert(name, value.to_owned());
        }
        self
    }

    /// Leaves a header out that would be sent by default.
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.remove(&name.to_lowercase());
        self
    }

    /// Sends no `Authorization` header.
    pub fn no_auth(mut self) -> Self {
        self.authorization = None;
        self
    }

    /// Sends this bearer token instead of the connection's.
    pub fn token(mut self, token: &str) -> Self {
        self.authorization = Some(format!("Bearer {token}"));
        self
    }

    /// Sends a JSON body as `application/scim+json`, unless a content type was set before.
    pub fn json(mut self, body: &Value) -> Self {
        self.headers.entry("content-type".to_owned()).or_insert_with(|| SCIM_JSON.to_owned());
        self.body = Some(body.to_string().into_bytes());
        self
    }

    /// Sends this text verbatim; an empty content type leaves the header out.
    pub fn text(mut self, body: &str, content_type: &str) -> Self {
        if !content_type.is_empty() {
            self = self.header("content-type", content_type);
        }
        self.bytes(body.as_bytes())
    }

    /// Sends these bytes verbatim.
    pub fn bytes(mut self, body: &[u8]) -> Self {
        self.body = Some(body.to_vec());
        self
    }

    /// Sends over a plain socket, where nothing is added to what was written.
    pub fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Takes 429 for the answer instead of waiting as long as it asks and sending again.
    pub(crate) fn impatient(mut self) -> Self {
        self.patient = false;
        self
    }

    /// Waits no longer than this for the answer.
    pub(crate) fn within(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// Sends the request; a request target that the HTTP library would rewrite goes over a plain socket.
    pub fn send(mut self) -> Answer {
        let url = self.url();
        let log = self.target.log.clone();
        if let Some(log) = &log {
            if log.is_stopped() {
                skip(INTERRUPTED);
            }
            if self.headers.contains_key("authorization") && !self.target.is_home(&url) {
                // Whoever names an address could have named it to be given the token.
                skip(
                    "the server shows addresses of another host, which R-HTTP-14 tells, and no token goes there",
                );
            }
            if let Some(why) = log.lacks_for(&self.method, &self.path, self.body.as_deref()) {
                skip(&why);
            }
        }
        let received = self.answered(&url);
        let sent = self.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
        if let Some(log) = &log {
            let (method, url, headers) = (self.method.clone(), url.clone(), self.headers.clone());
            let exchange = Exchange { method, url, headers, sent: sent.clone(), received: received.clone() };
            log.write_down(exchange, &self.target.token);
        }
        let Received { status, headers, text } =
            received.unwrap_or_else(|error| panic!("{} {url}: {error}", self.method));
        if let Some(why) = log.as_ref().and_then(|log| log.lacks_after(&self.method, &self.path, status)) {
            skip(&why);
        }
        let answer = Answer { status, headers, text, method: self.method, path: self.path, sent, log };
        answer.note_what_was_made(self.target);
        answer
    }

    /// What comes back, or one sentence why nothing does; nothing is written down.
    pub(crate) fn received(mut self) -> Result<Received, String> {
        let url = self.url();
        self.answered(&url)
    }

    /// The absolute URL; the credentials become a header like the others.
    fn url(&mut self) -> String {
        if let Some(authorization) = self.authorization.take() {
            self.headers.insert("authorization".to_owned(), authorization);
        }
        self.target.url(&self.path)
    }

    /// The answer, after as many repetitions as the server asks for.
    fn answered(&self, url: &str) -> Result<Received, String> {
        for _ in 0..PATIENCE {
            let received = self.exchanged(url)?;
            if received.status != 429 || !self.patient {
                return Ok(received);
            }
            thread::sleep(received.pause().min(LONGEST_PAUSE));
        }
        self.exchanged(url)
    }

    fn exchanged(&self, url: &str) -> Result<Received, String> {
        let transport = Transport::of_process();
        let timeout = self.timeout.unwrap_or(transport.timeout);
        let deadline = Instant::now() + timeout;
        let unchanged = reqwest::Url::parse(url).is_ok_and(|parsed| parsed.as_str() == url);
        if url.starts_with("http://") && (self.plain || !unchanged) {
            return raw::send(&self.method, url, &self.headers, self.body.as_deref(), deadline);
        }
        let method =
            reqwest::Method::from_bytes(self.method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = client()?.request(method, url).timeout(timeout);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let response =
            request.send().map_err(|error| format!("no answer: {}", in_full(&error.without_url())))?;
        received::of_library(response, deadline)
    }
}

/// An error with all its causes.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_against_the_service() {
        let target = Target::new("https://s.example/scim/v2/", "token");
        let all = "https://s.example/scim/v2/Users/1";
        for path in ["/Users/1", "Users/1", "/scim/v2/Users/1", all] {
            assert_eq!(target.url(path), all, "{path}");
        }
        assert_eq!(target.url("?filter=x"), "https://s.example/scim/v2?filter=x");
        assert_eq!(Target::new("https://s.example", "token").url("/Users/1"), "https://s.example/Users/1");
    }

    #[test]
    fn only_the_host_of_the_service_is_home() {
        let target = Target::new("https://s.example/scim/v2", "token");
        for (url, home) in [
            ("https://s.example:443/scim/v1/Users", true),
            ("https://client:word@s.example/scim/v2", true),
            ("http://s.example/scim/v2/Users", false),
            ("https://evil.example/scim/v2/Users", false),
            ("https://s.example.evil.example/", false),
        ] {
            assert_eq!(target.is_home(url), home, "{url}");
        }
        for address in ["https://s.example/scim/v2/Users/7", "/scim/v2/Users/7", "http://10.0.0.1/x/Users/7"]
        {
            assert_eq!(target.below(address), "/Users/7");
        }
    }
}
