//! Sockets of clients that are silent, slow, too many, or write before they read.

use std::net::SocketAddr;
use std::time::Duration;

use crate::support::{config, connection, fresh_database};
use server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// What a test does waits for the server, which answers or closes after its own limits, and never for as long as this.
const HANGS: Duration = Duration::from_secs(20);

/// Runs a client against a server with these settings; it gets the address and a token.
async fn against<F>(settings: &[(&str, &str)], client: impl FnOnce(SocketAddr, String) -> F)
where
    F: Future<Output = ()>,
{
    let (url, _folder) = fresh_database().await;
    let config = config(&url, settings);
    let server = Server::build(config.clone()).await.expect("the server builds");
    let (_, token) = connection(&config).await;
    let address = server.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = server.serve(async {
        let _ = stopped.await;
    });
    let client = async move {
        tokio::time::timeout(HANGS, client(address, token)).await.expect("the server keeps nobody waiting");
        drop(stop);
    };
    let (served, ()) = tokio::join!(serving, client);
    served.expect("an orderly end");
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("the server listens")
}

/// Everything until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is closed with something unread ends with an error.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Asks and reads one answer of at most this many bytes.
async fn healthy(stream: &mut TcpStream) {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
    let answer = answer(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

/// One answer with a length.
async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let byte = stream.read_u8().await.expect("an answer");
        bytes.push(byte);
        if bytes.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let mut text = String::from_utf8(bytes).expect("text").to_ascii_lowercase().replace("http/", "HTTP/");
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let mut body = vec![0; length.parse().expect("a number")];
    stream.read_exact(&mut body).await.expect("a body");
    text = text.replace("200 ok", "200 OK");
    text + str::from_utf8(&body).expect("text")
}

#[tokio::test]
async fn silent_sockets_and_halves_of_heads_and_prefaces_are_closed_and_one_at_rest_is_not() {
    let settings = [("ROLLCALL_LIMITS__HEADER_SECONDS", "1")];
    against(&settings, async |address, _| {
        let mut at_rest = connect(address).await;
        healthy(&mut at_rest).await;
        for bytes in ["", "GET / HTT", "PRI * HTTP/2.0\r\n\r\nS", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            let mut stream = connect(address).await;
            stream.write_all(bytes.as_bytes()).await.expect("sent");
            let said = rest(&mut stream).await;
            assert!(!said.starts_with("HTTP/1.1"), "{bytes}: {said}");
        }
        healthy(&mut at_rest).await;
    })
    .await;
}

#[tokio::test]
async fn a_connection_waits_for_its_next_request_and_not_for_ever() {
    let settings = [("ROLLCALL_LIMITS__KEEP_ALIVE_SECONDS", "1"), ("ROLLCALL_LIMITS__HEADER_SECONDS", "1")];
    against(&settings, async |address, _| {
        let mut stream = connect(address).await;
        healthy(&mut stream).await;
        healthy(&mut stream).await;
        assert_eq!(rest(&mut stream).await, "");
    })
    .await;
}

#[tokio::test]
async fn a_request_that_is_worked_on_is_not_cut_off() {
    let settings = [("ROLLCALL_LIMITS__KEEP_ALIVE_SECONDS", "1"), ("ROLLCALL_LIMITS__HEADER_SECONDS", "1")];
    against(&settings, async |address, token| {
        let body = crate::support::user("ada").to_string();
        let mut stream = connect(address).await;
        let head = format!(
            "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nExpect: 100-continue\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut told = [0; 25];
        stream.read_exact(&mut told).await.expect("told to go on");
        // Each of these connections is closed after the time for which this one is silent, too.
        for _ in 0..2 {
            assert_eq!(rest(&mut connect(address).await).await, "");
        }
        stream.write_all(body.as_bytes()).await.expect("sent");
        let answered = answer(&mut stream).await;
        assert!(answered.starts_with("HTTP/1.1 201 "), "{answered}");
    })
    .await;
}

#[tokio::test]
async fn who_never_reads_loses_the_connection() {
    let settings = [("ROLLCALL_LIMITS__READER_SECONDS", "1")];
    against(&settings, async |address, _| {
        let mut stream = connect(address).await;
        let ask = "GET /scim/v2/Schemas HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
        // Once no answer finds room any more, the server takes no request; then it closes.
        while stream.write_all(ask.as_bytes()).await.is_ok() {}

        // HTTP/2: no window for answers; then GET /healthz.
        let mut stream = connect(address).await;
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("sent");
        stream.write_all(b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0").await.expect("sent");
        stream.write_all(b"\0\0\x0f\x01\x05\0\0\0\x01\x82\x86\x04\x08/healthz\x01\x01x").await.expect("sent");
        rest(&mut stream).await;
    })
    .await;
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let settings = [("ROLLCALL_LIMITS__CONNECTIONS", "1")];
    against(&settings, async |address, _| {
        let mut first = connect(address).await;
        healthy(&mut first).await;
        let refused = rest(&mut connect(address).await).await;
        assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after: 1"), "{refused}");
        assert!(refused.contains("urn:ietf:params:scim:api:messages:2.0:Error"), "{refused}");
        healthy(&mut first).await;
        drop(first);
        // The place is free a moment after the server has seen the end.
        while !rest_of_healthz(address).await.starts_with("HTTP/1.1 200 OK") {}
    })
    .await;
}

async fn rest_of_healthz(address: SocketAddr) -> String {
    let mut stream = connect(address).await;
    let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    rest(&mut stream).await
}

#[tokio::test]
async fn a_body_that_is_too_large_gets_its_answer_also_when_all_of_it_is_written_first() {
    against(&[], async |address, token| {
        let body = "x".repeat(8 * 1_048_576);
        let known = format!("authorization: Bearer {token}\r\n");
        let length = format!("content-length: {}\r\n", body.len());
        let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        for (authorization, framing, body, status) in [
            (known.as_str(), length.as_str(), &body, 413),
            (&known, "transfer-encoding: chunked\r\n", &chunks, 413),
            ("", &length, &body, 401),
        ] {
            let mut stream = connect(address).await;
            let head = format!("POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\n{authorization}{framing}\r\n");
            stream.write_all(head.as_bytes()).await.expect("sent");
            stream.write_all(body.as_bytes()).await.expect("all of it is taken in");
            let answered = answer(&mut stream).await;
            assert!(answered.starts_with(&format!("HTTP/1.1 {status} ")), "{answered}");
            healthy(&mut stream).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_error_of_the_api_has_its_own_length_and_the_connection_goes_on() {
    against(&[], async |address, _| {
        let mut stream = connect(address).await;
        for (request, status) in [
            ("GET /api/v1/people", 401),
            ("GET /api/v1/events?limit=x", 401),
            ("GET /api/v1/nowhere", 404),
            ("DELETE /api/v1/people", 405),
            ("BREW /api/v1/openapi.json", 405),
        ] {
            let head = format!("{request} HTTP/1.1\r\nHost: x\r\n\r\n");
            stream.write_all(head.as_bytes()).await.expect("sent");
            let answered = answer(&mut stream).await;
            assert!(answered.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answered}");
            assert!(answered.contains("content-type: application/problem+json"), "{request}: {answered}");
            let (_, body) = answered.split_once("\r\n\r\n").expect("a head and a body");
            let problem: serde_json::Value = serde_json::from_str(body).expect("a whole body");
            assert_eq!(problem["status"], status, "{request}: {problem}");
            healthy(&mut stream).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_length_that_is_too_large_is_refused_before_the_body_comes() {
    against(&[], async |address, token| {
        let mut stream = connect(address).await;
        let head = format!(
            "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: 4194305\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        let answered = answer(&mut stream).await;
        assert!(answered.starts_with("HTTP/1.1 413 ") && answered.contains("4194304 bytes"), "{answered}");
    })
    .await;
}
