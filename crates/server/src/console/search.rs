//! The search through everything: people, groups, pools, connections and requests.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::directory::{self, Group};
use operations::{connections, pools, request_log, roster};

use super::desk::Desk;
use super::frame::{At, Frame};
use super::users::Row;
use crate::http::error::Failure;
use crate::pages::answer::{page, see_other};

/// The most of each kind that is shown.
const ROWS: u64 = 8;

/// What was found.
#[derive(Template)]
#[template(path = "console/search.html", blocks = ["found"])]
struct Found {
    f: Frame,
    typed: String,
    people: Vec<Row>,
    more_people: bool,
    groups: Vec<Group>,
    more_groups: bool,
    /// Pools and connections: the kind, the address and the name.
    others: Vec<(&'static str, String, String)>,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.people.is_empty() && self.groups.is_empty() && self.others.is_empty()
    }
}

pub(super) async fn search(desk: Desk) -> Response {
    answer(&desk).await.unwrap_or_else(Failure::into_response)
}

async fn answer(desk: &Desk) -> Result<Response, Failure> {
    let (db, tenant) = (desk.app().db(), desk.tenant_id());
    let typed = desk.asked("q").trim().to_owned();
    let f = desk.frame(At::Search).await?;
    // An id leads to what it is of.
    if typed.parse::<uuid::Uuid>().is_ok() && !desk.fragment() {
        if roster::one(db, &tenant, &typed).await?.is_some() {
            return Ok(see_other(&f.to(&format!("/users/{typed}"))));
        }
        if request_log::show(db, &desk.operator("requests show"), &typed).await.is_ok() {
            return Ok(see_other(&f.to(&format!("/inspector/{typed}"))));
        }
    }
    let mut found = Found {
        f,
        people: Vec::new(),
        more_people: false,
        groups: Vec::new(),
        more_groups: false,
        others: Vec::new(),
        typed,
    };
    if !found.typed.is_empty() {
        let filter = roster::Filter { search: found.typed.clone(), ..roster::Filter::default() };
        let wanted = roster::Page { rows: ROWS, ..roster::Page::default() };
        let people = roster::page(db, &tenant, (&filter, &wanted), desk.now()).await?;
        found.more_people = people.after.is_some();
        found.people = people.people.into_iter().map(Row::new).collect();
        let quoted = serde_json::Value::from(found.typed.as_str());
        let part = directory::Part {
            filter: Some(format!("displayName sw {quoted}")),
            start: 1,
            count: ROWS,
            ..directory::Part::default()
        };
        let groups = directory::groups(db, &tenant, None, &part).await?;
        found.more_groups = groups.total > groups.items.len() as u64;
        found.groups = groups.items;
        let sought = scim::text::without_accents(&found.typed);
        let fits = |name: &str| scim::text::without_accents(name).contains(&sought);
        for pool in pools::list(db, &tenant).await?.into_iter().filter(|pool| fits(&pool.name)) {
            found.others.push(("Pool", found.f.to(&format!("/licences/{}", pool.id)), pool.name));
        }
        for known in connections::list(db, &tenant).await?.into_iter().filter(|known| fits(&known.name)) {
            let address = found.f.to(&format!("/connections/{}", known.id));
            found.others.push(("Connection", address, known.name));
        }
    }
    if desk.fragment() {
        return Ok(page(StatusCode::OK, &found.as_found()));
    }
    Ok(page(StatusCode::OK, &found))
}
