//! Many members joined or left a group in one request: the journal tells of each, and each is settled, in batches. The
//! memberships themselves begin and end in the request.

use chrono::{DateTime, Utc};
use provisioning::{ConnectionId, GroupId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Actor, ActorKind, NewJob};
use uuid::Uuid;

use super::{Progress, Step, WorkError};
use crate::members::{Lingering, Moved, told, users};

/// The kind of the job.
pub(crate) const KIND: &str = "members-moved";

/// Members who joined or left, and have yet to be told of and settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MovedWork {
    moved: Moved,
    group: GroupId,
    /// Its display name.
    name: String,
    /// The name of the connection that changed the group.
    connection: String,
    /// The id of the connection.
    #[serde(default)]
    connection_id: Option<ConnectionId>,
    /// The id of its request.
    request: String,
    members: Vec<Uuid>,
    /// Those of them whom the group keeps.
    #[serde(default)]
    lingering: Lingering,
}

impl MovedWork {
    /// What is to be done after these members moved by a request of this actor.
    pub(crate) fn new(
        moved: Moved,
        (group, name): (GroupId, &str),
        actor: &Actor,
        members: &[Uuid],
        lingering: &Lingering,
    ) -> Self {
        let (connection, request) = (actor.name.clone(), actor.reference.clone());
        let connection_id = actor.connection;
        Self {
            moved,
            group,
            name: name.to_owned(),
            connection,
            connection_id,
            request,
            members: members.to_vec(),
            lingering: lingering.among(members),
        }
    }

    /// The job that does the work.
    pub(crate) fn job(&self, run_at: DateTime<Utc>) -> NewJob {
        NewJob { kind: KIND.to_owned(), payload: json!(self), run_at, dedup: None }
    }
}

/// Tells of the next members and settles them, in the name of the connection that changed the group.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let mut work: MovedWork = step.read()?;
    if work.members.is_empty() {
        return Ok(None);
    }
    let next = step.pace.take(&mut work.members);
    step.actor = Actor {
        kind: ActorKind::Connection,
        name: work.connection.clone(),
        reference: work.request.clone(),
        connection: work.connection_id,
    };
    let names = step.db.read(step.scope).await?.names_of_members(&next).await?;
    let told = told(&names, &next, work.moved, &work.name, &work.lingering);
    let cause = work.moved.cause(work.group, &work.name);
    step.settle(&users(&names, &next), &cause, &told, json!(work)).await.map(Some)
}
