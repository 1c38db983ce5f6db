//! What the commands print: results on standard output, errors in one line on standard error.

use std::fmt::Display;
use std::io::{self, Write};

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;

use crate::global::Global;
use crate::table::table;

/// Prints a line on standard output, at once.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn line(text: impl Display) -> Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}")?;
    output.flush()?;
    Ok(())
}

/// Prints several lines.
///
/// # Errors
/// As [`line()`].
pub(crate) fn lines<T: Display>(texts: impl IntoIterator<Item = T>) -> Result<()> {
    texts.into_iter().try_for_each(line)
}

/// Prints a result as one line of JSON.
///
/// # Errors
/// As [`line()`].
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    line(serde_json::to_string(value).context("a result cannot be written as JSON")?)
}

/// Prints something new: as JSON, or as a sentence and its id.
///
/// # Errors
/// As [`line()`].
pub(crate) fn created(global: &Global, value: &impl Serialize, said: &str) -> Result<()> {
    if global.json {
        return json(value);
    }
    let value = serde_json::to_value(value).context("a result cannot be written as JSON")?;
    line(format!("{said}\nid  {}", cell(&value, "/id")))
}

/// Prints a list: as `{"items": [...]}`, or as a table with a column for each heading and JSON pointer.
///
/// # Errors
/// As [`line()`].
pub(crate) fn items(global: &Global, values: &[impl Serialize], columns: &[(&str, &str)]) -> Result<()> {
    let values = serde_json::to_value(values).context("a result cannot be written as JSON")?;
    if global.json {
        return json(&serde_json::json!({"items": values}));
    }
    let values = values.as_array().map_or(&[][..], Vec::as_slice);
    if values.is_empty() {
        return line("none");
    }
    let headings: Vec<&str> = columns.iter().map(|(heading, _)| *heading).collect();
    let row = |value: &Value| columns.iter().map(|(_, pointer)| cell(value, pointer)).collect();
    lines(table(&headings, &values.iter().map(row).collect::<Vec<_>>()))
}

/// What a table shows of a value: text as it is, lists with commas, nothing as a dash.
fn cell(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::Array(values)) if values.is_empty() => "–".to_owned(),
        Some(Value::Array(values)) => {
            values.iter().map(|value| cell(value, "")).collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    }
}

/// Prints an error as one line on standard error.
pub(crate) fn error(text: &str) {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // Nobody is left to be told when standard error is closed.
    _ = writeln!(io::stderr().lock(), "rollcall: {one_line}");
}

/// An error with its causes, leaving out a cause that the words before it tell already.
pub(crate) fn causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for words in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = words;
        } else if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
    }
    text
}

/// A number of things: `1 seat`, `2 seats`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// True when the reader of standard output went away, as `| head` does.
pub(crate) fn is_closed(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let busy = || anyhow::anyhow!("it is busy");
        for (error, told) in [
            (busy(), "it is busy"),
            (busy().context("it is busy"), "it is busy"),
            (busy().context("no answer: it is busy"), "no answer: it is busy"),
            (busy().context("no answer").context("nothing done"), "nothing done: no answer: it is busy"),
        ] {
            assert_eq!(causes(&error), told);
        }
    }

    #[test]
    fn one_is_not_many() {
        let people = |number| counted(number, "person", "people");
        assert_eq!([0, 1, 2].map(people), ["0 people", "1 person", "2 people"]);
    }
}
