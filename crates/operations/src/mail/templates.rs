//! A tenant's own templates of mail, checked before they are saved.

use chrono::{DateTime, Utc};
use letters::{Kind, Language, Override};
use provisioning::{Entry, EntryKind, Subject};
use serde::Serialize;
use store::{MailTemplate, WriteUnit};

use super::looks::kind;
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Operator;
use crate::rights::Right;

/// The parts of a template; what is none is ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parts {
    /// The subject.
    pub subject: Option<String>,
    /// The text.
    pub text: Option<String>,
    /// The HTML.
    pub html: Option<String>,
}

/// A kind of mail in one language, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// The kind of mail.
    pub kind: &'static str,
    /// The language.
    pub language: &'static str,
    /// The parts that are the tenant's own.
    pub own: Vec<&'static str>,
    /// When they were saved last.
    pub changed_at: Option<DateTime<Utc>>,
}

/// A template as it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// The template, in the list.
    #[serde(flatten)]
    pub listed: Listed,
    /// All of its parts, the tenant's own and ours.
    #[serde(flatten)]
    pub parts: Parts,
}

/// A variable that a template may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// The name.
    pub name: &'static str,
    /// What it stands for.
    pub meaning: &'static str,
    /// Whether it may be empty.
    pub optional: bool,
    /// Whether it may stand in an `href`.
    pub link: bool,
}

fn language(tag: &str) -> Result<Language, Error> {
    tag.parse().map_err(|error: letters::UnknownLanguage| Error::Refused(error.to_string()))
}

fn listed(kind: Kind, language: Language, own: Option<&MailTemplate>) -> Listed {
    let parts = own.map(|own| [("subject", &own.subject), ("text", &own.text), ("html", &own.html)]);
    let own_parts = parts.into_iter().flatten().filter(|(_, part)| part.is_some()).map(|(name, _)| name);
    Listed {
        kind: kind.as_str(),
        language: language.as_str(),
        own: own_parts.collect(),
        changed_at: own.map(|own| own.changed_at),
    }
}

fn find(all: &[MailTemplate], kind: Kind, language: Language) -> Option<&MailTemplate> {
    all.iter().find(|own| own.kind == kind.as_str() && own.language == language.as_str())
}

/// A template as it is with other parts; one that cannot be used is refused.
pub(super) fn with(
    all: &[MailTemplate],
    (kind, language): (Kind, Language),
    parts: &Parts,
    now: DateTime<Utc>,
) -> Result<MailTemplate, Error> {
    let known = find(all, kind, language);
    let or = |given: &Option<String>, known: Option<&String>| given.clone().or_else(|| known.cloned());
    let template = MailTemplate {
        kind: kind.as_str().to_owned(),
        language: language.as_str().to_owned(),
        subject: or(&parts.subject, known.and_then(|known| known.subject.as_ref())),
        text: or(&parts.text, known.and_then(|known| known.text.as_ref())),
        html: or(&parts.html, known.and_then(|known| known.html.as_ref())),
        changed_at: now,
    };
    let MailTemplate { subject, text, html, .. } = template.clone();
    let said = |error| Error::Refused(format!("the template cannot be used: {error}"));
    letters::check(kind, &Override { subject, text, html }).map_err(said)?;
    Ok(template)
}

/// Every kind of mail in every language, with what of it is the tenant's own.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, tenant: &str) -> Result<Vec<Listed>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let own = db.read(&scope).await?.mail_templates().await?;
    let each =
        Kind::ALL.into_iter().flat_map(|kind| Language::ALL.iter().map(move |language| (kind, *language)));
    Ok(each.map(|(kind, language)| listed(kind, language, find(&own, kind, language))).collect())
}

/// A template as it is used: what is not the tenant's own is ours.
///
/// # Errors
/// [`Error`] if there is no such tenant, kind or language.
pub async fn show(db: &Database, tenant: &str, (name, tag): (&str, &str)) -> Result<Shown, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let (kind, language) = (kind(name)?, language(tag)?);
    let all = db.read(&scope).await?.mail_templates().await?;
    let own = find(&all, kind, language);
    let ours = letters::original(language, kind);
    let parts = Parts {
        subject: own.and_then(|own| own.subject.clone()).or(ours.subject),
        text: own.and_then(|own| own.text.clone()).or(ours.text),
        html: own.and_then(|own| own.html.clone()).or(ours.html),
    };
    Ok(Shown { listed: listed(kind, language, own), parts })
}

/// Saves parts of a template; the others stay as they are.
///
/// # Errors
/// [`Error`] if there is no such tenant, kind or language, and what is wrong with a part, with its line.
pub async fn set(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    (name, tag): (&str, &str),
    parts: &Parts,
) -> Result<Listed, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let (kind, language) = (kind(name)?, language(tag)?);
    let save = async |mut unit: WriteUnit| -> Attempt<Listed> {
        unit.lock_mail_queue().await?;
        let all = unit.mail_templates().await?;
        let template = with(&all, (kind, language), parts, operator.now)?;
        unit.save_mail_template(&template).await?;
        let why = format!("An administrator changed the template of the {kind} in {}.", language.name());
        record(&mut unit, operator, why).await?;
        Ok((unit, listed(kind, language, Some(&template))))
    };
    Ok(db.write(&scope, save).await?.value)
}

/// Goes back to our own template; says whether there was another one.
///
/// # Errors
/// [`Error`] if there is no such tenant, kind or language.
pub async fn delete(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    (name, tag): (&str, &str),
) -> Result<bool, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let (kind, language) = (kind(name)?, language(tag)?);
    let delete = async |mut unit: WriteUnit| -> Attempt<bool> {
        let deleted = unit.delete_mail_template(kind.as_str(), language.as_str()).await?;
        if deleted {
            let why = format!("An administrator deleted the template of the {kind} in {}.", language.name());
            record(&mut unit, operator, why).await?;
        }
        Ok((unit, deleted))
    };
    Ok(db.write(&scope, delete).await?.value)
}

async fn record(unit: &mut WriteUnit, operator: &Operator, why: String) -> Result<(), Error> {
    let tenant = Subject::Tenant(unit.scope().tenant_id());
    let entry = Entry::new(tenant, EntryKind::TemplateChanged, why);
    Ok(unit.record([(&entry, &operator.actor(Right::Change)?)], operator.now).await?)
}

/// The variables that templates of a kind may use.
///
/// # Errors
/// [`Error`] if there is no such kind.
pub fn variables(name: &str) -> Result<Vec<Variable>, Error> {
    let variable = |variable: &letters::Variable| Variable {
        name: variable.name,
        meaning: variable.meaning,
        optional: variable.optional,
        link: variable.link,
    };
    Ok(letters::variables(kind(name)?).iter().map(variable).collect())
}
