//! The groups, and to which pools they are bound.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::directory::{self, Group};

use super::desk::Desk;
use super::frame::{At, Frame};
use super::user::{Pool, pools};
use crate::http::error::Failure;
use crate::pages::answer::page;

/// Groups of a page.
const ROWS: u64 = 100;

/// The groups with everything around them.
#[derive(Template)]
#[template(path = "console/groups.html")]
struct List {
    f: Frame,
    search: String,
    hide_dynamic: bool,
    groups: Vec<Group>,
    total: u64,
    pools: Vec<Pool>,
    previous: Option<String>,
    next: Option<String>,
}

/// The list alone, for a script that filters it.
#[derive(Template)]
#[template(path = "console/_group_list.html")]
struct Part<'a> {
    f: &'a Frame,
    search: &'a str,
    hide_dynamic: bool,
    groups: &'a [Group],
    total: u64,
    previous: Option<&'a str>,
    next: Option<&'a str>,
}

/// A page of groups, and where the pages around it are.
pub(super) struct Found {
    pub(super) groups: Vec<Group>,
    pub(super) total: u64,
    pub(super) previous: Option<u64>,
    pub(super) next: Option<u64>,
}

/// The groups whose name holds a word, static ones alone where dynamic ones are hidden, from a place on.
pub(super) async fn found(desk: &Desk) -> Result<Found, Failure> {
    let search = desk.asked("q");
    let quoted = serde_json::Value::from(search.trim());
    let start = desk.asked("start").parse::<u32>().map_or(1, |start| u64::from(start.max(1)));
    let part = directory::Part {
        filter: (!search.trim().is_empty()).then(|| format!("displayName co {quoted}")),
        start,
        count: ROWS,
        ..directory::Part::default()
    };
    let kind = hides_dynamic(desk).then_some(false);
    let listed = directory::groups(desk.app().db(), &desk.tenant_id(), kind, &part).await?;
    let behind = start + listed.items.len() as u64;
    Ok(Found {
        previous: (start > 1).then(|| start.saturating_sub(ROWS).max(1)),
        next: (behind <= listed.total && !listed.items.is_empty()).then_some(behind),
        total: listed.total,
        groups: listed.items,
    })
}

/// Whether dynamic groups are hidden.
pub(super) fn hides_dynamic(desk: &Desk) -> bool {
    !desk.asked("hide_dynamic").is_empty()
}

/// The query of another page of the groups that are looked at.
pub(super) fn query(desk: &Desk, pool: Option<&str>, start: u64) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pool.map(|pool| ("pool", pool)));
    let search = desk.asked("q");
    query.extend_pairs([("q", search.as_str())].into_iter().filter(|(_, word)| !word.is_empty()));
    query.extend_pairs(hides_dynamic(desk).then_some(("hide_dynamic", "yes")));
    query.append_pair("start", &start.to_string());
    query.finish()
}

pub(super) async fn list(desk: Desk) -> Response {
    let made = async || {
        let (found, f) = (found(&desk).await?, desk.frame(At::Groups).await?);
        let (search, hide_dynamic) = (desk.asked("q"), hides_dynamic(&desk));
        let address = |start: u64| f.to(&format!("/groups?{}", query(&desk, None, start)));
        let (previous, next) = (found.previous.map(address), found.next.map(address));
        if desk.fragment() {
            let list = Part {
                f: &f,
                search: &search,
                hide_dynamic,
                groups: &found.groups,
                total: found.total,
                previous: previous.as_deref(),
                next: next.as_deref(),
            };
            return Ok(page(StatusCode::OK, &list));
        }
        let pools = pools(&desk).await?;
        let Found { groups, total, .. } = found;
        Ok::<_, Failure>(page(
            StatusCode::OK,
            &List { f, search, hide_dynamic, groups, total, pools, previous, next },
        ))
    };
    made().await.unwrap_or_else(Failure::into_response)
}
