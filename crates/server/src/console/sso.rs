//! The way to an identity provider and back: sign-in, acceptance of an invitation, connection of an account, test.

use std::sync::Arc;

use askama::Template;
use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::SET_COOKIE;
use http::request::Parts;
use operations::sign_in::{Refused, SignedIn};
use operations::single_sign_on::{self, Aim, Claims, Going, Party, Tried};

use super::cookie::Channel;
use super::desk::Visitor;
use super::frame::Frame;
use super::said::for_page;
use super::sign_in::{self, onward};
use crate::app::App;
use crate::http::error::Failure;
use crate::outbound::issuers::{Brought, Step, Trouble};
use crate::pages::answer::{page, see_other};
use crate::pages::form::field;

/// The longest address of a page to go on to.
const NEXT: usize = 500;

/// What a test of an issuer has found.
#[derive(Template)]
#[template(path = "console/sso_tested.html")]
struct Tested {
    f: Frame,
    name: String,
    back: String,
    /// What went wrong at the issuer.
    trouble: Option<String>,
    tried: Option<Tried>,
    steps: Vec<Checked>,
}

/// A step of a test.
struct Checked {
    words: &'static str,
    /// Whether it was right; none where it was not reached.
    right: Option<bool>,
}

const STEPS: [(Step, &str); 3] = [
    (Step::Metadata, "Its metadata is read"),
    (Step::Code, "The code is exchanged, with PKCE"),
    (Step::Token, "The ID token is valid"),
];

/// The steps up to the one that went wrong, and whether the account is known.
fn steps(wrong: Option<Step>, known: bool) -> Vec<Checked> {
    let mut steps: Vec<Checked> = STEPS
        .into_iter()
        .map(|(step, words)| Checked {
            words,
            right: match wrong {
                Some(wrong) if step > wrong => None,
                wrong => Some(wrong != Some(step)),
            },
        })
        .collect();
    steps.push(Checked { words: "The account is known", right: wrong.is_none().then_some(known) });
    steps
}

/// A browser on its way to an issuer, or back.
pub(super) struct Traveller {
    visitor: Visitor,
    party: Party,
    query: String,
}

impl Traveller {
    fn asked(&self, name: &str) -> Option<String> {
        field(&self.query, name)
    }
}

impl FromRequestParts<Arc<App>> for Traveller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let Path(issuer) = parts.extract::<Path<String>>().await.map_err(|_| Failure::no_endpoint())?;
        let Ok(visitor) = parts.extract_with_state::<Visitor, _>(app).await;
        let party = single_sign_on::party(app.db(), &issuer, visitor.browser.now).await?;
        let party = party.ok_or_else(Failure::no_endpoint)?;
        Ok(Self { visitor, party, query: parts.uri.query().unwrap_or_default().to_owned() })
    }
}

/// Sends a browser to the issuer, to sign in or to accept an invitation.
pub(super) async fn start(traveller: Traveller) -> Response {
    let aim = traveller.asked("join").map_or(Aim::SignIn, Aim::Join);
    let next = traveller.asked("next").unwrap_or_default();
    match away(&traveller.visitor, &traveller.party, aim, &next).await {
        Ok(response) => response,
        Err(Gone::Trouble(trouble)) => {
            let said = for_page(&trouble.said);
            sign_in::failed(&traveller.visitor, StatusCode::BAD_GATEWAY, said, next).await
        }
        Err(Gone::Failure(failure)) => failure.into_response(),
    }
}

/// Why a browser did not get to the issuer.
pub(super) enum Gone {
    Trouble(Trouble),
    Failure(Failure),
}

impl From<Gone> for Failure {
    fn from(gone: Gone) -> Self {
        match gone {
            Gone::Trouble(trouble) => Self::status(422, for_page(&trouble.said)),
            Gone::Failure(failure) => failure,
        }
    }
}

/// Sends a browser to an issuer. What it needs when it comes back stays in a cookie, sealed; nothing is written here.
pub(super) async fn away(visitor: &Visitor, party: &Party, aim: Aim, next: &str) -> Result<Response, Gone> {
    if visitor.channel == Channel::Open {
        return Ok(see_other("/console/sign-in"));
    }
    let (app, now) = (&visitor.app, visitor.browser.now);
    let asked = app
        .outbound()
        .issuers
        .ask(party, matches!(aim, Aim::Connect(_)), now)
        .await
        .map_err(Gone::Trouble)?;
    let next = onward(next);
    let going = Going {
        issuer: party.id,
        state: asked.state,
        nonce: asked.nonce,
        verifier: asked.verifier,
        aim,
        next: if next.len() > NEXT { "/console".to_owned() } else { next.to_owned() },
        until: now,
    };
    let kept = single_sign_on::leave(app.db(), going, now).await;
    let kept = kept.map_err(|error| Gone::Failure(error.into()))?;
    let mut response = see_other(&asked.url);
    if let Some(cookie) = visitor.channel.write_away(Some(&kept)) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Takes a browser in that comes back.
pub(super) async fn callback(traveller: Traveller) -> Response {
    let visitor = &traveller.visitor;
    let (db, kept) = (visitor.app.db(), visitor.away.as_deref().unwrap_or_default());
    let (issuer, state) = (traveller.party.id.to_string(), traveller.asked("state").unwrap_or_default());
    let going = match single_sign_on::come_back(db, kept, (&issuer, &state), &visitor.browser).await {
        Ok(going) => going,
        Err(refused) => return strange(&traveller, refused).await,
    };
    let mut response = match arrived(&traveller, &going).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    };
    if let Some(cookie) = visitor.channel.write_away(None) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// The sign-in page for a browser that is not expected back, or not yet.
async fn strange(traveller: &Traveller, refused: Refused) -> Response {
    let Traveller { visitor, party, .. } = traveller;
    let next = format!("/console/{}", party.tenant);
    match refused {
        Refused::NoSession => {
            let said = "This sign-in was begun in another browser, has ended, or was used. Begin again.";
            let said = visitor.tongue.t(said).to_owned();
            sign_in::failed(visitor, StatusCode::UNPROCESSABLE_ENTITY, said, next).await
        }
        refused => sign_in::again(visitor, refused, next).await,
    }
}

async fn arrived(traveller: &Traveller, going: &Going) -> Result<Response, Failure> {
    let Traveller { visitor, party, .. } = traveller;
    let db = visitor.app.db();
    let claims = claims(traveller, going).await;
    let entered = match (&going.aim, claims) {
        (Aim::Test(who), claims) => return tested(traveller, (*who, going), claims).await,
        (Aim::Connect(_), Err(trouble)) => return Err(Failure::status(422, for_page(&trouble.said))),
        (Aim::Connect(who), Ok(claims)) => return connected(traveller, (*who, going), &claims).await,
        (_, Err(trouble)) => {
            single_sign_on::refuse(db, party, &trouble.said, &visitor.browser).await?;
            return Ok(turned_away(traveller, going, for_page(&trouble.said)).await);
        }
        (Aim::Join(link), Ok(claims)) => {
            single_sign_on::join(db, (party, link), &claims, &visitor.browser).await
        }
        (Aim::SignIn, Ok(claims)) => single_sign_on::enter(db, party, &claims, &visitor.browser).await,
    };
    match entered {
        Ok(entered) => {
            forgive(traveller, going).await?;
            Ok(visitor.enter(onward(&going.next), &entered))
        }
        Err(Refused::Failed(operations::Error::Refused(why))) => {
            Ok(turned_away(traveller, going, for_page(&why)).await)
        }
        Err(refused) => Ok(sign_in::again(visitor, refused, back(traveller, going)).await),
    }
}

/// The page from which a browser that was turned away begins again.
async fn turned_away(traveller: &Traveller, going: &Going, said: String) -> Response {
    if let Aim::Join(link) = &going.aim {
        return super::link::refused(&traveller.visitor, link, said).await;
    }
    let next = back(traveller, going);
    sign_in::failed(&traveller.visitor, StatusCode::UNPROCESSABLE_ENTITY, said, next).await
}

/// Where a sign-in leads on that begins again: without a page, to the organisation of the issuer.
fn back(traveller: &Traveller, going: &Going) -> String {
    let tenant = || format!("/console/{}", traveller.party.tenant);
    Some(going.next.clone()).filter(|next| next != "/console").unwrap_or_else(tenant)
}

/// What the issuer says of the browser that comes back.
async fn claims(traveller: &Traveller, going: &Going) -> Result<Claims, Trouble> {
    let Traveller { visitor, party, .. } = traveller;
    let issuer = traveller.asked("iss");
    if let Some(word) = traveller.asked("error") {
        let described = traveller.asked("error_description").unwrap_or_default();
        let text: String =
            format!("{word} {described}").chars().filter(|c| !c.is_control()).take(300).collect();
        return Err(Trouble {
            step: Step::Code,
            said: format!("the identity provider refused: {}", text.trim()),
        });
    }
    let Some(code) = traveller.asked("code") else {
        return Err(Trouble { step: Step::Code, said: "the identity provider sent no code".to_owned() });
    };
    let brought = Brought { code, issuer };
    visitor.app.outbound().issuers.redeem(party, going, &brought, visitor.browser.now).await
}

async fn forgive(traveller: &Traveller, going: &Going) -> Result<(), Failure> {
    let visitor = &traveller.visitor;
    match single_sign_on::arrived(visitor.app.db(), going, &visitor.browser).await {
        Err(Refused::Failed(error)) => Err(error.into()),
        _ => Ok(()),
    }
}

/// The administrator of the session, if it is the one who left.
async fn same(visitor: &Visitor, who: uuid::Uuid) -> Result<SignedIn, Failure> {
    let signed_in = visitor.signed_in().await?.filter(|me| me.id() == who);
    signed_in.ok_or_else(|| Failure::status(422, "You have signed out meanwhile. Sign in, and begin again."))
}

async fn connected(
    traveller: &Traveller,
    (who, going): (uuid::Uuid, &Going),
    claims: &Claims,
) -> Result<Response, Failure> {
    let Traveller { visitor, party, .. } = traveller;
    let me = same(visitor, who).await?;
    single_sign_on::connect(visitor.app.db(), (party, &me), claims, &visitor.browser).await?;
    Ok(see_other(&format!("{}?done=connected", going.next)))
}

async fn tested(
    traveller: &Traveller,
    (who, going): (uuid::Uuid, &Going),
    claims: Result<Claims, Trouble>,
) -> Result<Response, Failure> {
    let Traveller { visitor, party, .. } = traveller;
    same(visitor, who).await?;
    let (mut tried, mut trouble, mut wrong) = (None, None, None);
    match claims {
        Ok(claims) => {
            let (db, now) = (visitor.app.db(), visitor.browser.now);
            let found = single_sign_on::tried(db, party, &claims, now).await?;
            tried = Some(Tried { refused: found.refused.as_deref().map(for_page), ..found });
        }
        Err(Trouble { step, said }) => (trouble, wrong) = (Some(for_page(&said)), Some(step)),
    }
    let known = tried.as_ref().is_some_and(|tried| tried.name.is_some());
    let shown = Tested {
        f: visitor.frame(),
        name: party.name.clone(),
        back: going.next.clone(),
        trouble,
        tried,
        steps: steps(wrong, known),
    };
    Ok(page(StatusCode::OK, &shown))
}
