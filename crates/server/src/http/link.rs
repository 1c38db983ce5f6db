//! One connection of a client: whether a request of it is being answered.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use http::{Version, header};
use http_body::{Frame, SizeHint};

use super::rest::Rest;

/// What the socket of a connection and the requests on it know of each other.
#[derive(Debug)]
pub(crate) struct Link {
    doing: Mutex<Doing>,
}

/// What happens on a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doing {
    /// Requests that a handler works on.
    pub(crate) requests: usize,
    /// Answers that have begun and not ended.
    pub(crate) answers: usize,
    /// Requests that have begun since the connection was made.
    pub(crate) begun: u64,
    /// When one of these changed last.
    pub(crate) since: Instant,
}

impl Link {
    /// A connection on which nothing has happened yet.
    pub(crate) fn new() -> Self {
        Self { doing: Mutex::new(Doing { requests: 0, answers: 0, begun: 0, since: Instant::now() }) }
    }

    /// What happens now.
    pub(crate) fn doing(&self) -> Doing {
        *self.locked()
    }

    fn change(&self, change: impl FnOnce(&mut Doing)) {
        let mut doing = self.locked();
        change(&mut doing);
        doing.since = Instant::now();
    }

    fn locked(&self) -> MutexGuard<'_, Doing> {
        self.doing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers a request so that the socket below it knows: what is left of the body is taken in, and the answer counts
/// until the client has it.
///
/// A request that came through no socket, as in tests, is answered as it is.
pub(crate) async fn through<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let Some(link) = request.extensions().get::<Arc<Link>>().cloned() else { return next(request).await };
    let version = request.version();
    let working = Counted::begin(link, |doing| &mut doing.requests);
    working.0.change(|doing| doing.begun += 1);
    let response = next(with_rest(request)).await;
    // The socket sees the end of a body that HTTP/1 is given at once; with HTTP/2 the client decides when it takes it.
    if version < Version::HTTP_2 && response.body().size_hint().exact().is_some() {
        return response;
    }
    let answering = Counted::begin(Arc::clone(&working.0), |doing| &mut doing.answers);
    response.map(|body| Body::new(Answer { body, _answering: answering }))
}

/// The request with a body whose rest is taken in when the body is not read to its end.
fn with_rest(request: Request) -> Request {
    // A client that waits for the word to go on sends nothing; HTTP/2 tells it to stop.
    let waits = request.headers().contains_key(header::EXPECT);
    if waits || request.version() >= Version::HTTP_2 || request.body().is_end_stream() {
        return request;
    }
    request.map(|body| Body::new(Rest::of(body)))
}

/// One more of something for as long as it lives.
#[derive(Debug)]
struct Counted(Arc<Link>, fn(&mut Doing) -> &mut usize);

impl Counted {
    fn begin(link: Arc<Link>, what: fn(&mut Doing) -> &mut usize) -> Self {
        link.change(|doing| *what(doing) += 1);
        Self(link, what)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.change(|doing| *self.1(doing) -= 1);
    }
}

/// The body of an answer, which counts until it is sent or given up.
struct Answer {
    body: Body,
    _answering: Counted,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
