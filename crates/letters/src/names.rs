//! The names that a template uses: every one must be a variable of the letter.

use crate::Kind;
use crate::error::Fault;
use crate::guard::{KEYWORDS, Tag, TagKind, Token};
use crate::variable::{Variable, variables};

/// What is known inside a loop about itself.
const OF_LOOP: &[&str] = &["index", "first", "last", "length"];

/// Refuses variables that the kind does not have, and those that may be empty where nothing asks whether they are.
pub(crate) fn check(kind: Kind, tags: &[Tag<'_>]) -> Result<(), Fault> {
    let mut place = Place { variables: variables(kind), item: None, asked: Vec::new() };
    for tag in tags {
        place.enter(tag);
        place.check(tag).map_err(|message| Fault::new(tag.line, message))?;
        match tag.verb() {
            "endif" => drop(place.asked.pop()),
            "endfor" => place.item = None,
            _ => {}
        }
    }
    Ok(())
}

/// Where in a template a tag stands.
struct Place<'a> {
    variables: &'static [Variable],
    /// The name of the loop's item, and the list it comes from.
    item: Option<(&'a str, &'a str)>,
    /// The words of each `if` that is open.
    asked: Vec<Vec<&'a str>>,
}

impl<'a> Place<'a> {
    fn enter(&mut self, tag: &Tag<'a>) {
        let words = tag.tokens.iter().filter_map(|token| match token {
            Token::Word(word) => Some(*word),
            _ => None,
        });
        match (tag.verb(), tag.tokens.as_slice()) {
            ("if", _) => self.asked.push(words.collect()),
            ("elif", _) => {
                if let Some(open) = self.asked.last_mut() {
                    open.extend(words);
                }
            }
            ("for", [_, Token::Word(item), _, Token::Word(list)]) => self.item = Some((item, list)),
            _ => {}
        }
    }

    fn check(&self, tag: &Tag<'a>) -> Result<(), String> {
        let tokens = tag.tokens.as_slice();
        let from = usize::from(tag.kind == TagKind::Statement);
        for (index, token) in tokens.iter().enumerate().skip(from) {
            let Token::Word(word) = token else { continue };
            let before = index.checked_sub(1).map(|before| &tokens[before]);
            let after = (tokens.get(index + 1), tokens.get(index + 2));
            let is_number = word.starts_with(|c: char| c.is_ascii_digit());
            if is_number || KEYWORDS.contains(word) || before == Some(&Token::Sign('.')) {
                continue;
            }
            match after {
                (Some(Token::Sign('.')), Some(Token::Word(part))) => self.has_part(word, part)?,
                (Some(Token::Sign('(')), first) if *word == "button" => self.is_link(first)?,
                _ => self.is_variable(word)?,
            }
            let asks_itself = tokens.contains(&Token::Word("if"));
            if tag.kind == TagKind::Expression && !asks_itself {
                self.was_asked(word)?;
            }
        }
        Ok(())
    }

    fn is_variable(&self, word: &str) -> Result<(), String> {
        let is_item = self.item.is_some_and(|(item, _)| item == word);
        if is_item || self.variables.iter().any(|variable| variable.name == word) {
            return Ok(());
        }
        Err(unknown("variable", word, self.variables.iter().map(|variable| variable.name)))
    }

    fn has_part(&self, word: &str, part: &str) -> Result<(), String> {
        let parts: &[&str] = match self.item {
            Some(_) if word == "loop" => OF_LOOP,
            Some((item, "steps")) if item == word => &["words", "state"],
            Some((item, "facts")) if item == word => &["name", "value"],
            _ => {
                self.is_variable(word)?;
                return Err(format!("“{word}” has no parts: write {{{{ {word} }}}}"));
            }
        };
        if parts.contains(&part) {
            Ok(())
        } else {
            Err(unknown(&format!("part of {word}"), part, parts.iter().copied()))
        }
    }

    fn is_link(&self, token: Option<&Token<'_>>) -> Result<(), String> {
        let links = self.variables.iter().filter(|variable| variable.link).map(|variable| variable.name);
        match token {
            Some(Token::Word(word)) if links.clone().any(|link| link == *word) => Ok(()),
            _ => {
                let links: Vec<_> = links.collect();
                Err(format!("a button leads to a variable that is a link: {}", links.join(", ")))
            }
        }
    }

    fn was_asked(&self, word: &str) -> Result<(), String> {
        let optional = self.variables.iter().any(|variable| variable.name == word && variable.optional);
        let asked = |word: &str| self.asked.iter().any(|words| words.contains(&word));
        // The link of a contact is there whenever the contact is.
        if !optional || asked(word) || word.strip_suffix("_link").is_some_and(asked) {
            return Ok(());
        }
        Err(format!(
            "“{word}” may be empty: write {{% if {word} %}} before and {{% endif %}} behind what it stands in"
        ))
    }
}

fn unknown<'a>(what: &str, word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let nearest = known.iter().map(|name| (distance(word, name), *name)).min();
    match nearest {
        Some((distance, name)) if distance <= 1 + word.chars().count() / 4 => {
            format!("there is no {what} “{word}”. Did you mean “{name}”?")
        }
        _ => format!("there is no {what} “{word}”: there are {}", known.join(", ")),
    }
}

/// How many letters differ (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
