//! What a run of the parser carries along: the text, its limits, and what of a lenience was used.

use nom::{Err, Finish, IResult, Parser, bytes::complete::take_while};

use crate::{ErrorKind, Lenience, MAX_COMPARISONS, MAX_LENGTH, MAX_NESTING, ParseError};

/// What a grammar rule returns; its errors are final, since the rules decide by what they see and never go back.
pub(crate) type Parsed<'a, O> = IResult<&'a str, O, Fault>;

/// What a lexeme returns: it matches or not, and the rule around it knows what to say.
pub(crate) type Lexed<'a, O> = IResult<&'a str, O, ()>;

/// An error by the number of bytes that were left, which needs no access to the whole text.
#[derive(Debug)]
pub(crate) struct Fault {
    left: usize,
    kind: ErrorKind,
}

/// The error that `kind` was expected where `rest` begins.
pub(crate) fn fault(rest: &str, kind: ErrorKind) -> Err<Fault> {
    Err::Failure(Fault { left: rest.len(), kind })
}

/// Runs a lexeme; when it does not match, `kind` was expected.
pub(crate) fn expect<'a, O>(
    kind: ErrorKind,
    i: &'a str,
    mut lexeme: impl Parser<&'a str, Output = O, Error = ()>,
) -> Parsed<'a, O> {
    lexeme.parse(i).map_err(|_| fault(i, kind))
}

/// Parses the whole of `text` by `rule`, which must consume it; checks the length first.
pub(crate) fn run<'a, O>(
    text: &'a str,
    allowed: Lenience,
    rule: fn(&mut State<'a>, &'a str) -> Parsed<'a, O>,
) -> Result<(O, Lenience), ParseError> {
    if let Some((offset, _)) = text.char_indices().nth(MAX_LENGTH) {
        return Err(ParseError { offset, kind: ErrorKind::TooLong });
    }
    if blanks(text).0.is_empty() {
        return Err(ParseError { offset: 0, kind: ErrorKind::Empty });
    }
    let mut state = State { text, allowed, used: Lenience::NONE, comparisons: 0 };
    match rule(&mut state, text).finish() {
        Ok((_, output)) => Ok((output, state.used)),
        Err(Fault { left, kind }) => Err(ParseError { offset: text.len() - left, kind }),
    }
}

/// How many spaces the grammar has in a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    /// None: at both ends, and inside brackets.
    None,
    /// None or one: between `not` and its bracket.
    Optional,
    /// One: between words.
    One,
}

/// The mutable part of a run.
pub(crate) struct State<'a> {
    text: &'a str,
    pub(crate) allowed: Lenience,
    pub(crate) used: Lenience,
    comparisons: usize,
}

impl<'a> State<'a> {
    /// Where `rest` begins, in bytes from the start of the text.
    pub(crate) fn offset(&self, rest: &str) -> usize {
        self.text.len() - rest.len()
    }

    /// Counts one comparison or presence test that begins at `start`.
    pub(crate) fn count_comparison(&mut self, start: usize) -> Result<(), Err<Fault>> {
        self.comparisons += 1;
        if self.comparisons > MAX_COMPARISONS {
            return Err(fault(&self.text[start..], ErrorKind::TooManyComparisons));
        }
        Ok(())
    }

    /// Consumes the blanks before the next token, of which there must be as many as `space` says or lenience allows.
    pub(crate) fn space(&mut self, space: Space, i: &'a str) -> Parsed<'a, ()> {
        let (rest, run) = blanks(i);
        let strict = match space {
            Space::None => run.is_empty(),
            Space::Optional => run.is_empty() || run == " ",
            Space::One => run == " ",
        };
        if strict {
            return Ok((rest, ()));
        }
        if self.allowed.whitespace && (space != Space::One || !run.is_empty() || self.beside_mark(i)) {
            self.used.whitespace = true;
            return Ok((rest, ()));
        }
        Err(match (space, run.strip_prefix(' ')) {
            (Space::One, None) => fault(i, ErrorKind::SpaceMissing),
            (Space::One | Space::Optional, Some(_)) => fault(&i[1..], ErrorKind::SpaceSurplus),
            _ => fault(i, ErrorKind::SpaceSurplus),
        })
    }

    /// Whether the character before or after this place is a quote or bracket, which parts words as well as a space.
    fn beside_mark(&self, i: &str) -> bool {
        let before = self.text[..self.offset(i)].chars().next_back();
        before.into_iter().chain(i.chars().next()).any(|c| matches!(c, '"' | '(' | ')' | '[' | ']'))
    }
}

/// How deep in brackets a rule stands, and whether a value path is among them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Scope {
    pub(crate) depth: usize,
    pub(crate) element: bool,
}

impl Scope {
    /// The scope behind the bracket with which `i` begins.
    pub(crate) fn enter(self, i: &str, element: bool) -> Result<Self, Err<Fault>> {
        if self.depth == MAX_NESTING {
            return Err(fault(i, ErrorKind::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, element: self.element || element })
    }
}

/// Splits the leading blanks off: what follows them, and the blanks.
pub(crate) fn blanks(i: &str) -> (&str, &str) {
    let run: Lexed<'_, &str> = take_while(is_blank).parse(i);
    run.unwrap_or((i, ""))
}

/// Whether a character parts words: a space, or a tab for the lenient.
pub(crate) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}
