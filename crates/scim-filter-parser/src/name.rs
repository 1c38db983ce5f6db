//! Words: attributes with their schema, sub-attributes, keywords and operators.

use nom::{
    Parser,
    branch::alt,
    bytes::complete::{tag_no_case, take_till, take_while},
    character::complete::satisfy,
    combinator::{not, recognize, value, verify},
    sequence::{pair, terminated},
};

use crate::state::{Fault, Lexed, Parsed, State, expect, fault, is_blank};
use crate::{AttributePath, CompareOp, ErrorKind, Offset};

/// `attribute := ( schema ":" )? name ( "." name )?`; when there is none at all, `missing` was expected.
pub(crate) fn attribute<'a>(state: &State<'a>, i: &'a str, missing: ErrorKind) -> Parsed<'a, AttributePath> {
    let offset = Offset(state.offset(i));
    let (rest, word) = expect(missing, i, verify(word, |word: &str| !word.is_empty()))?;
    // The last colon: schema URIs hold colons and dots, names hold neither.
    let (schema, i) = match word.rfind(':') {
        Some(colon) => (Some(schema(i, colon)?), &i[colon + 1..]),
        None => (None, i),
    };
    let (i, first) = expect(ErrorKind::Name, i, name)?;
    let (i, sub) = match i.strip_prefix('.') {
        Some(i) => expect(ErrorKind::Name, i, name.map(Some))?,
        None => (i, None),
    };
    let (i, ()) = word_end(i, rest)?;
    let owned = str::to_owned;
    Ok((i, AttributePath { schema: schema.map(owned), name: owned(first), sub: sub.map(owned), offset }))
}

/// The `name` of a sub-attribute, which must fill its word.
pub(crate) fn sub_attribute(i: &str) -> Parsed<'_, &str> {
    let (rest, _) = expect(ErrorKind::Name, i, word)?;
    let (i, sub) = expect(ErrorKind::Name, i, name)?;
    let (i, ()) = word_end(i, rest)?;
    Ok((i, sub))
}

/// The longest run that holds no blank, bracket, quote or comma; it may be empty.
pub(crate) fn word(i: &str) -> Lexed<'_, &str> {
    take_till(|c| is_blank(c) || matches!(c, '(' | ')' | '[' | ']' | '"' | ',')).parse(i)
}

/// `name := ( letter | "$" ) ( letter | digit | "-" | "_" | "$" )*`.
pub(crate) fn name(i: &str) -> Lexed<'_, &str> {
    let first = satisfy(|c| c.is_ascii_alphabetic() || c == '$');
    recognize(pair(first, take_while(in_name))).parse(i)
}

/// `keyword` as a whole word, in any case.
pub(crate) fn keyword<'a>(keyword: &'static str) -> impl Parser<&'a str, Output = (), Error = ()> {
    value((), terminated(tag_no_case(keyword), not(satisfy(in_name))))
}

/// `operator`, or `None` for `pr`.
pub(crate) fn operator(i: &str) -> Lexed<'_, Option<CompareOp>> {
    let operator = |op: CompareOp| value(Some(op), keyword(op.as_str()));
    alt((
        operator(CompareOp::Eq),
        operator(CompareOp::Ne),
        operator(CompareOp::Co),
        operator(CompareOp::Sw),
        operator(CompareOp::Ew),
        operator(CompareOp::Gt),
        operator(CompareOp::Ge),
        operator(CompareOp::Lt),
        operator(CompareOp::Le),
        value(None, keyword("pr")),
    ))
    .parse(i)
}

/// Whether a name may go on with this character.
fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$')
}

/// `schema := a letter, then characters of a URI`; it must fill `i` up to its byte `colon`.
fn schema(i: &str, colon: usize) -> Result<&str, nom::Err<Fault>> {
    let first = satisfy(|c| c.is_ascii_alphabetic());
    let uri = recognize(pair(first, take_while(in_uri)));
    let (rest, uri) = expect(ErrorKind::Schema, i, uri)?;
    // The run of URI characters goes on past the colon, or ends before it at a character that is none.
    if uri.len() < colon { Err(fault(rest, ErrorKind::Schema)) } else { Ok(&i[..colon]) }
}

/// The characters of a URI (RFC 3986 §2) but brackets and commas, which end an attribute.
fn in_uri(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~%:/?#@!$&'*+;=".contains(c)
}

/// An attribute must fill its word: `i` has reached the end of it, where `rest` begins.
fn word_end<'a>(i: &'a str, rest: &'a str) -> Parsed<'a, ()> {
    if i.len() == rest.len() {
        return Ok((rest, ()));
    }
    Err(fault(i, if i.starts_with('.') { ErrorKind::TooManyNames } else { ErrorKind::Name }))
}
