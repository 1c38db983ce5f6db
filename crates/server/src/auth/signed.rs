//! Tokens that are signed: access tokens of this installation (RFC 9068), and tokens of issuers that a connection believes.

use std::sync::Arc;

use operations::oauth;
use operations::tokens::issuer_hash;
use serde_json::{Map, Value};

use super::tokens::Authority;
use crate::app::App;
use crate::http::error::{Challenge, Failure};
use crate::jwt::{audience, text, timely};

/// The most audiences of a token that are looked for.
const AUDIENCES: usize = 10;

/// Who stands behind a signed token, and whether it is good for reading alone.
///
/// # Errors
/// 401 for a token that is none, 503 if the database or the issuer cannot say.
pub(super) async fn authority(app: &App, token: &str) -> Result<(Arc<Authority>, bool), Failure> {
    let invalid = Failure::Unauthorised(Challenge::InvalidToken);
    if !oauth::is_ours(app.db(), token) {
        let authority = believed(app, token, "the token").await?;
        let read_only = authority.read_only;
        return Ok((authority, read_only));
    }
    let access = oauth::read(app.db(), token, app.now()).await?.map_err(|_| invalid)?;
    let authority = app.tokens().authority(&**app.db(), &[access.credential], app.now()).await?;
    let read_only = access.read_only || authority.read_only;
    Ok((authority, read_only))
}

/// The connection that believes the issuer of a token, which must be signed by the issuer, be for the audience and about the subject
/// of the connection, and be good now; `what` it is called in the log if it is none.
///
/// # Errors
/// As [`authority`].
pub(crate) async fn believed(app: &App, token: &str, what: &str) -> Result<Arc<Authority>, Failure> {
    let refused = |said: String| {
        tracing::info!(said, "a signed token was refused");
        Failure::Unauthorised(Challenge::InvalidToken)
    };
    let said = oauth::said(token).ok_or(Failure::Unauthorised(Challenge::InvalidToken))?;
    let hashes = hashes(&said);
    if hashes.is_empty() {
        return Err(refused(format!("{what} names no issuer or no audience")));
    }
    let authority = app.tokens().authority(&**app.db(), &hashes, app.now()).await?;
    let issuer = authority.issuer.as_deref().unwrap_or_default();
    let keys = app.outbound().issuers.keys_of(issuer, token, app.now()).await.map_err(|said| {
        tracing::warn!(said, "the keys of an issuer cannot be read");
        let detail = format!(
            "The keys of the issuer {issuer} cannot be read at the moment: send the request again later."
        );
        Failure::Later(scim::Error::status(503, detail), 10)
    })?;
    let all = keys.signed(token, what).map_err(refused)?;
    timely(&all, what, app.now()).map_err(refused)?;
    Ok(authority)
}

/// By what the connection is found: a subject that a connection names comes first.
fn hashes(said: &Map<String, Value>) -> Vec<[u8; 32]> {
    let Some(issuer) = text(said, "iss") else { return Vec::new() };
    let subject = text(said, "sub").map(Some);
    let subjects = subject.into_iter().chain([None]);
    let each = |subject| audience(said).into_iter().take(AUDIENCES).map(move |for_whom| (for_whom, subject));
    subjects.flat_map(each).map(|(for_whom, subject)| issuer_hash(issuer, for_whom, subject)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_subject_that_is_named_comes_first() {
        let Value::Object(token) = json!({ "iss": "https://a", "aud": ["x", "y"], "sub": "s" }) else {
            return;
        };
        let expected = [("x", Some("s")), ("y", Some("s")), ("x", None), ("y", None)];
        let expected = expected.map(|(audience, subject)| issuer_hash("https://a", audience, subject));
        assert_eq!(hashes(&token), expected);
        let Value::Object(nobody) = json!({ "aud": "x" }) else { return };
        assert!(hashes(&nobody).is_empty());
    }
}
