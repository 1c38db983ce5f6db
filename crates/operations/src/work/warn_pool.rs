//! Administrators are told by mail 30, 7 and 1 days before a pool ends.

use chrono::{DateTime, Utc};
use letters::Alert;
use provisioning::{Ending, PoolId};
use serde::Deserialize;
use serde_json::json;
use store::{NewJob, PoolState, WriteUnit};

use super::{Progress, Step, WorkError};
use crate::alerts;
use crate::consequences::counted;
use crate::database::Attempt;
use crate::error::Error;
use crate::mail::Writer;

/// The kind of the job.
pub(crate) const KIND: &str = "warn-pool";

#[derive(Deserialize)]
struct Warning {
    /// The pool; none once it was looked at.
    pool: Option<PoolId>,
}

/// The key of the job of a pool.
pub(crate) fn key(pool: PoolId) -> String {
    format!("{KIND}:{pool}")
}

/// Sets the timer of a pool whose end, or the time zone of whose tenant, is another one.
pub(crate) async fn set(unit: &mut WriteUnit, pool: PoolId, now: DateTime<Utc>) -> Result<(), Error> {
    unit.withdraw_jobs(&[key(pool)]).await?;
    let zone = unit.time_zone().await?;
    let Some(state) = state(unit, pool).await? else { return Ok(()) };
    let Some(ending) = state.ending(zone) else { return Ok(()) };
    let ending = ending.moved(now);
    if ending.told != state.end_told {
        unit.set_end_told(pool, ending.told).await?;
    }
    let at = if ending.due(now).is_some() { Some(now) } else { ending.next(now) };
    ring(unit, pool, at, now).await
}

async fn ring(
    unit: &mut WriteUnit,
    pool: PoolId,
    at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(run_at) = at else { return Ok(()) };
    let (kind, payload, dedup) = (KIND.to_owned(), json!({ "pool": pool }), Some(key(pool)));
    Ok(unit.enqueue(NewJob { kind, payload, run_at, dedup }, now).await?)
}

async fn state(unit: &WriteUnit, pool: PoolId) -> Result<Option<PoolState>, Error> {
    Ok(unit.pools().await?.into_iter().find(|state| state.pool.id == pool))
}

/// Writes the alert that is due, and sets the timer for the next one.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let Warning { pool: Some(pool) } = step.read()? else { return Ok(None) };
    let (now, done) = (step.pace.now, json!({ "pool": null }));
    let keys = step.db.keys(now).await?;
    let attempt = async |mut unit: WriteUnit| -> Attempt<()> {
        let zone = unit.lock_time_zone().await?;
        unit.lock_pools(false).await?;
        let state = state(&unit, pool).await?;
        let known = state.as_ref().and_then(|state| Some((state, state.ending(zone)?)));
        if let Some((state, ending)) = known {
            if let Some(days) = ending.due(now) {
                let writer = Writer::new(&unit, keys, step.db.pages(), now).await?;
                alerts::alert(&mut unit, &writer, None, &words(state, &ending, now)).await?;
                unit.set_end_told(pool, Some(days)).await?;
            }
            ring(&mut unit, pool, ending.next(now), now).await?;
        }
        step.save(&mut unit, &done).await?;
        Ok((unit, ()))
    };
    step.db.write(step.scope, attempt).await?;
    step.saved(done);
    Ok(Some(Progress::default()))
}

fn words(state: &PoolState, ending: &Ending, now: DateTime<Utc>) -> Alert {
    let name = &state.pool.name;
    let left = match ending.days_left(now) {
        0 => "today".to_owned(),
        1 => "in 1 day".to_owned(),
        days => format!("in {days} days"),
    };
    let until = match state.last_day {
        Some(day) => format!("to the end of {day} ({})", ending.zone),
        None => format!("up to {}", scim::time::format(ending.end)),
    };
    let people = counted(state.pool.used.into(), "person has a seat", "people have seats");
    Alert {
        subject: format!("The licence pool “{name}” ends {left}"),
        title: "A licence pool ends soon".to_owned(),
        summary: format!("{people} in “{name}”, which ends {left}."),
        paragraphs: vec![
            format!(
                "The seats of “{name}” count {until}. {people} there. People who have no other licence lose access then; \
                 where their connection has a grace, they keep seat and data for that time."
            ),
            format!(
                "When more was bought, say so with `rollcall pool update \"{name}\" --expires DATE`. `rollcall pool move \
                 \"{name}\" OTHER` gives people a seat in another pool."
            ),
        ],
        ..Alert::default()
    }
}
