//! What the pages of an enrolment say; the sentences themselves stand in `words/*.toml`.

use serde::Deserialize;

/// The words by page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrol {
    pub(crate) frame: Frame,
    pub(crate) help: Help,
    pub(crate) invitation: Invitation,
    pub(crate) code: Code,
    pub(crate) verified: Verified,
    pub(crate) restore: Restore,
    pub(crate) done: Done,
    pub(crate) gone: Gone,
    pub(crate) too_many: TooMany,
    pub(crate) errors: Errors,
    pub(crate) platforms: Platforms,
}

/// What stands around every page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Frame {
    pub(crate) language: String,
    pub(crate) step: String,
    pub(crate) finished: String,
    pub(crate) error: String,
    pub(crate) sent_by: String,
    pub(crate) privacy: String,
}

/// Whom to ask.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Help {
    pub(crate) write: String,
    pub(crate) ask: String,
    pub(crate) faq: String,
    pub(crate) case: String,
}

/// The invitation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invitation {
    pub(crate) title: String,
    pub(crate) heading: String,
    pub(crate) heading_back: String,
    pub(crate) lede: String,
    pub(crate) lede_back: String,
    pub(crate) download: String,
    pub(crate) download_any: String,
    pub(crate) this_device: String,
    pub(crate) no_download: String,
    pub(crate) next: String,
    pub(crate) install: String,
    pub(crate) install_text: String,
    pub(crate) code: String,
    pub(crate) code_text: String,
    pub(crate) pin: String,
    pub(crate) pin_text: String,
    pub(crate) restore: String,
    pub(crate) restore_text: String,
    pub(crate) send: String,
    pub(crate) send_help: String,
    pub(crate) only_you: String,
    pub(crate) only_you_until: String,
}

/// The entry of the code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    pub(crate) title: String,
    pub(crate) lede: String,
    pub(crate) label: String,
    pub(crate) valid: String,
    pub(crate) left: String,
    pub(crate) verify: String,
    pub(crate) again: String,
    pub(crate) again_help: String,
    pub(crate) again_wait: String,
    pub(crate) no_mail: String,
    pub(crate) wrong: String,
    pub(crate) not_six: String,
    pub(crate) expired: String,
    pub(crate) spent: String,
    pub(crate) too_soon: String,
}

/// The address is verified, the PIN is not set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verified {
    pub(crate) title: String,
    pub(crate) heading: String,
    pub(crate) lede: String,
    pub(crate) back: String,
    pub(crate) back_device: String,
    pub(crate) back_text: String,
    pub(crate) pin: String,
    pub(crate) pin_text: String,
    pub(crate) check: String,
    pub(crate) stays: String,
}

/// A restore is owed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restore {
    pub(crate) title: String,
    pub(crate) heading: String,
    pub(crate) lede: String,
    pub(crate) find: String,
    pub(crate) find_text: String,
    pub(crate) open: String,
    pub(crate) open_text: String,
    pub(crate) restored: String,
    pub(crate) empty: String,
    pub(crate) warning: String,
}

/// Nothing is owed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Done {
    pub(crate) title: String,
    pub(crate) lede: String,
    pub(crate) lede_device: String,
    pub(crate) worth: String,
    pub(crate) backup: String,
    pub(crate) phone: String,
    pub(crate) extension: String,
}

/// The link is no longer valid.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gone {
    pub(crate) title: String,
    pub(crate) expired: String,
    pub(crate) expired_next: String,
    pub(crate) address: String,
    pub(crate) ended: String,
}

/// No further code today.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TooMany {
    pub(crate) title: String,
    pub(crate) lede: String,
    pub(crate) text: String,
}

/// What went wrong with a request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Errors {
    pub(crate) not_found: String,
    pub(crate) not_found_text: String,
    pub(crate) method: String,
    pub(crate) method_text: String,
    pub(crate) foreign: String,
    pub(crate) foreign_text: String,
    pub(crate) large: String,
    pub(crate) large_text: String,
    pub(crate) too_many: String,
    pub(crate) too_many_text: String,
    pub(crate) busy: String,
    pub(crate) busy_text: String,
    pub(crate) failed: String,
    pub(crate) failed_text: String,
    pub(crate) other: String,
    pub(crate) other_text: String,
    pub(crate) wait: String,
    pub(crate) again: String,
    pub(crate) reference: String,
}

/// Names of platforms.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Platforms {
    pub(crate) windows: String,
    pub(crate) macos: String,
    pub(crate) linux: String,
    pub(crate) ios: String,
    pub(crate) android: String,
    pub(crate) browser: String,
    pub(crate) other: String,
}
