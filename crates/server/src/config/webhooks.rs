//! The section `[webhooks]`: where events may be delivered to, and how long that may take.

use std::path::PathBuf;

use serde::Deserialize;

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
        let file = &self.ca_file;
        if !file.as_os_str().is_empty() {
            let read = std::fs::read(file);
            let told = |error| format!("webhooks.ca_file {} cannot be read: {error}.", file.display());
            self.authority = Some(read.map_err(told)?);
        }
        Ok(())
    }
}
