//! Building the fuzz targets: instrumented for libFuzzer by flags of the stable compiler.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo::{cargo, workspace};

/// What libFuzzer needs to know of a program: which edges it takes, and what it compares.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Builds all targets below a folder; answers the folder with their programs.
///
/// # Errors
/// When the build fails.
pub(super) fn programs(folder: &Path) -> Result<PathBuf> {
    let platform = platform()?;
    if !succeeds(&mut instrumented("build", folder, &platform))? {
        bail!("the fuzz targets were not built: libFuzzer needs a C++ compiler, such as g++");
    }
    Ok(folder.join(platform).join("release"))
}

/// Checks the format of the targets, and the lints: the workspace of the product does not know them.
///
/// # Errors
/// When one of the two finds something.
pub(super) fn check(folder: &Path) -> Result<()> {
    let mut format = cargo(["fmt", "--check", "--manifest-path"]);
    format.arg(manifest());
    let mut lints = instrumented("clippy", folder, &platform()?);
    lints.args(["--", "-D", "warnings"]);
    for (what, command) in [("format", &mut format), ("lints", &mut lints)] {
        if !succeeds(command)? {
            bail!("the {what} of the fuzz targets");
        }
    }
    Ok(())
}

/// A command of cargo on the targets, with the flags.
fn instrumented(verb: &str, folder: &Path, platform: &str) -> Command {
    // The platform is named, so that the flags are for the targets, and not for the build scripts of their dependencies.
    let mut command = cargo([verb, "--release", "--locked", "--target", platform]);
    command.arg("--manifest-path").arg(manifest()).arg("--target-dir").arg(folder);
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", FLAGS.join(" "));
    command
}

fn manifest() -> PathBuf {
    workspace().join("fuzz").join("Cargo.toml")
}

fn succeeds(command: &mut Command) -> Result<bool> {
    Ok(command.status().context("cargo did not start")?.success())
}

/// The platform of the compiler, as it calls it.
fn platform() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc did not start")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc names no host")
}
