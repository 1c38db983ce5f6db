//! The tokens that exist, in memory: an unknown one costs no read of its own, and a revoked one is soon unknown.
//!
//! The hashes of all tokens are read at once, at most every second, and believed for the seconds of the settings. A token
//! that is not among them waits for the next read, because it may have been created a moment ago; however many wait, it
//! is one read. Who stands behind a token is read when the token is first used after each of these reads.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use operations::{Authenticated, Database, DatabaseError, Provider, TenantScope, TokenId, tokens};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep_until};

use crate::http::error::{Challenge, Failure};

/// What the database knows of a token.
type Hash = [u8; 32];

/// The longest that an unknown token waits for the next read of the tokens, and the shortest between two reads.
const BETWEEN: Duration = Duration::from_secs(1);

/// Who sends, and what the connection may and does.
#[derive(Debug)]
pub(crate) struct Authority {
    /// The tenant whose data the request sees.
    pub(crate) scope: TenantScope,
    /// The connection that the token belongs to, with its rules.
    pub(crate) provider: Arc<Provider>,
    /// The token itself, or the credential that stands behind it.
    pub(crate) token: TokenId,
    /// Whether it is good for reading alone.
    pub(crate) read_only: bool,
    /// The issuer, where its tokens are believed.
    pub(crate) issuer: Option<String>,
    /// From when on the token is refused.
    expires_at: Option<DateTime<Utc>>,
}

/// Where tokens are read.
pub(crate) trait TokenSource: Sync {
    /// The hashes of all tokens that are neither revoked nor expired.
    fn hashes(&self, now: DateTime<Utc>)
    -> impl Future<Output = Result<HashSet<Hash>, DatabaseError>> + Send;

    /// Who stands behind a token.
    fn authenticate(
        &self,
        hash: &Hash,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<Authenticated>, DatabaseError>> + Send;
}

impl TokenSource for Database {
    async fn hashes(&self, now: DateTime<Utc>) -> Result<HashSet<Hash>, DatabaseError> {
        self.token_hashes(now).await
    }

    async fn authenticate(
        &self,
        hash: &Hash,
        now: DateTime<Utc>,
    ) -> Result<Option<Authenticated>, DatabaseError> {
        self.authenticate(hash, now).await
    }
}

/// The tokens as they were read last.
#[derive(Debug)]
pub(crate) struct Tokens {
    believed: Duration,
    between: Duration,
    last: Mutex<Option<Read>>,
    /// Held by the one that reads, or waits for the time of the next read.
    turn: tokio::sync::Mutex<()>,
}

/// One read of the tokens.
#[derive(Clone, Debug)]
struct Read {
    begun: Instant,
    ended: Instant,
    outcome: Result<Arc<Known>, Failure>,
}

/// Who stands behind a token, once that has been read; nothing for one that has ended meanwhile.
type Standing = OnceCell<Option<Arc<Authority>>>;

#[derive(Debug)]
struct Known {
    hashes: HashSet<Hash>,
    authorities: Mutex<HashMap<Hash, Arc<Standing>>>,
}

impl Tokens {
    /// Believes what was read for so many seconds; 0 reads for each request.
    pub(crate) fn new(seconds: u64) -> Self {
        let believed = Duration::from_secs(seconds);
        Self {
            believed,
            between: believed.min(BETWEEN),
            last: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Forgets what was read: what this process has changed counts at once.
    pub(crate) fn forget(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Who stands behind a token, which has one of these hashes.
    ///
    /// # Errors
    /// 401 for a token that is unknown, expired or revoked; 503 if the database cannot say.
    pub(crate) async fn authority(
        &self,
        source: &impl TokenSource,
        hashes: &[Hash],
        now: DateTime<Utc>,
    ) -> Result<Arc<Authority>, Failure> {
        let asked = Instant::now();
        let known = match self.known(hashes, asked) {
            Some(known) => known,
            None => self.read_since(asked, source, hashes, now).await?,
        };
        let authority = known.authority(source, hashes, now).await?;
        let valid = authority.filter(|it| it.expires_at.is_none_or(|end| now < end));
        valid.ok_or(Failure::Unauthorised(Challenge::InvalidToken))
    }

    /// What was read last, if it has the token and was still believed at this instant.
    fn known(&self, hashes: &[Hash], asked: Instant) -> Option<Arc<Known>> {
        let last = self.last().filter(|read| asked < read.begun + self.believed)?;
        last.outcome.ok().filter(|known| known.one_of(hashes).is_some())
    }

    /// What a read found that began no earlier than this, or that has the token; those who ask meanwhile get the same.
    async fn read_since(
        &self,
        asked: Instant,
        source: &impl TokenSource,
        hashes: &[Hash],
        now: DateTime<Utc>,
    ) -> Result<Arc<Known>, Failure> {
        let _turn = self.turn.lock().await;
        // The read for which this one waited its turn may have found the token.
        if let Some(known) = self.known(hashes, asked) {
            return Ok(known);
        }
        if let Some(last) = self.last() {
            let failed = last.outcome.is_err() && last.ended >= asked;
            if last.begun >= asked || failed {
                return last.outcome;
            }
            sleep_until(last.begun + self.between).await;
        }
        let begun = Instant::now();
        let outcome = match source.hashes(now).await {
            Ok(hashes) => Ok(Arc::new(Known { hashes, authorities: Mutex::default() })),
            Err(error) => Err(error.into()),
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Read { begun, ended: Instant::now(), outcome: outcome.clone() });
        outcome
    }

    fn last(&self) -> Option<Read> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Known {
    /// The one of these hashes that a token has; the first one, if several do.
    fn one_of(&self, hashes: &[Hash]) -> Option<Hash> {
        hashes.iter().copied().find(|hash| self.hashes.contains(hash))
    }

    async fn authority(
        &self,
        source: &impl TokenSource,
        hashes: &[Hash],
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Authority>>, Failure> {
        let Some(hash) = self.one_of(hashes) else { return Ok(None) };
        let cell = {
            let mut authorities = self.authorities.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(authorities.entry(hash).or_default())
        };
        let read = async || match source.authenticate(&hash, now).await? {
            Some(found) => authority(found).map(Some),
            None => Ok(None),
        };
        cell.get_or_try_init(read).await.cloned()
    }
}

fn authority(found: Authenticated) -> Result<Arc<Authority>, Failure> {
    let Authenticated { scope, connection, token, expires_at, scopes, details, .. } = found;
    let read_only = !scopes.iter().any(|scope| scope == tokens::ALL);
    let issuer = details.and_then(|details| details["issuer"].as_str().map(str::to_owned));
    let provider =
        Provider::new(connection).map_err(|sentence| Failure::fault(std::io::Error::other(sentence)))?;
    Ok(Arc::new(Authority { scope, provider: Arc::new(provider), token, read_only, issuer, expires_at }))
}

#[cfg(test)]
mod tests;
