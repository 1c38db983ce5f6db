//! A tenant with another name or time zone, and what would follow from it.

use chrono::{DateTime, Utc};
use provisioning::{Cause, Entry, EntryKind, PoolId, Situation, Subject, Zone};
use serde_json::{Value, json};
use store::{PoolState, ReadUnit, TenantScope, WriteUnit};

use super::{Settings, SettingsChange, Tenant, zone};
use crate::consequences::{Agreed, Consequences};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::find::{checked_name, pool_in};
use crate::preview::Preview;
use crate::requester::{Operator, Requester};
use crate::rights::Right;
use crate::work::Work;
use crate::work::expire_pool;
use crate::work::let_leave;
use crate::work::set_reminders;
use crate::work::settle_pool::{self, PoolWork};
use crate::work::warn_pool;

/// What of a tenant is to be another; what is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: Option<String>,
    /// The name of its time zone in the IANA list.
    pub time_zone: Option<String>,
    /// What its people see.
    pub settings: SettingsChange,
    /// The pool that people get by hand where none is named, by id or name; an empty text takes it away.
    pub pool_by_hand: Option<String>,
}

/// What a change really changes.
struct Wanted<'c> {
    name: Option<&'c str>,
    zone: Option<Zone>,
    settings: Option<Settings>,
}

/// A pool that ends at another instant in another time zone: its last day stays.
struct Moved {
    state: PoolState,
    expires_at: DateTime<Utc>,
}

impl Moved {
    /// Whether its seats count again, or count no more.
    fn is_other(&self, now: DateTime<Utc>) -> bool {
        self.state.pool.is_expired(now) != (self.expires_at <= now)
    }
}

/// The pools of a tenant that end at another instant in this time zone.
async fn moved(unit: &ReadUnit, zone: Zone) -> Result<Vec<Moved>, Error> {
    let moved = |state: PoolState| {
        let expires_at = state.expiry().map(|expiry| expiry.instant(zone))?;
        (state.pool.expires_at != Some(expires_at)).then_some(Moved { state, expires_at })
    };
    Ok(unit.pools().await?.into_iter().filter_map(moved).collect())
}

/// What would follow from a change of a tenant: pools whose last day is over already in the new time zone, or goes on.
///
/// # Errors
/// As [`update`].
pub async fn preview_update(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    change: &Change,
) -> Result<Consequences, Error> {
    let (scope, before) = db.tenant(tenant).await?;
    let pool = pool_by_hand(&db.read(&scope).await?, change).await?;
    let Wanted { zone, .. } = wanted(change, pool, &before)?;
    preview(db, operator, &scope, zone).await
}

/// Changes a tenant. A pool keeps its last day, which ends at another instant in another time zone; a work settles
/// the users of a pool that ends already, or not yet, by that. Another one has the people who are invited reminded by
/// another schedule.
///
/// # Errors
/// [`Error`] if there is no such tenant, a value that cannot be used, or the operator has not agreed to the losses.
pub async fn update(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    change: &Change,
    agreed: Agreed,
) -> Result<(Tenant, Vec<Work>), Error> {
    let (scope, known) = db.tenant(tenant).await?;
    let pool = pool_by_hand(&db.read(&scope).await?, change).await?;
    let Wanted { zone, .. } = wanted(change, pool, &known)?;
    agreed.check(&preview(db, operator, &scope, zone).await?)?;
    let requester = operator.of(scope, Right::Change)?;
    let update = async |mut unit: WriteUnit| -> Attempt<(store::Tenant, Vec<Work>)> {
        // The row of the tenant is locked, so that two changes at once are both kept.
        unit.lock_time_zone().await?;
        let before = unit.own_tenant().await?;
        let Wanted { name, zone, settings } = wanted(change, pool, &before)?;
        let mut entries = Vec::new();
        let mut works = Vec::new();
        let mut changed = |why: String, old: Value, new: Value| {
            let mut entry = Entry::new(Subject::Tenant(before.id), EntryKind::TenantChanged, why);
            (entry.before, entry.after) = (Some(old), Some(new));
            entries.push(entry);
        };
        if let Some(name) = name {
            unit.rename_tenant(before.id, name).await?;
            let why = format!("An administrator renamed the tenant “{}”: “{name}”.", before.name);
            changed(why, json!({ "name": before.name }), json!({ "name": name }));
        }
        if let Some(zone) = zone {
            works = move_to(&mut unit, &requester, zone).await?;
            let (old, tenant) = (before.time_zone, name.unwrap_or(&before.name));
            let why = format!(
                "An administrator changed the time zone of the tenant “{tenant}” from {old} to {zone}."
            );
            changed(why, json!({ "timeZone": old }), json!({ "timeZone": zone }));
        }
        if let Some(settings) = &settings {
            unit.set_settings(&settings.value()).await?;
            let days = &settings.sending.remind_after;
            if !days.is_empty() && *days != Settings::of(&before)?.sending.remind_after {
                // The people who were invited before have no timer of this schedule.
                let job = set_reminders::job(requester.now);
                works.push(Work::start(&requester, &mut unit, job, set_reminders::KIND).await?);
            }
            let tenant = name.unwrap_or(&before.name);
            let why = format!("An administrator changed the settings of the tenant “{tenant}”.");
            changed(why, before.settings.clone(), settings.value());
        }
        if zone.is_some() || settings.is_some() {
            // Mail that waits may leave earlier now.
            unit.enqueue(let_leave::job(requester.now), requester.now).await?;
        }
        let entries = entries.iter().map(|entry| (entry, &requester.actor));
        unit.record(entries, requester.now).await?;
        let after = unit.own_tenant().await?;
        Ok((unit, (after, works)))
    };
    let (after, works) = db.write(&requester.scope, update).await?.value;
    Ok((after.try_into()?, works))
}

/// The pool that people are to get by hand, where a change names one.
async fn pool_by_hand(unit: &ReadUnit, change: &Change) -> Result<Option<PoolId>, Error> {
    match change.pool_by_hand.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(name) => Ok(Some(pool_in(unit, name).await?.pool.id)),
    }
}

/// What is to be another; at least one thing is.
fn wanted<'c>(change: &'c Change, pool: Option<PoolId>, before: &store::Tenant) -> Result<Wanted<'c>, Error> {
    let name = change.name.as_deref().map(checked_name).transpose()?.filter(|name| *name != before.name);
    let zone = change.time_zone.as_deref().map(zone).transpose()?.filter(|zone| *zone != before.time_zone);
    let known = Settings::of(before)?;
    let mut settings = change.settings.apply(&known)?;
    settings.pool_by_hand = if change.pool_by_hand.is_some() { pool } else { known.pool_by_hand };
    let settings = Some(settings).filter(|settings| *settings != known);
    if name.is_none() && zone.is_none() && settings.is_none() {
        return Err(Error::already(format!("the tenant {}", before.name), "is like that already"));
    }
    Ok(Wanted { name, zone, settings })
}

/// Gives the tenant of a unit another time zone, and its pools the instants at which their last days end there.
async fn move_to(unit: &mut WriteUnit, requester: &Requester, zone: Zone) -> Result<Vec<Work>, Error> {
    let now = requester.now;
    let mut works = Vec::new();
    unit.set_time_zone(zone).await?;
    for pool in moved(unit, zone).await? {
        let (id, name) = (pool.state.pool.id, pool.state.pool.name.clone());
        expire_pool::set(unit, id, Some(pool.expires_at), pool.state.last_day, now).await?;
        let why = format!(
            "The licence pool “{name}” ends at another instant because the time zone of its tenant is {zone} now."
        );
        let mut entry = Entry::new(Subject::Pool(id), EntryKind::PoolChanged, why);
        entry.before = Some(json!({ "expiresAt": pool.state.pool.expires_at }));
        entry.after = Some(json!({ "expiresAt": pool.expires_at }));
        unit.record([(&entry, &requester.actor)], now).await?;
        if pool.is_other(now) {
            let job = PoolWork { pool: id, name, after: None }.job(now);
            works.push(Work::start(requester, unit, job, settle_pool::KIND).await?);
        }
    }
    // Warnings of an end that is an instant come at another time, too.
    for state in unit.pools().await?.into_iter().filter(|state| state.pool.expires_at.is_some()) {
        warn_pool::set(unit, state.pool.id, now).await?;
    }
    Ok(works)
}

/// What would follow from another time zone, where there is one.
async fn preview(
    db: &Database,
    operator: &Operator,
    scope: &TenantScope,
    zone: Option<Zone>,
) -> Result<Consequences, Error> {
    let Some(zone) = zone else { return Ok(Consequences::default()) };
    let unit = db.read(scope).await?;
    let pools = moved(&unit, zone).await?;
    let others: Vec<&Moved> = pools.iter().filter(|pool| pool.is_other(operator.now)).collect();
    let change = |situation: &mut Situation| {
        for pool in &mut situation.pools {
            if let Some(moved) = pools.iter().find(|moved| moved.state.pool.id == pool.id) {
                pool.expires_at = Some(moved.expires_at);
            }
        }
    };
    let concerned = others.iter().map(|pool| pool.state.pool.id).collect();
    let mut preview = Preview::new(&unit, concerned, operator.batch, operator.now, change);
    let rules = unit.pool_rules().await?;
    for pool in others {
        let (pool, name) = (pool.state.pool.id, pool.state.pool.name.clone());
        preview.settle_all(&rules, pool, &Cause::PoolChanged { pool, name }).await?;
    }
    preview.consequences().await
}
