//! A complete parser for the filters and PATCH paths of SCIM 2.0 (RFC 7644 §3.4.2.2 and §3.5.2).
//!
//! Text goes in, a tree comes out: [`parse_filter`] gives a [`Filter`], [`parse_path`] a [`Path`]. Names stay as they
//! were written and every part knows its offset, so that the next stage, which knows the schemas, can say where an
//! unknown attribute stands. This crate knows no schema: it does not know that `userName` exists.
//!
//! ```
//! use scim_filter_parser::{Filter, parse_filter};
//!
//! let filter = parse_filter(r#"userType EQ "Employee" and (emails[type eq "work"] or title pr)"#)?;
//! let Filter::And(conditions) = &filter else { panic!("`and` joins at the top") };
//! assert_eq!(conditions.len(), 2);
//!
//! // Printing is canonical: operators in lower case, one space, no bracket too many.
//! assert_eq!(filter.to_string(), r#"userType eq "Employee" and (emails[type eq "work"] or title pr)"#);
//! assert_eq!(parse_filter(&filter.to_string())?, filter);
//! # Ok::<(), scim_filter_parser::ParseError>(())
//! ```
//!
//! # Grammar
//!
//! Words and names ignore case; `SP` is one space (U+0020).
//!
//! ```text
//! filter      := and-list ( SP "or" SP and-list )*
//! and-list    := term ( SP "and" SP term )*
//! term        := negation | group | element | predicate
//! negation    := "not" SP? group
//! group       := "(" filter ")"
//! element     := attribute "[" filter "]"                   no element inside an element
//! predicate   := attribute SP ( "pr" | operator SP literal )
//! operator    := "eq" | "ne" | "co" | "sw" | "ew" | "gt" | "ge" | "lt" | "le"
//! literal     := string | number | "true" | "false" | "null"   as in JSON (RFC 8259)
//!
//! path        := attribute ( "[" filter "]" ( "." name )? )?
//!
//! attribute   := ( schema ":" )? name ( "." name )?
//! schema      := a letter, then characters of a URI other than brackets and commas
//! name        := ( letter | "$" ) ( letter | digit | "-" | "_" | "$" )*   ASCII only
//! ```
//!
//! `and` binds tighter than `or`, `not` always takes brackets. An attribute is cut at its **last** colon, so the dot of
//! `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value` does no harm; the URI of a schema alone
//! reads as an attribute too, and code that knows the schemas compares the whole text first. A word is a keyword only
//! where a keyword may stand: `notes pr`, `order eq 1` and even `not pr` begin with names.
//!
//! The published ABNF contradicts its own examples in three places, and this crate follows the examples: `not (` may
//! have a space (errata 7319), names may begin with `$` (`$ref`, errata 8924), and value paths hold full logic with
//! brackets, though no further value path (errata 4690 and 7322).
//!
//! # Strict and lenient
//!
//! [`parse_filter`] and [`parse_path`] accept the grammar and nothing else. [`parse_filter_with`] and
//! [`parse_path_with`] accept what a [`Lenience`] allows besides, and say what of it the text used.
//!
//! ```
//! use scim_filter_parser::{Lenience, parse_filter, parse_filter_with};
//!
//! let text = r#"emails[type eq "work"].value eq "ann@shop.example""#;
//! assert!(parse_filter(text).is_err());
//! let (filter, used) = parse_filter_with(text, Lenience::ALL)?;
//! assert_eq!(filter.to_string(), r#"emails[type eq "work" and value eq "ann@shop.example"]"#);
//! assert_eq!(used, Lenience { value_path_comparison: true, ..Lenience::NONE });
//! # Ok::<(), scim_filter_parser::ParseError>(())
//! ```
//!
//! # Hostile input
//!
//! Any text gives a tree or a [`ParseError`], in time linear in its length, without a panic and with a bounded stack:
//! [`MAX_LENGTH`], [`MAX_NESTING`] and [`MAX_COMPARISONS`] are checked while parsing. Numbers stay text, so a number of
//! fifteen thousand digits costs no arithmetic.
//!
//! ```
//! use scim_filter_parser::{ErrorKind, parse_filter};
//!
//! let error = parse_filter("userName is \"ann\"").expect_err("`is` is no operator");
//! assert_eq!((error.offset, error.kind), (9, ErrorKind::Operator));
//! assert_eq!(
//!     error.to_string(),
//!     "at byte 9: expected one of the operators eq, ne, co, sw, ew, gt, ge, lt, le and pr"
//! );
//! ```

mod ast;
mod error;
mod lenience;
mod literal;
mod name;
mod parser;
mod print;
mod state;

pub use ast::{AttributePath, CompareOp, CompareValue, Comparison, ElementFilter, Filter, Offset, Path};
pub use error::{ErrorKind, ParseError};
pub use lenience::Lenience;

/// The longest text that is parsed, in characters.
pub const MAX_LENGTH: usize = 16_384;

/// The deepest nesting of brackets, round and square together.
pub const MAX_NESTING: usize = 50;

/// The largest number of comparisons and presence tests in one text.
pub const MAX_COMPARISONS: usize = 500;

/// Parses a filter of RFC 7644 §3.4.2.2 by the letter of the grammar.
///
/// # Errors
/// The first place where the text leaves the grammar or passes a limit.
pub fn parse_filter(text: &str) -> Result<Filter, ParseError> {
    parse_filter_with(text, Lenience::NONE).map(|(filter, _)| filter)
}

/// Parses a PATCH path of RFC 7644 §3.5.2 by the letter of the grammar.
///
/// ```
/// let path = scim_filter_parser::parse_path(r#"addresses[type eq "work"].streetAddress"#)?;
/// assert_eq!(path.attribute.name, "addresses");
/// assert!(path.filter.is_some());
/// assert_eq!(path.sub.as_deref(), Some("streetAddress"));
/// # Ok::<(), scim_filter_parser::ParseError>(())
/// ```
///
/// # Errors
/// The first place where the text leaves the grammar or passes a limit.
pub fn parse_path(text: &str) -> Result<Path, ParseError> {
    parse_path_with(text, Lenience::NONE).map(|(path, _)| path)
}

/// Parses a filter, accepting what `allowed` names besides the grammar; returns also what of it was used.
///
/// # Errors
/// The first place where the text leaves what is allowed or passes a limit.
pub fn parse_filter_with(text: &str, allowed: Lenience) -> Result<(Filter, Lenience), ParseError> {
    state::run(text, allowed, parser::whole_filter)
}

/// Parses a PATCH path, accepting what `allowed` names besides the grammar; returns also what of it was used.
///
/// # Errors
/// The first place where the text leaves what is allowed or passes a limit.
pub fn parse_path_with(text: &str, allowed: Lenience) -> Result<(Path, Lenience), ParseError> {
    state::run(text, allowed, parser::whole_path)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
