//! The tree that parsing gives: names as written, with their offsets.

use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::{ParseError, parse_filter, parse_path};

/// A filter (RFC 7644 §3.4.2.2).
///
/// A parsed list has at least two entries and none of its own kind: `(a pr or b pr) or c pr` is one list of three. Code that
/// builds trees by hand should keep to that, since only such trees come back equal from their print.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Filter {
    /// All of these hold.
    And(Vec<Filter>),
    /// At least one of these holds.
    Or(Vec<Filter>),
    /// This does not hold.
    Not(Box<Filter>),
    /// An attribute compared with a literal.
    Compare(Comparison),
    /// The attribute has a value (`pr`).
    Present(AttributePath),
    /// One and the same element of the attribute satisfies a filter (a value path, `emails[…]`).
    Element(ElementFilter),
}

/// `path op value`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Comparison {
    /// The attribute on the left.
    pub path: AttributePath,
    /// The operator.
    pub op: CompareOp,
    /// The literal on the right.
    pub value: CompareValue,
    /// Where the operator stands.
    pub offset: Offset,
}

/// `path[filter]`: the filter is about one element of the attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ElementFilter {
    /// The attribute whose elements are tested.
    pub path: AttributePath,
    /// What one element must satisfy; names in it are sub-attributes, and it holds no further value path.
    pub filter: Box<Filter>,
}

/// An attribute as written: `schema:name.sub`, all but the name optional.
///
/// Names ignore case in SCIM (RFC 7644 §3.10) but keep theirs here, and `==` compares them exactly.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AttributePath {
    /// Everything before the last colon, such as `urn:ietf:params:scim:schemas:core:2.0:User`.
    pub schema: Option<String>,
    /// The attribute.
    pub name: String,
    /// The sub-attribute.
    pub sub: Option<String>,
    /// Where the path begins.
    pub offset: Offset,
}

/// A place in the text, in bytes from its start.
///
/// All offsets are equal to each other and hash alike, so that two trees are equal when they *mean* the same, wherever
/// their parts stood. Compare the number inside to compare places.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offset(pub usize);

impl PartialEq for Offset {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Offset {}

impl Hash for Offset {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// The operators that take a literal (RFC 7644 §3.4.2.2, table 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than.
    Gt,
    /// Greater than or equal to.
    Ge,
    /// Less than.
    Lt,
    /// Less than or equal to.
    Le,
}

impl CompareOp {
    /// The operator in lower case, as it is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }
}

/// A JSON literal on the right of an operator; dates and binary values are strings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CompareValue {
    /// A string, its escapes undone.
    String(String),
    /// A number, as written: only the attribute's type decides what to read it as, so `1` and `1.0` differ here.
    Number(String),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

/// The target of a PATCH operation (RFC 7644 §3.5.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// The attribute; without a filter its sub-attribute, if any, is `attribute.sub`.
    pub attribute: AttributePath,
    /// Which elements of the attribute are meant (`[…]`).
    pub filter: Option<Box<Filter>>,
    /// The sub-attribute of those elements (after `]`); only with a filter.
    pub sub: Option<String>,
}

impl FromStr for Filter {
    type Err = ParseError;

    /// The same as [`parse_filter`].
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse_filter(text)
    }
}

impl FromStr for Path {
    type Err = ParseError;

    /// The same as [`parse_path`].
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse_path(text)
    }
}

impl Filter {
    /// All of `items`, with lists of the same kind taken in; a single item stands for itself.
    pub(crate) fn all(mut items: Vec<Self>) -> Self {
        if items.len() == 1 {
            return items.remove(0);
        }
        let inner = |item| if let Self::And(inner) = item { inner } else { vec![item] };
        Self::And(items.into_iter().flat_map(inner).collect())
    }

    /// Any of `items`, with lists of the same kind taken in; a single item stands for itself.
    pub(crate) fn any(mut items: Vec<Self>) -> Self {
        if items.len() == 1 {
            return items.remove(0);
        }
        let inner = |item| if let Self::Or(inner) = item { inner } else { vec![item] };
        Self::Or(items.into_iter().flat_map(inner).collect())
    }

    /// How deep the brackets of the canonical print nest.
    pub(crate) fn nesting(&self) -> usize {
        let deepest = |items: &[Self]| items.iter().map(Self::nesting).max().unwrap_or(0);
        match self {
            Self::Compare(_) | Self::Present(_) => 0,
            Self::Not(inner) => 1 + inner.nesting(),
            Self::Element(element) => 1 + element.filter.nesting(),
            Self::Or(items) => deepest(items),
            Self::And(items) => {
                items.iter().map(|i| i.nesting() + usize::from(matches!(i, Self::Or(_)))).max().unwrap_or(0)
            }
        }
    }
}
