//! Conflicts between connections, for an administrator to settle: recorded when a user cannot be created because another
//! owner has one of the same name.

use chrono::{DateTime, Utc};
use provisioning::UserId;
use serde::Serialize;
use store::{ConnectionId, Constraint, WriteUnit};
use uuid::Uuid;

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Requester;

/// A user whom a connection could not create.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// The connection that wanted to create the user.
    pub connection_id: ConnectionId,
    /// Its name.
    pub connection: String,
    /// The name, as this connection wrote it.
    pub user_name: String,
    /// The user who is there.
    pub user: UserId,
    /// The name of the connection that owns the user; none if the user has no owner.
    pub owner: Option<String>,
    /// How often the connection has tried.
    pub attempts: i64,
    /// When it tried first.
    pub first_at: DateTime<Utc>,
    /// When it tried last.
    pub last_at: DateTime<Utc>,
}

impl Conflict {
    /// How often the connection has tried, as a count.
    #[must_use]
    pub fn tries(&self) -> u64 {
        u64::try_from(self.attempts).unwrap_or(0)
    }
}

impl From<store::Conflict> for Conflict {
    fn from(conflict: store::Conflict) -> Self {
        Self {
            connection_id: conflict.connection,
            connection: conflict.connection_name,
            user_name: conflict.user_name,
            user: conflict.user,
            owner: conflict.owner,
            attempts: conflict.attempts,
            first_at: conflict.first_at,
            last_at: conflict.last_at,
        }
    }
}

/// An e-mail address that users of different owners have. Nothing is refused because of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SharedEmail {
    /// The address.
    pub email: String,
    /// How many users have it.
    pub users: i64,
    /// The first and the last `userName` among them.
    pub between: [String; 2],
}

/// The conflicts of a tenant that still stand, the latest first: at most `most` behind so many.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, tenant: &str, page: (u64, u64)) -> Result<Vec<Conflict>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    Ok(db.read(&scope).await?.conflicts(None, page).await?.into_iter().map(Conflict::from).collect())
}

/// The conflict of a user that a connection has, where it still stands; both by their ids.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn one(
    db: &Database,
    tenant: &str,
    user: &str,
    connection: &str,
) -> Result<Option<Conflict>, Error> {
    let Ok(user) = user.parse::<Uuid>() else { return Ok(None) };
    let (scope, _) = db.tenant(tenant).await?;
    let all = db.read(&scope).await?.conflicts(Some(UserId::new(user)), (0, u64::from(u32::MAX))).await?;
    Ok(all.into_iter().map(Conflict::from).find(|it| it.connection_id.to_string() == connection))
}

/// The e-mail addresses that users of different owners have, in the order of addresses: at most `most` behind this one.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn shared_emails(
    db: &Database,
    tenant: &str,
    after: &str,
    most: u64,
) -> Result<Vec<SharedEmail>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let shared = db.read(&scope).await?.shared_emails(after, most).await?;
    let email = |it: store::SharedEmail| SharedEmail {
        email: it.email,
        users: it.users,
        between: [it.first, it.last],
    };
    Ok(shared.into_iter().map(email).collect())
}

/// Notes that a connection could not create a user, if `refusal` is that another one has the name. A connection that
/// shares the tenant has no user of its own to create.
///
/// # Errors
/// What the database says.
pub(crate) async fn note(
    db: &Database,
    requester: &Requester,
    user_name: &str,
    refusal: &Error,
) -> Result<(), Error> {
    let Some(provider) = requester.provider.as_ref().filter(|it| !it.connection.shared) else {
        return Ok(());
    };
    let taken = |error: &store::Error| matches!(error, store::Error::Conflict(Constraint::UserName));
    if !matches!(refusal, Error::Database(error) if taken(error)) {
        return Ok(());
    }
    let connection = provider.connection.id;
    let note = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.note_conflict(connection, user_name, requester.now).await?;
        Ok((unit, ()))
    };
    db.write(&requester.scope, note).await.map(drop)
}
