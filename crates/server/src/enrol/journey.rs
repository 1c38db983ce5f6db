//! What pages have to know of an enrolment, and what their forms do.

use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use futures::future::BoxFuture;

use crate::app::App;
use crate::http::error::Failure;
use crate::pages::link::WebLink;

/// What is behind the pages, by the token of a link. [`look`](Self::look) changes nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Journeys {
    /// Where the person stands.
    pub(crate) look: fn(Arc<App>, String) -> Answer<Journey>,
    /// Records that the invitation was opened, and sends a code.
    pub(crate) send_code: fn(Arc<App>, String) -> Answer<Sent>,
    /// Checks six digits, and records that the address is verified.
    pub(crate) check_code: fn(Arc<App>, String, String) -> Answer<Checked>,
    /// Records that nothing is left to restore.
    pub(crate) restored: fn(Arc<App>, String, Restored) -> Answer<()>,
}

/// What comes of it.
pub(crate) type Answer<T> = BoxFuture<'static, Result<T, Closed>>;

/// Who invites: a tenant.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    /// The organisation's name.
    pub(crate) organisation: String,
    /// The application's name.
    pub(crate) application: String,
    /// The address for questions.
    pub(crate) support: Option<String>,
    /// Answers to common questions.
    pub(crate) faq: Option<WebLink>,
    /// Where a problem is reported.
    pub(crate) case: Option<WebLink>,
    /// What the organisation does with personal data.
    pub(crate) privacy: Option<WebLink>,
}

/// Where a person stands.
#[derive(Clone, Debug)]
pub(crate) struct Journey {
    /// Who invites.
    pub(crate) sender: Sender,
    /// How the person is called.
    pub(crate) name: String,
    /// What the person signs in with.
    pub(crate) sign_in: String,
    /// Where codes are sent to.
    pub(crate) address: String,
    /// Where the application is found, in the tenant's order.
    pub(crate) downloads: Vec<Download>,
    /// The day on which access was switched off, when a restore is owed since then.
    pub(crate) off: Option<NaiveDate>,
    /// What comes next.
    pub(crate) stage: Stage,
}

/// What comes next for a person.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// The address has to be verified.
    Invited {
        /// The last day of the invitation, in the tenant's zone.
        until: Option<NaiveDate>,
        /// The newest code that was sent, also when it is void by now.
        code: Option<Code>,
    },
    /// The PIN has to be set, on the device where the application waits for it.
    Verified { device: Option<String> },
    /// The backup has to be restored.
    Restore,
    /// Nothing, the person is active.
    Done { device: Option<String> },
}

/// A code that was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    /// How long it is still valid; nothing or less when it is not.
    pub(crate) valid: TimeDelta,
    /// How many attempts are left.
    pub(crate) left: u32,
    /// After which time a new one can be sent; nothing or less when it can.
    pub(crate) again: TimeDelta,
}

/// Where the application is found for a platform.
#[derive(Clone, Debug)]
pub(crate) struct Download {
    /// The platform.
    pub(crate) platform: Platform,
    /// The address.
    pub(crate) link: WebLink,
    /// What the tenant says of it, such as versions and size.
    pub(crate) note: Option<String>,
}

/// What an application runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    Windows,
    MacOs,
    Linux,
    Ios,
    Android,
    /// An extension of a browser.
    Browser,
    /// A page with all downloads.
    Other,
}

/// What came of asking for a code.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sent {
    /// It is on its way.
    Now,
    /// One was sent lately: the next can be sent after this time.
    TooSoon(TimeDelta),
    /// As many were sent as a day allows: the next can be sent after this time.
    NoMoreToday(TimeDelta),
    /// The address is verified already.
    NotNeeded,
}

/// What came of a code.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Checked {
    /// The address is verified, by this code or before.
    Right,
    /// It is another one, and so many attempts are left.
    Wrong { left: u32 },
    /// It was wrong too often and is void: a new one can be sent after this time.
    Spent(TimeDelta),
    /// It is no longer valid.
    Expired,
    /// None was sent.
    NoCode,
}

/// What a person says about the backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restored {
    /// It is restored.
    FromBackup,
    /// There is none.
    Empty,
}

/// Why a link shows no journey.
#[derive(Debug)]
pub(crate) enum Closed {
    /// The link was valid once.
    Gone(Box<Gone>),
    /// The request fails: [`Failure::no_endpoint`] for a token that never was one, [`Failure::Later`] with 429 for too
    /// many guesses, and every fault.
    Failed(Failure),
}

/// A link that was valid once.
#[derive(Clone, Debug)]
pub(crate) struct Gone {
    /// Who has sent it.
    pub(crate) sender: Sender,
    /// Why it is not valid any more.
    pub(crate) why: Why,
}

/// Why a link is not valid any more.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Why {
    /// It was valid until the end of this day.
    Expired(NaiveDate),
    /// The person's address has changed.
    AddressChanged,
    /// The person has no access any more.
    AccessEnded,
}

impl From<Failure> for Closed {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
