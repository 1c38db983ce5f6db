//! A reverse proxy that gives each request to the next of several servers: what one of them remembers, and not the database,
//! is missed by the next.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
use std::thread;

use anyhow::Result;

/// The most bytes of the head of a request.
const HEAD: usize = 256 * 1024;

/// A proxy that listens; it stands until the program ends.
pub(crate) struct Proxy {
    address: SocketAddr,
    behind: Arc<OnceLock<Vec<SocketAddr>>>,
}

impl Proxy {
    /// Listens on a free port; what comes before the servers are named is refused.
    ///
    /// # Errors
    /// When there is no port.
    pub(crate) fn listen() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (address, behind) = (listener.local_addr()?, Arc::new(OnceLock::<Vec<SocketAddr>>::new()));
        let servers = Arc::clone(&behind);
        thread::spawn(move || {
            for (turn, client) in listener.incoming().flatten().enumerate() {
                let Some(server) = servers.get().and_then(|all| all.get(turn % all.len())).copied() else {
                    continue;
                };
                // What breaks off is for the client to see.
                thread::spawn(move || pass_on(&client, server).ok());
            }
        });
        Ok(Self { address, behind })
    }

    /// Where it listens, as a base address of servers.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Gives the requests to these servers from now on.
    pub(crate) fn stand_before(&self, servers: Vec<SocketAddr>) {
        self.behind.set(servers).ok();
    }
}

/// Passes one request on. The server closes the connection after its answer, so that the next request is a new turn.
fn pass_on(client: &TcpStream, server: SocketAddr) -> io::Result<()> {
    let mut from_client = client.try_clone()?;
    let (mut head, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    let end = loop {
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        let read = from_client.read(&mut chunk)?;
        if read == 0 || head.len() > HEAD {
            break head.len();
        }
        head.extend_from_slice(&chunk[..read]);
    };
    let mut upstream = TcpStream::connect(server)?;
    let close: &[u8] = if end < head.len() { b"\r\nConnection: close" } else { b"" };
    upstream.write_all(&[&head[..end], close, &head[end..]].concat())?;
    let mut to_server = upstream.try_clone()?;
    thread::spawn(move || {
        io::copy(&mut from_client, &mut to_server).ok();
        to_server.shutdown(Shutdown::Write).ok();
    });
    let mut to_client = client.try_clone()?;
    io::copy(&mut upstream, &mut to_client).ok();
    client.shutdown(Shutdown::Both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_goes_to_the_next_server() {
        let server = |name: &'static str| {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = listener.local_addr().expect("an address");
            thread::spawn(move || {
                for mut client in listener.incoming().flatten() {
                    let (mut request, mut byte) = (Vec::new(), [0]);
                    while !request.ends_with(b"\r\n\r\n") && client.read(&mut byte).is_ok_and(|read| read > 0)
                    {
                        request.extend(byte);
                    }
                    assert!(String::from_utf8_lossy(&request).contains("Connection: close"));
                    write!(client, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{name}").expect("written");
                }
            });
            address
        };
        let proxy = Proxy::listen().expect("a port");
        proxy.stand_before(vec![server("one"), server("two")]);
        let ask = || {
            let mut client = TcpStream::connect(proxy.address).expect("it listens");
            write!(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").expect("written");
            let mut answer = String::new();
            client.read_to_string(&mut answer).expect("answered");
            answer
        };
        let answers = [ask(), ask(), ask()];
        assert!(
            answers[0].ends_with("one") && answers[1].ends_with("two") && answers[2].ends_with("one"),
            "{answers:?}"
        );
    }
}
