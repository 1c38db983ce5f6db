//! Settings come from where they should, and nothing else is taken.

use std::io::Write as _;

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn loaded(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_sources(None, &environment(pairs), &[])
}

fn origin(config: &Config, key: &str) -> String {
    let setting = config.settings().iter().find(|setting| setting.id == key);
    setting.expect("a setting of the manual").origin.clone()
}

#[test]
fn the_defaults_are_complete_and_each_has_its_comment() {
    let config = loaded(&[]).expect("the defaults");
    assert!(config.is_untouched());
    assert_eq!(config.database_url.expose_secret(), "sqlite://rollcall-data/rollcall.db?mode=rwc");
    assert_eq!(config.policy().grace, TimeDelta::days(7));
    let lines: Vec<&str> = DEFAULT.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        if line.contains(" = ") && !line.starts_with('#') {
            assert!(lines[number - 1].starts_with("# "), "{line} has no comment");
        }
    }
}

#[test]
fn later_sources_win_and_say_so() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(b"listen = \"127.0.0.1:1\"\n[limits]\nburst = 5\npage_size = 7\n").expect("written");
    let variables = environment(&[("ROLLCALL_LISTEN", "127.0.0.1:2"), ("ROLLCALL_LIMITS__BURST", "6")]);
    let flags = [("listen", "127.0.0.1:3".to_owned())];
    let config = Config::from_sources(Some(file.path()), &variables, &flags).expect("valid");
    assert_eq!((config.listen.as_str(), config.limits.burst, config.limits.page_size), ("127.0.0.1:3", 6, 7));
    assert_eq!(origin(&config, "listen"), "the flag --listen");
    assert_eq!(origin(&config, "limits.burst"), "the environment variable ROLLCALL_LIMITS__BURST");
    assert_eq!(origin(&config, "limits.page_size"), format!("the file {}", file.path().display()));
    assert_eq!(origin(&config, "migrate"), "the defaults");
    assert!(!config.is_untouched());
}

#[test]
fn unknown_keys_and_wrong_values_refuse_with_a_sentence() {
    for (name, value, words) in [
        ("ROLLCALL_LISTN", "x", "did you mean \"listen\"?"),
        ("ROLLCALL_BURST", "5", "did you mean \"limits.burst\"?"),
        ("ROLLCALL_LIMITS__COLOUR", "red", "config check"),
        ("ROLLCALL_MIGRATE", "perhaps", "ROLLCALL_MIGRATE"),
        ("ROLLCALL_LIMITS__BURST", "-1", "limits.burst"),
        ("ROLLCALL_LIMITS__BURST", "0", "at least 1"),
        ("ROLLCALL_LIMITS__PAGE_SIZE", "501", "page_size_max"),
        ("ROLLCALL_LOG__FORMAT", "loud", "log.format"),
        ("ROLLCALL_LOG__FORMAT", "", "none of auto, pretty and json"),
        ("ROLLCALL_LOG__LEVEL", "info,=x=", "log.level"),
        ("ROLLCALL_DATABASE_URL", "mysql://h/d", "sqlite://FILE"),
        ("ROLLCALL_BASE_URL", "https://x.example/", "slash"),
        ("ROLLCALL_DATABASE_URL_FILE", "/nowhere/at/all", "cannot be read"),
    ] {
        let error = loaded(&[(name, value)]).expect_err(name).to_string();
        assert!(error.contains(words), "{name}: {error}");
    }
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(b"[limits]\nbrust = 5\n").expect("written");
    let error = Config::from_sources(Some(file.path()), &[], &[]).expect_err("unknown").to_string();
    assert!(error.contains("limits.brust") && error.contains("did you mean \"limits.burst\"?"), "{error}");
}

#[test]
fn variables_of_the_tests_are_no_settings() {
    let config =
        loaded(&[("ROLLCALL_TEST_POSTGRES_URL", "x"), ("ROLLCALL_BIN", "x"), ("ROLLCALL_CONFIG", "x")]);
    assert!(config.expect("ignored").is_untouched());
}

#[test]
fn the_database_password_comes_from_a_file_and_shows_nowhere() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(b"postgres://rollcall:s3cret@db.example/rollcall\n").expect("written");
    let path = file.path().display().to_string();
    let config = loaded(&[("ROLLCALL_DATABASE_URL_FILE", &path)]).expect("valid");
    assert_eq!(config.database_url.expose_secret(), "postgres://rollcall:s3cret@db.example/rollcall");
    let shown = format!("{config:?}{:?}", config.settings());
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("rollcall:•••@db.example"), "{shown}");
    let both = loaded(&[("ROLLCALL_DATABASE_URL_FILE", &path), ("ROLLCALL_DATABASE_URL", "sqlite::memory:")]);
    assert!(both.expect_err("both").to_string().contains("not both"));
}

#[test]
fn the_folder_for_data_may_have_any_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = folder.path().join("a b?c#d%41e'f\"g&h;:memory:");
    let config =
        loaded(&[("ROLLCALL_DATA_DIR", name.to_str().expect("text")), ("ROLLCALL_LISTEN", "127.0.0.1:0")]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        crate::Server::build(config.expect("valid")).await.expect("the server builds");
    });
    assert!(name.join("rollcall.db").is_file());
}
