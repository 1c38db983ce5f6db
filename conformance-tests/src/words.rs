//! Messages of assertions as sentences for people who do not read Rust.
use crate::expect::complaint_of;

/// The longest message of a finding, in characters.
const LONGEST: usize = 600;

/// A message of an assertion as a sentence: what was found and what was expected.
pub(crate) fn in_words(message: &str) -> String {
    let message = complaint_of(message).trim();
    for (operator, relation) in [("==", "where this was expected:"), ("!=", "which it must not be, beside")] {
        let Some(rest) = message.strip_prefix(&format!("assertion `left {operator} right` failed")) else {
            continue;
        };
        let Some((told, values)) = rest.split_once("\n  left: ") else { continue };
        let Some((left, right)) = values.split_once("\n right: ") else { continue };
        let told = told.trim_start_matches(':').trim();
        let told = if told.is_empty() { String::new() } else { format!(" ({})", shortened(told)) };
        return format!("found {} {relation} {}{told}", shortened(&plain(left)), shortened(&plain(right)));
    }
    match message.strip_prefix("assertion failed: ") {
        Some(condition) => shortened(&format!("the check `{condition}` failed")),
        None => shortened(&plain(message)),
    }
}

/// A text in which JSON values stand as JSON rather than as Rust shows them.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let named = ["String(", "Number(", "Bool("].iter().find_map(|name| rest.strip_prefix(name));
        if let Some(inner) = named {
            let end = end_of_value(inner);
            out.push_str(&inner[..end]);
            rest = inner[end..].strip_prefix(')').unwrap_or(&inner[end..]);
            continue;
        }
        let shorter = [("Array [", "["), ("Object {", "{"), ("Some(", "("), ("Null", "null")];
        if let Some((name, short)) = shorter.iter().find(|(name, _)| rest.starts_with(name)) {
            out.push_str(short);
            rest = &rest[name.len()..];
            continue;
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    out
}

/// Where the value at the start of a text ends: after the closing quote, or before the closing bracket.
fn end_of_value(text: &str) -> usize {
    let Some(quoted) = text.strip_prefix('"') else { return text.find(')').unwrap_or(text.len()) };
    let mut escaped = false;
    for (at, one) in quoted.char_indices() {
        match one {
            '"' if !escaped => return at + 2,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// A text that fits into a line of a report.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assertions_are_told_in_words() {
        let equal = "assertion `left == right` failed: the list\n  left: 1\n right: 2";
        assert_eq!(in_words(equal), "found 1 where this was expected: 2 (the list)");
        let unequal = "assertion `left != right` failed\n  left: String(\"a\")\n right: \"a\"";
        assert_eq!(in_words(unequal), "found \"a\" which it must not be, beside \"a\"");
        assert_eq!(in_words("assertion failed: a.is_empty()"), "the check `a.is_empty()` failed");
        assert_eq!(in_words("expected status 204\n  sent: GET /\n  got: 200"), "expected status 204");
    }

    #[test]
    fn values_stand_as_json() {
        let shown = r#"Object {"a": Array [String("x\")y"), Number(3), Bool(true), Null]}"#;
        assert_eq!(plain(shown), r#"{"a": ["x\")y", 3, true, null]}"#);
        assert_eq!(plain("no value ü"), "no value ü");
    }

    #[test]
    fn long_messages_are_cut() {
        assert_eq!(in_words(&"ü".repeat(900)).chars().count(), LONGEST + 1);
    }
}
