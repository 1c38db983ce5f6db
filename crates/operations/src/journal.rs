//! What happened, and why.

pub(crate) mod people;
mod reader;
mod search;
pub mod watch;

use chrono::{DateTime, Utc};
use provisioning::{EntryKind, Subject};
use serde::Serialize;
use serde_json::Value;
use store::{JournalQuery, JournalRecord, ReadUnit};
use uuid::Uuid;

use crate::error::Error;

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Its id.
    pub id: Uuid,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: EntryKind,
    /// What it is about.
    pub subject: Subject,
    /// Why, as a sentence.
    pub why: String,
    /// What stood before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What stands now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// Who caused it: a connection, an operator or a job.
    pub actor: String,
    /// Their name.
    pub actor_name: String,
    /// The request, the job or the command.
    pub cause: String,
}

impl From<JournalRecord> for Line {
    fn from(record: JournalRecord) -> Self {
        Self {
            id: record.place.id,
            at: record.at,
            kind: record.entry.kind,
            subject: record.entry.subject,
            why: record.entry.why,
            before: record.entry.before,
            after: record.entry.after,
            actor: record.actor.kind.to_string(),
            actor_name: record.actor.name,
            cause: record.actor.reference,
        }
    }
}

pub use reader::{Reader, Wanted};
pub use search::{Area, Entries, Entry, Search, causes, search};

pub(crate) async fn lines(unit: &ReadUnit, subject: Option<Subject>, most: u64) -> Result<Vec<Line>, Error> {
    let records = unit.journal(JournalQuery { subject, most, ..JournalQuery::default() }).await?;
    Ok(records.into_iter().map(Line::from).collect())
}
