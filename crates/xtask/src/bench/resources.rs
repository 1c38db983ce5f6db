//! What the server takes: memory as the kernel counts it, and the size of the executable.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Resident memory of a process in MiB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Memory {
    pub(crate) now: f64,
    pub(crate) peak: f64,
}

/// Reads the memory of a running process.
///
/// # Errors
/// When the process is gone, or the system has no `/proc`.
pub(crate) fn memory(process: u32) -> Result<Memory> {
    let path = format!("/proc/{process}/status");
    let status =
        fs::read_to_string(&path).with_context(|| format!("{path}: memory is measured on Linux only"))?;
    in_status(&status).with_context(|| format!("{path} has no VmRSS or no VmHWM"))
}

/// The size of a file in MiB.
///
/// # Errors
/// When there is no such file.
pub(crate) fn file_mib(file: &Path) -> Result<f64> {
    let bytes = fs::metadata(file).with_context(|| file.display().to_string())?.len();
    Ok(mib(bytes / 1024))
}

fn in_status(status: &str) -> Option<Memory> {
    let kib = |name: &str| -> Option<u64> {
        let value = status.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim_end_matches("kB").trim().parse().ok()
    };
    Some(Memory { now: mib(kib("VmRSS:")?), peak: mib(kib("VmHWM:")?) })
}

fn mib(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_from_the_status_of_a_process() {
        let status = "Name:\trollcall\nVmPeak:\t  999999 kB\nVmHWM:\t   61440 kB\nVmRSS:\t   30720 kB\n";
        assert_eq!(in_status(status), Some(Memory { now: 30.0, peak: 60.0 }));
        assert_eq!(in_status("Name:\tx\n"), None);
    }
}
