//! The help of the console: a chapter for each part of the navigation, which the pages of that part link to.

use std::sync::LazyLock;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::desk::Visitor;
use super::frame::Frame;
use crate::pages::answer::page;
use crate::pages::phrase::{Markup, Slots, markup};

/// The files, by language.
const FILES: [(&str, &str); 2] =
    [("en", include_str!("../../help/en.toml")), ("de", include_str!("../../help/de.toml"))];

static BOOKS: LazyLock<Vec<(&str, Book)>> = LazyLock::new(|| {
    let read = |text: &str| toml::from_str(text).unwrap_or_else(|error| panic!("a book of help: {error}"));
    FILES.iter().map(|(language, text)| (*language, read(text))).collect()
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    chapters: Vec<Chapter>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chapter {
    /// The part of the navigation, as `At` names it.
    id: String,
    title: String,
    text: Vec<String>,
}

impl Chapter {
    fn paragraphs(&self) -> Vec<Markup> {
        self.text.iter().map(|text| markup(text, &Slots::default())).collect()
    }
}

/// All chapters.
#[derive(Template)]
#[template(path = "console/help.html")]
struct Help {
    f: Frame,
    chapters: &'static [Chapter],
}

pub(super) async fn show(visitor: Visitor) -> Response {
    let of = |language| BOOKS.iter().find(|(known, _)| *known == language);
    let book = of(visitor.tongue.code()).or_else(|| of("en"));
    let chapters = book.map_or(&[][..], |(_, book)| &book.chapters[..]);
    page(StatusCode::OK, &Help { f: visitor.frame(), chapters })
}

#[cfg(test)]
mod tests {
    use super::super::frame::At;
    use super::*;

    /// Every part, in the order of the navigation.
    const PARTS: [At; 15] = [
        At::Overview,
        At::Users,
        At::Groups,
        At::Licences,
        At::Permissions,
        At::Connections,
        At::Inspector,
        At::Conflicts,
        At::Brake,
        At::Journal,
        At::Mail,
        At::Administrators,
        At::Preferences,
        At::Settings,
        At::Search,
    ];

    #[test]
    fn every_part_of_the_navigation_has_a_chapter_in_each_language() {
        for (language, book) in &*BOOKS {
            let chapters: Vec<&str> = book.chapters.iter().map(|chapter| chapter.id.as_str()).collect();
            assert_eq!(chapters, PARTS.map(At::as_str), "{language}");
            assert!(book.chapters.iter().all(|chapter| !chapter.text.is_empty()), "{language}");
        }
    }
}
