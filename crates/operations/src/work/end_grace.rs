//! The timer of a suspension: a person who has not come back is deactivated.

use provisioning::{Cause, UserId};
use serde::Deserialize;
use serde_json::json;

use super::{Progress, Step, WorkError};

#[derive(Deserialize)]
struct Grace {
    /// The suspended person; none once the person is settled.
    user: Option<UserId>,
}

/// Settles the person; one who came back in time, or who is gone, is left alone.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let Grace { user: Some(user) } = step.read()? else { return Ok(None) };
    step.settle(&[user], &Cause::GraceOver, &[], json!({ "user": null })).await.map(Some)
}
