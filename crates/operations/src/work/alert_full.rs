//! Administrators are told by mail that a pool is full.

use chrono::{DateTime, TimeDelta, Utc};
use letters::Alert;
use provisioning::{PoolId, PoolPolicy};
use serde::Deserialize;
use serde_json::json;
use store::{NewJob, PoolState, WriteUnit};

use super::{Progress, Step, WorkError};
use crate::alerts;
use crate::database::Attempt;
use crate::error::Error;
use crate::mail::Writer;

/// The kind of the job.
pub(crate) const KIND: &str = "full-pool-alert";

/// How long nothing more is said about the same pool.
const PAUSE: TimeDelta = TimeDelta::hours(24);

#[derive(Deserialize)]
struct Full {
    /// The pool; none once administrators are told.
    pool: Option<PoolId>,
}

/// Notes that each of these pools had no seat for a person. Administrators are told when that is new since the pool had room.
pub(crate) async fn note(unit: &mut WriteUnit, pools: &[PoolId], now: DateTime<Utc>) -> Result<(), Error> {
    for pool in unit.note_full(pools).await? {
        let (kind, payload) = (KIND.to_owned(), json!({ "pool": pool }));
        let dedup = Some(format!("{KIND}:{pool}"));
        unit.enqueue(NewJob { kind, payload, run_at: now, dedup }, now).await?;
    }
    Ok(())
}

/// Writes the alert, unless there was one about this pool within a day.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let Full { pool: Some(pool) } = step.read()? else { return Ok(None) };
    let (now, done) = (step.pace.now, json!({ "pool": null }));
    let keys = step.db.keys(now).await?;
    let attempt = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.lock_pools(false).await?;
        let state = unit.pools().await?.into_iter().find(|state| state.pool.id == pool);
        let lately = |state: &PoolState| state.full_told_at.is_some_and(|at| at + PAUSE > now);
        if let Some(state) = state.filter(|state| !lately(state)) {
            let writer = Writer::new(&unit, keys, step.db.pages(), now).await?;
            alerts::alert(&mut unit, &writer, None, &words(&state)).await?;
            unit.set_full_told(pool, now).await?;
        }
        step.save(&mut unit, &done).await?;
        Ok((unit, ()))
    };
    step.db.write(step.scope, attempt).await?;
    step.saved(done);
    Ok(Some(Progress::default()))
}

fn words(state: &PoolState) -> Alert {
    let (name, seats) = (&state.pool.name, state.pool.seats);
    let then = match state.pool.policy {
        PoolPolicy::Queue => "Who comes now waits until a seat is free.",
        PoolPolicy::Reject => "Pushes that need a seat are refused.",
        PoolPolicy::Overage => "Who comes now gets a seat beyond those bought.",
    };
    Alert {
        subject: format!("The licence pool “{name}” is full"),
        title: "A licence pool is full".to_owned(),
        summary: format!("All {seats} seats of “{name}” are taken. {then}"),
        paragraphs: vec![
            format!("All {seats} seats of the licence pool “{name}” are taken. {then}"),
            format!(
                "See who has a seat and who waits with `rollcall pool show \"{name}\"`. When more was bought, say so with \
                 `rollcall pool update \"{name}\" --seats N`."
            ),
        ],
        note: Some("About one pool there is at most one such mail a day.".to_owned()),
        ..Alert::default()
    }
}
