//! What is kept of people who were deleted is erased: when an administrator says so, and after some time.

use chrono::{DateTime, Utc};
use provisioning::{Entry, EntryKind, Subject, UserId};
use store::{Actor, ActorKind, TenantScope, WriteUnit};

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::journal;
use crate::requester::Operator;
use crate::rights::Right;

/// Erases what is kept of a deleted person, found by id or by an e-mail address that the journal knows: the row, mails, rows of
/// files, and the name in the journal. The person cannot come back as the same one any more.
///
/// # Errors
/// [`Error`] if there is no such person, or the person was not deleted or has access by the brake.
pub async fn erase(db: &Database, operator: &Operator, user: &str) -> Result<UserId, Error> {
    let (scope, id) = journal::people::find(db, operator, user).await?;
    if erased(db, &scope, id, &operator.actor(Right::Change)?, operator.now).await? {
        return Ok(id);
    }
    let why = format!("{user} is not a deleted person: only what is kept of deleted people can be erased");
    Err(Error::Refused(why))
}

/// Erases what is kept of people who were deleted before an instant, as long as it is to go on; says of how many.
///
/// # Errors
/// What the database says.
pub async fn erase_old(
    db: &Database,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
    go_on: impl Fn() -> bool + Send,
) -> Result<u64, Error> {
    let actor = Actor {
        kind: ActorKind::Job,
        name: "erase-deleted".to_owned(),
        reference: String::new(),
        connection: None,
    };
    let mut erasures = 0;
    for (scope, id) in db.store().deleted_before(before).await? {
        if !go_on() {
            break;
        }
        erasures += u64::from(erased(db, &scope, id, &actor, now).await?);
    }
    Ok(erasures)
}

async fn erased(
    db: &Database,
    scope: &TenantScope,
    id: UserId,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let attempt = async |mut unit: WriteUnit| -> Attempt<bool> {
        let done = unit.erase_user(id).await?;
        if done {
            let why = "What was kept of a deleted person was erased.".to_owned();
            let entry = Entry::new(Subject::User(id), EntryKind::Erased, why);
            unit.record([(&entry, actor)], now).await?;
        }
        Ok((unit, done))
    };
    Ok(db.write(scope, attempt).await?.value)
}
