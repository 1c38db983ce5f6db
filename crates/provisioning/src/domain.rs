//! The domains of a tenant: whose addresses are the tenant's own, and what becomes of a person with another one (O-25).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::words::words;

/// What becomes of a person whose address is in none of the tenant's domains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DomainPolicy {
    /// The request is refused.
    #[default]
    Refuse,
    /// The person gets neither seat nor invitation until an administrator releases them.
    Hold,
    /// The person is let in, and lists say so.
    Flag,
}

words!(DomainPolicy, "domain policy", {
    Refuse => "refuse",
    Hold => "hold",
    Flag => "flag",
});

/// The domains of a tenant and what holds for every other one. Without a domain there is no rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domains {
    /// The domains, in the form of [`domain_name`].
    pub names: BTreeSet<String>,
    /// What becomes of people with an address elsewhere.
    pub policy: DomainPolicy,
}

/// What the domains of a tenant say about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Nothing.
    Admitted,
    /// The request is refused for this domain.
    Refused(String),
    /// The person is held for this domain.
    Held(String),
    /// The person is flagged for this domain.
    Flagged(String),
}

impl Domains {
    /// Decides about a person with these texts, of which those with an `@` are addresses: the first one in a domain that is
    /// not listed counts. A subdomain is another domain.
    pub fn admit<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Admission {
        if self.names.is_empty() {
            return Admission::Admitted;
        }
        let domains = texts.into_iter().filter_map(|text| text.rsplit_once('@'));
        let foreign = domains.map(|(_, domain)| compared(domain)).find(|domain| !self.names.contains(domain));
        match (foreign, self.policy) {
            (None, _) => Admission::Admitted,
            (Some(domain), DomainPolicy::Refuse) => Admission::Refused(domain),
            (Some(domain), DomainPolicy::Hold) => Admission::Held(domain),
            (Some(domain), DomainPolicy::Flag) => Admission::Flagged(domain),
        }
    }
}

/// The name of a domain as an administrator types it, in the form that is compared: `example.com` for ` @Example.COM. `.
///
/// # Errors
/// A sentence for what is no name of a domain.
pub fn domain_name(text: &str) -> Result<String, String> {
    let said = || format!("\"{text}\" is no domain: write it as example.com");
    let name = compared(text.trim().trim_start_matches('@'));
    let labels: Vec<&str> = name.split('.').collect();
    let fits = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() <= 253 && labels.len() > 1 && labels.iter().all(fits) { Ok(name) } else { Err(said()) }
}

/// The form in which domains are compared: lower case, ASCII, without a dot at the end.
fn compared(domain: &str) -> String {
    let domain = domain.trim().trim_end_matches('.');
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(policy: DomainPolicy) -> Domains {
        Domains { names: ["alpha.example", "xn--bcher-kva.example"].map(str::to_owned).into(), policy }
    }

    #[test]
    fn a_listed_domain_admits_however_it_is_written() {
        for address in
            ["a@alpha.example", "a@ALPHA.Example", "a@alpha.example.", "a@bücher.example", "no address"]
        {
            assert_eq!(domains(DomainPolicy::Refuse).admit([address]), Admission::Admitted, "{address}");
        }
        assert_eq!(domains(DomainPolicy::Refuse).admit([]), Admission::Admitted);
    }

    #[test]
    fn any_other_domain_is_told_by_name_and_the_policy_says_what_follows() {
        for (address, domain) in [
            ("a@beta.example", "beta.example"),
            ("a@sub.alpha.example", "sub.alpha.example"),
            ("a@alpha.example@beta.example", "beta.example"),
            ("a@evilalpha.example", "evilalpha.example"),
            ("a@", ""),
        ] {
            let admit = |policy| domains(policy).admit(["a@alpha.example", address]);
            assert_eq!(admit(DomainPolicy::Refuse), Admission::Refused(domain.to_owned()));
            assert_eq!(admit(DomainPolicy::Hold), Admission::Held(domain.to_owned()));
            assert_eq!(admit(DomainPolicy::Flag), Admission::Flagged(domain.to_owned()));
        }
    }

    #[test]
    fn without_a_domain_there_is_no_rule() {
        assert_eq!(Domains::default().admit(["a@beta.example"]), Admission::Admitted);
    }

    #[test]
    fn a_domain_is_read_as_people_type_it() {
        for (text, name) in [
            ("example.com", "example.com"),
            (" @Example.COM. ", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(domain_name(text).as_deref(), Ok(name));
        }
        for text in
            ["", "localhost", "a b.example", "-a.example", "a..example", "ada@example.com", "*.example.com"]
        {
            assert!(domain_name(text).is_err(), "{text}");
        }
    }
}
