//! How administrators sign in: by a link once, then by password and second factor, into a session that the database knows.

mod enter;
pub(crate) mod failures;
mod known;
mod link;
mod password;
mod second_factor;
pub(crate) mod session;

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{Entry, EntryKind, Subject};
use store::{Actor, ActorKind, TenantScope, WriteUnit};
use thiserror::Error as ThisError;

use crate::error::Error;

pub use enter::{with_code, with_password, with_recovery_code};
pub use link::{Invitation, Link, Owner, UNNAMED, enter, first, invite, join, look, sign_in_link};
pub use second_factor::{SetUp, confirm, set_up};
pub use session::{Listed as Session, SignedIn, end_session, forget, session, sessions, sign_out};

/// How long a browser may take from the password to the second factor.
const BETWEEN: TimeDelta = TimeDelta::minutes(15);

/// A browser in which an administrator signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browser {
    /// What it says of itself.
    pub agent: String,
    /// Where it comes from.
    pub address: String,
    /// The mark of a browser in which an administrator has signed in before; empty without one.
    pub mark: String,
    /// How long its session lasts.
    pub lasts: Lasts,
    /// The instant.
    pub now: DateTime<Utc>,
}

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lasts {
    /// Without a request.
    pub idle: TimeDelta,
    /// In all.
    pub whole: TimeDelta,
}

/// The secret of a session, which its browser keeps; the database knows its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub(crate) String);

impl Secret {
    /// The text of the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// A browser that has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// The secret of its session.
    pub secret: Secret,
    /// The mark by which it is known later.
    pub mark: String,
}

/// What follows a right password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The code of the second factor is asked for.
    Code(Secret),
    /// The second factor has yet to be set up.
    SetUp(Secret),
}

/// Why an administrator is not let in.
#[derive(Clone, Debug, ThisError)]
pub enum Refused {
    /// The address or the password is wrong.
    #[error("the e-mail address or the password is wrong")]
    Wrong,
    /// The code is wrong, was used before, or is of another time.
    #[error("the code is not valid now")]
    WrongCode,
    /// There were too many failures: so long nothing is tried.
    #[error("there were too many attempts, try again in {} s", .0.num_seconds())]
    Wait(TimeDelta),
    /// The password is too easy: a sentence that says what to do.
    #[error("{0}")]
    Weak(String),
    /// The link is unknown, was used, or has expired.
    #[error("the link has been used or has expired")]
    Gone,
    /// The session has ended, or is at another step.
    #[error("the session has ended")]
    NoSession,
    /// The operation failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Records something about the sign-in of an administrator, in the administrator's name.
pub(crate) async fn record(
    unit: &mut WriteUnit,
    (scope, administrator): (&TenantScope, &store::Administrator),
    (kind, why): (EntryKind, String),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let actor = Actor {
        kind: ActorKind::Administrator,
        name: administrator.name.clone(),
        reference: administrator.id.to_string(),
        connection: None,
    };
    let entry = Entry::new(Subject::Tenant(scope.tenant_id()), kind, why);
    Ok(unit.record([(&entry, &actor)], now).await?)
}

/// Records a sign-in that failed, of which an address alone is known.
pub(crate) async fn record_failure(
    unit: &mut WriteUnit,
    scope: &TenantScope,
    why: String,
    browser: &Browser,
) -> Result<(), Error> {
    let actor = Actor {
        kind: ActorKind::Person,
        name: "somebody".to_owned(),
        reference: browser.address.clone(),
        connection: None,
    };
    let entry = Entry::new(Subject::Tenant(scope.tenant_id()), EntryKind::SignInFailed, why);
    Ok(unit.record([(&entry, &actor)], browser.now).await?)
}
