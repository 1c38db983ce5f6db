//! Known faults in what we depend on: asked where `cargo deny` is installed and there is a network.
//!
//! Licences, names and sources need neither: a test of the workspace (`crates/cli/tests/workspace/dependencies.rs`) holds
//! them everywhere.

use std::process::{Command, Stdio};

use crate::cargo::cargo;
use crate::step::Steps;

/// One step: everything of `.cargo/deny.toml`, advisories included, or why it was left out.
pub(crate) fn check(steps: &mut Steps) {
    const NAME: &str = "advisories";
    if !succeeds(cargo(["deny", "--version"])) {
        steps.left_out(NAME, "cargo-deny is not installed");
    } else if !succeeds(cargo(["deny", "fetch"])) {
        steps.left_out(NAME, "the list of advisories cannot be fetched");
    } else {
        steps.check(NAME, cargo(["deny", "check", "--hide-inclusion-graph"]));
    }
}

fn succeeds(mut command: Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
