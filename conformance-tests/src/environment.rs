//! The environment of a run: where the server is, which token to use, and which binary makes new tenants.
use std::path::PathBuf;

/// What to do when the suite was started by hand without a server.
pub const ADVICE: &str =
    "SCIM_URL is not set: run `cargo xtask conformance`, which starts a server and passes its address on.";

/// Base URL of the server under test, without a slash at its end.
pub(crate) fn base() -> String {
    variable("SCIM_URL").expect(ADVICE).trim_end_matches('/').to_owned()
}

/// Ends the test with [`ADVICE`] when no server was named.
pub fn require_server() {
    base();
}

/// The bearer token of the shared connection of profile `strict`.
pub(crate) fn token() -> String {
    variable("SCIM_TOKEN").expect("SCIM_TOKEN is not set: run `cargo xtask conformance`.")
}

/// A token for one profile, given by hand where no binary can make one (`SCIM_TOKEN_ENTRA`).
pub(crate) fn token_of(profile: &str) -> Option<String> {
    variable(&format!("SCIM_TOKEN_{}", profile.to_uppercase()))
}

/// The `rollcall` binary and its database, when the run may make tenants.
pub(crate) fn binary() -> Option<(PathBuf, String)> {
    Some((PathBuf::from(variable("ROLLCALL_BIN")?), variable("ROLLCALL_DATABASE_URL")?))
}

/// Base URL and database of a server that stands apart, for what would be in the way of the other tests.
pub(crate) fn apart() -> Option<(String, String)> {
    let base = variable("ROLLCALL_APART_URL")?.trim_end_matches('/').to_owned();
    Some((base, variable("ROLLCALL_APART_DATABASE_URL")?))
}

/// The variables of the suite itself that start like settings of the server.
pub(crate) const OURS: &[&str] =
    &["ROLLCALL_BIN", "ROLLCALL_LIMITED_URL", "ROLLCALL_APART_URL", "ROLLCALL_APART_DATABASE_URL"];

/// The database under the server, `sqlite` or `postgresql`; none when it is not said.
pub fn database() -> Option<&'static str> {
    let (_, url) = binary()?;
    match url.split(':').next() {
        Some("sqlite") => Some("sqlite"),
        Some("postgres" | "postgresql") => Some("postgresql"),
        _ => None,
    }
}

/// Base URL of a second server on the same database whose rate limit is 1 request a second, burst 3.
pub fn limited_base() -> Option<String> {
    variable("ROLLCALL_LIMITED_URL").map(|url| url.trim_end_matches('/').to_owned())
}

#[expect(clippy::disallowed_methods, reason = "the one place of this suite that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
