//! Servers that close connections, send no JSON, or never end: each gives findings, and none holds the runner up.
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use conformance_tests::runner::{Plan, Results, run};
use conformance_tests::{ExpectedFailures, Target, Transport};

const TOKEN: &str = "a-token-that-nobody-may-see";

/// Reads one request's line and headers; its body is left on the wire.
fn request_line(stream: &TcpStream) -> String {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    lines.by_ref().take_while(|line| !line.is_empty()).for_each(drop);
    first
}

fn respond(mut stream: &TcpStream, head: &str, body: &str) {
    let length = body.len();
    let _ = write!(stream, "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
}

/// A server that describes itself, and treats every other request in this way; answers its base URL.
fn serve(treat: fn(&TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                if request_line(&stream).contains("/ServiceProviderConfig") {
                    let body = r#"{"filter":{"supported":true},"patch":{"supported":true}}"#;
                    respond(&stream, "200 OK\r\ncontent-type: application/scim+json", body);
                } else {
                    treat(&stream);
                }
            });
        }
    });
    format!("http://{address}/scim/v2")
}

/// Runs a few requirements against a server of this kind.
fn held_against(treat: fn(&TcpStream)) -> Results {
    // Another test of this process may have been first, with the same.
    let _ = Transport { timeout: Duration::from_secs(2), insecure: false }.install();
    let plan = Plan {
        target: Target::new(&serve(treat), TOKEN),
        events: None,
        other: None,
        profile: "strict".to_owned(),
        only: ["R-READ-0", "R-FILTER-43", "R-SPC-01"].map(str::to_owned).to_vec(),
        jobs: 4,
        every_level: false,
        expected: ExpectedFailures::default(),
        when: "2026-01-01T00:00:00Z".to_owned(),
    };
    run(&plan, &Arc::new(AtomicBool::new(false)), &|_, _, _| ()).expect("it describes itself")
}

/// Requires that the run failed in words that hold this text.
fn tells(results: &Results, words: &str) {
    let text = results.text();
    assert!(!results.is_good() && text.contains(words), "{text}");
}

#[test]
fn a_closed_connection_is_a_finding() {
    tells(&held_against(|_| ()), "no answer");
}

#[test]
fn what_is_no_http_is_a_finding() {
    tells(&held_against(|mut stream| drop(stream.write_all(b"SSH-2.0-OpenSSH\r\n"))), "no answer");
}

#[test]
fn a_page_instead_of_json_is_a_finding() {
    let page = |stream: &TcpStream| respond(stream, "200 OK\r\ncontent-type: text/html", "<h1>Welcome</h1>");
    tells(&held_against(page), "status 200 where 201 was expected");
}

#[test]
fn an_endless_answer_is_a_finding() {
    let endless = |mut stream: &TcpStream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b' '; 16_000]).is_ok() {}
    };
    tells(&held_against(endless), "the answer is longer than 32 MiB");
}

#[test]
fn an_answer_that_breaks_off_is_a_finding() {
    let broken = |mut stream: &TcpStream| {
        let _ = write!(stream, "HTTP/1.1 201 Created\r\ncontent-length: 5000\r\n\r\n{{\"id\":");
    };
    tells(&held_against(broken), "broke off");
}

#[test]
fn every_report_shows_the_finding_and_no_report_the_token() {
    let echo = |stream: &TcpStream| {
        let head = "500 Oh\r\ncontent-type: text/html";
        respond(stream, head, &format!("<script>\u{1}Bearer {TOKEN}</script>"));
    };
    let results = held_against(echo);
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["r.html", "r.json", "r.xml"] {
        let path = folder.path().join(name);
        results.write(&path).expect("written");
        let text = std::fs::read_to_string(&path).expect("readable");
        assert!(text.contains("R-READ-01") && text.contains("status 500 where 201 was expected"), "{text}");
        assert!(!text.contains(TOKEN) && text.contains("•••"), "{name} shows the token");
        assert!(
            name == "r.json" || !text.contains("<script>"),
            "{name} holds what the server sent as a page"
        );
    }
    let wrong = results.write(&folder.path().join("r.pdf"));
    assert!(wrong.is_err_and(|error| error.contains(".html, .json or .xml")));
}
