//! Why a request fails, and the SCIM error body that every failure becomes (RFC 7644 §3.12).

use std::error::Error as StdError;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use operations::{Constraint, DatabaseError, Error as OperationError, chain};
use scim::Error as ScimError;

use super::headers::scim_json;
use crate::metrics;

/// Why a request fails.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// The client is told what it did, or what it met.
    Told(ScimError),
    /// The request names no client (RFC 6750 §3).
    Unauthorised(Challenge),
    /// The client sends too much, or the server has too much to do: come back after these seconds.
    Later(ScimError, u64),
    /// Our fault: the client learns the request id and nothing else.
    Fault(Fault),
}

/// What is wrong with the credentials (RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// There are none of a kind that counts here.
    Missing,
    /// The token is not one of ours, has expired or was revoked.
    InvalidToken,
    /// The token is good for reading alone.
    InsufficientScope,
}

/// A fault on its way to the layer that logs it and answers with the request id.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// An error, with everything that caused it.
    Error(Arc<dyn StdError + Send + Sync>),
    /// A handler panicked; the panic hook has logged it.
    Panic,
}

/// The error behind an answer, for parts of the program whose errors have another form.
#[derive(Clone, Debug)]
pub(crate) struct Failed(pub(crate) ScimError);

/// What the client was told, for the request log.
#[derive(Clone, Debug)]
pub(crate) struct Told(pub(crate) String);

impl Failure {
    /// 404 for a URL that nothing answers.
    pub(crate) fn no_endpoint() -> Self {
        Self::Told(ScimError::status(404, "There is no such endpoint."))
    }

    /// A status with a sentence.
    pub(crate) fn status(status: u16, detail: impl Into<String>) -> Self {
        Self::Told(ScimError::status(status, detail))
    }

    /// A fault of ours with its cause.
    pub(crate) fn fault(error: impl StdError + Send + Sync + 'static) -> Self {
        Self::Fault(Fault::Error(Arc::new(error)))
    }

    /// What the client is told, in a sentence.
    pub(crate) fn said(&self) -> String {
        match self {
            Self::Told(error) | Self::Later(error, _) => error.detail.clone(),
            Self::Unauthorised(challenge) => challenge.error().detail,
            Self::Fault(_) => "The server failed. Its log says more.".to_owned(),
        }
    }

    /// What the client is told where it gets a message and no answer of its own; a fault is logged here.
    pub(crate) fn told(self) -> ScimError {
        match self {
            Self::Told(error) | Self::Later(error, _) => error,
            Self::Unauthorised(challenge) => challenge.error(),
            Self::Fault(fault) => {
                fault.log();
                ScimError::status(500, "The server failed. Its log says more under the id of this request.")
            }
        }
    }
}

impl Challenge {
    /// The header that says which credentials count.
    const fn header(self) -> &'static str {
        match self {
            Self::Missing => "Bearer realm=\"rollcall\"",
            Self::InvalidToken => "Bearer realm=\"rollcall\", error=\"invalid_token\"",
            Self::InsufficientScope => {
                "Bearer realm=\"rollcall\", error=\"insufficient_scope\", scope=\"scim\""
            }
        }
    }

    /// What the client is told.
    fn error(self) -> ScimError {
        match self {
            Self::Missing => {
                ScimError::status(401, "Send the connection's token as \"Authorization: Bearer …\".")
            }
            Self::InvalidToken => ScimError::status(401, "The token is unknown, has expired or was revoked."),
            Self::InsufficientScope => {
                ScimError::status(403, "The token is good for reading alone (scope scim.read).")
            }
        }
    }
}

impl Fault {
    /// Writes a fault into the log, once and with all its causes.
    pub(crate) fn log(&self) {
        metrics::fault();
        if let Self::Error(error) = self {
            tracing::error!(error = chain(error.as_ref()), "the request failed");
        }
    }
}

impl From<ScimError> for Failure {
    fn from(error: ScimError) -> Self {
        Self::Told(error)
    }
}

impl From<OperationError> for Failure {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Scim(error) => Self::Told(error),
            OperationError::Refused(_) | OperationError::Already { .. } | OperationError::Otherwise(_) => {
                Self::Told(ScimError::invalid_value(error.to_string()))
            }
            OperationError::Forbidden(sentence) => Self::status(403, sentence),
            OperationError::Gone(sentence) => Self::status(410, sentence),
            OperationError::Rule(refusal) => {
                Self::Told(ScimError::invalid_value(format!("Nothing was changed: {refusal}.")))
            }
            OperationError::Enrolment(refused) => {
                Self::Told(ScimError::invalid_value(format!("Nothing was changed: {refused}.")))
            }
            OperationError::Awaited => (&DatabaseError::Busy).into(),
            OperationError::Database(error) => (&*error).into(),
        }
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        (&error).into()
    }
}

impl From<&DatabaseError> for Failure {
    fn from(error: &DatabaseError) -> Self {
        match error {
            DatabaseError::Conflict(Constraint::UserName) => {
                Self::Told(ScimError::uniqueness("Another user has this userName."))
            }
            DatabaseError::Conflict(Constraint::GroupName) => {
                Self::Told(ScimError::uniqueness("Another group has this displayName."))
            }
            DatabaseError::Conflict(taken) => {
                Self::Told(ScimError::uniqueness(format!("{taken} exists already.")))
            }
            DatabaseError::Taken(attribute) => {
                Self::Told(ScimError::uniqueness(format!("Another resource has this value of {attribute}.")))
            }
            DatabaseError::VersionMismatch => {
                Self::status(412, "The resource has changed since this version.")
            }
            DatabaseError::TooManyToSort { found, most } => {
                let detail = format!(
                    "{found} resources match, and at most {most} are sorted by this attribute: add a filter, or sort by id or userName."
                );
                Self::Told(ScimError::new(scim::ScimType::TooMany, detail))
            }
            DatabaseError::NotFound => Self::status(404, "The resource is gone."),
            DatabaseError::Busy | DatabaseError::Conflicting | DatabaseError::OutOfOrder => {
                Self::Later(ScimError::status(503, "The database is busy: send the request again."), 1)
            }
            DatabaseError::ConnectionGone => Self::Unauthorised(Challenge::InvalidToken),
            DatabaseError::Unreachable => {
                let detail = "The database cannot be reached: send the request again later.";
                Self::Later(ScimError::status(503, detail), 5)
            }
            DatabaseError::DiskFull => {
                let detail =
                    "The disk of the database is full, so nothing was changed: send the request again later.";
                Self::Later(ScimError::status(503, detail), 60)
            }
            DatabaseError::ReadOnly => {
                let detail = "The database takes no changes at the moment: send the request again later.";
                Self::Later(ScimError::status(503, detail), 30)
            }
            other => Self::fault(std::io::Error::other(chain(other))),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Told(error) => body(&error),
            Self::Unauthorised(challenge) => {
                let mut response = body(&challenge.error());
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge.header()));
                response
            }
            Self::Later(error, seconds) => {
                let mut response = body(&error);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
                response
            }
            Self::Fault(fault) => {
                let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
                response.extensions_mut().insert(fault);
                response
            }
        }
    }
}

/// The answer for an error that the client is told.
pub(crate) fn body(error: &ScimError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = scim_json(status, &error.to_json());
    let word = error.scim_type.map(|word| format!("{}: ", word.as_str())).unwrap_or_default();
    response.extensions_mut().insert(Told(format!("{word}{}", error.detail)));
    response.extensions_mut().insert(Failed(error.clone()));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outage_full_disk_and_busy_have_their_own_words_and_times() {
        for (error, words, seconds) in [
            (DatabaseError::Busy, "busy", 1),
            (DatabaseError::Conflicting, "busy", 1),
            (DatabaseError::Unreachable, "cannot be reached", 5),
            (DatabaseError::ReadOnly, "takes no changes", 30),
            (DatabaseError::DiskFull, "disk", 60),
        ] {
            let response = Failure::from(&error).into_response();
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()[RETRY_AFTER], HeaderValue::from(seconds));
            let Failure::Later(told, _) = Failure::from(error) else { panic!("it passes") };
            assert!(told.detail.contains(words), "{}", told.detail);
        }
    }
}
