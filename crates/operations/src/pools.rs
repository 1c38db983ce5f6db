//! Licence pools: seats that were bought, and who is entitled to them without a group.

mod change;
mod history;
mod holders;
mod moves;
mod overage;
mod preview;
mod target;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use provisioning::{Entry, EntryKind, Expiry, PoolId, PoolPolicy, Subject, Zone};
use scim::Registry;
use scim::protocol::list::Page;
use serde::Serialize;
use store::{NewPool, PoolState, WriteUnit};

use crate::database::{Attempt, Database};
use crate::entitlement;
use crate::error::Error;
use crate::find::checked_name;
use crate::requester::{Operator, Requester};
use crate::rights::Right;
use crate::work::Work;
use crate::work::expire_pool;
use crate::work::settle_pool::{self, PoolWork};
use crate::work::warn_pool;

pub use change::{delete, update};
pub use history::{History, Outlook, histories, history, outlook};
pub use holders::{Details, Holder, show};
pub use moves::{Move, Plan, Stay, move_people, preview_move};
pub use overage::{Overage, overage};
pub use preview::{preview_create, preview_delete, preview_update};
pub use target::Change;

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
    /// The last day, in the time zone of the tenant, or the instant from which its seats count no more.
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
    /// The last day of which that is the end, where it is one.
    pub last_day: Option<NaiveDate>,
    /// Whether every user of the tenant gets a seat.
    pub for_everyone: bool,
    /// The SCIM filter whose matches get a seat.
    pub rule: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl Pool {
    /// Seats that are left at an instant; none once it has expired.
    #[must_use]
    pub fn free(&self, now: DateTime<Utc>) -> u32 {
        let expired = self.expires_at.is_some_and(|at| at <= now);
        if expired { 0 } else { self.seats.saturating_sub(self.used) }
    }
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
            last_day: state.last_day,
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
    let requester = operator.of(scope, Right::Change)?;
    let now = requester.now;
    let create = async |mut unit: WriteUnit| -> Attempt<(Pool, Option<Work>)> {
        let zone = unit.lock_time_zone().await?;
        let row = row(unit.registry(), new, zone)?;
        let state = unit.insert_pool(&row, now).await?;
        let (id, name) = (state.pool.id, state.pool.name.clone());
        let seats = if new.seats == 1 { "seat" } else { "seats" };
        let why = format!("An administrator created the licence pool “{name}” with {} {seats}.", new.seats);
        let entry = Entry::new(Subject::Pool(id), EntryKind::PoolCreated, why);
        unit.record([(&entry, &requester.actor)], now).await?;
        if let Some(at) = state.pool.expires_at {
            unit.enqueue(expire_pool::job(id, at), now).await?;
            warn_pool::set(&mut unit, id, now).await?;
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

/// A new pool in a tenant of this time zone.
fn row(registry: &Registry, new: &New, zone: Zone) -> Result<NewPool, Error> {
    if let Some(rule) = &new.rule {
        entitlement::parse(registry, rule).map_err(Error::Refused)?;
    }
    let expiry = new.expires.as_deref().map(expiry).transpose()?;
    Ok(NewPool {
        name: checked_name(&new.name)?.to_owned(),
        seats: new.seats,
        policy: new.policy.parse().map_err(|error| Error::Refused(format!("{error}")))?,
        expires_at: expiry.map(|expiry| expiry.instant(zone)),
        last_day: expiry.and_then(Expiry::last_day),
        rule: new.rule.clone(),
        default: new.for_everyone,
    })
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

/// How many pools the tenant of a requester has, and those of a page, oldest first.
///
/// # Errors
/// What the database says.
pub async fn page(db: &Database, requester: &Requester, page: Page) -> Result<(u64, Vec<Pool>), Error> {
    let all = db.read_once(&requester.scope).await?.pools().await?;
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let total = all.len() as u64;
    let part = all.into_iter().skip(number(page.start_index.saturating_sub(1))).take(number(page.count));
    Ok((total, part.map(Pool::from).collect()))
}

/// A pool of the tenant of a requester; none where there is none of this id.
///
/// # Errors
/// What the database says.
pub async fn of(db: &Database, requester: &Requester, pool: PoolId) -> Result<Option<Pool>, Error> {
    let all = db.read_once(&requester.scope).await?.pools().await?;
    Ok(all.into_iter().find(|known| known.pool.id == pool).map(Pool::from))
}

/// Until when seats count: to the end of the day given, or up to the instant given.
fn expiry(text: &str) -> Result<Expiry, Error> {
    // Years of four digits sort as text.
    let day = || text.parse::<NaiveDate>().ok().filter(|day| (1..=9998).contains(&day.year()));
    scim::time::parse(text).map(Expiry::At).or_else(|| day().map(Expiry::LastDay)).ok_or_else(|| {
        Error::Refused(format!("\"{text}\" is no date: write 2027-01-31 or 2027-01-31T12:00:00Z"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_to_its_end_where_the_tenant_is_and_an_instant_is_the_same_everywhere() {
        let berlin = "Europe/Berlin".parse().expect("a zone");
        for (text, instants) in [
            ("2027-01-31", Some(["2027-02-01T00:00:00.000Z", "2027-01-31T23:00:00.000Z"])),
            ("2027-01-31T12:00:00Z", Some(["2027-01-31T12:00:00.000Z"; 2])),
            ("2027-01-31T12:00:00+02:00", Some(["2027-01-31T10:00:00.000Z"; 2])),
            ("31.01.2027", None),
            ("2027-02-30", None),
            ("12027-01-31", None),
        ] {
            let end = |zone| expiry(text).ok().map(|expiry| scim::time::format(expiry.instant(zone)));
            let expected = |at: usize| instants.map(|instants| instants[at].to_owned());
            assert_eq!((end(Zone::UTC), end(berlin)), (expected(0), expected(1)), "{text}");
        }
    }
}
