//! The links of mail: each names a person and the address to which it was sent, sealed, so that nothing of it need be stored.

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{TenantId, UserId};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::address;
use crate::keys::{Keys, Purpose};

/// How long a link counts.
pub(crate) const LIFE: TimeDelta = TimeDelta::days(14);

/// Letters that a link has at most.
const LONGEST: usize = 200;

/// A link, opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    /// A digest of the address.
    address: [u8; 8],
    /// From when on it does not count.
    pub(crate) expires_at: DateTime<Utc>,
}

impl Link {
    /// A link to a person that is sent to an address now.
    pub(crate) fn new(tenant: TenantId, user: UserId, address: &str, now: DateTime<Utc>) -> Self {
        // Whole seconds, as the text holds them.
        let expires_at = DateTime::from_timestamp((now + LIFE).timestamp(), 0).unwrap_or(now);
        Self { tenant, user, address: digest(address), expires_at }
    }

    /// Whether it was sent to this address.
    pub(crate) fn is_for(&self, address: &str) -> bool {
        self.address == digest(address)
    }

    /// The text that stands in an address, without a slash.
    pub(crate) fn text(&self, keys: &Keys) -> String {
        let (tenant, user) = (self.tenant.uuid(), self.user.uuid());
        let expires = self.expires_at.timestamp().to_be_bytes();
        let plain = [&tenant.as_bytes()[..], user.as_bytes(), &self.address, &expires].concat();
        keys.seal_text(Purpose::Link, b"", &plain)
    }

    /// The link of a text; nothing for text that this installation has not made.
    pub(crate) fn read(keys: &Keys, text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let plain = keys.open_text(Purpose::Link, b"", text)?;
        let (tenant, rest) = plain.split_at_checked(16)?;
        let (user, rest) = rest.split_at_checked(16)?;
        let (address, expires) = rest.split_at_checked(8)?;
        Some(Self {
            tenant: TenantId::new(Uuid::from_slice(tenant).ok()?),
            user: UserId::new(Uuid::from_slice(user).ok()?),
            address: address.try_into().ok()?,
            expires_at: DateTime::from_timestamp(i64::from_be_bytes(expires.try_into().ok()?), 0)?,
        })
    }
}

fn digest(address: &str) -> [u8; 8] {
    let whole = Sha256::digest(address::folded(address).as_bytes());
    let mut short = [0; 8];
    short.copy_from_slice(&whole[..8]);
    short
}
