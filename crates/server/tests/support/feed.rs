//! A receiver of a stream: it sets the stream up with a token of the application, asks for tokens and reads them as others do.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use operations::api_tokens;
use serde_json::{Value, json};

use super::{Answer, Client, TestApp};

/// What the URIs of events begin with.
pub(crate) const EVENT: &str = "urn:ietf:params:scim:event:";

/// A receiver of a stream.
pub(crate) struct Feed {
    pub(crate) application: Client,
    pub(crate) stream: String,
}

impl Feed {
    /// A stream of this configuration, which the receiver polls if it says nothing else.
    pub(crate) async fn open(app: &TestApp, configuration: Value) -> Self {
        let application = application(app, &app.tenant, &["streams:write"]).await;
        let created = ssf(&application, "POST", "/stream", Some(&configuration)).await.expect(201);
        let stream = created.body["stream_id"].as_str().expect("an id").to_owned();
        Self { application, stream }
    }

    /// One answer to a question for tokens.
    pub(crate) async fn poll(&self, body: Value) -> Answer {
        ssf(&self.application, "POST", &format!("/poll/{}", self.stream), Some(&body)).await
    }

    /// The next tokens, acknowledged, until there were so many: transactions of other tests on the same server may hold changes
    /// back.
    pub(crate) async fn until(&self, many: usize) -> Vec<Value> {
        let (mut read, mut ack) = (Vec::new(), json!([]));
        loop {
            let body = json!({ "returnImmediately": true, "ack": ack });
            let sets = self.poll(body).await.expect(200).body["sets"].take();
            let sets = sets.as_object().cloned().expect("an object");
            ack = sets.keys().map(String::as_str).collect();
            read.extend(sets.values().map(|token| claims(token.as_str().expect("a token"))));
            if read.len() >= many && sets.is_empty() {
                return read;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// A client with a token of the application of a tenant.
pub(crate) async fn application(app: &TestApp, tenant: &str, scopes: &[&str]) -> Client {
    let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let operator = app.admin.operator("test");
    let created = api_tokens::create(app.admin.db(), &operator, tenant, ("receiver", &scopes), None).await;
    app.nobody().with_token(created.expect("a new token").token)
}

/// Asks one of the endpoints of streams.
pub(crate) async fn ssf(client: &Client, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let headers = [("content-type", "application/json")];
    client.send(method, &format!("/api/v1/ssf{path}"), &headers, body.map(Value::to_string)).await
}

/// What a token says; its signature is not looked at.
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

/// A part of a token, read.
pub(crate) fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).expect("a part");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

/// The ends of the URIs of a token's events.
pub(crate) fn happened(claims: &Value) -> Vec<String> {
    let events = claims["events"].as_object().expect("events");
    events.keys().map(|uri| uri.strip_prefix(EVENT).unwrap_or(uri).to_owned()).collect()
}

/// The payload of an event of a token.
pub(crate) fn payload<'c>(claims: &'c Value, end: &str) -> &'c Value {
    let events = claims["events"].as_object().expect("events");
    events.get(&format!("{EVENT}{end}")).unwrap_or_else(|| panic!("no {end} in {claims}"))
}
