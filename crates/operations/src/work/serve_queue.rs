//! A seat became free while the person first in the queue was held by another unit: the queue is looked at again.

use provisioning::{Cause, PoolId};
use serde::Deserialize;
use store::WriteUnit;

use super::{Progress, Step, WorkError};
use crate::database::Attempt;
use crate::settle::Change;

#[derive(Deserialize)]
struct Queue {
    pool: PoolId,
}

/// Serves the people who wait for the pool, in order; a pool that is gone has no queue.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let Queue { pool } = step.read()?;
    let attempt = async |mut unit: WriteUnit| -> Attempt<bool> {
        let pools = unit.pools().await?;
        let Some(state) = pools.iter().find(|state| state.pool.id == pool) else { return Ok((unit, false)) };
        let cause = Cause::PoolChanged { pool, name: state.pool.name.clone() };
        let change = Change { cause: &cause, actor: &step.actor, now: step.pace.now };
        let served = change.serve(&mut unit, pool).await?;
        Ok((unit, served))
    };
    let served = step.db.write(step.scope, attempt).await?.value;
    Ok(served.then(Progress::default))
}
