//! The pages as templates with typed contexts: one struct a page, one file in `templates/enrol` each.

use askama::Template;
use chrono::{NaiveDate, TimeDelta};

use super::journey::{Code, Download, Journey, Platform, Sender, Why};
use super::platform::Icon;
use super::words::Enrol;
use crate::pages::phrase::{Markup, Slots, markup, plain};
use crate::pages::reader::Reader;
use crate::pages::words::{Words, languages, span};

mod frame;

pub(crate) use frame::Frame;

/// The invitation: where the application is, what happens next, and the way to a code.
#[derive(Template)]
#[template(path = "enrol/invitation.html")]
pub(crate) struct Invitation {
    t: Frame,
    downloads: Vec<Offer>,
    back: bool,
    until: bool,
    send: String,
}

/// A download as the page offers it.
pub(crate) struct Offer {
    href: String,
    /// Whether it is the one for this reader, whose first it is to be.
    main: bool,
    /// Whether that is known by the reader's device.
    here: bool,
    icon: Icon,
    name: &'static str,
    label: String,
    note: Option<String>,
}

impl Invitation {
    pub(crate) fn new(
        t: Frame,
        journey: &Journey,
        until: Option<NaiveDate>,
        agent: &str,
        send: String,
    ) -> Self {
        let t = match until {
            Some(day) => t.with_day("until", day),
            None => t,
        };
        let here = Platform::of_agent(agent).filter(|here| offered(journey, *here));
        let main = here.unwrap_or(Platform::Other);
        let offers = journey.downloads.iter().map(|download| Offer {
            main: download.platform == main,
            here: here == Some(download.platform),
            ..Offer::new(&t, download)
        });
        let mut downloads: Vec<Offer> = offers.collect();
        downloads.sort_by_key(|offer| !offer.main);
        Self { downloads, back: journey.off.is_some(), until: until.is_some(), send, t }
    }
}

fn offered(journey: &Journey, platform: Platform) -> bool {
    journey.downloads.iter().any(|download| download.platform == platform)
}

impl Offer {
    fn new(t: &Frame, download: &Download) -> Self {
        let (name, w) = (platform(t.words, download.platform), &t.words.invitation);
        let label = match download.platform {
            Platform::Other => t.title(&w.download_any),
            _ => plain(&w.download, &Slots::default().text("platform", name)),
        };
        Self {
            href: download.link.to_string(),
            main: false,
            here: false,
            icon: download.platform.icon(),
            name,
            label,
            note: download.note.clone(),
        }
    }
}

/// The entry of the code that was sent.
#[derive(Template)]
#[template(path = "enrol/code.html")]
pub(crate) struct CodeEntry {
    t: Frame,
    typed: String,
    /// What is wrong with what was typed.
    error: Option<Markup>,
    /// Why no new code was sent.
    early: Option<Markup>,
    /// Whether the code can still be entered.
    valid: bool,
    wait: bool,
    back: bool,
    verify: String,
    again: String,
}

/// Why the entry of a code is shown again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CodeError {
    /// What was typed is no code.
    NotSix,
    /// It is another code.
    Wrong { left: u32 },
    /// It is no longer valid.
    Expired,
    /// It was wrong too often.
    Spent(TimeDelta),
    /// A new one cannot be sent yet.
    TooSoon(TimeDelta),
}

impl CodeEntry {
    /// The typed text is shown again only as far as a code could go.
    pub(crate) fn new(
        t: Frame,
        journey: &Journey,
        code: Code,
        typed: &str,
        error: Option<CodeError>,
        verify: String,
        again: String,
    ) -> Self {
        let t = t
            .with("masked", masked(&journey.address))
            .with("valid", span(code.valid))
            .with("left", code.left.to_string())
            .with("wait", span(code.again));
        let w = &t.words.code;
        let say = |sentence: &str| Some(t.say(sentence));
        let waiting =
            |sentence: &str, wait| Some(markup(sentence, &Slots::default().text("wait", span(wait))));
        let zero = TimeDelta::zero();
        // The page says by itself that a code ran out or was used up while the person did not type.
        let over = match code {
            Code { valid, .. } if valid <= zero => Some(CodeError::Expired),
            Code { left: 0, again, .. } => Some(CodeError::Spent(again)),
            Code { .. } => None,
        };
        let (error, early) = match error.or(over) {
            None => (None, None),
            Some(CodeError::NotSix) => (say(&w.not_six), None),
            Some(CodeError::Wrong { left }) => {
                (Some(markup(&w.wrong, &Slots::default().text("left", left.to_string()))), None)
            }
            Some(CodeError::Expired) => (say(&w.expired), None),
            Some(CodeError::Spent(wait)) => (waiting(&w.spent, wait), None),
            Some(CodeError::TooSoon(wait)) => (None, waiting(&w.too_soon, wait)),
        };
        Self {
            typed: typed.chars().take(20).collect(),
            error,
            early,
            valid: over.is_none(),
            wait: code.again > zero,
            back: journey.off.is_some(),
            verify,
            again,
            t,
        }
    }
}

/// The address is verified; the PIN is set in the application.
#[derive(Template)]
#[template(path = "enrol/verified.html")]
pub(crate) struct Verified {
    t: Frame,
    device: bool,
    back: bool,
    check: String,
}

impl Verified {
    pub(crate) fn new(t: Frame, device: Option<&str>, back: bool, check: String) -> Self {
        Self { t: t.with_device(device), device: device.is_some(), back, check }
    }
}

/// What was there before has to be restored.
#[derive(Template)]
#[template(path = "enrol/restore.html")]
pub(crate) struct Restore {
    t: Frame,
    restore: String,
}

impl Restore {
    pub(crate) fn new(t: Frame, restore: String) -> Self {
        Self { t, restore }
    }
}

/// The person is enrolled.
#[derive(Template)]
#[template(path = "enrol/done.html")]
pub(crate) struct Done {
    t: Frame,
    device: bool,
    back: bool,
    phones: Vec<Offer>,
    extension: Option<Offer>,
}

impl Done {
    pub(crate) fn new(t: Frame, device: Option<&str>, back: bool, downloads: &[Download]) -> Self {
        let offers = |wanted: Icon| {
            downloads.iter().filter(move |d| d.platform.icon() == wanted).map(|d| Offer::new(&t, d))
        };
        let (phones, extension) = (offers(Icon::Phone).collect(), offers(Icon::Browser).next());
        Self { t: t.with_device(device), device: device.is_some(), back, phones, extension }
    }
}

/// The link is not valid any more.
#[derive(Template)]
#[template(path = "enrol/gone.html")]
pub(crate) struct Lost {
    t: Frame,
    why: Why,
}

impl Lost {
    pub(crate) fn new(t: Frame, why: Why) -> Self {
        let t = match why {
            Why::Expired(day) => t.with_day("until", day),
            Why::AddressChanged | Why::AccessEnded => t,
        };
        Self { t, why }
    }
}

/// No further code is sent today.
#[derive(Template)]
#[template(path = "enrol/too_many.html")]
pub(crate) struct TooMany {
    t: Frame,
}

impl TooMany {
    pub(crate) fn new(t: Frame, wait: TimeDelta) -> Self {
        Self { t: t.with("wait", span(wait)) }
    }
}

/// A request failed.
#[derive(Template)]
#[template(path = "enrol/fault.html")]
pub(crate) struct Fault {
    t: Frame,
    title: &'static str,
    text: &'static str,
    wait: bool,
    reference: bool,
    /// Whether the same address may work a little later.
    again: bool,
}

/// How a request failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wrong {
    NotFound,
    Method,
    Foreign,
    Large,
    TooMany,
    Busy,
    Failed,
    Other,
}

impl Fault {
    /// The page; the reference is shown only where an operator has to look into the log.
    pub(crate) fn new(
        t: Frame,
        wrong: Wrong,
        wait: Option<TimeDelta>,
        reference: Option<String>,
        opened: bool,
    ) -> Self {
        let w = &t.words.errors;
        let (title, text) = match wrong {
            Wrong::NotFound => (&w.not_found, &w.not_found_text),
            Wrong::Method => (&w.method, &w.method_text),
            Wrong::Foreign => (&w.foreign, &w.foreign_text),
            Wrong::Large => (&w.large, &w.large_text),
            Wrong::TooMany => (&w.too_many, &w.too_many_text),
            Wrong::Busy => (&w.busy, &w.busy_text),
            Wrong::Failed => (&w.failed, &w.failed_text),
            Wrong::Other => (&w.other, &w.other_text),
        };
        let reference = reference.filter(|_| matches!(wrong, Wrong::Failed));
        let t = t
            .with("wait", wait.map(span).unwrap_or_default())
            .with("reference", reference.clone().unwrap_or_default());
        let again = opened && matches!(wrong, Wrong::TooMany | Wrong::Busy | Wrong::Failed);
        Self { t, title, text, wait: wait.is_some(), reference: reference.is_some(), again }
    }
}

/// An address of which only its owner sees whose it is.
fn masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(usize::from(local.chars().count() > 2)).collect();
    if domain.is_empty() { format!("{first}•••") } else { format!("{first}•••@{domain}") }
}

fn platform(words: &'static Enrol, platform: Platform) -> &'static str {
    let w = &words.platforms;
    match platform {
        Platform::Windows => &w.windows,
        Platform::MacOs => &w.macos,
        Platform::Linux => &w.linux,
        Platform::Ios => &w.ios,
        Platform::Android => &w.android,
        Platform::Browser => &w.browser,
        Platform::Other => &w.other,
    }
}
