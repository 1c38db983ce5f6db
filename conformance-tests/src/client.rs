//! The HTTP client: sends what was written, byte by byte, and keeps the answer as it came.
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::Value;

use crate::{Answer, environment, mint, raw};

/// The media type of RFC 7644 §8.1.
const SCIM_JSON: &str = "application/scim+json";
/// How long an answer may take; nothing here is slow, so a hang fails instead of blocking the run.
const TIMEOUT: Duration = Duration::from_mins(1);

static CLIENT: LazyLock<reqwest::blocking::Client> = LazyLock::new(|| {
    reqwest::blocking::Client::builder()
        .timeout(TIMEOUT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("an HTTP client without TLS settings can be built")
});

/// One connection of the server under test: its base URL and a bearer token.
#[derive(Clone, Debug)]
pub struct Target {
    /// Base URL up to and including `/scim/v2`, without a slash at its end.
    pub base: String,
    /// Bearer token, as it goes into the `Authorization` header.
    pub token: String,
}

impl Target {
    /// The shared connection of profile `strict`, as `SCIM_URL` and `SCIM_TOKEN` name it.
    pub fn from_env() -> Target {
        Target { base: environment::base(), token: environment::token() }
    }

    /// A new tenant with one connection of this profile and a token for it.
    pub fn fresh(profile: &str) -> Target {
        Target::fresh_with(profile, &[], &[])
    }

    /// As [`Target::fresh`], with quirks switched on and off.
    pub fn fresh_with(profile: &str, with: &[&str], without: &[&str]) -> Target {
        mint::target(profile, with, without)
    }

    /// Another tenant's `strict` connection on the same server.
    pub fn sibling(&self) -> Target {
        Target { base: self.base.clone(), ..Target::fresh("strict") }
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

    /// A request to be completed; `path` follows the base URL as it is, or is an absolute `http` URL.
    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        Request {
            target: self,
            method: method.to_owned(),
            path: path.to_owned(),
            authorization: Some(format!("Bearer {}", self.token)),
            headers: BTreeMap::from([("accept".to_owned(), SCIM_JSON.to_owned())]),
            body: None,
            plain: false,
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

    /// Sends the request; a request target that the HTTP library would rewrite goes over a plain socket.
    pub fn send(mut self) -> Answer {
        if let Some(authorization) = self.authorization.take() {
            self.headers.insert("authorization".to_owned(), authorization);
        }
        let url = if self.path.starts_with("http://") {
            self.path.clone()
        } else {
            format!("{}{}", self.target.base, self.path)
        };
        let unchanged = reqwest::Url::parse(&url).is_ok_and(|parsed| parsed.as_str() == url);
        let plain = !url.starts_with("https://") && (self.plain || !unchanged);
        let (status, headers, text) = if plain {
            raw::send(&self.method, &url, &self.headers, self.body.as_deref(), TIMEOUT)
        } else {
            self.send_with_library(&url)
        };
        let sent = self.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
        Answer { status, headers, text, method: self.method, path: self.path, sent }
    }

    fn send_with_library(&self, url: &str) -> (u16, BTreeMap<String, String>, String) {
        let method = reqwest::Method::from_bytes(self.method.as_bytes()).expect("a method is a token");
        let mut request = CLIENT.request(method, url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let response =
            request.send().unwrap_or_else(|error| panic!("{} {url}: no answer: {error:?}", self.method));
        let status = response.status().as_u16();
        let mut headers = BTreeMap::new();
        for (name, value) in response.headers() {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.insert(name.as_str().to_owned(), value);
        }
        let body = response.bytes().unwrap_or_else(|error| panic!("{} {url}: cut off: {error}", self.method));
        (status, headers, String::from_utf8_lossy(&body).into_owned())
    }
}
