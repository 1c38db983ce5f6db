//! The mail of a tenant, for the administrators: what waits, what was sent, what each mail says.

use chrono::{DateTime, Utc};
use letters::Kind;
use provisioning::{Entry, EntryKind, Subject, UserId};
use serde::Serialize;
use store::{Mail, MailQuery, MailState, MailStop, TenantScope, WriteUnit};
use uuid::Uuid;

use super::writing::send_job;
use super::{Sealed, is_invitation};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::keys::Keys;
use crate::requester::Operator;
use crate::rights::Right;
use crate::work::{invite, let_leave};

/// A mail in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// What kind of mail it is.
    pub kind: String,
    /// The address to which it goes.
    pub recipient: String,
    /// The person that it is about.
    pub user: Option<UserId>,
    /// What became of it.
    pub state: &'static str,
    /// How often sending was tried.
    pub attempts: u32,
    /// What the mail server said last.
    pub said: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When the mail server took it.
    pub sent_at: Option<DateTime<Utc>>,
}

/// A mail with what it says, as far as that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// The mail.
    #[serde(flatten)]
    pub mail: Listed,
    /// The language.
    pub language: Option<String>,
    /// The subject.
    pub subject: Option<String>,
    /// The text.
    pub text: Option<String>,
    /// The same as HTML.
    pub html: Option<String>,
}

/// Which mail is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Of this state, such as `queued`.
    pub state: Option<String>,
    /// Of this kind, such as `invitation`.
    pub kind: Option<String>,
    /// About this person, by id or `userName`.
    pub user: Option<String>,
    /// Behind this one.
    pub after: Option<Uuid>,
    /// At most so many.
    pub most: u64,
}

impl Shown {
    /// The same for readers who must not act in the person's place.
    fn without_secrets(self) -> Self {
        if self.mail.kind == Kind::Code.as_str() {
            return Self { subject: None, text: None, html: None, ..self };
        }
        let masked = |text: Option<String>| text.map(|text| without_links(&text));
        Self { text: masked(self.text), html: masked(self.html), ..self }
    }
}

/// A text in which the secret of each link to an enrolment is dots.
fn without_links(text: &str) -> String {
    let mut parts = text.split("/enrol/");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest =
            part.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter));
        masked.push_str("/enrol/\u{2022}\u{2022}\u{2022}");
        masked.push_str(rest);
    }
    masked
}

impl From<Mail> for Listed {
    fn from(mail: Mail) -> Self {
        Self {
            id: mail.id,
            kind: mail.kind,
            recipient: mail.recipient,
            user: mail.user,
            state: mail.state.as_str(),
            attempts: mail.attempts,
            said: mail.said,
            created_at: mail.created_at,
            sent_at: mail.sent_at,
        }
    }
}

/// The mail of a tenant, the latest first.
///
/// # Errors
/// [`Error`] if there is no such tenant or person, and for a word that is no state.
pub async fn list(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    query: &Query,
) -> Result<Vec<Listed>, Error> {
    let (scope, tenant) = db.tenant(tenant).await?;
    let user = match &query.user {
        Some(user) => Some(db.user(&operator.clone().within(Some(tenant.id.to_string())), user).await?.1.id),
        None => None,
    };
    let state = query.state.as_deref().map(state).transpose()?;
    let query = MailQuery { state, kind: query.kind.as_deref(), user, after: query.after, most: query.most };
    let mails = db.read(&scope).await?.mails(&query).await?;
    Ok(mails.into_iter().map(Listed::from).collect())
}

fn state(word: &str) -> Result<MailState, Error> {
    let known = MailState::ALL.into_iter().find(|state| state.as_str() == word);
    let all = MailState::ALL.map(MailState::as_str).join(", ");
    known.ok_or_else(|| Error::Refused(format!("\"{word}\" is no state of mail: use one of {all}")))
}

/// A mail with what it says. To an operator who may only look it shows neither codes nor the links by which a person enrols.
///
/// # Errors
/// [`Error`] if there is no such mail, or it cannot be opened.
pub async fn show(db: &Database, operator: &Operator, tenant: &str, id: &str) -> Result<Shown, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let advice = "`rollcall mail list --tenant TENANT` shows the latest";
    let unknown = || Error::unknown("mail", id, advice);
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    let mail = db.read(&scope).await?.mail(id).await?.ok_or_else(unknown)?;
    let keys = db.keys(operator.now).await?;
    let said = "what the mail says cannot be opened with the present master key";
    let shown = opened(keys, &scope, mail).ok_or_else(|| Error::Refused(said.to_owned()))?;
    Ok(if operator.has(Right::Change) { shown } else { shown.without_secrets() })
}

/// All mail to a person, the latest first, with what it says as far as that is kept.
pub(crate) async fn about(
    db: &Database,
    operator: &Operator,
    scope: &TenantScope,
    user: UserId,
) -> Result<Vec<Shown>, Error> {
    let query = MailQuery { user: Some(user), most: u64::from(u32::MAX), ..MailQuery::default() };
    let mails = db.read(scope).await?.mails(&query).await?;
    let keys = if mails.is_empty() { None } else { Some(db.keys(operator.now).await?) };
    let shown = |mail: Mail| keys.and_then(|keys| opened(keys, scope, mail));
    // An alert about the person went to administrators.
    let own = mails.into_iter().filter(|mail| mail.kind != Kind::Alert.as_str());
    Ok(own.filter_map(shown).collect())
}

/// The mail with what it says; nothing if that does not open.
fn opened(keys: &Keys, scope: &TenantScope, mail: Mail) -> Option<Shown> {
    let Some(sealed) = &mail.content else {
        return Some(Shown { mail: mail.into(), language: None, subject: None, text: None, html: None });
    };
    let Sealed { language, subject, text, html, .. } = Sealed::open(keys, scope, mail.id, sealed)?;
    let (language, subject, text, html) = (Some(language), Some(subject), Some(text), Some(html));
    Some(Shown { mail: mail.into(), language, subject, text, html })
}

/// Has every mail sent that is held for an operator; answers how many they are. An invitation is written anew, because its link
/// would soon be over.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn release(db: &Database, operator: &Operator, tenant: &str) -> Result<u64, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let now = operator.now;
    let release = async |mut unit: WriteUnit| -> Attempt<u64> {
        let query = MailQuery { state: Some(MailState::Held), most: BATCH, ..MailQuery::default() };
        let held = unit.mails(&query).await?;
        for mail in &held {
            let user = mail.user.filter(|_| is_invitation(&mail.kind));
            let (state, job) = match user {
                Some(user) => (MailState::Withdrawn, invite::job(user, now)),
                None => (MailState::Queued, send_job(mail.id, false, now)),
            };
            // What was tried once is not held again.
            unit.save_mail(&Mail { state, attempts: mail.attempts.max(1), ..mail.clone() }).await?;
            unit.enqueue(job, now).await?;
        }
        Ok((unit, held.len() as u64))
    };
    let mut total = 0;
    loop {
        let released = db.write(&scope, release).await?.value;
        total += released;
        if released < BATCH {
            return Ok(total);
        }
    }
}

/// Lets invitations and reminders leave again that have stopped because too much was refused; what was refused before does
/// not count any more. Says whether they had stopped.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn resume(db: &Database, operator: &Operator, tenant: &str) -> Result<bool, Error> {
    let (scope, tenant) = db.tenant(tenant).await?;
    let now = operator.now;
    let resume = async |mut unit: WriteUnit| -> Attempt<bool> {
        if unit.lock_mail_queue().await?.stopped_at.is_none() {
            return Ok((unit, false));
        }
        unit.save_mail_stop(MailStop { stopped_at: None, resumed_at: Some(now) }).await?;
        let why = format!("An administrator lets the mail of the tenant “{}” go on.", tenant.name);
        let entry = Entry::new(Subject::Tenant(tenant.id), EntryKind::MailResumed, why);
        unit.record([(&entry, &operator.actor(Right::Change)?)], now).await?;
        unit.enqueue(let_leave::job(now), now).await?;
        Ok((unit, true))
    };
    Ok(db.write(&scope, resume).await?.value)
}

/// How many mails are released in one unit.
const BATCH: u64 = 500;

/// Since when the invitations and reminders of a tenant have stopped, because too many were refused.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn stopped_at(db: &Database, tenant: &str) -> Result<Option<DateTime<Utc>>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    Ok(db.read(&scope).await?.mail_stop().await?.stopped_at)
}

/// The words for the states that a mail can be in.
pub fn states() -> impl Iterator<Item = &'static str> {
    MailState::ALL.into_iter().map(MailState::as_str)
}

/// The words for the kinds of mail.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    Kind::ALL.into_iter().map(Kind::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_an_enrolment_are_dots_for_readers() {
        let text = "Open https://a.example/enrol/AbC-_9 now, or <a href=\"https://a.example/enrol/AbC-_9/code\">here</a>.";
        let dots = "\u{2022}\u{2022}\u{2022}";
        let expected = format!(
            "Open https://a.example/enrol/{dots} now, or <a href=\"https://a.example/enrol/{dots}/code\">here</a>."
        );
        assert_eq!(without_links(text), expected);
        assert_eq!(without_links("nothing"), "nothing");
    }
}
