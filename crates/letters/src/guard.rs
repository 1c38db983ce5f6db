//! What a template may consist of, seen before the template engine sees it.
//!
//! The engine counts what a template costs it, but one step of a template could still be long. So a template has variables,
//! `if` and a plain `for`, and nothing that multiplies: no arithmetic, no lists, no assignments, no loop in a loop. What
//! is left costs at most the length of the template times the length of a list.

use crate::error::Fault;

mod tokens;

pub(crate) use tokens::Token;

/// How long a template may be, in characters.
pub(crate) const LONGEST_TEMPLATE: usize = 50_000;
/// How long what stands between two braces may be: the engine looks at it recursively.
const LONGEST_TAG: usize = 300;
/// How many pairs of braces a template may have: the engine nests each `elif` in the one before.
const MOST_TAGS: usize = 300;
/// Words that are no variables.
pub(crate) const KEYWORDS: [&str; 12] =
    ["and", "or", "not", "in", "if", "else", "true", "false", "none", "True", "False", "None"];

/// What stands between braces.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tag<'a> {
    pub(crate) kind: TagKind,
    pub(crate) tokens: Vec<Token<'a>>,
    /// The line it begins on, counted from 1.
    pub(crate) line: usize,
    /// Where the braces begin and end in the source.
    pub(crate) range: std::ops::Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagKind {
    /// `{{ … }}`
    Expression,
    /// `{% … %}`
    Statement,
    /// `{# … #}`
    Comment,
}

impl<'a> Tag<'a> {
    /// The first word of a statement: `if`, `for`.
    pub(crate) fn verb(&self) -> &'a str {
        match (self.kind, self.tokens.first()) {
            (TagKind::Statement, Some(Token::Word(word))) => word,
            _ => "",
        }
    }
}

/// Finds all tags of a template and refuses what a mail does not need.
pub(crate) fn tags(source: &str) -> Result<Vec<Tag<'_>>, Fault> {
    if source.chars().count() > LONGEST_TEMPLATE {
        return Err(Fault::new(1, format!("this is longer than {LONGEST_TEMPLATE} characters: shorten it")));
    }
    let mut tags = Vec::new();
    let mut at = 0;
    let mut in_loop = false;
    while let Some(start) = source[at..].find('{').map(|found| at + found) {
        let kind = match source.as_bytes().get(start + 1) {
            Some(b'{') => TagKind::Expression,
            Some(b'%') => TagKind::Statement,
            Some(b'#') => TagKind::Comment,
            _ => {
                at = start + 1;
                continue;
            }
        };
        let line = 1 + source[..start].matches('\n').count();
        let (tokens, end) =
            tokens::of_tag(source, start, kind).map_err(|message| Fault::new(line, message))?;
        let tag = Tag { kind, tokens, line, range: start..end };
        if kind != TagKind::Comment && source[tag.range.clone()].chars().count() > LONGEST_TAG {
            let message =
                format!("what stands between braces is longer than {LONGEST_TAG} characters: shorten it");
            return Err(Fault::new(line, message));
        }
        judge(&tag, &mut in_loop).map_err(|message| Fault::new(line, message))?;
        at = end;
        tags.push(tag);
        if tags.len() > MOST_TAGS {
            let message = format!("a template has at most {MOST_TAGS} pairs of braces: take some out");
            return Err(Fault::new(line, message));
        }
    }
    Ok(tags)
}

/// Refuses tags and words that a mail does not need; follows whether a loop is open.
fn judge(tag: &Tag<'_>, in_loop: &mut bool) -> Result<(), String> {
    if tag.kind == TagKind::Statement {
        match (tag.verb(), tag.tokens.as_slice()) {
            ("if" | "elif" | "else" | "endif", _) => {}
            ("endfor", _) => *in_loop = false,
            ("for", _) if *in_loop => {
                return Err("a loop inside a loop is not allowed: end the first with {% endfor %}".into());
            }
            ("for", [_, Token::Word(name), Token::Word("in"), Token::Word(list)])
                if [name, list].iter().all(|word| !KEYWORDS.contains(*word)) =>
            {
                *in_loop = true;
            }
            ("for", _) => {
                return Err("write a loop as {% for item in items %}, with nothing else in it".into());
            }
            ("", _) => return Err("a word such as if or for is missing after {%".into()),
            (verb, _) => {
                return Err(format!(
                    "“{verb}” is not allowed: a template has if, elif, else, endif, for and endfor"
                ));
            }
        }
    }
    for (index, token) in tag.tokens.iter().enumerate() {
        let next = tag.tokens.get(index + 1);
        match token {
            Token::Word("is") => {
                return Err("“is” is not known: write {% if name %} or {% if number == 1 %}".into());
            }
            Token::Word(word)
                if next == Some(&Token::Sign('('))
                    && !callable(word, index > 0 && tag.tokens[index - 1] == Token::Sign('.')) =>
            {
                return Err(format!(
                    "there is no function “{word}”: the only one is button(link, \"label\")"
                ));
            }
            Token::Sign('|') => {
                return Err("there are no filters: values are written in the language already".into());
            }
            Token::Sign('[' | ']' | '{' | '}') => {
                return Err("there are no lists and no brackets in a template".into());
            }
            Token::Sign('*' | '/' | '+' | '%') => {
                return Err("there is no arithmetic in a template: take it out".into());
            }
            Token::Sign(sign) if !"().,~=!<>-".contains(*sign) => {
                return Err(format!("“{sign}” has no meaning between braces: take it out"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// True when an opening bracket may follow the word.
fn callable(word: &str, is_part: bool) -> bool {
    !is_part && (word == "button" || word == "elif" || KEYWORDS.contains(&word))
}
