//! The identity provider of the tests in a browser: installed from npm, beside what is built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::packages::{install, on_path};
use crate::step::Steps;

/// Where the program of the issuer is kept, with the list of what it needs.
const SOURCE: &str = "crates/server/tests/issuer";
/// What is copied, so that nothing is installed among the sources.
const FILES: [&str; 3] = ["package.json", "package-lock.json", "issuer.mjs"];

const MISSING: &str = "Node.js and npm were not found, and the tests do not pass without them. Install both:
  Debian           sudo apt-get install nodejs npm
  Fedora           sudo dnf install nodejs npm
  Arch             sudo pacman -S nodejs npm
  Alpine           sudo apk add nodejs npm
  macOS            brew install node";

/// One step: the program of the issuer with what it needs, or `None` when that cannot be had.
pub(crate) fn install_for_tests(steps: &mut Steps) -> Option<PathBuf> {
    steps.work("install the issuer", "npm ci", || {
        if on_path("node").is_none() || on_path("npm").is_none() {
            install(&["nodejs", "npm"], MISSING)?;
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let folder = root.join("target/issuer");
        std::fs::create_dir_all(&folder)?;
        for file in FILES {
            std::fs::copy(root.join(SOURCE).join(file), folder.join(file))?;
        }
        npm(&folder)?;
        Ok(folder.join("issuer.mjs"))
    })
}

fn npm(folder: &Path) -> Result<()> {
    let status = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .status()
        .context("npm did not start")?;
    if status.success() { Ok(()) } else { bail!("npm ci failed in {}", folder.display()) }
}
