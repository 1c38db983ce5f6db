//! What a tenant's people see: the name of the application, the language, whom they ask, where they download; and how their
//! mail is sent.

use std::collections::{BTreeMap, BTreeSet};

use letters::{Contact, Language, Link};
use provisioning::{DomainPolicy, Domains, PoolId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::TenantId;

use crate::error::Error;
use crate::find::checked_name;
use crate::tenants::{Sending, SendingChange};

/// The settings of a tenant; what is none has a default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// What people call the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The language of mail to people whose own language is not known or not spoken here, such as `de`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The address or page at which people ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support: Option<String>,
    /// The page with answers to frequent questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faq: Option<String>,
    /// The page on which people open a case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// The page that says what the organisation does with personal data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// Where the application is downloaded, by platform.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub downloads: BTreeMap<Platform, String>,
    /// The pool that people get by hand where none is named, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_by_hand: Option<PoolId>,
    /// The domains of the tenant; none: people of every domain are let in.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub domains: BTreeSet<String>,
    /// What becomes of people with an address in another domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain_policy: Option<DomainPolicy>,
    /// How its mail is sent.
    #[serde(skip_serializing_if = "Sending::is_default")]
    pub sending: Sending,
}

/// Where an application runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// Windows.
    Windows,
    /// macOS.
    Macos,
    /// Linux.
    Linux,
    /// iPhone and iPad.
    Ios,
    /// Android.
    Android,
    /// An extension of a browser.
    Browser,
    /// Any other, or a page for all.
    Any,
}

impl Platform {
    /// Every platform.
    pub const ALL: [Self; 7] =
        [Self::Windows, Self::Macos, Self::Linux, Self::Ios, Self::Android, Self::Browser, Self::Any];

    /// The word in JSON and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Macos => "macos",
            Self::Linux => "linux",
            Self::Ios => "ios",
            Self::Android => "android",
            Self::Browser => "browser",
            Self::Any => "any",
        }
    }
}

/// What of the settings is to be another; an empty text takes a setting away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsChange {
    /// See [`Settings::application`](field@Settings::application).
    pub application: Option<String>,
    /// See [`Settings::language`](field@Settings::language).
    pub language: Option<String>,
    /// See [`Settings::support`](field@Settings::support).
    pub support: Option<String>,
    /// See [`Settings::faq`](field@Settings::faq).
    pub faq: Option<String>,
    /// See [`Settings::case`](field@Settings::case).
    pub case: Option<String>,
    /// See [`Settings::privacy`](field@Settings::privacy).
    pub privacy: Option<String>,
    /// Pairs of a platform and a link, such as `windows=https://example.com/app.msi`.
    pub downloads: Vec<String>,
    /// How its mail is sent.
    pub sending: SendingChange,
}

impl Settings {
    /// Reads what is stored.
    pub(crate) fn of(tenant: &store::Tenant) -> Result<Self, Error> {
        Self::read(&tenant.settings, tenant.id)
    }

    /// Reads what is stored of a tenant.
    pub(crate) fn read(settings: &Value, tenant: TenantId) -> Result<Self, Error> {
        let inconsistent =
            |_| store::Error::Inconsistent { table: "tenants", column: "settings", id: tenant.to_string() };
        Ok(serde_json::from_value(settings.clone()).map_err(inconsistent)?)
    }

    /// The domains of the tenant, with what holds for others.
    pub(crate) fn domains(&self) -> Domains {
        Domains { names: self.domains.clone(), policy: self.domain_policy.unwrap_or_default() }
    }

    /// What is stored.
    pub(crate) fn value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// What people call the application.
    #[must_use]
    pub(crate) fn application(&self, language: Language) -> String {
        let unnamed = if language.as_str() == "de" { "die Anwendung" } else { "the application" };
        self.application.clone().unwrap_or_else(|| unnamed.to_owned())
    }

    /// The same in the language of the tenant.
    #[must_use]
    pub fn application_name(&self) -> String {
        self.application(self.language())
    }

    /// The language of the tenant.
    pub(crate) fn language(&self) -> Language {
        self.language.as_deref().map_or(Language::DEFAULT, Language::best)
    }
}

impl SettingsChange {
    /// The settings after the change.
    ///
    /// # Errors
    /// [`Error::Refused`] for a value that cannot be used.
    pub(crate) fn apply(&self, before: &Settings) -> Result<Settings, Error> {
        let mut after = before.clone();
        after.sending = self.sending.apply(&before.sending)?;
        let changes = [
            (&self.application, &mut after.application, name as fn(&str) -> Result<String, String>),
            (&self.language, &mut after.language, language),
            (&self.support, &mut after.support, contact),
            (&self.faq, &mut after.faq, page),
            (&self.case, &mut after.case, page),
            (&self.privacy, &mut after.privacy, page),
        ];
        for (given, kept, checked) in changes {
            if let Some(text) = given {
                *kept = Some(text.trim())
                    .filter(|text| !text.is_empty())
                    .map(checked)
                    .transpose()
                    .map_err(Error::Refused)?;
            }
        }
        for pair in &self.downloads {
            let (platform, link) = download(pair).map_err(Error::Refused)?;
            match link {
                Some(link) => drop(after.downloads.insert(platform, link)),
                None => drop(after.downloads.remove(&platform)),
            }
        }
        Ok(after)
    }
}

fn name(text: &str) -> Result<String, String> {
    checked_name(text).map(str::to_owned).map_err(|error| error.to_string())
}

fn language(text: &str) -> Result<String, String> {
    let known = Language::ALL.iter().find(|language| language.as_str() == text);
    let all: Vec<&str> = Language::ALL.iter().map(|language| language.as_str()).collect();
    known
        .map(|language| language.as_str().to_owned())
        .ok_or_else(|| format!("\"{text}\" is none of the languages {}", all.join(", ")))
}

fn contact(text: &str) -> Result<String, String> {
    Contact::new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn page(text: &str) -> Result<String, String> {
    Link::new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn download(pair: &str) -> Result<(Platform, Option<String>), String> {
    let all: Vec<&str> = Platform::ALL.iter().map(|platform| platform.as_str()).collect();
    let said = || {
        format!("\"{pair}\" is no download: write it as windows=https://…, with one of {}", all.join(", "))
    };
    let (word, link) = pair.split_once('=').ok_or_else(said)?;
    let platform =
        Platform::ALL.into_iter().find(|platform| platform.as_str() == word.trim()).ok_or_else(said)?;
    let link = Some(link.trim()).filter(|link| !link.is_empty()).map(page).transpose()?;
    Ok((platform, link))
}
