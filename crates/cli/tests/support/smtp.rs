//! A mail server that takes everything and tells of it: to whom, and under which Message-ID.

use std::io::{BufRead as _, BufReader, Result, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// A mail that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    /// The recipient.
    pub(crate) to: String,
    /// The Message-ID with its brackets.
    pub(crate) message_id: String,
}

/// Starts a server on a free port of 127.0.0.1, which ends with the program; gives the port and the mails that it takes.
///
/// # Errors
/// When there is no free port.
pub(crate) fn start() -> Result<(u16, Receiver<Letter>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let (taken, letters) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let taken = taken.clone();
            // A client that is killed breaks its conversation off, and then there is nothing more to say.
            thread::spawn(move || drop(converse(stream, &taken)));
        }
    });
    Ok((port, letters))
}

/// One conversation. A mail is told of before the client hears that it was taken, as a mailbox has it by then.
fn converse(stream: TcpStream, taken: &Sender<Letter>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let (mut to, mut line) = (String::new(), String::new());
    stream.get_mut().write_all(b"220 sink.example\r\n")?;
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let step = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match step.as_str() {
            "EHLO" => b"250-sink.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            "RCPT" => {
                line.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut to);
                b"250 ok\r\n"
            }
            "DATA" => {
                stream.get_mut().write_all(b"354 go on\r\n")?;
                let Some(message_id) = message_id(&mut stream)? else { return Ok(()) };
                drop(taken.send(Letter { to: std::mem::take(&mut to), message_id }));
                b"250 taken\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        stream.get_mut().write_all(answer)?;
        if step == "QUIT" {
            return Ok(());
        }
    }
}

/// Reads a mail to its end; none when it breaks off.
fn message_id(stream: &mut BufReader<TcpStream>) -> Result<Option<String>> {
    let (mut id, mut line) = (String::new(), String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line == ".\r\n" {
            return Ok(Some(id));
        }
        if let Some((name, value)) = line.split_once(':')
            && id.is_empty()
            && name.eq_ignore_ascii_case("message-id")
        {
            value.trim().clone_into(&mut id);
        }
    }
}
