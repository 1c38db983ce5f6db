//! Invented content, one for each kind: for previews, for checks and for test mails.

use chrono::NaiveDate;

use crate::content::{
    Action, Alert, Code, Content, Deactivated, Fact, Invitation, Message, Progress, Reminder, Return, Sender,
    Step, Test,
};
use crate::{Contact, Kind, Link};

/// Invented but lifelike content with everything in it.
#[must_use]
pub fn sample(kind: Kind) -> Content {
    let name = match kind {
        Kind::Return => "Ibrahim",
        Kind::Deactivated => "Yusuf",
        Kind::Alert | Kind::Test => "Ingrid",
        Kind::Invitation | Kind::Code | Kind::Reminder => "Keoni",
    };
    Content { name: Some(name.to_owned()), sender: sender(), message: message(kind) }
}

/// Contents with which a template is tried before it is saved: with everything, without everything that may be missing,
/// with and without each of those alone, and for a reminder each number and each count of steps at which templates differ.
pub(crate) fn samples(kind: Kind) -> Vec<Content> {
    let (whole, parts) = (sample(kind), optional(kind));
    let without = |kept: Option<usize>| {
        let mut content = whole.clone();
        let left_out = parts.iter().enumerate().filter(|(at, _)| Some(*at) != kept);
        left_out.for_each(|(_, leave_out)| leave_out(&mut content));
        content
    };
    let bare = without(None);
    let mut all = vec![whole.clone(), bare.clone()];
    for (at, leave_out) in parts.iter().enumerate() {
        let mut content = whole.clone();
        leave_out(&mut content);
        all.extend([content, without(Some(at))]);
    }
    if kind == Kind::Reminder {
        all.extend([&whole, &bare].into_iter().flat_map(reminders));
    }
    all
}

/// What leaves out a part of a content.
type LeaveOut = fn(&mut Content);

macro_rules! without {
    ($message:ident.$part:ident) => {
        |content| {
            if let Message::$message(message) = &mut content.message {
                message.$part = Default::default();
            }
        }
    };
}

/// What may be missing, each by itself.
fn optional(kind: Kind) -> Vec<LeaveOut> {
    let everywhere: [LeaveOut; 4] = [
        |content| content.name = None,
        |content| content.sender.support = None,
        |content| content.sender.faq = None,
        |content| content.sender.case = None,
    ];
    let own: Vec<LeaveOut> = match kind {
        Kind::Invitation => vec![without!(Invitation.valid_until), without!(Invitation.introduction)],
        Kind::Code => vec![without!(Code.device)],
        Kind::Reminder => vec![without!(Reminder.began_on), without!(Reminder.of)],
        Kind::Return => vec![without!(Return.ended_on)],
        Kind::Deactivated => Vec::new(),
        Kind::Alert => vec![
            without!(Alert.paragraphs),
            without!(Alert.facts),
            without!(Alert.action),
            without!(Alert.advice),
            without!(Alert.note),
            without!(Alert.reference),
        ],
        Kind::Test => vec![without!(Test.server)],
    };
    everywhere.into_iter().chain(own).collect()
}

/// A reminder as the first one and as later ones, with no step left, with one and with many.
fn reminders(content: &Content) -> Vec<Content> {
    let steps = |done: usize, of: usize| -> Vec<Progress> {
        let steps =
            [Step::Open, Step::SignIn(None), Step::Verify, Step::Pin].into_iter().take(of).enumerate();
        steps.map(|(at, step)| Progress { step, done: at < done }).collect()
    };
    let mut all = Vec::new();
    for number in 1..=3 {
        for steps in [steps(4, 4), steps(3, 4), steps(2, 4), steps(0, 4), steps(0, 1)] {
            let mut one = content.clone();
            if let Message::Reminder(reminder) = &mut one.message {
                (reminder.number, reminder.steps) = (number, steps);
            }
            all.push(one);
        }
    }
    all
}

fn sender() -> Sender {
    Sender {
        application: "Latchkey".into(),
        organisation: "Kestrel Maritime".into(),
        support: Contact::new("it-desk@kestrel.example").ok(),
        faq: Some(link("https://help.kestrel.example/latchkey")),
        case: Some(link("https://help.kestrel.example/new")),
    }
}

fn message(kind: Kind) -> Message {
    match kind {
        Kind::Invitation => Message::Invitation(Invitation {
            link: link("https://rollcall.kestrel.example/e/7Qx2-invite"),
            sign_in: "keoni.kahananui@harbourline.example".into(),
            valid_until: day(2026, 12, 9),
            introduction: Some(
                "Latchkey keeps your work passwords in one place and fills them in for you.".into(),
            ),
        }),
        Kind::Code => Message::Code(Code {
            code: "418203".into(),
            minutes: 10,
            device: Some("HL-LT-2231 (Windows 11)".into()),
        }),
        Kind::Reminder => Message::Reminder(Reminder {
            link: link("https://rollcall.kestrel.example/e/7Qx2-continue"),
            steps: vec![
                Progress { step: Step::Open, done: true },
                Progress { step: Step::SignIn(Some("HL-LT-2231".into())), done: true },
                Progress { step: Step::Verify, done: false },
                Progress { step: Step::Pin, done: false },
            ],
            began_on: day(2026, 11, 10),
            number: 2,
            of: Some(2),
        }),
        Kind::Return => Message::Return(Return {
            link: link("https://rollcall.kestrel.example/e/7Qx2-return"),
            sign_in: "ibrahim.almasri@harbourline.example".into(),
            ended_on: day(2026, 10, 3),
        }),
        Kind::Deactivated => {
            Message::Deactivated(Deactivated { ended_on: day(2026, 10, 3).unwrap_or_default() })
        }
        Kind::Alert => Message::Alert(alert()),
        Kind::Test => Message::Test(Test { server: Some("smtp.kestrel.example".into()) }),
    }
}

fn alert() -> Alert {
    let fact = |name: &str, value: &str| Fact { name: name.into(), value: value.into() };
    Alert {
        subject: "Brake: 37 deactivations of Harbourline are held".into(),
        title: "37 deactivations are held".into(),
        summary: "No one has lost access. Approve or reject them in the console.".into(),
        paragraphs: vec![
            "Harbourline would have taken access away from 37 people in 11 minutes; its limit is 10 in 60 minutes. \
             None of the 37 has lost access. The provider got its normal answer."
                .into(),
        ],
        facts: vec![
            fact("13:41", "31 members left the dynamic group Shore staff, by one request"),
            fact("13:44 to 13:52", "6 people switched off, one by one"),
            fact("Used in 7 days", "34 of the 37"),
            fact("To hand over", "5 people manage 6 shared vaults, used by 64 people"),
        ],
        action: Some(Action { label: "Review 37".into(), link: link("https://rollcall.kestrel.example/brake") }),
        advice: Some(
            "Approve: they lose access and their seats are freed. Reject: they keep their seats. Until then nothing \
             happens, and no timer decides. Check the rule of Shore staff first."
                .into(),
        ),
        note: Some(
            "Sent to Ingrid Solheim and Tomasz Wieczorek, at most once an hour for one connection.".into(),
        ),
        reference: Some("brk_01JCX8A".into()),
    }
}

fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}

fn link(text: &str) -> Link {
    Link::new(text).expect("the links of the samples are links")
}
