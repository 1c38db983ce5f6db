//! What the administrators of each role may do. An operator's name for the journal is handed out for a right alone, so that no
//! operation that changes something can forget to ask for one.

use store::Role;

use crate::error::Error;
use crate::requester::{By, Operator};

/// A right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// To look at everything, and to end one's own sessions.
    Look,
    /// To export what is stored about people.
    Export,
    /// To remind people, and to send what they wait for again.
    Remind,
    /// To change everything but who else may.
    Change,
    /// To say who else may.
    Administer,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 5] = [Self::Look, Self::Export, Self::Remind, Self::Change, Self::Administer];

    /// Whether the administrators of a role have it; everyone may look.
    #[must_use]
    pub const fn is_of(self, role: Role) -> bool {
        match role {
            Role::Owner => true,
            Role::Administrator => !matches!(self, Self::Administer),
            Role::HelpDesk => matches!(self, Self::Look | Self::Remind),
            Role::Auditor => matches!(self, Self::Look | Self::Export),
        }
    }

    /// Who has it, as the end of a sentence that begins with “only”.
    const fn whose(self) -> &'static str {
        match self {
            Self::Look => "administrators may look",
            Self::Export => "owners, administrators and auditors may export",
            Self::Remind => "owners, administrators and the help desk may send reminders",
            Self::Change => "owners and administrators may change something",
            Self::Administer => "owners may say who looks after the organisation",
        }
    }
}

impl Operator {
    /// Whether the operator has a right; at the terminal, every one.
    #[must_use]
    pub const fn has(&self, right: Right) -> bool {
        match self.by {
            By::Terminal => true,
            By::Console(_, role) => right.is_of(role),
        }
    }

    /// Refuses an operator without a right.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn may(&self, right: Right) -> Result<(), Error> {
        if self.has(right) { Ok(()) } else { Err(Error::Forbidden(format!("only {}", right.whose()))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_its_rights() {
        let rights = |role| Right::ALL.map(|right| right.is_of(role));
        assert_eq!(rights(Role::Owner), [true, true, true, true, true]);
        assert_eq!(rights(Role::Administrator), [true, true, true, true, false]);
        assert_eq!(rights(Role::HelpDesk), [true, false, true, false, false]);
        assert_eq!(rights(Role::Auditor), [true, true, false, false, false]);
    }
}
