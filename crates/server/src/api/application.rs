//! The application behind a token, and whether the token allows what is asked.

use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use operations::api_tokens::{self, Application, Scope};
use operations::{Requester, secret};

use super::problem::{Problem, Rejected};
use crate::app::App;
use crate::auth::bearer;
use crate::http::error::{Challenge, Failure};
use crate::http::trace::RequestId;

/// The application that sends a request.
pub(super) struct Client {
    application: Application,
    requester: Requester,
}

impl Client {
    /// The application as a requester, if its token has this scope.
    ///
    /// # Errors
    /// 403 for a token without the scope.
    pub(super) fn may(&self, scope: Scope) -> Result<&Requester, Problem> {
        if self.application.may(scope) {
            return Ok(&self.requester);
        }
        let detail = format!("The token has not the scope {}: create one with it.", scope.as_str());
        Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("token", &self.application.token).finish_non_exhaustive()
    }
}

impl FromRequestParts<Arc<App>> for Client {
    type Rejection = Rejected;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Rejected> {
        let invalid = || Failure::Unauthorised(Challenge::InvalidToken);
        let hash = secret::hash(bearer(&parts.headers)?).ok_or_else(invalid)?;
        let now = app.now();
        let application = api_tokens::authenticate(app.db(), &hash, now).await.map_err(Failure::from)?;
        let application = application.ok_or_else(invalid)?;
        app.rates().take(application.token)?;
        let id = parts.extensions.get::<RequestId>().map_or_else(|| app.id(), |id| id.0);
        let requester = application.requester(id.to_string(), now);
        Ok(Self { application, requester })
    }
}
