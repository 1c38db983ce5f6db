//! Canonical text: operators in lower case, one space, no bracket too many, strings escaped as in JSON.
//!
//! Names and numbers are printed as written. What was parsed strictly comes back equal when its print is parsed, as long
//! as the print keeps to [`MAX_LENGTH`](crate::MAX_LENGTH): it is never longer than the source but for the space of `not (`.

use std::fmt::{Display, Formatter, Result, Write};

use crate::{AttributePath, CompareOp, CompareValue, Comparison, ElementFilter, Filter, Path};

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::And(items) => list(f, items, " and ", |item| matches!(item, Self::Or(_))),
            Self::Or(items) => list(f, items, " or ", |_| false),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Compare(comparison) => comparison.fmt(f),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Element(element) => element.fmt(f),
        }
    }
}

/// `items` joined by `word`, in brackets where they would bind weaker than the word.
fn list(f: &mut Formatter<'_>, items: &[Filter], word: &str, bracketed: fn(&Filter) -> bool) -> Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        if bracketed(item) { write!(f, "({item})")? } else { item.fmt(f)? }
    }
    Ok(())
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {} {}", self.path, self.op, self.value)
    }
}

impl Display for ElementFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}[{}]", self.path, self.filter)
    }
}

/// The text as written: `schema:name.sub`.
impl Display for AttributePath {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}:")?;
        }
        f.write_str(&self.name)?;
        sub_attribute(f, self.sub.as_deref())
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.attribute.fmt(f)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        sub_attribute(f, self.sub.as_deref())
    }
}

fn sub_attribute(f: &mut Formatter<'_>, sub: Option<&str>) -> Result {
    match sub {
        Some(sub) => write!(f, ".{sub}"),
        None => Ok(()),
    }
}

impl Display for CompareOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.as_str())
    }
}

impl Display for CompareValue {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::String(text) => string(f, text),
            Self::Number(text) => f.write_str(text),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Null => f.write_str("null"),
        }
    }
}

/// A JSON string in which only what must be escaped is.
fn string(f: &mut Formatter<'_>, text: &str) -> Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\u{8}' => f.write_str("\\b")?,
            '\u{c}' => f.write_str("\\f")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\0'..='\u{1f}' => write!(f, "\\u{:04x}", u32::from(c))?,
            _ => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
