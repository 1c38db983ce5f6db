//! Mail goes out over a real conversation with a mail server of the test's own, and every way to fail has its meaning.

#[path = "../../../tests/support/smtp.rs"]
pub(crate) mod smtp;
mod texts;

use chrono::TimeZone as _;

use super::*;
use crate::config::{Config, ConfigError};
use smtp::{Script, Sink, Tls, WILLING};

/// Settings for the mail server at this port, with a password and an authority where they are given.
fn settings(
    port: u16,
    (password, authority): (Option<&str>, Option<&str>),
    others: &[(&str, &str)],
) -> Result<Mail, ConfigError> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("written");
        #[cfg(unix)]
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("changed");
        file.display().to_string()
    };
    let mut pairs = vec![
        ("SMTP_HOST", "127.0.0.1".to_owned()),
        ("SMTP_PORT", port.to_string()),
        ("SMTP_SECURITY", "none".to_owned()),
        ("FROM", "\"Vault, the\" <vault@bücher.example>".to_owned()),
    ];
    pairs.extend(password.map(|text| ("SMTP_PASSWORD_FILE", file("password", text))));
    pairs.extend(authority.map(|text| ("SMTP_CA_FILE", file("ca.pem", text))));
    pairs.extend(others.iter().map(|(key, value)| (*key, (*value).to_owned())));
    let environment: Vec<_> =
        pairs.into_iter().map(|(key, value)| (format!("ROLLCALL_MAIL__{key}"), value)).collect();
    Ok(Config::from_sources(None, &environment, &[])?.mail)
}

fn mailer(port: u16, others: &[(&str, &str)]) -> Mailer {
    Mailer::of(&settings(port, (None, None), others).expect("valid")).expect("valid").expect("a host is set")
}

/// A mailer that encrypts, believes the authority of this sink, and signs in as `rollcall` if there is a password.
fn encrypting(sink: &Sink, security: &str, password: Option<&str>) -> Mailer {
    let user = if password.is_some() { "rollcall" } else { "" };
    let others = [("SMTP_SECURITY", security), ("SMTP_USER", user)];
    let settings = settings(sink.port, (password, Some(&sink.authority)), &others).expect("valid");
    Mailer::of(&settings).expect("valid").expect("a host is set")
}

fn mail(to: &str) -> Outgoing {
    Outgoing {
        message_id: "0197-1@rollcall.example".to_owned(),
        date: Utc.with_ymd_and_hms(2026, 3, 1, 9, 5, 7).single().expect("an instant"),
        to_address: format!("{to}@customer.example"),
        to_name: Some("Lee, Zoë \"Z\"".to_owned()),
        subject: "Your code".to_owned(),
        text: "Hello Zoë,\n.\n..two\n".to_owned(),
        html: "<p>Hello Zoë</p>".to_owned(),
        language: "de".to_owned(),
    }
}

/// What kind of failure it is, its code, and its sentence.
fn kind(error: &SendError) -> (&'static str, Option<u16>, &str) {
    match error {
        SendError::Refused { code, said, .. } => ("refused", *code, said),
        SendError::Later { said } => ("later", None, said),
        SendError::Settings { said } => ("settings", None, said),
    }
}

/// Sends a mail, and once the mail server hangs, lets time pass without waiting for it.
async fn timed_out(mailer: &Mailer, mail: &Outgoing, sink: &Sink) -> Result<Accepted, SendError> {
    let sent = tokio::time::timeout(Duration::from_hours(1), mailer.send(mail));
    let (sent, ()) = tokio::join!(sent, async {
        sink.hangs().await;
        tokio::time::pause();
    });
    tokio::time::resume();
    sent.expect("the limit of time holds")
}

#[tokio::test]
async fn a_refusal_is_of_the_address_or_of_what_the_mail_says() {
    let answers = &[
        ("RCPT nobody", "550 5.1.1 unknown"),
        ("RCPT full", "552 5.2.2 full"),
        ("END late", "550 5.1.10 unknown after all"),
        ("END spam", "554 5.7.1 this looks like spam"),
    ];
    for (to, expected) in
        [("nobody", true), ("full", true), ("late", true), ("spam", false), ("no one", true)]
    {
        // The end of a mail names no recipient, so each has a server of its own.
        let one: Vec<_> = answers.iter().filter(|(step, _)| step.ends_with(to)).copied().collect();
        let one = one.into_iter().map(|(step, said)| {
            (step.strip_suffix(" late").or(step.strip_suffix(" spam")).unwrap_or(step), said)
        });
        let sink = Sink::start(Script { answers: one.collect::<Vec<_>>().leak(), ..WILLING }).await;
        match mailer(sink.port, &[]).send(&mail(to)).await {
            Err(SendError::Refused { address, .. }) => assert_eq!(address, expected, "{to}"),
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_mail_arrives_with_its_head_and_both_bodies() {
    let sink = Sink::start(WILLING).await;
    let mailer = mailer(sink.port, &[("REPLY_TO", "help@vault.example")]);
    let accepted = mailer.send(&mail("zoe")).await.expect("taken");
    assert_eq!(accepted.said, "2.0.0 queued as 42");
    let [got] = <[_; 1]>::try_from(sink.received()).expect("one mail");
    assert_eq!(
        (got.from.as_str(), got.to.as_str()),
        ("<vault@xn--bcher-kva.example>", "zoe@customer.example")
    );
    for (name, value) in [
        ("Date", "Sun, 01 Mar 2026 09:05:07 +0000"),
        ("Message-ID", "<0197-1@rollcall.example>"),
        ("From", "Vault, the <vault@xn--bcher-kva.example>"),
        ("Reply-To", "help@vault.example"),
        ("To", "Lee, Zoë \"Z\" <zoe@customer.example>"),
        ("Subject", "Your code"),
        ("Auto-Submitted", "auto-generated"),
        ("Content-Language", "de"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(got.field(name).as_deref(), Some(value), "{name}");
    }
    assert!(got.field("Content-Type").expect("a type").starts_with("multipart/alternative;"));
    assert_eq!(got.body("text/plain; charset=utf-8").as_deref(), Some("Hello Zoë,\n.\n..two\n"));
    assert_eq!(got.body("text/html; charset=utf-8").as_deref(), Some("<p>Hello Zoë</p>"));
    mailer.send(&mail("zoe")).await.expect("taken again");
    assert_eq!(sink.received()[1].field("Message-ID"), got.field("Message-ID"));
}

#[tokio::test]
async fn what_a_mail_server_answers_has_its_meaning() {
    const ANSWERS: &[(&str, &str)] = &[
        ("RCPT busy", "450 4.2.1 mailbox of busy is busy"),
        ("RCPT gone", "550-5.1.1 <gone@customer.example>: user \x1b[31m GONE unknown\r\n550 5.1.1 see x"),
        ("RCPT login", "530 5.7.0 Authentication required"),
        ("RCPT order", "503 5.5.1 sign in first"),
        ("RCPT relay", "554 5.7.1 <relay@customer.example>: Relay access denied"),
        ("RCPT sender", "553 5.7.1 <vault@x.example>: Sender address rejected: not owned by user"),
        ("RCPT policy", "550 5.7.1 we take no mail from strangers"),
        ("DATA full", "452 4.3.1 no room"),
        ("END spam", "550 5.7.1 spam"),
        ("END proof", "550 5.7.23 no SPF"),
        ("END full", "452 4.3.1 no room"),
        ("END big", "552 5.3.4 too big"),
        ("RCPT shut", "421 4.3.2 shutting down"),
        ("RCPT cut", "cut"),
        ("BODY halved", "cut"),
        ("END cut", "cut"),
        ("RCPT odd", "nonsense"),
    ];
    let sink = Sink::start(Script { answers: ANSWERS, ..WILLING }).await;
    let mailer = mailer(sink.port, &[]);
    for (to, meaning, code, words) in [
        ("busy", "later", None, "(450). It said: 4.2.1 mailbox of ••• is •••"),
        ("gone", "refused", Some(550), "this address (550). It said: 5.1.1 ••• user \\u001b[31m ••• unknown"),
        ("login", "settings", None, "mail.smtp_user"),
        ("order", "settings", None, "mail.smtp_user"),
        ("relay", "settings", None, "relays for this server"),
        ("sender", "settings", None, "mail.from"),
        ("policy", "refused", Some(550), "this address (550)"),
        ("full", "later", None, "(452)"),
        ("spam", "refused", Some(550), "this mail (550)"),
        ("proof", "settings", None, "mail.from"),
        ("big", "refused", Some(552), "this mail (552)"),
        ("shut", "later", None, "(421)"),
        ("cut", "later", None, "was lost"),
        ("halved", "later", None, "It may have taken the mail all the same."),
        ("odd", "later", None, "was lost"),
    ] {
        let error = mailer.send(&mail(to)).await.expect_err(to);
        let (is, with, said) = kind(&error);
        assert_eq!((is, with), (meaning, code), "{to}: {said}");
        assert!(said.contains(words) && !said.contains("customer.example"), "{to}: {said}");
        assert!(said.chars().count() <= 300 && !said.contains(char::is_control), "{to}: {said}");
    }
    assert_eq!(sink.received().len(), 0);
    mailer.send(&mail("ok")).await.expect("the next mail is taken");
}

#[tokio::test]
async fn a_mail_server_that_hangs_is_left_and_the_next_mail_goes_out() {
    for step in ["GREETING", "EHLO", "MAIL", "RCPT hung", "DATA hung", "END hung"] {
        let answers: &'static [(&'static str, &'static str)] = Box::leak(Box::new([(step, "hang")]));
        let sink = Sink::start(Script { answers, ..WILLING }).await;
        let mailer = mailer(sink.port, &[("SEND_AT_ONCE", "1")]);
        let hung = mail("hung");
        let error = timed_out(&mailer, &hung, &sink).await.expect_err(step);
        let (is, _, said) = kind(&error);
        assert!(is == "later" && said.contains("did not answer within 60 seconds"), "{step}: {said}");
        assert_eq!(said.contains("may have taken"), step == "END hung", "{step}: {said}");
        if step.ends_with("hung") {
            mailer.send(&mail("next")).await.expect(step);
            assert_eq!(sink.received().len(), 1, "{step}");
        }
    }
}

#[tokio::test]
async fn the_end_of_a_conversation_changes_nothing() {
    let answers: &[_] = &[("QUIT", "hang"), ("RCPT gone", "550 5.1.1 unknown")];
    let sink = Sink::start(Script { answers, ..WILLING }).await;
    let mailer = mailer(sink.port, &[]);
    for to in ["ok", "gone"] {
        let mail = mail(to);
        match timed_out(&mailer, &mail, &sink).await {
            Ok(_) => assert_eq!(to, "ok"),
            Err(error) => assert_eq!((to, kind(&error).1), ("gone", Some(550))),
        }
    }
}

#[tokio::test]
async fn a_connection_is_encrypted_and_signed_in() {
    for (tls, security) in [(Tls::Started, "starttls"), (Tls::AtOnce, "tls")] {
        for mechanisms in ["PLAIN", "LOGIN", "XOAUTH2 LOGIN PLAIN"] {
            let login = Some(("rollcall", "s3 crét"));
            let sink = Sink::start(Script { tls, login, mechanisms, ..WILLING }).await;
            encrypting(&sink, security, Some("s3 crét\n")).check().await.expect("all is well");
            encrypting(&sink, security, Some("s3 crét\n")).send(&mail("ok")).await.expect(security);
            let got = sink.received();
            assert!(
                got.len() == 1 && got[0].encrypted && got[0].user.as_deref() == Some("rollcall"),
                "{got:?}"
            );
            let wrong = encrypting(&sink, security, Some("wr0ng"));
            for error in [wrong.check().await.err(), wrong.send(&mail("ok")).await.err()] {
                let error = error.expect("the password is wrong");
                let (is, _, said) = kind(&error);
                assert!(is == "settings" && said.contains("mail.smtp_password_file"), "{said}");
                assert!(!said.contains("wr0ng"), "{said}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_settings_is_no_fault_of_the_mail() {
    let plain = Script { login: Some(("rollcall", "x")), ..WILLING };
    let started = Script { tls: Tls::Started, ..WILLING };
    let at_once = Script { tls: Tls::AtOnce, ..WILLING };
    for (script, security, password, words) in [
        (plain, "starttls", None, "offers no STARTTLS"),
        (plain, "tls", None, "could not be trusted or speaks no TLS"),
        (plain, "none", None, "mail.smtp_user"),
        (Script { certified: "mail.example.com", ..started }, "starttls", None, "mail.smtp_host"),
        (Script { certified: "mail.example.com", ..at_once }, "tls", None, "mail.smtp_host"),
        (started, "starttls", Some("x"), "offers no login"),
        (Script { mechanisms: "GSSAPI", login: plain.login, ..at_once }, "tls", Some("x"), "offers no login"),
        (
            Script { answers: &[("GREETING", "554 5.7.1 go away")], ..WILLING },
            "none",
            None,
            "refuses us (554)",
        ),
        (
            Script { answers: &[("MAIL", "550 5.7.1 not yours")], ..WILLING },
            "none",
            None,
            "refuses the sender (550)",
        ),
        (Script { answers: &[("STARTTLS", "502 no")], ..started }, "starttls", None, "refuses TLS (502)"),
    ] {
        let sink = Sink::start(script).await;
        let mailer = encrypting(&sink, security, password);
        let checked = mailer.check().await.expect_err(words);
        let error = mailer.send(&mail("ok")).await.expect_err(words);
        let (is, _, said) = kind(&error);
        assert!(is == "settings" && said.contains(words), "{words}: {said}");
        assert_eq!(checked, error);
        assert_eq!(sink.received().len(), 0, "{words}");
    }
}

#[tokio::test]
async fn only_the_authority_of_the_settings_is_believed() {
    let sink = Sink::start(Script { tls: Tls::Started, ..WILLING }).await;
    let other = Sink::start(WILLING).await;
    for authority in [None, Some(other.authority.as_str())] {
        let settings =
            settings(sink.port, (None, authority), &[("SMTP_SECURITY", "starttls")]).expect("valid");
        let mailer = Mailer::of(&settings).expect("valid").expect("a host is set");
        let error = mailer.send(&mail("ok")).await.expect_err("an unknown authority");
        let (is, _, said) = kind(&error);
        assert!(is == "settings" && said.contains("mail.smtp_ca_file"), "{said}");
    }
}

#[tokio::test]
async fn a_mail_server_that_is_not_there_is_tried_again_and_one_without_an_address_is_a_setting() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let error = mailer(port, &[]).send(&mail("ok")).await.expect_err("refused");
    let (is, _, said) = kind(&error);
    assert!(is == "later" && said.contains("no connection"), "{said}");
    // A label of a name has at most 63 letters, so that no name service is asked.
    let host = format!("{}.example", "x".repeat(64));
    let nowhere = mailer(port, &[("SMTP_HOST", &host), ("SMTP_SECURITY", "starttls")]);
    let error = nowhere.check().await.expect_err("no address");
    let (is, _, said) = kind(&error);
    assert!(is == "settings" && said.contains("mail.smtp_host"), "{said}");
}

#[tokio::test]
async fn answers_that_come_byte_by_byte_are_understood() {
    let script = Script { slow: true, login: Some(("rollcall", "x")), tls: Tls::Started, ..WILLING };
    let sink = Sink::start(script).await;
    encrypting(&sink, "starttls", Some("x")).send(&mail("ok")).await.expect("taken");
    assert_eq!(sink.received().len(), 1);
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_server_that_takes_it() {
    let sink = Sink::start(WILLING).await;
    mailer(sink.port, &[]).send(&mail("zoë")).await.expect("taken");
    let [got] = <[_; 1]>::try_from(sink.received()).expect("one mail");
    assert_eq!(got.to, "zoë@customer.example");
    assert!(got.from.contains("SMTPUTF8") && got.from.contains("BODY=8BITMIME"), "{}", got.from);
    assert!(got.field("To").expect("a recipient").ends_with("<zoë@customer.example>"));
    let ascii = Sink::start(Script { smtputf8: false, ..WILLING }).await;
    let error = mailer(ascii.port, &[]).send(&mail("zoë")).await.expect_err("not supported");
    assert!(matches!(error, SendError::Refused { code: None, .. }), "{error:?}");
    let error = mailer(ascii.port, &[]).send(&mail("zoe x")).await.expect_err("no address");
    assert!(matches!(error, SendError::Refused { code: None, .. }), "{error:?}");
    assert_eq!(ascii.connections(), 1, "no one is asked about an address that is none");
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    for (password, authority, others, words) in [
        (None, None, &[("FROM", "")][..], "mail.from is empty"),
        (None, None, &[("FROM", "Rollcall")], "mail.from is no mail address"),
        (None, None, &[("REPLY_TO", "zoë@x.example")], "mail.reply_to is no mail address"),
        (None, None, &[("SMTP_HOST", "smtp.example.com:587")], "mail.smtp_host is no host name"),
        (None, None, &[("SMTP_HOST", "smtp.example.com")], "mail.smtp_security is none"),
        (None, None, &[("SMTP_SECURITY", "ssl")], "none of starttls, tls and none"),
        (None, None, &[("SMTP_PORT", "0")], "mail.smtp_port"),
        (None, None, &[("SMTP_USER", "rollcall")], "mail.smtp_password_file"),
        (Some("x"), None, &[], "mail.smtp_user"),
        (Some("\n"), None, &[("SMTP_USER", "rollcall")], "is empty"),
        (
            None,
            None,
            &[("SMTP_PASSWORD_FILE", "/nowhere")],
            "mail.smtp_password_file /nowhere cannot be read",
        ),
        (None, None, &[("SMTP_CA_FILE", "/nowhere")], "mail.smtp_ca_file /nowhere cannot be read"),
        (None, Some("x"), &[("SMTP_SECURITY", "tls")], "mail.smtp_ca_file"),
        (
            None,
            Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            &[("SMTP_SECURITY", "tls")],
            "mail.smtp_ca_file",
        ),
    ] {
        let error = settings(25, (password, authority), others).expect_err(words).to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
    for others in [
        &[("SMTP_HOST", "LOCALHOST")][..],
        &[("SMTP_HOST", "::1")],
        &[("SMTP_HOST", "smtp.example.com"), ("SMTP_SECURITY", "tls")],
    ] {
        settings(25, (None, None), others).expect("valid");
    }
    let settings = settings(25, (Some("s3cret"), None), &[("SMTP_USER", "rollcall")]).expect("valid");
    let mailer = Mailer::of(&settings).expect("valid").expect("a host is set");
    let shown = format!("{settings:?}{mailer:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    let nowhere = Mail { smtp_host: String::new(), ..settings };
    assert!(Mailer::of(&nowhere).expect("valid").is_none());
}
