//! People moved from one pool to another one.

use std::collections::BTreeSet;

use provisioning::{Entry, EntryKind, Grant, GrantSource, Moving, Situation, Stays, Subject, UserId};
use serde::Serialize;
use store::{PoolState, TenantScope, WriteUnit};

use crate::consequences::{Agreed, Consequences};
use crate::database::{Attempt, Database};
use crate::entitlement;
use crate::error::Error;
use crate::find::pool_in;
use crate::preview::Preview;
use crate::requester::Operator;
use crate::rights::Right;
use crate::work::Work;
use crate::work::move_people::{self, MoveWork};

/// Who is to be moved where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Move {
    /// The pool that people are in, by id or name.
    pub from: String,
    /// The pool of the same tenant that they are to be in, by id or name.
    pub to: String,
    /// Only people who match this SCIM filter.
    pub filter: Option<String>,
}

/// What would become of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// How many people would be moved.
    pub moved: u64,
    /// The people who would stay.
    pub stay: Vec<Stay>,
    /// What would follow.
    #[serde(flatten)]
    pub consequences: Consequences,
}

/// A person who stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stay {
    /// The person.
    pub id: UserId,
    /// The `userName`.
    pub user_name: String,
    /// Why.
    #[serde(flatten)]
    pub why: Stays,
}

/// What would follow if people were moved.
///
/// # Errors
/// [`Error`] if there are no such pools, or they are one, of two tenants, or the second one has expired.
pub async fn preview_move(db: &Database, operator: &Operator, wanted: &Move) -> Result<Plan, Error> {
    let (scope, work) = found(db, operator, wanted).await?;
    plan(db, operator, &scope, &work).await
}

/// Moves the licences of people that were given by hand from one pool to another one. The seat of the other pool is taken in the unit
/// in which the old one goes back; who finds no seat there stays.
///
/// # Errors
/// As [`preview_move`], or the operator has not agreed to the seats that go back.
pub async fn move_people(
    db: &Database,
    operator: &Operator,
    wanted: &Move,
    agreed: Agreed,
) -> Result<(Plan, Work), Error> {
    let (scope, moving) = found(db, operator, wanted).await?;
    let plan = plan(db, operator, &scope, &moving).await?;
    agreed.check(&plan.consequences)?;
    let requester = operator.of(scope, Right::Change)?;
    let start = async |mut unit: WriteUnit| -> Attempt<Work> {
        let (from, to) = (&moving.from_name, &moving.to_name);
        let why = format!("An administrator moves people from “{from}” to “{to}”.");
        let entry = Entry::new(Subject::Pool(moving.from), EntryKind::PoolChanged, why);
        unit.record([(&entry, &requester.actor)], requester.now).await?;
        let work = Work::start(&requester, &mut unit, moving.job(requester.now), move_people::KIND).await?;
        Ok((unit, work))
    };
    Ok((plan, db.write(&requester.scope, start).await?.value))
}

async fn found(db: &Database, operator: &Operator, wanted: &Move) -> Result<(TenantScope, MoveWork), Error> {
    let (scope, from) = db.pool(operator, &wanted.from).await?;
    let to: PoolState = pool_in(&db.read(&scope).await?, &wanted.to).await?;
    if from.pool.id == to.pool.id {
        return Err(Error::Refused("people cannot be moved to the pool that they are in".to_owned()));
    }
    if to.pool.is_expired(operator.now) {
        return Err(Error::Refused(format!(
            "the licence pool {} has expired: its seats count no more",
            to.pool.name
        )));
    }
    if let Some(filter) = &wanted.filter {
        entitlement::parse(&db.registry(&scope), filter).map_err(Error::Refused)?;
    }
    let work = MoveWork {
        from: from.pool.id,
        from_name: from.pool.name,
        to: to.pool.id,
        to_name: to.pool.name,
        filter: wanted.filter.clone(),
        after: None,
    };
    Ok((scope, work))
}

async fn plan(
    db: &Database,
    operator: &Operator,
    scope: &TenantScope,
    work: &MoveWork,
) -> Result<Plan, Error> {
    let unit = db.read(scope).await?;
    let to = pool_in(&unit, &work.to.to_string()).await?;
    let mut moving = Moving::new(work.from, &to.pool, to.waiting, operator.now);
    let (mut movers, mut stay, mut next) = (Vec::new(), Vec::new(), work.clone());
    loop {
        let (last, people) = next.people(&unit, operator.batch).await?;
        if last.is_none() {
            break;
        }
        next.after = last;
        for person in &unit.facts(&people, &[], operator.now).await?.people {
            match moving.decide(person) {
                Ok(()) => movers.push(person.id),
                Err(why) => stay.push(Stay { id: person.id, user_name: person.name.clone(), why }),
            }
        }
    }
    let those: BTreeSet<UserId> = movers.iter().copied().collect();
    let by_hand = |pool| Grant { pool, source: GrantSource::ByHand };
    let change = |situation: &mut Situation| {
        for person in situation.people.iter_mut().filter(|person| those.contains(&person.id)) {
            person.grants.retain(|grant| *grant != by_hand(work.from) && *grant != by_hand(work.to));
            person.grants.push(by_hand(work.to));
        }
    };
    let mut preview = Preview::new(&unit, vec![work.from, work.to], operator.batch, operator.now, change);
    preview.settle(&movers, &work.cause()).await?;
    let consequences = preview.consequences().await?;
    Ok(Plan { moved: movers.len() as u64, stay, consequences })
}
