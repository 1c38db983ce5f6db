//! What the HTTP library refuses by itself, before any handler: its bare answer gets the body of a SCIM error.
//!
//! A raw blank or quote in the address, a head without an end or one that is too large never become a request. The
//! library answers with a status and an empty body, which tells nobody what to do. No answer of ours is like that, so
//! the bytes on their way out are enough to know one by.

use std::future::Ready;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

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

/// Wraps every accepted connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Explaining;

impl<S> Accept<TcpStream, S> for Explaining {
    type Stream = Explained<TcpStream>;
    type Service = S;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        // Answers are whole when they are written: waiting for more only delays them.
        std::future::ready(stream.set_nodelay(true).and(Ok((Explained { stream, pending: None }, service))))
    }
}

/// A connection on which refusals leave with a body. (One that is written together with an earlier answer does not; a
/// client that sends on without waiting gets the bare one.)
#[derive(Debug)]
pub(crate) struct Explained<I> {
    stream: I,
    pending: Option<Pending>,
}

/// An answer that takes the place of another one.
#[derive(Debug)]
struct Pending {
    bytes: Vec<u8>,
    sent: usize,
    /// Bytes of the other one, which the library believes are sent.
    stands_for: usize,
}

impl<I: AsyncWrite + Unpin> Explained<I> {
    /// Sends the better answer, if these bytes are a bare one; nothing otherwise.
    fn instead(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Option<io::Result<usize>>> {
        if self.pending.is_none() {
            self.pending =
                explained(bytes).map(|better| Pending { bytes: better, sent: 0, stands_for: bytes.len() });
        }
        let Some(pending) = &mut self.pending else { return Poll::Ready(None) };
        while pending.sent < pending.bytes.len() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, &pending.bytes[pending.sent..])) {
                Ok(0) => return Poll::Ready(Some(Err(io::ErrorKind::WriteZero.into()))),
                Ok(sent) => pending.sent += sent,
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        let stands_for = pending.stands_for;
        self.pending = None;
        Poll::Ready(Some(Ok(stands_for)))
    }
}

/// The answer with a body for one that is nothing but the head of a refusal.
fn explained(bytes: &[u8]) -> Option<Vec<u8>> {
    let (_, status, detail) = REFUSALS.iter().find(|(start, ..)| bytes.starts_with(start.as_bytes()))?;
    let head = str::from_utf8(bytes).ok()?.strip_suffix("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let first = lines.next()?;
    let (length, others): (Vec<&str>, Vec<&str>) =
        lines.partition(|line| line.to_ascii_lowercase().starts_with("content-length:"));
    let [length] = length.as_slice() else { return None };
    if !length.ends_with(" 0") {
        return None;
    }
    let body = scim::Error::status(*status, *detail).to_json().to_string();
    let mut answer = format!("{first}\r\ncontent-type: application/scim+json; charset=utf-8\r\n");
    for line in others.iter().chain(&["cache-control: no-store", "x-content-type-options: nosniff"]) {
        answer.push_str(line);
        answer.push_str("\r\n");
    }
    Some(format!("{answer}content-length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

impl<I: AsyncRead + Unpin> AsyncRead for Explained<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Explained<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match ready!(self.instead(context, bytes)) {
            Some(outcome) => Poll::Ready(outcome),
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A bare answer is one piece.
        let outcome = match slices {
            [bytes] => ready!(self.instead(context, bytes)),
            _ => None,
        };
        match outcome {
            Some(outcome) => Poll::Ready(outcome),
            None => Pin::new(&mut self.stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
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
        assert!(head.contains("\r\nconnection: close\r\ndate: today\r\n"), "{head}");
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{head}");
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
