//! What is wrong with a template, and where.

use std::fmt;

/// The part of a letter that a template writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The subject.
    Subject,
    /// The text.
    Text,
    /// The HTML.
    Html,
}

impl Part {
    /// The name in commands and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "text",
            Self::Html => "html",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A template that cannot be used. The message says in one or two sentences what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}, line {line}: {message}")]
pub struct TemplateError {
    /// The part that is wrong.
    pub part: Part,
    /// The line of its template, counted from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub message: String,
}

/// What is wrong with a source, before it is known which part that source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }

    pub(crate) fn in_part(self, part: Part) -> TemplateError {
        TemplateError { part, line: self.line, message: self.message }
    }
}
