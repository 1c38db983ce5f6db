//! The journal: append-only, written in the transaction of the change, with who did it and why.

use std::fmt;

use chrono::{DateTime, Utc};
use provisioning::{ConnectionId, Entry, EntryKind, GroupId, PoolId, Subject, TenantId, TokenId, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::db::rows::Rows;
use crate::db::sql::Sql;
use crate::entity::journal;
use crate::error::Error;
use crate::ids::{IdRow, first_id, new_id, stored};
use crate::jobs::Job;
use crate::look::{Found, Look};
use crate::place::Place;
use crate::pools::PoolRule;
use crate::scope::TenantScope;
use crate::unit::{ReadUnit, WriteUnit};

/// Who caused a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What they are.
    pub kind: ActorKind,
    /// Their name: of the connection, of the operator, of the kind of job.
    pub name: String,
    /// What they did it with: the id of the request or job, or the command.
    pub reference: String,
    /// The connection whose push it is.
    pub connection: Option<ConnectionId>,
}

/// What caused a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// A push of an identity provider.
    Connection,
    /// A person at the terminal.
    Operator,
    /// Queued work.
    Job,
    /// The application, over its API.
    Application,
    /// A person, by a link of a mail.
    Person,
    /// An administrator, in the console.
    Administrator,
}

impl Actor {
    /// A job.
    #[must_use]
    pub fn of_job(job: &Job) -> Self {
        Self { kind: ActorKind::Job, name: job.kind.clone(), reference: job.id.to_string(), connection: None }
    }
}

impl ActorKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Connection, Self::Operator, Self::Job, Self::Application, Self::Person, Self::Administrator];

    /// The word in columns and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Operator => "operator",
            Self::Job => "job",
            Self::Application => "application",
            Self::Person => "person",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for ActorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalQuery {
    /// About whom or what; everything without it.
    pub subject: Option<Subject>,
    /// Of which kinds; all without any.
    pub kinds: Vec<EntryKind>,
    /// Recorded at this instant or later.
    pub since: Option<DateTime<Utc>>,
    /// Those behind this place in the order of commits, the first of them; without it, the last ones by time.
    pub after: Option<Place>,
    /// The most entries wanted.
    pub most: u64,
}

/// Which entries are looked for in the past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalFilter {
    /// About whom or what; everything without it.
    pub subject: Option<Subject>,
    /// Of which kinds; all without any.
    pub kinds: Vec<EntryKind>,
    /// What caused them; everything without it.
    pub actor: Option<ActorKind>,
    /// The name of who caused them; everyone without it.
    pub actor_name: Option<String>,
}

/// An entry as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRecord {
    /// Where it stands in the order of commits; its id sorts by time.
    pub place: Place,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// What was recorded.
    pub entry: Entry,
    /// Who caused it.
    pub actor: Actor,
}

fn subject(subject: &Subject) -> (&'static str, Uuid) {
    let kind = match subject {
        Subject::User(_) => "user",
        Subject::Group(_) => "group",
        Subject::Pool(_) => "pool",
        Subject::Tenant(_) => "tenant",
        Subject::Connection(_) => "connection",
        Subject::Token(_) => "token",
        Subject::Resource(_) => "resource",
    };
    (kind, subject.uuid())
}

/// The row of a new entry.
pub(crate) fn row(tenant: Uuid, entry: &Entry, actor: &Actor, now: DateTime<Utc>) -> journal::Model {
    let (subject_kind, subject_id) = subject(&entry.subject);
    journal::Model {
        tenant_id: tenant,
        id: new_id(now),
        at: stored(now),
        subject_kind: subject_kind.to_owned(),
        subject_id,
        kind: entry.kind.to_string(),
        why: entry.why.clone(),
        before_value: entry.before.clone(),
        after_value: entry.after.clone(),
        actor_kind: actor.kind.to_string(),
        actor_name: actor.name.clone(),
        cause: actor.reference.clone(),
    }
}

#[derive(FromQueryResult)]
struct Row {
    position: i64,
    #[sea_orm(nested)]
    entry: journal::Model,
}

impl TryFrom<Row> for JournalRecord {
    type Error = Error;

    fn try_from(Row { position, entry: row }: Row) -> Result<Self, Error> {
        let inconsistent = |column| Error::Inconsistent { table: "journal", column, id: row.id.to_string() };
        let subject = match row.subject_kind.as_str() {
            "user" => Subject::User(UserId::new(row.subject_id)),
            "group" => Subject::Group(GroupId::new(row.subject_id)),
            "pool" => Subject::Pool(PoolId::new(row.subject_id)),
            "tenant" => Subject::Tenant(TenantId::new(row.subject_id)),
            "connection" => Subject::Connection(ConnectionId::new(row.subject_id)),
            "token" => Subject::Token(TokenId::new(row.subject_id)),
            "resource" => Subject::Resource(row.subject_id),
            _ => return Err(inconsistent("subject_kind")),
        };
        let kind = ActorKind::ALL.into_iter().find(|kind| kind.as_str() == row.actor_kind);
        Ok(Self {
            place: Place { position, id: row.id },
            at: row.at,
            actor: Actor {
                kind: kind.ok_or_else(|| inconsistent("actor_kind"))?,
                name: row.actor_name,
                reference: row.cause,
                connection: None,
            },
            entry: Entry {
                subject,
                kind: row.kind.parse().map_err(|_| inconsistent("kind"))?,
                why: row.why,
                before: row.before_value,
                after: row.after_value,
            },
        })
    }
}

impl ReadUnit {
    /// Entries of the journal, the newest last; behind a place, in the order of commits. No entry is ever committed before one
    /// that was read behind a place.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn journal(&self, query: JournalQuery) -> Result<Vec<JournalRecord>, Error> {
        let mut sql = Sql::new("SELECT j.* FROM journal j WHERE ");
        match query.after {
            Some(after) => self.push_behind(&mut sql, "j", after),
            None => _ = sql.push("j.tenant_id = ").bind(self.tenant()),
        }
        if let Some(about) = &query.subject {
            let (kind, id) = subject(about);
            sql.push(" AND j.subject_id = ").bind(id).push(" AND j.subject_kind = ").bind(kind);
        }
        if !query.kinds.is_empty() {
            sql.push(" AND j.kind IN ").list(query.kinds.iter().map(|kind| kind.as_str()));
        }
        if let Some(since) = query.since {
            // The ids of entries begin with their time.
            sql.push(" AND j.id >= ").bind(first_id(since));
        }
        let order = if query.after.is_some() { "j.position, j.id" } else { "j.id DESC" };
        sql.push(&format!(" ORDER BY {order} LIMIT ")).bind(query.most);
        let mut rows = self.transaction.all::<Row>(sql).await?;
        if query.after.is_none() {
            rows.reverse();
        }
        rows.into_iter().map(JournalRecord::try_from).collect()
    }

    /// A page of the entries that are looked for, the newest first.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn look_at_journal(
        &self,
        filter: &JournalFilter,
        look: &Look,
    ) -> Result<Found<JournalRecord>, Error> {
        let known = |sql: &mut Sql| {
            if let Some((kind, id)) = filter.subject.as_ref().map(subject) {
                sql.push(" AND l.subject_id = ").bind(id).push(" AND l.subject_kind = ").bind(kind);
            }
        };
        let asked = |sql: &mut Sql| {
            if !filter.kinds.is_empty() {
                sql.push(" AND w.kind IN ").list(filter.kinds.iter().map(|kind| kind.as_str()));
            }
            if let Some(actor) = filter.actor {
                sql.push(" AND w.actor_kind = ").bind(actor.as_str());
            }
            if let Some(name) = &filter.actor_name {
                sql.push(" AND w.actor_name = ").bind(name.as_str());
            }
        };
        let found = self.look(("journal", look), known, asked, |row: &Row| row.entry.id).await?;
        found.map(JournalRecord::try_from)
    }

    /// Where the entries end that can be read now in the order of commits.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn end_of_journal(&self) -> Result<Place, Error> {
        self.end_of("journal").await
    }

    /// The people, deleted ones too, about whom the journal has an entry that begins with this name, or whose recorded
    /// changes hold it as a value; in any case of ASCII letters. It reads so many of the latest entries of the tenant, or all.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn people_in_journal(&self, name: &str, latest: Option<u64>) -> Result<Vec<UserId>, Error> {
        let name = name.to_ascii_lowercase();
        let value = format!("%{}%", pattern(&serde_json::Value::from(name.as_str()).to_string()));
        let mut sql = Sql::new("SELECT DISTINCT j.subject_id AS id FROM ");
        match latest {
            None => _ = sql.push("journal j WHERE j.tenant_id = ").bind(self.tenant()),
            Some(latest) => {
                sql.push("(SELECT l.* FROM journal l WHERE l.tenant_id = ").bind(self.tenant());
                sql.push(" ORDER BY l.id DESC LIMIT ").bind(latest).push(") j WHERE TRUE");
            }
        }
        sql.push(" AND j.subject_kind = 'user' AND (LOWER(j.why) LIKE ");
        sql.bind(format!("{} %", pattern(&name))).push(" ESCAPE '!'");
        for column in ["j.before_value", "j.after_value"] {
            sql.push(&format!(" OR LOWER(CAST({column} AS TEXT)) LIKE ")).bind(value.clone());
            sql.push(" ESCAPE '!'");
        }
        sql.push(") ORDER BY j.subject_id");
        let rows = self.transaction.all::<IdRow>(sql).await?;
        Ok(rows.into_iter().map(|row| UserId::new(row.id)).collect())
    }
}

/// Text as a pattern of LIKE that matches nothing but the text, with `!` as the escape character.
pub(crate) fn pattern(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

impl WriteUnit {
    /// Appends entries.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn record<'e>(
        &mut self,
        entries: impl IntoIterator<Item = (&'e Entry, &'e Actor)>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.record_in(self.tenant(), entries, now).await
    }

    /// Appends entries to the journal of the installation, which outlives its tenants.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn record_for_installation<'e>(
        &mut self,
        entries: impl IntoIterator<Item = (&'e Entry, &'e Actor)>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.record_in(TenantScope::installation().tenant_id().uuid(), entries, now).await
    }

    async fn record_in<'e>(
        &mut self,
        tenant: Uuid,
        entries: impl IntoIterator<Item = (&'e Entry, &'e Actor)>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let rows = entries.into_iter().map(|(entry, actor)| row(tenant, entry, actor, now)).collect();
        self.transaction.insert_all::<journal::Entity>(rows).await
    }

    /// As [`WriteUnit::record`] for the few entries about a user who was changed; answers the rules of pools, which may
    /// apply to the user now, in the same trip.
    ///
    /// # Errors
    /// As [`WriteUnit::record`].
    pub async fn record_change<'e>(
        &mut self,
        entries: impl IntoIterator<Item = (&'e Entry, &'e Actor)>,
        now: DateTime<Utc>,
    ) -> Result<Vec<PoolRule>, Error> {
        let (tenant, backend) = (self.tenant(), self.backend());
        let rows: Rows<journal::Entity> =
            entries.into_iter().map(|(entry, actor)| row(tenant, entry, actor, now)).collect();
        let mut sql = Sql::default();
        sql.together(backend, |sql| sql.insert(backend, &rows, ""));
        self.rules(sql).await
    }
}
