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
    // Named, so that the flags are for the targets alone, and not for the build scripts of their dependencies.
    let platform = platform()?;
    let manifest = workspace().join("fuzz").join("Cargo.toml");
    let mut command = cargo(["build", "--release", "--locked", "--target", &platform]);
    command.arg("--manifest-path").arg(manifest).arg("--target-dir").arg(folder);
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", FLAGS.join(" "));
    println!("   cargo build --release --manifest-path fuzz/Cargo.toml");
    if !command.status().context("cargo did not start")?.success() {
        bail!("the fuzz targets were not built: libFuzzer needs a C++ compiler, such as g++");
    }
    Ok(folder.join(platform).join("release"))
}

/// The platform of the compiler, as it calls it.
fn platform() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc did not start")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc names no host")
}
