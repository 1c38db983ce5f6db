//! The overview: what needs attention, seats over time, the funnel of the enrolment, and the connections.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use http::StatusCode;
use operations::connections::{Health, State};
use operations::overview::{self, Overview, People};
use operations::pools::{self, History};
use provisioning::{Forecast, Status};

use super::connections::Row;
use super::desk::Desk;
use super::frame::{At, Frame};
use crate::http::error::Failure;
use crate::pages::answer::page;
use crate::pages::phrase::{Markup, Slots};

/// The overview.
#[derive(Template)]
#[template(path = "console/overview.html")]
struct Shown {
    f: Frame,
    attention: Vec<Notice>,
    pools: Vec<Pool>,
    funnel: Vec<Rung>,
    people: u64,
    connections: Vec<Row>,
}

/// Something that needs attention.
struct Notice {
    /// `bad`, `warn` or `info`.
    tone: &'static str,
    icon: &'static str,
    what: Markup,
    then: String,
    href: String,
    button: String,
}

/// People in a status, or before a step.
struct Rung {
    label: &'static str,
    number: u64,
    /// The share of all people, of 1,000.
    share: u64,
    /// Whether it is a part of the one above.
    part: bool,
    tone: &'static str,
    query: &'static str,
}

/// A pool with the course of its seats.
struct Pool {
    id: String,
    name: String,
    used: u64,
    bought: u64,
    waiting: u64,
    free: u64,
    first: NaiveDate,
    first_used: u64,
    full: String,
    chart: Chart,
}

/// The course of a pool as paths of a drawing of 324 by 128.
struct Chart {
    line: String,
    area: String,
    bought: String,
    /// The values of the grid, each with its height.
    grid: Vec<(u64, String)>,
}

impl Pool {
    fn new(f: &Frame, history: &History) -> Self {
        let pool = &history.pool;
        let (used, bought) = (u64::from(pool.used), u64::from(pool.seats));
        let first = history.days.first();
        Self {
            id: pool.id.to_string(),
            name: pool.name.clone(),
            used,
            bought,
            waiting: pool.waiting.into(),
            free: pool.free(f.now).into(),
            first: first.map_or(history.since, |day| day.day),
            first_used: first.map_or(used, |day| counted(day.used)),
            full: match history.forecast {
                Forecast::TooEarly => f.t("Too early to say").to_owned(),
                Forecast::Full => f.t("Full").to_owned(),
                Forecast::Day(day) => f.date(day),
                Forecast::NotWithinAYear => f.t("Not within a year").to_owned(),
            },
            chart: Chart::new(&history.days.iter().map(|day| counted(day.used)).collect::<Vec<_>>(), bought),
        }
    }
}

/// A count of the history, which is never below zero.
fn counted(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Hundredths of a unit of the drawing, so that no height needs a fraction that is inexact.
fn hundredths(value: u64) -> String {
    format!("{}.{:02}", value / 100, value % 100)
}

impl Chart {
    const LEFT: u64 = 2_800;
    const RIGHT: u64 = 31_800;
    const TOP: u64 = 1_000;
    const BOTTOM: u64 = 10_800;

    /// The seats used day by day, the last day at the right, with room above what was bought.
    fn new(used: &[u64], bought: u64) -> Self {
        let top = used.iter().copied().chain([bought]).max().unwrap_or(0).max(1);
        let y = |value: u64| Self::BOTTOM - (Self::BOTTOM - Self::TOP) * value.min(top) / top;
        let steps = (used.len() as u64).saturating_sub(1).max(1);
        let x = |at: usize| Self::LEFT + (Self::RIGHT - Self::LEFT) * (at as u64) / steps;
        let point = |(at, value): (usize, &u64)| format!("{} {}", hundredths(x(at)), hundredths(y(*value)));
        let line = format!("M{}", used.iter().enumerate().map(point).collect::<Vec<_>>().join("L"));
        let (end, bottom) = (hundredths(x(used.len().saturating_sub(1))), hundredths(Self::BOTTOM));
        let area = format!("{line}L{end} {bottom}L{} {bottom}Z", hundredths(Self::LEFT));
        let grid = [0, top / 2, top];
        Self {
            line,
            area,
            bought: hundredths(y(bought)),
            grid: grid.into_iter().map(|value| (value, hundredths(y(value)))).collect(),
        }
    }
}

/// People in each rung of the enrolment.
fn funnel(people: &People) -> (u64, Vec<Rung>) {
    let of = |wanted: &[Status]| -> u64 {
        people.by_status.iter().filter(|(status, _)| wanted.contains(status)).map(|(_, number)| number).sum()
    };
    let step = |word: &str| people.by_step.get(word).copied().unwrap_or(0);
    let all: u64 = people.by_status.iter().map(|(_, number)| number).sum();
    let rung = |label, number: u64, part, tone, query| Rung {
        label,
        number,
        share: (number * 1_000).checked_div(all).unwrap_or(0),
        part,
        tone,
        query,
    };
    let rungs = vec![
        rung("No licence", of(&[Status::NoLicence]), false, "b-off", "status=none"),
        rung("Pending user action", of(&[Status::Pending]), false, "b-warn", "status=pending"),
        rung("Invitation not opened", step("open"), true, "b-warn", "step=open"),
        rung("Not signed in on a device", step("device"), true, "b-warn", "step=device"),
        rung("E-mail not verified", step("verify"), true, "b-warn", "step=verify"),
        rung("PIN not set", step("pin"), true, "b-warn", "step=pin"),
        rung("Not restored from backup", step("restore"), true, "b-warn", "step=restore"),
        rung("Active", of(&[Status::Active]), false, "b-ok", "status=active"),
        rung(
            "Deactivated",
            of(&[Status::Suspended, Status::Deactivated]),
            false,
            "b-off",
            "status=deactivated",
        ),
    ];
    (all, rungs)
}

/// What needs attention, collected.
struct Attention<'f> {
    f: &'f Frame,
    all: Vec<Notice>,
}

impl Attention<'_> {
    fn push(
        &mut self,
        (tone, icon): (&'static str, &'static str),
        (what, then): (Markup, &str),
        (href, button): (String, &str),
    ) {
        self.all.push(Notice {
            tone,
            icon,
            what,
            then: self.f.t(then).to_owned(),
            href: self.f.to(&href),
            button: self.f.t(button).to_owned(),
        });
    }

    /// What is wrong with a connection.
    fn connection(&mut self, health: &Health) {
        let (f, name) = (self.f, &health.connection.name);
        let path = format!("/connections/{}", health.connection.id);
        let tokens = format!("{path}/tokens");
        match health.heartbeat.state {
            State::Silent => {
                let what = f.say("*{a} has been silent for longer than usual.*", name);
                let then = "Changes in the identity provider may not arrive.";
                self.push(("warn", "plug"), (what, then), (format!("{path}/test"), "Look"));
            }
            State::Failing => {
                let what = f.say("*Most requests of {a} are refused.*", name);
                let then = "Changes in the identity provider do not arrive.";
                let query = format!("/inspector?outcome=refused&connection={}", health.connection.id);
                self.push(("bad", "pulse"), (what, then), (query, "Show"));
            }
            State::New | State::Working => {}
        }
        if health.tokens == 0 && health.heartbeat.state != State::New {
            let what = f.say("*{a} has no token that counts.*", name);
            self.push(("bad", "key"), (what, "Every request is refused."), (tokens, "Tokens"));
        } else if let Some(at) = health.expires_at.filter(|_| health.expires_soon(f.now)) {
            let what = f.say2("*The last token of {a} expires on {b}.*", name, f.day(&at));
            self.push(("warn", "key"), (what, "From then on every request is refused."), (tokens, "Tokens"));
        }
    }

    /// Who waits for a pool, and when it ends.
    fn pool(&mut self, pool: &pools::Pool) {
        let (f, path) = (self.f, format!("/licences/{}", pool.id));
        if pool.waiting > 0 {
            let (one, many) = ("*1 person waits for a seat of {a}.*", "*{n} people wait for a seat of {a}.*");
            let slots = Slots::default().text("n", f.number(u64::from(pool.waiting)));
            let slots = slots.text("a", pool.name.clone());
            let what = f.tongue.say(if pool.waiting == 1 { one } else { many }, &slots);
            let then = "Seats are given in order as they become free.";
            self.push(("warn", "licence"), (what, then), (path.clone(), "Waiting list"));
        }
        if let Some(at) = pool.expires_at.filter(|at| *at > f.now && *at - f.now < TimeDelta::days(30)) {
            let what = f.say2("*{a} ends on {b}.*", &pool.name, f.day(&at));
            let then = "Its people are deactivated that day unless the pool gets another last day.";
            self.push(("warn", "clock"), (what, then), (path, "Open"));
        }
    }
}

/// What needs attention, the worst first.
fn attention(f: &Frame, overview: &Overview, long_pending: u64) -> Vec<Notice> {
    let mut told = Attention { f, all: Vec::new() };
    let held: u64 = overview.connections.iter().map(|health| health.held).sum();
    if held > 0 {
        let one = "*1 deactivation waits* until an administrator approves or rejects it.";
        let many = "*{n} deactivations wait* until an administrator approves or rejects them.";
        let said = (f.many(held, one, many), "Nobody loses access until then.");
        told.push(("bad", "brake"), said, ("/brake".to_owned(), "Review"));
    }
    if let Some(at) = overview.mail_stopped_at {
        let what = f.say("*Mail has stopped*, {a}: too many messages were refused.", f.when(&at));
        let then = "Nothing is lost: it leaves when an administrator lets it.";
        told.push(("bad", "mail"), (what, then), ("/mail".to_owned(), "Mail"));
    }
    overview.connections.iter().for_each(|health| told.connection(health));
    overview.pools.iter().for_each(|history| told.pool(&history.pool));
    if overview.conflicts > 0 {
        let (one, many) =
            ("*1 user is pushed by two connections.*", "*{n} users are pushed by two connections.*");
        let then = "Nobody has lost access. The second connection is refused until one of them changes.";
        let said = (f.many(overview.conflicts, one, many), then);
        told.push(("warn", "swap"), said, ("/conflicts".to_owned(), "Show"));
    }
    if long_pending > 0 {
        let one = "*1 person has been pending for more than 7 days.*";
        let many = "*{n} people have been pending for more than 7 days.*";
        let said = (f.many(long_pending, one, many), "A reminder may help.");
        told.push(("info", "mail"), said, ("/users?status=pending&since=7d".to_owned(), "Show"));
    }
    told.all
}

pub(super) async fn show(desk: Desk) -> Response {
    let made = async || {
        let (db, tenant) = (desk.app().db(), desk.tenant_id());
        let people = desk.app().counted().people(db, &tenant, desk.now()).await?;
        let overview = overview::of(db, &desk.operator("overview"), &tenant).await?;
        let f = desk.frame(At::Overview).await?;
        let (all, funnel) = funnel(&people);
        let shown = Shown {
            attention: attention(&f, &overview, people.long_pending),
            pools: overview.pools.iter().map(|history| Pool::new(&f, history)).collect(),
            connections: overview.connections.into_iter().map(|health| Row::new(&f, health)).collect(),
            people: all,
            funnel,
            f,
        };
        Ok::<_, Failure>(page(StatusCode::OK, &shown))
    };
    made().await.unwrap_or_else(Failure::into_response)
}

/// The people of each tenant as they were counted last. Counting looks at every person, so that what was counted is believed
/// for twenty times as long as counting took.
#[derive(Debug, Default)]
pub(crate) struct Counted(Mutex<HashMap<String, Count>>);

/// What was counted, and when it is believed.
type Count = (Range<DateTime<Utc>>, Arc<People>);

impl Counted {
    async fn people(
        &self,
        db: &operations::Database,
        tenant: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<People>, Failure> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((believed, people)) = lock().get(tenant)
            && believed.contains(&now)
        {
            return Ok(Arc::clone(people));
        }
        let begun = Instant::now();
        let people = Arc::new(overview::people(db, tenant, now).await?);
        let believed = TimeDelta::from_std(begun.elapsed() * 20).unwrap_or_default();
        lock().insert(tenant.to_owned(), (now..now + believed, Arc::clone(&people)));
        Ok(people)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_stays_within_its_drawing() {
        let chart = Chart::new(&[0, 5, 10], 20);
        assert_eq!(chart.line, "M28.00 108.00L173.00 83.50L318.00 59.00");
        assert_eq!((chart.bought.as_str(), chart.grid.len()), ("10.00", 3));
        assert_eq!(Chart::new(&[], 0).line, "M");
        assert_eq!(Chart::new(&[3], 0).line, "M28.00 10.00");
    }
}
