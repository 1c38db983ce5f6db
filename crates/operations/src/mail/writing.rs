//! A mail is written: for whom, in which language, with which links.

use chrono::{DateTime, Utc};
use letters::{Contact, Content, Language, Link, Message, Sender};
use provisioning::UserId;
use scim::Object;
use serde_json::{Value, json};
use store::{Mail, MailState, NewJob, Tenant, WriteUnit, new_id};

use super::{SEND_CODE, SEND_MAIL, Sealed};
use crate::address;
use crate::error::Error;
use crate::keys::Keys;
use crate::link;
use crate::tenants::Settings;

/// What is needed to write to people of one tenant.
pub(crate) struct Writer<'w> {
    keys: &'w Keys,
    /// The address below which pages are, without a slash at its end.
    pages: &'w str,
    tenant: Tenant,
    settings: Settings,
    now: DateTime<Utc>,
}

/// A person to write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipient {
    pub(crate) user: UserId,
    pub(crate) address: String,
    /// What the person is called.
    name: Option<String>,
    /// The name with which the person signs in.
    pub(crate) sign_in: String,
    language: Language,
}

impl<'w> Writer<'w> {
    /// A writer for the tenant of a unit.
    pub(crate) async fn new(
        unit: &store::ReadUnit,
        keys: &'w Keys,
        pages: &'w str,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let tenant = unit.own_tenant().await?;
        let settings = Settings::of(&tenant)?;
        Ok(Self { keys, pages, tenant, settings, now })
    }

    /// The day of an instant where the tenant is.
    pub(crate) fn day(&self, at: DateTime<Utc>) -> chrono::NaiveDate {
        self.tenant.time_zone.day(at)
    }

    /// The person of a document as a recipient; none without an address.
    pub(crate) fn recipient(&self, user: UserId, document: &Object) -> Option<Recipient> {
        let address = address::of(document)?.to_owned();
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        let spoken = ["preferredLanguage", "locale"].iter().find_map(|name| spoken(text(name)?));
        Some(Recipient {
            user,
            address,
            name: address::called(document).map(str::to_owned),
            sign_in: text("userName").unwrap_or_default().to_owned(),
            language: spoken.unwrap_or_else(|| self.settings.language()),
        })
    }

    /// An administrator as the recipient of a mail about a person.
    pub(crate) fn administrator(
        &self,
        about: UserId,
        administrator: &store::Administrator,
        language: Language,
    ) -> Recipient {
        Recipient {
            user: about,
            address: administrator.email.clone(),
            name: Some(administrator.name.clone()),
            sign_in: administrator.email.clone(),
            language: self.settings.language.as_deref().map_or(language, Language::best),
        }
    }

    /// A link for a person, with the instant until which it counts.
    pub(crate) fn link(&self, recipient: &Recipient) -> Result<(Link, DateTime<Utc>), Error> {
        let link = link::Link::new(self.tenant.id, recipient.user, &recipient.address, self.now);
        let address = format!("{}/enrol/{}", self.pages, link.text(self.keys));
        let said = |error| Error::Refused(format!("no link can be written: {error}; set base_url"));
        Ok((Link::new(&address).map_err(said)?, link.expires_at))
    }

    fn sender(&self, language: Language) -> Sender {
        let settings = &self.settings;
        let link = |text: &Option<String>| text.as_deref().and_then(|text| Link::new(text).ok());
        Sender {
            application: settings.application(language),
            organisation: self.tenant.name.clone(),
            support: settings.support.as_deref().and_then(|text| Contact::new(text).ok()),
            faq: link(&settings.faq),
            case: link(&settings.case),
        }
    }
}

/// One of our languages, of a tag such as `de-AT`.
fn spoken(tag: &str) -> Option<Language> {
    let primary = tag.split(['-', '_', ',', ';']).next()?.trim().to_ascii_lowercase();
    Language::ALL.iter().copied().find(|language| language.as_str() == primary)
}

/// Writes a mail to a person and queues it; `held` keeps it for an operator. Answers its id.
///
/// # Errors
/// What the database says.
pub(crate) async fn write(
    unit: &mut WriteUnit,
    writer: &Writer<'_>,
    to: &Recipient,
    message: Message,
    (expires_at, held): (Option<DateTime<Utc>>, bool),
) -> Result<uuid::Uuid, Error> {
    let content = Content { name: to.name.clone(), sender: writer.sender(to.language), message };
    let kind = content.kind();
    let letter = letters::render(to.language, &content, None);
    let letter = letter.map_err(|error| Error::Refused(format!("the mail cannot be written: {error}")))?;
    let id = new_id(writer.now);
    let sealed = Sealed {
        language: to.language.as_str().to_owned(),
        name: to.name.clone(),
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
    };
    let mail = Mail {
        id,
        user: Some(to.user),
        kind: kind.as_str().to_owned(),
        recipient: to.address.clone(),
        content: Some(sealed.seal(writer.keys, unit.scope(), id)),
        state: if held { MailState::Held } else { MailState::Queued },
        attempts: 0,
        said: None,
        created_at: writer.now,
        expires_at,
        sent_at: None,
    };
    unit.insert_mail(mail).await?;
    if !held {
        unit.enqueue(send_job(id, kind == letters::Kind::Code, writer.now), writer.now).await?;
    }
    Ok(id)
}

/// The job that sends a mail.
pub(super) fn send_job(id: uuid::Uuid, urgent: bool, run_at: DateTime<Utc>) -> NewJob {
    let kind = if urgent { SEND_CODE } else { SEND_MAIL };
    NewJob {
        kind: kind.to_owned(),
        payload: json!({ "mail": id }),
        run_at,
        dedup: Some(format!("mail:{id}")),
    }
}
