//! People at every point of the way, each under a token that says where: what tests and screenshots show.

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{NaiveDate, TimeDelta};
use futures::FutureExt as _;

use super::journey::{
    Answer, Checked, Closed, Code, Download, Gone, Journey, Journeys, Platform, Sender, Sent, Stage, Why,
};
use crate::http::error::Failure;
use crate::pages::link::WebLink;

/// The code that is right for everyone.
pub(super) const RIGHT: &str = "418203";

/// Whether the person under `walking`, whom one test sends all the way, has typed the right code.
static WALKED: AtomicBool = AtomicBool::new(false);

/// Every page that opens by its address, below `/enrol/`, with the status it has.
pub(super) const PAGES: &[(&str, u16)] = &[
    ("invited", 200),
    ("bare", 200),
    ("one-download", 200),
    ("returning", 200),
    ("hostile", 200),
    ("invited/code", 200),
    ("waiting/code", 200),
    ("expired-code/code", 200),
    ("spent/code", 200),
    ("hostile/code", 200),
    ("verified/done", 200),
    ("verified-back/done", 200),
    ("restoring/done", 200),
    ("finished/done", 200),
    ("finished-back/done", 200),
    ("expired", 410),
    ("moved", 410),
    ("ended", 410),
    ("unknown", 404),
    ("guessed", 429),
    ("busy", 503),
    ("broken", 500),
];

/// The samples behind the pages.
pub(super) const SAMPLES: Journeys = Journeys {
    look: |_, token| answer(journey(&token)),
    send_code: |_, token| {
        answer(journey(&token).map(|journey| match token.as_str() {
            "waiting" => Sent::TooSoon(TimeDelta::seconds(25)),
            "used-up" => Sent::NoMoreToday(TimeDelta::hours(5)),
            _ if matches!(journey.stage, Stage::Invited { .. }) => Sent::Now,
            _ => Sent::NotNeeded,
        }))
    },
    check_code: |_, token, digits| {
        answer(journey(&token).map(|_| match (token.as_str(), digits.as_str()) {
            ("expired-code", _) => Checked::Expired,
            ("spent", _) => Checked::Spent(TimeDelta::seconds(120)),
            ("bare", _) => Checked::NoCode,
            (token, RIGHT) => {
                if token == "walking" {
                    WALKED.store(true, Ordering::Relaxed);
                }
                Checked::Right
            }
            _ => Checked::Wrong { left: 4 },
        }))
    },
    restored: |_, token, _| answer(journey(&token).map(drop)),
};

fn answer<T: Send + 'static>(result: Result<T, Closed>) -> Answer<T> {
    std::future::ready(result).boxed()
}

fn journey(token: &str) -> Result<Journey, Closed> {
    let base = Journey {
        sender: sender(),
        name: "Keoni".to_owned(),
        sign_in: "keoni.kahananui@harbourline.example".to_owned(),
        address: "keoni.kahananui@harbourline.example".to_owned(),
        downloads: downloads(),
        off: None,
        stage: invited(Some(fresh())),
    };
    let back = || Journey { name: "Ibrahim".to_owned(), off: day(2026, 10, 3), ..base.clone() };
    let device = || Some("HL-LT-2231".to_owned());
    let gone = |why| Err(Closed::Gone(Box::new(Gone { sender: sender(), why })));
    Ok(match token {
        "bare" => bare(base),
        "walking" if WALKED.load(Ordering::Relaxed) => {
            Journey { stage: Stage::Verified { device: device() }, ..base }
        }
        "invited" | "used-up" | "walking" => base,
        "one-download" => Journey { downloads: one_download(), ..base },
        "returning" => back(),
        "hostile" => hostile(base),
        "waiting" => {
            Journey { stage: invited(Some(Code { again: TimeDelta::seconds(25), ..fresh() })), ..base }
        }
        "expired-code" => {
            Journey { stage: invited(Some(Code { valid: TimeDelta::zero(), ..fresh() })), ..base }
        }
        "spent" => Journey {
            stage: invited(Some(Code { left: 0, again: TimeDelta::seconds(120), ..fresh() })),
            ..base
        },
        "verified" => Journey { stage: Stage::Verified { device: device() }, ..base },
        "verified-back" => Journey { stage: Stage::Verified { device: None }, ..back() },
        "restoring" => Journey { stage: Stage::Restore, ..back() },
        "finished" => Journey { stage: Stage::Done { device: device() }, ..base },
        "finished-back" => Journey { stage: Stage::Done { device: None }, downloads: Vec::new(), ..back() },
        "expired" => return gone(Why::Expired(day(2026, 12, 9).unwrap_or_default())),
        "moved" => return gone(Why::AddressChanged),
        "ended" => return gone(Why::AccessEnded),
        "guessed" => {
            return Err(Failure::Later(scim::Error::status(429, "Too many guesses."), 90).into());
        }
        "busy" => return Err(Failure::from(operations::DatabaseError::Busy).into()),
        "broken" => return Err(Failure::fault(std::io::Error::other("s3cret")).into()),
        _ => return Err(Failure::no_endpoint().into()),
    })
}

fn sender() -> Sender {
    Sender {
        organisation: "Kestrel Maritime".to_owned(),
        application: "Latchkey".to_owned(),
        support: Some("it-desk@kestrel.example".to_owned()),
        faq: WebLink::parse("https://kestrel.example/latchkey/faq"),
        case: WebLink::parse("https://kestrel.example/case?product=latchkey&from=invitation"),
        privacy: WebLink::parse("https://kestrel.example/privacy"),
    }
}

fn invited(code: Option<Code>) -> Stage {
    Stage::Invited { until: day(2026, 12, 9), code }
}

fn fresh() -> Code {
    Code { valid: TimeDelta::minutes(10), left: 5, again: TimeDelta::zero() }
}

fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}

fn downloads() -> Vec<Download> {
    [
        (Platform::Windows, "Windows 10 and 11, 84 MB"),
        (Platform::MacOs, "13 or later"),
        (Platform::Linux, "deb, rpm, AppImage"),
        (Platform::Ios, "App Store"),
        (Platform::Android, "Google Play"),
        (Platform::Browser, ""),
    ]
    .into_iter()
    .filter_map(|(platform, note)| {
        let link = WebLink::parse("https://latchkey.example/download?a=1&b=2")?;
        let note = (!note.is_empty()).then(|| note.to_owned());
        Some(Download { platform, link, note })
    })
    .collect()
}

/// A tenant whose application has one page for all platforms.
fn one_download() -> Vec<Download> {
    let only = downloads().into_iter().take(1);
    only.map(|download| Download { platform: Platform::Other, note: None, ..download }).collect()
}

/// A tenant that has set nothing up.
fn bare(base: Journey) -> Journey {
    let sender = Sender { support: None, faq: None, case: None, privacy: None, ..base.sender };
    let stage = Stage::Invited { until: None, code: None };
    Journey { sender, downloads: Vec::new(), stage, ..base }
}

/// Names that try to be more than text.
fn hostile(base: Journey) -> Journey {
    let script = "<script>alert(1)</script>\"'&{name}*";
    let sender = Sender {
        organisation: format!("{script}{}", "Ж".repeat(280)),
        application: format!("\u{202e}{script}"),
        support: Some("a?bcc=b@c\"<b>".to_owned()),
        ..base.sender
    };
    let name = format!("{script}\nمرحبا 🦀 {}", "W".repeat(300));
    Journey { sender, name, sign_in: "x".repeat(200), address: script.to_owned(), ..base }
}
