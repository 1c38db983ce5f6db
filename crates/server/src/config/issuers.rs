//! The section `[issuers]`: which identity providers administrators may sign in through.

use std::path::PathBuf;

use serde::Deserialize;

use super::outside::{Outside, authority};

/// Issuers of ID tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuers {
    /// Whether they may be in private networks, and be reached without TLS.
    pub allow_private: bool,
    /// File with the certificates of an authority of the operator's own.
    pub ca_file: PathBuf,
    /// Seconds that one exchange may take.
    pub timeout_seconds: u64,
    /// What the file of the certificates holds, if there is one.
    #[serde(skip)]
    pub(crate) authority: Option<Vec<u8>>,
}

impl Issuers {
    /// Reads the certificates from their file.
    pub(super) fn read_files(&mut self) -> Result<(), String> {
        self.authority = authority("issuers", &self.ca_file)?;
        Ok(())
    }

    /// The section as the way out reads it.
    pub(crate) fn outside(&self) -> Outside<'_> {
        Outside {
            section: "issuers",
            allow_private: self.allow_private,
            ca_file: &self.ca_file,
            authority: self.authority.as_deref(),
            timeout_seconds: self.timeout_seconds,
        }
    }
}
