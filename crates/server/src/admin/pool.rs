//! Licence pools: seats that were bought, and who is entitled to them without a group.

use chrono::{DateTime, NaiveDate, Utc};
use provisioning::{Cause, Entry, EntryKind, PoolId, PoolPolicy, Subject};
use serde::Serialize;
use serde_json::json;
use store::{NewPool, PoolState};

use super::{Admin, AdminError, STAND_IN, Settled};
use crate::entitle;
use crate::jobs::expire_pool;
use crate::jobs::settle_pool::{self, PoolWork};

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
    /// Whether everybody of the tenant gets a seat.
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
    /// Whether everybody of the tenant gets a seat.
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

/// Creates a pool; one for everybody, or with a rule, is filled at once, and `seen` is told how far that is.
///
/// # Errors
/// [`AdminError`] for a tenant that does not exist, a name that does, or a policy, date or rule that cannot be used.
pub async fn create(
    admin: &Admin,
    new: &New,
    mut seen: impl FnMut(Settled) + Send,
) -> Result<Pool, AdminError> {
    let (scope, _) = admin.tenant(&new.tenant).await?;
    let policy = new.policy.parse().map_err(|error| AdminError::Refused(format!("{error}")))?;
    if let Some(rule) = &new.rule {
        entitle::parse(rule).map_err(AdminError::Refused)?;
    }
    let row = NewPool {
        name: super::checked_name(&new.name)?.to_owned(),
        seats: new.seats,
        policy,
        expires_at: new.expires.as_deref().map(expiry).transpose()?,
        rule: new.rule.clone(),
        default: new.for_everyone,
    };
    let (actor, now) = (admin.actor("pool create"), admin.now());
    let mut unit = admin.store.write(&scope).await?;
    let state = unit.insert_pool(&row, now).await?;
    let (id, name) = (state.pool.id, state.pool.name.clone());
    let seats = if new.seats == 1 { "seat" } else { "seats" };
    let why = format!("An administrator created the licence pool “{name}” with {} {seats}.", new.seats);
    unit.record(&[Entry::new(Subject::Pool(id), EntryKind::PoolCreated, why)], &actor, now).await?;
    if let Some(at) = state.pool.expires_at {
        unit.enqueue(expire_pool::job(id, at), now).await?;
    }
    let work = PoolWork { pool: id, name: name.clone(), after: None };
    let fills = state.default || state.rule.is_some();
    if fills {
        admin.stand_in(&mut unit, work.job(now + STAND_IN)).await?;
    }
    unit.commit().await?;
    if !fills {
        return Ok(state.into());
    }
    let key = work.key();
    settle_pool::run(&admin.desk(), &scope, work, &actor, None, |progress| seen(progress.into())).await?;
    admin.stand_down(&scope, key).await?;
    Ok(super::find::pool_in(&admin.store.read(&scope).await?, &id.to_string()).await?.into())
}

/// Changes how many seats were bought; whoever waits gets those that are new.
///
/// # Errors
/// [`AdminError`] if there is no such pool.
pub async fn resize(admin: &Admin, pool: &str, seats: u32) -> Result<Pool, AdminError> {
    let (scope, state) = admin.pool(pool).await?;
    let (actor, now) = (admin.actor("pool resize"), admin.now());
    let (id, name) = (state.pool.id, state.pool.name.clone());
    let mut unit = admin.store.write(&scope).await?;
    unit.set_pool_size(id, seats).await?;
    let mut changed = Entry::new(
        Subject::Pool(id),
        EntryKind::PoolChanged,
        format!("An administrator changed the seats of “{name}”."),
    );
    (changed.before, changed.after) =
        (Some(json!({ "seats": state.pool.seats })), Some(json!({ "seats": seats })));
    unit.record(&[changed], &actor, now).await?;
    let cause = Cause::PoolChanged { pool: id, name };
    // A unit serves a bounded number of people who wait, so this goes on until nobody is left to serve.
    loop {
        let situation = unit.situation_with(&[], &[id], now).await?;
        let decision = provisioning::settle(&situation, &cause, &admin.config.policy(), now)?;
        if decision.is_empty() {
            break;
        }
        unit.carry_out(&decision, &actor, now).await?;
    }
    let pool = super::find::pool_in(&unit, &id.to_string()).await?;
    unit.commit().await?;
    Ok(pool.into())
}

/// The pools of a tenant, oldest first.
///
/// # Errors
/// [`AdminError`] if there is no such tenant.
pub async fn list(admin: &Admin, tenant: &str) -> Result<Vec<Pool>, AdminError> {
    let (scope, _) = admin.tenant(tenant).await?;
    Ok(admin.store.read(&scope).await?.pools().await?.into_iter().map(Pool::from).collect())
}

/// The instant from which seats count no more: as given, or the end of the day given.
fn expiry(text: &str) -> Result<DateTime<Utc>, AdminError> {
    let end_of_day =
        || text.parse::<NaiveDate>().ok()?.succ_opt()?.and_hms_opt(0, 0, 0).map(|end| end.and_utc());
    scim::time::parse(text).or_else(end_of_day).ok_or_else(|| {
        AdminError::Refused(format!("\"{text}\" is no date: write 2027-01-31 or 2027-01-31T12:00:00Z"))
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
