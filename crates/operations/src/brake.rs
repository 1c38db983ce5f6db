//! The brake: what it holds, and what administrators decide about it.

use chrono::{DateTime, Utc};
use provisioning::{Cause, Effect, Entry, Kept, Situation, UserId};
use serde::Serialize;
use store::{HeldLoss, WriteUnit};

use crate::consequences::{Agreed, Consequences};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::preview::Preview;
use crate::requester::Operator;
use crate::rights::Right;
use crate::settle::{CHUNK, Change};
use crate::work::Work;
use crate::work::alert_brake;
use crate::work::decide_brake::{self, DecideWork};

/// A person for whom the brake holds something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// The person.
    pub user: UserId,
    /// The `userName`.
    pub user_name: String,
    /// The name of the connection that pushed.
    pub connection: String,
    /// What was pushed, in words that read on from “because”.
    pub because: String,
    /// Since when it is held.
    pub since: DateTime<Utc>,
    /// Whether an administrator has decided that the person keeps access.
    pub rejected: bool,
    /// Whether the push deleted the person, whom the protocol shows no more.
    pub deleted: bool,
}

/// About whom an administrator decides: all people whom pushes of a connection would have locked out, or some by id or
/// `userName`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// All whom the brake holds for a connection, and about whom no administrator has decided.
    Connection(String),
    /// These people, whether an administrator has decided about them before or not.
    People(Vec<String>),
}

/// Has administrators told where the brake begins to hold.
///
/// # Errors
/// What the database says.
pub(crate) async fn tell(
    unit: &mut WriteUnit,
    situation: &Situation,
    effects: &[Effect],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(brake) = situation.brake.as_ref().filter(|brake| brake.waiting == 0) else { return Ok(()) };
    if effects.iter().any(|effect| matches!(effect, Effect::LossHeld { .. })) {
        unit.enqueue(alert_brake::job(brake.connection, now), now).await?;
    }
    Ok(())
}

/// Holds at once what a push takes from people who are not settled together, where it takes more than the brake lets: what
/// settles them part by part would let the first part go, and until a job comes by all would be without access. `people` may
/// have lost their last grant just now.
///
/// # Errors
/// What the database says.
pub(crate) async fn hold_ahead(
    unit: &mut WriteUnit,
    change: Change<'_>,
    people: &[UserId],
) -> Result<(), Error> {
    let Change { cause, actor, now } = change;
    let Some(connection) = actor.connection else { return Ok(()) };
    let Some(brake) = unit.lock_brake(connection, now).await? else { return Ok(()) };
    let lapsed = unit.locked_out_among(people, now).await?;
    if brake.lets(lapsed.iter().map(|(user, _)| *user)) {
        return Ok(());
    }
    let users: Vec<UserId> = lapsed.iter().map(|(user, _)| *user).collect();
    unit.hold_seats(&users, brake.connection, cause, now).await?;
    let entries: Vec<Entry> = lapsed.iter().map(|(user, name)| brake.entry(*user, name, cause)).collect();
    unit.record(entries.iter().map(|entry| (entry, actor)), now).await?;
    if brake.waiting == 0 {
        unit.enqueue(alert_brake::job(brake.connection, now), now).await?;
    }
    Ok(())
}

/// The people behind `after` for whom the brake holds something, in the order of ids, at most `most` things that it holds.
///
/// # Errors
/// [`Error`] if there is no such tenant or connection.
pub async fn list(
    db: &Database,
    operator: &Operator,
    connection: Option<&str>,
    after: Option<UserId>,
    most: u64,
) -> Result<Vec<Held>, Error> {
    let (scope, connection) = match (connection, &operator.tenant) {
        (Some(connection), _) => {
            let (scope, connection) = db.connection(operator, connection).await?;
            (scope, Some(connection.id))
        }
        (None, Some(tenant)) => (db.tenant(tenant).await?.0, None),
        (None, None) => return Err(Error::Refused("name a tenant or a connection".to_owned())),
    };
    let unit = db.read(&scope).await?;
    let connections = unit.connections().await?;
    let held = |loss: HeldLoss| {
        let known = connections.iter().find(|known| known.id == loss.connection);
        Held {
            user: loss.user,
            user_name: loss.user_name,
            connection: known.map_or_else(|| "a deleted connection".to_owned(), |known| known.name.clone()),
            because: loss.cause.to_string(),
            since: loss.since,
            rejected: loss.rejected_at.is_some(),
            deleted: loss.deleted,
        }
    };
    let mut listed: Vec<Held> =
        unit.held_losses(connection, after, most).await?.into_iter().map(held).collect();
    // Several seats may be kept for one cause.
    listed.dedup_by(|one, other| (one.user, &one.because) == (other.user, &other.because));
    Ok(listed)
}

/// What would follow if what is held was approved.
///
/// # Errors
/// As [`approve`].
pub async fn preview_approve(
    db: &Database,
    operator: &Operator,
    about: &About,
) -> Result<Consequences, Error> {
    let (scope, work) = work(db, operator, about, true).await?;
    let unit = db.read(&scope).await?;
    let pools = unit.pools().await?.iter().map(|state| state.pool.id).collect();
    let change = |situation: &mut Situation| {
        situation.people.iter_mut().for_each(|person| person.kept = Kept::default());
    };
    let mut preview = Preview::new(&unit, pools, operator.batch, operator.now, change);
    let mut after = None;
    loop {
        let people = work.next(&unit, after, CHUNK as u64).await?;
        let Some(last) = people.last() else { break };
        after = Some(*last);
        for (cause, people) in by_cause(unit.held_causes(&people).await?) {
            preview.settle(&people, &cause).await?;
        }
    }
    preview.consequences().await
}

/// Lets what pushes took be taken, from all people of a connection or from some; the caller does so by the work.
///
/// # Errors
/// [`Error`] if there is no such connection or person, the brake holds nothing, or the operator has not agreed to the
/// losses.
pub async fn approve(
    db: &Database,
    operator: &Operator,
    about: &About,
    agreed: Agreed,
) -> Result<Work, Error> {
    agreed.check(&preview_approve(db, operator, about).await?)?;
    start(db, operator, about, true).await
}

/// Leaves people the access that pushes would have taken, until a push gives them access by itself or an administrator
/// decides again; the caller does so by the work.
///
/// # Errors
/// As [`approve`].
pub async fn reject(db: &Database, operator: &Operator, about: &About) -> Result<Work, Error> {
    start(db, operator, about, false).await
}

async fn start(db: &Database, operator: &Operator, about: &About, approve: bool) -> Result<Work, Error> {
    let (scope, work) = work(db, operator, about, approve).await?;
    let requester = operator.of(scope, Right::Change)?;
    let start = async |mut unit: WriteUnit| -> Attempt<Work> {
        // What comes next is counted anew: an administrator has looked.
        unit.forget_losses(work.connection, &work.people).await?;
        let work = Work::start(&requester, &mut unit, work.job(requester.now), decide_brake::KIND).await?;
        Ok((unit, work))
    };
    Ok(db.write(&requester.scope, start).await?.value)
}

async fn work(
    db: &Database,
    operator: &Operator,
    about: &About,
    approve: bool,
) -> Result<(store::TenantScope, DecideWork), Error> {
    let (scope, work) = match about {
        About::Connection(name) => {
            let (scope, connection) = db.connection(operator, name).await?;
            (scope, DecideWork::of_connection(connection.id, approve))
        }
        About::People(names) => {
            let mut found = None;
            let mut people = Vec::new();
            for name in names {
                let (scope, user) = db.held(operator, name).await?;
                if found.get_or_insert_with(|| scope.clone()) != &scope {
                    return Err(Error::Refused("the people belong to two tenants".to_owned()));
                }
                people.push(user);
            }
            let scope = found.ok_or_else(|| Error::Refused("name at least one person".to_owned()))?;
            (scope, DecideWork::of_people(people, approve))
        }
    };
    if work.next(&db.read(&scope).await?, None, 1).await?.is_empty() {
        return Err(Error::Refused(
            "the brake holds nothing: `rollcall brake list` shows for whom it does".to_owned(),
        ));
    }
    Ok((scope, work))
}

/// People by what would have taken something from them.
pub(crate) fn by_cause(held: impl IntoIterator<Item = (UserId, Cause)>) -> Vec<(Cause, Vec<UserId>)> {
    let mut grouped: Vec<(Cause, Vec<UserId>)> = Vec::new();
    for (user, cause) in held {
        match grouped.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, people)) => people.push(user),
            None => grouped.push((cause, vec![user])),
        }
    }
    grouped
}
