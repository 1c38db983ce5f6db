//! Programs that the system has or gets: found on the path, else installed where apt and root are at hand.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Where a program is, if it is on the path.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let output = Command::new("sh").args(["-c", "command -v \"$1\"", "sh", program]).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && line.starts_with('/')).then(|| PathBuf::from(line.trim_end()))
}

/// True when this process may install packages and change users.
pub(crate) fn is_root() -> bool {
    let output = Command::new("id").arg("-u").stderr(Stdio::null()).output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Installs packages with apt-get.
///
/// # Errors
/// `missing`, which says what to install, when there is no apt-get, no right to use it, or it fails.
pub(crate) fn install(packages: &[&str], missing: &str) -> Result<()> {
    if !(is_root() && on_path("apt-get").is_some()) {
        bail!("{missing}");
    }
    let wanted = [&["install", "-y", "--no-install-recommends"], packages].concat();
    for arguments in [&["update"][..], &wanted] {
        println!("   apt-get {}", arguments.join(" "));
        let status = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .status()
            .context("apt-get did not start")?;
        if !status.success() {
            bail!("apt-get {} failed.\n{missing}", arguments.join(" "));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_on_the_path_are_found_by_name() {
        assert!(on_path("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(on_path("no-such-program"), None);
    }
}
