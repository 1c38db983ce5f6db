//! An event goes to a webhook: what an operation has signed is sent, and what came of it is recorded.

use operations::Job;
use operations::webhooks;
use operations::work::{Progress, WorkError};

use super::context::JobContext;
use crate::outbound::postman::Postman;

/// Makes the delivery of a job, unless there is nothing to deliver any more. Between the receiver's answer and the record a
/// crash may come: the delivery is then made once more, under the same `webhook-id`.
pub(super) async fn step(
    context: JobContext<'_>,
    postman: &Postman,
    job: &Job,
) -> Result<Option<Progress>, WorkError> {
    let Some(outgoing) = webhooks::next(context.db, job, context.clock.now()).await? else { return Ok(None) };
    let fate = postman.send(outgoing).await;
    webhooks::record(context.db, job, &fate, context.clock.now()).await?;
    Ok(None)
}
