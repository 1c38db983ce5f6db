//! The timer of a suspension: who has not come back is deactivated.

use provisioning::{Cause, UserId};
use serde::Deserialize;
use store::Job;

use super::desk::{Desk, Stopped, actor, payload};

#[derive(Deserialize)]
struct Payload {
    user: UserId,
}

/// Settles the person; one who came back in time, or who is gone, is left alone.
pub(super) async fn run(desk: &Desk<'_>, job: &Job) -> Result<(), Stopped> {
    let Payload { user } = payload(job)?;
    let mut unit = desk.store.write(&job.scope).await?;
    desk.settle(&mut unit, &[user], &Cause::GraceOver, &actor(job), desk.now()).await?;
    Ok(unit.commit().await?)
}
