//! Statements with holes: `{}` stands for one word, `{..}` for the rest of the sentence.

/// The words in the holes if the statement has this form.
pub(crate) fn holes<'s>(pattern: &str, statement: &'s str) -> Option<Vec<&'s str>> {
    let mut found = Vec::new();
    let mut rest = statement;
    let mut expected = pattern.split(' ');
    loop {
        match expected.next() {
            None => return rest.is_empty().then_some(found),
            Some("{..}") => {
                found.extend(rest.split_whitespace());
                return (!rest.is_empty()).then_some(found);
            }
            Some(word) => {
                let (first, remaining) = rest.split_once(' ').unwrap_or((rest, ""));
                if first.is_empty() {
                    return None;
                }
                if word == "{}" {
                    found.push(first);
                } else if word != first {
                    return None;
                }
                rest = remaining;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_take_words() {
        assert_eq!(holes("{} is a member", "user1 is a member"), Some(vec!["user1"]));
        assert_eq!(holes("members are exactly {..}", "members are exactly a b"), Some(vec!["a", "b"]));
        assert_eq!(holes("exactly {} in {}", "exactly 1 in /roles"), Some(vec!["1", "/roles"]));
        assert_eq!(holes("the body is empty", "the body is empty"), Some(vec![]));
    }

    #[test]
    fn other_sentences_do_not_match() {
        for (pattern, statement) in [
            ("{} is a member", "user1 is a member too"),
            ("{} is a member", "every bulk user is a member"),
            ("{} is a member", "user1 is a"),
            ("members are exactly {..}", "members are exactly"),
            ("the body is empty", "the body"),
        ] {
            assert_eq!(holes(pattern, statement), None, "{pattern} / {statement}");
        }
    }
}
