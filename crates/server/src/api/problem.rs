//! Why a request of the application fails: problem details (RFC 9457).

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use operations::Error as OperationError;
use operations::enrolment::Refused;
use provisioning::code::CheckRefused;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::error::{Failed, Failure};
use crate::http::headers::with_body_of;

/// The media type (RFC 9457 §3).
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    /// What kind of problem it is: a stable word behind `urn:rollcall:problem:`.
    #[serde(rename = "type")]
    kind: String,
    /// The status of the answer.
    status: u16,
    /// What is wrong and what to do, as a sentence.
    detail: String,
    /// How often the code that was sent may still be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries_left: Option<u32>,
    /// Seconds after which the request may be sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem of a kind.
    pub(super) fn new(status: StatusCode, kind: &str, detail: impl Into<String>) -> Self {
        let kind = format!("urn:rollcall:problem:{kind}");
        Self { kind, status: status.as_u16(), detail: detail.into(), tries_left: None, retry_after: None }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, PROBLEM_JSON);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Why a handler of the API fails: with a problem of its own, or as every other part of the program.
#[derive(Debug)]
pub(crate) enum Rejected {
    /// A problem.
    Problem(Problem),
    /// Everything else.
    Failure(Failure),
}

impl From<Problem> for Rejected {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Failure> for Rejected {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<OperationError> for Rejected {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Enrolment(refused) => Self::Problem(refused.into()),
            OperationError::Refused(_) | OperationError::Already { .. } => {
                let said = error.to_string();
                Self::Problem(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-value", said))
            }
            other => Self::Failure(other.into()),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let (status, kind) = match refused {
            Refused::NoPerson | Refused::NoDevice => (StatusCode::NOT_FOUND, "not-found"),
            Refused::NoAccess(_) => (StatusCode::CONFLICT, "no-access"),
            Refused::Revoked => (StatusCode::CONFLICT, "revoked"),
            Refused::Step(_) => (StatusCode::CONFLICT, "step"),
            Refused::NoAddress => (StatusCode::CONFLICT, "no-address"),
            Refused::Send(_) => (StatusCode::TOO_MANY_REQUESTS, "too-many-codes"),
            Refused::NoCode => (StatusCode::UNPROCESSABLE_ENTITY, "not-a-code"),
            Refused::Check(CheckRefused::Wrong { .. }) => (StatusCode::UNPROCESSABLE_ENTITY, "wrong-code"),
            Refused::Check(CheckRefused::Ended) => (StatusCode::UNPROCESSABLE_ENTITY, "code-ended"),
        };
        let mut problem = Self::new(status, kind, sentence(&refused.to_string()));
        match refused {
            Refused::Send(refused) => {
                problem.retry_after = Some(u64::try_from(refused.wait().num_seconds()).unwrap_or(0).max(1));
            }
            Refused::Check(CheckRefused::Wrong { left }) => problem.tries_left = Some(left),
            _ => {}
        }
        problem
    }
}

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Failure(failure) => failure.into_response(),
        }
    }
}

/// A failure of any part of the program in the form of the API.
pub(crate) fn as_problem(mut response: Response) -> Response {
    let Some(Failed(error)) = response.extensions_mut().remove::<Failed>() else { return response };
    let kind = match error.status {
        400 => "invalid-request",
        401 => "unauthorised",
        403 => "forbidden",
        404 => "not-found",
        405 => "method-not-allowed",
        410 => "gone",
        412 => "precondition-failed",
        413 => "too-large",
        415 => "media-type",
        429 => "too-many-requests",
        503 => "busy",
        _ => "failed",
    };
    let status = response.status();
    let problem = Problem::new(status, kind, error.detail);
    let retry = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let answer = Problem { retry_after: retry, ..problem }.into_response();
    // Headers such as WWW-Authenticate stay.
    with_body_of(response, answer)
}

/// The words with a capital and a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}
