//! The sample application of the demo: a person installs it, types the code, sets the PIN, and is active with a device.
//!
//! It is another product than Rollcall and knows nothing of its insides: it holds a token and calls `/api/v1` over HTTP, as
//! the application of a customer does. Its one page shows the step that is due; forms take steps, and need no script. The PIN
//! is checked here and forgotten at once: Rollcall hears only that it is set.

mod guard;
mod mail;
mod mailbox;
mod pin;
mod rollcall;
mod routes;
mod session;
mod stage;
mod views;

use std::sync::Arc;

use tokio::net::TcpListener;

pub use rollcall::{People, Person, Problem, Refused, Rollcall, Sent, Step};

use session::Sessions;

/// What people call the application.
pub const NAME: &str = "Latchkey";

/// What the application may do at Rollcall, as scopes of its token.
pub const SCOPES: [&str; 3] = ["people:read", "enrolment:write", "devices:write"];

/// The mails to an address as they came, oldest first: the mailboxes of a demo, which every visitor may read.
pub type Mailbox = Arc<dyn Fn(&str) -> Vec<String> + Send + Sync>;

/// What the application knows of the world.
#[derive(Clone)]
pub struct Settings {
    /// Where the API is, without a slash at its end, such as `http://127.0.0.1:8080/api/v1`.
    pub api: String,
    /// The token for it, with [`SCOPES`].
    pub token: String,
    /// Where mail can be read, if it can.
    pub mailbox: Option<Mailbox>,
}

/// Serves the application until the future is dropped.
///
/// # Errors
/// When no HTTP client can be made, or the listener fails.
pub async fn serve(listener: TcpListener, settings: Settings) -> std::io::Result<()> {
    let state = State::new(settings).map_err(std::io::Error::other)?;
    axum::serve(listener, routes::routes(Arc::new(state))).await
}

/// What all requests share.
struct State {
    rollcall: Rollcall,
    sessions: Sessions,
    mailbox: Option<Mailbox>,
}

impl State {
    fn new(settings: Settings) -> reqwest::Result<Self> {
        let rollcall = Rollcall::new(settings.api, settings.token)?;
        Ok(Self { rollcall, sessions: Sessions::default(), mailbox: settings.mailbox })
    }
}

#[cfg(test)]
#[path = "../../server/src/browser.rs"]
#[expect(dead_code, reason = "the console's tests need more of it")]
mod browser;
#[cfg(test)]
mod tests;
