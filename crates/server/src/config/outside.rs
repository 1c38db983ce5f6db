//! What every section has that leads to servers which tenants name: which of them may be reached, and how long that may take.

use std::path::Path;

/// A section, as the way out reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outside<'c> {
    /// The name of the section.
    pub(crate) section: &'static str,
    /// Whether the servers may be in private networks, and be reached without TLS.
    pub(crate) allow_private: bool,
    /// File with the certificates of an authority of the operator's own.
    pub(crate) ca_file: &'c Path,
    /// What that file holds, if there is one.
    pub(crate) authority: Option<&'c [u8]>,
    /// Seconds that one exchange may take.
    pub(crate) timeout_seconds: u64,
}

/// What the file of the certificates holds, if a section names one.
pub(super) fn authority(section: &str, file: &Path) -> Result<Option<Vec<u8>>, String> {
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let told = |error| format!("{section}.ca_file {} cannot be read: {error}.", file.display());
    std::fs::read(file).map(Some).map_err(told)
}
