//! Where PostgreSQL's server programs are, and how they get there.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::packages::{install, on_path};

/// The folder with `initdb`, `postgres` and their kin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binaries {
    folder: PathBuf,
}

/// Where Debian and Ubuntu put one folder for each major version.
const BY_VERSION: &str = "/usr/lib/postgresql";

impl Binaries {
    /// Finds the programs in `chosen`, under `/usr/lib/postgresql` (the newest version) or on the path; where there are
    /// none and apt and root are at hand, installs them.
    ///
    /// # Errors
    /// When there are none and none can be installed; the message says what to install.
    pub(crate) fn find_or_install(chosen: Option<&Path>) -> Result<Self> {
        if let Some(folder) = chosen {
            return Self::in_folder(folder)
                .with_context(|| format!("{} (PG_BIN) has no initdb and postgres", folder.display()));
        }
        if let Some(found) = Self::search() {
            return Ok(found);
        }
        install(&["postgresql"], MISSING)?;
        Self::search().context("apt-get installed postgresql, and still there is no initdb")
    }

    /// The command for one of the programs.
    pub(crate) fn command(&self, program: &str) -> Command {
        Command::new(self.folder.join(program))
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn search() -> Option<Self> {
        newest_first(Path::new(BY_VERSION)).iter().find_map(|folder| Self::in_folder(folder)).or_else(|| {
            // Distributions link single programs into the path; the others are beside the real one.
            let real = on_path("initdb")?.canonicalize().ok()?;
            Self::in_folder(real.parent()?)
        })
    }

    fn in_folder(folder: &Path) -> Option<Self> {
        let complete = ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file());
        complete.then(|| Self { folder: folder.to_path_buf() })
    }
}

const MISSING: &str =
    "PostgreSQL's server programs (initdb, postgres) were not found, and the tests do not pass \
without them. Install them, or set PG_BIN to the folder they are in:
  Debian, Ubuntu   sudo apt-get install postgresql
  Fedora, RHEL     sudo dnf install postgresql-server postgresql-contrib
  Arch             sudo pacman -S postgresql
  Alpine           sudo apk add postgresql
  macOS            brew install postgresql@17";

/// The `bin` folders under `root`, newest major version first.
fn newest_first(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_by_key(|(version, _)| Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(folder: &Path) {
        fs::create_dir_all(folder).expect("a folder");
        for program in ["initdb", "postgres"] {
            fs::write(folder.join(program), "").expect("a file");
        }
    }

    #[test]
    fn versions_are_ordered_as_numbers_and_other_folders_ignored() {
        let root = tempfile::tempdir().expect("a folder");
        for version in ["9", "17", "15", "common"] {
            fs::create_dir_all(root.path().join(version).join("bin")).expect("a folder");
        }
        let order: Vec<_> =
            ["17", "15", "9"].iter().map(|version| root.path().join(version).join("bin")).collect();
        assert_eq!(newest_first(root.path()), order);
    }

    #[test]
    fn a_folder_counts_only_with_both_programs() {
        let root = tempfile::tempdir().expect("a folder");
        assert_eq!(Binaries::in_folder(root.path()), None);
        programs(root.path());
        assert_eq!(Binaries::in_folder(root.path()).expect("complete").folder(), root.path());
    }

    #[test]
    fn a_wrong_choice_is_said_and_not_worked_around() {
        let root = tempfile::tempdir().expect("a folder");
        let error = Binaries::find_or_install(Some(root.path())).expect_err("the folder is empty");
        assert!(error.to_string().contains("PG_BIN"), "{error}");
    }
}
