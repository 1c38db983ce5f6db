//! OAuth 2.0 for identity providers: which client a secret, a key or an issuer stands for, and access tokens, which are JWTs (RFC
//! 9068) that every server of the installation signs and reads with the same keys.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use store::{Authenticated, ConnectionId, TokenId, key_of_credential};
use uuid::Uuid;

use crate::database::Database;
use crate::error::Error;
use crate::keys::Purpose;
use crate::tokens::{ALL, READ};

/// How long an access token is good.
pub const GOOD_FOR: TimeDelta = TimeDelta::hours(1);
/// Where access tokens are issued, below the address of the installation.
pub const TOKEN_PATH: &str = "/oauth/token";
/// The most bytes of a token; one with many groups has some thousand.
const LENGTH: usize = 16 * 1024;
/// The type of an access token (RFC 9068 §2.1).
const TYPE: &str = "at+jwt";

/// An access token for a client.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Issued {
    /// The token.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
    /// What it is good for.
    pub scope: String,
}

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// By what the credential is found that it was issued for.
    pub credential: [u8; 32],
    /// Whether it is good for reading alone.
    pub read_only: bool,
}

/// Why an access token is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoToken;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    client_id: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
    scope: String,
    /// The credential that it was issued for: with it, it ends.
    credential: Uuid,
}

/// The client that says that it has this secret; none for another one, or a secret that is none.
///
/// # Errors
/// What the database says.
pub async fn client_of_secret(
    db: &Database,
    client_id: &str,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<Option<Authenticated>, Error> {
    let (Some(client), Some(hash)) = (client(client_id), crate::secret::hash(secret)) else {
        return Ok(None);
    };
    let found = db.store().client_secret(&hash, now).await?;
    Ok(found.filter(|found| found.connection.id == client))
}

/// The client with this id, once for each of its public keys.
///
/// # Errors
/// What the database says.
pub async fn client_keys(
    db: &Database,
    client_id: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Authenticated>, Error> {
    match client(client_id) {
        Some(client) => Ok(db.store().client_keys(client, now).await?),
        None => Ok(Vec::new()),
    }
}

fn client(client_id: &str) -> Option<ConnectionId> {
    Uuid::try_parse(client_id).ok().filter(|id| id.to_string() == client_id).map(ConnectionId::new)
}

/// A credential that is neither expired nor revoked.
///
/// # Errors
/// What the database says.
pub async fn credential(
    db: &Database,
    credential: TokenId,
    now: DateTime<Utc>,
) -> Result<Option<Authenticated>, Error> {
    Ok(db.authenticate(&key_of_credential(credential), now).await?)
}

/// Notes that an assertion was used, which is good until an instant; `false` if that was done before (RFC 7523 §3).
///
/// # Errors
/// What the database says.
pub async fn use_assertion(
    db: &Database,
    client: ConnectionId,
    jti: &str,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, Error> {
    let hash = Sha256::digest(json!(["assertion", client.to_string(), jti]).to_string()).into();
    Ok(db.store().use_once(hash, (now, until)).await?)
}

/// What a client may be granted of the scopes that it asks for, with spaces between them; without asking, all that its credential is
/// good for. None where nothing is left (RFC 6749 §3.3).
#[must_use]
pub fn granted(credential: &[String], asked: Option<&str>) -> Option<&'static str> {
    let writes = credential.iter().any(|scope| scope == ALL);
    let asked: Vec<&str> =
        asked.map(|asked| asked.split(' ').filter(|word| !word.is_empty()).collect()).unwrap_or_default();
    match asked.as_slice() {
        [] => Some(if writes { ALL } else { READ }),
        asked if asked.contains(&ALL) && writes => Some(ALL),
        asked if asked.contains(&READ) => Some(READ),
        _ => None,
    }
}

/// Issues an access token.
///
/// # Errors
/// Without the master key, or what the database says.
pub async fn issue(
    db: &Database,
    client: &Authenticated,
    scope: &'static str,
    now: DateTime<Utc>,
) -> Result<Issued, Error> {
    let seeds = db.keys(now).await?.seeds(Purpose::AccessToken);
    let (number, seed) = seeds.last().ok_or_else(|| fault("there is no key"))?;
    let pair = pair(seed)?;
    let id = client.connection.id.to_string();
    let until = client.expires_at.map_or(now + GOOD_FOR, |end| end.min(now + GOOD_FOR));
    let claims = Claims {
        iss: issuer(db).to_owned(),
        aud: db.base().to_owned(),
        sub: id.clone(),
        client_id: id,
        iat: now.timestamp(),
        exp: until.timestamp(),
        jti: store::new_id(now),
        scope: scope.to_owned(),
        credential: client.token.uuid(),
    };
    let header =
        Header { typ: Some(TYPE.to_owned()), kid: Some(kid(number)), ..Header::new(Algorithm::EdDSA) };
    let der = pair.to_pkcs8v1().map_err(|_| fault("a key cannot be written out"))?;
    let token = encode(&header, &claims, &EncodingKey::from_ed_der(der.as_ref()));
    let access_token = token.map_err(|_| fault("an access token cannot be signed"))?;
    let expires_in = (until - now).num_seconds();
    Ok(Issued { access_token, token_type: "Bearer", expires_in, scope: scope.to_owned() })
}

/// Whether a text says that it is an access token of this installation: what it says is not checked.
#[must_use]
pub fn is_ours(db: &Database, token: &str) -> bool {
    let issued = said(token).is_some_and(|said| said.get("iss").is_some_and(|by| *by == issuer(db)));
    issued && decode_header(token).is_ok_and(|header| header.typ.as_deref() == Some(TYPE))
}

/// What a token says, which is not checked; a longer one than any issuer signs says nothing.
#[must_use]
pub fn said(token: &str) -> Option<Map<String, Value>> {
    if token.len() > LENGTH {
        return None;
    }
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// What an access token says, which must be signed by this installation, for it, and be good now.
///
/// # Errors
/// [`NoToken`] inside for one that is none; without the master key, or what the database says.
pub async fn read(db: &Database, token: &str, now: DateTime<Utc>) -> Result<Result<Access, NoToken>, Error> {
    let Ok(header) = decode_header(token) else { return Ok(Err(NoToken)) };
    let number = header.kid.as_deref().and_then(|kid| kid.parse::<u32>().ok());
    let mut seeds = db.keys(now).await?.seeds(Purpose::AccessToken);
    let seed = seeds.find(|(known, _)| Some(*known) == number);
    let pair = seed.map(|(_, seed)| pair(seed)).transpose()?;
    let (Some(pair), Algorithm::EdDSA, Some(TYPE)) = (pair, header.alg, header.typ.as_deref()) else {
        return Ok(Err(NoToken));
    };
    let mut signature = Validation::new(Algorithm::EdDSA);
    // What the token says is checked below, at the instant of the server.
    signature.required_spec_claims.clear();
    (signature.validate_exp, signature.validate_aud) = (false, false);
    let key = DecodingKey::from_ed_der(pair.public_key().as_ref());
    let Ok(decoded) = decode::<Claims>(token, &key, &signature) else { return Ok(Err(NoToken)) };
    let Claims { iss, aud, exp, scope, credential, .. } = decoded.claims;
    let read_only = scope == READ;
    if iss != issuer(db) || aud != db.base() || exp <= now.timestamp() || !(read_only || scope == ALL) {
        return Ok(Err(NoToken));
    }
    Ok(Ok(Access { credential: key_of_credential(TokenId::new(credential)), read_only }))
}

/// The public keys that read access tokens, as a JWK set (RFC 7517 §5, RFC 8037).
///
/// # Errors
/// Without the master key, or what the database says.
pub async fn public_keys(db: &Database, now: DateTime<Utc>) -> Result<Value, Error> {
    let seeds = db.keys(now).await?.seeds(Purpose::AccessToken);
    let keys = seeds.map(|(number, seed)| {
        let public = URL_SAFE_NO_PAD.encode(pair(seed)?.public_key().as_ref());
        Ok(json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid(number), "x": public }))
    });
    Ok(json!({ "keys": keys.collect::<Result<Vec<_>, Error>>()? }))
}

/// The address of the installation, as its tokens call it: that of the protocol's endpoints, without their path.
#[must_use]
pub fn issuer(db: &Database) -> &str {
    db.base().strip_suffix("/scim/v2").unwrap_or(db.base())
}

/// The address of the token endpoint.
#[must_use]
pub fn token_endpoint(db: &Database) -> String {
    format!("{}{TOKEN_PATH}", issuer(db))
}

fn pair(seed: &[u8]) -> Result<Ed25519KeyPair, Error> {
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| fault("a key cannot be made"))
}

fn kid(number: u32) -> String {
    number.to_string()
}

fn fault(said: &'static str) -> Error {
    store::Error::Other(said.into()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_token_of_three_parts_says_something() {
        assert!(said("e30.e30.").is_some());
        let long =
            format!("e30.{}.e30", URL_SAFE_NO_PAD.encode(json!({ "x": "y".repeat(LENGTH) }).to_string()));
        for other in [&long, "", "abc", "e30.e30", "e30.e30.e30.e30", "e30.x.e30", "e30.W10.e30"] {
            assert!(said(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_client_is_granted_no_more_than_its_credential_is_good_for() {
        let (all, read) = ([ALL.to_owned()], [READ.to_owned()]);
        for (credential, asked, expected) in [
            (&all, None, Some(ALL)),
            (&all, Some(""), Some(ALL)),
            (&all, Some("scim"), Some(ALL)),
            (&all, Some("scim.read"), Some(READ)),
            (&all, Some("openid scim.read scim"), Some(ALL)),
            (&all, Some("everything"), None),
            (&read, None, Some(READ)),
            (&read, Some("scim"), None),
            (&read, Some("scim scim.read"), Some(READ)),
        ] {
            assert_eq!(granted(credential, asked), expected, "{credential:?} {asked:?}");
        }
    }
}
