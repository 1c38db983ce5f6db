//! A mail is written: for whom, in which language, with which links.

use chrono::{DateTime, TimeDelta, Utc};
use letters::{Contact, Content, Kind, Language, Letter, Link, Message, Override, Sender, TemplateError};
use provisioning::{Entry, EntryKind, Subject, UserId};
use scim::Object;
use serde_json::{Value, json};
use store::{
    Actor, ActorKind, JournalQuery, Mail, MailState, MailTemplate, NewJob, Tenant, WriteUnit, new_id,
};

use super::templates::{self, Parts};
use super::{SEND_CODE, SEND_MAIL, Sealed};
use crate::address;
use crate::error::Error;
use crate::keys::Keys;
use crate::link;
use crate::tenants::Settings;
use crate::work::let_leave;

/// An address that no page has.
const NOWHERE: &str = "https://rollcall.invalid";

/// What is needed to write to people of one tenant.
pub(crate) struct Writer<'w> {
    keys: &'w Keys,
    /// The address below which pages are, without a slash at its end.
    pages: &'w str,
    pub(crate) tenant: Tenant,
    pub(crate) settings: Settings,
    /// The tenant's own templates.
    templates: Vec<MailTemplate>,
    now: DateTime<Utc>,
}

/// A person to write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipient {
    /// The person; none for an administrator.
    pub(crate) user: Option<UserId>,
    pub(crate) address: String,
    /// What the person is called.
    name: Option<String>,
    /// The name with which the person signs in.
    pub(crate) sign_in: String,
    pub(crate) language: Language,
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
        let templates = unit.mail_templates().await?;
        Ok(Self { keys, pages, tenant, settings, templates, now })
    }

    /// Writes with a template that is not saved in place of the tenant's own one.
    pub(super) fn try_out(&mut self, look: (Kind, Language), parts: &Parts) -> Result<(), Error> {
        let template = templates::with(&self.templates, look, parts, self.now)?;
        self.templates.retain(|own| (&own.kind, &own.language) != (&template.kind, &template.language));
        self.templates.push(template);
        Ok(())
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
            user: Some(user),
            address,
            name: address::called(document).map(str::to_owned),
            sign_in: text("userName").unwrap_or_default().to_owned(),
            language: spoken.unwrap_or_else(|| self.settings.language()),
        })
    }

    /// An administrator, of a mail that may be about a person.
    pub(crate) fn administrator(&self, about: Option<UserId>, to: &store::Administrator) -> Recipient {
        Recipient { user: about, name: Some(to.name.clone()), ..self.at(&to.email) }
    }

    /// An address of which nothing else is known.
    pub(crate) fn at(&self, address: &str) -> Recipient {
        Recipient {
            user: None,
            address: address.to_owned(),
            name: None,
            sign_in: address.to_owned(),
            language: self.settings.language(),
        }
    }

    /// A link for a person, with the instant until which it counts.
    pub(crate) fn link(&self, user: UserId, address: &str) -> Result<(Link, DateTime<Utc>), Error> {
        let link = link::Link::new(self.tenant.id, user, address, self.now);
        Ok((page(self.pages, &link.text(self.keys))?, link.expires_at))
    }

    /// A link that leads nowhere, for a mail that is only looked at.
    pub(crate) fn no_link(&self) -> Result<(Link, DateTime<Utc>), Error> {
        // A command does not know where the pages are.
        let pages = if self.pages.is_empty() { NOWHERE } else { self.pages };
        Ok((page(pages, "preview")?, self.now + link::LIFE))
    }

    /// What the tenant's people read: the message in the tenant's own words, where it has some.
    pub(crate) fn letter(&self, to: &Recipient, message: Message) -> Result<Letter, Error> {
        let content = Content { name: to.name.clone(), sender: self.sender(to.language), message };
        self.render(to.language, &content)
    }

    /// As [`Writer::letter`], of content that is written already; who writes is the tenant.
    pub(crate) fn render(&self, language: Language, content: &Content) -> Result<Letter, Error> {
        let own = self.own(content.kind(), language);
        letters::render(language, content, own.as_ref()).map_err(|error| unwritten(&error))
    }

    /// The letter that is sent: as [`Writer::render`], and in our words where the tenant's own cannot be used for what it
    /// says. Nobody waits for a template to be mended; the journal says so once a day.
    async fn letter_to_send(
        &self,
        unit: &mut WriteUnit,
        language: Language,
        content: &Content,
    ) -> Result<Letter, Error> {
        let own = self.own(content.kind(), language);
        match letters::render(language, content, own.as_ref()) {
            Err(error) if own.is_some() => {
                let letter = letters::render(language, content, None).map_err(|error| unwritten(&error))?;
                self.template_failed(unit, (content.kind(), language), &error).await?;
                Ok(letter)
            }
            letter => letter.map_err(|error| unwritten(&error)),
        }
    }

    /// Tells the journal that a template of the tenant cannot be used, unless it was told within a day.
    async fn template_failed(
        &self,
        unit: &mut WriteUnit,
        (kind, language): (Kind, Language),
        error: &TemplateError,
    ) -> Result<(), Error> {
        let (subject, what) = (Subject::Tenant(self.tenant.id), EntryKind::TemplateFailed);
        let of = json!({ "kind": kind.as_str(), "language": language.as_str() });
        let day = self.now - TimeDelta::days(1);
        let told = JournalQuery {
            subject: Some(subject),
            kinds: vec![what],
            since: Some(day),
            most: 100,
            ..Default::default()
        };
        if unit.journal(told).await?.iter().any(|record| record.entry.after.as_ref() == Some(&of)) {
            return Ok(());
        }
        let why = format!(
            "The template of the {kind} in {} cannot be used for everyone: {error}. Who it cannot be used for gets ours.",
            language.name()
        );
        let entry = Entry { after: Some(of), ..Entry::new(subject, what, why) };
        let actor = Actor {
            kind: ActorKind::Job,
            name: "mail".to_owned(),
            reference: kind.to_string(),
            connection: None,
        };
        Ok(unit.record([(&entry, &actor)], self.now).await?)
    }

    /// The tenant's own template.
    fn own(&self, kind: Kind, language: Language) -> Option<Override> {
        let is_it = |own: &&MailTemplate| own.kind == kind.as_str() && own.language == language.as_str();
        let MailTemplate { subject, text, html, .. } = self.templates.iter().find(is_it)?.clone();
        Some(Override { subject, text, html })
    }

    /// Who writes.
    pub(crate) fn sender(&self, language: Language) -> Sender {
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

fn unwritten(error: &TemplateError) -> Error {
    Error::Refused(format!("the mail cannot be written: {error}"))
}

/// The address of a page for people.
fn page(pages: &str, text: &str) -> Result<Link, Error> {
    let said = |error| Error::Refused(format!("no link can be written: {error}; set base_url"));
    Link::new(&format!("{pages}/enrol/{text}")).map_err(said)
}

/// One of our languages, of a tag such as `de-AT`.
fn spoken(tag: &str) -> Option<Language> {
    let primary = tag.split(['-', '_', ',', ';']).next()?.trim().to_ascii_lowercase();
    Language::ALL.iter().copied().find(|language| language.as_str() == primary)
}

/// Writes a mail and queues it, to be sent at once. Answers its id.
///
/// # Errors
/// What the database says.
pub(crate) async fn write(
    unit: &mut WriteUnit,
    writer: &Writer<'_>,
    to: &Recipient,
    message: Message,
    expires_at: Option<DateTime<Utc>>,
) -> Result<uuid::Uuid, Error> {
    let content = Content { name: to.name.clone(), sender: writer.sender(to.language), message };
    write_content(unit, writer, to, &content, expires_at).await
}

/// As [`write`], of content that is written already.
pub(crate) async fn write_content(
    unit: &mut WriteUnit,
    writer: &Writer<'_>,
    to: &Recipient,
    content: &Content,
    expires_at: Option<DateTime<Utc>>,
) -> Result<uuid::Uuid, Error> {
    let (id, kind) = (new_id(writer.now), content.kind());
    let letter = writer.letter_to_send(unit, to.language, content).await?;
    let mail = Mail {
        content: Some(sealed(unit, writer, to, id, letter)),
        state: MailState::Queued,
        expires_at,
        ..new(id, to, kind, writer.now)
    };
    unit.insert_mail(mail).await?;
    unit.enqueue(send_job(id, kind == Kind::Code, writer.now), writer.now).await?;
    Ok(id)
}

/// Has a mail wait for its turn, when it is written; one that is `late` waits for an operator first.
///
/// # Errors
/// What the database says.
pub(crate) async fn wait(
    unit: &mut WriteUnit,
    to: &Recipient,
    kind: Kind,
    (late, by_hand): (bool, bool),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let state = if late { MailState::Held } else { MailState::Waiting };
    unit.insert_mail(Mail { state, by_hand, ..new(new_id(now), to, kind, now) }).await?;
    Ok(unit.enqueue(let_leave::job(now), now).await?)
}

/// Writes a mail whose turn has come, and has it sent.
///
/// # Errors
/// What the database says.
pub(crate) async fn release(
    unit: &mut WriteUnit,
    writer: &Writer<'_>,
    to: &Recipient,
    mail: Mail,
    (message, expires_at): (Message, DateTime<Utc>),
) -> Result<(), Error> {
    let content = Content { name: to.name.clone(), sender: writer.sender(to.language), message };
    let letter = writer.letter_to_send(unit, to.language, &content).await?;
    let mail = Mail {
        kind: content.kind().as_str().to_owned(),
        content: Some(sealed(unit, writer, to, mail.id, letter)),
        state: MailState::Queued,
        expires_at: Some(expires_at),
        released_at: Some(writer.now),
        ..mail
    };
    unit.save_mail(&mail).await?;
    Ok(unit.enqueue(send_job(mail.id, false, writer.now), writer.now).await?)
}

/// A mail of which nothing is written yet.
fn new(id: uuid::Uuid, to: &Recipient, kind: Kind, now: DateTime<Utc>) -> Mail {
    Mail {
        id,
        user: to.user,
        kind: kind.as_str().to_owned(),
        recipient: to.address.clone(),
        content: None,
        state: MailState::Waiting,
        attempts: 0,
        said: None,
        created_at: now,
        expires_at: None,
        sent_at: None,
        by_hand: false,
        released_at: None,
        answered_at: None,
        address_refused: false,
    }
}

fn sealed(unit: &WriteUnit, writer: &Writer<'_>, to: &Recipient, id: uuid::Uuid, letter: Letter) -> Vec<u8> {
    let sealed = Sealed {
        language: to.language.as_str().to_owned(),
        name: to.name.clone(),
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
    };
    sealed.seal(writer.keys, unit.scope(), id)
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
