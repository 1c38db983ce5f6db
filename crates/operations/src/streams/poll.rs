//! Tokens that a receiver asks for (RFC 8936).

use store::{SetState, StreamStatus, WriteUnit};
use uuid::Uuid;

use super::carry::advance;
use super::existing;
use super::manage::algorithm;
use super::tokens::{claims, signed};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Requester;
use crate::signing::Signer;

/// The most tokens of an answer.
const MOST: u64 = 100;

/// Letters of a refusal that are kept.
const KEPT: usize = 1_000;

/// A token that the receiver could not take, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The token.
    pub id: String,
    /// Why.
    pub why: String,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polled {
    /// Tokens by their ids.
    pub sets: Vec<(String, String)>,
    /// Whether more wait.
    pub more: bool,
}

/// Takes note of what the receiver took and refused, and answers at most so many tokens that it has yet to take, in their order.
/// A token that it does not acknowledge comes again.
///
/// # Errors
/// 404, [`Error::Refused`] for a stream that sends to an address, or what the database says.
pub async fn poll(
    db: &Database,
    requester: &Requester,
    id: Uuid,
    (taken, refused): (&[String], &[Refusal]),
    most: Option<u64>,
) -> Result<Polled, Error> {
    let most = most.unwrap_or(MOST).min(MOST);
    let stream = existing(db.read(&requester.scope).await?.stream(id).await?, id)?;
    if stream.pushes() {
        return Err(Error::Refused(
            "the stream sends its tokens to an address: there is nothing to poll".to_owned(),
        ));
    }
    if !taken.is_empty() || !refused.is_empty() || most > 0 && has_news(db, requester, &stream).await? {
        settle(db, requester, id, (taken, refused), most > 0).await?;
    }
    if most == 0 || stream.status != StreamStatus::Enabled {
        let more = db.read(&requester.scope).await?.count_sets(id, SetState::Waiting).await? > 0;
        return Ok(Polled { more, ..Polled::default() });
    }
    let unit = db.read(&requester.scope).await?;
    let mut sets = unit.sets(id, SetState::Waiting, most + 1).await?;
    let more = sets.len() as u64 > most;
    sets.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let claims = claims(db, &requester.scope, &unit, &stream, &sets).await?;
    drop(unit);
    if claims.is_empty() {
        return Ok(Polled { more, ..Polled::default() });
    }
    let signer = Signer::of(db, &requester.scope, algorithm(&stream), requester.now).await?;
    let sets = signed(&signer, claims)?;
    Ok(Polled { sets: sets.into_iter().map(|(id, token)| (id.simple().to_string(), token)).collect(), more })
}

/// Whether there are changes of which no tokens were made.
async fn has_news(db: &Database, requester: &Requester, stream: &store::Stream) -> Result<bool, Error> {
    let unit = db.read(&requester.scope).await?;
    Ok(stream.status == StreamStatus::Enabled && !unit.changes(stream.after, 1).await?.is_empty())
}

async fn settle(
    db: &Database,
    requester: &Requester,
    id: Uuid,
    (taken, refused): (&[String], &[Refusal]),
    advances: bool,
) -> Result<(), Error> {
    let ids: Vec<Uuid> = taken.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect();
    let settle = async |mut unit: WriteUnit| -> Attempt<()> {
        let mut stream = existing(unit.lock_stream(id).await?, id)?;
        unit.delete_sets(id, &ids).await?;
        for refusal in refused {
            let Ok(set) = Uuid::try_parse(&refusal.id) else { continue };
            // PostgreSQL keeps no NUL.
            let why: String = refusal.why.chars().filter(|letter| *letter != '\0').take(KEPT).collect();
            unit.bury_set(id, set, &why).await?;
        }
        if advances && stream.status == StreamStatus::Enabled {
            advance(&mut unit, &mut stream, requester.now).await?;
        }
        Ok((unit, ()))
    };
    db.write(&requester.scope, settle).await.map(drop)
}
