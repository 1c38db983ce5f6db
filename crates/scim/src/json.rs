//! JSON as it arrives: limits, and no member twice (RFC 8259 §4).

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::protocol::error::Error;

/// A JSON object whose members keep their order.
pub type Object = Map<String, Value>;

/// The deepest nesting of arrays and objects in a body.
pub const MAX_DEPTH: usize = 64;

/// Parses a body: UTF-8 with an optional byte order mark, at most [`MAX_DEPTH`] deep, no member twice; names ignore
/// case (RFC 7643 §2.1).
///
/// # Errors
/// `invalidSyntax` that says where the body breaks a rule.
pub fn parse(body: &[u8]) -> Result<Value, Error> {
    parse_within(body, MAX_DEPTH)
}

/// As [`parse`], with another limit of depth.
///
/// # Errors
/// `invalidSyntax` that says where the body breaks a rule.
pub fn parse_within(body: &[u8], depth: usize) -> Result<Value, Error> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.is_empty() {
        return Err(Error::invalid_syntax("The request has no body."));
    }
    let text = std::str::from_utf8(body).map_err(|_| Error::invalid_syntax("The body is not UTF-8."))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed =
        Seed { depth }.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    parsed.map_err(|error| Error::invalid_syntax(format!("The body is not valid JSON: {error}.")))
}

/// The member of this name; names ignore case (RFC 7643 §2.1).
#[must_use]
pub fn member<'o>(object: &'o Object, name: &str) -> Option<&'o Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// As [`parse`], for a body that must be an object.
///
/// # Errors
/// `invalidSyntax`.
pub fn parse_object(body: &[u8], depth: usize) -> Result<Object, Error> {
    match parse_within(body, depth)? {
        Value::Object(object) => Ok(object),
        _ => Err(Error::invalid_syntax("The body must be a JSON object.")),
    }
}

#[derive(Clone, Copy)]
struct Seed {
    depth: usize,
}

impl Seed {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("it is nested too deeply"))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(seed)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut object = Object::new();
        let mut names = Names::default();
        while let Some(name) = access.next_key::<String>()? {
            let value = access.next_value_seed(seed)?;
            if !names.take(&object, &name) {
                let name: String = name.chars().take(100).collect();
                return Err(A::Error::custom(format!("the member \"{name}\" stands twice")));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// The names of an object's members, without case; a set is kept for large objects alone.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    /// Up to so many names are compared one by one.
    const FEW: usize = 16;

    /// Takes a name; `false` if it is taken already.
    fn take(&mut self, object: &Object, name: &str) -> bool {
        if object.len() < Self::FEW {
            return !object.keys().any(|there| there.eq_ignore_ascii_case(name));
        }
        if self.0.is_empty() {
            self.0.extend(object.keys().map(|there| there.to_ascii_lowercase()));
        }
        self.0.insert(name.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> Vec<u8> {
        [vec![b'['; depth], vec![b']'; depth]].concat()
    }

    #[test]
    fn depth_is_limited_exactly() {
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        let error = parse(&nested(MAX_DEPTH + 1)).expect_err("too deep");
        assert!(error.detail.contains("nested too deeply"), "{}", error.detail);
        assert!(parse(&nested(1_000_000)).is_err());
    }

    #[test]
    fn a_member_stands_once() {
        assert!(parse(br#"{"a":1,"b":{"a":1}}"#).is_ok());
        let error = parse(br#"{"a":1,"b":{"x":1,"x":1}}"#).expect_err("twice");
        assert!(error.detail.contains("\"x\" stands twice"), "{}", error.detail);
        let many: Vec<String> = (0..40).map(|n| format!("\"k{n}\":1")).collect();
        assert!(parse(format!("{{{}}}", many.join(",")).as_bytes()).is_ok());
        assert!(parse(format!("{{{},\"K39\":1}}", many.join(",")).as_bytes()).is_err());
        let error = parse(br#"{"Operations":[],"operations":[]}"#).expect_err("twice by case");
        assert!(error.detail.contains("\"operations\" stands twice"), "{}", error.detail);
    }

    #[test]
    fn a_mark_is_tolerated_and_rubbish_is_not() {
        assert!(parse(b"\xef\xbb\xbf{}").is_ok());
        for bad in
            [&b""[..], b"{", b"{}x", b"\xff", b"{\"a\":\"\xc3\x28\"}", b"nope", b"\"\\ud83d\"", b"1e999"]
        {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
        assert!(parse_object(b"[]", MAX_DEPTH).is_err());
    }

    #[test]
    fn members_keep_their_order() {
        let value = parse(br#"{"z":1,"a":2}"#).expect("valid");
        assert_eq!(value.to_string(), r#"{"z":1,"a":2}"#);
    }
}
