//! The addresses: one page, which shows the step that is due, and the forms that take steps.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Query, State};
use axum::http::HeaderMap;
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{MethodRouter, get};
use chrono::Utc;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;

use crate::guard::guard;
use crate::mailbox::mailbox;
use crate::pin;
use crate::rollcall::{Person, Refused, Sent};
use crate::session::{Sending, Session, unguessable};
use crate::stage::{Stage, stage};
use crate::views::{Closed, Code, Done, Pin, Restore, Trouble, Welcome, moment, page};

/// The most bytes of a form.
const FORM_BYTES: usize = 2_048;

type Shared = State<Arc<crate::State>>;
type Answer = Result<Response, Trouble>;

/// Everything that the application answers.
pub(crate) fn routes(state: Arc<crate::State>) -> Router {
    // The address of a form is opened when its answer is loaded again: the page shows what is due.
    let form = |post: MethodRouter<Arc<crate::State>>| post.get(async || Redirect::to("/"));
    Router::new()
        .route("/", get(home))
        .route("/install", form(axum::routing::post(install)))
        .route("/check", form(axum::routing::post(check)))
        .route("/code", form(axum::routing::post(send_again)))
        .route("/pin", form(axum::routing::post(set_pin)))
        .route("/restored", form(axum::routing::post(restored)))
        .route("/leave", form(axum::routing::post(leave)))
        .route("/mailbox", get(mailbox))
        .route("/assets/rollcall.css", file("text/css; charset=utf-8", STYLE))
        .route("/assets/icons.svg", file("image/svg+xml", ICONS))
        .fallback(async || Trouble::NotFound)
        .method_not_allowed_fallback(async || Trouble::Method)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(from_fn(guard))
        .with_state(state)
}

const STYLE: &str = include_str!("../../server/assets/rollcall.css");
const ICONS: &str = include_str!("../../server/assets/icons.svg");

fn file(kind: &'static str, content: &'static str) -> MethodRouter<Arc<crate::State>> {
    get(async move || ([(CONTENT_TYPE, kind)], content))
}

/// What the address of the page may say.
#[derive(Deserialize)]
struct Asked {
    /// The address that the first field is filled with.
    #[serde(default)]
    address: String,
}

async fn home(State(state): Shared, headers: HeaderMap, Query(asked): Query<Asked>) -> Answer {
    let welcome = Welcome { address: asked.address, mailbox: state.mailbox.is_some(), ..Welcome::default() };
    let Some((name, session)) = state.sessions.of(&headers) else {
        return Ok(page(StatusCode::OK, &welcome));
    };
    if !session.verified {
        return Ok(page(StatusCode::OK, &code(&state, &session)));
    }
    let person = match state.rollcall.person(&session.person).await {
        Err(Refused::Problem(problem)) if problem.is("not-found") => {
            return Ok(anew(&state, (&name, session), "Rollcall does not know you any more."));
        }
        person => person?,
    };
    let shown = match stage(&person) {
        Stage::Closed => page(StatusCode::OK, &Closed::new(&person)),
        Stage::Anew => anew(&state, (&name, session), "Your access was set up anew: install Latchkey again."),
        Stage::Pin => {
            page(StatusCode::OK, &Pin { address: session.address, fault: None, back: person.restore_owed })
        }
        Stage::Restore => page(StatusCode::OK, &Restore),
        Stage::Done => return done(&state, (&name, session)).await,
    };
    Ok(shown)
}

/// The person uses the application: Rollcall hears so, and the page shows what it knows.
async fn done(state: &crate::State, (name, session): (&str, Session)) -> Answer {
    #[expect(
        clippy::disallowed_methods,
        reason = "the request is here, and the person uses the application now"
    )]
    let now = Utc::now();
    state.rollcall.seen(&session.person, &session.device, now).await?;
    let devices = state.rollcall.devices(&session.person).await?;
    if devices.iter().all(|device| device.reference != session.device) {
        return Ok(anew(state, (name, session), "This device was signed out: install Latchkey again."));
    }
    let person = state.rollcall.person(&session.person).await?;
    Ok(page(StatusCode::OK, &Done { person, devices, this: session.device }))
}

/// The beginning again, for a session that has ended.
fn anew(state: &crate::State, (name, session): (&str, Session), why: &'static str) -> Response {
    let welcome = Welcome {
        address: session.address,
        device: session.device_name,
        notice: Some(why),
        mailbox: state.mailbox.is_some(),
        ..Welcome::default()
    };
    with_cookie(page(StatusCode::OK, &welcome), state.sessions.end(name))
}

/// The address of the person who installs the application, and the device.
#[derive(Deserialize)]
struct Install {
    address: String,
    device: String,
    platform: String,
}

async fn install(State(state): Shared, headers: HeaderMap, Form(typed): Form<Install>) -> Answer {
    let Install { address, device, platform } = typed;
    let [address, device, platform] = [address, device, platform].map(|text| text.trim().to_owned());
    let again = |error: String| {
        let (address, device, platform) = (address.clone(), device.clone(), platform.clone());
        let mailbox = state.mailbox.is_some();
        page(
            StatusCode::UNPROCESSABLE_ENTITY,
            &Welcome { address, device, platform, error: Some(error), notice: None, mailbox },
        )
    };
    let person = match state.rollcall.person_at(&address).await {
        Ok(person) => person,
        Err(Refused::Problem(problem)) if problem.is("not-found") => {
            return Ok(again(
                "Nobody is known under this address. Type the one to which the invitation went.".to_owned(),
            ));
        }
        Err(Refused::Problem(problem)) if problem.status == 422 => return Ok(again(problem.detail)),
        Err(refused) => return Err(refused.into()),
    };
    if !person.access {
        return Ok(page(StatusCode::FORBIDDEN, &Closed::new(&person)));
    }
    let before = state.sessions.of(&headers);
    // A person who begins again before a code was right has the same device.
    let known = before.as_ref().filter(|(_, session)| session.person == person.id && !session.verified);
    let reference = known.map_or_else(unguessable, |(_, session)| session.device.clone());
    match state.rollcall.register(&person.id, &reference, (&device, &platform)).await {
        Ok(()) => {}
        Err(Refused::Problem(problem)) if problem.status == 422 => {
            // The next try is another device: this one may have been revoked.
            let ended = before.map(|(name, _)| state.sessions.end(&name));
            let answer = again(problem.detail);
            return Ok(match ended {
                Some(cookie) => with_cookie(answer, cookie),
                None => answer,
            });
        }
        Err(refused) => return closed(&state, &person.id, refused).await,
    }
    let sending = match state.rollcall.send_code(&person.id, &device).await {
        Ok(sent) => on_its_way(&sent),
        Err(Refused::Problem(problem)) if problem.status == 429 => Sending::NotNow(problem.detail),
        Err(refused) => return closed(&state, &person.id, refused).await,
    };
    let Person { id: person, .. } = person;
    let session =
        Session { person, device: reference, device_name: device, address, sending, verified: false };
    let before = before.as_ref().map(|(name, _)| name.as_str());
    Ok(with_cookie(onwards(), state.sessions.begin(before, session)))
}

/// What the person typed.
#[derive(Deserialize)]
struct Typed {
    code: String,
}

async fn check(State(state): Shared, headers: HeaderMap, Form(typed): Form<Typed>) -> Answer {
    let Some((name, session)) = state.sessions.of(&headers) else { return Ok(onwards()) };
    match state.rollcall.check_code(&session.person, &typed.code).await {
        Ok(_) => {
            let cookie = state.sessions.begin(Some(&name), Session { verified: true, ..session });
            Ok(with_cookie(onwards(), cookie))
        }
        Err(Refused::Problem(problem)) if problem.status == 422 => {
            let ended = problem.is("code-ended") || problem.tries_left == Some(0);
            let typed = typed.code.chars().take(20).collect();
            let entry = Code { typed, error: Some(problem.detail), ended, ..code(&state, &session) };
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &entry))
        }
        Err(refused) => closed(&state, &session.person, refused).await,
    }
}

async fn send_again(State(state): Shared, headers: HeaderMap) -> Answer {
    let Some((name, session)) = state.sessions.of(&headers) else { return Ok(onwards()) };
    match state.rollcall.send_code(&session.person, &session.device_name).await {
        Ok(sent) => {
            state.sessions.change(&name, |session| session.sending = on_its_way(&sent));
            Ok(onwards())
        }
        Err(Refused::Problem(problem)) if problem.status == 429 => {
            let entry = Code { sending: Sending::NotNow(problem.detail), ..code(&state, &session) };
            Ok(page(StatusCode::TOO_MANY_REQUESTS, &entry))
        }
        Err(refused) => closed(&state, &session.person, refused).await,
    }
}

/// The PIN, twice. It has no `Debug` and goes nowhere.
#[derive(Deserialize)]
struct Pins {
    pin: String,
    again: String,
}

async fn set_pin(State(state): Shared, headers: HeaderMap, Form(typed): Form<Pins>) -> Answer {
    let Some(session) = verified(&state, &headers) else { return Ok(onwards()) };
    if let Err(fault) = pin::check(&typed.pin, &typed.again) {
        let person = state.rollcall.person(&session.person).await?;
        let entry = Pin { address: session.address, fault: Some(fault), back: person.restore_owed };
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &entry));
    }
    match state.rollcall.report(&session.person, "pin-set").await {
        Ok(_) => Ok(onwards()),
        Err(refused) => closed(&state, &session.person, refused).await,
    }
}

async fn restored(State(state): Shared, headers: HeaderMap) -> Answer {
    let Some(session) = verified(&state, &headers) else { return Ok(onwards()) };
    match state.rollcall.report(&session.person, "restored").await {
        Ok(_) => Ok(onwards()),
        Err(refused) => closed(&state, &session.person, refused).await,
    }
}

async fn leave(State(state): Shared, headers: HeaderMap) -> Response {
    match state.sessions.of(&headers) {
        Some((name, _)) => with_cookie(onwards(), state.sessions.end(&name)),
        None => onwards(),
    }
}

fn verified(state: &crate::State, headers: &HeaderMap) -> Option<Session> {
    state.sessions.of(headers).map(|(_, session)| session).filter(|session| session.verified)
}

/// The page for a person who has lost access in the meantime; any other refusal is told as it is.
async fn closed(state: &crate::State, person: &str, refused: Refused) -> Answer {
    match refused {
        Refused::Problem(problem) if problem.is("no-access") => {
            let person = state.rollcall.person(person).await?;
            Ok(page(StatusCode::FORBIDDEN, &Closed::new(&person)))
        }
        other => Err(other.into()),
    }
}

fn code(state: &crate::State, session: &Session) -> Code {
    Code {
        address: session.address.clone(),
        sending: session.sending.clone(),
        typed: String::new(),
        error: None,
        ended: false,
        mailbox: state.mailbox.is_some(),
    }
}

fn on_its_way(sent: &Sent) -> Sending {
    Sending::To { address: sent.address.clone(), until: moment(&sent.expires_at) }
}

/// To the page, which shows what is due now, and may be loaded again without doing anything again.
fn onwards() -> Response {
    Redirect::to("/").into_response()
}

fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().insert(SET_COOKIE, cookie);
    response
}
