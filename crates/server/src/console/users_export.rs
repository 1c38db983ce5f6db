//! The users whom the filters let through, as a file.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use operations::roster::{self, Person};
use operations::{Right, csv};

use super::desk::Desk;
use super::users::filter;
use crate::http::error::Failure;

/// People who are read at once.
const PORTION: u64 = 500;

const COLUMNS: [&str; 12] = [
    "id",
    "user name",
    "name",
    "email",
    "status",
    "active",
    "licences",
    "waits for",
    "origin",
    "last used",
    "seat kept until",
    "held for domain",
];

pub(super) async fn export(desk: Desk) -> Response {
    exported(desk).unwrap_or_else(Failure::into_response)
}

/// The people are read in portions while they are sent.
fn exported(desk: Desk) -> Result<Response, Failure> {
    desk.may(Right::Export)?;
    let begin = csv::line(COLUMNS) + "\r\n";
    let first = stream::once(async { Ok::<_, operations::Error>(Bytes::from(begin)) });
    let wanted = filter(&desk);
    let portions = stream::try_unfold(Some((desk, None)), move |state| {
        let wanted = wanted.clone();
        async move {
            let Some((desk, after)) = state else { return Ok(None) };
            let portion = roster::Page { after, rows: PORTION, ..roster::Page::default() };
            let found =
                roster::page(desk.app().db(), &desk.tenant_id(), (&wanted, &portion), desk.now()).await?;
            let lines: String = found.people.iter().map(row).collect();
            let next = found.after.map(|after| (desk, Some(after)));
            Ok(Some((Bytes::from(lines), next)))
        }
    });
    let mut response = Body::from_stream(futures::StreamExt::chain(first, portions)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    let file = HeaderValue::from_static("attachment; filename=\"users.csv\"");
    headers.insert(CONTENT_DISPOSITION, file);
    Ok(response)
}

fn row(person: &Person) -> String {
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| at.to_rfc3339()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let waits = person.waits.as_ref().map(|(pools, _)| pools.join("; ")).unwrap_or_default();
    let line = csv::line([
        person.id.to_string(),
        person.user_name.clone(),
        text(&person.name),
        text(&person.email),
        person.status.to_string(),
        person.active.to_string(),
        person.seats.join("; "),
        waits,
        text(&person.connection),
        time(person.last_used_at),
        time(person.kept_until),
        text(&person.held),
    ]);
    line + "\r\n"
}
