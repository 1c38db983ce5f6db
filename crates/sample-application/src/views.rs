//! The pages as templates with typed contexts: one struct a page, one file in `templates` each.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;

use crate::pin::Fault;
use crate::rollcall::{Device, Person, Refused};
use crate::session::Sending;

/// The beginning: asks for the address of the person and the device.
#[derive(Debug, Default, Template)]
#[template(path = "welcome.html")]
pub(crate) struct Welcome {
    pub(crate) address: String,
    pub(crate) device: String,
    pub(crate) platform: String,
    /// What is wrong with what was typed.
    pub(crate) error: Option<String>,
    /// Why the person is here again.
    pub(crate) notice: Option<&'static str>,
    pub(crate) mailbox: bool,
}

/// Where the application runs.
const PLATFORMS: [&str; 5] = ["Windows 11", "macOS 15", "Linux", "Android 16", "iOS 26"];

/// The entry of the code.
#[derive(Debug, Template)]
#[template(path = "code.html")]
pub(crate) struct Code {
    pub(crate) address: String,
    pub(crate) sending: Sending,
    pub(crate) typed: String,
    /// What is wrong with what was typed, as Rollcall tells it.
    pub(crate) error: Option<String>,
    /// Whether no code counts any more.
    pub(crate) ended: bool,
    pub(crate) mailbox: bool,
}

/// The entry of the PIN.
#[derive(Debug, Template)]
#[template(path = "pin.html")]
pub(crate) struct Pin {
    /// Under which name a browser keeps it.
    pub(crate) address: String,
    pub(crate) fault: Option<Fault>,
    /// Whether a restore follows.
    pub(crate) back: bool,
}

/// The question whether what was there before is restored.
#[derive(Debug, Template)]
#[template(path = "restore.html")]
pub(crate) struct Restore;

/// The person is in.
#[derive(Debug, Template)]
#[template(path = "done.html")]
pub(crate) struct Done {
    pub(crate) person: Person,
    pub(crate) devices: Vec<Device>,
    /// The reference of this device.
    pub(crate) this: String,
}

impl Done {
    fn permissions(&self) -> Vec<(&String, String)> {
        let said = |value: &serde_json::Value| match value.as_str() {
            Some(word) => word.to_owned(),
            None => value.to_string(),
        };
        self.person.permissions.iter().map(|(name, value)| (name, said(value))).collect()
    }

    fn last_used(&self) -> String {
        self.person.last_used_at.as_ref().map_or_else(|| "never".to_owned(), moment)
    }
}

/// The person is not let in.
#[derive(Debug, Template)]
#[template(path = "closed.html")]
pub(crate) struct Closed {
    title: &'static str,
    text: &'static str,
    waiting: Vec<String>,
}

impl Closed {
    pub(crate) fn new(person: &Person) -> Self {
        let (title, text) = match person.status.as_str() {
            "no-licence" if !person.waiting.is_empty() => (
                "You are on the waiting list",
                "All licences are taken. An e-mail invites you when one is free.",
            ),
            "no-licence" => (
                "You have no licence yet",
                "Your organisation has not given you a licence for Latchkey. No code was sent.",
            ),
            "suspended" => (
                "Your access is paused",
                "Your organisation has switched your account off. Your licence is kept for some days: if it comes \
                 back by then, nothing is lost.",
            ),
            "deactivated" => (
                "Your access is switched off",
                "Your organisation has ended your access. If it comes back, an e-mail invites you, and your backup \
                 file brings your passwords back.",
            ),
            _ => ("You have no access", "Your organisation does not let you in at the moment."),
        };
        Self { title, text, waiting: person.waiting.clone() }
    }
}

/// Something failed: the page says what, and what to do.
#[derive(Debug, Template)]
#[template(path = "trouble.html")]
struct Failed {
    title: &'static str,
    text: String,
}

/// Why there is no other page.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Another address of this machine was used.
    Elsewhere,
    /// A page of another site sent the form.
    Foreign,
    /// The form is too large.
    Large,
    /// What was sent is none of our forms.
    NoForm,
    /// There is no such page.
    NotFound,
    /// There is a page, and it is asked in another way.
    Method,
    /// Rollcall refuses, or does not answer.
    Refused(Refused),
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (status, title, text) = match self {
            Self::Elsewhere => (
                StatusCode::MISDIRECTED_REQUEST,
                "Wrong address",
                "Open the address that the demo has printed.",
            ),
            Self::Foreign => (
                StatusCode::FORBIDDEN,
                "The form did not come from this page",
                "Another site sent it, so nothing was done.",
            ),
            Self::Large => (StatusCode::PAYLOAD_TOO_LARGE, "Too much was sent", "Nothing was done with it."),
            Self::NoForm => (
                StatusCode::BAD_REQUEST,
                "The form was not understood",
                "Nothing was done. Go back to the beginning and send it from there.",
            ),
            Self::NotFound => {
                (StatusCode::NOT_FOUND, "This page does not exist", "The application has one page.")
            }
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "This page cannot be used like that",
                "Go back to the beginning.",
            ),
            Self::Refused(refused) => return told(&refused),
        };
        page(status, &Failed { title, text: text.to_owned() })
    }
}

/// What Rollcall said, as a page.
fn told(refused: &Refused) -> Response {
    let (status, title, text) = match refused {
        Refused::Silent => (
            StatusCode::BAD_GATEWAY,
            "Rollcall does not answer",
            "Nothing is lost. Try again in a moment.".to_owned(),
        ),
        Refused::Strange => {
            (StatusCode::BAD_GATEWAY, "Rollcall was not understood", "Nothing is lost.".to_owned())
        }
        Refused::Problem(problem) if matches!(problem.status, 401 | 403) => (
            StatusCode::BAD_GATEWAY,
            "Rollcall does not know this application",
            "Its token is not accepted. Whoever runs the application has to give it another one.".to_owned(),
        ),
        Refused::Problem(problem) => {
            let status = StatusCode::from_u16(problem.status).ok().filter(|status| status.as_u16() >= 400);
            let status = status.unwrap_or(StatusCode::BAD_GATEWAY);
            (status, "Rollcall refuses this", problem.detail.clone())
        }
    };
    page(status, &Failed { title, text })
}

/// A page with its status.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A moment as a person would write it.
pub(crate) fn moment(at: &DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}
