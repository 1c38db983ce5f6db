//! The addresses of the pages, and which page follows from what came of a request.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Extension, FromRequestParts, Path};
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{RequestPartsExt as _, Router};
use http::StatusCode;
use http::request::Parts;

use super::journey::{Checked, Closed, Journey, Journeys, Restored, Sent, Stage};
use super::views::{CodeEntry, CodeError, Done, Frame, Invitation, Lost, Restore, TooMany, Verified};
use crate::app::App;
use crate::http::error::Failure;
use crate::pages::answer::{later, page, see_other};
use crate::pages::form::{Form, only_ours};
use crate::pages::reader::Reader;

/// The most bytes of a form.
const FORM_BYTES: usize = 1_024;

/// All pages of an enrolment, on what is behind them.
pub(crate) fn routes(journeys: Journeys) -> Router<Arc<App>> {
    Router::new()
        .route("/enrol/{token}", get(invitation))
        .route("/enrol/{token}/code", get(code).post(send_code))
        .route("/enrol/{token}/verify", get(code).post(verify))
        .route("/enrol/{token}/done", get(done))
        .route("/enrol/{token}/restore", get(done).post(restored))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(from_fn(only_ours))
        .layer(Extension(journeys))
}

/// A request for one of the pages.
struct Visit {
    app: Arc<App>,
    journeys: Journeys,
    token: String,
    reader: Reader,
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let path = parts.extract::<Path<String>>().await;
        let Path(token) = path.map_err(|_| Failure::no_endpoint())?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if token.len() > 200 || !token.bytes().all(plain) {
            return Err(Failure::no_endpoint());
        }
        let journeys = parts.extract::<Extension<Journeys>>().await;
        let Extension(journeys) = journeys.map_err(Failure::fault)?;
        Ok(Self { app: Arc::clone(app), journeys, token, reader: Reader::of(parts) })
    }
}

impl Visit {
    async fn look(&self) -> Result<Journey, Closed> {
        (self.journeys.look)(Arc::clone(&self.app), self.token.clone()).await
    }

    /// The address of the link, or of a page below it such as `/code`.
    fn at(&self, below: &str) -> String {
        self.reader.path(&format!("/enrol/{}{below}", self.token))
    }

    /// What stands around a page that is opened at this address below the link.
    fn frame(&self, journey: &Journey, below: &str) -> Frame {
        let address = format!("/enrol/{}{below}", self.token);
        Frame::new(&self.reader, Some(&journey.sender), Some(&address)).of(journey)
    }

    /// The page, or the one that says why there is none.
    fn answer(&self, result: Result<Response, Closed>) -> Response {
        result.unwrap_or_else(|closed| match closed {
            Closed::Failed(failure) => failure.into_response(),
            Closed::Gone(gone) => {
                let address = format!("/enrol/{}", self.token);
                let frame = Frame::new(&self.reader, Some(&gone.sender), Some(&address));
                page(StatusCode::GONE, &Lost::new(frame, gone.why))
            }
        })
    }

    /// The entry of the code, when one was sent, or what is due instead.
    fn code_page(
        &self,
        journey: &Journey,
        status: StatusCode,
        typed: &str,
        error: Option<CodeError>,
    ) -> Response {
        match journey.stage {
            Stage::Invited { code: Some(code), .. } => {
                let frame = self.frame(journey, "/code");
                let entry =
                    CodeEntry::new(frame, journey, code, typed, error, self.at("/verify"), self.at("/code"));
                page(status, &entry)
            }
            Stage::Invited { code: None, .. } => see_other(&self.at("")),
            Stage::Verified { .. } | Stage::Restore | Stage::Done { .. } => see_other(&self.at("/done")),
        }
    }
}

async fn invitation(visit: Visit) -> Response {
    let shown = async || {
        let journey = visit.look().await?;
        let Stage::Invited { until, .. } = journey.stage else { return Ok(see_other(&visit.at("/done"))) };
        let frame = visit.frame(&journey, "");
        let invitation = Invitation::new(frame, &journey, until, &visit.reader.agent, visit.at("/code"));
        Ok(page(StatusCode::OK, &invitation))
    };
    visit.answer(shown().await)
}

async fn code(visit: Visit) -> Response {
    let shown = async || Ok(visit.code_page(&visit.look().await?, StatusCode::OK, "", None));
    visit.answer(shown().await)
}

async fn send_code(visit: Visit) -> Response {
    let sent = async || {
        Ok(match (visit.journeys.send_code)(Arc::clone(&visit.app), visit.token.clone()).await? {
            Sent::Now => see_other(&visit.at("/code")),
            Sent::NotNeeded => see_other(&visit.at("/done")),
            Sent::TooSoon(wait) => {
                let journey = visit.look().await?;
                let early = Some(CodeError::TooSoon(wait));
                later(wait, visit.code_page(&journey, StatusCode::TOO_MANY_REQUESTS, "", early))
            }
            Sent::NoMoreToday(wait) => {
                let frame = visit.frame(&visit.look().await?, "");
                later(wait, page(StatusCode::TOO_MANY_REQUESTS, &TooMany::new(frame, wait)))
            }
        })
    };
    visit.answer(sent().await)
}

async fn verify(visit: Visit, form: Form) -> Response {
    let typed = form.field("code").unwrap_or_default();
    let checked = async || {
        let wrong = async |status, error| {
            let journey = visit.look().await?;
            Ok::<_, Closed>(visit.code_page(&journey, status, &typed, Some(error)))
        };
        let Some(digits) = six_digits(&typed) else {
            return wrong(StatusCode::UNPROCESSABLE_ENTITY, CodeError::NotSix).await;
        };
        match (visit.journeys.check_code)(Arc::clone(&visit.app), visit.token.clone(), digits).await? {
            Checked::Right => Ok(see_other(&visit.at("/done"))),
            Checked::NoCode => Ok(see_other(&visit.at(""))),
            Checked::Wrong { left } => {
                wrong(StatusCode::UNPROCESSABLE_ENTITY, CodeError::Wrong { left }).await
            }
            Checked::Expired => wrong(StatusCode::UNPROCESSABLE_ENTITY, CodeError::Expired).await,
            Checked::Spent(wait) => {
                Ok(later(wait, wrong(StatusCode::TOO_MANY_REQUESTS, CodeError::Spent(wait)).await?))
            }
        }
    };
    visit.answer(checked().await)
}

async fn done(visit: Visit) -> Response {
    let shown = async || {
        let journey = visit.look().await?;
        let frame = visit.frame(&journey, "/done");
        Ok(match &journey.stage {
            Stage::Invited { .. } => see_other(&visit.at("")),
            Stage::Verified { device } => page(
                StatusCode::OK,
                &Verified::new(frame, device.as_deref(), journey.off.is_some(), visit.at("/done")),
            ),
            Stage::Restore => page(StatusCode::OK, &Restore::new(frame, visit.at("/restore"))),
            Stage::Done { device } => {
                let back = journey.off.is_some();
                page(StatusCode::OK, &Done::new(frame, device.as_deref(), back, &journey.downloads))
            }
        })
    };
    visit.answer(shown().await)
}

async fn restored(visit: Visit, form: Form) -> Response {
    let recorded = async || {
        let said = match form.field("restored").as_deref() {
            Some("yes") => Restored::FromBackup,
            Some("empty") => Restored::Empty,
            _ => return Err(Failure::status(422, "The form does not say what was restored.").into()),
        };
        (visit.journeys.restored)(Arc::clone(&visit.app), visit.token.clone(), said).await?;
        Ok(see_other(&visit.at("/done")))
    };
    visit.answer(recorded().await)
}

/// The six digits of what was typed; a space or hyphen may stand between them, as in the mail.
fn six_digits(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    (digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}
