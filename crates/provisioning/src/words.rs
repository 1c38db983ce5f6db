//! One list per enumeration of the words that stand for its values in JSON, in columns and on the command line.

use thiserror::Error;

/// A word that names none of the values of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("“{word}” is no {kind}: use one of {known}")]
pub struct UnknownWord {
    /// What was expected, such as “pool policy”.
    pub kind: &'static str,
    /// What was given.
    pub word: String,
    /// The words that would have done, separated by commas.
    pub known: String,
}

/// Gives an enumeration of plain variants `ALL`, `as_str`, `Display` and `FromStr`.
macro_rules! words {
    ($name:ident, $kind:literal, { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that stands for this value in JSON, in columns and on the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word).ok_or_else(|| {
                    $crate::words::UnknownWord {
                        kind: $kind,
                        word: word.to_owned(),
                        known: [$($word),+].join(", "),
                    }
                })
            }
        }
    };
}

pub(crate) use words;
