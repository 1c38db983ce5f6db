//! From typed content to what a template sees: every text tidy, every date written in the language.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use minijinja::Value;

use crate::content::{Alert, Content, Message, Progress, Sender, Step};
use crate::engine::{self, Escape};
use crate::tidy::{LONGEST_PARAGRAPH, LONGEST_VALUE, one_line};
use crate::{Language, Link};

/// The variables of one letter by their names; what is not known is there as an empty text.
pub(crate) type Values = BTreeMap<&'static str, Value>;

/// More facts or paragraphs than this are no mail.
const LONGEST_LIST: usize = 50;

pub(crate) fn values(language: Language, content: &Content) -> Values {
    let mut all = of_sender(&content.sender);
    all.insert("name", maybe(content.name.as_deref()));
    let date = |day: Option<NaiveDate>| day.map_or(Value::from(""), |day| Value::from(language.date(day)));
    let own: Vec<(&'static str, Value)> = match &content.message {
        Message::Invitation(invitation) => vec![
            ("link", link(&invitation.link)),
            ("sign_in", text(&invitation.sign_in)),
            ("valid_until", date(invitation.valid_until)),
            ("introduction", invitation.introduction.as_deref().map_or(Value::from(""), paragraph)),
        ],
        Message::Code(code) => vec![
            ("code", text(&in_threes(&code.code))),
            ("minutes", Value::from(code.minutes)),
            ("device", maybe(code.device.as_deref())),
        ],
        Message::Reminder(reminder) => {
            let mut own = of_steps(language, &content.sender, &reminder.steps);
            own.push(("link", link(&reminder.link)));
            own.push(("began_on", date(reminder.began_on)));
            own.push(("number", Value::from(reminder.number)));
            own.push(("of", reminder.of.map_or(Value::from(""), Value::from)));
            own
        }
        Message::Return(back) => vec![
            ("link", link(&back.link)),
            ("sign_in", text(&back.sign_in)),
            ("ended_on", date(back.ended_on)),
        ],
        Message::Deactivated(deactivated) => vec![("ended_on", date(Some(deactivated.ended_on)))],
        Message::Alert(alert) => of_alert(alert),
        Message::Test(test) => vec![("server", maybe(test.server.as_deref()))],
    };
    all.extend(own);
    all
}

fn of_sender(sender: &Sender) -> Values {
    let contact = sender.support.as_ref();
    BTreeMap::from([
        ("organisation", text(&sender.organisation)),
        ("application", text(&sender.application)),
        ("support", maybe(contact.map(|contact| contact.text.as_str()))),
        ("support_link", maybe_link(contact.map(|contact| &contact.link))),
        ("faq", maybe_link(sender.faq.as_ref())),
        ("case", maybe_link(sender.case.as_ref())),
    ])
}

fn of_steps(language: Language, sender: &Sender, steps: &[Progress]) -> Vec<(&'static str, Value)> {
    let next = steps.iter().position(|progress| !progress.done);
    let left = steps.iter().filter(|progress| !progress.done).count();
    let words = |progress: &Progress| in_words(language, sender, progress);
    let listed = steps.iter().take(LONGEST_LIST).enumerate().map(|(index, progress)| {
        let state = if progress.done {
            "done"
        } else if Some(index) == next {
            "now"
        } else {
            "later"
        };
        Value::from(BTreeMap::from([("words", words(progress)), ("state", Value::from(state))]))
    });
    vec![
        ("steps", Value::from(listed.collect::<Vec<_>>())),
        ("next_step", next.map_or_else(|| text(""), |index| words(&steps[index]))),
        ("left", Value::from(left)),
    ]
}

/// A step as the language says it, done or to be done.
fn in_words(language: Language, sender: &Sender, progress: &Progress) -> Value {
    let (name, device) = match &progress.step {
        Step::Open => ("open", None),
        Step::SignIn(device) => ("sign-in", device.as_deref()),
        Step::Verify => ("verify", None),
        Step::Pin => ("pin", None),
        Step::Restore => ("restore", None),
    };
    let source = language.word(&format!("{name}.{}", if progress.done { "done" } else { "to-do" }));
    let mut values = of_sender(sender);
    values.insert("device", maybe(device));
    // The words are ours; a test renders each of them.
    Value::from(engine::render(source, Escape::Nothing, &values).unwrap_or_default())
}

fn of_alert(alert: &Alert) -> Vec<(&'static str, Value)> {
    let paragraphs = alert.paragraphs.iter().take(LONGEST_LIST).map(|words| paragraph(words));
    let fact = |fact: &crate::Fact| {
        Value::from(BTreeMap::from([("name", text(&fact.name)), ("value", text(&fact.value))]))
    };
    let optional = |words: Option<&String>| words.map_or(Value::from(""), |words| paragraph(words));
    vec![
        ("subject", text(&alert.subject)),
        ("title", text(&alert.title)),
        ("summary", paragraph(&alert.summary)),
        ("paragraphs", Value::from(paragraphs.collect::<Vec<_>>())),
        ("facts", Value::from(alert.facts.iter().take(LONGEST_LIST).map(fact).collect::<Vec<_>>())),
        ("action", maybe(alert.action.as_ref().map(|action| action.label.as_str()))),
        ("link", maybe_link(alert.action.as_ref().map(|action| &action.link))),
        ("advice", optional(alert.advice.as_ref())),
        ("note", optional(alert.note.as_ref())),
        ("reference", maybe(alert.reference.as_deref())),
    ]
}

fn text(value: &str) -> Value {
    Value::from(one_line(value, LONGEST_VALUE))
}

fn maybe(value: Option<&str>) -> Value {
    text(value.unwrap_or_default())
}

fn paragraph(value: &str) -> Value {
    Value::from(one_line(value, LONGEST_PARAGRAPH))
}

fn link(link: &Link) -> Value {
    Value::from(link.as_str())
}

fn maybe_link(value: Option<&Link>) -> Value {
    value.map_or(Value::from(""), link)
}

/// 418203 as 418 203.
fn in_threes(code: &str) -> String {
    let digits: Vec<char> = code.chars().collect();
    digits.chunks(3).map(|three| three.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
