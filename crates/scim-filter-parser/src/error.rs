//! What is wrong with a text, and where.

use std::fmt::{Display, Formatter, Result};

use crate::{MAX_COMPARISONS, MAX_LENGTH, MAX_NESTING};

/// Why a text is no filter or path: what was expected, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParseError {
    /// The place, in bytes from the start of the text; always on a character's first byte or at the end.
    pub offset: usize,
    /// What was expected there.
    pub kind: ErrorKind,
}

/// What was expected, or which limit was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// More than [`MAX_LENGTH`] characters; the offset is that of the first one too many.
    TooLong,
    /// Brackets deeper than [`MAX_NESTING`]; the offset is that of the bracket.
    TooDeep,
    /// More than [`MAX_COMPARISONS`] comparisons; the offset is that of the first one too many.
    TooManyComparisons,
    /// No text, or only blanks.
    Empty,
    /// A condition should stand here.
    Term,
    /// An operator should stand here.
    Operator,
    /// A JSON literal should stand here.
    Value,
    /// `and`, `or` or the end should stand here.
    Connective,
    /// `not` without the bracket that it needs.
    Group,
    /// A `(` that is not closed here.
    UnclosedGroup,
    /// A `[` that is not closed here.
    UnclosedElement,
    /// A closing bracket that nothing opened.
    Unopened,
    /// A value path inside a value path.
    NestedElement,
    /// A value path followed by a sub-attribute, in a filter.
    ElementComparison,
    /// One space should stand here.
    SpaceMissing,
    /// A blank that should not stand here.
    SpaceSurplus,
    /// An attribute should stand here.
    Attribute,
    /// A character that no attribute name has in this place.
    Name,
    /// A second dot in an attribute.
    TooManyNames,
    /// A character that no schema URI has in this place.
    Schema,
    /// A number that JSON would not read.
    Number,
    /// A string without its closing quote; the offset is that of the opening one.
    UnterminatedString,
    /// A backslash that begins none of JSON's escapes.
    Escape,
    /// A `\u` escape with half of a surrogate pair.
    Surrogate,
    /// A control character that JSON wants escaped.
    ControlCharacter,
    /// Text after the end of a path.
    PathEnd,
}

impl ErrorKind {
    /// Whether the text was refused for its size, whatever it may have meant.
    #[must_use]
    pub fn is_limit(self) -> bool {
        matches!(self, Self::TooLong | Self::TooDeep | Self::TooManyComparisons)
    }
}

impl Display for ParseError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "at byte {}: {}", self.offset, self.kind)
    }
}

impl std::error::Error for ParseError {}

impl Display for ErrorKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::TooLong => return write!(f, "expected at most {MAX_LENGTH} characters"),
            Self::TooDeep => return write!(f, "expected brackets to nest at most {MAX_NESTING} deep"),
            Self::TooManyComparisons => return write!(f, "expected at most {MAX_COMPARISONS} comparisons"),
            Self::Empty => "expected a filter or path, but there is no text",
            Self::Term => "expected an attribute, `not` or an opening bracket",
            Self::Operator => "expected one of the operators eq, ne, co, sw, ew, gt, ge, lt, le and pr",
            Self::Value => "expected a string in double quotes, a number, true, false or null",
            Self::Connective => "expected `and`, `or`, or the end of the filter or of its brackets",
            Self::Group => "expected `(` after `not`",
            Self::UnclosedGroup => "expected `)`",
            Self::UnclosedElement => "expected `]`",
            Self::Unopened => "expected no closing bracket, since none is open",
            Self::NestedElement => "expected no value path inside a value path",
            Self::ElementComparison => "expected nothing after the value path, since its conditions belong inside it",
            Self::SpaceMissing => "expected a space",
            Self::SpaceSurplus => "expected no blank, since one space parts words and none stands beside brackets",
            Self::Attribute => "expected an attribute",
            Self::Name => {
                "expected an attribute name: a letter or `$`, then letters, digits, `-`, `_` and `$`, ASCII only"
            }
            Self::TooManyNames => "expected at most one dot, between an attribute and its sub-attribute",
            Self::Schema => "expected the URI of a schema before the last colon",
            Self::Number => "expected a number as in JSON, such as -1.5e3",
            Self::UnterminatedString => "expected a closing quote for the string that begins here",
            Self::Escape => r#"expected one of the escapes \" \\ \/ \b \f \n \r \t and \u with four hex digits"#,
            Self::Surrogate => "expected both halves of a surrogate pair",
            Self::ControlCharacter => "expected control characters to be escaped",
            Self::PathEnd => "expected the end of the path",
        })
    }
}
