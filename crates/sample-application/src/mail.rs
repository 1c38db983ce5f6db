//! A mail as a person reads it: the subject and the text, out of what the mail server was given.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl Mail {
    /// Reads a mail (RFC 5322) and its part of plain text; what cannot be read is left as it is.
    pub(crate) fn read(raw: &str) -> Self {
        let raw = raw.replace("\r\n", "\n");
        let (head, body) = split(&raw);
        let subject = field(&head, "subject").map(words).unwrap_or_default();
        let text = match field(&head, "content-type").and_then(|kind| kind.split_once("boundary=")) {
            None => decoded(&head, body),
            Some((_, boundary)) => {
                let boundary =
                    format!("\n--{}", boundary.split(';').next().unwrap_or_default().trim_matches('"'));
                let body = format!("\n{body}");
                let parts = body.split(&boundary).map(|part| split(part.trim_start_matches('\n')));
                let plain = |head: &str| {
                    field(head, "content-type").is_some_and(|kind| kind.starts_with("text/plain"))
                };
                let mut texts = parts.filter(|(head, _)| plain(head));
                texts.next().map(|(head, body)| decoded(&head, body)).unwrap_or_default()
            }
        };
        Self { subject, text }
    }
}

/// The unfolded head, and what stands below it.
fn split(text: &str) -> (String, &str) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    (head.replace("\n ", " ").replace("\n\t", " "), body)
}

fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
}

/// The body in its own letters, by its transfer encoding (RFC 2045 §6).
fn decoded(head: &str, body: &str) -> String {
    match field(head, "content-transfer-encoding").unwrap_or_default() {
        "base64" => {
            let bytes = STANDARD.decode(body.replace('\n', "")).unwrap_or_default();
            String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
        }
        "quoted-printable" => quoted_printable(&body.replace("=\n", "")),
        _ => body.to_owned(),
    }
}

fn quoted_printable(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'=' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The text of a field: its encoded words (RFC 2047) decoded, and the blanks between two of them left out.
fn words(value: &str) -> String {
    let mut text = String::new();
    let mut after_encoded = false;
    for word in value.split(' ') {
        let encoded = word.strip_prefix("=?utf-8?B?").and_then(|rest| rest.strip_suffix("?="));
        let encoded = encoded.and_then(|encoded| String::from_utf8(STANDARD.decode(encoded).ok()?).ok());
        let is_one_text = after_encoded && encoded.is_some();
        if !text.is_empty() && !is_one_text {
            text.push(' ');
        }
        after_encoded = encoded.is_some();
        text += encoded.as_deref().unwrap_or(word);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> (String, String) {
        let Mail { subject, text } = Mail::read(raw);
        (subject, text)
    }

    #[test]
    fn the_text_of_a_mail_is_read_in_every_encoding() {
        for (encoding, body) in [
            ("7bit", "Gr=C3=BC=\r\n\u{df}e"),
            ("quoted-printable", "Gr=C3=\r\n=BC=C3=9Fe"),
            ("base64", "R3LD\r\nvMOfZQ=="),
        ] {
            let raw = format!(
                "Subject: =?utf-8?B?R3LDvA==?=\r\n =?utf-8?B?w59l?= 418\r\n\
                 Content-Type: multipart/alternative;\r\n boundary=\"x\"\r\n\r\n\
                 --x\r\nContent-Type: text/html\r\n\r\n<b>\r\n\
                 --x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n--x--\r\n"
            );
            let text = if encoding == "7bit" { "Gr=C3=BC=\n\u{df}e" } else { "Grüße" };
            assert_eq!(read(&raw), ("Grüße 418".to_owned(), text.to_owned()), "{encoding}");
        }
    }

    #[test]
    fn what_is_no_mail_is_read_without_a_fault() {
        for raw in [
            "",
            "Subject: ",
            "\r\n\r\n",
            "Content-Type: multipart/x; boundary=\r\n\r\n--\r\n--",
            "=?utf-8?B?",
            "a: =\n\n=",
        ] {
            read(raw);
        }
        assert_eq!(read("Subject: a\n\nb"), ("a".to_owned(), "b".to_owned()));
    }
}
