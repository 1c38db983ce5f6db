//! From changes to the tokens of a stream.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use store::{Change, Stream, StreamStatus, WriteUnit};
use uuid::Uuid;

use super::tokens::wanted;
use super::view::delivered;
use crate::database::{Attempt, Database};
use crate::error::Error;

/// Changes of which tokens are made in one unit.
pub(super) const BATCH: u64 = 500;

/// Rows that are deleted in one unit.
const PORTION: u64 = 2_000;

/// Makes tokens of the next changes for a stream that is locked; says how many tokens, and whether there may be more changes.
pub(super) async fn advance(
    unit: &mut WriteUnit,
    stream: &mut Stream,
    now: DateTime<Utc>,
) -> Result<(usize, bool), Error> {
    let changes = unit.changes(stream.after, BATCH).await?;
    let Some(last) = changes.last().map(|change| change.place) else { return Ok((0, false)) };
    let resources: Vec<Uuid> = changes.iter().map(|change| change.resource).collect();
    let said: HashMap<Uuid, bool> = unit.stream_subjects(stream.id, &resources).await?.into_iter().collect();
    let events = delivered(&stream.events);
    let registry = Arc::clone(unit.registry());
    let endpoints: Vec<&str> = stream
        .types
        .iter()
        .filter_map(|name| registry.resource_type(name))
        .map(|it| it.endpoint.as_str())
        .collect();
    let carried = |change: &&Change| {
        let typed = stream.types.is_empty() || endpoints.iter().any(|endpoint| stands_at(change, endpoint));
        let included = said.get(&change.resource).copied().unwrap_or(stream.every_subject);
        typed && included && wanted(change, &events).next().is_some()
    };
    let new: Vec<_> = changes.iter().filter(carried).map(|change| (Some(change.place.id), None)).collect();
    let made = new.len();
    unit.insert_sets(stream.id, new, now).await?;
    stream.after = last;
    unit.save_stream(stream).await?;
    Ok((made, changes.len() as u64 == BATCH))
}

/// Makes tokens of all changes up to now for a stream that is about to carry other ones.
pub(super) async fn catch_up(
    unit: &mut WriteUnit,
    stream: &mut Stream,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    while stream.status != StreamStatus::Disabled && advance(unit, stream, now).await?.1 {}
    Ok(())
}

fn stands_at(change: &Change, endpoint: &str) -> bool {
    change.uri.strip_prefix(endpoint).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Takes out changes that every stream has passed, and keys that sign nothing since an instant; says how many rows.
///
/// # Errors
/// What the database says.
pub async fn forget(db: &Database, before: DateTime<Utc>) -> Result<u64, Error> {
    let mut forgotten = 0;
    for tenant in db.store().tenants().await? {
        let Some((scope, _)) = db.store().tenant(&tenant.id.to_string()).await? else { continue };
        if db.read(&scope).await?.signing_keys().await?.is_empty() {
            continue;
        }
        let forget = async |mut unit: WriteUnit| -> Attempt<u64> {
            let deleted = unit.delete_passed_changes(PORTION).await?;
            let retired = unit.delete_retired_keys(before).await?;
            Ok((unit, deleted + retired))
        };
        loop {
            let deleted = db.write(&scope, forget).await?.value;
            forgotten += deleted;
            if deleted < PORTION {
                break;
            }
        }
    }
    Ok(forgotten)
}
