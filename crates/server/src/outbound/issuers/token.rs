//! The check of an ID token, OpenID Connect Core 1.0 §3.1.3.7: signed by the issuer, for us, now, and for this sign-in.

use chrono::{DateTime, Utc};
use operations::single_sign_on::Claims;
use serde_json::{Map, Value};

use crate::jwt::{Keys, audience, text, timely};

/// What the token is called.
const WHAT: &str = "the ID token";
/// The most letters of a subject, OpenID Connect Core 1.0 §2.
const SUBJECT: usize = 255;

/// What a token must be for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'e> {
    pub(super) issuer: &'e str,
    pub(super) client_id: &'e str,
    pub(super) nonce: &'e str,
    pub(super) now: DateTime<Utc>,
}

/// What a token says, after everything about it is checked.
pub(super) fn verified(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Claims, String> {
    let all = keys.signed(token, WHAT)?;
    check(&all, expected)?;
    let subject = text(&all, "sub").filter(|subject| (1..=SUBJECT).contains(&subject.chars().count()));
    let subject = subject.ok_or("the ID token names no subject")?.to_owned();
    Ok(Claims { subject, all })
}

fn check(all: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), String> {
    let issuer = text(all, "iss").unwrap_or_default();
    if issuer != expected.issuer {
        return Err(format!(
            "the ID token is of the issuer {}, and not of {}",
            shown(issuer),
            expected.issuer
        ));
    }
    let audience = audience(all);
    if !audience.contains(&expected.client_id) {
        let for_whom = audience.first().map_or("no client", |client| shown(client));
        return Err(format!(
            "the ID token is for another client: {for_whom} instead of {}. Compare the client ID here with the one of the \
             application at the identity provider",
            expected.client_id
        ));
    }
    let party = text(all, "azp");
    if party.is_some_and(|party| party != expected.client_id) || (audience.len() > 1 && party.is_none()) {
        return Err("the ID token was issued to another client (azp)".to_owned());
    }
    if text(all, "nonce") != Some(expected.nonce) {
        return Err("the ID token is of another sign-in (nonce)".to_owned());
    }
    if !all.get("iat").is_some_and(Value::is_number) {
        return Err("the ID token does not say when it was issued".to_owned());
    }
    timely(all, WHAT, expected.now).map(drop)
}

/// What a token says of itself, shortened.
fn shown(text: &str) -> &str {
    text.char_indices().nth(200).map_or(text, |(end, _)| &text[..end])
}
