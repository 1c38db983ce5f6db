//! From content and templates to a letter.

use minijinja::Value;

use crate::content::Content;
use crate::engine::{self, Escape};
use crate::error::{Fault, Part, TemplateError};
use crate::html::{self, Depth};
use crate::sections::Sections;
use crate::tidy::{LONGEST_SUBJECT, one_line};
use crate::values::{Values, values};
use crate::wrap::wrap;
use crate::{Kind, Language};

const FRAME: &str = include_str!("../templates/frame.html");

/// A letter to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// One line without control characters, of at most 200 characters.
    pub subject: String,
    /// The text: lines end with `\n`, prose is wrapped at 76 columns.
    pub text: String,
    /// A whole HTML document in UTF-8, which fetches nothing.
    pub html: String,
}

/// A tenant's own templates for one kind and language. What is left out is ours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Override {
    /// The subject.
    pub subject: Option<String>,
    /// The text; the small print below it stays ours.
    pub text: Option<String>,
    /// The HTML inside our frame; the small print below it stays ours.
    pub html: Option<String>,
}

/// Our own templates for a kind, to begin an [`Override`] with.
#[must_use]
pub fn original(language: Language, kind: Kind) -> Override {
    let ours = Sections::of(language, kind);
    Override {
        subject: Some(ours.subject.to_owned()),
        text: Some(ours.text.to_owned()),
        html: Some(ours.html.to_owned()),
    }
}

/// Writes a letter. It always ends, within milliseconds.
///
/// # Errors
///
/// When a template of the tenant cannot be used; [`crate::check`] finds the same before it is saved.
pub fn render(
    language: Language,
    content: &Content,
    own: Option<&Override>,
) -> Result<Letter, TemplateError> {
    let ours = Sections::of(language, content.kind());
    let mut values = values(language, content);
    let own_subject = own.and_then(|own| own.subject.as_deref());
    let own_text = own.and_then(|own| own.text.as_deref());
    let own_html = own.and_then(|own| own.html.as_deref());

    let subject =
        plain(own_subject.unwrap_or(ours.subject), &values).map_err(|f| f.in_part(Part::Subject))?;
    let subject = one_line(&subject, LONGEST_SUBJECT);
    if subject.is_empty() {
        return Err(Fault::new(1, "the subject is empty: write one").in_part(Part::Subject));
    }
    let text = text(language, own_text.unwrap_or(ours.text), ours.text_foot, &values);
    let text = text.map_err(|fault| fault.in_part(Part::Text))?;
    let in_html = |fault: Fault| fault.in_part(Part::Html);

    // Lists of mails show the beginning of a body that is not ours.
    let preheader = if own_html.is_some() { "" } else { ours.preheader };
    let preheader = one_line(&plain(preheader, &values).map_err(in_html)?, LONGEST_SUBJECT);
    let body = fragment(own_html.unwrap_or(ours.html), &values).map_err(in_html)?;
    let foot = fragment(ours.html_foot, &values).map_err(in_html)?;
    let help = fragment(language.help().0, &values).map_err(in_html)?;
    values.insert("initials", Value::from(initials(&content.sender.organisation)));
    values.insert("language", Value::from(language.as_str()));
    values.insert("subject", Value::from(subject.as_str()));
    values.insert("preheader", Value::from(preheader));
    values.insert("body", Value::from_safe_string(body));
    values.insert("foot", Value::from_safe_string(format!("{foot}\n{help}")));
    let html = engine::render(FRAME, Escape::Html, &values).map_err(in_html)?;
    Ok(Letter { subject, text, html })
}

fn plain(source: &str, values: &Values) -> Result<String, Fault> {
    engine::render(source, Escape::Nothing, values)
}

/// The text with everything below it.
fn text(language: Language, body: &str, foot: &str, values: &Values) -> Result<String, Fault> {
    let body = plain(body, values)?;
    let below = [foot, language.help().1, "--\n{{ organisation }}"].map(|source| plain(source, values));
    let [foot, help, signature] = below;
    Ok(wrap(&[body, foot?, help?, signature?].join("\n\n")))
}

/// A piece of HTML that has been looked at and has our styles.
fn fragment(source: &str, values: &Values) -> Result<String, Fault> {
    let html = engine::render(source, Escape::Html, values)?;
    html::scan(&html, Depth::Nesting)?;
    Ok(html::dress(&html))
}

/// The sign of an organisation: the first letters of its first two words.
fn initials(organisation: &str) -> String {
    let words = organisation.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    words.take(2).flat_map(char::to_uppercase).collect()
}
