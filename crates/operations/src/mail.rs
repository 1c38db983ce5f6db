//! Mail: written in the unit that causes it, sent by a worker, and kept to be looked at.

mod delivery;
mod looks;
pub(crate) mod message;
mod outbox;
pub mod templates;
mod writing;

use serde::{Deserialize, Serialize};
use store::TenantScope;
use uuid::Uuid;

use crate::keys::{Keys, Purpose};

pub use delivery::{Fate, Outgoing, next, record};
pub use looks::{Look, preview, test};
pub(crate) use outbox::about;
pub use outbox::{Listed, Query, Shown, kinds, list, release, resume, show, states, stopped_at};
pub(crate) use writing::{Recipient, Writer, release as release_mail, wait, write};

/// The kind of the jobs that send verification codes.
pub const SEND_CODE: &str = "send-code";

/// The kind of the jobs that send other mail.
pub const SEND_MAIL: &str = "send-mail";

/// Whether a mail of this kind is the invitation that a person is owed, for the first time or again.
pub(crate) fn is_invitation(kind: &str) -> bool {
    [letters::Kind::Invitation, letters::Kind::Return].iter().any(|known| known.as_str() == kind)
}

/// What a mail says, as it is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sealed {
    language: String,
    name: Option<String>,
    subject: String,
    text: String,
    html: String,
}

impl Sealed {
    pub(crate) fn seal(&self, keys: &Keys, scope: &TenantScope, id: Uuid) -> Vec<u8> {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        keys.seal(Purpose::Mail, &row(scope, id), &plain)
    }

    pub(crate) fn open(keys: &Keys, scope: &TenantScope, id: Uuid, sealed: &[u8]) -> Option<Self> {
        serde_json::from_slice(&keys.open(Purpose::Mail, &row(scope, id), sealed)?).ok()
    }
}

/// The row to which a sealed mail belongs.
fn row(scope: &TenantScope, id: Uuid) -> Vec<u8> {
    [*scope.tenant_id().uuid().as_bytes(), *id.as_bytes()].concat()
}
