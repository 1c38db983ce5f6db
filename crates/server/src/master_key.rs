//! The file of the master key, under which secrets in the database are sealed.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use operations::keys::MasterKey;
use thiserror::Error;

/// Why there is no master key.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("the file of the master key {file} cannot be used: {error}; set master_key_file", file = .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The file holds something else.
    #[error("{} holds no master key: make one with `rollcall key create FILE`, or restore the file", .0.display())]
    NoKey(PathBuf),
    /// A new key is to be written into a file that exists.
    #[error("{} exists already: name another file, for a key that is lost cannot be made again", .0.display())]
    Exists(PathBuf),
}

/// The key of the settings. Without a setting, the key of a `SQLite` database is in `master.key` beside its file, and is made
/// there at the first start; a database in memory has a key that is forgotten with it; `PostgreSQL` has none.
///
/// # Errors
/// [`KeyError`].
pub(crate) fn read(
    setting: &Path,
    database: Option<&Path>,
    in_memory: bool,
) -> Result<Option<MasterKey>, KeyError> {
    if !setting.as_os_str().is_empty() {
        return read_file(setting).map(Some);
    }
    let Some(database) = database else { return Ok(in_memory.then(MasterKey::new)) };
    let file = database.with_file_name("master.key");
    match write(&file, &MasterKey::new()) {
        Ok(()) | Err(KeyError::Exists(_)) => read_file(&file).map(Some),
        Err(other) => Err(other),
    }
}

/// The key in a file.
///
/// # Errors
/// [`KeyError`].
pub fn read_file(file: &Path) -> Result<MasterKey, KeyError> {
    let failed = |error| KeyError::File { file: file.to_owned(), error };
    let line = std::fs::read(file).map_err(failed)?;
    let key = str::from_utf8(&line).ok().and_then(MasterKey::of_line);
    key.ok_or_else(|| KeyError::NoKey(file.to_owned()))
}

/// Writes a key into a new file, which only its owner may read. The file is there with the whole key or not at all.
///
/// # Errors
/// [`KeyError::Exists`] if there is such a file; [`KeyError::File`].
pub fn write(file: &Path, key: &MasterKey) -> Result<(), KeyError> {
    let failed = |error| KeyError::File { file: file.to_owned(), error };
    if file.try_exists().map_err(failed)? {
        return Err(KeyError::Exists(file.to_owned()));
    }
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}", operations::new_id(chrono::DateTime::UNIX_EPOCH).simple()));
    let part = PathBuf::from(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&part).and_then(|mut open| {
        open.write_all(key.line().as_bytes())?;
        open.sync_all()?;
        // A link, unlike a new name, never replaces a file that another process has just made.
        std::fs::hard_link(&part, file)
    });
    let removed = std::fs::remove_file(&part);
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(KeyError::Exists(file.to_owned())),
        written => written.and(removed).map_err(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_beside_a_database_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("rollcall.db");
        let made = read(Path::new(""), Some(&database), false).expect("made").expect("a key");
        let again = read(Path::new(""), Some(&database), false).expect("read").expect("a key");
        assert_eq!(made.line(), again.line());
        let file = folder.path().join("master.key");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&file).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("readable").count(),
            1,
            "nothing is left beside it"
        );
        assert!(matches!(write(&file, &made), Err(KeyError::Exists(_))));
        std::fs::write(&file, "x").expect("written");
        let error = read(Path::new(""), Some(&database), false).expect_err("no key");
        assert!(error.to_string().contains("holds no master key"), "{error}");
    }

    #[test]
    fn a_setting_names_the_file_and_other_databases_have_no_key_by_themselves() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("key");
        let missing = read(&file, None, false).expect_err("no file").to_string();
        assert!(missing.contains("set master_key_file"), "{missing}");
        let key = MasterKey::new();
        write(&file, &key).expect("written");
        assert_eq!(read(&file, None, false).expect("read").expect("a key").line(), key.line());
        assert!(read(Path::new(""), None, false).expect("nothing to read").is_none());
        assert!(read(Path::new(""), None, true).expect("made").is_some());
    }
}
