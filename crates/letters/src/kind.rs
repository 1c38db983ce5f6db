//! The kinds of mails that the product writes.

use std::fmt;
use std::str::FromStr;

/// What a mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A person may begin to use the application.
    Invitation,
    /// The code that shows that an address is a person's own.
    Code,
    /// A person has begun and not finished, or not begun.
    Reminder,
    /// Access is on again after a deactivation, and a backup has to be restored.
    Return,
    /// Access has ended for good.
    Deactivated,
    /// An administrator has to know of something.
    Alert,
    /// An administrator tries the settings for mail.
    Test,
}

impl Kind {
    /// All kinds, in the order in which people meet them.
    pub const ALL: [Self; 7] = [
        Self::Invitation,
        Self::Code,
        Self::Reminder,
        Self::Return,
        Self::Deactivated,
        Self::Alert,
        Self::Test,
    ];

    /// The name in commands, in the API and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Code => "code",
            Self::Reminder => "reminder",
            Self::Return => "return",
            Self::Deactivated => "deactivated",
            Self::Alert => "alert",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

/// A name that is not that of a kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no mail “{0}”: the mails are {list}",
    list = Kind::ALL.map(Kind::as_str).join(", ")
)]
pub struct UnknownKind(String);
