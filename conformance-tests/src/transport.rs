//! How requests of a process are sent: the time they may take, and whose certificates are good.
use std::sync::OnceLock;
use std::time::Duration;

/// How requests are sent, the same for all of a run.
#[derive(Clone, Copy, Debug)]
pub struct Transport {
    /// How long an answer may take, to its last byte.
    pub timeout: Duration,
    /// Whether any certificate is good, as that of a server in a laboratory.
    pub insecure: bool,
}

impl Default for Transport {
    fn default() -> Self {
        Transport { timeout: Duration::from_mins(1), insecure: false }
    }
}

static TRANSPORT: OnceLock<Transport> = OnceLock::new();
static CLIENT: OnceLock<reqwest::blocking::Client> = OnceLock::new();

impl Transport {
    /// The transport of the process.
    pub(crate) fn of_process() -> Transport {
        *TRANSPORT.get_or_init(Transport::default)
    }

    /// Makes this the transport of the process.
    ///
    /// # Errors
    /// When the HTTP library cannot be set up, or a request was sent before.
    pub fn install(self) -> Result<(), String> {
        let client = self.client().map_err(|error| format!("HTTP cannot be set up: {error}"))?;
        let late = || "the transport was chosen before".to_owned();
        CLIENT.set(client).map_err(|_| late())?;
        TRANSPORT.set(self).map_err(|_| late())
    }

    fn client(self) -> reqwest::Result<reqwest::blocking::Client> {
        reqwest::blocking::Client::builder()
            .timeout(self.timeout)
            .no_proxy()
            // A server closes an idle connection when it likes, which would look like a fault in what is sent next.
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .tls_danger_accept_invalid_certs(self.insecure)
            .build()
    }
}

/// The HTTP library as the process has set it up.
///
/// # Errors
/// One sentence when it cannot be set up.
pub(crate) fn client() -> Result<&'static reqwest::blocking::Client, String> {
    if CLIENT.get().is_none() {
        let client = Transport::of_process().client();
        let client = client.map_err(|error| format!("HTTP cannot be set up: {error}"))?;
        return Ok(CLIENT.get_or_init(|| client));
    }
    CLIENT.get().ok_or_else(|| "HTTP cannot be set up".to_owned())
}
