//! The client that asks for an access token: by its secret, by an assertion that it signed itself (RFC 7523 §2.2), or by a token of
//! an issuer that its connection believes.

use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::Jwk;
use operations::{Authenticated, oauth};
use serde_json::{Map, Value};

use super::parameters::{Parameters, Proof};
use super::refusal::Refusal;
use crate::app::App;
use crate::auth::believed;
use crate::http::error::Failure;
use crate::jwt::{Keys, SKEW, audience, text, timely};

/// What the token is called in the log.
const WHAT: &str = "the assertion";
/// How far ahead an assertion of a client may expire.
const AHEAD: i64 = 24 * 60 * 60;

/// The client, once it has shown that it is the client.
///
/// # Errors
/// `invalid_client` or `invalid_grant`; 503 where the database or an issuer cannot say.
pub(super) async fn client(app: &App, asked: &Parameters) -> Result<Authenticated, Refusal> {
    match &asked.proof {
        Proof::Secret(secret) => {
            let refused = |said: &str| Refusal::client(said);
            let id = asked.client_id.as_deref().ok_or_else(|| refused("client_id is missing."))?;
            let found = oauth::client_of_secret(app.db(), id, secret, app.now()).await?;
            found.ok_or_else(|| {
                refused("The client is unknown, or its secret is wrong, has expired or was revoked.")
            })
        }
        Proof::Assertion(assertion) => match own(app, asked.client_id.as_deref(), assertion).await? {
            Some(client) => Ok(client),
            None => issued(app, asked, assertion, Refusal::client).await,
        },
        Proof::Grant(token) => issued(app, asked, token, Refusal::grant).await,
    }
}

/// The client that signed an assertion about itself; none for an assertion of somebody else.
async fn own(app: &App, named: Option<&str>, assertion: &str) -> Result<Option<Authenticated>, Refusal> {
    let said = oauth::said(assertion).ok_or_else(|| Refusal::client("The client_assertion is no JWT."))?;
    let (Some(issuer), Some(subject)) = (text(&said, "iss"), text(&said, "sub")) else {
        return Err(Refusal::client("The client_assertion needs iss and sub."));
    };
    let keys =
        if issuer == subject { oauth::client_keys(app.db(), issuer, app.now()).await? } else { Vec::new() };
    if keys.is_empty() {
        return Ok(None);
    }
    if named.is_some_and(|named| named != issuer) {
        return Err(Refusal::client("client_id and the client_assertion name different clients."));
    }
    let mut why = String::new();
    for client in keys {
        let all = match signed(app, &client, assertion).await? {
            Ok(all) => all,
            Err(said) => {
                why = said;
                continue;
            }
        };
        return match good(app, &client, &all).await? {
            Ok(()) => Ok(Some(client)),
            Err(said) => Err(Refusal::client(format!("{said}."))),
        };
    }
    Err(Refusal::client(format!("{why}.")))
}

/// What an assertion says, which a key of a client must have signed.
async fn signed(
    app: &App,
    client: &Authenticated,
    assertion: &str,
) -> Result<Result<Map<String, Value>, String>, Refusal> {
    let details = client.details.as_ref();
    let address = details.and_then(|details| details["jwksUri"].as_str());
    Ok(match (address, details.map(|details| &details["jwk"])) {
        (Some(address), _) => {
            let keys =
                app.outbound().issuers.keys_at(address, assertion, app.now()).await.map_err(|said| {
                    tracing::warn!(said, "the keys of a client cannot be read");
                    let detail =
                        "The keys of the client cannot be read at the moment: send the request again later.";
                    Failure::Later(scim::Error::status(503, detail), 10)
                })?;
            keys.signed(assertion, WHAT)
        }
        (None, Some(jwk)) => with_key(jwk, assertion),
        (None, None) => Err("the key of the client cannot be read".to_owned()),
    })
}

/// Checks that an assertion is for the token endpoint, good now, and used for the first time.
async fn good(
    app: &App,
    client: &Authenticated,
    all: &Map<String, Value>,
) -> Result<Result<(), String>, Refusal> {
    let ours = [oauth::issuer(app.db()).to_owned(), oauth::token_endpoint(app.db()), app.base().to_owned()];
    if !audience(all).iter().any(|one| ours.iter().any(|ours| ours == one)) {
        return Ok(Err(format!("the assertion is for another server (aud): it must name {}", ours[1])));
    }
    let ends = match timely(all, WHAT, app.now()) {
        Ok(ends) => ends,
        Err(said) => return Ok(Err(said)),
    };
    if ends > app.now().timestamp().saturating_add(AHEAD) {
        return Ok(Err("the assertion expires too late: a day ahead is the most".to_owned()));
    }
    if all.get("jti").is_some_and(|jti| !jti.is_string() && !jti.is_null()) {
        return Ok(Err("the assertion has a jti that is no text".to_owned()));
    }
    if let Some(jti) = text(all, "jti") {
        let until = DateTime::<Utc>::from_timestamp(ends, 0).unwrap_or_else(|| app.now()) + SKEW;
        if !oauth::use_assertion(app.db(), client.connection.id, jti, (app.now(), until)).await? {
            return Ok(Err("the assertion was used before (jti)".to_owned()));
        }
    }
    Ok(Ok(()))
}

fn with_key(jwk: &Value, assertion: &str) -> Result<Map<String, Value>, String> {
    let jwk: Jwk =
        serde_json::from_value(jwk.clone()).map_err(|_| "the key of the client cannot be read".to_owned())?;
    Keys::of_one(jwk).signed(assertion, WHAT)
}

/// The client whose connection believes the issuer of a token.
async fn issued(
    app: &App,
    asked: &Parameters,
    token: &str,
    refused: fn(&'static str) -> Refusal,
) -> Result<Authenticated, Refusal> {
    let authority = believed(app, token, WHAT).await.map_err(|failure| match failure {
        Failure::Unauthorised(_) => refused(
            "No connection believes the issuer of the assertion for its audience and subject, or the assertion is not signed by it, or \
             has expired.",
        ),
        failure => Refusal::Failed(failure),
    })?;
    let connection = authority.provider.connection.id;
    if asked.client_id.as_deref().is_some_and(|id| id != connection.to_string()) {
        return Err(refused(
            "client_id is the id of another connection than the one that believes the issuer.",
        ));
    }
    let found = oauth::credential(app.db(), authority.token, app.now()).await?;
    found.ok_or_else(|| refused("The trust in the issuer was revoked."))
}
