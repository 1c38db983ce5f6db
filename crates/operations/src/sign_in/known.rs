//! Browsers in which an administrator has signed in before: guesses from elsewhere slow these browsers down no more.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::{Credential, TenantScope};
use uuid::Uuid;

use crate::keys::{Keys, Purpose};

/// The mark that such a browser keeps. It counts for one administrator, and as long as the second factor is the same.
pub(super) fn mark(keys: &Keys, whose: (&TenantScope, Uuid), credential: &Credential) -> String {
    let (about, since) = words(whose, credential);
    URL_SAFE_NO_PAD.encode(keys.hash(Purpose::SecondFactor, &about, &since))
}

/// Whether a browser's mark is the one of this administrator.
pub(super) fn is_marked(
    keys: &Keys,
    whose: (&TenantScope, Uuid),
    credential: &Credential,
    mark: &str,
) -> bool {
    let (about, since) = words(whose, credential);
    let decoded = URL_SAFE_NO_PAD.decode(mark).unwrap_or_default();
    credential.confirmed_at.is_some() && keys.is_hash_of(Purpose::SecondFactor, &about, &since, &decoded)
}

fn words((scope, administrator): (&TenantScope, Uuid), credential: &Credential) -> (Vec<u8>, [u8; 8]) {
    let about = [&b"browser"[..], scope.tenant_id().uuid().as_bytes(), administrator.as_bytes()].concat();
    let since = credential.confirmed_at.map_or(0, |at| at.timestamp_millis());
    (about, since.to_be_bytes())
}
