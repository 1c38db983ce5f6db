//! The application of the demo, a client of `/api/v1`: people install it, type the code from the mail and set a PIN.

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use reqwest::header::AUTHORIZATION;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::Clock;

use super::client::{Space, encode};
use super::mailbox::Mailbox;

/// Devices that people have.
const DEVICES: [(&str, &str); 4] =
    [("laptop", "Windows 11"), ("notebook", "macOS 15"), ("phone", "Android 16"), ("desktop", "Linux")];

/// The application.
pub(super) struct Application {
    http: reqwest::Client,
    base: String,
    token: String,
    clock: Clock,
}

/// A person as the application knows the person.
pub(super) struct Person {
    id: String,
    address: String,
}

/// Where the API of the server is whose SCIM base URL this is.
pub(super) fn api(scim_url: &str) -> Result<String> {
    let site = scim_url.strip_suffix("/scim/v2").context("the base URL has no SCIM endpoint")?;
    Ok(format!("{site}/api/v1"))
}

impl Person {
    /// The person's `userName`, which is the address here.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Whether this is the person's `userName`.
    pub(super) fn is_called(&self, user_name: &str) -> bool {
        self.address.eq_ignore_ascii_case(user_name)
    }
}

impl Application {
    /// A client of the API at this address.
    pub(super) fn new(api: String, token: &str, clock: Clock) -> Result<Self> {
        let http = reqwest::Client::builder().build().context("no HTTP client can be made")?;
        Ok(Self { http, base: api, token: token.to_owned(), clock })
    }

    /// The people whose invitation has arrived and who have not begun, by name.
    pub(super) async fn invited(&self) -> Result<Vec<Person>> {
        let (mut people, mut start) = (Vec::new(), 1);
        loop {
            let page = self.pending(&format!("startIndex={start}")).await?;
            let items = page["items"].as_array().context("a page of people")?;
            let invited = |person: &&Value| person["steps"].as_array().is_some_and(|steps| steps.len() == 1);
            for person in items.iter().filter(invited) {
                let text = |name: &str| person[name].as_str().map(str::to_owned);
                let (id, address) = text("id").zip(text("userName")).context("a person with a name")?;
                people.push(Person { id, address });
            }
            start += items.len();
            if items.is_empty() || start > usize::try_from(page["total"].as_u64().unwrap_or(0))? {
                people.sort_unstable_by(|one, other| one.address.cmp(&other.address));
                return Ok(people);
            }
        }
    }

    /// How many people are pending and have no invitation yet.
    pub(super) async fn awaiting(&self) -> Result<u64> {
        let pending = self.pending("count=0").await?["total"].as_u64().context("how many they are")?;
        Ok(pending.saturating_sub(self.invited().await?.len() as u64))
    }

    async fn pending(&self, part: &str) -> Result<Value> {
        let filter = "urn:rollcall:params:scim:schemas:extension:enrolment:1.0:User:status eq \"pending\"";
        let path = format!("/people?{part}&filter={}", encode(filter, Space::Plus));
        self.send(Method::GET, &path, None, StatusCode::OK).await
    }

    /// A person installs the application: it registers the device, has a code sent, checks what the person types, and reports
    /// that the PIN is set. The person is active then.
    pub(super) async fn installed_by(&self, person: &Person, mailbox: &Mailbox) -> Result<()> {
        let (id, address) = (&person.id, &person.address);
        let (kind, platform) = DEVICES[address.len() % DEVICES.len()];
        let name = format!("{}-{kind}", address.split(['.', '@']).next().unwrap_or_default());
        let device = json!({ "name": name, "platform": platform, "appVersion": "7.1.0" });
        let path = format!("/people/{id}/devices/{kind}-1");
        self.send(Method::PUT, &path, Some(&device), StatusCode::OK).await?;
        let asked = json!({ "device": name });
        self.send(Method::POST, &format!("/people/{id}/code"), Some(&asked), StatusCode::ACCEPTED).await?;
        let code = mailbox.newest(address, code_in).await?;
        let path = format!("/people/{id}/code/check");
        self.send(Method::POST, &path, Some(&json!({ "code": code })), StatusCode::OK).await?;
        let step = json!({ "step": "pin-set" });
        let person =
            self.send(Method::POST, &format!("/people/{id}/steps"), Some(&step), StatusCode::OK).await?;
        ensure!(person["status"] == "active", "a person who has taken every step is {}", person["status"]);
        Ok(())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        expected: StatusCode,
    ) -> Result<Value> {
        self.clock.advance(TimeDelta::seconds(1));
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        request = request.header(AUTHORIZATION, format!("Bearer {}", self.token));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.with_context(|| format!("{method} {path} was not answered"))?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status == expected, "{method} {path} was answered {status} instead of {expected}: {text}");
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }
}

/// The code in the subject of a mail.
fn code_in(line: &str) -> Option<String> {
    let subject = line.strip_prefix("Subject: ")?;
    let code: String = subject.split(' ').take(2).collect();
    (code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}
