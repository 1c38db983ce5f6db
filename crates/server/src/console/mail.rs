//! The mail: what waits and what was sent, with its outcome; and what keeps it from leaving.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::Right;
use operations::mail::{self, Listed, Query};

use super::chip::{self, Chip};
use super::desk::Desk;
use super::frame::{At, Frame};
use crate::http::error::Failure;
use crate::pages::answer::{page, see_other};

/// Mails of a page.
const ROWS: u64 = 100;

/// The mails with their filters.
#[derive(Template)]
#[template(path = "console/mail.html", blocks = ["mails"])]
struct Mail {
    f: Frame,
    tab: &'static str,
    user: String,
    chips: Vec<Chip>,
    mails: Vec<Listed>,
    /// Where older mails stand.
    older: Option<String>,
    /// Whether a mail server is set.
    sends: bool,
    stopped: Option<String>,
    narrowed: bool,
    unknown: bool,
}

/// What a state of a mail is called, and the look of its pill.
fn state(word: &str) -> (&'static str, &'static str) {
    match word {
        "waiting" => ("Waiting", "waiting"),
        "queued" => ("On its way", "waiting"),
        "sent" => ("Sent", "active"),
        "refused" => ("Refused", "bad"),
        "held" => ("Held back", "pending"),
        "withdrawn" => ("Withdrawn", "deactivated"),
        _ => ("Given up", "bad"),
    }
}

/// What a kind of mail is called.
pub(super) fn kind(word: &str) -> &'static str {
    match word {
        "invitation" => "Invitation",
        "code" => "Verification code",
        "reminder" => "Reminder",
        "return" => "Return notice",
        "deactivated" => "Deactivation notice",
        "alert" => "Alert",
        "test" => "Test",
        _ => "Mail",
    }
}

pub(super) async fn list(desk: Desk) -> Response {
    answer(&desk).await.unwrap_or_else(Failure::into_response)
}

async fn answer(desk: &Desk) -> Result<Response, Failure> {
    let (db, tenant, operator) = (desk.app().db(), desk.tenant_id(), desk.operator("mail list"));
    let [user, wanted, of_kind] = ["q", "state", "kind"].map(|name| desk.asked(name).trim().to_owned());
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let query = Query {
        state: some(&wanted),
        kind: some(&of_kind),
        user: some(&user),
        after: desk.asked("after").parse().ok(),
        most: ROWS,
    };
    // A state, a kind or a person that does not exist has no mail.
    let (mails, unknown) = match mail::list(db, &operator, &tenant, &query).await {
        Err(operations::Error::Refused(_)) => (Vec::new(), true),
        mails => (mails?, false),
    };
    let stopped = mail::stopped_at(db, &tenant).await?;
    let f = desk.frame(At::Mail).await?;
    let states: Vec<_> = mail::states().map(|word| (word, state(word).0)).collect();
    let kinds: Vec<_> = mail::kinds().map(|word| (word, kind(word))).collect();
    let pairs = [("q", user.as_str()), ("state", &wanted), ("kind", &of_kind)];
    let shown = Mail {
        tab: "mails",
        narrowed: !chip::query(pairs).is_empty(),
        chips: vec![
            Chip::new("State", "state", &wanted, &states),
            Chip::new("Kind", "kind", &of_kind, &kinds),
        ],
        sends: !desk.app().config().mail.smtp_host.is_empty(),
        stopped: stopped.map(|at| f.when(&at)),
        older: mails.last().filter(|_| mails.len() as u64 == ROWS).map(|last| {
            let last = last.id.to_string();
            f.to(&format!("/mail?{}", chip::query(pairs.into_iter().chain([("after", last.as_str())]))))
        }),
        mails,
        unknown,
        user,
        f,
    };
    if desk.fragment() {
        return Ok(page(StatusCode::OK, &shown.as_mails()));
    }
    Ok(page(StatusCode::OK, &shown))
}

/// One mail with what it says.
#[derive(Template)]
#[template(path = "console/mail_shown.html")]
struct Shown {
    f: Frame,
    it: mail::Shown,
}

pub(super) async fn show(desk: Desk) -> Response {
    let made = async || {
        let (db, operator) = (desk.app().db(), desk.operator("mail show"));
        let it = match mail::show(db, &operator, &desk.tenant_id(), desk.part("id")).await {
            Err(operations::Error::Refused(_)) => return Err(Failure::status(404, "There is no such mail.")),
            it => it?,
        };
        Ok(page(StatusCode::OK, &Shown { f: desk.frame(At::Mail).await?, it }))
    };
    made().await.unwrap_or_else(Failure::into_response)
}

/// Lets mail go that is held back, or all that has stopped.
pub(super) async fn act(desk: Desk) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let (db, tenant) = (desk.app().db(), desk.tenant_id());
        let some = match desk.part("act") {
            "release" => mail::release(db, &desk.operator("mail release"), &tenant).await? > 0,
            "resume" => mail::resume(db, &desk.operator("mail resume"), &tenant).await?,
            "invitations" => {
                let (operator, all) = (desk.operator("invitation release"), u64::from(u32::MAX));
                operations::invitations::release(db, &operator, &tenant, None, all).await? > 0
            }
            _ => return Err(Failure::no_endpoint()),
        };
        desk.app().work().notify_one();
        let done = if some { "released" } else { "nothing" };
        Ok(see_other(&format!("/console/{tenant}/mail?done={done}")))
    };
    done().await.unwrap_or_else(Failure::into_response)
}
