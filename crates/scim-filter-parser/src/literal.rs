//! JSON literals (RFC 8259) as operands: strings with their escapes, numbers as text, `true`, `false`, `null`.

use nom::{
    Err, Parser,
    branch::alt,
    bytes::complete::{take_while, take_while_m_n},
    character::complete::{anychar, char, digit1, one_of},
    combinator::{map_res, opt, recognize},
    sequence::preceded,
};

use crate::state::{Fault, Lexed, Parsed, State, expect, fault, is_blank};
use crate::{CompareValue, ErrorKind};

/// `literal := string | number | "true" | "false" | "null"`.
pub(crate) fn literal<'a>(state: &mut State<'a>, i: &'a str) -> Parsed<'a, CompareValue> {
    match i.chars().next() {
        Some('"') => string(i),
        Some('-' | '0'..='9') => number(i),
        _ => constant(state, i),
    }
}

/// `"true" | "false" | "null"`, in lower case unless lenient.
fn constant<'a>(state: &mut State<'a>, i: &'a str) -> Parsed<'a, CompareValue> {
    let (rest, word) = expect(ErrorKind::Value, i, take_while(|c: char| c.is_ascii_alphanumeric()))?;
    let value = match word {
        "true" => CompareValue::Bool(true),
        "false" => CompareValue::Bool(false),
        "null" => CompareValue::Null,
        _ => {
            let capital = |lower: &str| state.allowed.capital_booleans && word.eq_ignore_ascii_case(lower);
            let value = capital("true");
            if !value && !capital("false") {
                return Err(fault(i, ErrorKind::Value));
            }
            state.used.capital_booleans = true;
            CompareValue::Bool(value)
        }
    };
    Ok((rest, value))
}

/// A number as in JSON, which ends where the next word or bracket can begin.
fn number(i: &str) -> Parsed<'_, CompareValue> {
    let (rest, text) = expect(ErrorKind::Number, i, number_text)?;
    match rest.chars().next() {
        Some(c) if !is_blank(c) && c != ')' && c != ']' => Err(fault(rest, ErrorKind::Number)),
        _ => Ok((rest, CompareValue::Number(text.to_owned()))),
    }
}

fn number_text(i: &str) -> Lexed<'_, &str> {
    // Nothing may follow a leading zero. (`digit0` would not do: at the end of a text, nom 8.0's `recognize` loses it.)
    let integer = alt((recognize(char('0')), digit1));
    let fraction = (char('.'), digit1);
    let exponent = (one_of("eE"), opt(one_of("+-")), digit1);
    recognize((opt(char('-')), integer, opt(fraction), opt(exponent))).parse(i)
}

/// A string in double quotes, its escapes undone.
fn string(start: &str) -> Parsed<'_, CompareValue> {
    let (mut i, _) = expect(ErrorKind::Value, start, char('"'))?;
    let mut text = String::new();
    loop {
        let (rest, plain) = expect(ErrorKind::Value, i, take_while(is_plain))?;
        text.push_str(plain);
        i = match rest.chars().next() {
            None => return Err(fault(start, ErrorKind::UnterminatedString)),
            Some('"') => return Ok((&rest[1..], CompareValue::String(text))),
            Some('\\') => {
                let (rest, c) = escape(rest)?;
                text.push(c);
                rest
            }
            Some(_) => return Err(fault(rest, ErrorKind::ControlCharacter)),
        };
    }
}

/// Whether a character stands for itself in a string.
fn is_plain(c: char) -> bool {
    c >= ' ' && c != '"' && c != '\\'
}

/// One escape, from its backslash; two of them when they are the halves of a surrogate pair.
fn escape(start: &str) -> Parsed<'_, char> {
    let (i, letter) = expect(ErrorKind::Escape, start, preceded(char('\\'), anychar))?;
    let c = match letter {
        '"' => '"',
        '\\' => '\\',
        '/' => '/',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode_escape(start),
        _ => return Err(fault(start, ErrorKind::Escape)),
    };
    Ok((i, c))
}

/// `\uXXXX`, or `\uXXXX\uXXXX` for a character beyond the first 65 536.
fn unicode_escape(start: &str) -> Parsed<'_, char> {
    let lone = || -> Err<Fault> { fault(start, ErrorKind::Surrogate) };
    let (i, first) = expect(ErrorKind::Escape, start, unit)?;
    if let Some(c) = char::from_u32(first) {
        return Ok((i, c));
    }
    let (i, second) = unit(i).map_err(|_| lone())?;
    if !(0xd800..0xdc00).contains(&first) || !(0xdc00..0xe000).contains(&second) {
        return Err(lone());
    }
    let c = char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
    c.map(|c| (i, c)).ok_or_else(lone)
}

/// One `\uXXXX` as its number.
fn unit(i: &str) -> Lexed<'_, u32> {
    let digits = take_while_m_n(4, 4, |c: char| c.is_ascii_hexdigit());
    let number = map_res(digits, |digits| u32::from_str_radix(digits, 16));
    preceded((char('\\'), char('u')), number).parse(i)
}
