//! Sockets: how many there may be, and how long one is kept whose client neither asks nor takes what it asked for.
//!
//! The HTTP library closes none of them by itself: not one that is silent, not one that says half of how it will
//! speak, not one on which an answer waits for a reader. Here every reading and writing that must wait has an end.

use std::future::{Ready, ready};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tower::Layer as _;

use super::link::Link;
use super::refusal::{explained, no_place};
use crate::config::Limits;
use crate::metrics;

/// How every connection of HTTP/2 begins (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long a connection may keep the server waiting.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// For the head of a request, from its first byte or, on a new connection, from its beginning.
    head: Duration,
    /// For the next request.
    next: Duration,
    /// For the client to take more of an answer.
    reader: Duration,
}

/// Lets connections in, as many as there are places.
#[derive(Clone, Debug)]
pub(crate) struct Doorkeeper {
    places: Arc<Semaphore>,
    patience: Patience,
}

impl Doorkeeper {
    /// With the limits of the settings.
    pub(crate) fn new(limits: &Limits) -> Self {
        let patience = Patience {
            head: Duration::from_secs(limits.header_seconds),
            next: Duration::from_secs(limits.keep_alive_seconds),
            reader: Duration::from_secs(limits.reader_seconds),
        };
        Self { places: Arc::new(Semaphore::new(limits.connections)), patience }
    }
}

impl<S> Accept<TcpStream, S> for Doorkeeper {
    type Stream = Socket;
    type Service = AddExtension<S, Arc<Link>>;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            metrics::connection_refused();
            // The answer fits into what the system keeps for a new socket; a client that is gone misses nothing.
            let _ = stream.try_write(&no_place());
            return ready(Err(io::ErrorKind::ConnectionRefused.into()));
        };
        // Answers are whole when they are written: waiting for more only delays them.
        ready(stream.set_nodelay(true).map(|()| {
            let link = Arc::new(Link::new());
            let service = Extension(Arc::clone(&link)).layer(service);
            (Socket::new(stream, link, self.patience, place), service)
        }))
    }
}

/// The socket of one connection.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    link: Arc<Link>,
    patience: Patience,
    speaks: Speaks,
    /// When the first byte came of a head that is not complete, and how many requests had begun by then.
    head: Option<(Instant, u64)>,
    /// When something was written last.
    written: Instant,
    /// Since when a writing waits for the client.
    stalled: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

/// What the client's first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaks {
    /// As many bytes of the preface of HTTP/2, so far.
    Perhaps(usize),
    Http1,
    Http2,
}

impl Socket {
    fn new(stream: TcpStream, link: Arc<Link>, patience: Patience, place: OwnedSemaphorePermit) -> Self {
        let now = Instant::now();
        Self {
            stream,
            link,
            patience,
            speaks: Speaks::Perhaps(0),
            head: None,
            written: now,
            stalled: None,
            alarm: Box::pin(tokio::time::sleep(patience.head)),
            _place: place,
        }
    }

    /// Notes bytes of the client.
    fn heard(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let doing = self.link.doing();
        if let Speaks::Perhaps(known) = self.speaks {
            let more =
                bytes.iter().zip(&PREFACE[known..]).take_while(|(byte, expected)| byte == expected).count();
            self.speaks = match known + more {
                all if all == PREFACE.len() => Speaks::Http2,
                so_far if more == bytes.len() => Speaks::Perhaps(so_far),
                _ => Speaks::Http1,
            };
        }
        if doing.requests == 0 && self.head.is_none_or(|(_, begun)| begun != doing.begun) {
            self.head = Some((Instant::now(), doing.begun));
        }
    }

    /// When the connection has kept the server waiting for too long, as things stand; never while a request is worked
    /// on, which has a limit of its own.
    fn end(&self) -> Option<Instant> {
        if let Some(since) = self.stalled {
            return Some(since + self.patience.reader);
        }
        let doing = self.link.doing();
        if doing.answers > 0 {
            return Some(self.written.max(doing.since) + self.patience.reader);
        }
        if doing.requests > 0 {
            return None;
        }
        // HTTP/2 says more between requests than their heads.
        let head = self.head.filter(|(_, begun)| *begun == doing.begun && self.speaks != Speaks::Http2);
        if let Some((since, _)) = head {
            return Some(since + self.patience.head);
        }
        let patience = if doing.begun == 0 { self.patience.head } else { self.patience.next };
        Some(self.written.max(doing.since) + patience)
    }

    /// Waits for what the client does; an error once it has done nothing for too long.
    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            let now = Instant::now();
            let end = self.end();
            if end.is_some_and(|end| end <= now) {
                metrics::connection_timed_out();
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            // Whatever is begun or ended meanwhile wakes the connection, and what that leaves behind is seen then.
            let next = end.unwrap_or_else(|| now + self.patience.head);
            let rings = self.alarm.deadline().into_std();
            if rings > next || rings <= now {
                self.alarm.as_mut().reset(next.into());
            }
            if self.alarm.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Notes how a writing went.
    fn wrote<T>(&mut self, context: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_pending() {
            self.stalled.get_or_insert_with(Instant::now);
            return self.wait(context);
        }
        self.stalled = None;
        self.written = Instant::now();
        outcome
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if outcome.is_pending() {
            return self.wait(context);
        }
        self.heard(&buffer.filled()[before..]);
        outcome
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(better) = explained(bytes) {
            // The connection ends with it, and the system has room for it, or else the client does not read.
            return Poll::Ready(self.stream.try_write(&better).map(|_| bytes.len()));
        }
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [bytes] = slices {
            return self.poll_write(context, bytes);
        }
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(context, outcome)
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
