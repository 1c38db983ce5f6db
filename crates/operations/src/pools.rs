//! Licence pools: seats that were bought, and who is entitled to them without a group.

mod change;
mod holders;

use chrono::{DateTime, NaiveDate, Utc};
use provisioning::{Entry, EntryKind, PoolId, PoolPolicy, Subject};
use serde::Serialize;
use store::{NewPool, PoolState, WriteUnit};

use crate::database::{Attempt, Database};
use crate::entitlement;
use crate::error::Error;
use crate::find::checked_name;
use crate::requester::Operator;
use crate::work::Work;
use crate::work::expire_pool;
use crate::work::settle_pool::{self, PoolWork};

pub use change::{Change, delete, losses_of_delete, losses_of_update, update};
pub use holders::{Details, Holder, show};

/// A pool to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct New {
    /// The tenant, by id or name.
    pub tenant: String,
    /// Its name.
    pub name: String,
    /// Seats bought.
    pub seats: u32,
    /// What happens when none is left: `queue`, `reject` or `overage`.
    pub policy: String,
    /// The last day, or the instant from which its seats count no more.
    pub expires: Option<String>,
    /// Whether every user of the tenant gets a seat.
    pub for_everyone: bool,
    /// The SCIM filter whose matches get a seat.
    pub rule: Option<String>,
}

/// A pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pool {
    /// Its id.
    pub id: PoolId,
    /// Its name.
    pub name: String,
    /// Seats bought.
    pub seats: u32,
    /// Seats assigned.
    pub used: u32,
    /// People who wait for one.
    pub waiting: u32,
    /// Seats assigned beyond those bought.
    pub over: u32,
    /// What happens when none is left.
    pub policy: PoolPolicy,
    /// From when on its seats count no more.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether every user of the tenant gets a seat.
    pub for_everyone: bool,
    /// The SCIM filter whose matches get a seat.
    pub rule: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl From<PoolState> for Pool {
    fn from(state: PoolState) -> Self {
        Self {
            id: state.pool.id,
            seats: state.pool.seats,
            used: state.pool.used,
            waiting: state.waiting,
            over: state.pool.over(),
            policy: state.pool.policy,
            expires_at: state.pool.expires_at,
            name: state.pool.name,
            for_everyone: state.default,
            rule: state.rule,
            created_at: state.created_at,
        }
    }
}

/// The names of the policies that there are.
pub fn policies() -> impl Iterator<Item = &'static str> {
    PoolPolicy::ALL.iter().copied().map(PoolPolicy::as_str)
}

/// Creates a pool. The work fills a pool for every user and a pool with a rule.
///
/// # Errors
/// [`Error`] for a tenant that does not exist, a name that does, or a policy, date or rule that cannot be used.
pub async fn create(db: &Database, operator: &Operator, new: &New) -> Result<(Pool, Option<Work>), Error> {
    let (scope, _) = db.tenant(&new.tenant).await?;
    let requester = operator.of(scope);
    let policy = new.policy.parse().map_err(|error| Error::Refused(format!("{error}")))?;
    if let Some(rule) = &new.rule {
        entitlement::parse(rule).map_err(Error::Refused)?;
    }
    let row = NewPool {
        name: checked_name(&new.name)?.to_owned(),
        seats: new.seats,
        policy,
        expires_at: new.expires.as_deref().map(expiry).transpose()?,
        rule: new.rule.clone(),
        default: new.for_everyone,
    };
    let now = requester.now;
    let create = async |mut unit: WriteUnit| -> Attempt<(Pool, Option<Work>)> {
        let state = unit.insert_pool(&row, now).await?;
        let (id, name) = (state.pool.id, state.pool.name.clone());
        let seats = if new.seats == 1 { "seat" } else { "seats" };
        let why = format!("An administrator created the licence pool “{name}” with {} {seats}.", new.seats);
        let entry = Entry::new(Subject::Pool(id), EntryKind::PoolCreated, why);
        unit.record([(&entry, &requester.actor)], now).await?;
        if let Some(at) = state.pool.expires_at {
            unit.enqueue(expire_pool::job(id, at), now).await?;
        }
        let mut work = None;
        if state.default || state.rule.is_some() {
            let job = PoolWork { pool: id, name, after: None }.job(now);
            work = Some(Work::start(&requester, &mut unit, job, settle_pool::KIND).await?);
        }
        Ok((unit, (state.into(), work)))
    };
    Ok(db.write(&requester.scope, create).await?.value)
}

/// One pool, by id or name.
///
/// # Errors
/// [`Error`] if there is no such pool.
pub async fn find(db: &Database, operator: &Operator, pool: &str) -> Result<Pool, Error> {
    Ok(db.pool(operator, pool).await?.1.into())
}

/// The pools of a tenant, oldest first.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, tenant: &str) -> Result<Vec<Pool>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    Ok(db.read(&scope).await?.pools().await?.into_iter().map(Pool::from).collect())
}

/// The instant from which seats count no more: as given, or the end of the day given.
fn expiry(text: &str) -> Result<DateTime<Utc>, Error> {
    let end_of_day =
        || text.parse::<NaiveDate>().ok()?.succ_opt()?.and_hms_opt(0, 0, 0).map(|end| end.and_utc());
    scim::time::parse(text).or_else(end_of_day).ok_or_else(|| {
        Error::Refused(format!("\"{text}\" is no date: write 2027-01-31 or 2027-01-31T12:00:00Z"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_to_its_end() {
        for (text, instant) in [
            ("2027-01-31", Some("2027-02-01T00:00:00.000Z")),
            ("2027-01-31T12:00:00Z", Some("2027-01-31T12:00:00.000Z")),
            ("2027-01-31T12:00:00+02:00", Some("2027-01-31T10:00:00.000Z")),
            ("31.01.2027", None),
            ("2027-02-30", None),
        ] {
            assert_eq!(expiry(text).ok().map(scim::time::format).as_deref(), instant, "{text}");
        }
    }
}
