//! Mail as it would look: with a person's own data or with samples, and a test mail to an administrator.

use letters::{Content, Deactivated, Kind, Language, Letter, Message};
use provisioning::UserId;
use serde::Serialize;
use store::{ReadUnit, WriteUnit};
use uuid::Uuid;

use super::message::{self, Facts};
use super::templates::Parts;
use super::writing::{self, Recipient, Writer};
use crate::address::is_address;
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Operator;
use crate::rights::Right;

/// How a mail looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Look {
    /// The kind of mail.
    pub kind: &'static str,
    /// The language.
    pub language: &'static str,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl Look {
    fn of(kind: Kind, language: Language, letter: Letter) -> Self {
        let Letter { subject, text, html } = letter;
        Self { kind: kind.as_str(), language: language.as_str(), subject, text, html }
    }
}

/// A kind of mail, by its name.
pub(crate) fn kind(name: &str) -> Result<Kind, Error> {
    name.parse().map_err(|error: letters::UnknownKind| Error::Refused(error.to_string()))
}

/// A language, by its tag; the tenant's without one.
pub(crate) fn language(tag: Option<&str>, writer: &Writer<'_>) -> Result<Language, Error> {
    let Some(tag) = tag else { return Ok(writer.settings.language()) };
    tag.parse().map_err(|error: letters::UnknownLanguage| Error::Refused(error.to_string()))
}

/// How a mail of this kind looks with the words of the tenant: to a person, by id or `userName`, with the person's own data,
/// language and progress; with samples without a person. Parts of a template that are not saved stand in place of the saved
/// ones. Nothing is sent, and its link leads nowhere.
///
/// # Errors
/// [`Error`] if there is no such tenant, person, kind or language, and what is wrong with a part, with its line.
pub async fn preview(
    db: &Database,
    operator: &Operator,
    (tenant, user): (Option<&str>, Option<&str>),
    (kind_name, tag): (&str, Option<&str>),
    unsaved: &Parts,
) -> Result<Look, Error> {
    let wanted = kind(kind_name)?;
    let person = match user {
        Some(user) => Some(db.user(&operator.clone().within(tenant.map(str::to_owned)), user).await?),
        None => None,
    };
    let scope = match (&person, tenant) {
        (Some((scope, _)), _) => scope.clone(),
        (None, Some(tenant)) => db.tenant(tenant).await?.0,
        (None, None) => return Err(Error::Refused("name a tenant or a person".to_owned())),
    };
    let unit = db.read(&scope).await?;
    let mut writer = Writer::new(&unit, db.keys(operator.now).await?, db.pages(), operator.now).await?;
    let Some((_, person)) = person else {
        let language = language(tag, &writer)?;
        writer.try_out((wanted, language), unsaved)?;
        let letter = writer.render(language, &sample(&writer, wanted, language))?;
        return Ok(Look::of(wanted, language, letter));
    };
    let mut to = writer.recipient(person.id, &person.resource.document).ok_or_else(|| {
        Error::Refused(format!("{} has no e-mail address, so no mail can look", person.user_name()))
    })?;
    if tag.is_some() {
        to.language = language(tag, &writer)?;
    }
    writer.try_out((wanted, to.language), unsaved)?;
    let said = own(&unit, &writer, (person.id, &person.enrolment), &to, wanted).await?;
    Ok(Look::of(wanted, to.language, writer.letter(&to, said)?))
}

/// What a mail says to a person; of what the person has nothing, such as a code, there is a sample.
async fn own(
    unit: &ReadUnit,
    writer: &Writer<'_>,
    (user, enrolment): (UserId, &provisioning::Enrolment),
    to: &Recipient,
    kind: Kind,
) -> Result<Message, Error> {
    let (link, until) = writer.no_link()?;
    let facts = Facts {
        enrolment,
        sign_in: &to.sign_in,
        device: message::device(unit, user).await?,
        reminders: unit.reminders(&[user]).await?.remove(&user).unwrap_or_default().sent,
        scheduled: Some(writer.settings.sending.remind_after.len()),
        until,
        zone: writer.tenant.time_zone,
    };
    let restore = |restore_owed| provisioning::Enrolment { restore_owed, ..enrolment.clone() };
    Ok(match kind {
        Kind::Reminder => message::reminder(&facts, link),
        Kind::Invitation => message::invitation(&Facts { enrolment: &restore(false), ..facts }, link),
        Kind::Return => message::invitation(&Facts { enrolment: &restore(true), ..facts }, link),
        Kind::Deactivated => {
            Message::Deactivated(Deactivated { ended_on: writer.day(enrolment.since.unwrap_or(until)) })
        }
        Kind::Code | Kind::Alert | Kind::Test => letters::sample(kind).message,
    })
}

/// A sample of the tenant.
fn sample(writer: &Writer<'_>, kind: Kind, language: Language) -> Content {
    Content { sender: writer.sender(language), ..letters::sample(kind) }
}

/// Sends a mail of this kind with samples and the words of the tenant to an address; answers its id. Parts of a template that
/// are not saved stand in place of the saved ones.
///
/// # Errors
/// [`Error`] if there is no such tenant, kind or language, the address is none, and what is wrong with a part, with its line.
pub async fn test(
    db: &Database,
    operator: &Operator,
    (tenant, address): (&str, &str),
    (kind_name, tag): (&str, Option<&str>),
    unsaved: &Parts,
) -> Result<Uuid, Error> {
    operator.may(Right::Change)?;
    let (scope, _) = db.tenant(tenant).await?;
    let (wanted, keys) = (kind(kind_name)?, db.keys(operator.now).await?);
    if !is_address(address) {
        return Err(Error::Refused(format!("\"{address}\" is no e-mail address")));
    }
    let send = async |mut unit: WriteUnit| -> Attempt<Uuid> {
        let mut writer = Writer::new(&unit, keys, db.pages(), operator.now).await?;
        let mut to = writer.at(address);
        to.language = language(tag, &writer)?;
        writer.try_out((wanted, to.language), unsaved)?;
        let content = sample(&writer, wanted, to.language);
        let id = writing::write_content(&mut unit, &writer, &to, &content, None).await?;
        Ok((unit, id))
    };
    Ok(db.write(&scope, send).await?.value)
}
