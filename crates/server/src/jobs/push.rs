//! The tokens of a stream go to the address of its receiver, one after the other.

use operations::Job;
use operations::streams;
use operations::work::{Progress, WorkError};

use super::context::JobContext;
use crate::metrics;
use crate::outbound::postman::Postman;

/// Sends the first token that waits in a stream; the record of it has the next one sent, so that no two are on their way. Between the receiver's answer and the record a crash may come: the token is then sent once more,
/// under the same id.
pub(super) async fn step(
    context: JobContext<'_>,
    postman: &Postman,
    job: &Job,
) -> Result<Option<Progress>, WorkError> {
    let now = context.clock.now();
    let Some((set, outgoing)) = streams::next(context.db, job, now).await? else { return Ok(None) };
    let fate = postman.send(outgoing).await;
    metrics::set_pushed(&fate);
    streams::record(context.db, job, (Some(set), &fate), context.clock.now()).await?;
    Ok(None)
}
