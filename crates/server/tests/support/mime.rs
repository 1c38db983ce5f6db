//! Takes a mail apart as a mailbox does: head, encoded words, parts and their encodings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The fields of the head, unfolded, and what stands below it.
pub(crate) fn split(raw: &str) -> (Vec<(String, String)>, &str) {
    let (head, body) = raw.split_once("\r\n\r\n").expect("a head and a body");
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let field = |line: &str| {
        let (name, value) = line.split_once(": ").expect("a field");
        (name.to_owned(), value.to_owned())
    };
    (unfolded.split("\r\n").map(field).collect(), body)
}

/// The value of a field in its own spelling.
pub(crate) fn field<'f>(fields: &'f [(String, String)], name: &str) -> Option<&'f str> {
    fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The text of a value: its encoded words (RFC 2047) decoded, and the blanks between two of them left out.
pub(crate) fn words(value: &str) -> String {
    let mut text = String::new();
    let mut after_encoded = false;
    for word in value.split(' ') {
        let encoded = word.strip_prefix("=?utf-8?B?").and_then(|rest| rest.strip_suffix("?="));
        let is_one_text = after_encoded && encoded.is_some();
        if !text.is_empty() && !is_one_text {
            text.push(' ');
        }
        after_encoded = encoded.is_some();
        match encoded {
            Some(encoded) => {
                assert!(word.len() <= 75, "an encoded word is too long: {word}");
                let bytes = STANDARD.decode(encoded).expect("base64");
                text += &String::from_utf8(bytes).expect("an encoded word ends with a character");
            }
            None => text += word,
        }
    }
    text
}

/// The bodies of a mail of several parts, each with its type.
pub(crate) fn parts(fields: &[(String, String)], body: &str) -> Vec<(String, String)> {
    let kind = field(fields, "Content-Type").expect("a type");
    let (_, boundary) = kind.split_once("boundary=").expect("a boundary");
    let boundary = format!("--{}", boundary.trim_matches('"'));
    let body = format!("\r\n{body}");
    let pieces: Vec<&str> = body.split(&format!("\r\n{boundary}")).collect();
    assert!(pieces.last().expect("an end").starts_with("--"), "the last part is not closed");
    let part = |piece: &&str| {
        let (fields, body) = split(piece.strip_prefix("\r\n").expect("a line of its own"));
        let body = match field(&fields, "Content-Transfer-Encoding").expect("an encoding") {
            "base64" => STANDARD.decode(body.replace("\r\n", "")).expect("base64"),
            "quoted-printable" => quoted_printable(body),
            "7bit" => body.as_bytes().to_vec(),
            other => panic!("{other} was not agreed upon"),
        };
        let text = String::from_utf8(body).expect("UTF-8");
        (field(&fields, "Content-Type").expect("a type").to_owned(), text.replace("\r\n", "\n"))
    };
    pieces[1..pieces.len() - 1].iter().map(part).collect()
}

/// RFC 2045 §6.7.
fn quoted_printable(body: &str) -> Vec<u8> {
    let body = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = body.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'=' {
            let digits = str::from_utf8(&after[..2]).expect("two digits");
            bytes.push(u8::from_str_radix(digits, 16).expect("two digits"));
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}
