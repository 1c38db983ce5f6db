//! Signing in at an identity provider: OpenID Connect Core 1.0 §3.1, the authorization code flow with PKCE (RFC 7636).

mod known;
mod token;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::url::ParseError;
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse,
    TokenResponse as _, TokenUrl,
};
use operations::chain;
use operations::outside::Purpose;
use operations::single_sign_on::{Claims, Going, Party};
use serde::{Deserialize, Serialize};

use super::way::Way;
use crate::config;
use crate::jwt::Keys;
use known::{AWAY, BELIEVED, Known, Metadata};

/// The most bytes of what an issuer answers.
const ANSWER: usize = 1024 * 1024;

/// The steps of a sign-in at an issuer, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// The issuer says where its addresses are.
    Metadata,
    /// The code that the browser brings is exchanged.
    Code,
    /// The keys are read, and the ID token is checked.
    Token,
}

/// What went wrong at an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) step: Step,
    /// A sentence that says what.
    pub(crate) said: String,
}

impl Trouble {
    fn at(step: Step) -> impl Fn(String) -> Self {
        move |said| Self { step, said }
    }
}

/// A page of the issuer to which the browser goes, and what is kept until it comes back.
pub(crate) struct Asked {
    pub(crate) url: String,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
}

/// What a browser brings back from the issuer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Brought {
    pub(crate) code: String,
    /// Who says to have answered, RFC 9207.
    pub(crate) issuer: Option<String>,
}

/// The way to the issuers, with what is known of each.
#[derive(Debug)]
pub(crate) struct Issuers {
    way: Way,
    known: Known,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct IdToken {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdToken {}

type Tokens = StandardTokenResponse<IdToken, BasicTokenType>;

type Ready = Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The exchange failed.
#[derive(Debug)]
pub(crate) struct Unreachable(String);

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Unreachable {}

impl Issuers {
    /// The way to the issuers by the settings.
    ///
    /// # Errors
    /// A sentence that names the key with a wrong value.
    pub(crate) fn of(settings: &config::Issuers) -> Result<Self, String> {
        Ok(Self { way: Way::of(Purpose::Issuer, &settings.outside())?, known: Known::default() })
    }

    /// The page of the issuer on which a sign-in begins; `again` has the person type the password also where the browser is known.
    ///
    /// # Errors
    /// [`Trouble`].
    pub(crate) async fn ask(&self, party: &Party, again: bool, now: DateTime<Utc>) -> Result<Asked, Trouble> {
        let metadata = self.metadata(party, now).await?;
        let client = client(party, &metadata).map_err(Trouble::at(Step::Metadata))?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = CsrfToken::new_random().secret().clone();
        let scopes = ["openid", "profile", "email"].into_iter().chain(party.scopes.split_whitespace());
        let mut request = client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(scopes.map(|scope| Scope::new(scope.to_owned())))
            .add_extra_param("nonce", nonce.clone())
            .set_pkce_challenge(challenge);
        if again {
            request = request.add_extra_param("prompt", "login");
        }
        let (url, state) = request.url();
        let verifier = verifier.secret().clone();
        Ok(Asked { url: url.into(), state: state.secret().clone(), nonce, verifier })
    }

    /// Exchanges the code that a browser brought back, and checks the ID token.
    ///
    /// # Errors
    /// [`Trouble`].
    pub(crate) async fn redeem(
        &self,
        party: &Party,
        going: &Going,
        brought: &Brought,
        now: DateTime<Utc>,
    ) -> Result<Claims, Trouble> {
        let metadata = self.metadata(party, now).await?;
        metadata.answered(brought.issuer.as_deref()).map_err(Trouble::at(Step::Code))?;
        let client = client(party, &metadata).map_err(Trouble::at(Step::Metadata))?;
        let tokens = client
            .exchange_code(AuthorizationCode::new(brought.code.clone()))
            .set_pkce_verifier(PkceCodeVerifier::new(going.verifier.clone()))
            .request_async(&self.way)
            .await
            .map_err(|error| Trouble { step: Step::Code, said: refusal(error) })?;
        let token = tokens.extra_fields().id_token.clone().ok_or_else(|| Trouble {
            step: Step::Token,
            said: "the issuer answered without an ID token: is it set up for OpenID Connect?".to_owned(),
        })?;
        let keys = self.keys(&metadata, &token, now).await?;
        let expected = token::Expected {
            issuer: &metadata.issuer,
            client_id: &party.client_id,
            nonce: &going.nonce,
            now,
        };
        let claims = token::verified(&token, &keys, &expected).map_err(Trouble::at(Step::Token))?;
        self.completed(party, &metadata, claims, tokens.access_token().secret()).await
    }

    /// Claims with what the token leaves out: in the code flow an issuer may say it at its own address alone, OpenID Connect Core
    /// 1.0 §5.3 and §5.4.
    async fn completed(
        &self,
        party: &Party,
        metadata: &Metadata,
        mut claims: Claims,
        access: &str,
    ) -> Result<Claims, Trouble> {
        let lacks = |name: &str| !name.is_empty() && !claims.all.contains_key(name);
        let elsewhere = claims.all.contains_key("_claim_names");
        let Some(address) = &metadata.userinfo_endpoint else { return Ok(claims) };
        if elsewhere || !(lacks("email") || lacks("name") || lacks(&party.claim)) {
            return Ok(claims);
        }
        let told = |said: String| Trouble { step: Step::Token, said };
        let what = "what the issuer says of the account";
        let request = http::Request::get(address)
            .header(http::header::AUTHORIZATION, format!("Bearer {access}"))
            .header(http::header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|error| told(format!("{what} cannot be asked for: {error}")))?;
        let answer = self.way.exchange(request, ANSWER).await;
        let answer = answer.map_err(|said| told(format!("{what}: {said}")))?;
        if answer.status != 200 {
            return Err(told(format!("{what} cannot be read: {address} answered {}", answer.status)));
        }
        let all: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&answer.text).map_err(|error| told(unreadable(what, &error)))?;
        if all.get("sub").and_then(serde_json::Value::as_str) != Some(&claims.subject) {
            return Err(told(format!("{what} is of another account (sub)")));
        }
        for (name, value) in all {
            claims.all.entry(name).or_insert(value);
        }
        Ok(claims)
    }

    /// The keys of an issuer by its metadata, of which one may have signed a token.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) async fn keys_of(
        &self,
        issuer: &str,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<Keys>, String> {
        let metadata = self.known.metadata(&self.way, issuer, (now, AWAY)).await?;
        self.known.keys(&self.way, &metadata.jwks_uri, token, (now, AWAY)).await
    }

    /// The keys at an address, of which one may have signed a token.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) async fn keys_at(
        &self,
        address: &str,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<Keys>, String> {
        self.way.check(address)?;
        self.known.keys(&self.way, address, token, (now, AWAY)).await
    }

    /// What the issuer says of itself.
    async fn metadata(&self, party: &Party, now: DateTime<Utc>) -> Result<Arc<Metadata>, Trouble> {
        let metadata = self.known.metadata(&self.way, &party.issuer, (now, BELIEVED)).await;
        metadata.map_err(Trouble::at(Step::Metadata))
    }

    /// The keys of the issuer; read anew when the token was signed with none of them.
    async fn keys(&self, metadata: &Metadata, token: &str, now: DateTime<Utc>) -> Result<Arc<Keys>, Trouble> {
        let keys = self.known.keys(&self.way, &metadata.jwks_uri, token, (now, BELIEVED)).await;
        keys.map_err(Trouble::at(Step::Token))
    }
}

impl<'c> AsyncHttpClient<'c> for Way {
    type Error = Unreachable;
    type Future = BoxFuture<'c, Result<HttpResponse, Unreachable>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.exchange(request, ANSWER).await.map_err(Unreachable)?;
            let response = http::Response::builder()
                .status(answer.status)
                .header(http::header::CONTENT_TYPE, "application/json")
                .body(answer.text.into_bytes());
            response.map_err(|error| Unreachable(error.to_string()))
        })
    }
}

fn client(party: &Party, metadata: &Metadata) -> Result<Ready, String> {
    let told = |error: ParseError| format!("the issuer names an address that is none: {error}");
    let there = |address: &Option<String>| {
        address.clone().ok_or_else(|| "the issuer names no address where administrators sign in".to_owned())
    };
    let how = if metadata.takes_basic() { AuthType::BasicAuth } else { AuthType::RequestBody };
    Ok(Client::new(ClientId::new(party.client_id.clone()))
        .set_client_secret(ClientSecret::new(party.secret.clone()))
        .set_auth_type(how)
        .set_auth_uri(AuthUrl::new(there(&metadata.authorization_endpoint)?).map_err(told)?)
        .set_token_uri(TokenUrl::new(there(&metadata.token_endpoint)?).map_err(told)?)
        .set_redirect_uri(RedirectUrl::new(party.redirect.clone()).map_err(told)?))
}

/// Why a code was not exchanged, without what it was exchanged with.
fn refusal(error: RequestTokenError<Unreachable, BasicErrorResponse>) -> String {
    match error {
        RequestTokenError::ServerResponse(answer) => {
            let word = answer.error().to_string();
            let advice = match word.as_str() {
                "invalid_client" => " The client ID or its secret is wrong.",
                "invalid_grant" => {
                    " The code was used before or has expired, or the redirect address differs."
                }
                _ => "",
            };
            let described = answer.error_description().map_or_else(String::new, |text| {
                let text: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
                format!(": {text}")
            });
            format!("the issuer refused the code ({word}){described}.{advice}")
        }
        RequestTokenError::Request(Unreachable(said)) | RequestTokenError::Other(said) => said,
        RequestTokenError::Parse(error, _) => {
            format!("the issuer answered the code with something else than tokens: {error}")
        }
    }
}

/// The sentence of a fault that reading JSON came to.
fn unreadable(what: &str, error: &serde_json::Error) -> String {
    format!("{what} cannot be read: {}", chain(error))
}
