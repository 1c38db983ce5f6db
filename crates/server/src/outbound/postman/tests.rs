//! Where a request goes, and what is made of each answer.

#[path = "../../../tests/support/receiver.rs"]
mod receiver;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::outbound::way::LookUp;
use receiver::{Receiver, Reply};

fn settings(allow_private: bool, authority: Option<&str>) -> Webhooks {
    Webhooks {
        allow_private,
        ca_file: PathBuf::from("ca.pem"),
        timeout_seconds: 20,
        send_at_once: 1,
        authority: authority.map(|pem| pem.as_bytes().to_vec()),
    }
}

/// The way to webhooks, where every name stands for these addresses; and how often one was looked up.
fn postman(settings: &Webhooks, addresses: &[SocketAddr]) -> (Postman, Arc<AtomicUsize>) {
    let looks = Arc::<AtomicUsize>::default();
    let (count, addresses) = (Arc::clone(&looks), addresses.to_vec());
    let look_up: LookUp = Arc::new(move |_, _| {
        count.fetch_add(1, Ordering::SeqCst);
        let addresses = addresses.clone();
        Box::pin(async move { Ok(addresses) })
    });
    let mut postman = Postman::of(Purpose::Webhook, settings).expect("settings that can be used");
    postman.way.look_up = look_up;
    (postman, looks)
}

fn outgoing(url: &str) -> Outgoing {
    Outgoing {
        url: url.to_owned(),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", "e-1".to_owned()),
            ("webhook-timestamp", "1772355600".to_owned()),
            ("webhook-signature", "v1,x".to_owned()),
        ],
        body: "{\"type\":\"removed\"}".to_owned(),
    }
}

async fn answered(reply: Reply) -> Fate {
    let receiver = Receiver::start(move |_, _| reply.clone()).await;
    postman(&settings(true, None), &[]).0.send(outgoing(&receiver.url("/"))).await
}

#[tokio::test]
async fn a_request_has_the_headers_of_standard_webhooks() {
    let receiver = Receiver::start(|_, _| Reply::Status(202, "thanks")).await;
    let (postman, looks) = postman(&settings(true, None), &[receiver.address]);
    let url = format!("http://hooks.example.com:{}/a/b?c=d", receiver.address.port());
    assert_eq!(postman.send(outgoing(&url)).await, Fate::Answered(202, "thanks".to_owned()));
    assert_eq!(looks.load(Ordering::SeqCst), 1, "what was looked at is what is connected to");
    let heard = receiver.heard().pop().expect("a request");
    assert_eq!(heard.line, "POST /a/b?c=d HTTP/1.1");
    for (name, value) in [
        ("host", &*format!("hooks.example.com:{}", receiver.address.port())),
        ("content-type", "application/json"),
        ("webhook-id", "e-1"),
        ("webhook-timestamp", "1772355600"),
        ("webhook-signature", "v1,x"),
    ] {
        assert_eq!(heard.header(name), value);
    }
    assert_eq!(heard.body, "{\"type\":\"removed\"}");
}

#[tokio::test]
async fn no_name_and_no_number_leads_into_a_private_network() {
    let receiver = Receiver::start(|_, _| Reply::Status(200, "")).await;
    let port = receiver.address.port();
    let private =
        ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1", "0.0.0.0"];
    for address in private {
        let address = SocketAddr::new(address.parse().expect("an address"), port);
        let (postman, looks) = postman(&settings(false, None), &[address, receiver.address]);
        let fate = postman.send(outgoing(&format!("https://hooks.example.com:{port}/"))).await;
        let Fate::Failed(why) = fate else { panic!("{address} was reached") };
        assert!(why.contains("no address of the public internet"), "{why}");
        assert_eq!(looks.load(Ordering::SeqCst), 1);
    }
    let (postman, _) = postman(&settings(false, None), &[receiver.address]);
    for host in [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f000001",
        "0177.1",
        "127.1",
        "localhost",
    ] {
        for scheme in ["http", "https"] {
            let fate = postman.send(outgoing(&format!("{scheme}://{host}:{port}/"))).await;
            assert!(matches!(fate, Fate::Failed(_)), "{scheme}://{host}: {fate:?}");
        }
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn an_answer_is_read_up_to_a_limit_and_no_redirect_is_followed() {
    assert_eq!(answered(Reply::Status(500, "no")).await, Fate::Answered(500, "no".to_owned()));
    let Fate::Answered(200, text) = answered(Reply::Endless).await else { panic!("an answer") };
    assert_eq!(text.len(), ANSWER);
    let elsewhere = Receiver::start(|_, _| Reply::Status(200, "")).await;
    let to = elsewhere.url("/");
    assert_eq!(answered(Reply::Redirect(to)).await, Fate::Answered(307, String::new()));
    assert_eq!(elsewhere.connections(), 0);
    for reply in [Reply::Close, Reply::Nonsense] {
        let Fate::Failed(why) = answered(reply).await else { panic!("no answer") };
        assert!(why.starts_with("the receiver ended the connection"), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_hangs_is_left() {
    let Fate::Failed(why) = answered(Reply::Hang).await else { panic!("no answer") };
    assert_eq!(why, "there was no whole answer within 20 seconds");
}

#[tokio::test]
async fn a_host_that_cannot_be_reached_or_found_is_said() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    for (addresses, words) in [(&[address][..], "cannot be reached"), (&[], "has no address")] {
        let (postman, _) = postman(&settings(true, None), addresses);
        let Fate::Failed(why) = postman.send(outgoing("http://hooks.example.com/")).await else {
            panic!("reached")
        };
        assert!(why.contains(words), "{why}");
    }
}

#[tokio::test]
async fn a_certificate_has_to_be_of_the_host_and_of_a_known_authority() {
    let receiver = Receiver::with_tls("hooks.example.com", Reply::Status(200, "")).await;
    let authority = receiver.authority.as_deref();
    let port = receiver.address.port();
    for (host, authority, trusted) in [
        ("hooks.example.com", authority, true),
        ("other.example.com", authority, false),
        ("hooks.example.com", None, false),
    ] {
        let (postman, _) = postman(&settings(true, authority), &[receiver.address]);
        match postman.send(outgoing(&format!("https://{host}:{port}/"))).await {
            Fate::Answered(200, _) => assert!(trusted, "{host}"),
            Fate::Failed(why) => assert!(!trusted && why.contains("TLS"), "{why}"),
            other @ (Fate::Answered(..) | Fate::GivenUp(_)) => panic!("{other:?}"),
        }
    }
    let plain = Receiver::start(|_, _| Reply::Nonsense).await;
    let (postman, _) = postman(&settings(true, authority), &[plain.address]);
    let fate = postman.send(outgoing(&format!("https://hooks.example.com:{}/", plain.address.port()))).await;
    assert!(matches!(&fate, Fate::Failed(why) if why.contains("TLS")), "{fate:?}");
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let refused = Postman::of(Purpose::Webhook, &settings(true, Some(pem))).expect_err(pem);
        assert!(refused.contains("webhooks.ca_file"), "{refused}");
    }
}
