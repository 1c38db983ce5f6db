//! The mailboxes of the demo as a page: no part of the application, and only there because the people are invented.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::mail::Mail;
use crate::views::{Trouble, page};

/// The most mails that are shown.
const MOST: usize = 10;

/// Whose mailbox is opened.
#[derive(Deserialize)]
pub(crate) struct Whose {
    #[serde(default)]
    address: String,
}

#[derive(Template)]
#[template(path = "mailbox.html")]
struct Opened {
    address: String,
    /// Newest first.
    mails: Vec<Shown>,
}

struct Shown {
    subject: String,
    paragraphs: Vec<Vec<Piece>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Words(String),
    Link(String),
    Break,
}

/// Shows the newest mails to an address.
pub(crate) async fn mailbox(
    State(state): State<Arc<crate::State>>,
    Query(whose): Query<Whose>,
) -> Result<Response, Trouble> {
    let mailbox = state.mailbox.as_ref().ok_or(Trouble::NotFound)?;
    let address = whose.address.trim().to_owned();
    let mails = if address.is_empty() { Vec::new() } else { mailbox(&address) };
    let mails = mails.iter().rev().take(MOST).map(|raw| {
        let Mail { subject, text } = Mail::read(raw);
        Shown { subject, paragraphs: text.trim().split("\n\n").map(pieces).collect() }
    });
    Ok(page(StatusCode::OK, &Opened { mails: mails.collect(), address }))
}

/// A paragraph with its links; only addresses on the web become some.
fn pieces(paragraph: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (number, line) in paragraph.trim_matches('\n').lines().enumerate() {
        if number > 0 {
            pieces.push(Piece::Break);
        }
        for word in line.split_inclusive(char::is_whitespace) {
            if word.starts_with("http://") || word.starts_with("https://") {
                pieces.push(Piece::Link(word.trim_end().to_owned()));
                pieces.push(Piece::Words(" ".to_owned()));
            } else if let Some(Piece::Words(before)) = pieces.last_mut() {
                before.push_str(word);
            } else {
                pieces.push(Piece::Words(word.to_owned()));
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_on_the_web_become_links() {
        let words = |text: &str| Piece::Words(text.to_owned());
        let link = Piece::Link("http://a.example/x?y".to_owned());
        assert_eq!(
            pieces("Open http://a.example/x?y now\njavascript:alert(1) data:x\n"),
            [words("Open "), link, words(" now"), Piece::Break, words("javascript:alert(1) data:x")]
        );
        assert_eq!(pieces(""), []);
    }
}
