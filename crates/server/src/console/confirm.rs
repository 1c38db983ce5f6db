//! A question before something is taken away, deleted or handed over: what follows, what must be typed or ticked, one button.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use operations::consequences::Consequences;

use super::desk::Desk;
use super::frame::{At, Frame};
use crate::http::error::Failure;
use crate::pages::answer::page;
use crate::pages::form::Form;
use crate::pages::phrase::Markup;

/// The question on a page of its own, or alone for a script that opens it as a dialog.
#[derive(Template)]
#[template(path = "console/confirm.html", blocks = ["question"])]
struct Confirm {
    f: Frame,
    q: Question,
    whole: bool,
}

/// What is said when the question has to be asked again, because its answer would do something else now.
pub(super) const CHANGED: &str = "Something has changed since this was shown. This is what would follow now.";

/// What follows: an icon, its tone, and a sentence.
pub(super) type Effect = (&'static str, &'static str, Markup);

/// What follows for people, in sentences.
pub(super) fn effects(f: &Frame, follows: &Consequences) -> Vec<Effect> {
    let (gains, losses) = (&follows.gains, &follows.losses);
    let mut effects = Vec::new();
    let mut push = |number: u64, look: (&'static str, &'static str), one: &str, many: &str| {
        if number > 0 {
            effects.push((look.0, look.1, f.many(number, one, many)));
        }
    };
    push(losses.access, ("lock", "icon-bad"), "*1 person* loses access.", "*{n} people* lose access.");
    push(losses.seats, ("licence", ""), "1 seat goes back.", "{n} seats go back.");
    push(
        losses.places,
        ("clock", ""),
        "1 place in a waiting list is given up.",
        "{n} places in waiting lists are given up.",
    );
    let (one, many) = (
        "1 person must restore from a backup file to come back.",
        "{n} people must restore from a backup file to come back.",
    );
    push(follows.restores, ("history", ""), one, many);
    push(gains.seats, ("licence", "icon-ok"), "1 person gets a seat.", "{n} people get seats.");
    push(gains.places, ("clock", ""), "1 person waits for a seat.", "{n} people wait for a seat.");
    let (one, many) =
        ("1 person is turned away by the full pool.", "{n} people are turned away by the full pool.");
    push(follows.refused, ("ban", "icon-bad"), one, many);
    push(
        follows.unaffected,
        ("users", ""),
        "For 1 person nothing changes.",
        "For {n} people nothing changes.",
    );
    for administrator in &follows.administrators {
        effects.push(("alert", "icon-warn", f.say("*{a}* is an administrator.", administrator)));
    }
    effects
}

/// What is asked.
#[derive(Default)]
pub(super) struct Question {
    pub(super) title: String,
    /// What went wrong with the last answer.
    pub(super) error: Option<String>,
    pub(super) effects: Vec<Effect>,
    /// What must be handed over first, in words; ticked as `handed_over`.
    pub(super) holds: Vec<String>,
    /// What is sent along.
    pub(super) hidden: Vec<(&'static str, String)>,
    /// What is chosen.
    pub(super) selects: Vec<Select>,
    /// A number or a name that must be typed: the name of the field, its label and a help.
    pub(super) typed: Option<(&'static str, String, String)>,
    /// Where the answer goes.
    pub(super) action: String,
    /// Where “Cancel” goes, and what that page is called.
    pub(super) back: (String, String),
    pub(super) button: String,
    /// Whether the button takes something away.
    pub(super) danger: bool,
}

/// A choice that the question needs.
pub(super) struct Select {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) help: String,
    /// The values, each with its words.
    pub(super) options: Vec<(String, String)>,
}

/// What is asked before a form is carried out by which people lose or get something: why it is asked again, if it was before;
/// nothing when no one does, or when the form agrees to all of it.
pub(super) fn asked_first(form: &Form, follows: &Consequences) -> Option<&'static str> {
    let losers = follows.losses.people;
    if losers == 0 && follows.gains.people == 0 {
        return None;
    }
    match form.field("tag") {
        None => Some(""),
        Some(tag) if tag != follows.tag => Some(CHANGED),
        Some(_)
            if losers > 1
                && form.field("count").and_then(|text| text.trim().parse().ok()) != Some(losers) =>
        {
            Some("The number is another one. Nothing was changed.")
        }
        Some(_) if !follows.holds.is_empty() && form.field("handed_over").is_none() => {
            Some("Say that the handover is done first.")
        }
        Some(_) => None,
    }
}

impl Question {
    /// What is asked before a form with these fields is carried out.
    pub(super) fn before(
        f: &Frame,
        form: &Form,
        fields: &[&'static str],
        (follows, again): (&Consequences, &str),
    ) -> Self {
        let sent = fields.iter().filter_map(|name| Some((*name, form.field(name)?)));
        let mut hidden: Vec<(&'static str, String)> = sent.collect();
        hidden.push(("tag", follows.tag.clone()));
        let losers = follows.losses.people;
        let help = f.count(
            losers,
            "1 person loses a seat, a place or access.",
            "{n} people lose a seat, a place or access.",
        );
        let label = f.t("Type the number of people who lose something").to_owned();
        Self {
            error: Some(f.t(again).to_owned()).filter(|said| !said.is_empty()),
            effects: effects(f, follows),
            holds: follows.holds.iter().map(|hold| hold.words.clone()).collect(),
            hidden,
            typed: (losers > 1).then_some(("count", label, help)),
            danger: losers > 0,
            ..Self::default()
        }
    }

    /// The answer that shows it.
    pub(super) async fn shown(self, desk: &Desk, at: At) -> Result<Response, Failure> {
        let status = if self.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let confirm = Confirm { f: desk.frame(at).await?, q: self, whole: !desk.fragment() };
        if desk.fragment() {
            return Ok(page(status, &confirm.as_question()));
        }
        Ok(page(status, &confirm))
    }
}
