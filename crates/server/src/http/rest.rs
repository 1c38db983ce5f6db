//! What is left of a request's body when the answer stands already.
//!
//! A client that writes its whole request before it reads would lose the answer if the connection were closed while
//! it writes: the system throws away what was sent to a client that still sends. So the rest is taken in, within a
//! limit; [`super::socket`] limits the time.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use futures::StreamExt as _;
use http_body::{Frame, SizeHint};
use tokio::runtime::Handle;

/// The most bytes that are taken in after the answer; then the connection is closed.
const MOST: usize = 64 * 1_048_576;

/// A body whose rest is taken in when it is dropped before its end.
#[derive(Debug)]
pub(crate) struct Rest(Option<Body>);

impl Rest {
    /// This body.
    pub(crate) const fn of(body: Body) -> Self {
        Self(Some(body))
    }
}

impl HttpBody for Rest {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = &mut self.0 else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.0 = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        if let (Some(body), Ok(runtime)) =
            (self.0.take().filter(|body| !body.is_end_stream()), Handle::try_current())
        {
            runtime.spawn(take_in(body));
        }
    }
}

async fn take_in(body: Body) {
    let mut pieces = body.into_data_stream();
    let mut left = MOST;
    while let Some(Ok(piece)) = pieces.next().await {
        let Some(less) = left.checked_sub(piece.len()) else { return };
        left = less;
    }
}
