//! What a request to the token endpoint says (RFC 6749 §3.2, §2.3.1; RFC 7523 §2; RFC 8693 §2.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use std::collections::BTreeMap;
use url::form_urlencoded;

use super::refusal::Refusal;

/// The grant by the client's own credentials (RFC 6749 §4.4).
pub(super) const CREDENTIALS: &str = "client_credentials";
/// The grant by an assertion (RFC 7523 §2.1).
pub(super) const ASSERTION: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The grant by another token (RFC 8693 §2.1).
pub(super) const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// The kind of a client's assertion (RFC 7523 §2.2).
const OF_CLIENT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The kinds of tokens that are exchanged (RFC 8693 §3).
const EXCHANGED: [&str; 3] = [
    "urn:ietf:params:oauth:token-type:jwt",
    "urn:ietf:params:oauth:token-type:id_token",
    "urn:ietf:params:oauth:token-type:access_token",
];

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    /// What the client is called, if it says so.
    pub(super) client_id: Option<String>,
    /// How the client shows that it is the client.
    pub(super) proof: Proof,
    /// The scopes that it wants.
    pub(super) scope: Option<String>,
    /// Whether a token is exchanged, which the answer says (RFC 8693 §2.2.1).
    pub(super) exchanges: bool,
}

/// How a client shows that it is the client.
#[derive(PartialEq, Eq)]
pub(super) enum Proof {
    /// By a secret, in the header or in the body.
    Secret(String),
    /// By an assertion of its own, or of an issuer that it stands for.
    Assertion(String),
    /// By a token of an issuer, which is the grant itself.
    Grant(String),
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret",
            Self::Assertion(_) => "Assertion",
            Self::Grant(_) => "Grant",
        })
    }
}

impl Parameters {
    /// Reads a request.
    ///
    /// # Errors
    /// `invalid_request`, `unsupported_grant_type` or `invalid_client`.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refusal::request("The body must be application/x-www-form-urlencoded."));
        }
        let mut said = form(body)?;
        let basic = basic(headers)?;
        let grant = said.remove("grant_type").ok_or_else(|| Refusal::request("grant_type is missing."))?;
        let scope = said.remove("scope");
        let (id, secret) = (said.remove("client_id"), said.remove("client_secret"));
        let assertion = assertion(&mut said)?;
        let of_grant = match grant.as_str() {
            CREDENTIALS => None,
            ASSERTION => Some(taken(&mut said, "assertion")?),
            EXCHANGE => Some(exchanged(&mut said)?),
            _ => {
                let said =
                    "The grants are client_credentials, jwt-bearer (RFC 7523) and token-exchange (RFC 8693).";
                return Err(Refusal::Told("unsupported_grant_type", said.to_owned()));
            }
        };
        let ways = [basic.is_some(), secret.is_some(), assertion.is_some(), of_grant.is_some()];
        if ways.iter().filter(|way| **way).count() > 1 {
            return Err(Refusal::request(
                "The client may show in one way only that it is the client: in the header, by client_secret or by an assertion.",
            ));
        }
        let (client_id, proof) = match (basic, secret, assertion, of_grant) {
            (Some((named, secret)), ..) => {
                if id.is_some_and(|id| id != named) {
                    return Err(Refusal::request("The header and the body name different clients."));
                }
                (Some(named), Proof::Secret(secret))
            }
            (None, Some(secret), ..) => (id, Proof::Secret(secret)),
            (None, None, Some(assertion), _) => (id, Proof::Assertion(assertion)),
            (None, None, None, Some(token)) => (id, Proof::Grant(token)),
            (None, None, None, None) => {
                return Err(Refusal::client(
                    "Send the client's secret in the header Authorization: Basic, or as client_secret, or a client_assertion.",
                ));
            }
        };
        Ok(Self { client_id, proof, scope, exchanges: grant == EXCHANGE })
    }
}

/// The fields of a form. One that comes twice is refused, but for the resources that the token is for (RFC 8707 §2), and an empty
/// one is as if it was left out (RFC 6749 §3.2).
fn form(body: &[u8]) -> Result<BTreeMap<String, String>, Refusal> {
    let mut said = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        if value.is_empty() {
            continue;
        }
        if said.insert(name.to_string(), value.into_owned()).is_some() && name != "resource" {
            // An error tells no text of the client (RFC 6749 §5.2).
            let plain =
                name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let name = if plain { &*name } else { "A parameter" };
            return Err(Refusal::request(format!("{name} comes twice.")));
        }
    }
    Ok(said)
}

fn taken(said: &mut BTreeMap<String, String>, name: &str) -> Result<String, Refusal> {
    said.remove(name).ok_or_else(|| Refusal::request(format!("{name} is missing.")))
}

fn assertion(said: &mut BTreeMap<String, String>) -> Result<Option<String>, Refusal> {
    match (said.remove("client_assertion_type"), said.remove("client_assertion")) {
        (None, None) => Ok(None),
        (Some(kind), Some(assertion)) if kind == OF_CLIENT => Ok(Some(assertion)),
        _ => Err(Refusal::request(format!(
            "client_assertion needs client_assertion_type, which is {OF_CLIENT}."
        ))),
    }
}

fn exchanged(said: &mut BTreeMap<String, String>) -> Result<String, Refusal> {
    let (token, kind) = (taken(said, "subject_token")?, taken(said, "subject_token_type")?);
    if !EXCHANGED.contains(&kind.as_str()) {
        return Err(Refusal::request(format!("subject_token_type is one of {}.", EXCHANGED.join(", "))));
    }
    if said.contains_key("actor_token") {
        return Err(Refusal::request("An actor_token is not taken: nobody acts for somebody else here."));
    }
    let wanted = said.get("requested_token_type").map(String::as_str);
    if wanted.is_some_and(|wanted| wanted != EXCHANGED[0] && wanted != EXCHANGED[2]) {
        return Err(Refusal::request("Access tokens alone are issued."));
    }
    Ok(token)
}

/// The client and its secret in the header, each percent-encoded (RFC 6749 §2.3.1). A header of another scheme is none of a client:
/// programs send the token of the service with every request.
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, Refusal> {
    let unreadable = || {
        Refusal::client("The header must be Authorization: Basic with the client's id and secret in base64.")
    };
    let values =
        headers.get_all(AUTHORIZATION).iter().filter_map(|value| value.to_str().ok()?.split_once(' '));
    let mut basic = values.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")).map(|(_, text)| text);
    let Some(text) = basic.next() else { return Ok(None) };
    if basic.next().is_some() {
        return Err(unreadable());
    }
    let pair = STANDARD.decode(text.trim()).ok().and_then(|pair| String::from_utf8(pair).ok());
    let pair = pair.ok_or_else(unreadable)?;
    let (id, secret) = pair.split_once(':').ok_or_else(unreadable)?;
    let decoded = |text: &str| {
        let pair = format!("x={text}");
        form_urlencoded::parse(pair.as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    Ok(Some((decoded(id), decoded(secret))))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(basic: Option<&str>, body: &str) -> Result<Parameters, String> {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"),
        );
        if let Some(basic) = basic {
            let value = format!("Basic {}", STANDARD.encode(basic));
            headers.insert(AUTHORIZATION, HeaderValue::try_from(value).expect("a header"));
        }
        Parameters::read(&headers, body.as_bytes()).map_err(|refusal| format!("{refusal:?}"))
    }

    fn secret(secret: &str) -> Proof {
        Proof::Secret(secret.to_owned())
    }

    #[test]
    fn each_way_is_read() {
        let read = |basic, body: &str| read(basic, body).expect(body);
        let header = read(Some("id%2B1:s%3A1"), "grant_type=client_credentials&scope=scim");
        assert_eq!((header.client_id.as_deref(), header.proof), (Some("id+1"), secret("s:1")));
        assert_eq!(header.scope.as_deref(), Some("scim"));
        let body = read(None, "grant_type=client_credentials&client_id=a&client_secret=b&scope=");
        assert_eq!((body.client_id.as_deref(), body.proof, body.scope), (Some("a"), secret("b"), None));
        let kind = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
        let own = read(None, &format!("grant_type=client_credentials&{kind}&client_assertion=x.y.z"));
        assert_eq!(own.proof, Proof::Assertion("x.y.z".to_owned()));
        let exchange = format!(
            "grant_type={EXCHANGE}&subject_token=x.y.z&subject_token_type=urn:ietf:params:oauth:token-type:jwt"
        );
        let exchange = read(None, &exchange);
        assert_eq!((exchange.proof, exchange.exchanges), (Proof::Grant("x.y.z".to_owned()), true));
        let grant = read(None, &format!("grant_type={ASSERTION}&assertion=x.y.z"));
        assert_eq!((grant.proof, grant.exchanges), (Proof::Grant("x.y.z".to_owned()), false));
    }

    #[test]
    fn what_is_missing_twice_or_unknown_is_refused() {
        for (basic, body, word) in [
            (None, "", "grant_type is missing"),
            (None, "grant_type=client_credentials", "Client"),
            (None, "grant_type=password&username=a&password=b", "unsupported_grant_type"),
            (None, "grant_type=client_credentials&grant_type=client_credentials", "twice"),
            (Some("a:b"), "grant_type=client_credentials&client_secret=b", "one way"),
            (Some("a:b"), "grant_type=client_credentials&client_id=c", "different clients"),
            (Some("ab"), "grant_type=client_credentials", "base64"),
            (None, "grant_type=client_credentials&client_assertion=x", "client_assertion_type"),
            (
                None,
                "grant_type=client_credentials&client_assertion_type=x&client_assertion=x",
                "client_assertion_type",
            ),
        ] {
            let refused = read(basic, body).expect_err(body);
            assert!(refused.contains(word), "{body}: {refused}");
        }
        let exchange = |rest: &str| read(None, &format!("grant_type={EXCHANGE}&subject_token=x{rest}"));
        assert!(exchange("").is_err());
        assert!(exchange("&subject_token_type=urn:x").is_err());
        let kind = "&subject_token_type=urn:ietf:params:oauth:token-type:jwt";
        assert!(exchange(&format!("{kind}&actor_token=y")).is_err());
        assert!(exchange(&format!("{kind}&requested_token_type=urn:x")).is_err());
    }
}
