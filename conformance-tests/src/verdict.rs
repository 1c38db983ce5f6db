//! What a test came to, in words for people, and how much it weighs by the level of its requirement.
use std::any::Any;

use crate::exchange::{Exchange, Remark};
use crate::requirement::{Level, Requirement, Skipped};
use crate::words::in_words;

/// What became of one requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server meets it.
    Passed,
    /// The server breaks what it must do.
    Failed(String),
    /// The server does not follow what it should do.
    Advised(String),
    /// The server does what the RFCs leave open in another way.
    Differs(String),
    /// It could not be tried.
    Skipped(String),
    /// It is not met, and a list of known deviations says why.
    Expected(String),
}

impl Outcome {
    /// A complaint, weighed by the level of what it is about.
    pub(crate) fn weighed(level: Level, complaint: String) -> Outcome {
        match level {
            Level::Must => Outcome::Failed(complaint),
            Level::Should => Outcome::Advised(complaint),
            Level::May | Level::Proj => Outcome::Differs(complaint),
        }
    }

    /// How grave it is.
    fn weight(&self) -> u8 {
        match self {
            Outcome::Skipped(_) | Outcome::Passed | Outcome::Expected(_) => 0,
            Outcome::Differs(_) => 1,
            Outcome::Advised(_) => 2,
            Outcome::Failed(_) => 3,
        }
    }

    /// The word that stands for it in reports.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "failed",
            Outcome::Advised(_) => "advised",
            Outcome::Differs(_) => "differs",
            Outcome::Skipped(_) => "skipped",
            Outcome::Expected(_) => "expected",
        }
    }

    /// What was found, or why nothing was tried.
    pub(crate) fn message(&self) -> &str {
        match self {
            Outcome::Passed => "",
            Outcome::Failed(text)
            | Outcome::Advised(text)
            | Outcome::Differs(text)
            | Outcome::Skipped(text)
            | Outcome::Expected(text) => text,
        }
    }
}

/// One requirement, what became of it, and the exchanges that show it.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) requirement: Requirement,
    pub(crate) outcome: Outcome,
    pub(crate) exchanges: Vec<Exchange>,
    /// How long the test took, in seconds.
    pub(crate) seconds: f64,
}

impl Finding {
    /// Adds what the answers to other requests lack, where that weighs more than what the test itself found.
    pub(crate) fn with_remarks(mut self, remarks: &[Remark], every_level: bool) -> Finding {
        let level = self.requirement.level;
        let weight = |remark: &Remark| remark.at_most.map_or(level, |most| most.min(level));
        let Some(heaviest) = remarks.iter().max_by_key(|remark| weight(remark)) else { return self };
        let complaint = match remarks.len() - 1 {
            0 => heaviest.complaint.clone(),
            others => format!("{} (and in the answers of {others} other tests)", heaviest.complaint),
        };
        let level = if every_level { Level::Must } else { weight(heaviest) };
        let outcome = Outcome::weighed(level, complaint);
        if outcome.weight() > self.outcome.weight() {
            self.outcome = outcome;
            self.exchanges = heaviest.exchange.iter().map(|exchange| (**exchange).clone()).collect();
        }
        self
    }
}

/// The outcome of a test from what it ended with.
pub(crate) fn outcome_of(result: Result<(), Box<dyn Any + Send>>, level: Level) -> Outcome {
    let Err(payload) = result else { return Outcome::Passed };
    if let Some(Skipped(reason)) = payload.downcast_ref::<Skipped>() {
        return Outcome::Skipped(reason.clone());
    }
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    Outcome::weighed(level, in_words(text.unwrap_or("the test ended without saying why")))
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    fn of(level: Level, test: fn()) -> Outcome {
        outcome_of(catch_unwind(test), level)
    }

    #[test]
    fn a_complaint_weighs_what_its_requirement_weighs() {
        assert_eq!(of(Level::Must, || {}), Outcome::Passed);
        assert_eq!(of(Level::Must, || panic!("no id")), Outcome::Failed("no id".to_owned()));
        assert_eq!(of(Level::Should, || panic!("no id")), Outcome::Advised("no id".to_owned()));
        assert_eq!(of(Level::Proj, || panic!("no id")), Outcome::Differs("no id".to_owned()));
        assert_eq!(of(Level::Must, || crate::skip("no sort")), Outcome::Skipped("no sort".to_owned()));
    }

    #[test]
    fn a_remark_makes_a_finding_of_a_requirement_that_passed_by_itself() {
        let all = crate::requirements().expect("a table");
        let requirement = all.into_iter().find(|one| one.level == Level::Must).expect("one that must");
        let finding = Finding { requirement, outcome: Outcome::Passed, exchanges: Vec::new(), seconds: 0.0 };
        let remark =
            |at_most| Remark { id: "R-X-1", complaint: "no detail".to_owned(), at_most, exchange: None };
        let of = |remarks: &[Remark], every| finding.clone().with_remarks(remarks, every).outcome;
        assert_eq!(of(&[], false), Outcome::Passed);
        assert_eq!(of(&[remark(Some(Level::Should))], false), Outcome::Advised("no detail".to_owned()));
        assert_eq!(of(&[remark(Some(Level::Should))], true), Outcome::Failed("no detail".to_owned()));
        let two = of(&[remark(Some(Level::Should)), remark(None)], false);
        assert_eq!(two, Outcome::Failed("no detail (and in the answers of 1 other tests)".to_owned()));
    }
}
