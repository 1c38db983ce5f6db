//! The dialects of real clients: named quirks, and profiles made of them.
//!
//! This module alone knows names of products. A quirk rewrites a request into the standard's form before anything
//! else looks at it, or sets a rule that the rest obeys; the names of those used are returned, so that they can be
//! counted and shown.

mod body;
mod dialect;
mod grammar;
mod interop;
mod patch;
mod profile;
mod removal;
mod rules;
#[cfg(test)]
mod tests;
mod unknown;
mod walk;

pub use dialect::{Dialect, Refusal, RequestKind, Used};
pub use profile::Profile;
pub use rules::Rules;

use crate::filter::FilterDialect;
use crate::json::Object;
use crate::schema::ResourceType;

/// One deviation of a product from the standard that a connection tolerates, or follows where the standard would be wider.
#[derive(Debug)]
pub struct Quirk {
    /// Its name, as it is counted, shown and switched.
    pub name: &'static str,
    /// The product that has it.
    pub product: &'static str,
    /// What is tolerated, in a sentence.
    pub summary: &'static str,
    /// Where it was seen.
    pub evidence: &'static str,
    /// The recorded or documented request that shows it, `client/number`.
    pub fixture: &'static str,
    pub(crate) act: Act,
}

/// How a quirk acts; each is one function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// Rewrites the body of a request.
    Rewrite(fn(&mut Request<'_>)),
    /// Allows more in filters and paths; the second function says whether that was used.
    Filter(fn(&mut FilterDialect), fn(FilterDialect) -> bool),
    /// Sets a rule.
    Rule(fn(&mut Rules)),
    /// Refuses a request that the standard allows: says why.
    Refuse(fn(&mut Request<'_>) -> Option<String>),
}

/// A request body on its way to the standard's form.
pub(crate) struct Request<'r> {
    pub(crate) kind: RequestKind,
    pub(crate) resource_type: &'r ResourceType,
    pub(crate) body: &'r mut Object,
    /// Whether attributes of an extension are understood without its URI.
    pub(crate) bare_extensions: bool,
    /// Set by a quirk that changed something.
    pub(crate) used: bool,
    /// What a quirk left out, for the journal.
    pub(crate) ignored: Vec<String>,
}

/// Every quirk, in the order in which they act.
pub fn quirks() -> impl Iterator<Item = &'static Quirk> {
    // A request is refused as the client sent it, before other quirks rewrite it.
    let all = interop::QUIRKS.iter().chain(body::QUIRKS).chain(patch::QUIRKS);
    all.chain(grammar::QUIRKS).chain(rules::QUIRKS).copied()
}

/// Path segments that a product may leave behind the base address, without meaning for the answer.
pub const PATH_SUFFIXES: &[&str] = &["aadOptscim062020", "AzureAdScimPatch062020"];

/// Names of the quirks that other code refers to.
pub mod names {
    /// A value path that matches no element creates it.
    pub const CREATE_MISSING_ELEMENT: &str = "create-missing-element";
    /// PUT keeps an `externalId` that it leaves out.
    pub const PUT_KEEPS_EXTERNAL_ID: &str = "put-keeps-external-id";
    /// Members that are not known yet wait.
    pub const PARK_UNKNOWN_MEMBERS: &str = "park-unknown-members";
    /// Names of groups are unique.
    pub const UNIQUE_GROUP_NAMES: &str = "unique-group-names";
    /// PATCH of a group answers without a body.
    pub const GROUP_PATCH_NO_CONTENT: &str = "group-patch-no-content";
    /// Unknown attributes are refused.
    pub const REFUSE_UNKNOWN_KEYS: &str = "refuse-unknown-keys";
    /// Operations of a PATCH without a path are refused.
    pub const PATH_REQUIRED: &str = "path-required";
    /// A replacement of a complex attribute is whole.
    pub const REPLACE_COMPLEX_WHOLE: &str = "replace-complex-whole";
    /// E-mail addresses and locales of another form are kept.
    pub const FREE_FORMATS: &str = "free-formats";
}
