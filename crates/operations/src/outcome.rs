//! What an operation came to.

use provisioning::{Decision, Situation};
use scim::compat::Used;

use crate::representation::Shown;

/// What a change came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The resource after the change; none after a deletion.
    pub shown: Option<Shown>,
    /// The quirks that made a difference.
    pub used: Used,
    /// What followed, in plain words.
    pub effects: Effects,
    /// Whether there is new work for the workers.
    pub queued: bool,
}

/// What followed from a change, in plain words, each with how often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects(Vec<(String, usize)>);

impl Effects {
    /// The most that are listed one by one.
    const LISTED: usize = 40;

    /// Notes that something happened.
    pub fn note(&mut self, words: impl Into<String>) {
        self.add(words.into(), 1);
    }

    /// Notes what others noted.
    pub fn merge(&mut self, others: Self) {
        for (words, times) in others.0 {
            self.add(words, times);
        }
    }

    /// Notes what a rule decided, in the words of the request log: pools by name, people not at all.
    pub(crate) fn decided(&mut self, situation: &Situation, decision: &Decision) {
        for effect in &decision.effects {
            self.note(effect.plain(|pool| situation.pool_name(pool)));
        }
    }

    fn add(&mut self, words: String, times: usize) {
        match self.0.iter_mut().find(|(known, _)| *known == words) {
            Some((_, known)) => *known += times,
            None => self.0.push((words, times)),
        }
    }

    /// Whether nothing followed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The list for people: what happened several times says how often, and what is too much is counted.
    #[must_use]
    pub fn listed(self) -> Vec<String> {
        let more = self.0.len().saturating_sub(Self::LISTED);
        let words = self.0.into_iter().take(Self::LISTED);
        let several = |(words, times)| if times == 1 { words } else { format!("{words} (× {times})") };
        let mut words: Vec<String> = words.map(several).collect();
        if more > 0 {
            words.push(format!("… and {more} more"));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_that_repeat_are_counted() {
        let mut effects = Effects::default();
        for words in ["seat taken in Vault", "now pending", "seat taken in Vault"] {
            effects.note(words);
        }
        assert_eq!(effects.listed(), ["seat taken in Vault (× 2)", "now pending"]);
        let mut many = Effects::default();
        (0..Effects::LISTED + 5).for_each(|number| many.note(number.to_string()));
        assert_eq!(many.listed().last().map(String::as_str), Some("… and 5 more"));
    }
}
