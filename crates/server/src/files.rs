//! The files that hold data and secrets: the address of an `SQLite` database, and who may read which.

use std::path::{Path, PathBuf};

/// The address of a file, whatever characters its name has; the file is made when it is not there.
pub(crate) fn sqlite_url(file: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let bytes = file.as_os_str().as_encoded_bytes().iter();
    let path: String = bytes
        .map(|byte| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("sqlite://{path}?mode=rwc")
}

/// The file that a URL of `SQLite` names; none for a database in memory or another product.
pub(crate) fn sqlite_file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (file, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let in_memory = url.contains(":memory:") || parameters.split('&').any(|it| it == "mode=memory");
    (!in_memory).then(|| percent_decoded(file).into())
}

/// The text with `%3F` and the like as the characters that they stand for.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits =
            after.get(..2).filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Makes a folder that only its owner may look into, for it holds personal data; one that exists stays as it is.
pub(crate) fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes an empty file for a new database that only its owner may read, whatever the system's mask; `SQLite` gives the
/// files that it puts beside the database the same permissions. A file that exists stays as it is.
pub(crate) fn make_private_file(file: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        #[cfg(unix)]
        Ok(made) => made.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)),
        #[cfg(not(unix))]
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// The text of a file that holds a secret, without the end of its last line.
///
/// # Errors
/// The rest of a sentence that began with the file: it cannot be read, or every user of the machine can.
pub(crate) fn read_secret(file: &Path) -> Result<String, String> {
    let unreadable = |error| format!("cannot be read: {error}.");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(file).map_err(unreadable)?);
        if mode & 0o007 != 0 {
            let advice = format!("take that away with `chmod o= {}`", file.display());
            return Err(format!("can be used by every user of this machine: {advice}."));
        }
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_database_is_the_one_that_is_opened() {
        for (url, file) in [
            ("sqlite://a/b.db?mode=rwc", Some("a/b.db")),
            ("sqlite:///a/b.db", Some("/a/b.db")),
            ("sqlite:b.db", Some("b.db")),
            ("sqlite://a%20b%3f100%.db", Some("a b?100%.db")),
            ("sqlite::memory:", None),
            ("sqlite://x?mode=memory", None),
            ("postgres://me@host/x", None),
        ] {
            assert_eq!(sqlite_file(url), file.map(PathBuf::from), "{url}");
        }
    }

    #[test]
    fn a_file_of_any_name_has_an_address_that_names_it() {
        for file in ["a/b.db", "/a b/c?d#e%41/'\"&;:memory:/ä.db", "//x", "a\tb\n.db"] {
            let url = sqlite_url(Path::new(file));
            assert_eq!(sqlite_file(&url).as_deref(), Some(Path::new(file)), "{url}");
        }
        assert_eq!(sqlite_url(Path::new("a/b.db")), "sqlite://a/b.db?mode=rwc");
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_read_from_a_file_that_other_users_cannot_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("password");
        let told = read_secret(&file).expect_err("no file");
        assert!(told.contains("cannot be read"), "{told}");
        std::fs::write(&file, " s3cret \r\n").expect("written");
        for (mode, is_read) in [(0o600, true), (0o440, true), (0o604, false), (0o601, false), (0o666, false)]
        {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("changed");
            match read_secret(&file) {
                Ok(secret) => assert!(is_read && secret == " s3cret ", "{mode:o}"),
                Err(told) => assert!(!is_read && told.contains("chmod o="), "{mode:o}: {told}"),
            }
        }
    }
}
