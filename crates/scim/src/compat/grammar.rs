//! Quirks of filters and paths.

use super::{Act, Quirk};

pub(super) const QUIRKS: &[&Quirk] = &[
    &Quirk {
        name: "filter-whitespace",
        product: "several",
        summary: "Blanks stand where the grammar has none, or more of them than one.",
        evidence: "an example of RFC 7644 itself; hand-written filters of administrators",
        fixture: "own/filter-whitespace",
        act: Act::Filter(|dialect| dialect.grammar.whitespace = true, |used| used.grammar.whitespace),
    },
    &Quirk {
        name: "filter-capital-booleans",
        product: "Microsoft Entra ID",
        summary: "True and False are written with capitals in filters.",
        evidence: "filters of the product's validator",
        fixture: "entra/066",
        act: Act::Filter(
            |dialect| dialect.grammar.capital_booleans = true,
            |used| used.grammar.capital_booleans,
        ),
    },
    &Quirk {
        name: "filter-value-path-comparison",
        product: "Microsoft Entra ID",
        summary: "emails[type eq \"work\"].value eq \"x\" means one element with both.",
        evidence: "the product's documentation of matching attributes",
        fixture: "entra/005",
        act: Act::Filter(
            |dialect| dialect.grammar.value_path_comparison = true,
            |used| used.grammar.value_path_comparison,
        ),
    },
    &Quirk {
        name: "filter-bare-extension",
        product: "Microsoft Entra ID",
        summary: "Attributes of an extension stand in filters and paths without its URI.",
        evidence: "the product's reference check of managers",
        fixture: "entra/036",
        act: Act::Filter(|dialect| dialect.bare_extensions = true, |used| used.bare_extensions),
    },
    &Quirk {
        name: "filter-complex-value",
        product: "Microsoft Entra ID",
        summary: "manager eq \"id\" means manager.value eq \"id\".",
        evidence: "the product's reference check of managers",
        fixture: "entra/036",
        act: Act::Filter(|dialect| dialect.complex_value = true, |used| used.complex_value),
    },
    &Quirk {
        name: "filter-boolean-strings",
        product: "Microsoft Entra ID",
        summary: "roles[primary eq \"True\"] compares a boolean with text.",
        evidence: "requests of the product's validator",
        fixture: "entra/066",
        act: Act::Filter(|dialect| dialect.boolean_strings = true, |used| used.boolean_strings),
    },
];
