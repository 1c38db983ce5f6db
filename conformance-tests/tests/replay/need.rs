//! What must exist before a fixture is sent, as short sentences.
use crate::pattern::holes;

/// One state that a fixture builds on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// A user or group of this name exists.
    Exists(String),
    /// A user exists with `active` false.
    Inactive(String),
    /// A resource existed and was deleted.
    Deleted(String),
    /// A group has a user among its members.
    Contains(String, String),
    /// A user has another as manager.
    ReportsTo(String, String),
    /// At least so many users exist.
    Users(usize),
    /// So many users named `bulk_user_001` and so on exist.
    BulkUsers(usize),
    /// A group has so many members, named `crowd_user_001` and so on.
    Crowd(String, usize),
    /// A user has so many e-mail addresses, or the half, the quarter … of them if the server takes no more.
    Addresses(String, usize),
    /// The current tag of a resource is known as its `tag`.
    Tag(String),
    /// The connection has used up its rate limit.
    LimitExhausted,
}

impl Need {
    /// Reads the sentence; none when it has no known form.
    pub(crate) fn parse(text: &str) -> Option<Need> {
        let name = |words: &[&str], index: usize| words[index].to_owned();
        for (pattern, make) in FORMS {
            if let Some(words) = holes(pattern, text) {
                return make(&|index| name(&words, index));
            }
        }
        None
    }

    /// Whether the tenant becomes too large to be read whole.
    pub(crate) fn is_large(&self) -> bool {
        matches!(self, Need::Crowd(..) | Need::Addresses(..))
    }

    /// The resource that the need is about first.
    pub(crate) fn subject(&self) -> Option<&str> {
        match self {
            Need::Exists(name)
            | Need::Inactive(name)
            | Need::Deleted(name)
            | Need::Contains(name, _)
            | Need::ReportsTo(name, _)
            | Need::Crowd(name, _)
            | Need::Addresses(name, _)
            | Need::Tag(name) => Some(name),
            Need::Users(_) | Need::BulkUsers(_) | Need::LimitExhausted => None,
        }
    }
}

type Word<'a> = &'a dyn Fn(usize) -> String;
type Form = (&'static str, fn(Word<'_>) -> Option<Need>);

const FORMS: &[Form] = &[
    ("the rate limit is exhausted", |_| Some(Need::LimitExhausted)),
    ("{} has {} members", |word| word(1).parse().ok().map(|count| Need::Crowd(word(0), count))),
    ("{} has up to {} addresses", |word| word(1).parse().ok().map(|count| Need::Addresses(word(0), count))),
    ("the tag of {} is known", |word| Some(Need::Tag(word(0)))),
    ("{} users exist", |word| word(0).parse().ok().map(Need::Users)),
    ("{} bulk users exist", |word| word(0).parse().ok().map(Need::BulkUsers)),
    ("{} exists", |word| Some(Need::Exists(word(0)))),
    ("{} is inactive", |word| Some(Need::Inactive(word(0)))),
    ("{} was deleted", |word| Some(Need::Deleted(word(0)))),
    ("{} contains {}", |word| Some(Need::Contains(word(0), word(1)))),
    ("{} reports to {}", |word| Some(Need::ReportsTo(word(0), word(1)))),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let name = |name: &str| name.to_owned();
        for (text, need) in [
            ("user1 exists", Need::Exists(name("user1"))),
            ("user1 is inactive", Need::Inactive(name("user1"))),
            ("group2 was deleted", Need::Deleted(name("group2"))),
            ("group1 contains user1", Need::Contains(name("group1"), name("user1"))),
            ("user1 reports to user2", Need::ReportsTo(name("user1"), name("user2"))),
            ("group1 has 6000 members", Need::Crowd(name("group1"), 6000)),
            ("user1 has up to 12000 addresses", Need::Addresses(name("user1"), 12000)),
            ("the tag of user1 is known", Need::Tag(name("user1"))),
            ("11 users exist", Need::Users(11)),
            ("100 bulk users exist", Need::BulkUsers(100)),
            ("the rate limit is exhausted", Need::LimitExhausted),
        ] {
            assert_eq!(Need::parse(text), Some(need), "{text}");
        }
    }

    #[test]
    fn an_unknown_need_is_refused() {
        for text in ["", "user1", "user1 is happy", "many users exist", "user1 exists twice"] {
            assert_eq!(Need::parse(text), None, "{text}");
        }
    }
}
