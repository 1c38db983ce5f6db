//! What an administrator does to several people at once, after a dialog that says what follows for all of them.

use axum::response::{IntoResponse as _, Response};
use operations::consequences::Agreed;
use operations::hand::{self, Many, Word};
use operations::reminders::{self, Whom};
use operations::{Error, Right};

use super::confirm::{CHANGED, Question, Select, asked_first, effects};
use super::desk::Desk;
use super::frame::{At, Frame};
use super::user::pools;
use crate::http::error::Failure;
use crate::pages::answer::see_other;
use crate::pages::form::Form;

/// The most people of one form: as many as a page shows.
const MOST: usize = 50;
/// People who are named because they are left out.
const NAMED: usize = 5;
/// Hours after a reminder within which there is no second one.
const PAUSE: u32 = 48;

/// The people who are ticked, by their ids.
fn ticked(form: &Form) -> Result<Vec<String>, Failure> {
    let mut ids: Vec<String> = Vec::new();
    for id in form.fields("id") {
        if id.parse::<uuid::Uuid>().is_ok() && !ids.contains(&id) {
            ids.push(id);
        }
    }
    match ids.len() {
        0 => Err(Failure::status(422, "Tick at least one person first.")),
        1..=MOST => Ok(ids),
        _ => Err(Failure::status(422, "These are too many people at once: tick those of one page.")),
    }
}

/// The list from which the people were ticked.
fn list(desk: &Desk, form: &Form, done: &str) -> String {
    let query = form.field("list").unwrap_or_default();
    let query = if query.is_empty() { format!("done={done}") } else { format!("{query}&done={done}") };
    format!("/console/{}/users?{query}", desk.tenant.id)
}

pub(super) async fn act(desk: Desk, form: Form) -> Response {
    let done = async || {
        // The least right of these; what changes something needs more.
        desk.may(Right::Remind)?;
        match desk.part("act") {
            "assign" => assign(&desk, &form).await,
            "deactivate" => say(&desk, &form, &Word::Deactivate, Vec::new()).await,
            "remind" => remind(&desk, &form).await,
            _ => Err(Failure::no_endpoint()),
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}

async fn assign(desk: &Desk, form: &Form) -> Result<Response, Failure> {
    desk.may(Right::Change)?;
    let mut pools = pools(desk).await?;
    let chosen = form.field("pool").unwrap_or_default();
    // The pool that is chosen stands first.
    pools.sort_by_key(|pool| pool.id != chosen);
    let first = pools.first().map(|pool| pool.id.clone());
    let first = first.ok_or_else(|| Failure::status(409, "There is no licence pool yet: make one first."))?;
    let options = pools.into_iter().map(|pool| (pool.id, pool.name)).collect();
    say(desk, form, &Word::Assign(Some(first)), options).await
}

/// Says a word about the people who are ticked, or asks before.
async fn say(
    desk: &Desk,
    form: &Form,
    word: &Word,
    pools: Vec<(String, String)>,
) -> Result<Response, Failure> {
    desk.may(Right::Change)?;
    let (db, ids) = (desk.app().db(), ticked(form)?);
    let operator = desk.operator("user preview");
    let many = hand::preview_many(db, &operator, &ids, word).await?;
    let again = match form.field("tag") {
        None => Some(""),
        // Another pool was chosen in the dialog.
        Some(_) if form.field("pool") != form.field("previewed") => Some(""),
        Some(tag) if tag != many.follows.tag => Some(CHANGED),
        Some(_) => asked_first(form, &many.follows),
    };
    if let Some(again) = again {
        return ask(desk, form, word, (many, pools, again)).await;
    }
    let command = if *word == Word::Deactivate { "user deactivate" } else { "user assign" };
    let agreed = Agreed::Verdicts(many.follows.tag.clone());
    let done = match hand::say_many(db, &desk.operator(command), &ids, word, agreed).await {
        Err(Error::Otherwise(_)) => {
            return ask(desk, form, word, (many, pools, CHANGED)).await;
        }
        done => done?,
    };
    desk.app().work().notify_one();
    let whole = done.left_out.len() == many.left_out.len();
    let said = match (whole, word) {
        (false, _) => "some",
        (true, Word::Deactivate) => "deactivated-many",
        (true, _) => "assigned-many",
    };
    Ok(see_other(&list(desk, form, said)))
}

async fn ask(
    desk: &Desk,
    form: &Form,
    word: &Word,
    (many, pools, again): (Many, Vec<(String, String)>, &str),
) -> Result<Response, Failure> {
    let f = desk.frame(At::Users).await?;
    let deactivates = *word == Word::Deactivate;
    let mut all = effects(&f, &many.follows);
    for (name, why) in many.left_out.iter().take(NAMED) {
        all.push(("users", "", f.say2("*{a}* is left out: {b}.", name, why)));
    }
    if many.left_out.len() > NAMED {
        let more = (many.left_out.len() - NAMED) as u64;
        all.push(("users", "", f.many(more, "1 more person is left out.", "{n} more people are left out.")));
    }
    let people = many.people;
    let title = if deactivates {
        f.count(people, "Deactivate 1 user?", "Deactivate {n} users?")
    } else {
        f.count(people, "Assign a licence to 1 user?", "Assign a licence to {n} users?")
    };
    let button = if deactivates {
        f.count(people, "Deactivate 1 user", "Deactivate {n} users")
    } else {
        f.count(people, "Assign 1 licence", "Assign {n} licences")
    };
    let mut question = Question {
        title,
        button,
        action: f.to(&format!("/users/bulk/{}", desk.part("act"))),
        back: (list(desk, form, ""), f.t("Users").to_owned()),
        ..Question::before(&f, form, &["list"], (&many.follows, again))
    };
    question.effects = all;
    question.danger = deactivates;
    question.hidden.extend(form.fields("id").into_iter().map(|id| ("id", id)));
    if let Some((first, _)) = pools.first() {
        question.hidden.push(("previewed", first.clone()));
        let help = f.t("With another pool, what follows is shown once more.").to_owned();
        question.selects.push(Select { name: "pool", label: f.t("Pool").to_owned(), help, options: pools });
    }
    question.shown(desk, At::Users).await
}

/// Reminds the people who are ticked, or asks before.
async fn remind(desk: &Desk, form: &Form) -> Result<Response, Failure> {
    let (db, tenant, ids) = (desk.app().db(), desk.tenant_id(), ticked(form)?);
    let filter = ids.iter().map(|id| format!("id eq \"{id}\"")).collect::<Vec<_>>().join(" or ");
    let whom = Whom { filter: Some(filter), pause_hours: PAUSE, ..Whom::default() };
    if form.field("sure").is_some() {
        reminders::send(db, &desk.operator("reminder send"), &tenant, &whom, false).await?;
        desk.app().work().notify_one();
        return Ok(see_other(&list(desk, form, "reminded-many")));
    }
    let many = reminders::send(db, &desk.operator("reminder send"), &tenant, &whom, true).await?;
    let f = desk.frame(At::Users).await?;
    let mut hidden = vec![("sure", "yes".to_owned()), ("list", form.field("list").unwrap_or_default())];
    hidden.extend(ids.into_iter().map(|id| ("id", id)));
    let question = Question {
        title: f.count(many.sent, "Send a reminder to 1 user?", "Send a reminder to {n} users?"),
        effects: reasons(&f, &many),
        hidden,
        action: f.to("/users/bulk/remind"),
        back: (list(desk, form, ""), f.t("Users").to_owned()),
        button: f.count(many.sent, "Send 1 reminder", "Send {n} reminders"),
        ..Question::default()
    };
    question.shown(desk, At::Users).await
}

/// Who gets a reminder, and why others get none.
fn reasons(f: &Frame, many: &operations::asked::Concerned) -> Vec<super::confirm::Effect> {
    let sent = f.many(
        many.sent,
        "*1 person* gets an e-mail now. It names the step that is next.",
        "*{n} people* get an e-mail now. It names the step that is next.",
    );
    let mut effects = vec![("mail", "", sent)];
    for omitted in &many.left_out {
        let (who, why) = (omitted.first.join(", "), f.t(because(omitted.reason)).to_owned());
        let more = omitted.people.saturating_sub(omitted.first.len() as u64);
        let who = if more > 0 { format!("{who}, +{more}") } else { who };
        effects.push(("clock", "icon-warn", f.say2("*{a}*: left out, because {b}.", who, why)));
    }
    effects
}

/// Why people get no reminder, in words that read on from “because”.
fn because(reason: &str) -> &'static str {
    match reason {
        "no-access" => "they have no access",
        "active" => "they have finished",
        "not-invited" => "no invitation was sent yet",
        "by-application" => "the application invites them",
        "no-address" => "they have no e-mail address",
        "address-refused" => "the mail server refused their address for good",
        "on-its-way" => "a reminder is on its way",
        _ => "they were reminded a short while ago",
    }
}
