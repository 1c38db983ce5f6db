//! What may be accepted outside the grammar, by name.

/// What a dialect outside the grammar may do; as an argument: what is allowed, as a result: what was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lenience {
    /// Any number of blanks (spaces and tabs) where the grammar has one space, none beside a quote or bracket, and
    /// blanks inside brackets and at both ends. A blank before `[` is accepted in paths only: in a filter a blank
    /// after a name announces an operator.
    pub whitespace: bool,
    /// `True`, `FALSE` and the like for `true` and `false`.
    pub capital_booleans: bool,
    /// `emails[type eq "work"].value eq "x"`, read as `emails[type eq "work" and value eq "x"]`.
    pub value_path_comparison: bool,
}

impl Lenience {
    /// Nothing outside the grammar.
    pub const NONE: Self = Self { whitespace: false, capital_booleans: false, value_path_comparison: false };

    /// Everything that this crate can read.
    pub const ALL: Self = Self { whitespace: true, capital_booleans: true, value_path_comparison: true };

    /// Whether anything at all is named.
    #[must_use]
    pub fn any(self) -> bool {
        self != Self::NONE
    }
}
