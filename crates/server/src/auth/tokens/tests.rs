//! What tokens cost, and how soon a change of them counts.

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::TimeDelta;
use futures::future::join_all;
use operations::{By, Operator, Options, connections, secret, tenants, tokens};

use super::*;
use crate::config::Config;

/// A database that counts what it is asked.
struct Counted {
    db: Database,
    operator: Operator,
    connection: String,
    hashes: AtomicUsize,
    authorities: AtomicUsize,
    broken: bool,
    /// A read of the hashes waits for a permit and gives it back.
    gate: tokio::sync::Semaphore,
}

impl TokenSource for Counted {
    async fn hashes(&self, now: DateTime<Utc>) -> Result<HashSet<Hash>, DatabaseError> {
        self.hashes.fetch_add(1, Ordering::Relaxed);
        let _permit = self.gate.acquire().await.expect("a gate that is never closed");
        if self.broken { Err(DatabaseError::Busy) } else { self.db.token_hashes(now).await }
    }

    async fn authenticate(
        &self,
        hash: &Hash,
        now: DateTime<Utc>,
    ) -> Result<Option<Authenticated>, DatabaseError> {
        self.authorities.fetch_add(1, Ordering::Relaxed);
        self.db.authenticate(hash, now).await
    }
}

impl Counted {
    async fn open() -> Self {
        let config = Config::from_sources(None, &[], &[]).expect("the defaults");
        let url = "sqlite::memory:".to_owned();
        let options = Options { url, max_connections: 2, migrate: true, statement_limit: None };
        let db =
            Database::open(&options, ("", ""), config.policy(), None).await.expect("a database in memory");
        let now = DateTime::from_timestamp(1_772_355_600, 0).expect("an instant");
        let operator = Operator {
            name: "test".to_owned(),
            by: By::Terminal,
            command: "test",
            tenant: None,
            now,
            batch: 200,
        };
        let new = tenants::New { name: "Alpha".to_owned(), ..tenants::New::default() };
        tenants::create(&db, &operator, &new).await.expect("a tenant");
        let new = connections::New {
            tenant: "Alpha".to_owned(),
            name: "staff".to_owned(),
            profile: "generic".to_owned(),
            ..connections::New::default()
        };
        let connection =
            connections::create(&db, &operator, &new).await.expect("a connection").id.to_string();
        let (hashes, authorities) = Default::default();
        let gate = tokio::sync::Semaphore::new(1);
        Self { db, operator, connection, hashes, authorities, broken: false, gate }
    }

    /// A new token: its hash and its id.
    async fn token(&self, days: Option<u32>) -> (Hash, String) {
        let created = tokens::create(&self.db, &self.operator, &self.connection, &tokens::New::bearer(days))
            .await
            .expect("a token");
        (secret::hash(&created.token).expect("a token"), created.known.id.to_string())
    }

    fn asked(&self) -> (usize, usize) {
        (self.hashes.load(Ordering::Relaxed), self.authorities.load(Ordering::Relaxed))
    }
}

fn refused(outcome: &Result<Arc<Authority>, Failure>) -> bool {
    matches!(outcome, Err(Failure::Unauthorised(Challenge::InvalidToken)))
}

#[tokio::test]
async fn a_crowd_of_unknown_tokens_costs_two_reads_and_a_known_one_none_of_its_own() {
    let source = Counted::open().await;
    let (hash, _) = source.token(None).await;
    let (tokens, now) = (Tokens::new(1), source.operator.now);
    let crowd = (0..500_u16).map(|number| {
        let mut hash = [7; 32];
        hash[..2].copy_from_slice(&number.to_be_bytes());
        hash
    });
    let crowd: Vec<Hash> = crowd.collect();
    let crowd = crowd.iter().map(|hash| tokens.authority(&source, std::slice::from_ref(hash), now));
    assert!(join_all(crowd).await.iter().all(refused));
    // The first one reads, and those who came while it did share the next read.
    let (reads, authorities) = source.asked();
    assert!(reads <= 2 && authorities == 0, "{reads} reads");
    let hashes = [hash];
    let known = join_all((0..100).map(|_| tokens.authority(&source, &hashes, now))).await;
    assert!(known.iter().all(Result::is_ok));
    assert_eq!(source.asked(), (reads, 1));
}

#[tokio::test]
async fn reads_are_a_second_apart_and_a_new_token_waits_for_the_next() {
    let source = Counted::open().await;
    let (tokens, now) = (Tokens::new(600), source.operator.now);
    assert!(refused(&tokens.authority(&source, &[[7; 32]], now).await));
    let first = tokens.last().expect("a read").begun;
    let (hash, id) = source.token(None).await;
    assert!(tokens.authority(&source, &[hash], now).await.is_ok());
    assert_eq!(source.asked(), (2, 1));
    assert!(tokens.last().expect("a read").begun - first >= BETWEEN);
    // A known token is believed; what is unknown makes the server read, and then the revoked one is unknown.
    tokens::revoke(&source.db, &source.operator, &source.connection, &id).await.expect("it was valid");
    assert!(tokens.authority(&source, &[hash], now).await.is_ok());
    assert!(refused(&tokens.authority(&source, &[[7; 32]], now).await));
    assert!(refused(&tokens.authority(&source, &[hash], now).await));
}

#[tokio::test]
async fn a_token_ends_at_its_instant_although_it_is_in_memory() {
    let source = Counted::open().await;
    let (hash, _) = source.token(Some(1)).await;
    let (tokens, now) = (Tokens::new(600), source.operator.now);
    assert!(tokens.authority(&source, &[hash], now + TimeDelta::hours(23)).await.is_ok());
    assert!(refused(&tokens.authority(&source, &[hash], now + TimeDelta::days(1)).await));
    assert_eq!(source.asked(), (1, 1));
}

#[tokio::test]
async fn a_database_that_cannot_say_refuses_all_who_wait_at_once() {
    let source = Counted { broken: true, ..Counted::open().await };
    let (tokens, now) = (Tokens::new(1), source.operator.now);
    let crowd = join_all((0..100).map(|_| tokens.authority(&source, &[[7; 32]], now))).await;
    assert!(
        crowd.iter().all(|outcome| matches!(outcome, Err(Failure::Later(error, _)) if error.status == 503))
    );
    assert!(source.asked().0 <= 2, "those who wait share the answer");
}

#[tokio::test]
async fn who_comes_while_the_tokens_are_read_gets_what_that_read_finds() {
    for broken in [false, true] {
        let mut source = Counted::open().await;
        source.broken = broken;
        let (hash, _) = source.token(None).await;
        let (tokens, now) = (Tokens::new(1), source.operator.now);
        let closed = source.gate.acquire().await.expect("an open gate");
        let hashes = [hash];
        let crowd = join_all((0..100).map(|_| tokens.authority(&source, &hashes, now)));
        let (outcomes, ()) = tokio::join!(crowd, async { drop(closed) });
        assert!(outcomes.iter().all(|outcome| outcome.is_err() == broken));
        assert_eq!(source.asked().0, 1, "nobody waits for a second read, broken: {broken}");
    }
}
