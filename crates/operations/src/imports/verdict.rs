//! What becomes, or would become, of a row.

use std::fmt;

use serde::{Serialize, Serializer};

/// What becomes, or would become, of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The person is to be created.
    New,
    /// The person was created.
    Created,
    /// The person was created and waits for a seat, or would.
    Waiting,
    /// The person was created and is held for a foreign domain, or would be.
    Held,
    /// The person is there already.
    Known,
    /// An earlier row has the same person.
    Duplicate,
    /// The address is none.
    BadEmail,
    /// The name is missing.
    NameMissing,
    /// The domain of the address is refused.
    DomainRefused,
    /// The pool has no seat left and refuses.
    NoSeat,
    /// The row is refused for another reason.
    Refused,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 11] = [
        Self::New,
        Self::Created,
        Self::Waiting,
        Self::Held,
        Self::Known,
        Self::Duplicate,
        Self::BadEmail,
        Self::NameMissing,
        Self::DomainRefused,
        Self::NoSeat,
        Self::Refused,
    ];

    /// The word in columns, in JSON and in result files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Created => "created",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Known => "already-a-user",
            Self::Duplicate => "duplicate",
            Self::BadEmail => "bad-email",
            Self::NameMissing => "name-missing",
            Self::DomainRefused => "domain-refused",
            Self::NoSeat => "no-seat",
            Self::Refused => "refused",
        }
    }

    /// Whether the person of the row does not come in.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        !matches!(self, Self::New | Self::Created | Self::Waiting | Self::Held)
    }

    /// The verdict of a word that is stored.
    pub(super) fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word).unwrap_or(Self::Refused)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
