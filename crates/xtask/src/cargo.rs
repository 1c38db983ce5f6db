//! Cargo as a child: clean environment, the test runner in use, the built binary.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;

/// The workspace's top folder.
pub(crate) fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// A cargo command in the workspace, free of what this process inherited from `cargo run`.
pub(crate) fn cargo<I, S>(arguments: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(workspace());
    clean_environment(&mut command);
    if process::colours() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command
}

/// Takes out of a child's environment what would change its result: the developer's `ROLLCALL_…` settings, and what
/// cargo set for this package (build scripts that watch those variables would build again).
pub(crate) fn clean_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_unwanted) {
            command.env_remove(name);
        }
    }
}

fn is_unwanted(name: &str) -> bool {
    const OF_THIS_PACKAGE: &[&str] =
        &["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_BIN_NAME", "CARGO_CRATE_NAME"];
    name.starts_with("ROLLCALL_") || name.starts_with("CARGO_PKG_") || OF_THIS_PACKAGE.contains(&name)
}

/// How tests are run here: with nextest where it is installed, else with cargo's own runner.
#[derive(Clone, Copy)]
pub(crate) enum Runner {
    Nextest,
    CargoTest,
}

impl Runner {
    /// Looks whether `cargo nextest` answers.
    pub(crate) fn installed() -> Self {
        let nextest = cargo(["nextest", "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success());
        if nextest { Self::Nextest } else { Self::CargoTest }
    }

    /// As [`Runner::tests`] of a selection, those of some packages alone. Whoever selects fewer packages builds their dependencies
    /// again, with fewer features.
    pub(crate) fn tests_of(self, packages: &[&str], selection: &[&str]) -> Command {
        match self {
            Self::Nextest => {
                let mut command = self.tests(selection);
                let wanted: Vec<String> = packages.iter().map(|name| format!("package({name})")).collect();
                command.args(["--filterset", &wanted.join(" | ")]);
                command
            }
            Self::CargoTest => {
                let chosen: Vec<&str> = packages.iter().flat_map(|name| ["--package", *name]).collect();
                self.tests(&chosen)
            }
        }
    }

    /// All tests but the doc tests of the chosen packages, none hidden by an earlier failure.
    pub(crate) fn tests(self, packages: &[&str]) -> Command {
        match self {
            Self::Nextest => {
                let mut command = cargo(["nextest", "run", "--profile", "ci", "--no-fail-fast"]);
                command.args(packages);
                command
            }
            Self::CargoTest => {
                let mut command = cargo(["test", "--no-fail-fast", "--lib", "--bins", "--tests"]);
                command.args(packages);
                command
            }
        }
    }
}

/// Builds `rollcall` and says where it is.
///
/// # Errors
/// When the build fails or cargo does not name the executable.
pub(crate) fn build_binary(release: bool) -> Result<PathBuf> {
    let mut command = cargo(["build", "--package", "cli", "--bin", "rollcall"]);
    command.arg("--message-format=json-render-diagnostics");
    if release {
        command.arg("--release");
    }
    let output = command.stderr(Stdio::inherit()).output().context("cargo did not start")?;
    if !output.status.success() {
        bail!("cargo build failed");
    }
    executable(&String::from_utf8_lossy(&output.stdout)).context("cargo named no executable `rollcall`")
}

/// The binary that the tests of the command line were built with.
///
/// # Errors
/// When there is none, because those tests were not built.
pub(crate) fn tested_binary() -> Result<PathBuf> {
    let binary = target_directory()?.join("debug").join("rollcall");
    if binary.exists() { Ok(binary) } else { bail!("{} is not there", binary.display()) }
}

/// The executable `rollcall` in cargo's JSON messages.
fn executable(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "rollcall")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

/// The folder in which cargo puts what it builds.
///
/// # Errors
/// When `cargo metadata` fails.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let folder = metadata()?["target_directory"].as_str().map(PathBuf::from);
    folder.context("cargo metadata names no target directory")
}

/// Package and name of every micro benchmark of the workspace.
///
/// # Errors
/// When `cargo metadata` fails.
pub(crate) fn micro_benchmarks() -> Result<Vec<(String, String)>> {
    Ok(benchmarks_in(&metadata()?))
}

fn benchmarks_in(metadata: &Value) -> Vec<(String, String)> {
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for package in items(&metadata["packages"]) {
        for target in items(&package["targets"]) {
            if items(&target["kind"]).iter().any(|kind| kind == "bench") {
                found.push((text(&package["name"]), text(&target["name"])));
            }
        }
    }
    found
}

fn metadata() -> Result<Value> {
    let output = cargo(["metadata", "--no-deps", "--format-version", "1"])
        .stderr(Stdio::inherit())
        .output()
        .context("cargo did not start")?;
    if !output.status.success() {
        bail!("cargo metadata failed");
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_of_ours_and_of_this_package_are_taken_away() {
        for name in ["ROLLCALL_DATABASE_URL", "CARGO_PKG_NAME", "CARGO_MANIFEST_DIR"] {
            assert!(is_unwanted(name), "{name} must go");
        }
        for name in ["CARGO_HOME", "CARGO_TARGET_DIR", "PATH", "CARGO_BUILD_JOBS"] {
            assert!(!is_unwanted(name), "{name} must stay");
        }
    }

    #[test]
    fn the_executable_is_read_from_the_messages_of_the_build() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"server"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"rollcall"},"executable":"/t/debug/rollcall"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(executable(messages), Some(PathBuf::from("/t/debug/rollcall")));
        assert_eq!(executable("not json"), None);
    }

    #[test]
    fn benchmarks_are_the_targets_of_that_kind() {
        let metadata = serde_json::json!({"packages": [{"name": "a", "targets": [
            {"name": "a", "kind": ["lib"]}, {"name": "parse", "kind": ["bench"]}
        ]}]});
        assert_eq!(benchmarks_in(&metadata), [("a".to_owned(), "parse".to_owned())]);
    }
}
