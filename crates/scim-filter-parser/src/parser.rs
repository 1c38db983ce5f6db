//! One function per rule of the grammar at the top of this crate, each under its line of it.
//!
//! The rules look ahead at most one word and never go back, so time is linear in the length of the text, and an error
//! stands where the text left the grammar. Only brackets recurse, and [`Scope::enter`] counts them.

use nom::{Err, Parser, character::complete::char};

use crate::name::{attribute, keyword, operator, sub_attribute, word};
use crate::state::{Fault, Parsed, Scope, Space, State, blanks, expect, fault, is_blank};
use crate::{
    AttributePath, Comparison, ElementFilter, ErrorKind, Filter, MAX_NESTING, Offset, Path, literal,
};

/// A rule that stands inside others.
type Rule = for<'a> fn(&mut State<'a>, Scope, &'a str) -> Parsed<'a, Filter>;

/// The whole text as a filter.
pub(crate) fn whole_filter<'a>(state: &mut State<'a>, i: &'a str) -> Parsed<'a, Filter> {
    let (i, ()) = state.space(Space::None, i)?;
    let (i, filter) = filter(state, Scope::default(), i)?;
    let (rest, _) = blanks(i);
    if rest.starts_with([')', ']']) {
        return Err(fault(rest, ErrorKind::Unopened));
    }
    let (i, ()) = end(state, i, ErrorKind::Connective)?;
    Ok((i, filter))
}

/// `path := attribute ( "[" filter "]" ( "." name )? )?`, as the whole text.
pub(crate) fn whole_path<'a>(state: &mut State<'a>, i: &'a str) -> Parsed<'a, Path> {
    let (i, ()) = state.space(Space::None, i)?;
    let (i, attribute) = attribute(state, i, ErrorKind::Attribute)?;
    let (mut i, mut path) = (i, Path { attribute, filter: None, sub: None });
    if blanks(i).0.starts_with('[') {
        let (open, ()) = state.space(Space::None, i)?;
        let (rest, filter) = element_filter(state, Scope::default(), open)?;
        path.filter = Some(Box::new(filter));
        i = rest;
        if let Some(rest) = i.strip_prefix('.') {
            let (rest, sub) = sub_attribute(rest)?;
            path.sub = Some(sub.to_owned());
            i = rest;
        }
    }
    let (i, ()) = end(state, i, ErrorKind::PathEnd)?;
    Ok((i, path))
}

/// The end of the text, where `otherwise` was expected as well.
fn end<'a>(state: &mut State<'a>, i: &'a str, otherwise: ErrorKind) -> Parsed<'a, ()> {
    let (rest, _) = blanks(i);
    if rest.is_empty() { state.space(Space::None, i) } else { Err(fault(rest, otherwise)) }
}

/// `filter := and-list ( SP "or" SP and-list )*`.
fn filter<'a>(state: &mut State<'a>, scope: Scope, i: &'a str) -> Parsed<'a, Filter> {
    let (i, items) = list(state, scope, i, and_list, "or")?;
    Ok((i, Filter::any(items)))
}

/// `and-list := term ( SP "and" SP term )*`.
fn and_list<'a>(state: &mut State<'a>, scope: Scope, i: &'a str) -> Parsed<'a, Filter> {
    let (i, items) = list(state, scope, i, term, "and")?;
    Ok((i, Filter::all(items)))
}

/// `item ( SP word SP item )*`, in a loop: a long list costs no stack.
fn list<'a>(
    state: &mut State<'a>,
    scope: Scope,
    i: &'a str,
    item: Rule,
    word: &'static str,
) -> Parsed<'a, Vec<Filter>> {
    let (mut i, first) = item(state, scope, i)?;
    let mut items = vec![first];
    loop {
        let (rest, found) = connective(state, i, word)?;
        if !found {
            return Ok((i, items));
        }
        let (rest, next) = item(state, scope, rest)?;
        items.push(next);
        i = rest;
    }
}

/// `SP word SP`, when the next word is this one.
fn connective<'a>(state: &mut State<'a>, i: &'a str, word: &'static str) -> Parsed<'a, bool> {
    let Ok((after, ())) = keyword(word).parse(blanks(i).0) else { return Ok((i, false)) };
    state.space(Space::One, i)?;
    if !after.starts_with(is_blank) && !after.starts_with('(') {
        return Err(fault(after, ErrorKind::Term));
    }
    let (i, ()) = state.space(Space::One, after)?;
    Ok((i, true))
}

/// `term := negation | group | element | predicate`.
fn term<'a>(state: &mut State<'a>, scope: Scope, i: &'a str) -> Parsed<'a, Filter> {
    if i.starts_with('(') {
        return group(state, scope, i);
    }
    if let Some(after) = negation_sign(i)? {
        return negation(state, scope, after);
    }
    let (i, path) = attribute(state, i, ErrorKind::Term)?;
    if i.starts_with('[') { element(state, scope, path, i) } else { predicate(state, path, i) }
}

/// What follows `not`, if that is what stands here; a keyword that an operator or `[` follows is an attribute's name.
fn negation_sign(i: &str) -> Result<Option<&str>, Err<Fault>> {
    let (after, word) = expect(ErrorKind::Term, i, word)?;
    let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
    let (next, _) = blanks(after);
    if is("not") && next.starts_with('(') {
        return Ok(Some(after));
    }
    if after.starts_with('[') || operator(next).is_ok() {
        return Ok(None);
    }
    if is("not") {
        return Err(fault(next, ErrorKind::Group));
    }
    if is("and") || is("or") { Err(fault(i, ErrorKind::Term)) } else { Ok(None) }
}

/// `negation := "not" SP? group`, from behind the `not`.
fn negation<'a>(state: &mut State<'a>, scope: Scope, i: &'a str) -> Parsed<'a, Filter> {
    let (i, ()) = state.space(Space::Optional, i)?;
    let (i, filter) = group(state, scope, i)?;
    Ok((i, Filter::Not(Box::new(filter))))
}

/// `group := "(" filter ")"`.
fn group<'a>(state: &mut State<'a>, scope: Scope, i: &'a str) -> Parsed<'a, Filter> {
    let scope = scope.enter(i, false)?;
    let (i, _) = expect(ErrorKind::Group, i, char('('))?;
    let (i, ()) = state.space(Space::None, i)?;
    let (i, filter) = filter(state, scope, i)?;
    let (i, ()) = close(state, i, ')', ErrorKind::UnclosedGroup)?;
    Ok((i, filter))
}

/// `element := attribute "[" filter "]"`, from its bracket on.
///
/// Lenient also `element "." name predicate`, which is taken for one more condition inside.
fn element<'a>(
    state: &mut State<'a>,
    scope: Scope,
    path: AttributePath,
    open: &'a str,
) -> Parsed<'a, Filter> {
    if scope.element {
        return Err(fault(open, ErrorKind::NestedElement));
    }
    let (mut i, mut filter) = element_filter(state, scope, open)?;
    if let Some(after) = i.strip_prefix('.') {
        if !state.allowed.value_path_comparison {
            return Err(fault(i, ErrorKind::ElementComparison));
        }
        // Joined by `and`, an `or` needs brackets of its own.
        if matches!(filter, Filter::Or(_)) && scope.depth + 2 + filter.nesting() > MAX_NESTING {
            return Err(fault(open, ErrorKind::TooDeep));
        }
        let (rest, name) = sub_attribute(after)?;
        let sub = AttributePath {
            schema: None,
            name: name.to_owned(),
            sub: None,
            offset: Offset(state.offset(after)),
        };
        let (rest, condition) = predicate(state, sub, rest)?;
        state.used.value_path_comparison = true;
        filter = Filter::all(vec![filter, condition]);
        i = rest;
    }
    Ok((i, Filter::Element(ElementFilter { path, filter: Box::new(filter) })))
}

/// `"[" filter "]"`.
fn element_filter<'a>(state: &mut State<'a>, scope: Scope, i: &'a str) -> Parsed<'a, Filter> {
    let scope = scope.enter(i, true)?;
    let (i, _) = expect(ErrorKind::Operator, i, char('['))?;
    let (i, ()) = state.space(Space::None, i)?;
    let (i, filter) = filter(state, scope, i)?;
    let (i, ()) = close(state, i, ']', ErrorKind::UnclosedElement)?;
    Ok((i, filter))
}

/// The closing bracket; at the end or at another bracket, `missing` says that it is not there.
fn close<'a>(state: &mut State<'a>, i: &'a str, bracket: char, missing: ErrorKind) -> Parsed<'a, ()> {
    let (rest, _) = blanks(i);
    if let Some(after) = rest.strip_prefix(bracket) {
        state.space(Space::None, i)?;
        return Ok((after, ()));
    }
    let is_close = rest.is_empty() || rest.starts_with([')', ']']);
    Err(fault(rest, if is_close { missing } else { ErrorKind::Connective }))
}

/// `predicate := attribute SP ( "pr" | operator SP literal )`, from behind the attribute.
fn predicate<'a>(state: &mut State<'a>, path: AttributePath, i: &'a str) -> Parsed<'a, Filter> {
    let (at, _) = blanks(i);
    let (after, op) = expect(ErrorKind::Operator, at, operator)?;
    state.space(Space::One, i)?;
    state.count_comparison(path.offset.0)?;
    let Some(op) = op else { return Ok((after, Filter::Present(path))) };
    if !after.starts_with(is_blank) && !after.starts_with('"') {
        return Err(fault(after, ErrorKind::Value));
    }
    let (i, ()) = state.space(Space::One, after)?;
    let (i, value) = literal::literal(state, i)?;
    Ok((i, Filter::Compare(Comparison { path, op, value, offset: Offset(state.offset(at)) })))
}
