//! Adding many users by a file: read, checked, imported, with the rows that were left out as a file.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::io::Cursor;

use askama::Template;
use axum::extract::Multipart;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use operations::imports::{self, ImportId, Options, Summary, Verdict};
use operations::users::by_hand::Licence;
use operations::{Error, Right, csv};

use super::desk::Desk;
use super::frame::{At, Frame};
use super::said::said;
use super::user::{Pool, pools};
use crate::http::error::Failure;
use crate::pages::answer::{page, see_other};
use crate::pages::form::unreadable;

/// The most bytes of a file.
pub(super) const FILE_BYTES: usize = 25 * 1_024 * 1_024;
/// Rows that a page shows.
const SHOWN: usize = 200;
/// Rows that are read at once.
const PORTION: u64 = 1_000;

/// The form.
#[derive(Template)]
#[template(path = "console/users_import.html")]
struct Form {
    f: Frame,
    pools: Vec<Pool>,
    assign: bool,
    columns: BTreeMap<&'static str, String>,
    error: Option<String>,
    earlier: Vec<Summary>,
}

pub(super) async fn form(desk: Desk) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        shown(&desk, None).await
    };
    made().await.unwrap_or_else(Failure::into_response)
}

/// The form, with what was typed and why it was refused; the file must be chosen again.
async fn shown(desk: &Desk, refused: Option<(Sent, String)>) -> Result<Response, Failure> {
    let earlier = imports::list(desk.app().db(), &desk.tenant_id(), 10).await?;
    let (f, mut pools) = (desk.frame(At::Users).await?, pools(desk).await?);
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (typed, error) = refused.unzip();
    // The first pool is the one that is chosen.
    if let Some(Licence::Of(chosen)) = typed.as_ref().map(|typed| &typed.options.licence) {
        pools.sort_by_key(|pool| pool.id != *chosen);
    }
    let assign = typed.as_ref().is_none_or(|typed| typed.options.licence != Licence::None);
    let columns = typed.map(|typed| typed.columns).unwrap_or_default();
    Ok(page(status, &Form { f, pools, assign, columns, error, earlier }))
}

impl Form {
    /// What was typed for a column.
    fn column(&self, name: &str) -> &str {
        self.columns.get(name).map_or("", String::as_str)
    }
}

/// The fields of the form, and the file.
#[derive(Default)]
struct Sent {
    file: Vec<u8>,
    options: Options,
    columns: BTreeMap<&'static str, String>,
}

impl Sent {
    async fn of(mut form: Multipart) -> Result<Self, Failure> {
        let unreadable = |error: MultipartError| unreadable(error.status());
        let (mut sent, mut assign, mut pool) = (Self::default(), false, String::new());
        while let Some(field) = form.next_field().await.map_err(unreadable)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                let shown = |letter: &char| !letter.is_control();
                let called = field.file_name().unwrap_or_default().chars().filter(shown).take(200);
                sent.options.name = called.collect();
                sent.file = field.bytes().await.map_err(unreadable)?.to_vec();
                continue;
            }
            let text = field.text().await.map_err(unreadable)?.trim().to_owned();
            match name.as_str() {
                "assign" => assign = true,
                "pool" => pool = text,
                _ => {
                    let known = ["email", "name", "given", "family", "username"];
                    let known = known.into_iter().find(|known| *known == name && !text.is_empty());
                    sent.columns.extend(known.map(|known| (known, text)));
                }
            }
        }
        sent.options.licence = if assign { Licence::Of(pool) } else { Licence::None };
        let mapped = sent.columns.iter().map(|(what, column)| format!("{column}={what}"));
        let mapping: Vec<String> = mapped.collect();
        sent.options.mapping = (!mapping.is_empty()).then(|| mapping.join(","));
        Ok(sent)
    }
}

pub(super) async fn upload(desk: Desk, form: Result<Multipart, MultipartRejection>) -> Response {
    let read = async || {
        desk.may(Right::Change)?;
        let refused = |it: MultipartRejection| unreadable(it.status());
        let sent = Sent::of(form.map_err(refused)?).await?;
        if sent.file.is_empty() {
            let said = desk.visitor.tongue.t("No file was chosen.").to_owned();
            return shown(&desk, Some((sent, said))).await;
        }
        let (db, operator) = (desk.app().db(), desk.operator("import"));
        let file = Cursor::new(sent.file.as_slice());
        match imports::read(db, &operator, &desk.tenant_id(), file, &sent.options).await {
            Ok(id) => Ok(see_other(&format!("/console/{}/users/import/{id}", desk.tenant.id))),
            Err(error) => shown(&desk, Some((sent, said(error)?))).await,
        }
    };
    read().await.unwrap_or_else(Failure::into_response)
}

/// An import, before, while and after its people are created.
#[derive(Template)]
#[template(path = "console/users_import_shown.html")]
struct Shown {
    f: Frame,
    id: String,
    summary: Summary,
    figures: Vec<Figure>,
    rows: Vec<imports::Row>,
    /// Whether there are more rows than are shown.
    more: bool,
    show: String,
}

/// How many rows have a verdict.
struct Figure {
    word: &'static str,
    label: &'static str,
    number: u64,
    bad: bool,
}

/// What a verdict is called.
fn label(verdict: impl Borrow<Verdict>) -> &'static str {
    match *verdict.borrow() {
        Verdict::New => "New",
        Verdict::Created => "Added",
        Verdict::Waiting => "Waiting for a seat",
        Verdict::Held => "Held for the domain",
        Verdict::Known => "A user already",
        Verdict::Duplicate => "Twice in the file",
        Verdict::BadEmail => "No e-mail address",
        Verdict::NameMissing => "Name missing",
        Verdict::DomainRefused => "Domain refused",
        Verdict::NoSeat => "No seat",
        Verdict::Refused => "Refused",
    }
}

impl Shown {
    fn is(&self, state: &str) -> bool {
        self.summary.state == state
    }

    /// People who come in, or would.
    fn coming(&self) -> u64 {
        self.summary.rows - self.summary.refused()
    }

    /// Rows that are done.
    fn done(&self) -> u64 {
        self.summary.rows - self.summary.verdicts.get(&Verdict::New).copied().unwrap_or(0)
    }

    fn left_out(&self) -> u64 {
        self.summary.refused()
    }

    fn path(&self, rest: &str) -> String {
        self.f.to(&format!("/users/import/{}{rest}", self.id))
    }
}

/// The import of the address.
fn named(desk: &Desk) -> Result<ImportId, Failure> {
    desk.part("id").parse().map_err(|_| Failure::no_endpoint())
}

async fn known(desk: &Desk, id: ImportId) -> Result<Summary, Failure> {
    match imports::show(desk.app().db(), &desk.tenant_id(), id).await {
        Err(Error::Refused(_)) => Err(Failure::status(404, "There is no such import.")),
        known => Ok(known?),
    }
}

/// Whether a row is shown where these rows are asked for; without a word, those that are left out.
fn wanted(row: &imports::Row, show: &str) -> bool {
    if show.is_empty() { row.verdict.is_refusal() } else { row.verdict.as_str() == show }
}

/// The rows of an import, judged, one by one.
async fn judged(
    desk: &Desk,
    summary: Summary,
    mut seen: impl FnMut(&imports::Row) + Send,
) -> Result<Summary, Failure> {
    let Some(id) = summary.id else { return Ok(summary) };
    let (db, tenant) = (desk.app().db(), desk.tenant_id());
    if summary.state == "read" {
        let checked = imports::check(db, &desk.operator("import"), &tenant, id, seen).await?;
        return Ok(Summary { state: summary.state, ..checked });
    }
    let mut after = 0;
    loop {
        let rows = imports::rows(db, &tenant, id, after, PORTION).await?;
        let Some(last) = rows.last() else { return Ok(summary) };
        after = last.number;
        rows.iter().for_each(&mut seen);
    }
}

pub(super) async fn show(desk: Desk) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        let id = named(&desk)?;
        let (summary, show) = (known(&desk, id).await?, desk.asked("show"));
        let (mut rows, mut more) = (Vec::new(), false);
        let keep = |row: &imports::Row| {
            if wanted(row, &show) {
                more |= rows.len() == SHOWN;
                if rows.len() < SHOWN {
                    rows.push(row.clone());
                }
            }
        };
        // While people are created, only numbers are shown.
        let summary = if summary.state == "working" { summary } else { judged(&desk, summary, keep).await? };
        let figure = |(verdict, number): (&Verdict, &u64)| Figure {
            word: verdict.as_str(),
            label: label(*verdict),
            number: *number,
            bad: verdict.is_refusal(),
        };
        let figures = summary.verdicts.iter().map(figure).collect();
        let f = desk.frame(At::Users).await?;
        let shown = Shown { f, id: id.to_string(), figures, summary, rows, more, show };
        Ok::<_, Failure>(page(StatusCode::OK, &shown))
    };
    made().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn begin(desk: Desk) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let id = named(&desk)?;
        imports::begin(desk.app().db(), &desk.operator("import"), &desk.tenant_id(), id).await?;
        desk.app().work().notify_one();
        Ok::<_, Failure>(see_other(&format!("/console/{}/users/import/{id}", desk.tenant.id)))
    };
    done().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn discard(desk: Desk) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let id = named(&desk)?;
        imports::discard(desk.app().db(), &desk.operator("import"), &desk.tenant_id(), id).await?;
        Ok::<_, Failure>(see_other(&format!("/console/{}/users/import?done=discarded", desk.tenant.id)))
    };
    done().await.unwrap_or_else(Failure::into_response)
}

/// The rows that are left out, each with why, as a file that can be corrected and imported again.
pub(super) async fn left_out(desk: Desk) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        let id = named(&desk)?;
        let summary = known(&desk, id).await?;
        let mut text = csv::line(["row", "name", "email", "username", "result", "reason"]) + "\r\n";
        let keep = |row: &imports::Row| {
            if row.verdict.is_refusal() {
                let reason = row.reason.as_deref().unwrap_or_default();
                let number = row.number.to_string();
                let cells = [&number, &row.name, &row.email, &row.user_name, row.verdict.as_str(), reason];
                text.push_str(&csv::line(cells));
                text.push_str("\r\n");
            }
        };
        judged(&desk, summary, keep).await?;
        let mut response = text.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
        let name = HeaderValue::from_static("attachment; filename=\"left-out.csv\"");
        headers.insert(CONTENT_DISPOSITION, name);
        Ok::<_, Failure>(response)
    };
    made().await.unwrap_or_else(Failure::into_response)
}
