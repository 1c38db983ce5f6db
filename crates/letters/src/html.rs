//! HTML of mails: which elements and attributes may stand in it, and how a value is escaped.

use crate::error::Fault;
use crate::link::SCHEMES;

mod dress;
mod scan;
#[cfg(test)]
mod tests;

pub(crate) use dress::{button, dress};
pub(crate) use scan::{Depth, scan};

/// Elements that a letter may have.
const ELEMENTS: &[&str] = &[
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "div",
    "em",
    "h1",
    "h2",
    "h3",
    "hr",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];
/// Elements without an end.
const VOID: &[&str] = &["br", "hr"];
/// Attributes that an element may have, `href` aside.
const ATTRIBUTES: &[&str] = &[
    "align",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "class",
    "colspan",
    "dir",
    "height",
    "lang",
    "role",
    "rowspan",
    "style",
    "title",
    "valign",
    "width",
];
/// What a style may not have: it would fetch something, hide its meaning, or lay itself over the frame.
const NOT_IN_STYLES: &[&str] =
    &["url", "expression", "import", "position", "behavior", "binding", "\\", "/*", "&", "<"];

/// A value as it stands in HTML, between elements and in attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Refuses an element that is not in the list.
fn allow_element(name: &str, line: usize) -> Result<(), Fault> {
    if ELEMENTS.contains(&name) {
        return Ok(());
    }
    let message = match name {
        "script" | "style" | "link" | "form" | "input" | "img" | "iframe" | "object" | "svg" => {
            format!("<{name}> is not allowed in a mail: take it out")
        }
        _ => format!("<{name}> is not known: the elements of a mail are {}", ELEMENTS.join(", ")),
    };
    Err(Fault::new(line, message))
}

/// Refuses an attribute that is not in the list, and values that would do something.
fn allow_attribute(element: &str, name: &str, value: &str, line: usize) -> Result<(), Fault> {
    if name == "href" {
        if element != "a" {
            return Err(Fault::new(line, "only <a> has an href: take it out"));
        }
        if SCHEMES.iter().any(|scheme| value.starts_with(scheme)) {
            return Ok(());
        }
        return Err(Fault::new(
            line,
            "an href begins with https://, http:// or mailto:, or is a variable that is a link",
        ));
    }
    if !ATTRIBUTES.contains(&name) {
        return Err(Fault::new(
            line,
            format!("the attribute “{name}” is not allowed in a mail: take it out"),
        ));
    }
    let lower = value.to_ascii_lowercase();
    match NOT_IN_STYLES.iter().find(|word| name == "style" && lower.contains(**word)) {
        Some(word) => Err(Fault::new(line, format!("a style has no “{word}” in it: take it out"))),
        None => Ok(()),
    }
}
