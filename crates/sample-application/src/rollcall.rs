//! Rollcall as an application sees it: the requests to `/api/v1`, and what may come of them.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thiserror::Error;

/// How long an answer may take; the person waits for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The version that this application says it has.
const VERSION: &str = "7.1.0";

/// A client of the API.
pub struct Rollcall {
    http: reqwest::Client,
    api: String,
    token: String,
}

/// A person, and whether the application lets the person in.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The person's id at Rollcall.
    pub id: String,
    /// The name with which the person signs in.
    pub user_name: String,
    /// The status of the enrolment, such as `active`.
    pub status: String,
    /// The steps that were taken.
    pub steps: Vec<Step>,
    pub(crate) access: bool,
    pub(crate) missing_steps: Vec<String>,
    pub(crate) restore_owed: bool,
    pub(crate) last_used_at: Option<DateTime<Utc>>,
    pub(crate) seats: Vec<String>,
    pub(crate) waiting: Vec<String>,
    #[serde(default)]
    pub(crate) permissions: BTreeMap<String, Value>,
}

/// A step of an enrolment that was taken.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// Its name, such as `pin-set`.
    pub step: String,
}

/// A page of people.
#[derive(Clone, Debug, Deserialize)]
pub struct People {
    /// How many there are in all.
    pub total: usize,
    /// Those of the page.
    pub items: Vec<Person>,
}

/// A code that was sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// The address, most of it hidden.
    pub(crate) address: String,
    pub(crate) expires_at: DateTime<Utc>,
}

/// A device of a person.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    pub(crate) reference: String,
    pub(crate) name: String,
    pub(crate) platform: String,
    pub(crate) seen_at: DateTime<Utc>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Devices {
    items: Vec<Device>,
}

/// Why a request came to nothing.
#[derive(Debug, Error)]
pub enum Refused {
    /// There was no answer.
    #[error("Rollcall does not answer")]
    Silent,
    /// There was an answer that is none of the API's.
    #[error("Rollcall gave an answer that this application does not understand")]
    Strange,
    /// Rollcall says why, in the form of RFC 9457.
    #[error("{}", .0.detail)]
    Problem(Problem),
}

/// A refusal as Rollcall tells it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    #[serde(rename = "type")]
    kind: String,
    pub(crate) status: u16,
    /// Why, as a sentence.
    pub(crate) detail: String,
    /// How often the code may still be tried.
    pub(crate) tries_left: Option<u32>,
}

impl Problem {
    /// Whether the problem is of this kind, such as `wrong-code`.
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind.strip_prefix("urn:rollcall:problem:") == Some(kind)
    }
}

impl Rollcall {
    /// A client of the API at an address, such as `http://127.0.0.1:8080/api/v1`, with a token.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(api: String, token: String) -> reqwest::Result<Self> {
        let http =
            reqwest::Client::builder().timeout(PATIENCE).redirect(Policy::none()).no_proxy().build()?;
        Ok(Self { http, api, token })
    }

    /// The person who has this e-mail address.
    pub(crate) async fn person_at(&self, address: &str) -> Result<Person, Refused> {
        let url = Url::parse_with_params(&format!("{}/entitlement", self.api), [("email", address)]);
        self.ask(Method::GET, url.map_err(|_| Refused::Silent)?, None).await
    }

    pub(crate) async fn person(&self, id: &str) -> Result<Person, Refused> {
        self.ask(Method::GET, self.url(&format!("/people/{id}"))?, None).await
    }

    /// The people who match a SCIM filter (RFC 7644 §3.4.2.2), from the one of this number on; the first has 1.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn people(&self, filter: &str, start: usize) -> Result<People, Refused> {
        let parameters = [("filter", filter), ("startIndex", &start.to_string())];
        let url = Url::parse_with_params(&format!("{}/people", self.api), parameters);
        self.ask(Method::GET, url.map_err(|_| Refused::Silent)?, None).await
    }

    /// Registers a device, with its name and platform, under the application's own reference for it.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn register(
        &self,
        id: &str,
        reference: &str,
        (name, platform): (&str, &str),
    ) -> Result<(), Refused> {
        let device = json!({ "name": name, "platform": platform, "appVersion": VERSION });
        let path = self.url(&format!("/people/{id}/devices/{reference}"))?;
        self.ask::<Device>(Method::PUT, path, Some(device)).await.map(drop)
    }

    /// Has a code sent, for a device of this name.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn send_code(&self, id: &str, device: &str) -> Result<Sent, Refused> {
        let path = self.url(&format!("/people/{id}/code"))?;
        self.ask(Method::POST, path, Some(json!({ "device": device }))).await
    }

    /// Has a code checked that the person typed.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn check_code(&self, id: &str, code: &str) -> Result<Person, Refused> {
        let path = self.url(&format!("/people/{id}/code/check"))?;
        self.ask(Method::POST, path, Some(json!({ "code": code }))).await
    }

    /// Reports a step that the person has taken.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn report(&self, id: &str, step: &str) -> Result<Person, Refused> {
        let path = self.url(&format!("/people/{id}/steps"))?;
        self.ask(Method::POST, path, Some(json!({ "step": step }))).await
    }

    /// The devices that are not revoked.
    pub(crate) async fn devices(&self, id: &str) -> Result<Vec<Device>, Refused> {
        let path = self.url(&format!("/people/{id}/devices"))?;
        let mut devices = self.ask::<Devices>(Method::GET, path, None).await?.items;
        devices.retain(|device| device.revoked_at.is_none());
        Ok(devices)
    }

    /// Reports that the person used the application on a device.
    pub(crate) async fn seen(&self, id: &str, reference: &str, at: DateTime<Utc>) -> Result<(), Refused> {
        let sighting = json!([{ "person": id, "device": reference, "at": at }]);
        self.send(Method::POST, self.url("/seen")?, Some(sighting)).await.map(drop)
    }

    fn url(&self, path: &str) -> Result<Url, Refused> {
        Url::parse(&format!("{}{path}", self.api)).map_err(|_| Refused::Silent)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<Value>,
    ) -> Result<T, Refused> {
        let answer = self.send(method, url, body).await?;
        serde_json::from_slice(&answer).map_err(|_| Refused::Strange)
    }

    async fn send(&self, method: Method, url: Url, body: Option<Value>) -> Result<Vec<u8>, Refused> {
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.map_err(|_| Refused::Silent)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|_| Refused::Silent)?.to_vec();
        match status {
            StatusCode::OK | StatusCode::ACCEPTED | StatusCode::NO_CONTENT => Ok(body),
            _ => Err(serde_json::from_slice(&body).map_or(Refused::Strange, Refused::Problem)),
        }
    }
}
