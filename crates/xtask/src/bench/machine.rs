//! The machine on which was measured, in one line.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use crate::postgres::Binaries;

/// Processor, memory, disk, kernel and the versions that matter; what cannot be found out is left out.
pub(crate) fn describe(disk: &Path, sync_ms: Option<f64>, postgres: &Binaries) -> String {
    let cores = thread::available_parallelism().map(|cores| format!("{cores} cores")).ok();
    let file_system = printed(Command::new("df").arg("--output=fstype").arg(disk));
    let parts = [
        processor(),
        cores,
        memory(),
        file_system.and_then(|table| Some(format!("{} file system", table.lines().nth(1)?))),
        sync_ms.map(|milliseconds| format!("every sync delayed by {milliseconds} ms")),
        printed(Command::new("uname").arg("-sr")),
        printed(postgres.command("postgres").arg("--version"))
            .map(|version| version.replace("postgres (PostgreSQL)", "PostgreSQL")),
        printed(Command::new("rustc").arg("--version")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    value_of(&text, "model name").map(str::to_owned)
}

fn memory() -> Option<String> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kib: u64 = value_of(&text, "MemTotal")?.trim_end_matches(" kB").parse().ok()?;
    Some(format!("{} GiB of memory", kib.div_ceil(1024 * 1024)))
}

fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}

fn printed(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_behind_the_colon() {
        assert_eq!(value_of("a\t: b\nmodel name\t: Fast CPU\n", "model name"), Some("Fast CPU"));
        assert_eq!(value_of("a: b", "model name"), None);
    }
}
