//! What this process uses of the machine, as Linux tells in `/proc`; elsewhere nothing is known.

use std::fs::{read_dir, read_to_string};

/// The parts of a second in which Linux counts processor time towards programs, on every machine that Rust runs on.
const TICKS: f64 = 100.0;

/// What a process uses. What the system does not tell is none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Process {
    /// Memory in use, in bytes.
    pub(crate) resident_bytes: Option<u64>,
    /// Open files, sockets among them.
    pub(crate) open_files: Option<u64>,
    /// Processor time used since the start, in seconds.
    pub(crate) cpu_seconds: Option<f64>,
}

/// What this process uses now.
pub(crate) fn now() -> Process {
    let read = |name| read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
    Process {
        resident_bytes: resident(&read("status")),
        open_files: read_dir("/proc/self/fd").ok().map(|files| files.count() as u64),
        cpu_seconds: cpu(&read("stat")),
    }
}

/// Bytes from the line `VmRSS:  1234 kB`.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Seconds from the 14th and 15th field; the second is the program's name in parentheses, which can hold blanks.
fn cpu(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok().map(f64::from);
    Some((ticks()? + ticks()?) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_tells_is_read() {
        let status = "Name:\trollcall\nVmPeak:\t   99 kB\nVmRSS:\t    1234 kB\nThreads:\t3\n";
        assert_eq!(resident(status), Some(1234 * 1024));
        let stat = "42 (roll) call) S 1 2 3 4 5 6 7 8 9 10 150 25 16 17";
        assert_eq!(cpu(stat), Some(1.75));
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        for text in
            ["", "VmRSS:", "VmRSS: many kB", "VmRSS: 12", "42 (rollcall) S", "42 rollcall S 1 2 3 4 5 6 7 8"]
        {
            assert_eq!((resident(text), cpu(text)), (None, None), "{text}");
        }
    }
}
