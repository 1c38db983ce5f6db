//! The settings of a connection: the form, and what of it is to be another.

use axum::response::{IntoResponse as _, Response};
use operations::connections::{self, Change};
use operations::consequences::{Agreed, Consequences};
use operations::{Error, Right};

use super::confirm::{Question, asked_first};
use super::connection::{back, named, tab};
use super::connections::{lines, number};
use super::desk::Desk;
use super::fields::{CLASH, SHOWN, Values, typed};
use super::frame::At;
use super::said::said;
use crate::http::error::Failure;
use crate::pages::form::Form;

/// The settings as a form holds them.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) name: String,
    pub(super) profile: String,
    pub(super) grace: String,
    pub(super) invitations: String,
    pub(super) brake: [String; 3],
    pub(super) shared: bool,
    pub(super) test_users: String,
    pub(super) networks: String,
}

impl Typed {
    pub(super) fn is(&self, _field: &str, value: &str) -> bool {
        self.invitations == value
    }

    pub(super) fn of_connection(known: &connections::Connection) -> Self {
        let brake = known.brake.map_or_else(Default::default, |brake| {
            [brake.people.to_string(), brake.percent.to_string(), brake.hours.to_string()]
        });
        Self {
            name: known.name.clone(),
            profile: known.profile.clone(),
            grace: (known.grace_seconds / 86_400).to_string(),
            invitations: known.invitations.to_string(),
            brake,
            shared: known.shared,
            test_users: known.test_users.join("\n"),
            networks: known.networks.join("\n"),
        }
    }

    pub(super) fn values(&self) -> Values {
        let [people, percent, hours] = self.brake.clone();
        Values::from([
            ("name", self.name.clone()),
            ("profile", self.profile.clone()),
            ("grace", self.grace.clone()),
            ("invitations", self.invitations.clone()),
            ("people", people),
            ("percent", percent),
            ("hours", hours),
            ("shared", if self.shared { "yes".to_owned() } else { String::new() }),
            ("test_users", self.test_users.clone()),
            ("networks", self.networks.clone()),
        ])
    }

    pub(super) fn of_values(values: &Values) -> Self {
        let text = |name: &str| values.get(name).cloned().unwrap_or_default();
        Self {
            name: text("name"),
            profile: text("profile"),
            grace: text("grace"),
            invitations: text("invitations"),
            brake: ["people", "percent", "hours"].map(text),
            shared: !text("shared").is_empty(),
            test_users: text("test_users"),
            networks: text("networks"),
        }
    }

    /// What differs from the connection as it is.
    pub(super) fn change(&self, known: &connections::Connection) -> Result<Change, Error> {
        let before = Self::of_connection(known);
        let [people, percent, hours] = &self.brake;
        // An empty field of people is no brake, and an empty limit beside people is the usual one.
        let usual = provisioning::BrakePolicy::default();
        let limits = [usual.percent.to_string(), usual.window.num_hours().to_string()];
        let brake = |text: &String, at: usize, usual: &str, what| {
            let text = if text.is_empty() { usual } else { text };
            let was = Some(before.brake[at].as_str()).filter(|was| !was.is_empty());
            if was == Some(text) { Ok(None) } else { number(text, what).map(Some) }
        };
        let off = people.is_empty() || people == "0";
        let stays_off = off && known.brake.is_none();
        let named = self.test_users.replace('\r', "") != before.test_users;
        Ok(Change {
            name: Some(self.name.clone()).filter(|name| *name != before.name),
            profile: Some(self.profile.clone()).filter(|profile| *profile != before.profile),
            grace_days: if self.grace == before.grace {
                None
            } else {
                Some(number(&self.grace, "the days of grace")?)
            },
            invitations: Some(self.invitations.clone()).filter(|word| *word != before.invitations),
            brake_people: brake(people, 0, "0", "the people of the brake")?.filter(|_| !stays_off),
            brake_percent: if off {
                None
            } else {
                brake(percent, 1, &limits[0], "the percent of the brake")?
            },
            brake_hours: if off { None } else { brake(hours, 2, &limits[1], "the hours of the brake")? },
            shared: Some(self.shared).filter(|shared| *shared != before.shared),
            test_users: named.then(|| lines(&self.test_users)),
            networks: Some(lines(&self.networks)).filter(|networks| *networks != known.networks),
            ..Change::default()
        })
    }
}

pub(super) async fn save(desk: Desk, form: Form) -> Response {
    let saved = async || {
        desk.may(Right::Change)?;
        let id = named(&desk)?;
        let (db, operator) = (desk.app().db(), desk.operator("connection update"));
        let known = connections::show(db, &operator, id).await?.connection;
        let (typed, clash) = typed(&form, &Typed::of_connection(&known).values());
        let typed = Typed::of_values(&typed);
        if clash {
            let said = desk.visitor.tongue.t(CLASH).to_owned();
            return tab(&desk, "settings", Some((typed, said))).await;
        }
        let change = match typed.change(&known) {
            Ok(change) => change,
            Err(error) => return tab(&desk, "settings", Some((typed, said(error)?))).await,
        };
        if change == Change::default() {
            return Ok(back(&desk, "/settings", "saved"));
        }
        let follows = match connections::preview_update(db, &operator, id, &change).await {
            Ok(follows) => follows,
            Err(error) => return tab(&desk, "settings", Some((typed, said(error)?))).await,
        };
        if let Some(again) = asked_first(&form, &follows) {
            return ask_about_test_users(&desk, &form, (&follows, again)).await;
        }
        let agreed = Agreed::Verdicts(follows.tag.clone());
        match connections::update(db, &operator, id, &change, agreed).await {
            Ok(_) => {
                desk.app().work().notify_one();
                Ok(back(&desk, "/settings", "saved"))
            }
            Err(error) => tab(&desk, "settings", Some((typed, said(error)?))).await,
        }
    };
    saved().await.unwrap_or_else(Failure::into_response)
}

/// Asks before people lose something because they become test users.
async fn ask_about_test_users(
    desk: &Desk,
    form: &Form,
    follows: (&Consequences, &str),
) -> Result<Response, Failure> {
    let f = desk.frame(At::Connections).await?;
    let fields = [
        "name",
        "profile",
        "grace",
        "invitations",
        "people",
        "percent",
        "hours",
        "shared",
        "test_users",
        SHOWN,
    ];
    let path = f.to(&format!("/connections/{}/settings", desk.part("id")));
    let question = Question {
        title: f.t("Make these people test users?").to_owned(),
        action: path.clone(),
        back: (path, f.t("Settings").to_owned()),
        button: f.t("Save").to_owned(),
        ..Question::before(&f, form, &fields, follows)
    };
    question.shown(desk, At::Connections).await
}
