//! A seat became free while the person first in the queue was held by another unit: the queue is looked at again.

use provisioning::{Cause, PoolId};
use serde::Deserialize;
use store::Job;

use super::desk::{Desk, Stopped, actor, payload};
use crate::settle::Unsettled;

#[derive(Deserialize)]
struct Payload {
    pool: PoolId,
}

/// Serves whoever waits for the pool, in order; a pool that is gone has no queue.
pub(super) async fn run(desk: &Desk<'_>, job: &Job) -> Result<(), Stopped> {
    let Payload { pool } = payload(job)?;
    loop {
        desk.open()?;
        let now = desk.now();
        let mut unit = desk.store.write(&job.scope).await?;
        let situation = unit.situation_with(&[], &[pool], now).await?;
        let Some(name) = situation.pool_name(pool) else { return Ok(()) };
        let cause = Cause::PoolChanged { pool, name };
        let decision =
            provisioning::settle(&situation, &cause, desk.policy(), now).map_err(Unsettled::from)?;
        if decision.is_empty() {
            return Ok(());
        }
        unit.carry_out(&decision, &actor(job), now).await?;
        unit.commit().await?;
    }
}
