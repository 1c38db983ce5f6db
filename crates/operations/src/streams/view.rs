//! A stream as its receiver reads it (SSF 1.0 §8.1.1).

use scim::protocol::event::{Form, Happening, known_uri, uris};
use serde::Serialize;
use store::{StreamDelivery, TenantScope};
use uuid::Uuid;

use super::{PATH, VERIFICATION_SECONDS, issuer};
use crate::database::Database;
use crate::oauth;

/// The method of RFC 8935.
pub(super) const PUSHED: &str = "urn:ietf:rfc:8935";
/// The method of RFC 8936.
pub(super) const POLLED: &str = "urn:ietf:rfc:8936";

/// A stream; never what its receiver wants to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stream {
    /// Its id.
    pub stream_id: Uuid,
    /// Who signs its tokens.
    pub iss: String,
    /// Whom its tokens are for.
    pub aud: String,
    /// The events that there can be.
    pub events_supported: Vec<&'static str>,
    /// Those that the receiver asked for.
    pub events_requested: Vec<String>,
    /// Those that it gets.
    pub events_delivered: Vec<&'static str>,
    /// How tokens reach the receiver.
    pub delivery: Delivery,
    /// Seconds between two verifications.
    pub min_verification_interval: i64,
    /// What people call it.
    pub description: String,
    /// The resource types that it carries; all without any.
    pub resource_types: Vec<String>,
    /// `ALL` or `NONE`: what it carries of subjects about which nothing was said.
    pub default_subjects: &'static str,
    /// How its tokens are signed.
    pub signing_algorithm: String,
}

/// How tokens reach a receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// `urn:ietf:rfc:8935` or `urn:ietf:rfc:8936`.
    pub method: &'static str,
    /// Where to: that of the receiver, or ours where the receiver asks.
    pub endpoint_url: String,
}

impl Stream {
    /// A stream as it is stored.
    pub(super) fn of(db: &Database, scope: &TenantScope, stream: &store::Stream) -> Self {
        let delivery = match &stream.delivery {
            StreamDelivery::Push { url, .. } => Delivery { method: PUSHED, endpoint_url: url.clone() },
            StreamDelivery::Poll => {
                let endpoint_url = format!("{}{PATH}/poll/{}", oauth::issuer(db), stream.id);
                Delivery { method: POLLED, endpoint_url }
            }
        };
        let iss = issuer(db, scope);
        Self {
            stream_id: stream.id,
            aud: audience(&iss, stream.id),
            iss,
            events_supported: uris(),
            events_requested: stream.events.clone(),
            events_delivered: delivered(&stream.events),
            delivery,
            min_verification_interval: VERIFICATION_SECONDS,
            description: stream.description.clone(),
            resource_types: stream.types.clone(),
            default_subjects: if stream.every_subject { "ALL" } else { "NONE" },
            signing_algorithm: stream.algorithm.clone(),
        }
    }
}

/// Whom the tokens of a stream are for.
pub(super) fn audience(issuer: &str, stream: Uuid) -> String {
    format!("{issuer}/streams/{stream}")
}

/// The events that a receiver gets of those that it asked for. What is too large for the full form comes as a notice, so that one
/// who asked for data is told of everything.
pub(super) fn delivered(requested: &[String]) -> Vec<&'static str> {
    let known: Vec<&str> = requested.iter().filter_map(|uri| known_uri(uri)).collect();
    let large = Happening::ALL.into_iter().filter(|it| it.has_forms() && known.contains(&it.uri(Form::Full)));
    let large: Vec<&str> = large.map(|it| it.uri(Form::Notice)).collect();
    uris().into_iter().filter(|uri| known.contains(uri) || large.contains(uri)).collect()
}

/// What a receiver gets that asks for nothing special: notices, which hold no data (RFC 9967 §6).
pub(super) fn usual() -> Vec<String> {
    let notices = Happening::ALL.into_iter().filter(|it| *it != Happening::Completed);
    notices.map(|it| it.uri(Form::Notice).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_asks_for_data_gets_notices_of_what_is_too_large() {
        let asked = [
            "urn:ietf:params:SCIM:event:prov:create:full",
            "urn:x",
            "urn:ietf:params:scim:event:prov:delete",
        ];
        let asked: Vec<String> = asked.map(str::to_owned).to_vec();
        let expected = ["prov:create:full", "prov:create:notice", "prov:delete"];
        assert_eq!(delivered(&asked), expected.map(|end| format!("urn:ietf:params:scim:event:{end}")));
        assert_eq!(delivered(&usual()).len(), 8);
        assert!(!usual().iter().any(|uri| uri.contains("full") || uri.contains("asyncresp")));
    }
}
