//! `POST /oauth/token`: an access token for a client that shows that it is the client.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, PRAGMA};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use operations::{Authenticated, Provider, oauth};
use serde_json::json;

use super::client::client;
use super::parameters::Parameters;
use super::refusal::Refusal;
use crate::app::App;
use crate::auth::admitted;
use crate::http::error::Failure;

pub(super) async fn token(
    State(app): State<Arc<App>>,
    parts: Parts,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = body.map_err(|_| Refusal::request("The body is too long, or was cut short."));
    let issued = async { issued(&app, &parts, &body?).await };
    issued.await.unwrap_or_else(Refusal::into_response)
}

async fn issued(app: &App, parts: &Parts, body: &[u8]) -> Result<Response, Refusal> {
    let asked = Parameters::read(&parts.headers, body)?;
    let client: Authenticated = client(app, &asked).await?;
    let provider = Provider::new(client.connection.clone());
    admitted(&provider.map_err(|said| Failure::fault(std::io::Error::other(said)))?, parts, app)?;
    app.rates().take(client.connection.id.uuid())?;
    let scope = oauth::granted(&client.scopes, asked.scope.as_deref()).ok_or_else(|| {
        let said = "The scopes are scim and scim.read, and this client is not granted what it asks for.";
        Refusal::Told("invalid_scope", said.to_owned())
    })?;
    let issued = oauth::issue(app.db(), &client, scope, app.now()).await?;
    let mut answer = json!(issued);
    if asked.exchanges {
        answer["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token".into();
    }
    let mut response = (StatusCode::OK, Json(answer)).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}
