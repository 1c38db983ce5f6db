//! The licences: pools with their seats, waiting lists, days, and when a pool runs full.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use http::StatusCode;
use operations::pools::{self, Details, History, Holder};
use provisioning::{Forecast, PoolPolicy};

use super::desk::Desk;
use super::frame::{At, Frame};
use crate::http::error::Failure;
use crate::pages::answer::page;

/// People that a page of a pool shows.
const SHOWN: u64 = 50;

/// Days of a pool's history that are shown.
const DAYS: u32 = 90;

/// All pools.
#[derive(Template)]
#[template(path = "console/licences.html")]
struct Licences {
    f: Frame,
    pools: Vec<Row>,
    used: u64,
    bought: u64,
}

/// One pool.
#[derive(Template)]
#[template(path = "console/licence.html")]
struct Licence {
    f: Frame,
    tab: &'static str,
    row: Row,
    groups: Vec<String>,
    people: Vec<Holder>,
    history: Option<History>,
    previous: Option<String>,
    next: Option<String>,
}

/// A pool as a row shows it.
struct Row {
    id: String,
    name: String,
    used: u64,
    bought: u64,
    free: u64,
    waiting: u64,
    /// The share of the seats that are used, of 100.
    share: u64,
    policy: &'static str,
    ends: Option<String>,
    forecast: String,
}

impl Row {
    fn new(f: &Frame, pool: pools::Pool, forecast: Forecast) -> Self {
        let full = |day: NaiveDate| f.label("Full on {a} if it goes on like this", f.date(day));
        Self {
            id: pool.id.to_string(),
            used: pool.used.into(),
            bought: pool.seats.into(),
            free: pool.free(f.now).into(),
            waiting: pool.waiting.into(),
            share: (u64::from(pool.used) * 100).checked_div(pool.seats.into()).unwrap_or(0).min(100),
            policy: match pool.policy {
                PoolPolicy::Queue => "Queue",
                PoolPolicy::Reject => "Reject",
                PoolPolicy::Overage => "Overage",
            },
            ends: pool.last_day.map(|day| f.date(day)).or_else(|| pool.expires_at.map(|at| f.moment(&at))),
            forecast: match forecast {
                Forecast::TooEarly => f.t("Too early to say").to_owned(),
                Forecast::Full => f.t("Full").to_owned(),
                Forecast::Day(day) => full(day),
                Forecast::NotWithinAYear => f.t("Not within a year").to_owned(),
            },
            name: pool.name,
        }
    }
}

impl Licence {
    fn is_tab(&self, tab: &str) -> bool {
        self.tab == tab
    }

    /// The days of the history, the last one first.
    fn days(&self) -> impl Iterator<Item = &provisioning::PoolDay> {
        self.history.iter().flat_map(|history| history.days.iter().rev())
    }
}

pub(super) async fn list(desk: Desk) -> Response {
    let made = async || {
        let f = desk.frame(At::Licences).await?;
        let all = pools::outlook(desk.app().db(), &desk.operator("pool list"), &desk.tenant_id()).await?;
        let pools: Vec<Row> =
            all.into_iter().map(|outlook| Row::new(&f, outlook.pool, outlook.forecast)).collect();
        let used = pools.iter().map(|pool| pool.used).sum();
        let bought = pools.iter().map(|pool| pool.bought).sum();
        Ok::<_, Failure>(page(StatusCode::OK, &Licences { f, pools, used, bought }))
    };
    made().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn waiting(desk: Desk) -> Response {
    tab(desk, "waiting").await
}

pub(super) async fn seats(desk: Desk) -> Response {
    tab(desk, "seats").await
}

pub(super) async fn history(desk: Desk) -> Response {
    tab(desk, "history").await
}

async fn tab(desk: Desk, tab: &'static str) -> Response {
    shown(&desk, tab).await.unwrap_or_else(Failure::into_response)
}

async fn shown(desk: &Desk, tab: &'static str) -> Result<Response, Failure> {
    let (db, id) = (desk.app().db(), desk.part("pool"));
    if id.parse::<uuid::Uuid>().is_err() {
        return Err(Failure::no_endpoint());
    }
    let before = desk.asked("from").parse::<u32>().map_or(0, u64::from);
    let known = pools::show(db, &desk.operator("pool show"), id, before, SHOWN + 1).await;
    let known = match known {
        Err(operations::Error::Refused(_)) => {
            return Err(Failure::status(404, "There is no such licence pool."));
        }
        known => known?,
    };
    let Details { pool, forecast, groups, holders, queue, .. } = known;
    let mut people = if tab == "seats" { holders } else { queue };
    let f = desk.frame(At::Licences).await?;
    let more = people.len() as u64 > SHOWN;
    people.truncate(SHOWN.try_into().unwrap_or(usize::MAX));
    let address = |from: u64| {
        let below = if tab == "seats" { "/seats" } else { "" };
        f.to(&format!("/licences/{id}{below}?from={from}"))
    };
    let history = if tab == "history" {
        Some(pools::history(db, &desk.operator("pool history"), id, DAYS).await?)
    } else {
        None
    };
    let shown = Licence {
        tab,
        row: Row::new(&f, pool, forecast),
        groups: groups.into_iter().map(|group| group.group_name).collect(),
        previous: (before > 0).then(|| address(before.saturating_sub(SHOWN))),
        next: more.then(|| address(before + SHOWN)),
        people,
        history,
        f,
    };
    Ok(page(StatusCode::OK, &shown))
}
