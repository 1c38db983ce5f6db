//! Preferences of a request (RFC 7240): how much an answer holds, and whether it is waited for.

use super::search::Return;

/// What a client wishes; the first wish of a name counts, and one that is not known is none (RFC 7240 §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// How much of a resource that was written the answer is to hold (RFC 7240 §4.2).
    pub returns: Option<Return>,
    /// Whether the client does not wait for the end (RFC 7240 §4.1).
    pub respond_async: bool,
    /// For how many seconds it waits (RFC 7240 §4.3).
    pub wait: Option<u32>,
}

impl Preferences {
    /// Reads a list of wishes.
    #[must_use]
    pub fn parse(wishes: &str) -> Self {
        let mut read = Self::default();
        for wish in wishes.split(',').filter_map(|wish| wish.split(';').next()) {
            let (name, value) = wish.split_once('=').unwrap_or((wish, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "return" => read.returns = read.returns.or(returns(value)),
                "respond-async" => read.respond_async = true,
                "wait" => read.wait = read.wait.or_else(|| value.parse().ok()),
                _ => {}
            }
        }
        read
    }
}

fn returns(value: &str) -> Option<Return> {
    match value {
        "minimal" => Some(Return::Minimal),
        "representation" => Some(Return::Representation),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wish_that_is_known_counts() {
        let (minimal, whole) = (Some(Return::Minimal), Some(Return::Representation));
        for (wishes, returns, respond_async, wait) in [
            ("", None, false, None),
            ("return=minimal", minimal, false, None),
            ("respond-async, wait=5", None, true, Some(5)),
            ("Respond-Async;x=1, wait = \"10\", wait=3", None, true, Some(10)),
            ("respond-async, Return = \"representation\"; x=1, return=minimal", whole, true, None),
            ("return=everything, return=minimal", minimal, false, None),
            ("respond-asynchronously, wait=-1, return, minimal, =, ;", None, false, None),
        ] {
            let expected = Preferences { returns, respond_async, wait };
            assert_eq!(Preferences::parse(wishes), expected, "{wishes:?}");
        }
    }
}
