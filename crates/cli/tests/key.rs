//! The command about the master key: a new key that may seal something is never lost.

use std::fs;

use crate::support::Site;
use crate::support::postgres::{execute, with_site};

#[test]
fn a_new_key_is_kept_unless_it_certainly_seals_nothing_on_sqlite() {
    keeps_keys(&Site::sqlite());
}

#[test]
fn a_new_key_is_kept_unless_it_certainly_seals_nothing_on_postgresql() {
    with_site(keeps_keys);
}

fn keeps_keys(site: &Site) {
    site.id(&["tenant", "create", "North"]);
    let file = |name: &str| site.folder.path().join(name);
    let rotate = |name: &str, present: Option<&str>| {
        let mut command = site.command(&["key", "rotate", name]);
        if let Some(present) = present {
            command.env("ROLLCALL_MASTER_KEY_FILE", file(present));
        }
        crate::support::Ran::from(command.output().expect("the binary starts"))
    };
    let rotated = rotate("second.key", None);
    assert!(rotated.code == 0 && file("second.key").exists(), "{rotated:?}");
    // The first key is not the present one any more: the database says so, and nothing was written.
    let refused = rotate("third.key", None);
    assert!(refused.code != 0 && !file("third.key").exists(), "{refused:?}");
    let second = fs::read(file("second.key")).expect("a key");
    // What came of this one is not known to the command.
    execute(site, "ALTER TABLE data_keys RENAME TO elsewhere");
    let failed = rotate("third.key", Some("second.key"));
    assert!(failed.code != 0 && file("third.key").exists(), "{failed:?}");
    assert!(failed.error.contains("the new key stays in third.key"), "{failed:?}");
    assert_eq!(fs::read(file("second.key")).expect("a key"), second);
    execute(site, "ALTER TABLE elsewhere RENAME TO data_keys");
    let rotated = rotate("fourth.key", Some("second.key"));
    assert!(rotated.code == 0 && file("fourth.key").exists(), "{rotated:?}");
}
