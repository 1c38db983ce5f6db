//! Looks at the templates of a tenant before they are saved.

use crate::error::{Fault, Part, TemplateError};
use crate::guard::{self, Tag, TagKind, Token};
use crate::html::{self, Depth};
use crate::names;
use crate::render::{Override, render};
use crate::sample::samples;
use crate::variable::variables;
use crate::{Kind, Language};

/// How long the template of a subject may be, in characters.
const LONGEST_SUBJECT_TEMPLATE: usize = 500;
/// Stands for a value in HTML that is looked at without values; it can be no part of an element's name.
const SOME_VALUE: &str = "\u{FFFC}";

/// Finds what is wrong with templates: what is not complete, variables that the kind does not have, variables that may be
/// empty and are not asked for, elements that do not belong into a mail, what is too long. Whatever passes renders with
/// samples of every content of the kind; one that asks for a value which no sample has can still fail.
///
/// # Errors
///
/// The first thing that is wrong, with its part and its line.
pub fn check(kind: Kind, own: &Override) -> Result<(), TemplateError> {
    let parts = [(Part::Subject, &own.subject), (Part::Text, &own.text), (Part::Html, &own.html)];
    for (part, source) in parts {
        if let Some(source) = source {
            check_part(kind, part, source).map_err(|fault| fault.in_part(part))?;
        }
    }
    for content in samples(kind) {
        render(Language::DEFAULT, &content, Some(own))?;
    }
    Ok(())
}

fn check_part(kind: Kind, part: Part, source: &str) -> Result<(), Fault> {
    if part == Part::Subject && source.chars().count() > LONGEST_SUBJECT_TEMPLATE {
        let message = format!("this is longer than {LONGEST_SUBJECT_TEMPLATE} characters: shorten it");
        return Err(Fault::new(1, message));
    }
    if source.trim().is_empty() {
        return Err(Fault::new(1, "this is empty: write something, or leave it to the original"));
    }
    let tags = guard::tags(source)?;
    names::check(kind, &tags)?;
    if part == Part::Html { html::scan(&without_tags(kind, source, &tags), Depth::Elements) } else { Ok(()) }
}

/// The source with something harmless in place of each tag, line by line as before.
fn without_tags(kind: Kind, source: &str, tags: &[Tag<'_>]) -> String {
    let mut bare = String::with_capacity(source.len());
    let mut at = 0;
    for tag in tags {
        bare.push_str(&source[at..tag.range.start]);
        let is_link =
            |word: &str| variables(kind).iter().any(|variable| variable.link && variable.name == word);
        bare.push_str(match (tag.kind, tag.tokens.as_slice()) {
            (TagKind::Expression, [Token::Word(word)]) if is_link(word) => "https://link",
            (TagKind::Expression, _) => SOME_VALUE,
            _ => "",
        });
        bare.extend(source[tag.range.clone()].chars().filter(|c| *c == '\n'));
        at = tag.range.end;
    }
    bare.push_str(&source[at..]);
    bare
}
