//! A connection: how it is set up, its tokens, its settings, what it tolerates, and whether its requests arrive.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use http::StatusCode;
use operations::connections::{self, Tolerated};
use operations::consequences::Agreed;
use operations::owners::{self, What};
use operations::tokens::{self, Token};
use operations::{Error, Right};

use super::confirm::{Question, Select};
use super::connection_settings::Typed;
use super::connection_test::{Finding, WATCHED, findings};
use super::connections::{Row, Secrets, token_page};
use super::desk::Desk;
use super::fields::as_shown;
use super::frame::{At, Frame};
use super::guide;
use crate::http::error::Failure;
use crate::pages::answer::{page, see_other};
use crate::pages::form::Form;

/// Days for which a token goes on that another one takes the place of.
const OVERLAP_DAYS: u32 = 7;
const OVERLAP: TimeDelta = TimeDelta::days(OVERLAP_DAYS as i64);

/// The page, on one of its tabs.
#[derive(Template)]
#[template(path = "console/connection.html")]
struct Shown {
    f: Frame,
    tab: &'static str,
    id: String,
    row: Row,
    secrets: Secrets,
    tokens: Vec<Token>,
    quirks: Vec<Tolerated>,
    findings: Vec<Finding>,
    typed: Typed,
    was: String,
    error: Option<String>,
}

impl Shown {
    fn is_tab(&self, tab: &str) -> bool {
        self.tab == tab
    }

    /// What a credential is called.
    #[expect(clippy::unused_self, reason = "the template calls it so")]
    fn kind(&self, token: &Token) -> &'static str {
        match token.kind {
            "secret" => "Client secret",
            "key" => "Public key",
            "issuer" => "Issuer",
            _ => "Token",
        }
    }

    #[expect(clippy::unused_self, reason = "the template calls it so")]
    fn is_secret(&self, token: &Token) -> bool {
        matches!(token.kind, "bearer" | "secret")
    }

    #[expect(clippy::unused_self, reason = "the template calls it so")]
    fn reads_only(&self, token: &Token) -> bool {
        token.scopes == [tokens::READ]
    }

    fn path(&self, rest: &str) -> String {
        self.f.to(&format!("/connections/{}{rest}", self.id))
    }

    /// The products by their profiles; a profile without a guide goes by its own name.
    fn products(&self) -> Vec<(&'static str, &'static str)> {
        let guides: Vec<_> =
            guide::all(self.f.tongue).map(|(profile, guide)| (profile, guide.name.as_str())).collect();
        let named =
            |profile| guides.iter().find(|(known, _)| *known == profile).map_or(profile, |(_, name)| *name);
        connections::profiles().map(|profile| (profile, named(profile))).collect()
    }

    /// What has been seen of the connection, in the order in which it is set up.
    fn seen(&self) -> [(bool, &'static str); 4] {
        let health = &self.row.health;
        [
            (health.tokens > 0, "A token that counts"),
            (health.last_request_at.is_some(), "A request with the token"),
            (health.people > 0, "A user"),
            (health.groups > 0, "A group"),
        ]
    }
}

/// The connection of the address, by its id.
pub(super) fn named(desk: &Desk) -> Result<&str, Failure> {
    let id = desk.part("id");
    if id.parse::<uuid::Uuid>().is_err() { Err(Failure::no_endpoint()) } else { Ok(id) }
}

pub(super) async fn setup(desk: Desk) -> Response {
    tab(&desk, "setup", None).await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn tokens(desk: Desk) -> Response {
    tab(&desk, "tokens", None).await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn settings(desk: Desk) -> Response {
    tab(&desk, "settings", None).await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn quirks(desk: Desk) -> Response {
    tab(&desk, "quirks", None).await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn test(desk: Desk) -> Response {
    tab(&desk, "test", None).await.unwrap_or_else(Failure::into_response)
}

/// A tab, with what was typed and why it was refused.
pub(super) async fn tab(
    desk: &Desk,
    tab: &'static str,
    refused: Option<(Typed, String)>,
) -> Result<Response, Failure> {
    let id = named(desk)?;
    let (db, operator) = (desk.app().db(), desk.operator("connection show"));
    let health = match connections::health_of(db, &operator, id).await {
        Err(Error::Refused(_)) => return Err(Failure::status(404, "There is no such connection.")),
        health => health?,
    };
    let f = desk.frame(At::Connections).await?;
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (typed, error) = refused.unzip();
    let findings = if tab == "test" { findings_of(desk, &f, id).await? } else { Vec::new() };
    let now = Typed::of_connection(&health.connection);
    let shown = Shown {
        findings,
        was: as_shown(&now.values()),
        tokens: if tab == "tokens" { tokens::list(db, &operator, id).await? } else { Vec::new() },
        quirks: if tab == "quirks" { connections::tolerated(db, &operator, id).await? } else { Vec::new() },
        secrets: Secrets::of(desk, &health.connection.profile, None),
        typed: typed.unwrap_or(now),
        row: Row::new(&f, health),
        id: id.to_owned(),
        tab,
        error,
        f,
    };
    Ok(page(status, &shown))
}

/// What was refused of late, as far as it can be of this connection.
async fn findings_of(desk: &Desk, f: &Frame, id: &str) -> Result<Vec<Finding>, Failure> {
    let (db, operator) = (desk.app().db(), desk.operator("connection test"));
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for connection in connections::list(db, &desk.tenant_id()).await? {
        let other = connection.id.to_string();
        let tokens = tokens::list(db, &operator, &other).await?;
        if other == id { own = tokens } else { others.extend(tokens) }
    }
    let refused = desk.app().refusals().since(desk.now() - WATCHED);
    Ok(findings(f, refused, &own, &others))
}

/// Where a tab is after a form was carried out.
pub(super) fn back(desk: &Desk, tab: &str, done: &str) -> Response {
    see_other(&format!("/console/{}/connections/{}{tab}?done={done}", desk.tenant.id, desk.part("id")))
}

pub(super) async fn tolerate(desk: Desk, form: Form) -> Response {
    let saved = async || {
        desk.may(Right::Change)?;
        let id = named(&desk)?;
        let (db, operator) = (desk.app().db(), desk.operator("connection update"));
        // A quirk that is not on the page, because it is newer than the page, stays as it is.
        let (known, ticked) = (form.fields("known"), form.fields("quirk"));
        let there = connections::tolerated(db, &operator, id).await?.into_iter();
        let on = |it: &Tolerated| {
            if known.iter().any(|name| name == it.name) {
                ticked.iter().any(|name| name == it.name)
            } else {
                it.on
            }
        };
        let on: Vec<String> = there.filter(on).map(|it| it.name.to_owned()).collect();
        let change = connections::tolerating(db, &operator, id, &on).await?;
        match connections::update(db, &operator, id, &change, Agreed::Nothing).await {
            Ok(_) | Err(Error::Already { .. }) => Ok(back(&desk, "/quirks", "saved")),
            Err(error) => Err(error.into()),
        }
    };
    saved().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn new_token(desk: Desk) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        token_page(&desk, named(&desk)?, false).await
    };
    made().await.unwrap_or_else(Failure::into_response)
}

/// What can be done with a token, and what is asked before.
pub(super) async fn ask_token(desk: Desk) -> Response {
    let asked = async || {
        desk.may(Right::Change)?;
        let (id, rotates) = (named(&desk)?, token_act(&desk)?);
        let (db, operator) = (desk.app().db(), desk.operator("token show"));
        let token = tokens::show(db, &operator, id, desk.part("token")).await?;
        let f = desk.frame(At::Connections).await?;
        let root = f.to(&format!("/connections/{id}/tokens"));
        let mut effects = Vec::new();
        if rotates {
            effects.push(("key", "", f.say("A new token is made and shown once.", "")));
            let days = "The token {a} goes on for 7 days, so that there is time to enter the new one.";
            let goes_on = match &token.expires_at {
                Some(at) if *at <= desk.now() => f.say("The token {a} has expired already.", &token.hint),
                Some(at) if *at <= desk.now() + OVERLAP => {
                    f.say2("The token {a} goes on until it expires, {b}.", &token.hint, f.moment(at))
                }
                _ => f.say(days, &token.hint),
            };
            effects.push(("clock", "", goes_on));
        } else {
            effects.push((
                "lock",
                "icon-bad",
                f.say("Every request with the token {a} is refused from now on.", &token.hint),
            ));
            let used = match &token.last_used_at {
                Some(at) => f.say("It was used last: {a}.", f.when(at)),
                None => f.say("It was never used.", ""),
            };
            effects.push(("clock", "", used));
        }
        let question = Question {
            title: f
                .label(if rotates { "Replace the token {a}?" } else { "Revoke the token {a}?" }, &token.hint),
            effects,
            action: format!("{root}/{}/{}", token.id, desk.part("act")),
            back: (root, f.t("Tokens").to_owned()),
            button: f.t(if rotates { "Replace 1 token" } else { "Revoke 1 token" }).to_owned(),
            danger: !rotates,
            ..Question::default()
        };
        question.shown(&desk, At::Connections).await
    };
    asked().await.unwrap_or_else(Failure::into_response)
}

/// Whether the token is to be replaced, and not revoked.
fn token_act(desk: &Desk) -> Result<bool, Failure> {
    match desk.part("act") {
        "replace" => Ok(true),
        "revoke" => Ok(false),
        _ => Err(Failure::no_endpoint()),
    }
}

pub(super) async fn answer_token(desk: Desk) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let (id, token, rotates) = (named(&desk)?, desk.part("token"), token_act(&desk)?);
        let db = desk.app().db();
        if !rotates {
            tokens::revoke(db, &desk.operator("token revoke"), id, token).await?;
            return Ok(back(&desk, "/tokens", "revoked"));
        }
        let operator = desk.operator("token update");
        let known = tokens::show(db, &operator, id, token).await?;
        if known.expires_at.is_none_or(|at| at > desk.now() + OVERLAP) {
            tokens::update(db, &operator, id, token, Some(OVERLAP_DAYS)).await?;
        }
        token_page(&desk, id, false).await
    };
    done().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn ask_delete(desk: Desk) -> Response {
    delete_question(&desk, None).await.unwrap_or_else(Failure::into_response)
}

async fn delete_question(desk: &Desk, error: Option<String>) -> Result<Response, Failure> {
    desk.may(Right::Change)?;
    let id = named(desk)?;
    let owned = owners::owned(desk.app().db(), &desk.operator("connection delete"), id).await?;
    let f = desk.frame(At::Connections).await?;
    let mut effects = vec![("lock", "icon-bad", f.say("Its tokens are refused from now on.", ""))];
    if owned.users > 0 {
        let (one, many) = (
            "1 user has no owner any more and keeps the seat.",
            "{n} users have no owner any more and keep their seats.",
        );
        effects.push(("users", "", f.many(owned.users, one, many)));
    }
    if owned.groups > 0 {
        let (one, many) = ("1 group has no owner any more.", "{n} groups have no owner any more.");
        effects.push(("groups", "", f.many(owned.groups, one, many)));
    }
    if owned.invitations > 0 {
        let (one, many) =
            ("1 invitation that waits is withdrawn.", "{n} invitations that wait are withdrawn.");
        effects.push(("mail", "icon-warn", f.many(owned.invitations, one, many)));
    }
    if owned.held > 0 {
        let (one, many) = (
            "1 person keeps access by its brake until an administrator decides.",
            "{n} people keep access by its brake until an administrator decides.",
        );
        effects.push(("brake", "icon-warn", f.many(owned.held, one, many)));
    }
    let question = Question {
        title: f.label("Delete the connection {a}?", &owned.connection),
        error,
        effects,
        typed: Some(("name", f.t("Type the name of the connection").to_owned(), owned.connection.clone())),
        action: f.to(&format!("/connections/{id}/delete")),
        back: (f.to(&format!("/connections/{id}")), owned.connection),
        button: f.t("Delete 1 connection").to_owned(),
        danger: true,
        ..Question::default()
    };
    question.shown(desk, At::Connections).await
}

pub(super) async fn delete(desk: Desk, form: Form) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let id = named(&desk)?;
        let (db, operator) = (desk.app().db(), desk.operator("connection delete"));
        let owned = owners::owned(db, &operator, id).await?;
        if form.field("name").unwrap_or_default().trim() != owned.connection {
            let said = desk.visitor.tongue.t("The name that was typed is another one. Nothing was deleted.");
            return delete_question(&desk, Some(said.to_owned())).await;
        }
        owners::delete(db, &operator, id).await?;
        desk.app().work().notify_one();
        Ok(see_other(&format!("/console/{}/connections?done=deleting", desk.tenant.id)))
    };
    done().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn ask_hand_over(desk: Desk) -> Response {
    let asked = async || {
        desk.may(Right::Change)?;
        let id = named(&desk)?;
        let (db, operator) = (desk.app().db(), desk.operator("connection hand-over"));
        let owned = owners::owned(db, &operator, id).await?;
        let others = connections::list(db, &desk.tenant_id()).await?;
        let others = others.into_iter().filter(|other| other.id.to_string() != id && !other.shared);
        let others: Vec<_> = others.map(|other| (other.id.to_string(), other.name)).collect();
        if others.is_empty() {
            return Err(Failure::status(
                409,
                "There is no other connection that can become the owner: make one first.",
            ));
        }
        let f = desk.frame(At::Connections).await?;
        let what = ["all", "users", "groups"].map(str::to_owned);
        let words = [
            f.t("Users and groups").to_owned(),
            f.count(owned.users, "1 user", "{n} users"),
            f.count(owned.groups, "1 group", "{n} groups"),
        ];
        let kept = "Access, seats and devices stay. No e-mail is sent, and nothing has to be restored.";
        let question = Question {
            title: f.label("Hand over what {a} owns?", &owned.connection),
            effects: vec![
                ("check", "icon-ok", f.say(kept, "")),
                (
                    "ban",
                    "",
                    f.say(
                        "*{a}* is refused from then on where it writes what was handed over.",
                        &owned.connection,
                    ),
                ),
            ],
            selects: vec![
                Select {
                    name: "to",
                    label: f.t("To the connection").to_owned(),
                    help: String::new(),
                    options: others,
                },
                Select {
                    name: "what",
                    label: f.t("What").to_owned(),
                    help: String::new(),
                    options: what.into_iter().zip(words).collect(),
                },
            ],
            action: f.to(&format!("/connections/{id}/hand-over")),
            back: (f.to(&format!("/connections/{id}")), owned.connection),
            button: f.t("Hand over").to_owned(),
            ..Question::default()
        };
        question.shown(&desk, At::Connections).await
    };
    asked().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn hand_over(desk: Desk, form: Form) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let id = named(&desk)?;
        let what = match form.field("what").as_deref() {
            Some("users") => What::Users,
            Some("groups") => What::Groups,
            _ => What::All,
        };
        let operator = desk.operator("connection hand-over");
        owners::hand_over(desk.app().db(), &operator, id, &form.field("to").unwrap_or_default(), what)
            .await?;
        desk.app().work().notify_one();
        Ok(back(&desk, "", "handed-over"))
    };
    done().await.unwrap_or_else(Failure::into_response)
}
