//! A connection: how it is set up, its tokens, its settings, what it tolerates, and whether its requests arrive.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::connections::{self, Change, Tolerated};
use operations::consequences::{Agreed, Consequences};
use operations::owners::{self, What};
use operations::tokens::{self, Token};
use operations::{Error, Right};

use super::confirm::{Question, Select, asked_first};
use super::connection_test::{Finding, WATCHED, findings};
use super::connections::{Row, Secrets, lines, number, token_page};
use super::desk::Desk;
use super::frame::{At, Frame};
use super::said::said;
use crate::http::error::Failure;
use crate::pages::answer::{page, see_other};
use crate::pages::form::Form;

/// Days for which a token goes on that another one takes the place of.
const OVERLAP_DAYS: u32 = 7;

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
    error: Option<String>,
}

/// The settings as a form holds them.
#[derive(Default)]
struct Typed {
    name: String,
    grace: String,
    invitations: String,
    brake: [String; 3],
    shared: bool,
    test_users: String,
}

impl Typed {
    fn is(&self, _field: &str, value: &str) -> bool {
        self.invitations == value
    }

    fn of_connection(known: &connections::Connection) -> Self {
        let brake = known.brake.map_or_else(Default::default, |brake| {
            [brake.people.to_string(), brake.percent.to_string(), brake.hours.to_string()]
        });
        Self {
            name: known.name.clone(),
            grace: (known.grace_seconds / 86_400).to_string(),
            invitations: known.invitations.to_string(),
            brake,
            shared: known.shared,
            test_users: known.test_users.join("\n"),
        }
    }

    fn of_form(form: &Form) -> Self {
        let text = |name: &str| form.field(name).unwrap_or_default().trim().to_owned();
        Self {
            name: text("name"),
            grace: text("grace"),
            invitations: text("invitations"),
            brake: ["people", "percent", "hours"].map(text),
            shared: form.field("shared").is_some(),
            test_users: text("test_users"),
        }
    }

    /// What differs from the connection as it is.
    fn change(&self, known: &connections::Connection) -> Result<Change, Error> {
        let (before, [people, percent, hours]) = (Self::of_connection(known), &self.brake);
        let brake = |text: &String, was: &String, what| {
            // An empty field of people is no brake.
            let text = if text.is_empty() { "0" } else { text };
            if text == was { Ok(None) } else { number(text, what).map(Some) }
        };
        let named = self.test_users.replace('\r', "") != before.test_users;
        Ok(Change {
            name: Some(self.name.clone()).filter(|name| *name != before.name),
            grace_days: if self.grace == before.grace {
                None
            } else {
                Some(number(&self.grace, "the days of grace")?)
            },
            invitations: Some(self.invitations.clone()).filter(|word| *word != before.invitations),
            brake_people: brake(people, &before.brake[0], "the people of the brake")?,
            brake_percent: brake(percent, &before.brake[1], "the percent of the brake")?
                .filter(|_| !people.is_empty()),
            brake_hours: brake(hours, &before.brake[2], "the hours of the brake")?
                .filter(|_| !people.is_empty()),
            shared: Some(self.shared).filter(|shared| *shared != before.shared),
            test_users: named.then(|| lines(&self.test_users)),
            ..Change::default()
        })
    }
}

impl Shown {
    fn is_tab(&self, tab: &str) -> bool {
        self.tab == tab
    }

    fn path(&self, rest: &str) -> String {
        self.f.to(&format!("/connections/{}{rest}", self.id))
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
fn named(desk: &Desk) -> Result<&str, Failure> {
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
async fn tab(desk: &Desk, tab: &'static str, refused: Option<(Typed, String)>) -> Result<Response, Failure> {
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
    let shown = Shown {
        findings,
        tokens: if tab == "tokens" { tokens::list(db, &operator, id).await? } else { Vec::new() },
        quirks: if tab == "quirks" { connections::tolerated(db, &operator, id).await? } else { Vec::new() },
        secrets: Secrets::of(desk, &health.connection.profile, None),
        typed: typed.unwrap_or_else(|| Typed::of_connection(&health.connection)),
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
fn back(desk: &Desk, tab: &str, done: &str) -> Response {
    see_other(&format!("/console/{}/connections/{}{tab}?done={done}", desk.tenant.id, desk.part("id")))
}

pub(super) async fn save(desk: Desk, form: Form) -> Response {
    let saved = async || {
        desk.may(Right::Change)?;
        let id = named(&desk)?;
        let (db, operator) = (desk.app().db(), desk.operator("connection update"));
        let known = connections::show(db, &operator, id).await?.connection;
        let typed = Typed::of_form(&form);
        let change = match typed.change(&known) {
            Ok(change) => change,
            Err(error) => return tab(&desk, "settings", Some((typed, said(error)?))).await,
        };
        if change == Change::default() {
            return Ok(back(&desk, "/settings", "saved"));
        }
        let follows = match connections::preview_update(db, &operator, id, &change).await {
            Ok(follows) => follows,
            Err(error) => return tab(&desk, "settings", Some((typed, said(error)?))).await,
        };
        if let Some(again) = asked_first(&form, &follows) {
            return ask_about_test_users(&desk, &form, (&follows, again)).await;
        }
        let agreed = Agreed::Verdicts(follows.tag.clone());
        match connections::update(db, &operator, id, &change, agreed).await {
            Ok(_) => {
                desk.app().work().notify_one();
                Ok(back(&desk, "/settings", "saved"))
            }
            Err(error) => tab(&desk, "settings", Some((typed, said(error)?))).await,
        }
    };
    saved().await.unwrap_or_else(Failure::into_response)
}

/// Asks before people lose something because they become test users.
async fn ask_about_test_users(
    desk: &Desk,
    form: &Form,
    follows: (&Consequences, &str),
) -> Result<Response, Failure> {
    let f = desk.frame(At::Connections).await?;
    let fields = ["name", "grace", "invitations", "people", "percent", "hours", "shared", "test_users"];
    let path = f.to(&format!("/connections/{}/settings", desk.part("id")));
    let question = Question {
        title: f.t("Make these people test users?").to_owned(),
        action: path.clone(),
        back: (path, f.t("Settings").to_owned()),
        button: f.t("Save").to_owned(),
        ..Question::before(&f, form, &fields, follows)
    };
    question.shown(desk, At::Connections).await
}

pub(super) async fn tolerate(desk: Desk, form: Form) -> Response {
    let saved = async || {
        desk.may(Right::Change)?;
        let id = named(&desk)?;
        let (db, operator) = (desk.app().db(), desk.operator("connection update"));
        let change = connections::tolerating(db, &operator, id, &form.fields("quirk")).await?;
        match connections::update(db, &operator, id, &change, Agreed::Nothing).await {
            Ok(_) => Ok(back(&desk, "/quirks", "saved")),
            // It is like that already.
            Err(Error::Refused(said)) if said.ends_with("already") => Ok(back(&desk, "/quirks", "saved")),
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
            effects.push(("clock", "", f.say(days, &token.hint)));
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
        let left =
            known.expires_at.is_none_or(|at| at - desk.now() > chrono::TimeDelta::days(OVERLAP_DAYS.into()));
        if left {
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
        Ok(see_other(&format!("/console/{}/connections?done=deleted", desk.tenant.id)))
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
                    options: others.map(|other| (other.id.to_string(), other.name)).collect(),
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
