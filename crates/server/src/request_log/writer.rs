//! The queue of the request log, and the one task that writes it in batches, away from the answers.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use operations::{Database, RequestBatch, RequestRecord, Shared, TokenId, chain};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::metrics;
use crate::panics::survived;

/// The most requests that are written at once.
const BATCH: usize = 256;

/// How long a first request waits for company.
const LINGER: Duration = Duration::from_millis(250);

/// How long the last use of a token waits to be written.
const TOKENS: Duration = Duration::from_secs(5);

/// The queue's end for the layers of a request.
#[derive(Clone, Debug)]
pub(crate) struct RequestLog(mpsc::Sender<Message>);

/// What the writing task is told.
#[derive(Debug)]
pub(crate) enum Message {
    /// A request was answered; it came with this token.
    Answered(Box<RequestRecord>, TokenId),
    /// Write everything now and say when that is done.
    Flush(oneshot::Sender<()>),
}

impl RequestLog {
    /// A queue for so many requests, and the end that [`write`] takes.
    pub(crate) fn new(length: usize) -> (Self, mpsc::Receiver<Message>) {
        let (sender, receiver) = mpsc::channel(length);
        (Self(sender), receiver)
    }

    /// Queues an answered request; a full queue loses it and counts the loss, because an answer never waits.
    pub(crate) fn send(&self, record: RequestRecord, token: TokenId) {
        if self.0.try_send(Message::Answered(Box::new(record), token)).is_err() {
            metrics::requests_lost(1);
        }
    }

    /// Waits until everything that is queued now has been written.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.0.send(Message::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }
}

/// Writes what is queued until `stop`, and then what is left.
pub(crate) async fn write(db: Shared, mut queue: mpsc::Receiver<Message>, stop: CancellationToken) {
    let mut tokens = TokenUses::default();
    loop {
        let first = tokio::select! {
            biased;
            message = queue.recv() => message,
            () = stop.cancelled() => None,
            () = tokio::time::sleep_until(tokens.due()) => {
                tokens.write(&db).await;
                continue;
            }
        };
        let Some(first) = first else { break };
        let mut batch = Batch::default();
        let mut open = batch.take(first, &mut tokens);
        let deadline = Instant::now() + LINGER;
        while open && batch.requests.len() < BATCH {
            let next = tokio::select! {
                biased;
                message = queue.recv() => message,
                () = stop.cancelled() => queue.try_recv().ok(),
                () = tokio::time::sleep_until(deadline) => None,
            };
            let Some(next) = next else { break };
            open = batch.take(next, &mut tokens);
        }
        let number = batch.requests.len() as u64;
        if survived(batch.write(&db, &mut tokens)).await.is_err() {
            metrics::requests_lost(number);
        }
    }
    tokens.write(&db).await;
}

#[derive(Default)]
struct Batch {
    requests: RequestBatch,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Batch {
    /// Whether more may be taken: a caller that waits ends the batch.
    fn take(&mut self, message: Message, tokens: &mut TokenUses) -> bool {
        match message {
            Message::Answered(record, token) => {
                tokens.note(token, record.at);
                self.requests.push(*record);
                true
            }
            Message::Flush(done) => {
                self.waiting.push(done);
                false
            }
        }
    }

    async fn write(self, db: &Database, tokens: &mut TokenUses) {
        let number = self.requests.len() as u64;
        if number > 0
            && let Err(error) = db.log_requests(self.requests).await
        {
            metrics::requests_lost(number);
            tracing::warn!(number, error = chain(&error), "requests could not be written to the request log");
        }
        if !self.waiting.is_empty() {
            tokens.write(db).await;
        }
        for waiting in self.waiting {
            let _ = waiting.send(());
        }
    }
}

/// When each token was last used, since it was last written.
#[derive(Default)]
struct TokenUses {
    uses: HashMap<TokenId, DateTime<Utc>>,
    since: Option<Instant>,
}

impl TokenUses {
    fn note(&mut self, token: TokenId, at: DateTime<Utc>) {
        let last = self.uses.entry(token).or_insert(at);
        *last = at.max(*last);
        self.since.get_or_insert_with(Instant::now);
    }

    fn due(&self) -> Instant {
        // Nothing to write is due in an hour, which a first use brings forward.
        self.since.map_or_else(|| Instant::now() + Duration::from_hours(1), |since| since + TOKENS)
    }

    async fn write(&mut self, db: &Database) {
        self.since = None;
        let uses: Vec<_> = self.uses.drain().collect();
        if !uses.is_empty()
            && let Err(error) = db.tokens_used(&uses).await
        {
            tracing::warn!(error = chain(&error), "the last uses of tokens could not be written");
        }
    }
}
