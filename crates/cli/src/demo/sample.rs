//! The page of the sample application, at an address of its own beside the server: it is another product.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use reqwest::StatusCode;
use sample_application::{NAME, Settings};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::mailbox::Mailbox;

/// Where the page is going to be.
pub(super) struct Page {
    listener: TcpListener,
    url: String,
}

impl Page {
    /// Takes a free port.
    pub(super) async fn open() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.with_context(|| format!("no port is free for the page of {NAME}"))?;
        let url = format!("http://{}", listener.local_addr()?);
        Ok(Self { listener, url })
    }

    /// Its address.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Serves the page, with the mailboxes of the demo beside it, until the tasks are dropped.
    pub(super) async fn serve(
        self,
        api: String,
        token: String,
        mailbox: &Arc<Mailbox>,
    ) -> Result<JoinSet<()>> {
        let mailbox = Arc::clone(mailbox);
        let mails = Arc::new(move |address: &str| mailbox.mails(address));
        let settings = Settings { api, token, mailbox: Some(mails) };
        let mut serving = JoinSet::new();
        // A person who opens the page notices a listener that fails.
        serving.spawn(async move { drop(sample_application::serve(self.listener, settings).await) });
        let http = reqwest::Client::builder().no_proxy().build().context("no HTTP client can be made")?;
        let answer =
            http.get(&self.url).send().await.with_context(|| format!("{} does not answer", self.url))?;
        ensure!(answer.status() == StatusCode::OK, "{} was answered {}", self.url, answer.status());
        Ok(serving)
    }
}
