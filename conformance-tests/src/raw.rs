//! HTTP/1.1 over a plain socket, for request targets that a URL library would normalise on the way.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::received::{Received, add, bounded};

/// Sends one request with `Connection: close` and reads the whole answer.
///
/// # Errors
/// One sentence when there is no answer, or none that is HTTP.
pub(crate) fn send(
    method: &str,
    url: &str,
    headers: &BTreeMap<String, String>,
    body: Option<&[u8]>,
    deadline: Instant,
) -> Result<Received, String> {
    let (authority, target) = split(url);
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    if !headers.contains_key("host") {
        let _ = write!(head, "host: {authority}\r\n");
    }
    head.push_str("connection: close\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if let Some(body) = body {
        let _ = write!(head, "content-length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let opened = (|| {
        let mut stream = TcpStream::connect(with_port(authority))?;
        stream.set_read_timeout(Some(left))?;
        stream.set_write_timeout(Some(left))?;
        stream.write_all(head.as_bytes())?;
        // A server that refuses a body early closes before all of it is sent; its answer counts.
        let _ = stream.write_all(body.unwrap_or_default());
        Ok(stream)
    })();
    let stream = opened.map_err(|error: std::io::Error| format!("no answer over the socket: {error}"))?;
    let answer = bounded(stream, deadline, |all| is_complete(method, all))?;
    parse(&answer).ok_or_else(|| format!("not an HTTP answer: {:?}", String::from_utf8_lossy(&answer)))
}

/// Whether all of an answer is there, for servers that leave the connection open.
fn is_complete(method: &str, answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let body = &answer[end + 4..];
    let bodiless = ["204", "304"].iter().any(|status| head.split(' ').nth(1) == Some(status));
    if bodiless || method == "HEAD" {
        return true;
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    match length {
        Some(length) => body.len() >= length,
        None => head.contains("transfer-encoding: chunked") && dechunk(body).is_some(),
    }
}

fn split(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()))
}

fn with_port(authority: &str) -> String {
    let has_port = authority.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
    if has_port { authority.to_owned() } else { format!("{authority}:80") }
}

fn parse(answer: &[u8]) -> Option<Received> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = BTreeMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        add(&mut headers, name, value.trim());
    }
    let body = &answer[end + 4..];
    let chunked = headers.get("transfer-encoding").is_some_and(|coding| coding.contains("chunked"));
    let body = if chunked { dechunk(body)? } else { body.to_vec() };
    Some(Received { status, headers, text: String::from_utf8_lossy(&body).into_owned() })
}

fn dechunk(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let line = body.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&body[..line]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        body = &body[line + 2..];
        if size == 0 {
            return Some(out);
        }
        out.extend_from_slice(body.get(..size)?);
        body = body.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_taken_as_written() {
        assert_eq!(split("http://h:1/scim/v2//Users?x=%41&"), ("h:1", "/scim/v2//Users?x=%41&"));
        assert_eq!((with_port("h:1"), with_port("h")), ("h:1".to_owned(), "h:80".to_owned()));
    }

    #[test]
    fn answers_with_length_and_with_chunks_read_alike() {
        let plain = b"HTTP/1.1 404 Not Found\r\nContent-Type: a/b\r\ncontent-length: 5\r\n\r\nhello";
        let chunks = b"HTTP/1.1 404 X\r\ncontent-type: a/b\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\n\r\n";
        for bytes in [&plain[..], &chunks[..]] {
            let Received { status, headers, text } = parse(bytes).expect("well-formed");
            assert_eq!((status, headers["content-type"].as_str(), text.as_str()), (404, "a/b", "hello"));
            assert!(is_complete("GET", bytes) && !is_complete("GET", &bytes[..bytes.len() - 5]));
        }
        assert_eq!(parse(b"nonsense"), None);
    }
}
