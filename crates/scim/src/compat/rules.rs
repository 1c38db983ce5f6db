//! Quirks that need the resource or the answer: they set rules that others obey.

use super::{Act, Quirk, names};

/// What the rest of the program does differently for a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent switch of a connection")]
pub struct Rules {
    /// A value path that matches no element creates the element that its filter describes.
    pub create_missing_element: bool,
    /// PUT keeps an `externalId` that it leaves out.
    pub keep_external_id: bool,
    /// Members that are not known are kept for later instead of refused.
    pub park_unknown_members: bool,
    /// A group whose name another group has is refused.
    pub unique_group_names: bool,
    /// PATCH of a group answers 204.
    pub group_patch_no_content: bool,
    /// E-mail addresses and locales may look like none.
    pub free_formats: bool,
}

pub(super) const QUIRKS: &[&Quirk] = &[
    &Quirk {
        name: names::CREATE_MISSING_ELEMENT,
        product: "Microsoft Entra ID",
        summary: "A path such as emails[type eq \"work\"].value creates the element when there is none.",
        evidence: "reports of lost attributes on servers that answer noTarget; the product's validator",
        fixture: "entra/050",
        act: Act::Rule(|rules| rules.create_missing_element = true),
    },
    &Quirk {
        name: names::PUT_KEEPS_EXTERNAL_ID,
        product: "JumpCloud, Okta, OneLogin",
        summary: "A PUT that leaves externalId out does not mean to clear it.",
        evidence: "captured updates without externalId; templates of administrators",
        fixture: "jumpcloud/034",
        act: Act::Rule(|rules| rules.keep_external_id = true),
    },
    &Quirk {
        name: names::PARK_UNKNOWN_MEMBERS,
        product: "Okta",
        summary: "Members that are not known wait for their user; the rest of the request counts.",
        evidence: "the product does not repeat a group push that was answered 400",
        fixture: "okta/075",
        act: Act::Rule(|rules| rules.park_unknown_members = true),
    },
    &Quirk {
        name: names::UNIQUE_GROUP_NAMES,
        product: "Microsoft Entra ID, JumpCloud, Okta",
        summary: "A second group of the same name is refused with 409.",
        evidence: "the product's validator; take-over of groups by name",
        fixture: "entra/104",
        act: Act::Rule(|rules| rules.unique_group_names = true),
    },
    &Quirk {
        name: names::GROUP_PATCH_NO_CONTENT,
        product: "Microsoft Entra ID",
        summary: "PATCH of a group answers 204 without a body.",
        evidence: "the product's documentation of group updates",
        fixture: "entra/114",
        act: Act::Rule(|rules| rules.group_patch_no_content = true),
    },
    &Quirk {
        name: names::FREE_FORMATS,
        product: "several",
        summary: "E-mail addresses and locales of another form are kept as sent.",
        evidence: "directories that hold names in the mail attribute, and locales with blanks",
        fixture: "own/032",
        act: Act::Rule(|rules| rules.free_formats = true),
    },
];
