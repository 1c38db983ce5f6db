//! Words, texts and signs between the braces of a template.

use super::TagKind;

/// One piece of what stands between braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A name, a keyword or a number.
    Word(&'a str),
    /// A text in quotes, without them.
    Text(&'a str),
    /// Everything else.
    Sign(char),
}

/// The tokens of the tag that starts at a place of the source, and where the tag ends.
pub(super) fn of_tag(
    source: &str,
    start: usize,
    kind: TagKind,
) -> Result<(Vec<Token<'_>>, usize), &'static str> {
    let inside = start + 2;
    let (closing, unclosed) = match kind {
        TagKind::Expression => ("}}", "{{ is never closed: write }} behind the variable"),
        TagKind::Statement => ("%}", "{% is never closed: write %} behind it"),
        TagKind::Comment => ("#}", "{# is never closed: write #} behind the comment"),
    };
    if kind == TagKind::Comment {
        let end = source[inside..].find(closing).ok_or(unclosed)?;
        return Ok((Vec::new(), inside + end + closing.len()));
    }
    let mut tokens = Vec::new();
    let mut at = inside;
    // A sign that trims white space belongs to the brace.
    if source[at..].starts_with(['-', '+']) {
        at += 1;
    }
    loop {
        let rest = &source[at..];
        let trims =
            ["-", "+"].iter().any(|sign| rest.strip_prefix(sign).is_some_and(|r| r.starts_with(closing)));
        if trims || rest.starts_with(closing) {
            return Ok((tokens, at + usize::from(trims) + closing.len()));
        }
        let first = rest.chars().next().ok_or(unclosed)?;
        let length = match first {
            '"' | '\'' => {
                let text = rest[1..].split(first).next().unwrap_or_default();
                if text.len() + 1 == rest.len() {
                    return Err("a quote is opened and never closed");
                }
                if text.contains('\\') {
                    return Err("a text in quotes has no \\ in it: take it out");
                }
                tokens.push(Token::Text(text));
                text.len() + 2
            }
            c if c.is_alphanumeric() || c == '_' => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                tokens.push(Token::Word(&rest[..end]));
                end
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(Token::Sign(c));
                }
                c.len_utf8()
            }
        };
        at += length;
    }
}
