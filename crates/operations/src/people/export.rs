//! Everything that is stored about one person, for the person.

use chrono::{DateTime, Utc};
use provisioning::{Entry, EntryKind, Subject, UserId};
use serde::Serialize;
use store::WriteUnit;

use super::{User, shown};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::journal::{self, Line};
use crate::mail;
use crate::request_log::Request;
use crate::requester::Operator;
use crate::rights::Right;

/// The most lines of the journal: more than any person has.
const ALL: u64 = 4_000_000_000;

/// Everything about one person.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// The person's id.
    pub id: UserId,
    /// The name of the tenant.
    pub tenant: String,
    /// When it was exported.
    pub exported_at: DateTime<Utc>,
    /// What stands about the person; nothing when the person was deleted.
    pub user: Option<User>,
    /// What happened, of a person who was deleted; otherwise it stands with the person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub journal: Vec<Line>,
    /// The mail about the person, the latest first.
    pub mail: Vec<mail::Shown>,
    /// The requests that named the person by id, with masked bodies, as far as the request log goes back.
    pub requests: Vec<Request>,
}

/// Exports a person, by id, `userName` or e-mail address; of a person who was deleted, what the journal kept. The journal
/// says that it was done.
///
/// # Errors
/// [`Error`] if there is no such person, or several.
pub async fn export(db: &Database, operator: &Operator, user: &str) -> Result<Export, Error> {
    let (scope, id) = journal::people::find(db, operator, user).await?;
    let (_, tenant) = db.tenant(&scope.tenant_id().to_string()).await?;
    let unit = db.read(&scope).await?;
    let (user, lines) = match unit.user(id).await? {
        Some(user) => (Some(shown(&unit, user, operator.now, ALL).await?), Vec::new()),
        None => (None, journal::lines(&unit, Some(Subject::User(id)), ALL).await?),
    };
    let requests = unit.requests_with_path(&format!("/Users/{id}")).await?;
    drop(unit);
    let mail = mail::about(db, operator, &scope, id).await?;
    let record = async |mut unit: WriteUnit| -> Attempt<()> {
        let name = user.as_ref().map_or_else(|| id.to_string(), |user| user.user_name.clone());
        let why = format!("{name} was exported by an administrator, with everything that is stored.");
        let entry = Entry::new(Subject::User(id), EntryKind::UserExported, why);
        unit.record([(&entry, &operator.actor(Right::Export)?)], operator.now).await?;
        Ok((unit, ()))
    };
    db.write(&scope, record).await?;
    Ok(Export {
        id,
        tenant: tenant.name,
        exported_at: operator.now,
        user,
        journal: lines,
        mail,
        requests: requests.into_iter().map(Request::from).collect(),
    })
}
