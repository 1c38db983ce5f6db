//! Mail that was written: it waits to be sent, and what was sent stays to be looked at.

use chrono::{DateTime, Utc};
use provisioning::UserId;
use scim::text::fold;
use uuid::Uuid;

use crate::db::backend::for_update;
use crate::db::sql::Sql;
use crate::entity::mail;
use crate::error::Error;
use crate::ids::stored;
use crate::unit::{ReadUnit, WriteUnit};

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailState {
    /// It waits for its turn, and is written then.
    Waiting,
    /// It waits to be sent.
    Queued,
    /// It waits for an operator, because it was written long before it could be sent.
    Held,
    /// The mail server took it.
    Sent,
    /// The mail server refused it for good.
    Refused,
    /// It could not be sent in time.
    GivenUp,
    /// It is not to be sent any more.
    Withdrawn,
}

impl MailState {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Waiting, Self::Queued, Self::Held, Self::Sent, Self::Refused, Self::GivenUp, Self::Withdrawn];

    /// The word in columns and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::Held => "held",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::GivenUp => "given-up",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A mail.
#[derive(Clone, Debug, PartialEq)]
pub struct Mail {
    /// Its id, from which its Message-ID is made.
    pub id: Uuid,
    /// The person that it is about.
    pub user: Option<UserId>,
    /// What kind of mail it is.
    pub kind: String,
    /// The address to which it goes.
    pub recipient: String,
    /// What it says, sealed; none once that is forgotten.
    pub content: Option<Vec<u8>>,
    /// What became of it.
    pub state: MailState,
    /// How often sending was tried.
    pub attempts: u32,
    /// What the mail server said last.
    pub said: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// From when on it is of no use.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the mail server took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// Whether an administrator asked for it, or let it go.
    pub by_hand: bool,
    /// When its turn came; none for mail that waits for none.
    pub released_at: Option<DateTime<Utc>>,
    /// When the mail server took it or refused it for good.
    pub answered_at: Option<DateTime<Utc>>,
    /// Whether the mail server refused its address, and not what it says.
    pub address_refused: bool,
}

impl Mail {
    /// Since when it could be sent.
    #[must_use]
    pub fn since(&self) -> DateTime<Utc> {
        self.released_at.unwrap_or(self.created_at)
    }

    /// The domain of its address, as it is counted.
    #[must_use]
    pub fn domain(&self) -> String {
        self.recipient.rsplit_once('@').map(|(_, domain)| fold(domain).into_owned()).unwrap_or_default()
    }
}

/// Which mail is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailQuery<'q> {
    /// Of this state.
    pub state: Option<MailState>,
    /// Of this kind.
    pub kind: Option<&'q str>,
    /// About this person.
    pub user: Option<UserId>,
    /// Behind this one.
    pub after: Option<Uuid>,
    /// At most so many.
    pub most: u64,
}

impl TryFrom<mail::Model> for Mail {
    type Error = Error;

    fn try_from(row: mail::Model) -> Result<Self, Error> {
        let state = MailState::ALL.into_iter().find(|state| state.as_str() == row.state);
        let inconsistent = |column| Error::Inconsistent { table: "mail", column, id: row.id.to_string() };
        Ok(Self {
            state: state.ok_or_else(|| inconsistent("state"))?,
            attempts: u32::try_from(row.attempts).map_err(|_| inconsistent("attempts"))?,
            id: row.id,
            user: row.user_id.map(UserId::new),
            kind: row.kind,
            recipient: row.recipient,
            content: row.content,
            said: row.said,
            created_at: row.created_at,
            expires_at: row.expires_at,
            sent_at: row.sent_at,
            by_hand: row.by_hand,
            released_at: row.released_at,
            answered_at: row.answered_at,
            address_refused: row.address_refused,
        })
    }
}

impl ReadUnit {
    /// Mail, the latest first.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn mails(&self, query: &MailQuery<'_>) -> Result<Vec<Mail>, Error> {
        let mut sql = Sql::new("SELECT m.* FROM mail m WHERE");
        self.push_query(&mut sql, query);
        sql.push(" ORDER BY m.id DESC LIMIT ").bind(query.most);
        self.transaction.all::<mail::Model>(sql).await?.into_iter().map(Mail::try_from).collect()
    }

    /// How much mail there is.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn count_mails(&self, query: &MailQuery<'_>) -> Result<u64, Error> {
        let mut sql = Sql::new("SELECT COUNT(*) AS mails FROM mail m WHERE");
        self.push_query(&mut sql, query);
        self.transaction.number(sql).await
    }

    /// The mail of this id.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn mail(&self, id: Uuid) -> Result<Option<Mail>, Error> {
        self.one_mail(id, "").await
    }

    async fn one_mail(&self, id: Uuid, lock: &str) -> Result<Option<Mail>, Error> {
        let mut sql = Sql::new("SELECT m.* FROM mail m WHERE m.tenant_id = ");
        sql.bind(self.tenant()).push(" AND m.id = ").bind(id).push(lock);
        self.transaction.one::<mail::Model>(sql).await?.map(Mail::try_from).transpose()
    }

    fn push_query(&self, sql: &mut Sql, query: &MailQuery<'_>) {
        sql.push(" m.tenant_id = ").bind(self.tenant());
        if let Some(state) = query.state {
            sql.push(" AND m.state = ").bind(state.as_str());
        }
        if let Some(kind) = query.kind {
            sql.push(" AND m.kind = ").bind(kind);
        }
        if let Some(user) = query.user {
            sql.push(" AND m.user_id = ").bind(user.uuid());
        }
        if let Some(after) = query.after {
            sql.push(" AND m.id < ").bind(after);
        }
    }
}

impl WriteUnit {
    /// Keeps a new mail.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_mail(&mut self, mail: Mail) -> Result<(), Error> {
        let row = mail::Model {
            tenant_id: self.tenant(),
            domain: mail.domain(),
            by_hand: mail.by_hand,
            released_at: mail.released_at.map(stored),
            answered_at: mail.answered_at.map(stored),
            address_refused: mail.address_refused,
            id: mail.id,
            user_id: mail.user.map(UserId::uuid),
            kind: mail.kind,
            recipient: mail.recipient,
            content: mail.content,
            state: mail.state.as_str().to_owned(),
            attempts: mail.attempts.into(),
            said: mail.said,
            created_at: stored(mail.created_at),
            expires_at: mail.expires_at.map(stored),
            sent_at: mail.sent_at.map(stored),
        };
        self.transaction.insert(row).await
    }

    /// The mail of this id, locked.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_mail(&mut self, id: Uuid) -> Result<Option<Mail>, Error> {
        self.one_mail(id, for_update(self.backend())).await
    }

    /// Saves what became of a mail: everything but its person and when it came to be.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn save_mail(&mut self, mail: &Mail) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE mail SET state = ");
        sql.bind(mail.state.as_str()).push(", attempts = ").bind(mail.attempts);
        sql.push(", said = ").bind(mail.said.as_deref());
        sql.push(", sent_at = ").bind(mail.sent_at.map(stored));
        sql.push(", content = ").bind(mail.content.clone());
        sql.push(", kind = ").bind(mail.kind.as_str());
        sql.push(", recipient = ").bind(mail.recipient.as_str()).push(", domain = ").bind(mail.domain());
        sql.push(", by_hand = ").bind(mail.by_hand);
        sql.push(", expires_at = ").bind(mail.expires_at.map(stored));
        sql.push(", released_at = ").bind(mail.released_at.map(stored));
        sql.push(", answered_at = ").bind(mail.answered_at.map(stored));
        sql.push(", address_refused = ").bind(mail.address_refused);
        sql.push(" WHERE tenant_id = ").bind(self.tenant()).push(" AND id = ").bind(mail.id);
        self.transaction.run(sql).await?;
        Ok(())
    }
}
