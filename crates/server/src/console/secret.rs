//! A secret that was made just now and is shown this once: a token, the key of a webhook, the link of an administrator.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::desk::Desk;
use super::frame::{At, Frame};
use crate::http::error::Failure;
use crate::pages::answer::page;

/// The page.
#[derive(Template)]
#[template(path = "console/secret.html")]
struct Shown {
    f: Frame,
    s: Made,
}

/// What was made.
pub(super) struct Made {
    pub(super) title: String,
    /// What the secret is.
    pub(super) label: String,
    pub(super) secret: String,
    /// How long it counts, and what to do with it.
    pub(super) help: String,
    /// Where the way back leads, and what that page is called.
    pub(super) back: (String, String),
}

impl Made {
    /// The answer that shows it.
    pub(super) async fn shown(self, desk: &Desk, at: At) -> Result<Response, Failure> {
        Ok(page(StatusCode::OK, &Shown { f: desk.frame(at).await?, s: self }))
    }
}
