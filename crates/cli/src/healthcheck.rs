//! `rollcall healthcheck`: whether the server of the same settings is ready, for containers without an HTTP client.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::global::Global;
use crate::output;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks the server of the same settings whether it is ready; exit code 0 when it is.
#[derive(Args)]
#[command(after_help = "Example: ROLLCALL_LISTEN=0.0.0.0:8080 rollcall healthcheck")]
pub(crate) struct Arguments {
    /// The address that the server listens on, when the settings do not say it
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, global: &Global) -> Result<()> {
    let flags: Vec<(&str, String)> = arguments.listen.into_iter().map(|listen| ("listen", listen)).collect();
    let address = reachable(&global.settings(&flags)?.listen);
    let url = format!("http://{address}/readyz");
    let http = reqwest::Client::builder().timeout(PATIENCE).build().context("no HTTP client can be made")?;
    let answer = http.get(&url).send().await;
    let answer =
        answer.with_context(|| format!("no server answers at {url}; start one with `rollcall serve`"))?;
    let status = answer.status();
    ensure!(status.is_success(), "the server at {url} is not ready: it answers {status}");
    if global.json {
        return output::json(&serde_json::json!({"ready": true, "url": url}));
    }
    output::line(format!("ready  {url}"))
}

/// Where a server that listens on an address can be reached: one that takes every address takes its own.
fn reachable(listen: &str) -> String {
    match listen.rsplit_once(':') {
        Some(("0.0.0.0" | "", port)) => format!("127.0.0.1:{port}"),
        Some(("[::]", port)) => format!("[::1]:{port}"),
        _ => listen.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_for_all_addresses_is_asked_at_its_own() {
        for (listen, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:80", "[::1]:80"),
            ("10.1.2.3:8080", "10.1.2.3:8080"),
            ("localhost:1", "localhost:1"),
        ] {
            assert_eq!(reachable(listen), asked);
        }
    }
}
