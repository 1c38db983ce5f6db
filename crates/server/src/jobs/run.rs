//! A request that was accepted before has its turn.

use operations::work::{Progress, WorkError};
use operations::{Job, deferred};

use super::context::JobContext;
use crate::app::App;
use crate::scim::deferred::{end, take_turn};

/// How often a request is tried that the server cannot do for a reason of its own.
const ATTEMPTS: i64 = 5;

/// Runs the next request of a connection; the one behind it has a job of its own.
pub(super) async fn step(
    context: JobContext<'_>,
    app: &App,
    job: &Job,
) -> Result<Option<Progress>, WorkError> {
    let pace = (context.clock.now(), context.lease);
    let Some(turn) = deferred::next(context.db, job, pace).await? else { return Ok(None) };
    let ended = take_turn(app, &turn, job.attempt < ATTEMPTS, None).await;
    let ends = ended.map_err(|why| WorkError::Failed(operations::Error::Refused(why)))?;
    end(app, &turn, ends).await?;
    Ok(None)
}
