//! A disk that is slower than the one at hand: every sync of the whole run, of databases and yardsticks alike, takes
//! longer by a given time.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};

const SOURCE: &str = include_str!("slow_disk.c");

/// Microseconds by which each sync is longer; set for the run itself.
const VARIABLE: &str = "ROLLCALL_BENCH_SYNC_US";

/// Runs this program again with its arguments on a disk whose sync takes so many milliseconds longer; nothing if that
/// is what runs already.
///
/// # Errors
/// When the C compiler is missing, or the system has no `LD_PRELOAD`.
pub(crate) fn hand_over(milliseconds: f64) -> Result<Option<ExitCode>> {
    if std::env::var_os(VARIABLE).is_some() {
        return Ok(None);
    }
    ensure!(cfg!(target_os = "linux"), "--sync-ms works on Linux only");
    ensure!((0.0..=1_000.0).contains(&milliseconds), "--sync-ms takes a number from 0 to 1000");
    let folder = tempfile::tempdir()?;
    // PostgreSQL runs as another user, who has to read the library.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
    let (source, library) = (folder.path().join("slow_disk.c"), folder.path().join("slow_disk.so"));
    fs::write(&source, SOURCE)?;
    let status = Command::new("cc")
        .args(["-O2", "-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status()
        .context("the C compiler cc did not start")?;
    ensure!(status.success(), "the C compiler refused slow_disk.c");
    let status = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env("LD_PRELOAD", &library)
        .env(VARIABLE, format!("{:.0}", milliseconds * 1_000.0))
        .status()?;
    Ok(Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }))
}
