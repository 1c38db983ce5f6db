//! What stands around a page: navigation, the administrator, language and theme, and how things are said.

use std::borrow::Borrow;
use std::fmt::Display;

use chrono::{DateTime, NaiveDate, Utc};
use operations::overview::Beside;
use operations::sign_in::SignedIn;
use operations::{Operator, Right};
use provisioning::Zone;

use super::tongue::Tongue;
use crate::pages::phrase::{Markup, Slots};

/// A part of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// The overview.
    Overview,
    /// The users and each of them.
    Users,
    /// The groups and their bindings.
    Groups,
    /// The pools and each of them.
    Licences,
    /// The connections and each of them.
    Connections,
    /// What the connections sent.
    Inspector,
    /// Users whom two connections push.
    Conflicts,
    /// What is held.
    Brake,
    /// Every change.
    Journal,
    /// What the application may let people do.
    Permissions,
    /// Mail and its templates.
    Mail,
    /// The administrators and their sessions.
    Administrators,
    /// The own account.
    Preferences,
    /// The settings of the organisation.
    Settings,
    /// The search through everything.
    Search,
}

impl At {
    /// The word in the address.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Licences => "licences",
            Self::Connections => "connections",
            Self::Inspector => "inspector",
            Self::Conflicts => "conflicts",
            Self::Brake => "brake",
            Self::Journal => "journal",
            Self::Permissions => "permissions",
            Self::Mail => "mail",
            Self::Administrators => "administrators",
            Self::Preferences => "preferences",
            Self::Settings => "settings",
            Self::Search => "search",
        }
    }
}

/// What every template of the console knows.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(super) tongue: Tongue,
    /// `light` or `dark`; empty as the system.
    pub(super) theme: &'static str,
    /// Where the tenant's pages are; empty before the sign-in.
    pub(super) root: String,
    pub(super) tenant: String,
    /// What the navigation counts.
    pub(super) beside: Beside,
    pub(super) me: Option<Me>,
    pub(super) at: Option<At>,
    pub(super) now: DateTime<Utc>,
    pub(super) zone: Zone,
    /// What was done just now.
    pub(super) flash: Option<String>,
}

/// The administrator who has signed in.
#[derive(Clone, Debug)]
pub(crate) struct Me {
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) rights: Vec<Right>,
    /// Whether the administrator looks after every tenant.
    pub(super) everywhere: bool,
}

impl Me {
    pub(super) fn of(signed_in: &SignedIn, operator: &Operator) -> Self {
        let role = match signed_in.role() {
            "owner" => "Owner",
            "administrator" => "Administrator",
            "help-desk" => "Help desk",
            _ => "Auditor",
        };
        Self {
            name: signed_in.name().to_owned(),
            role,
            rights: Right::ALL.into_iter().filter(|right| operator.has(*right)).collect(),
            everywhere: signed_in.tenant().is_none(),
        }
    }
}

impl Frame {
    /// What stands for English words.
    pub(crate) fn t<'a>(&self, english: &'a str) -> &'a str {
        self.tongue.t(english)
    }

    /// A sentence with the slot `a`.
    pub(crate) fn say(&self, english: &str, a: impl Display) -> Markup {
        self.tongue.say(english, &Slots::default().text("a", a.to_string()))
    }

    /// A sentence with the slots `a` and `b`.
    pub(crate) fn say2(&self, english: &str, a: impl Display, b: impl Display) -> Markup {
        self.tongue.say(english, &Slots::default().text("a", a.to_string()).text("b", b.to_string()))
    }

    /// A sentence with the slot `a`, for labels.
    pub(crate) fn label(&self, english: &str, a: impl Display) -> String {
        self.tongue.title(english, &Slots::default().text("a", a.to_string()))
    }

    /// The same with two texts.
    pub(crate) fn label2(&self, english: &str, a: impl Display, b: impl Display) -> String {
        self.tongue.title(english, &Slots::default().text("a", a.to_string()).text("b", b.to_string()))
    }

    /// So many things.
    pub(crate) fn count(&self, number: impl Borrow<u64>, one: &str, many: &str) -> String {
        self.tongue.count(*number.borrow(), one, many)
    }

    /// So many things, in a sentence with strong words.
    pub(crate) fn many(&self, number: impl Borrow<u64>, one: &str, many: &str) -> Markup {
        let number = *number.borrow();
        let slots = Slots::default().text("n", self.number(number));
        self.tongue.say(if number == 1 { one } else { many }, &slots)
    }

    /// A number.
    pub(crate) fn number(&self, number: impl Borrow<u64>) -> String {
        self.tongue.number(*number.borrow())
    }

    /// A number that was counted up to a hundred.
    pub(crate) fn at_most(&self, number: impl Borrow<u64>) -> String {
        let number = *number.borrow();
        if number < 100 { self.number(number) } else { "99+".to_owned() }
    }

    /// What the pill of a status says.
    pub(crate) fn status(&self, word: &str) -> &str {
        self.t(match word {
            "active" => "Active",
            "pending" => "Pending user action",
            "none" => "No licence",
            _ => "Deactivated",
        })
    }

    /// How long ago, or the day.
    pub(crate) fn when(&self, at: &DateTime<Utc>) -> String {
        self.tongue.when(*at, self.now, self.zone)
    }

    /// Day and time.
    pub(crate) fn moment(&self, at: &DateTime<Utc>) -> String {
        self.tongue.at(*at, self.now, self.zone)
    }

    /// The time with seconds, and the day if it is another one than today.
    pub(crate) fn clock(&self, at: &DateTime<Utc>) -> String {
        let time = self.zone.time(*at).format("%H:%M:%S").to_string();
        let (day, today) = (self.zone.day(*at), self.zone.day(self.now));
        if day == today { time } else { format!("{}, {time}", self.tongue.date(day, today)) }
    }

    /// The day of an instant.
    pub(crate) fn day(&self, at: &DateTime<Utc>) -> String {
        self.date(self.zone.day(*at))
    }

    /// A day of the calendar.
    pub(crate) fn date(&self, day: impl Borrow<NaiveDate>) -> String {
        self.tongue.date(*day.borrow(), self.zone.day(self.now))
    }

    /// An address below the tenant's pages.
    pub(crate) fn to(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    fn has(&self, right: Right) -> bool {
        self.me.as_ref().is_some_and(|me| me.rights.contains(&right))
    }

    /// Whether the administrator may change something.
    pub(crate) fn changes(&self) -> bool {
        self.has(Right::Change)
    }

    /// Whether the administrator may send reminders.
    pub(crate) fn reminds(&self) -> bool {
        self.has(Right::Remind)
    }

    /// Whether the administrator may export.
    pub(crate) fn exports(&self) -> bool {
        self.has(Right::Export)
    }

    /// Why a control cannot be used by one who may not change anything.
    pub(crate) fn only(&self) -> &str {
        self.t("Only owners and administrators may change something.")
    }

    /// The chapter of the help that is about the present page.
    pub(crate) fn help(&self) -> String {
        format!("/console/help#{}", self.at.map_or("overview", At::as_str))
    }

    /// Whether a part of the navigation is the present one.
    pub(crate) fn is_at(&self, part: &str) -> bool {
        self.at.is_some_and(|at| at.as_str() == part)
    }
}

/// The first letters of a name, two at most.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let letters = words.next().into_iter().chain(words.next_back());
    letters.filter_map(|word| word.chars().next()).flat_map(char::to_uppercase).take(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        for (name, letters) in [
            ("Amara Okafor", "AO"),
            ("Nguyễn Thị Lan", "NL"),
            ("ada@a.example", "AE"),
            ("Cher", "C"),
            ("", ""),
            ("<b>", "B"),
            ("ßeta", "SS"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
