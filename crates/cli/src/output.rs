//! What the commands print: results on standard output, errors and notes in one line each on standard error. Every
//! character that would act on a terminal is shown escaped, whatever it came from.

use std::fmt::Display;
use std::io::{self, Write};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use operations::directory::Listed;
use serde::Serialize;
use serde_json::Value;
use server::shown;

pub(crate) use operations::consequences::counted;

use crate::global::{Format, Global};
use crate::table::{WIDTH, block, table};

/// Prints a line on standard output, at once.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn line(text: impl Display) -> Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{}", shown(&text.to_string()))?;
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

/// Prints something new or changed: as JSON, or as a sentence and its id.
///
/// # Errors
/// As [`line()`].
pub(crate) fn created(global: &Global, value: &impl Serialize, said: &str) -> Result<()> {
    let value = to_value(value)?;
    match global.format() {
        Format::Text => lines([said.to_owned(), format!("id  {}", cell(&value, "/id"))]),
        Format::Json | Format::JsonLines => json(&value),
        Format::Csv => csv(&[value], &[("id", "/id")]),
    }
}

/// Prints one thing with these of its values: names and JSON pointers.
///
/// # Errors
/// As [`line()`].
pub(crate) fn details(global: &Global, value: &impl Serialize, columns: &[(&str, &str)]) -> Result<()> {
    let value = to_value(value)?;
    match global.format() {
        Format::Text => {
            let columns: Vec<(&str, String)> =
                columns.iter().map(|(name, pointer)| (*name, readable(&value, pointer))).collect();
            lines(block(&columns))
        }
        Format::Json | Format::JsonLines => json(&value),
        Format::Csv => csv(&[value], columns),
    }
}

/// Prints a list: as a table with a column for each heading and JSON pointer, as CSV with the same columns, as one
/// object for each item and line, or as `{"items": [...]}`.
///
/// # Errors
/// As [`line()`].
pub(crate) fn items(global: &Global, values: &[impl Serialize], columns: &[(&str, &str)]) -> Result<()> {
    let Value::Array(values) = to_value(&values)? else { return Ok(()) };
    match global.format() {
        Format::Text if values.is_empty() => line("none"),
        Format::Text => lines(rows(&values, columns)),
        Format::Json => json(&serde_json::json!({"items": values})),
        Format::JsonLines => values.iter().try_for_each(json),
        Format::Csv => csv(&values, columns),
    }
}

/// Prints a part of a list, and for people how much of it that is; as JSON it has the total beside the items.
///
/// # Errors
/// As [`line()`].
pub(crate) fn listed<T: Serialize>(
    global: &Global,
    part: &Listed<T>,
    start: u64,
    columns: &[(&str, &str)],
) -> Result<()> {
    if global.format() == Format::Json {
        return json(part);
    }
    items(global, &part.items, columns)?;
    let shown = part.items.len() as u64;
    if global.format() == Format::Text && shown < part.total {
        let last = (start + shown).saturating_sub(1);
        note(&format!("{start} to {last} of {}: --start and --count show others", part.total));
    }
    Ok(())
}

/// A table of values.
fn rows(values: &[Value], columns: &[(&str, &str)]) -> Vec<String> {
    let headings: Vec<&str> = columns.iter().map(|(heading, _)| *heading).collect();
    let row = |value: &Value| columns.iter().map(|(_, pointer)| readable(value, pointer)).collect();
    table(&headings, &values.iter().map(row).collect::<Vec<_>>(), WIDTH)
}

/// A value as JSON.
///
/// # Errors
/// When it cannot be written as JSON.
fn to_value(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).context("a result cannot be written as JSON")
}

/// Prints comma-separated values with a heading.
fn csv(values: &[Value], columns: &[(&str, &str)]) -> Result<()> {
    let empty = |text: String| if text == NOTHING { String::new() } else { text };
    line(csv_line(columns.iter().map(|(heading, _)| heading)))?;
    for value in values {
        line(csv_line(columns.iter().map(|(_, pointer)| empty(cell(value, pointer)))))?;
    }
    Ok(())
}

/// A line of comma-separated values, in which what would act on a terminal is shown escaped.
pub(crate) fn csv_line<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    operations::csv::line(cells.into_iter().map(|cell| shown(cell.as_ref()).into_owned()))
}

/// The text of a cell without a value.
const NOTHING: &str = "–";

/// What people read of a value: as [`cell`], with instants to the minute.
fn readable(value: &Value, pointer: &str) -> String {
    let text = cell(value, pointer);
    // An instant has a date, a time and a zone; other text of that length is seldom one.
    match text.parse::<DateTime<Utc>>() {
        Ok(instant) if text.len() >= "2027-01-31T12:00:00Z".len() => {
            instant.format("%Y-%m-%d %H:%M").to_string()
        }
        _ => text,
    }
}

/// What a table shows of a value: text as it is, lists with commas, nothing as a dash.
fn cell(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => NOTHING.to_owned(),
        Some(Value::String(text)) if text.is_empty() => NOTHING.to_owned(),
        // Escaped here already, so that the width of a column is the width that is seen.
        Some(Value::String(text)) => shown(text).into_owned(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::Array(values)) if values.is_empty() => NOTHING.to_owned(),
        Some(Value::Array(values)) => {
            values.iter().map(|value| cell(value, "")).collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    }
}

/// Prints an error as one line on standard error.
pub(crate) fn error(text: &str) {
    note(&text.split_whitespace().collect::<Vec<_>>().join(" "));
}

/// Prints a line on standard error.
pub(crate) fn note(text: &str) {
    // When standard error is closed, no reader is left to be told.
    _ = writeln!(io::stderr().lock(), "rollcall: {}", shown(text));
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
    fn a_cell_is_no_formula_and_one_line() {
        assert_eq!(
            csv_line(["=1+1", "+1", "-1", "@SUM(A1)", "a,b", "say \"x\"", "a\nb"]),
            "'=1+1,'+1,'-1,'@SUM(A1),\"a,b\",\"say \"\"x\"\"\",a\\u000ab"
        );
        assert_eq!(csv_line(["a;b", "a;=1+1", "a;;@x;1-1"]), "\"a;b\",\"a;'=1+1\",\"a;;'@x;1-1\"");
    }

    #[test]
    fn one_is_not_many() {
        let people = |number| counted(number, "person", "people");
        assert_eq!([0, 1, 2].map(people), ["0 people", "1 person", "2 people"]);
    }
}
