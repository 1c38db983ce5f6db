//! Sessions of administrators: a browser in which one signs in or has signed in, known by the hash of a secret in it.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::administrators::Administrator;
use crate::db::sql::Sql;
use crate::entity::{administrators, sessions};
use crate::error::Error;
use crate::ids::stored;
use crate::scope::TenantScope;
use crate::store::Store;
use crate::unit::{ReadUnit, WriteUnit};

/// How long after the last noted request of a session another one is noted.
const NOTED: TimeDelta = TimeDelta::seconds(60);

/// How far a sign-in has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The password is set, the second factor is being set up.
    SetUp,
    /// The password was right, the second factor is asked for.
    SecondFactor,
    /// Signed in.
    SignedIn,
}

impl Stage {
    const ALL: [Self; 3] = [Self::SetUp, Self::SecondFactor, Self::SignedIn];

    const fn as_str(self) -> &'static str {
        match self {
            Self::SetUp => "set-up",
            Self::SecondFactor => "second-factor",
            Self::SignedIn => "signed-in",
        }
    }
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id, by which people name it.
    pub id: Uuid,
    /// Whose it is.
    pub administrator: Uuid,
    /// How far the sign-in has come.
    pub stage: Stage,
    /// What the browser says of itself.
    pub agent: String,
    /// Where it comes from.
    pub address: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to about a minute.
    pub seen_at: DateTime<Utc>,
    /// When it ends, however much it is used.
    pub ends_at: DateTime<Utc>,
    /// The identity provider that opened it; none for a password or a link.
    pub issuer: Option<Uuid>,
}

#[derive(FromQueryResult)]
struct Found {
    #[sea_orm(nested)]
    administrator: administrators::Model,
    session_id: Uuid,
    stage: String,
    agent: String,
    address: String,
    session_created_at: DateTime<Utc>,
    seen_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    issuer_id: Option<Uuid>,
}

impl Store {
    /// The session of this hash with its administrator; none when it is unknown, or has ended, or was not used since
    /// `used_since`. Notes the use, at most once a minute.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn session(
        &self,
        hash: &[u8; 32],
        now: DateTime<Utc>,
        used_since: DateTime<Utc>,
    ) -> Result<Option<(TenantScope, Administrator, Session)>, Error> {
        let mut sql = Sql::new(
            "SELECT a.*, s.id AS session_id, s.stage, s.agent, s.address, s.created_at AS session_created_at, s.seen_at, \
             s.ends_at, s.issuer_id FROM sessions s JOIN administrators a ON a.tenant_id = s.tenant_id AND a.id = s.administrator_id \
             WHERE s.hash = ",
        );
        sql.bind(hash.to_vec()).push(" AND s.ends_at > ").bind(stored(now));
        sql.push(" AND s.seen_at > ").bind(stored(used_since));
        let found = Found::find_by_statement(sql.statement(self.backend()));
        let Some(found) = found.one(&*self.database().await?).await? else { return Ok(None) };
        let scope = TenantScope::of(found.administrator.tenant_id);
        let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == found.stage);
        let inconsistent =
            || Error::Inconsistent { table: "sessions", column: "stage", id: found.session_id.to_string() };
        let session = Session {
            id: found.session_id,
            administrator: found.administrator.id,
            stage: stage.ok_or_else(inconsistent)?,
            agent: found.agent,
            address: found.address,
            created_at: found.session_created_at,
            seen_at: found.seen_at,
            ends_at: found.ends_at,
            issuer: found.issuer_id,
        };
        if session.seen_at + NOTED <= now {
            let transaction = self.writing().await?;
            let mut sql = Sql::new("UPDATE sessions SET seen_at = ");
            sql.bind(stored(now)).push(" WHERE hash = ").bind(hash.to_vec());
            transaction.run(sql).await?;
            transaction.commit().await?;
        }
        Ok(Some((scope, found.administrator.try_into()?, session)))
    }

    /// Forgets the sessions and links that have ended, and the failures since which an instant has passed; says how many sessions
    /// those were.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn forget_sessions(
        &self,
        now: DateTime<Utc>,
        used_since: DateTime<Utc>,
        failed_since: DateTime<Utc>,
    ) -> Result<u64, Error> {
        let transaction = self.writing().await?;
        let mut sql = Sql::new("DELETE FROM sessions WHERE ends_at <= ");
        sql.bind(stored(now)).push(" OR seen_at <= ").bind(stored(used_since));
        let forgotten = transaction.run(sql).await?;
        let mut sql = Sql::new("DELETE FROM sign_in_links WHERE expires_at <= ");
        sql.bind(stored(now));
        transaction.run(sql).await?;
        let mut sql = Sql::new("DELETE FROM sign_in_failures WHERE last_at <= ");
        sql.bind(stored(failed_since));
        transaction.run(sql).await?;
        transaction.commit().await?;
        Ok(forgotten)
    }
}

impl TryFrom<sessions::Model> for Session {
    type Error = Error;

    fn try_from(row: sessions::Model) -> Result<Self, Error> {
        let inconsistent =
            || Error::Inconsistent { table: "sessions", column: "stage", id: row.id.to_string() };
        let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == row.stage);
        Ok(Self {
            id: row.id,
            administrator: row.administrator_id,
            stage: stage.ok_or_else(inconsistent)?,
            agent: row.agent,
            address: row.address,
            created_at: row.created_at,
            seen_at: row.seen_at,
            ends_at: row.ends_at,
            issuer: row.issuer_id,
        })
    }
}

impl ReadUnit {
    /// The sessions of the tenant's administrators in which one has signed in, and that have not ended, the last used first.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn sessions(
        &self,
        now: DateTime<Utc>,
        used_since: DateTime<Utc>,
    ) -> Result<Vec<Session>, Error> {
        let mut sql = Sql::new("SELECT s.* FROM sessions s WHERE s.tenant_id = ");
        sql.bind(self.tenant()).push(" AND s.stage = ").bind(Stage::SignedIn.as_str());
        sql.push(" AND s.ends_at > ").bind(stored(now));
        sql.push(" AND s.seen_at > ").bind(stored(used_since)).push(" ORDER BY s.seen_at DESC, s.id");
        let rows = self.transaction.all::<sessions::Model>(sql).await?;
        rows.into_iter().map(Session::try_from).collect()
    }
}

impl WriteUnit {
    /// Keeps a new session.
    ///
    /// # Errors
    /// [`Error::Other`] if there is no such administrator.
    pub async fn insert_session(&mut self, session: &Session, hash: [u8; 32]) -> Result<(), Error> {
        let row = sessions::Model {
            hash: hash.to_vec(),
            tenant_id: self.tenant(),
            administrator_id: session.administrator,
            id: session.id,
            stage: session.stage.as_str().to_owned(),
            agent: session.agent.clone(),
            address: session.address.clone(),
            created_at: stored(session.created_at),
            seen_at: stored(session.seen_at),
            ends_at: stored(session.ends_at),
            issuer_id: session.issuer,
        };
        self.transaction.insert(row).await
    }

    /// Ends a session of one of the tenant's administrators; `false` if there is none of this id.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn end_session(&mut self, id: Uuid) -> Result<bool, Error> {
        let mut sql = Sql::new("DELETE FROM sessions WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND id = ").bind(id);
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// Ends the sessions of an administrator that are at a stage.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn end_sessions_at(&mut self, administrator: Uuid, stage: Stage) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM sessions WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND administrator_id = ").bind(administrator);
        sql.push(" AND stage = ").bind(stage.as_str());
        self.transaction.run(sql).await.map(drop)
    }

    /// Ends every session of an administrator, and every link that is open.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn end_sessions(&mut self, administrator: Uuid) -> Result<(), Error> {
        for table in ["sign_in_links", "sessions"] {
            let mut sql = Sql::new(&format!("DELETE FROM {table} WHERE tenant_id = "));
            sql.bind(self.tenant()).push(" AND administrator_id = ").bind(administrator);
            self.transaction.run(sql).await?;
        }
        Ok(())
    }
}
