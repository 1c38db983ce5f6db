//! The text of an answer in pieces, so that a long one is never copied to grow.

/// Bytes after which a new piece begins.
const PIECE: usize = 128 * 1024;

/// Text in pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(Vec<String>);

impl Text {
    /// Appends text.
    pub fn push(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(last) if last.len() + text.len() <= PIECE => last.push_str(text),
            _ => self.0.push(text.to_owned()),
        }
    }

    /// Appends another text.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Bytes of all pieces.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(String::len).sum()
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pieces in their order.
    #[must_use]
    pub fn into_pieces(self) -> Vec<String> {
        self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(vec![text])
    }
}
