//! Reminders: how many a person got, when the last one was sent, and who may get one.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use provisioning::UserId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::db::sql::{CHUNK, Sql};
use crate::error::Error;
use crate::ids::stored;
use crate::unit::{ReadUnit, WriteUnit};

/// The reminders of one person since the last invitation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reminders {
    /// How many were sent.
    pub sent: u64,
    /// When the last one was sent.
    pub last: Option<DateTime<Utc>>,
    /// Whether one waits to be sent.
    pub on_its_way: bool,
    /// Whether an invitation waits to be sent.
    pub invitation_on_its_way: bool,
}

/// How many reminders the people of a list got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReminderCount {
    /// Exactly so many.
    Exactly(u32),
    /// So many or more.
    AtLeast(u32),
}

impl ReminderCount {
    /// The condition on user `u`.
    pub(crate) fn condition(self) -> String {
        match self {
            Self::Exactly(count) => format!(" AND u.reminders = {count}"),
            Self::AtLeast(count) => format!(" AND u.reminders >= {count}"),
        }
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    reminders: i64,
    reminded_at: Option<DateTime<Utc>>,
    on_its_way: bool,
    invitation_on_its_way: bool,
}

#[derive(FromQueryResult)]
struct RefusedRow {
    user_id: Uuid,
    recipient: String,
}

impl ReadUnit {
    /// The reminders of these people.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn reminders(&self, users: &[UserId]) -> Result<HashMap<UserId, Reminders>, Error> {
        let mut found = HashMap::new();
        for chunk in users.chunks(CHUNK) {
            let on_its_way = "EXISTS (SELECT 1 FROM mail m WHERE m.tenant_id = u.tenant_id AND m.user_id = u.id \
                              AND m.state IN ('waiting', 'queued', 'held') AND m.kind IN";
            let mut sql = Sql::new(&format!(
                "SELECT u.id, u.reminders, u.reminded_at, {on_its_way} ('reminder')) AS on_its_way, \
                 {on_its_way} ('invitation', 'return')) AS invitation_on_its_way FROM "
            ));
            sql.users_among(self, chunk.iter().map(|user| user.uuid()));
            let reminders = |row: Row| Reminders {
                sent: u64::try_from(row.reminders).unwrap_or(0),
                last: row.reminded_at,
                on_its_way: row.on_its_way,
                invitation_on_its_way: row.invitation_on_its_way,
            };
            let rows = self.transaction.all::<Row>(sql).await?;
            found.extend(rows.into_iter().map(|row| (UserId::new(row.id), reminders(row))));
        }
        Ok(found)
    }

    /// The addresses of these people that the mail server refused for good, unless it took mail to them later.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn refused_addresses(&self, users: &[UserId]) -> Result<HashMap<UserId, Vec<String>>, Error> {
        let mut found: HashMap<UserId, Vec<String>> = HashMap::new();
        for chunk in users.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT m.user_id, m.recipient FROM ");
            let keys = chunk.iter().map(|user| user.uuid());
            sql.among(self.backend(), self.tenant(), ("mail", "m", "user_id"), keys);
            sql.push(
                " WHERE m.state = 'refused' AND m.address_refused AND NOT EXISTS (SELECT 1 FROM mail s \
                 WHERE s.tenant_id = m.tenant_id AND s.user_id = m.user_id AND s.recipient = m.recipient \
                 AND s.state = 'sent' AND s.answered_at > m.answered_at)",
            );
            for row in self.transaction.all::<RefusedRow>(sql).await? {
                found.entry(UserId::new(row.user_id)).or_default().push(row.recipient);
            }
        }
        Ok(found)
    }
}

impl WriteUnit {
    /// Counts a reminder that was sent now. The unit holds the lock of the person.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn count_reminder(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE users SET reminders = reminders + 1, reminded_at = ");
        sql.bind(stored(now)).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(user.uuid());
        self.transaction.run(sql).await.map(drop)
    }

    /// Begins to count anew, for a person who was invited. The unit holds the lock of the person.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn forget_reminders(&mut self, user: UserId) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE users SET reminders = 0, reminded_at = NULL WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND id = ").bind(user.uuid());
        self.transaction.run(sql).await.map(drop)
    }
}
