//! The section `[webhooks]`: where events may be delivered to, and how long that may take.

use std::path::PathBuf;

use serde::Deserialize;

use super::outside::{Outside, authority};

/// Webhooks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Whether they may be in private networks, and be reached without TLS.
    pub allow_private: bool,
    /// File with the certificates of an authority of the operator's own.
    pub ca_file: PathBuf,
    /// Seconds that one delivery may take.
    pub timeout_seconds: u64,
    /// Deliveries that are made at the same time.
    pub send_at_once: usize,
    /// What the file of the certificates holds, if there is one.
    #[serde(skip)]
    pub(crate) authority: Option<Vec<u8>>,
}

impl Webhooks {
    /// Reads the certificates from their file.
    pub(super) fn read_files(&mut self) -> Result<(), String> {
        self.authority = authority("webhooks", &self.ca_file)?;
        Ok(())
    }

    /// The section as the way out reads it.
    pub(crate) fn outside(&self) -> Outside<'_> {
        Outside {
            section: "webhooks",
            allow_private: self.allow_private,
            ca_file: &self.ca_file,
            authority: self.authority.as_deref(),
            timeout_seconds: self.timeout_seconds,
        }
    }
}
