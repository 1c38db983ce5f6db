//! Limits that are set elsewhere: when the brake of each connection holds, and how long the installation keeps what happened.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::connections::{self, Connection};

use super::desk::Desk;
use super::frame::{At, Frame};
use crate::http::error::Failure;
use crate::pages::answer::page;
use crate::pages::phrase::Markup;

/// The page.
#[derive(Template)]
#[template(path = "console/limits.html")]
struct Limits {
    f: Frame,
    tab: &'static str,
    connections: Vec<Connection>,
    kept: Vec<Kept>,
}

/// Something that is kept for a while.
struct Kept {
    title: &'static str,
    help: &'static str,
    /// For how long, in words.
    long: String,
    /// The setting of the operator; empty where there is none.
    setting: &'static str,
}

impl Limits {
    /// When the brake of a connection holds.
    fn brake(&self, connection: &Connection) -> Option<Markup> {
        let brake = connection.brake?;
        let people = self.f.count(u64::from(brake.people), "1 person", "{n} people");
        let hours = self.f.count(u64::try_from(brake.hours).unwrap_or_default(), "1 hour", "{n} hours");
        Some(if brake.percent == 0 {
            self.f.say2("More than {a} within {b}", people, hours)
        } else {
            let share = self.f.number(u64::from(brake.percent));
            let people = format!("{people} ({})", self.f.label("or {a} % of its people", share));
            self.f.say2("More than {a} within {b}", people, hours)
        })
    }
}

pub(super) async fn show(desk: Desk) -> Response {
    let shown = async || {
        let all = connections::list(desk.app().db(), &desk.tenant_id()).await?;
        let f = desk.frame(At::Settings).await?;
        let kept = kept(&desk, &f);
        Ok::<_, Failure>(page(StatusCode::OK, &Limits { f, tab: "limits", connections: all, kept }))
    };
    shown().await.unwrap_or_else(Failure::into_response)
}

fn kept(desk: &Desk, f: &Frame) -> Vec<Kept> {
    let config = desk.app().config();
    let days = |days: u32| f.count(u64::from(days), "1 day", "{n} days");
    let ever = || f.t("For ever").to_owned();
    vec![
        Kept {
            title: "Users",
            help: "Also deactivated ones, with devices and groups, until an administrator or the directory removes them.",
            long: ever(),
            setting: "",
        },
        Kept {
            title: "Removed users",
            help: "ID and history, so that the directory can bring the person back as the same one. Then they are erased.",
            long: days(config.provisioning.deleted_days),
            setting: "provisioning.deleted_days",
        },
        Kept {
            title: "Requests",
            help: "What the sync inspector shows.",
            long: days(config.requests.retention_days),
            setting: "requests.retention_days",
        },
        Kept {
            title: "Events and deliveries",
            help: "What the application reads or is told by webhooks.",
            long: days(config.events.retention_days),
            setting: "events.retention_days",
        },
        Kept {
            title: "Journal",
            help: "The names of people who were erased are replaced.",
            long: ever(),
            setting: "",
        },
    ]
}
