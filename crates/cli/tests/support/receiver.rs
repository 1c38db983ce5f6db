//! A receiver of webhooks that takes everything and tells of it.

use std::io::{BufRead as _, BufReader, Read as _, Result, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// A request that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Its `webhook-id`.
    pub(crate) id: String,
    pub(crate) body: String,
}

/// The address of a receiver, and what it takes; each request is told of before it is answered.
///
/// # Errors
/// When there is no free port.
pub(crate) fn start() -> Result<(String, Receiver<Heard>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (heard, hears) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let heard = heard.clone();
            thread::spawn(move || {
                let mut stream = BufReader::new(stream);
                // A server that is killed breaks off.
                let Ok(request) = read(&mut stream) else { return };
                drop(heard.send(request));
                drop(stream.get_mut().write_all(b"HTTP/1.1 204 No Content\r\n\r\n"));
            });
        }
    });
    Ok((format!("http://{address}/hook"), hears))
}

fn read(stream: &mut BufReader<TcpStream>) -> Result<Heard> {
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim().is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "webhook-id" => value.trim().clone_into(&mut id),
            "content-length" => length = value.trim().parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Heard { id, body: String::from_utf8_lossy(&body).into_owned() })
}
