//! A person: where the enrolment is, devices, groups and grants with why, the record as the protocol shows it, the journal.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use operations::people::{self, User};
use operations::{pools, roster};
use provisioning::{SeatState, Status, Step};

use super::desk::Desk;
use super::frame::{At, Frame, initials};
use super::users::status_word;
use crate::http::error::Failure;
use crate::pages::answer::page;

/// A person's page, one tab of it open.
#[derive(Template)]
#[template(path = "console/user.html")]
pub(super) struct Page {
    pub(super) f: Frame,
    pub(super) tab: &'static str,
    pub(super) u: Shown,
    pools: Vec<Pool>,
    json: String,
}

impl Page {
    fn is_tab(&self, tab: &str) -> bool {
        self.tab == tab
    }
}

/// A person as the page shows them.
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) initials: String,
    pub(super) email: String,
    pub(super) status: &'static str,
    pub(super) user: User,
    pub(super) seat: Option<String>,
    pub(super) waits: Option<String>,
    pub(super) active: bool,
    steps: Vec<ShownStep>,
    pub(super) devices: usize,
}

/// A pool that an administrator may give a seat of.
pub(super) struct Pool {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) free: u64,
    pub(super) bought: u64,
    pub(super) waiting: u64,
}

/// A step of the enrolment.
struct ShownStep {
    words: &'static str,
    at: Option<DateTime<Utc>>,
    /// Whether it is the next one.
    now: bool,
    number: usize,
}

impl Shown {
    pub(super) fn new(user: User) -> Self {
        let name = roster::name(&user.profile).unwrap_or_else(|| user.user_name.clone());
        let held = |state: SeatState| {
            user.seats.iter().find(|seat| seat.state == state).map(|seat| seat.pool.clone())
        };
        Self {
            id: user.id.to_string(),
            initials: initials(&name),
            email: roster::email(&user.profile).unwrap_or_else(|| user.user_name.clone()),
            status: status_word(user.enrolment.status),
            seat: held(SeatState::Assigned),
            waits: held(SeatState::Waiting),
            active: user.active && !user.by_hand.deactivated,
            devices: user.devices.iter().filter(|device| device.revoked_at.is_none()).count(),
            steps: steps(&user),
            name,
            user,
        }
    }

    fn is_pending(&self) -> bool {
        self.user.enrolment.status == Status::Pending
    }

    fn is_unlicensed(&self) -> bool {
        self.user.enrolment.status == Status::NoLicence && self.waits.is_none()
    }

    fn is_out(&self) -> bool {
        matches!(self.user.enrolment.status, Status::Suspended | Status::Deactivated)
    }

    /// On how many devices the person is signed in.
    pub(super) fn devices_now(&self) -> u64 {
        self.devices as u64
    }

    fn done(&self) -> usize {
        self.steps.iter().filter(|step| step.at.is_some()).count()
    }
}

/// The steps of a person's enrolment in their order, those that were skipped left out.
fn steps(user: &User) -> Vec<ShownStep> {
    let (steps, missing) = (&user.enrolment.steps, &user.missing_steps);
    let all = [
        (Step::InvitationSent, "Invitation sent", steps.invitation_sent),
        (Step::InvitationOpened, "Invitation opened", steps.invitation_opened),
        (Step::SignedIn, "Signed in on a first device", steps.signed_in),
        (Step::EmailVerified, "E-mail verified by code", steps.email_verified),
        (Step::PinSet, "PIN set and confirmed", steps.pin_set),
        (Step::Restored, "Restored from backup", steps.restored),
    ];
    let concerned = all.into_iter().filter(|(step, _, at)| at.is_some() || missing.contains(step));
    let mut next = true;
    concerned
        .enumerate()
        .map(|(number, (_, words, at))| {
            let now = at.is_none() && std::mem::take(&mut next);
            ShownStep { words, at, now, number: number + 1 }
        })
        .collect()
}

/// What is known of the person in the path.
pub(super) async fn person(desk: &Desk) -> Result<User, Failure> {
    let id = desk.part("id");
    if id.parse::<uuid::Uuid>().is_err() {
        return Err(Failure::no_endpoint());
    }
    match people::show(desk.app().db(), &desk.operator("user show"), id).await {
        Err(operations::Error::Refused(_)) => {
            Err(Failure::status(404, "There is no such user, or the user was removed."))
        }
        shown => Ok(shown?),
    }
}

/// The pools of the tenant, oldest first.
pub(super) async fn pools(desk: &Desk) -> Result<Vec<Pool>, Failure> {
    let all = pools::list(desk.app().db(), &desk.tenant_id()).await?;
    let shown = |pool: pools::Pool| Pool {
        id: pool.id.to_string(),
        free: pool.free(desk.now()).into(),
        bought: pool.seats.into(),
        waiting: pool.waiting.into(),
        name: pool.name,
    };
    Ok(all.into_iter().map(shown).collect())
}

async fn tab(desk: Desk, tab: &'static str) -> Response {
    let made = async || {
        let user = person(&desk).await?;
        let u = Shown::new(user);
        let gives = tab == "overview" && u.is_unlicensed();
        let pools = if gives { pools(&desk).await? } else { Vec::new() };
        let json = match tab {
            "scim" => serde_json::to_string_pretty(&u.user.profile).unwrap_or_default(),
            _ => String::new(),
        };
        let shown = Page { f: desk.frame(At::Users).await?, tab, u, pools, json };
        Ok::<_, Failure>(page(StatusCode::OK, &shown))
    };
    made().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn overview(desk: Desk) -> Response {
    tab(desk, "overview").await
}

pub(super) async fn devices(desk: Desk) -> Response {
    tab(desk, "devices").await
}

pub(super) async fn grants(desk: Desk) -> Response {
    tab(desk, "grants").await
}

pub(super) async fn scim(desk: Desk) -> Response {
    tab(desk, "scim").await
}

pub(super) async fn journal(desk: Desk) -> Response {
    tab(desk, "journal").await
}
