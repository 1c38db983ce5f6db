//! Mail that waits for its turn: what comes next, what left lately, what was refused, and whether a tenant's mail stopped.

use chrono::{DateTime, Utc};
use provisioning::UserId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::db::backend::{for_update, json_text, uuid_of_text};
use crate::db::sql::{CHUNK, Sql};
use crate::error::Error;
use crate::ids::{ConnectionId, stored};
use crate::unit::{ReadUnit, WriteUnit};

/// A mail that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingMail {
    /// Its id.
    pub id: Uuid,
    /// To whom.
    pub user: Option<UserId>,
    /// What kind of mail it is.
    pub kind: String,
    /// The domain of the address.
    pub domain: String,
    /// Whether it leaves in waves: a reminder, and an invitation of a connection that invites so.
    pub in_waves: bool,
}

/// What does not leave now of what waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotNow {
    /// Invitations of the people of these connections that no administrator let go.
    pub unless_released: Vec<ConnectionId>,
    /// Invitations of the people of these connections.
    pub never: Vec<ConnectionId>,
    /// Mail to these domains.
    pub domains: Vec<String>,
    /// The connections that invite in waves.
    pub waves: Vec<ConnectionId>,
    /// What leaves in waves.
    pub in_waves: bool,
}

/// Mail of one domain that left at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftMail {
    /// The domain of the addresses.
    pub domain: String,
    /// When it left.
    pub at: DateTime<Utc>,
    /// How much it was.
    pub mails: u64,
}

/// Whether the mail of a tenant has stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailStop {
    /// Since when it has stopped.
    pub stopped_at: Option<DateTime<Utc>>,
    /// From when on refusals count.
    pub resumed_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    user_id: Option<Uuid>,
    kind: String,
    domain: String,
    in_waves: bool,
}

#[derive(FromQueryResult)]
struct LeftRow {
    domain: String,
    released_at: DateTime<Utc>,
    mails: i64,
}

#[derive(FromQueryResult)]
struct AnswersRow {
    refused: i64,
    answered: i64,
}

#[derive(FromQueryResult)]
struct StopRow {
    mail_stopped_at: Option<DateTime<Utc>>,
    mail_resumed_at: Option<DateTime<Utc>>,
}

/// The owner of user `u`, of whom nothing need be known.
const OWNER: &str = "COALESCE(u.connection_id, m.tenant_id)";

impl ReadUnit {
    /// The first mails that wait for their turn and may leave now, at most so many.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn waiting_mails(&self, not_now: &NotNow, most: u64) -> Result<Vec<WaitingMail>, Error> {
        let of = |connections: &[ConnectionId]| connections.iter().map(|id| id.uuid()).collect::<Vec<_>>();
        let mut sql = Sql::new("SELECT m.id, m.user_id, m.kind, m.domain, (m.kind = 'reminder'");
        if !not_now.waves.is_empty() {
            sql.push(&format!(" OR {OWNER} IN ")).list(of(&not_now.waves));
        }
        sql.push(
            ") AS in_waves FROM mail m LEFT JOIN users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id \
             WHERE m.state = 'waiting' AND m.tenant_id = ",
        );
        sql.bind(self.tenant());
        for (connections, also) in [(&not_now.unless_released, " AND NOT m.by_hand"), (&not_now.never, "")] {
            if !connections.is_empty() {
                sql.push(&format!(" AND NOT (m.kind <> 'reminder'{also} AND {OWNER} IN "));
                sql.list(of(connections)).push(")");
            }
        }
        if !not_now.domains.is_empty() {
            sql.push(" AND m.domain NOT IN ").list(not_now.domains.iter().cloned());
        }
        if not_now.in_waves {
            sql.push(" AND m.kind <> 'reminder'");
            if !not_now.waves.is_empty() {
                sql.push(&format!(" AND {OWNER} NOT IN ")).list(of(&not_now.waves));
            }
        }
        sql.push(" ORDER BY m.id LIMIT ").bind(most);
        let rows = self.transaction.all::<Row>(sql).await?;
        let mail = |row: Row| WaitingMail {
            id: row.id,
            user: row.user_id.map(UserId::new),
            kind: row.kind,
            domain: row.domain,
            in_waves: row.in_waves,
        };
        Ok(rows.into_iter().map(mail).collect())
    }

    /// The mail that left its queue after an instant, the earliest first.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn left_since(&self, since: DateTime<Utc>) -> Result<Vec<LeftMail>, Error> {
        let mut sql =
            Sql::new("SELECT m.domain, m.released_at, COUNT(*) AS mails FROM mail m WHERE m.tenant_id = ");
        sql.bind(self.tenant()).push(" AND m.released_at > ").bind(stored(since));
        sql.push(" GROUP BY m.domain, m.released_at ORDER BY m.released_at, m.domain");
        let rows = self.transaction.all::<LeftRow>(sql).await?;
        let left = |row: LeftRow| LeftMail {
            domain: row.domain,
            at: row.released_at,
            mails: u64::try_from(row.mails).unwrap_or(0),
        };
        Ok(rows.into_iter().map(left).collect())
    }

    /// How many invitations of the people of a connection wait for their turn; `released` says whether those count that an
    /// administrator let go.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn waiting_invitations(&self, connection: ConnectionId, released: bool) -> Result<u64, Error> {
        let mut sql = Sql::new(
            "SELECT COUNT(*) AS mails FROM mail m JOIN users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id \
             WHERE m.state = 'waiting' AND m.kind <> 'reminder'",
        );
        sql.push(if released { "" } else { " AND NOT m.by_hand" });
        sql.push(" AND m.tenant_id = ").bind(self.tenant());
        sql.push(" AND u.connection_id = ").bind(connection.uuid());
        self.transaction.number(sql).await
    }

    /// How much mail to people was refused for good, and how much was answered for good, after an instant.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn answers_since(&self, since: DateTime<Utc>) -> Result<(u64, u64), Error> {
        let mut sql = Sql::new(
            "SELECT COUNT(CASE WHEN m.state = 'refused' THEN 1 END) AS refused, COUNT(*) AS answered \
             FROM mail m WHERE m.user_id IS NOT NULL AND m.tenant_id = ",
        );
        sql.bind(self.tenant()).push(" AND m.answered_at > ").bind(stored(since));
        let row = self.transaction.one::<AnswersRow>(sql).await?;
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        Ok(row.map_or((0, 0), |row| (count(row.refused), count(row.answered))))
    }

    /// Whether the mail of the tenant has stopped.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the tenant is gone; [`Error::Busy`] or [`Error::Other`].
    pub async fn mail_stop(&self) -> Result<MailStop, Error> {
        self.stop_with("").await
    }

    async fn stop_with(&self, lock: &str) -> Result<MailStop, Error> {
        let mut sql = Sql::new("SELECT t.mail_stopped_at, t.mail_resumed_at FROM tenants t WHERE t.id = ");
        sql.bind(self.tenant()).push(lock);
        let row = self.transaction.one::<StopRow>(sql).await?.ok_or(Error::NotFound)?;
        Ok(MailStop { stopped_at: row.mail_stopped_at, resumed_at: row.mail_resumed_at })
    }
}

impl WriteUnit {
    /// As [`ReadUnit::mail_stop`], with the tenant locked: no other unit lets mail leave until this one ends. It comes before
    /// any other row.
    ///
    /// # Errors
    /// As [`ReadUnit::mail_stop`].
    pub async fn lock_mail_queue(&mut self) -> Result<MailStop, Error> {
        self.stop_with(for_update(self.backend())).await
    }

    /// Says whether the mail of the tenant has stopped.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn save_mail_stop(&mut self, stop: MailStop) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE tenants SET mail_stopped_at = ");
        sql.bind(stop.stopped_at.map(stored));
        sql.push(", mail_resumed_at = ").bind(stop.resumed_at.map(stored));
        sql.push(" WHERE id = ").bind(self.tenant());
        self.transaction.run(sql).await.map(drop)
    }

    /// Has mail wait for its turn again that has left the queue, and that no mail server was asked to take. What a worker has
    /// in hand may be on its way to the mail server now, and goes on.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn call_back_mail(&mut self) -> Result<u64, Error> {
        let mut sql = Sql::new(
            "UPDATE mail SET state = 'waiting', content = NULL, released_at = NULL, expires_at = NULL \
             WHERE state = 'queued' AND attempts = 0 AND released_at IS NOT NULL AND tenant_id = ",
        );
        let backend = self.backend();
        let mail = uuid_of_text(backend, &json_text(backend, "j.payload", &["mail"]));
        sql.bind(self.tenant()).push(&format!(
            " AND id NOT IN (SELECT r.id FROM (SELECT {mail} AS id FROM jobs j WHERE j.state = 'running' AND j.tenant_id = "
        ));
        sql.bind(self.tenant()).push(") r WHERE r.id IS NOT NULL)");
        self.transaction.run(sql).await
    }

    /// Lets waiting invitations go, the first ones: of the people of these connections, at most so many. Answers how many.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn let_go(&mut self, connections: &[ConnectionId], most: u64) -> Result<u64, Error> {
        let mut sql = Sql::new("UPDATE mail SET by_hand = TRUE WHERE tenant_id = ");
        sql.bind(self.tenant()).push(
            " AND id IN (SELECT m.id FROM mail m JOIN users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id \
             WHERE m.state = 'waiting' AND m.kind <> 'reminder' AND NOT m.by_hand AND m.tenant_id = ",
        );
        sql.bind(self.tenant());
        sql.push(" AND u.connection_id IN ").list(connections.iter().map(|id| id.uuid()));
        sql.push(" ORDER BY m.id LIMIT ").bind(most).push(")");
        self.transaction.run(sql).await
    }

    /// Withdraws the invitations of these people that wait for their turn; `released` says whether also those that an
    /// administrator let go. The unit holds the locks of the people.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn withdraw_invitations(&mut self, users: &[UserId], released: bool) -> Result<(), Error> {
        for chunk in users.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE mail SET state = 'withdrawn' WHERE state = 'waiting'");
            sql.push(" AND kind <> 'reminder'").push(if released { "" } else { " AND NOT by_hand" });
            sql.push(" AND tenant_id = ").bind(self.tenant());
            sql.push(" AND user_id IN ").list(chunk.iter().map(|user| user.uuid()));
            self.transaction.run(sql).await?;
        }
        Ok(())
    }
}
