//! The settings of an organisation: what its people see, how its mail is sent, and whose addresses it lets in.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::consequences::{Agreed, Consequences};
use operations::domains::{self, Listed, Policy};
use operations::tenants::{self, Change, SendingChange, SettingsChange, Tenant};
use operations::{Error, Right};

use super::confirm::{Question, asked_first};
use super::connections::number;
use super::desk::Desk;
use super::fields::{CLASH, Field, Kind, SHOWN, Section, Values, as_shown, changed, choices, filled, typed};
use super::frame::{At, Frame};
use super::said::said;
use super::user::pools;
use crate::http::error::Failure;
use crate::pages::answer::{page, see_other};
use crate::pages::form::Form;

/// The page, on one of its tabs.
#[derive(Template)]
#[template(path = "console/settings.html")]
struct Settings {
    f: Frame,
    tab: &'static str,
    sections: Vec<Section>,
    shown: String,
    domains: Option<Listed>,
    error: Option<String>,
}

impl Settings {
    fn policy(&self) -> String {
        self.domains.as_ref().map(|domains| domains.policy.to_string()).unwrap_or_default()
    }
}

/// What the organisation is called, and what its people see.
async fn general(desk: &Desk, f: &Frame) -> Result<Vec<Section>, Failure> {
    use Kind::{Choice, Line, Lines};
    let own = [("", "The language of the installation"), ("en", "English"), ("de", "Deutsch")];
    let mut by_hand = vec![(String::new(), f.t("Ask each time").to_owned())];
    by_hand.extend(pools(desk).await?.into_iter().map(|pool| (pool.id, pool.name)));
    Ok(vec![
        Section {
            title: "Organisation",
            hint: "Shown to its administrators.",
            fields: vec![
                Field::new("name", "Name", "", Line),
                Field::new(
                    "zone",
                    "Time zone",
                    "Europe/London, for example. Last days of pools end there.",
                    Line,
                ),
            ],
        },
        Section {
            title: "Application",
            hint: "What people read in mails and on the pages of their enrolment.",
            fields: vec![
                Field::new("application", "What people call it", "", Line),
                Field::new(
                    "language",
                    "Language",
                    "For people whose own language is not known.",
                    Choice(choices(f, own)),
                ),
                Field::new(
                    "downloads",
                    "Downloads",
                    "A platform and a link a line: windows=https://… Platforms are windows, macos, linux, ios, android, browser and any.",
                    Lines,
                ),
            ],
        },
        Section {
            title: "Help for people",
            hint: "Stands in every mail and on every page of the enrolment.",
            fields: vec![
                Field::new("support", "Support", "An e-mail address, or a page.", Line),
                Field::new("faq", "Frequent questions", "A page.", Line),
                Field::new("case", "Open a case", "A page.", Line),
                Field::new("privacy", "Data protection", "A page.", Line),
            ],
        },
        Section {
            title: "Licences by hand",
            hint: "The pool of which people get a licence by the switch in the list of users.",
            fields: vec![Field::new("pool", "Pool", "", Choice(by_hand))],
        },
    ])
}

/// How mail is sent.
fn mail() -> Vec<Section> {
    use Kind::{Check, Line, Short};
    vec![
        Section {
            title: "Reminders",
            hint: "For people who have not finished. They stop after the last one.",
            fields: vec![Field::new(
                "remind",
                "Days after the invitation",
                "3, 8, 14, for example. Empty: only by hand.",
                Line,
            )],
        },
        Section {
            title: "Quiet hours",
            hint: "Invitations and reminders wait. Codes and alerts never do.",
            fields: vec![
                Field::new(
                    "quiet",
                    "Times of day",
                    "20:00-07:00, for example, in the zone of the organisation. Empty: none.",
                    Short,
                ),
                Field::new("weekends", "Also on Saturdays and Sundays", "", Check),
            ],
        },
        Section {
            title: "Speed",
            hint: "So that no mail server takes the mail for unwanted. Empty: no limit.",
            fields: vec![
                Field::new(
                    "per_hour",
                    "Mails an hour, in waves",
                    "Reminders, and invitations of connections that invite in waves.",
                    Short,
                ),
                Field::new("per_domain", "Mails an hour to one domain", "", Short),
            ],
        },
        Section {
            title: "Refusals",
            hint: "Many refusals mean wrong addresses, or a server that blocks.",
            fields: vec![Field::new(
                "refusals",
                "Stop when refused",
                "Percent of at least so many mails: 20/50. Then mail waits until an administrator lets it go on. none: never.",
                Short,
            )],
        },
        Section {
            title: "At the end",
            hint: "",
            fields: vec![Field::new(
                "deactivation",
                "Tell people when their access has ended for good",
                "Never when it is only suspended.",
                Check,
            )],
        },
    ]
}

/// What the settings say now.
fn values(tab: &str, tenant: &Tenant) -> Values {
    let settings = &tenant.settings;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let yes = |on: bool| if on { "yes".to_owned() } else { String::new() };
    if tab == "mail" {
        let sending = &settings.sending;
        let days: Vec<String> = sending.remind_after.iter().map(u32::to_string).collect();
        let quiet = sending.quiet.filter(|quiet| quiet.from != quiet.until);
        let hours = |quiet: provisioning::pace::Quiet| {
            format!("{}-{}", quiet.from.format("%H:%M"), quiet.until.format("%H:%M"))
        };
        let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        let refusals = sending.refusals.map(|rule| match rule.percent {
            100.. => "none".to_owned(),
            percent => format!("{percent}/{}", rule.of),
        });
        return Values::from([
            ("remind", days.join(", ")),
            ("quiet", quiet.map(hours).unwrap_or_default()),
            ("weekends", yes(sending.quiet.is_some_and(|quiet| quiet.weekends))),
            ("per_hour", number(sending.per_hour)),
            ("per_domain", number(sending.per_domain)),
            ("refusals", refusals.unwrap_or_else(|| "20/50".to_owned())),
            ("deactivation", yes(sending.deactivation_notice)),
        ]);
    }
    let links = settings.downloads.iter().map(|(platform, link)| format!("{}={link}", platform.as_str()));
    Values::from([
        ("name", tenant.name.clone()),
        ("zone", tenant.time_zone.as_str().to_owned()),
        ("application", text(&settings.application)),
        ("language", text(&settings.language)),
        ("downloads", links.collect::<Vec<_>>().join("\n")),
        ("support", text(&settings.support)),
        ("faq", text(&settings.faq)),
        ("case", text(&settings.case)),
        ("privacy", text(&settings.privacy)),
        ("pool", settings.pool_by_hand.map(|pool| pool.to_string()).unwrap_or_default()),
    ])
}

/// What of the settings is to be another.
fn change(typed: &Values, now: &Values, tenant: &Tenant) -> Result<Change, Error> {
    let changed = |name: &str| changed(typed, now, name);
    let none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let cap = |name: &str| match changed(name) {
        Some(text) if text.is_empty() => Ok(Some(0)),
        Some(text) => number(&text, "the mails an hour").map(Some),
        None => Ok(None),
    };
    let downloads = changed("downloads").map(|text| {
        let mut links: Vec<String> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        // A platform that no line names any more loses its link.
        for platform in tenant.settings.downloads.keys() {
            let begins = format!("{}=", platform.as_str());
            if !links.iter().any(|line| line.starts_with(&begins)) {
                links.push(begins);
            }
        }
        links
    });
    Ok(Change {
        name: changed("name"),
        time_zone: changed("zone"),
        pool_by_hand: changed("pool"),
        settings: SettingsChange {
            application: changed("application"),
            language: changed("language"),
            support: changed("support"),
            faq: changed("faq"),
            case: changed("case"),
            privacy: changed("privacy"),
            downloads: downloads.unwrap_or_default(),
            sending: SendingChange {
                remind_after: changed("remind").map(none),
                quiet_hours: changed("quiet").map(none),
                quiet_weekends: changed("weekends").map(|text| !text.is_empty()),
                per_hour: cap("per_hour")?,
                per_domain: cap("per_domain")?,
                stop_at_refused: changed("refusals"),
                deactivation_notice: changed("deactivation").map(|text| !text.is_empty()),
            },
        },
    })
}

/// The tab of the address.
fn tab(desk: &Desk) -> Result<&'static str, Failure> {
    match desk.part("tab") {
        "" => Ok("general"),
        "mail" => Ok("mail"),
        "domains" => Ok("domains"),
        _ => Err(Failure::no_endpoint()),
    }
}

pub(super) async fn show(desk: Desk) -> Response {
    let made = async || shown(&desk, tab(&desk)?, None).await;
    made().await.unwrap_or_else(Failure::into_response)
}

/// A tab, with what was typed and why it was refused.
async fn shown(
    desk: &Desk,
    tab: &'static str,
    refused: Option<(Values, String)>,
) -> Result<Response, Failure> {
    let f = desk.frame(At::Settings).await?;
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (typed, error) = refused.unzip();
    let now = values(tab, &desk.tenant);
    let (shown, values) = (as_shown(&now), typed.unwrap_or(now));
    let (mut sections, mut listed) = (Vec::new(), None);
    match tab {
        "domains" => listed = Some(domains::list(desk.app().db(), &desk.tenant_id()).await?),
        "mail" => sections = filled(mail(), &values),
        _ => sections = filled(general(desk, &f).await?, &values),
    }
    Ok(page(status, &Settings { f, tab, sections, shown, domains: listed, error }))
}

pub(super) async fn save(desk: Desk, form: Form) -> Response {
    let saved = async || {
        desk.may(Right::Change)?;
        let tab = tab(&desk)?;
        if tab == "domains" {
            return save_domains(&desk, &form).await;
        }
        let now = values(tab, &desk.tenant);
        let (typed, clash) = typed(&form, &now);
        if clash {
            return shown(&desk, tab, Some((typed, desk.visitor.tongue.t(CLASH).to_owned()))).await;
        }
        if typed == now {
            return Ok(back(&desk, tab));
        }
        let (db, operator, tenant) = (desk.app().db(), desk.operator("tenant update"), desk.tenant_id());
        let tried = async {
            let change = change(&typed, &now, &desk.tenant)?;
            let follows = tenants::preview_update(db, &operator, &tenant, &change).await?;
            Ok::<_, Error>((change, follows))
        };
        let (change, follows) = match tried.await {
            Ok(tried) => tried,
            Err(error) => return shown(&desk, tab, Some((typed, said(error)?))).await,
        };
        if let Some(again) = asked_first(&form, &follows) {
            return ask(&desk, &form, &now, (&follows, again)).await;
        }
        match tenants::update(db, &operator, &tenant, &change, Agreed::Verdicts(follows.tag)).await {
            Ok(_) => {
                desk.app().work().notify_one();
                Ok(back(&desk, tab))
            }
            Err(error) => shown(&desk, tab, Some((typed, said(error)?))).await,
        }
    };
    saved().await.unwrap_or_else(Failure::into_response)
}

/// Asks before people lose something because the days of pools end at another instant.
async fn ask(
    desk: &Desk,
    form: &Form,
    now: &Values,
    follows: (&Consequences, &str),
) -> Result<Response, Failure> {
    let f = desk.frame(At::Settings).await?;
    let fields: Vec<&'static str> = now.keys().copied().chain([SHOWN]).collect();
    let question = Question {
        title: f.t("Change the time zone?").to_owned(),
        action: f.to("/settings"),
        back: (f.to("/settings"), f.t("Settings").to_owned()),
        button: f.t("Save").to_owned(),
        ..Question::before(&f, form, &fields, follows)
    };
    question.shown(desk, At::Settings).await
}

fn back(desk: &Desk, tab: &str) -> Response {
    let below = if tab == "general" { String::new() } else { format!("/{tab}") };
    see_other(&format!("/console/{}/settings{below}?done=saved", desk.tenant.id))
}

async fn save_domains(desk: &Desk, form: &Form) -> Result<Response, Failure> {
    let text =
        |name: &str| form.field(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let policy = text("policy").and_then(|word| word.parse::<Policy>().ok());
    let removed = text("remove").map(domains::Change::Remove);
    let change = removed.or_else(|| text("add").map(domains::Change::Add));
    let Some(change) = change.or_else(|| policy.map(domains::Change::Policy)) else {
        let said = desk.visitor.tongue.t("Write a domain, such as example.com.").to_owned();
        return shown(desk, "domains", Some((Values::new(), said))).await;
    };
    match domains::change(desk.app().db(), &desk.operator("domain"), &desk.tenant_id(), &change).await {
        Ok(_) | Err(Error::Already { .. }) => Ok(back(desk, "domains")),
        Err(error) => shown(desk, "domains", Some((Values::new(), said(error)?))).await,
    }
}
