//! A licence pool made, changed and deleted: what people would get and lose stands there before it happens.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use operations::consequences::Agreed;
use operations::pools::{self, Change, New, Pool};
use operations::{Error, Right};

use super::confirm::{Question, asked_first};
use super::connections::number;
use super::desk::Desk;
use super::fields::{CLASH, Field, Kind, SHOWN, Section, Values, as_shown, changed, choices, filled, typed};
use super::frame::{At, Frame};
use super::said::said;
use crate::http::error::Failure;
use crate::pages::answer::{of_form, page, see_other};
use crate::pages::form::Form;

/// The form of a pool, new or known.
#[derive(Template)]
#[template(path = "console/pool_edit.html")]
struct PoolEdit {
    f: Frame,
    /// The id and the name of the pool; none of a new one.
    known: Option<(String, String)>,
    sections: Vec<Section>,
    shown: String,
    error: Option<String>,
}

fn sections(f: &Frame) -> Vec<Section> {
    use Kind::{Check, Choice, Line, Short};
    let policies = [
        ("queue", "They wait in a list"),
        ("reject", "The request is refused"),
        ("overage", "They get a seat beyond those bought"),
    ];
    vec![
        Section {
            title: "Pool",
            hint: "A pool holds the seats of one plan.",
            fields: vec![
                Field::new("name", "Name", "", Line),
                Field::new("seats", "Seats bought", "", Short),
                Field::new("policy", "When no seat is free", "", Choice(choices(f, policies))),
            ],
        },
        Section {
            title: "End",
            hint: "After the last day its seats let nobody in.",
            fields: vec![Field::new("expires", "Last day", "2027-01-31, for example. Empty: never.", Short)],
        },
        Section {
            title: "Who gets a seat",
            hint: "Besides bound groups and people by hand.",
            fields: vec![
                Field::new("everyone", "Everyone", "Each user of the organisation gets a seat.", Check),
                Field::new(
                    "rule",
                    "Everyone who matches a rule",
                    "A SCIM filter: active eq true and title pr, for example. Empty: no rule.",
                    Line,
                ),
            ],
        },
    ]
}

/// What a pool says now; of a new one, what is most often chosen.
fn values(pool: Option<&Pool>) -> Values {
    let of = |text: &dyn Fn(&Pool) -> String| pool.map(text).unwrap_or_default();
    Values::from([
        ("name", of(&|pool| pool.name.clone())),
        ("seats", of(&|pool| pool.seats.to_string())),
        ("policy", pool.map_or_else(|| "queue".to_owned(), |pool| pool.policy.to_string())),
        ("expires", of(&|pool| expires(pool))),
        ("everyone", of(&|pool| if pool.for_everyone { "yes".to_owned() } else { String::new() })),
        ("rule", of(&|pool| pool.rule.clone().unwrap_or_default())),
    ])
}

/// The last day, or the instant, from which the seats of a pool count no more.
fn expires(pool: &Pool) -> String {
    let day = pool.last_day.map(|day| day.to_string());
    day.or_else(|| pool.expires_at.map(|at| at.to_rfc3339())).unwrap_or_default()
}

fn new(typed: &Values, tenant: String) -> Result<New, Error> {
    let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
    Ok(New {
        tenant,
        name: text("name"),
        seats: number(&text("seats"), "the seats")?,
        policy: text("policy"),
        expires: some("expires"),
        for_everyone: some("everyone").is_some(),
        rule: some("rule"),
    })
}

fn change(typed: &Values, now: &Values) -> Result<Change, Error> {
    let changed = |name: &str| changed(typed, now, name);
    let none = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(Change {
        name: changed("name"),
        seats: changed("seats").map(|text| number(&text, "the seats")).transpose()?,
        policy: changed("policy"),
        expires: changed("expires").map(none),
        for_everyone: changed("everyone").map(|text| !text.is_empty()),
        rule: changed("rule").map(none),
    })
}

/// The pool of the address; none on the page of a new one.
async fn known(desk: &Desk) -> Result<Option<Pool>, Failure> {
    let id = desk.part("pool");
    if id.is_empty() {
        return Ok(None);
    }
    if id.parse::<uuid::Uuid>().is_err() {
        return Err(Failure::no_endpoint());
    }
    match pools::find(desk.app().db(), &desk.operator("pool show"), id).await {
        Err(Error::Refused(_)) => Err(Failure::status(404, "There is no such licence pool.")),
        pool => Ok(Some(pool?)),
    }
}

pub(super) async fn form(desk: Desk) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        let pool = known(&desk).await?;
        shown(&desk, pool.as_ref(), values(pool.as_ref()), None).await
    };
    made().await.unwrap_or_else(Failure::into_response)
}

async fn shown(
    desk: &Desk,
    pool: Option<&Pool>,
    values: Values,
    error: Option<String>,
) -> Result<Response, Failure> {
    let f = desk.frame(At::Licences).await?;
    let status = of_form(error.as_ref());
    let sections = filled(sections(&f), &values);
    let shown = as_shown(&self::values(pool));
    let known = pool.map(|pool| (pool.id.to_string(), pool.name.clone()));
    Ok(page(status, &PoolEdit { f, known, sections, shown, error }))
}

pub(super) async fn save(desk: Desk, form: Form) -> Response {
    let saved = async || {
        desk.may(Right::Change)?;
        let pool = known(&desk).await?;
        let now = values(pool.as_ref());
        let (typed, clash) = typed(&form, &now);
        if clash {
            let said = desk.visitor.tongue.t(CLASH).to_owned();
            return shown(&desk, pool.as_ref(), typed, Some(said)).await;
        }
        if let Some(pool) = pool.as_ref().filter(|_| typed == now) {
            return Ok(back(&desk, &format!("/{}", pool.id), "saved"));
        }
        let (db, operator) = (desk.app().db(), desk.operator("pool update"));
        let tried = async {
            match &pool {
                Some(pool) => {
                    pools::preview_update(db, &operator, &pool.id.to_string(), &change(&typed, &now)?).await
                }
                None => pools::preview_create(db, &operator, &new(&typed, desk.tenant_id())?).await,
            }
        };
        let follows = match tried.await {
            Ok(follows) => follows,
            Err(error) => return shown(&desk, pool.as_ref(), typed, Some(said(error)?)).await,
        };
        if let Some(again) = asked_first(&form, &follows) {
            let f = desk.frame(At::Licences).await?;
            let fields: Vec<&'static str> = now.keys().copied().chain([SHOWN]).collect();
            let path = match &pool {
                Some(pool) => f.to(&format!("/licences/{}/edit", pool.id)),
                None => f.to("/licences/add"),
            };
            let question = Question {
                title: f.t(if pool.is_some() { "Change the pool?" } else { "Make the pool?" }).to_owned(),
                action: path.clone(),
                back: (path, f.t("Licences").to_owned()),
                button: f.t("Save").to_owned(),
                ..Question::before(&f, &form, &fields, (&follows, again))
            };
            return question.shown(&desk, At::Licences).await;
        }
        let carried = async {
            match &pool {
                Some(pool) => {
                    let (id, agreed) = (pool.id.to_string(), Agreed::Verdicts(follows.tag));
                    pools::update(db, &operator, &id, &change(&typed, &now)?, agreed).await
                }
                None => pools::create(db, &operator, &new(&typed, desk.tenant_id())?).await,
            }
        };
        match carried.await {
            Ok((pool, _)) => {
                desk.app().work().notify_one();
                Ok(back(&desk, &format!("/{}", pool.id), "saved"))
            }
            Err(error) => shown(&desk, pool.as_ref(), typed, Some(said(error)?)).await,
        }
    };
    saved().await.unwrap_or_else(Failure::into_response)
}

fn back(desk: &Desk, below: &str, done: &str) -> Response {
    see_other(&format!("/console/{}/licences{below}?done={done}", desk.tenant.id))
}

pub(super) async fn ask_delete(desk: Desk) -> Response {
    delete_question(&desk, None, "").await.unwrap_or_else(Failure::into_response)
}

async fn delete_question(desk: &Desk, form: Option<&Form>, again: &str) -> Result<Response, Failure> {
    desk.may(Right::Change)?;
    let pool = known(desk).await?.ok_or_else(Failure::no_endpoint)?;
    let id = pool.id.to_string();
    let follows = pools::preview_delete(desk.app().db(), &desk.operator("pool delete"), &id).await?;
    let f = desk.frame(At::Licences).await?;
    let empty = Form::default();
    let question = Question {
        title: f.label("Delete the pool {a}?", &pool.name),
        action: f.to(&format!("/licences/{id}/delete")),
        back: (f.to(&format!("/licences/{id}")), pool.name),
        button: f.t("Delete 1 pool").to_owned(),
        ..Question::before(&f, form.unwrap_or(&empty), &[], (&follows, again))
    };
    Question { danger: true, ..question }.shown(desk, At::Licences).await
}

pub(super) async fn delete(desk: Desk, form: Form) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let pool = known(&desk).await?.ok_or_else(Failure::no_endpoint)?;
        let (db, operator, id) = (desk.app().db(), desk.operator("pool delete"), pool.id.to_string());
        let follows = pools::preview_delete(db, &operator, &id).await?;
        if let Some(again) = asked_first(&form, &follows) {
            return delete_question(&desk, Some(&form), again).await;
        }
        pools::delete(db, &operator, &id, Agreed::Verdicts(follows.tag)).await?;
        desk.app().work().notify_one();
        Ok(back(&desk, "", "deleted"))
    };
    done().await.unwrap_or_else(Failure::into_response)
}
