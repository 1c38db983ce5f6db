//! Reads HTML from its beginning to its end and refuses what does not belong into a mail.

use super::{VOID, allow_attribute, allow_element};
use crate::error::Fault;

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Elements and attributes; for a template, where an `if` may stand around one end of an element.
    Elements,
    /// Also that every element ends where it began; for what was rendered.
    Nesting,
}

/// Refuses elements, attributes and links that are not allowed, comments, and brackets that are no elements.
pub(crate) fn scan(html: &str, depth: Depth) -> Result<(), Fault> {
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut at = 0;
    while let Some(start) = html[at..].find('<').map(|found| at + found) {
        let line = 1 + html[..start].matches('\n').count();
        let rest = &html[start + 1..];
        let (closes, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = rest[..length].to_ascii_lowercase();
        if rest.starts_with('!') {
            return Err(Fault::new(line, "<! is not allowed: write comments as {# … #}"));
        }
        if name.is_empty() {
            return Err(Fault::new(line, "< does not begin an element here: write &lt; for the sign"));
        }
        allow_element(&name, line)?;
        let (has_some, rest) = attributes(&name, &rest[length..], line)?;
        if closes && has_some {
            return Err(Fault::new(line, format!("</{name}> has no attributes: take them out")));
        }
        at = html.len() - rest.len();
        if depth == Depth::Nesting && !VOID.contains(&name.as_str()) {
            nest(&mut open, name, closes, line)?;
        }
    }
    match open.pop() {
        Some((name, line)) => Err(Fault::new(line, format!("<{name}> is never closed: write </{name}>"))),
        None => Ok(()),
    }
}

fn nest(open: &mut Vec<(String, usize)>, name: String, closes: bool, line: usize) -> Result<(), Fault> {
    if !closes {
        open.push((name, line));
        return Ok(());
    }
    match open.pop() {
        Some((inner, _)) if inner == name => Ok(()),
        Some((inner, begun)) => Err(Fault::new(
            line,
            format!("</{name}> stands here before </{inner}> of line {begun}: put it behind"),
        )),
        None => Err(Fault::new(line, format!("</{name}> closes nothing: take it out"))),
    }
}

/// Reads attributes up to the closing bracket: whether there are any, and what follows.
fn attributes<'a>(element: &str, text: &'a str, line: usize) -> Result<(bool, &'a str), Fault> {
    let mut rest = text;
    let mut has_some = false;
    loop {
        let trimmed = rest.trim_start();
        if let Some(behind) = trimmed.strip_prefix("/>").or_else(|| trimmed.strip_prefix('>')) {
            return Ok((has_some, behind));
        }
        let length =
            trimmed.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(trimmed.len());
        let name = trimmed[..length].to_ascii_lowercase();
        if trimmed.is_empty() {
            return Err(Fault::new(line, format!("<{element} is never closed: write > behind it")));
        }
        if name.is_empty() || trimmed.len() == rest.len() {
            return Err(Fault::new(line, format!("something in <{element}> is no attribute: take it out")));
        }
        let value = trimmed[length..].strip_prefix("=\"").and_then(|value| value.split_once('"'));
        let Some((value, behind)) = value else {
            return Err(Fault::new(
                line,
                format!("the attribute “{name}” needs its value in quotes: {name}=\"…\""),
            ));
        };
        allow_attribute(element, &name, value, line)?;
        has_some = true;
        rest = behind;
    }
}
