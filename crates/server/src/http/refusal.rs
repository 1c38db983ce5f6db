//! Requests that the HTTP library refuses before they are requests: their answer gets the body of a SCIM error.
//!
//! A raw blank in the address, a head without an end or one that is too large never become a request. The library
//! answers with a status and an empty body, which does not tell the client what to do. No answer of ours is like that, so the
//! bytes on their way out are enough to know one by.

/// The beginnings of such answers, and what is said in their place.
const REFUSALS: [(&str, u16, &str); 3] = [
    (
        "HTTP/1.1 400 Bad Request\r\n",
        400,
        "This is no HTTP request: characters such as blanks and quotes in an address must be percent-encoded, and \
         headers hold plain text.",
    ),
    (
        "HTTP/1.1 414 URI Too Long\r\n",
        414,
        "The address is longer than the server takes: search by POST instead.",
    ),
    (
        "HTTP/1.1 431 Request Header Fields Too Large\r\n",
        431,
        "The headers are larger than the server takes.",
    ),
];

/// The answer with a body for one that is nothing but the head of a refusal.
pub(super) fn explained(bytes: &[u8]) -> Option<Vec<u8>> {
    let (line, status, detail) = REFUSALS.iter().find(|(line, ..)| bytes.starts_with(line.as_bytes()))?;
    let head = str::from_utf8(bytes).ok()?.strip_suffix("\r\n\r\n")?;
    let bare = head.split("\r\n").any(|line| line.eq_ignore_ascii_case("content-length: 0"));
    bare.then(|| answer(line, &scim::Error::status(*status, *detail), ""))
}

/// The answer to a connection for which there is no place.
pub(super) fn no_place() -> Vec<u8> {
    let error = scim::Error::status(503, "The server has as many connections as it takes: try again.");
    answer("HTTP/1.1 503 Service Unavailable\r\n", &error, "retry-after: 1\r\n")
}

fn answer(line: &str, error: &scim::Error, more: &str) -> Vec<u8> {
    let body = error.to_json().to_string();
    format!(
        "{line}content-type: application/scim+json; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\
         cache-control: no-store\r\nx-content-type-options: nosniff\r\n{more}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_refusals_get_a_body_and_whole_answers_pass() {
        let bare =
            b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: today\r\n\r\n";
        let answer = String::from_utf8(explained(bare).expect("a bare answer")).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
        assert!(body.contains("\"status\":\"400\"") && body.contains("percent-encoded"), "{body}");
        for other in [
            &b"HTTP/1.1 400 Bad Request\r\ncontent-length: 9\r\n\r\n{\"a\": 1}\n"[..],
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 10\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n",
            b"",
        ] {
            assert_eq!(explained(other), None, "{other:?}");
        }
    }
}
