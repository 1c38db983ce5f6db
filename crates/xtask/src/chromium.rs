//! Chromium and its driver for the tests in a browser: found, or installed.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::packages::{install, on_path};
use crate::step::Steps;

/// One step: finds or installs both; the driver, or `None` when one is missing.
pub(crate) fn find_for_tests(steps: &mut Steps) -> Option<PathBuf> {
    steps.work("find Chromium", "chromium, chromedriver", || {
        let driver = find_or_install()?;
        println!("   {}", driver.display());
        Ok(driver)
    })
}

const MISSING: &str = "Chromium and chromedriver were not found, and the tests do not pass without them. \
Install both, in the same version:
  Debian           sudo apt-get install chromium chromium-driver
  Fedora           sudo dnf install chromium chromedriver
  Arch             sudo pacman -S chromium
  Alpine           sudo apk add chromium chromium-chromedriver
  macOS            brew install --cask chromium chromedriver";

fn find_or_install() -> Result<PathBuf> {
    if let Some(driver) = search(on_path) {
        return Ok(driver);
    }
    install(&["chromium", "chromium-driver"], MISSING)?;
    search(on_path).context("apt-get installed chromium and chromium-driver, and still one is missing")
}

/// The driver, when a browser for it is there as well.
fn search(find: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let browser = ["chromium", "chromium-browser", "google-chrome"].iter().any(|name| find(name).is_some());
    find("chromedriver").filter(|_| browser)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_counts_only_with_a_browser() {
        let having = |names: &'static [&str]| {
            move |name: &str| names.contains(&name).then(|| PathBuf::from("/usr/bin").join(name))
        };
        assert_eq!(search(having(&["chromedriver"])), None);
        assert_eq!(search(having(&["chromium"])), None);
        let both = search(having(&["chromium", "chromedriver"]));
        assert_eq!(both, Some(PathBuf::from("/usr/bin/chromedriver")));
    }
}
