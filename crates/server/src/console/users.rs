//! The users: found by words and filters, a page at a time, with a switch for each licence.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::roster::{self, Filter, Person};
use provisioning::Status;

use super::chip::{self, Chip};
use super::desk::Desk;
use super::frame::{At, Frame, initials};
use crate::http::error::Failure;
use crate::pages::answer::page;

/// Rows of a page, and what can be chosen.
const ROWS: [u64; 2] = [20, 50];

/// The list with everything around it.
#[derive(Template)]
#[template(path = "console/users.html")]
pub(super) struct Users {
    f: Frame,
    filter: Filter,
    people: Vec<Row>,
    found: u64,
    more: bool,
    /// What is filtered, as the query of an address.
    query: String,
    /// The address of this page of the list.
    here: String,
    previous: Option<String>,
    next: Option<String>,
    views: Vec<View>,
    chips: Vec<Chip>,
}

/// A saved filter.
struct View {
    label: &'static str,
    query: String,
    present: bool,
    people: Option<u64>,
}

/// The list alone, for a script that filters it.
#[derive(Template)]
#[template(path = "console/_user_list.html")]
pub(super) struct UserList<'a> {
    f: &'a Frame,
    filter: &'a Filter,
    people: &'a [Row],
    found: u64,
    more: bool,
    query: &'a str,
    here: &'a str,
    previous: Option<&'a str>,
    next: Option<&'a str>,
}

/// One row, for a switch that changed it.
#[derive(Template)]
#[template(path = "console/_user_row.html")]
pub(super) struct OneRow<'a> {
    pub(super) f: &'a Frame,
    pub(super) p: &'a Row,
}

/// What can be done with the person of a row.
#[derive(Template)]
#[template(path = "console/_user_menu.html")]
struct Menu {
    f: Frame,
    p: Row,
}

/// A person as a row shows them.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) initials: String,
    pub(super) sub: String,
    pub(super) status: &'static str,
    pub(super) person: Person,
}

impl Row {
    fn is_pending(&self) -> bool {
        self.person.status == Status::Pending
    }
}

impl Row {
    pub(super) fn new(person: Person) -> Self {
        let name = person.name.clone().unwrap_or_else(|| person.user_name.clone());
        Self {
            id: person.id.to_string(),
            initials: initials(&name),
            sub: person.email.clone().unwrap_or_else(|| person.user_name.clone()),
            status: status_word(person.status),
            name,
            person,
        }
    }
}

/// The word of the pill of a status: a suspended person has no access, which is what administrators look for.
pub(super) const fn status_word(status: Status) -> &'static str {
    match status {
        Status::NoLicence => "none",
        Status::Pending => "pending",
        Status::Active => "active",
        Status::Suspended | Status::Deactivated => "deactivated",
    }
}

pub(super) async fn list(desk: Desk) -> Response {
    answer(&desk).await.unwrap_or_else(Failure::into_response)
}

/// The menu of a row, which is loaded when it is opened.
pub(super) async fn menu(desk: Desk) -> Response {
    let made = async || {
        let found = roster::one(desk.app().db(), &desk.tenant_id(), desk.part("id")).await?;
        let found = found.ok_or_else(|| Failure::status(404, "There is no such user."))?;
        Ok::<_, Failure>(page(StatusCode::OK, &Menu { f: desk.frame(At::Users).await?, p: Row::new(found) }))
    };
    made().await.unwrap_or_else(Failure::into_response)
}

/// What is filtered, as the address says it.
pub(super) fn filter(desk: &Desk) -> Filter {
    let asked = |name: &str| desk.asked(name);
    Filter {
        search: asked("q"),
        licence: asked("licence"),
        status: asked("status"),
        since: asked("since"),
        step: asked("step"),
        used: asked("used"),
        origin: asked("origin"),
        connection: asked("connection"),
        hub: asked("hub"),
        held: asked("held"),
    }
}

async fn answer(desk: &Desk) -> Result<Response, Failure> {
    let (asked, filter) = (|name: &str| desk.asked(name), filter(desk));
    let rows = asked("per").parse().ok().filter(|rows| ROWS.contains(rows)).unwrap_or(ROWS[0]);
    let place = |name: &str| Some(asked(name)).filter(|place| !place.is_empty());
    let wanted = roster::Page { after: place("after"), before: place("before"), rows };
    let found = roster::page(desk.app().db(), &desk.tenant_id(), (&filter, &wanted), desk.now()).await?;
    let f = desk.frame(At::Users).await?;
    let address = |way: &str, place: &Option<String>| {
        place.as_ref().map(|place| f.to(&format!("/users?{}", query(&filter, rows, Some((way, place))))))
    };
    let shown = Users {
        previous: address("before", &found.before),
        next: address("after", &found.after),
        people: found.people.into_iter().map(Row::new).collect(),
        found: found.found,
        more: found.more,
        query: query(&filter, rows, None),
        here: {
            let from = [("after", &wanted.after), ("before", &wanted.before)];
            let from = from.into_iter().find_map(|(way, place)| Some((way, place.as_deref()?)));
            f.to(&format!("/users?{}", query(&filter, rows, from)))
        },
        views: views(&filter, found.all),
        chips: chips(&filter, &found.connections),
        filter,
        f,
    };
    if desk.fragment() {
        let list = UserList {
            f: &shown.f,
            filter: &shown.filter,
            people: &shown.people,
            found: shown.found,
            more: shown.more,
            query: &shown.query,
            here: &shown.here,
            previous: shown.previous.as_deref(),
            next: shown.next.as_deref(),
        };
        return Ok(page(StatusCode::OK, &list));
    }
    Ok(page(StatusCode::OK, &shown))
}

/// The query of a list: what is filtered, how many rows, and from where.
fn query(filter: &Filter, rows: u64, from: Option<(&str, &str)>) -> String {
    // The least is what a page has without saying so.
    let rows = if rows <= ROWS[0] { String::new() } else { rows.to_string() };
    let pairs = [
        ("q", filter.search.as_str()),
        ("licence", &filter.licence),
        ("status", &filter.status),
        ("since", &filter.since),
        ("step", &filter.step),
        ("used", &filter.used),
        ("origin", &filter.origin),
        ("connection", &filter.connection),
        ("hub", &filter.hub),
        ("held", &filter.held),
        ("per", &rows),
    ];
    chip::query(pairs.into_iter().chain(from))
}

/// The saved filters, with the present one marked.
fn views(present: &Filter, all: u64) -> Vec<View> {
    let word = str::to_owned;
    let none = Filter::default;
    [
        ("All", none()),
        ("Pending", Filter { status: word("pending"), ..none() }),
        ("Pending over 7 days", Filter { status: word("pending"), since: word("7d"), ..none() }),
        ("Waiting for a seat", Filter { licence: word("waiting"), ..none() }),
        ("Held by domain", Filter { held: word("domain"), ..none() }),
        ("Not used in 30 days", Filter { used: word("not30"), ..none() }),
        ("Never hub-authenticated", Filter { hub: word("never"), ..none() }),
    ]
    .into_iter()
    .map(|(label, filter)| {
        let query = query(&filter, 0, None);
        let query = if query.is_empty() { query } else { format!("?{query}") };
        View { label, query, present: filter == *present, people: (filter == none()).then_some(all) }
    })
    .collect()
}

/// The filters, each with what is chosen.
fn chips(filter: &Filter, connections: &[(String, String)]) -> Vec<Chip> {
    let licences = [("assigned", "Assigned"), ("waiting", "Waiting"), ("none", "Not assigned")];
    let statuses = [
        ("none", "No licence"),
        ("pending", "Pending user action"),
        ("active", "Active"),
        ("deactivated", "Deactivated"),
    ];
    let used = [
        ("30", "Used in the last 30 days"),
        ("not30", "Not used in 30 days"),
        ("never", "Never used"),
        ("off", "Switched off"),
        ("hand", "Decided by hand"),
    ];
    let origins = [("scim", "SCIM"), ("hand", "By hand or file")];
    let hub = [("yes", "Authenticated"), ("never", "Never authenticated")];
    let steps = [
        ("open", "Invitation not opened"),
        ("device", "Not signed in on a device"),
        ("verify", "E-mail not verified"),
        ("pin", "PIN not set"),
        ("restore", "Not restored from backup"),
    ];
    let of_connection = Chip::new("Connection", "connection", &filter.connection, &[])
        .with_names(connections.iter().cloned());
    vec![
        Chip::new("Licence", "licence", &filter.licence, &licences),
        Chip::new("Status", "status", &filter.status, &statuses),
        Chip::new("Active users", "used", &filter.used, &used),
        Chip::new("Origin", "origin", &filter.origin, &origins),
        Chip::new("Next step", "step", &filter.step, &steps),
        of_connection,
        Chip::new("Hub", "hub", &filter.hub, &hub),
    ]
}

/// What narrows the list down, for the words of an empty one.
pub(super) fn narrowed(filter: &Filter) -> bool {
    *filter != Filter::default()
}
