//! The HTTP client of a played identity provider: every answer is compared with the one that the product needs.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail, ensure};
use chrono::TimeDelta;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use server::Clock;

/// How a product writes a space in a query.
#[derive(Clone, Copy)]
pub(super) enum Space {
    Plus,
    Percent20,
}

/// One connection's view of the server.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
    space: Space,
    clock: Clock,
    requests: AtomicU64,
}

impl Client {
    /// A client of the SCIM base URL `base` (without a slash at its end) with a bearer token, and with the clock that
    /// goes on by a second with each request.
    pub(super) fn new(base: String, token: String, space: Space, clock: Clock) -> Result<Self> {
        let http = reqwest::Client::builder().build().context("no HTTP client can be made")?;
        Ok(Self { http, base, token, space, clock, requests: AtomicU64::new(0) })
    }

    /// How many requests were sent.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Reads; the answer must be 200.
    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None, StatusCode::OK).await
    }

    /// Creates; the answer must be 201 with an id, which is handed back.
    pub(super) async fn create(&self, path: &str, body: &Value) -> Result<String> {
        let created = self.send(Method::POST, path, Some(body), StatusCode::CREATED).await?;
        let id = created["id"].as_str();
        id.map(str::to_owned).with_context(|| format!("POST {path} was answered without an id: {created}"))
    }

    /// Tries to create what another connection has under this name; the answer must be 409.
    pub(super) async fn create_in_vain(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::POST, path, Some(body), StatusCode::CONFLICT).await
    }

    /// Replaces; the answer must be 200.
    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(Method::PUT, path, Some(body), StatusCode::OK).await
    }

    /// Changes; the answer must have the status that the product expects.
    pub(super) async fn patch(&self, path: &str, body: &Value, expected: StatusCode) -> Result<Value> {
        self.send(Method::PATCH, path, Some(body), expected).await
    }

    /// Deletes; the answer must be 204.
    pub(super) async fn delete(&self, path: &str) -> Result<()> {
        self.send(Method::DELETE, path, None, StatusCode::NO_CONTENT).await.map(drop)
    }

    /// Looks one resource up: its id, or none. More than one is an error.
    pub(super) async fn look_up(&self, path: &str, filter: &str, more: &str) -> Result<Option<String>> {
        let path = format!("{path}?{more}filter={}", encode(filter, self.space));
        let found = self.get(&path).await?;
        match found["totalResults"].as_u64() {
            Some(0) => Ok(None),
            Some(1) => {
                let id = found["Resources"][0]["id"].as_str();
                id.map(|id| Some(id.to_owned()))
                    .with_context(|| format!("GET {path} found one without an id: {found}"))
            }
            _ => bail!("GET {path} should find one at most, and found: {found}"),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        expected: StatusCode,
    ) -> Result<Value> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.clock.advance(TimeDelta::seconds(1));
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.base))
            .header(AUTHORIZATION, format!("Bearer {}", self.token));
        if let Some(body) = body {
            request =
                request.header(CONTENT_TYPE, "application/scim+json; charset=utf-8").body(body.to_string());
        }
        let answer = request.send().await.with_context(|| format!("{method} {path} was not answered"))?;
        let status = answer.status();
        let text = answer.text().await.with_context(|| format!("{method} {path}: the answer breaks off"))?;
        ensure!(status == expected, "{method} {path} was answered {status} instead of {expected}: {text}");
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text)
            .with_context(|| format!("{method} {path} was not answered with JSON: {text}"))
    }
}

/// A query value, percent-encoded but for what RFC 3986 §2.3 leaves unreserved.
pub(super) fn encode(value: &str, space: Space) -> String {
    let mut encoded = String::with_capacity(value.len() * 2);
    for byte in value.bytes() {
        match (byte, space) {
            (b' ', Space::Plus) => encoded.push('+'),
            (b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~', _) => {
                encoded.push(char::from(byte));
            }
            _ => encoded.extend(['%', hexadecimal(byte >> 4), hexadecimal(byte & 15)]),
        }
    }
    encoded
}

fn hexadecimal(digit: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(digit)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_written_as_the_products_write_them() {
        let filter = "userName eq \"zoë@a.example\"";
        assert_eq!(encode(filter, Space::Plus), "userName+eq+%22zo%C3%AB%40a.example%22");
        assert_eq!(encode(filter, Space::Percent20), "userName%20eq%20%22zo%C3%AB%40a.example%22");
    }
}
