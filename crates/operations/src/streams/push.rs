//! Tokens that are sent to an address (RFC 8935), one after the other, so that a receiver gets them in the order of the changes.

use chrono::{DateTime, Utc};
use serde_json::Value;
use store::{Job, SetState, StreamDelivery, StreamSet, StreamStatus, WriteUnit};
use uuid::Uuid;

use super::carry::advance;
use super::job;
use super::manage::algorithm;
use super::tokens::{claims, signed};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::keys::Purpose;
use crate::signing::{Signer, about};
use crate::webhooks::{ANSWER_KEPT, Fate, Outgoing, PATIENCE, pause};

/// Makes tokens of changes that no stream's address has been told of.
///
/// # Errors
/// What the database says.
pub async fn spread(db: &Database, now: DateTime<Utc>) -> Result<(), Error> {
    for (scope, id) in db.store().streams_behind().await? {
        let spread = async |mut unit: WriteUnit| -> Attempt<bool> {
            let stream = unit.lock_stream(id).await?;
            let Some(mut stream) = stream.filter(|stream| stream.status == StreamStatus::Enabled) else {
                return Ok((unit, false));
            };
            // Behind a token that waits already, the new ones wait for that one's end.
            let idle = unit.sets(id, SetState::Waiting, 1).await?.is_empty();
            let (made, more) = advance(&mut unit, &mut stream, now).await?;
            if idle && made > 0 {
                unit.enqueue(job(id, now), now).await?;
            }
            Ok((unit, more))
        };
        while db.write(&scope, spread).await?.value {}
    }
    Ok(())
}

/// The token that a job is to send now, with its id; none where there is nothing to send any more, or not yet.
///
/// # Errors
/// What the database says, and [`Error::Refused`] if a secret cannot be opened.
pub async fn next(db: &Database, job: &Job, now: DateTime<Utc>) -> Result<Option<(Uuid, Outgoing)>, Error> {
    let Some(id) = stream_of(job) else { return Ok(None) };
    let unit = db.read(&job.scope).await?;
    let stream = unit.stream(id).await?.filter(|stream| stream.status == StreamStatus::Enabled);
    let Some(stream) = stream else { return Ok(None) };
    let StreamDelivery::Push { url, authorization } = stream.delivery.clone() else { return Ok(None) };
    let sets = unit.sets(id, SetState::Waiting, 1).await?;
    let due = sets.first().is_some_and(|set| set.next_at.is_none_or(|at| at <= now));
    let claims = claims(db, &job.scope, &unit, &stream, &sets).await?;
    drop(unit);
    if !due {
        return Ok(None);
    }
    let signer = Signer::of(db, &job.scope, algorithm(&stream), now).await?;
    let Some((set, token)) = signed(&signer, claims)?.pop() else { return Ok(None) };
    let mut headers = vec![
        ("content-type", "application/secevent+jwt".to_owned()),
        ("accept", "application/json".to_owned()),
    ];
    if let Some(sealed) = authorization {
        let opened = db.keys(now).await?.open(Purpose::Stream, &about(&job.scope, id), &sealed);
        let said = "the header of the stream cannot be opened with the present master key: set it again";
        let text = opened.and_then(|bytes| String::from_utf8(bytes).ok());
        headers.push(("authorization", text.ok_or_else(|| Error::Refused(said.to_owned()))?));
    }
    Ok(Some((set, Outgoing { url, headers, body: token })))
}

/// Records what became of an attempt, and has the next token sent; without a token, of the first one that waits.
///
/// # Errors
/// What the database says.
pub async fn record(
    db: &Database,
    job: &Job,
    (set, fate): (Option<Uuid>, &Fate),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(id) = stream_of(job) else { return Ok(()) };
    let jitter = rand::random::<f64>();
    let record = async |mut unit: WriteUnit| -> Attempt<()> {
        let Some(mut stream) = unit.lock_stream(id).await? else { return Ok((unit, ())) };
        let first = unit.sets(id, SetState::Waiting, 1).await?.pop();
        let first = first.filter(|first| set.is_none_or(|set| set == first.id));
        let Some(mut first) = first else { return Ok((unit, ())) };
        let before = stream.clone();
        match judged(fate) {
            Judged::Taken => {
                stream.failing_since = None;
                unit.delete_sets(id, &[first.id]).await?;
            }
            judged => {
                attempted(&mut first, (fate, &judged), now, jitter);
                unit.save_set(&first).await?;
                // A token that alone is refused says nothing about the receiver.
                if judged == Judged::Later {
                    stream.failing_since.get_or_insert(now);
                }
            }
        }
        if stream.failing_since.is_some_and(|since| since + PATIENCE <= now) {
            let days = PATIENCE.num_days();
            stream.status = StreamStatus::Paused;
            stream.reason = Some(format!("every delivery has failed for {days} days"));
        }
        if stream != before {
            unit.save_stream(&stream).await?;
        }
        if stream.status == StreamStatus::Enabled
            && let Some(next) = unit.sets(id, SetState::Waiting, 1).await?.pop()
        {
            unit.enqueue(super::job(id, next.next_at.unwrap_or(now)), now).await?;
        }
        Ok((unit, ()))
    };
    db.write(&job.scope, record).await.map(drop)
}

/// What an answer says of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judged {
    /// The receiver has it.
    Taken,
    /// The receiver will never take it.
    Refused,
    /// It is tried again.
    Later,
}

/// RFC 8935 §2.4: a receiver that cannot read a token says `invalid_request`, and would say so again. What it says of keys, issuers,
/// audiences and rights concerns every token alike, and may be put right.
fn judged(fate: &Fate) -> Judged {
    match fate {
        Fate::Answered(200..300, _) => Judged::Taken,
        Fate::Answered(400, text) => {
            let said: Value = serde_json::from_str(text).unwrap_or_default();
            match said["err"].as_str() {
                Some(
                    "invalid_key"
                    | "invalid_issuer"
                    | "invalid_audience"
                    | "authentication_failed"
                    | "access_denied",
                ) => Judged::Later,
                _ => Judged::Refused,
            }
        }
        Fate::GivenUp(_) => Judged::Refused,
        Fate::Answered(..) | Fate::Failed(_) => Judged::Later,
    }
}

/// A token after one more attempt that it did not survive, or that is followed by another one.
fn attempted(set: &mut StreamSet, (fate, judged): (&Fate, &Judged), now: DateTime<Utc>, jitter: f64) {
    let text = match fate {
        Fate::Answered(status, text) => format!("{status} {text}"),
        Fate::Failed(why) | Fate::GivenUp(why) => why.clone(),
    };
    // Text of PostgreSQL holds no such character.
    set.answer = Some(text.chars().filter(|letter| *letter != '\0').take(ANSWER_KEPT).collect());
    (set.attempts, set.tried_at) = (set.attempts + 1, Some(now));
    let pause = pause(set.attempts, jitter).filter(|_| *judged == Judged::Later);
    (set.state, set.next_at) = match pause {
        Some(pause) => (SetState::Waiting, Some(now + pause)),
        None => (SetState::Dead, None),
    };
}

fn stream_of(job: &Job) -> Option<Uuid> {
    job.payload.get("stream")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_decides_what_becomes_of_a_token() {
        let (now, said) =
            (DateTime::UNIX_EPOCH, |err: &str| format!("{{\"err\":\"{err}\",\"description\":\"x\"}}"));
        for (fate, attempts, expected) in [
            (Fate::Answered(202, String::new()), 0, Judged::Taken),
            (Fate::Answered(400, said("invalid_request")), 0, Judged::Refused),
            (Fate::Answered(400, "<html>".to_owned()), 0, Judged::Refused),
            (Fate::Answered(400, said("invalid_key")), 0, Judged::Later),
            (Fate::Answered(400, said("access_denied")), 0, Judged::Later),
            (Fate::Answered(401, String::new()), 0, Judged::Later),
            (Fate::Answered(503, String::new()), 8, Judged::Later),
            (Fate::Failed("no way".to_owned()), 9, Judged::Later),
            (Fate::GivenUp("12 workers".to_owned()), 0, Judged::Refused),
        ] {
            let judged = judged(&fate);
            assert_eq!(judged, expected, "{fate:?}");
            let mut set = StreamSet {
                id: Uuid::nil(),
                stream: Uuid::nil(),
                change: None,
                own: None,
                state: SetState::Waiting,
                attempts,
                answer: None,
                next_at: None,
                created_at: now,
                tried_at: None,
            };
            attempted(&mut set, (&fate, &judged), now, 0.5);
            let waits = judged == Judged::Later && attempts < 9;
            assert_eq!((set.state == SetState::Waiting, set.next_at.is_some()), (waits, waits), "{fate:?}");
        }
    }
}
