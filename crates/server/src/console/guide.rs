//! How a connection is set up in each product, and what to change there when a request is refused: one file a product and
//! language in `guides`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::tongue::Tongue;
use crate::pages::phrase::{Markup, Slots, markup};

/// The files, by product and language. The last product stands in for those without a guide of their own.
const FILES: [((&str, &str), &str); 8] = [
    (("entra", "en"), include_str!("../../guides/entra.en.toml")),
    (("entra", "de"), include_str!("../../guides/entra.de.toml")),
    (("jumpcloud", "en"), include_str!("../../guides/jumpcloud.en.toml")),
    (("jumpcloud", "de"), include_str!("../../guides/jumpcloud.de.toml")),
    (("okta", "en"), include_str!("../../guides/okta.en.toml")),
    (("okta", "de"), include_str!("../../guides/okta.de.toml")),
    (("generic", "en"), include_str!("../../guides/generic.en.toml")),
    (("generic", "de"), include_str!("../../guides/generic.de.toml")),
];

static GUIDES: LazyLock<Vec<((&str, &str), Guide)>> = LazyLock::new(|| {
    let read = |text: &str| toml::from_str(text).unwrap_or_else(|error| panic!("a guide: {error}"));
    FILES.iter().map(|(key, text)| (*key, read(text))).collect()
});

/// The guide of a product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Guide {
    pub(super) name: String,
    pub(super) icon: String,
    pub(super) about: String,
    pub(super) steps: Vec<Step>,
    refusals: Vec<Refusal>,
}

/// A step of a guide.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) title: String,
    text: String,
    /// `secrets`: the address and the token are shown here.
    #[serde(default)]
    shows: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    status: u16,
    steps: Vec<String>,
}

/// What to change in the product.
pub(super) struct Advice {
    pub(super) product: &'static str,
    pub(super) steps: Vec<Markup>,
}

impl Step {
    pub(super) fn text(&self, application: &str) -> Markup {
        markup(&self.text, &Slots::default().text("application", application))
    }

    pub(super) fn shows_secrets(&self) -> bool {
        self.shows == "secrets"
    }
}

/// The guide of a profile in a language.
pub(super) fn of(profile: &str, tongue: Tongue) -> &'static Guide {
    let of = |profile, language| {
        GUIDES.iter().find(|(key, _)| *key == (profile, language)).map(|(_, guide)| guide)
    };
    let known = |profile| of(profile, tongue.code()).or_else(|| of(profile, "en"));
    known(profile).or_else(|| known("generic")).expect("there is a guide for products without one")
}

/// The profiles with a guide of their own, each with it.
pub(super) fn all(tongue: Tongue) -> impl Iterator<Item = (&'static str, &'static Guide)> {
    let english = FILES.iter().filter(|((_, language), _)| *language == "en");
    english.map(move |((profile, _), _)| (*profile, of(profile, tongue)))
}

/// What to change in the product of a profile after a refusal of this status.
pub(super) fn advice(status: u16, profile: &str, tongue: Tongue) -> Option<Advice> {
    let guide = of(profile, tongue);
    let refusal = guide.refusals.iter().find(|refusal| refusal.status == status)?;
    let steps = refusal.steps.iter().map(|step| markup(step, &Slots::default())).collect();
    Some(Advice { product: &guide.name, steps })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_guide_has_the_same_steps_in_each_language() {
        for ((profile, language), guide) in GUIDES.iter() {
            let english = GUIDES.iter().find(|(key, _)| *key == (*profile, "en"));
            let (_, english) = english.expect("there is an English one");
            let shape = |guide: &Guide| {
                let steps: Vec<&str> = guide.steps.iter().map(|step| step.shows.as_str()).collect();
                let refusals: Vec<_> = guide.refusals.iter().map(|it| (it.status, it.steps.len())).collect();
                format!("{steps:?} {refusals:?} {}", guide.icon)
            };
            assert_eq!(shape(guide), shape(english), "{profile} {language}");
            assert_eq!(guide.steps.iter().filter(|step| step.shows_secrets()).count(), 1, "{profile}");
        }
    }

    #[test]
    fn each_profile_has_a_guide() {
        let tongue = Tongue::new(&crate::pages::words::languages()[0]);
        for profile in operations::connections::profiles() {
            assert!(!of(profile, tongue).steps.is_empty(), "{profile}");
            assert!(advice(409, profile, tongue).is_some_and(|advice| !advice.steps.is_empty()), "{profile}");
        }
        assert!(advice(500, "generic", tongue).is_none());
    }
}
