//! The mailboxes of the demo: a mail server that takes everything and leaves nothing for the outside.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// How long a mail may take from the request that causes it.
const PATIENCE: Duration = Duration::from_secs(20);

/// The mail that came, by address.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    /// The texts, oldest first.
    mails: Mutex<HashMap<String, Vec<String>>>,
    news: Notify,
}

impl Mailbox {
    /// Opens the mail server on a free port; answers the port, and the tasks, which end when they are dropped.
    pub(super) async fn open() -> Result<(Arc<Self>, u16, JoinSet<()>)> {
        let listener =
            TcpListener::bind("127.0.0.1:0").await.context("no port is free for the demo's mail")?;
        let port = listener.local_addr()?.port();
        let mailbox = Arc::new(Self::default());
        let shared = Arc::clone(&mailbox);
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let mailbox = Arc::clone(&shared);
                // A client that goes away amidst a mail leaves none.
                talks.spawn(async move { drop(mailbox.talk(socket).await) });
                while talks.try_join_next().is_some() {}
            }
        });
        Ok((mailbox, port, server))
    }

    /// How many mails came.
    pub(super) fn count(&self) -> usize {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).values().map(Vec::len).sum()
    }

    /// The mails to an address as they came, oldest first.
    pub(super) fn mails(&self, address: &str) -> Vec<String> {
        let mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        mails.get(&address.to_lowercase()).cloned().unwrap_or_default()
    }

    /// The newest line among the mail to an address in which `find` finds something; waits until there is one.
    pub(super) async fn newest(&self, address: &str, find: fn(&str) -> Option<String>) -> Result<String> {
        let found = async {
            loop {
                let news = self.news.notified();
                if let Some(found) = self.look(address, find) {
                    return found;
                }
                news.await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, found).await;
        waited.with_context(|| format!("waited {} s in vain for a mail", PATIENCE.as_secs()))
    }

    fn look(&self, address: &str, find: fn(&str) -> Option<String>) -> Option<String> {
        self.mails(address).iter().rev().find_map(|mail| mail.lines().find_map(find))
    }

    /// One conversation by RFC 5321, as far as the server of this program needs it.
    async fn talk(&self, socket: TcpStream) -> std::io::Result<()> {
        let mut socket = BufReader::new(socket);
        socket.write_all(b"220 the demo's mailboxes\r\n").await?;
        let (mut to, mut line) = (String::new(), String::new());
        loop {
            line.clear();
            if socket.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let verb: String = line.chars().take(4).flat_map(char::to_uppercase).collect();
            let answer = match verb.as_str() {
                "EHLO" => "250-the demo's mailboxes\r\n250-8BITMIME\r\n250 SMTPUTF8",
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap_or_default().to_lowercase();
                    "250 known"
                }
                "DATA" => {
                    socket.write_all(b"354 go on\r\n").await?;
                    self.keep(&to, read_mail(&mut socket).await?);
                    "250 kept"
                }
                "QUIT" => {
                    socket.write_all(b"221 bye\r\n").await?;
                    return socket.flush().await;
                }
                _ => "250 well",
            };
            socket.write_all(format!("{answer}\r\n").as_bytes()).await?;
            socket.flush().await?;
        }
    }

    fn keep(&self, to: &str, mail: String) {
        self.mails
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(to.to_owned())
            .or_default()
            .push(mail);
        self.news.notify_waiters();
    }
}

/// A mail up to the line with a single dot.
async fn read_mail(socket: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let (mut mail, mut line) = (String::new(), String::new());
    loop {
        line.clear();
        if socket.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(mail);
        }
        mail.push_str(&line);
    }
}
