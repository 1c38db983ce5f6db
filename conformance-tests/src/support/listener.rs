//! A receiver to which tokens are sent (RFC 8935), on this machine.
use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::feed::{Form, PATIENCE, PAUSE, Site, Told};
use crate::{skip, unique};

/// How long the receiver waits for what a sender began to say.
const SILENCE: Duration = Duration::from_secs(5);

/// One request that came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) method: String,
    /// Headers by lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Heard {
    /// The token in it.
    pub(crate) fn token(&self) -> Told {
        Told::of("", self.body.trim())
    }
}

/// What the receiver answers to the request with this number, from zero: a status and a body.
type Reply = Box<dyn Fn(usize) -> (u16, String) + Send>;

/// A receiver, which ends when it is dropped.
pub(crate) struct Listener {
    url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    stop: Arc<AtomicBool>,
}

impl Listener {
    /// A receiver for the server, which must be on this machine, too.
    pub(crate) fn open(site: &Site, reply: impl Fn(usize) -> (u16, String) + Send + 'static) -> Listener {
        let url = reqwest::Url::parse(&site.receiver.base).ok();
        let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
        if !["127.0.0.1", "localhost", "[::1]"].contains(&host) {
            skip("tokens can be sent to the run only by a server on the same machine");
        }
        let socket = TcpListener::bind("127.0.0.1:0").unwrap_or_else(|error| panic!("no socket: {error}"));
        let address = socket.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
        socket.set_nonblocking(true).unwrap_or_else(|error| panic!("no socket: {error}"));
        let (heard, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let listener = Listener {
            url: format!("http://{address}/events"),
            heard: Arc::clone(&heard),
            stop: Arc::clone(&stop),
        };
        let reply: Reply = Box::new(reply);
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                match socket.accept() {
                    // A request that ends too early says nothing.
                    Ok((stream, _)) => drop(answer(stream, &heard, &reply)),
                    Err(_) => thread::sleep(Duration::from_millis(10)),
                }
            }
        });
        listener
    }

    /// Has a new stream send its tokens here; skips the test where the server does not.
    pub(crate) fn subscribe(&self, site: &Site) {
        let delivery = json!({ "method": "urn:ietf:rfc:8935", "endpoint_url": self.url });
        let (events, name) = (Form::Any.asked(), unique("stream"));
        let wanted = json!({ "description": name, "events_requested": events, "delivery": delivery });
        let created = site.create(&wanted);
        match created.status {
            201 => {}
            400 | 403 | 409 | 422 => skip("the server sends no tokens to an address of this machine"),
            status => created.fail(&format!("status {status} where 201 was expected")),
        }
    }

    /// Everything that came until now.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until what came is enough, and gives all of it.
    pub(crate) fn until(&self, what: &str, enough: impl Fn(&[Heard]) -> bool) -> Vec<Heard> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let heard = self.heard();
            if enough(&heard) {
                return heard;
            }
            assert!(
                Instant::now() < deadline,
                "{what} was not sent within two minutes; what came: {heard:?}"
            );
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Reads one request and answers it.
fn answer(stream: TcpStream, heard: &Mutex<Vec<Heard>>, reply: &Reply) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(SILENCE))?;
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
    let mut body = String::new();
    reader.by_ref().take(length).read_to_string(&mut body)?;
    let method = first.split(' ').next().unwrap_or_default().to_owned();
    let number = {
        let mut all = heard.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Heard { method, headers, body });
        all.len() - 1
    };
    let (status, said) = reply(number);
    let kind = if said.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let head = format!(
        "HTTP/1.1 {status} Answer\r\n{kind}Content-Length: {}\r\nConnection: close\r\n\r\n",
        said.len()
    );
    reader.get_mut().write_all(format!("{head}{said}").as_bytes())
}
