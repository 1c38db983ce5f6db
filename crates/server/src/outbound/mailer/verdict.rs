//! What an answer of the mail server means: whether this mail is refused for good, may pass later, or has nothing to do
//! with it because the settings are wrong. And how it is told.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use scim::text::shown;

use super::SendError;

/// The steps of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The host name is looked up.
    Name,
    /// The connection, the greeting and the first EHLO.
    Hello,
    /// STARTTLS and the EHLO after it.
    Tls,
    /// AUTH.
    Login,
    /// MAIL.
    Sender,
    /// RCPT.
    Recipient,
    /// DATA.
    Data,
    /// The mail itself.
    Content,
}

/// Characters of everything that is said.
const LONGEST: usize = 300;

/// What stands for something personal.
const HIDDEN: &str = "•••";

/// What introduces the words of the mail server, and those of this machine.
const ANSWER: &str = "It said:";
const REASON: &str = "Reason:";

/// Codes that are about signing in, whenever they come (RFC 4954 §6). Some servers want it with 503, which is about the
/// order of commands and so never about an address.
const LOGIN_CODES: &[u16] = &[503, 530, 534, 535, 538];

/// Details of codes (RFC 3463, RFC 4954, RFC 7372) that are about us: the sender's address, signing in, encryption, and the
/// proofs that mail of our domain is ours.
const ABOUT_US: &[&str] = &[
    "5.1.7", "5.1.8", "5.7.8", "5.7.9", "5.7.11", "5.7.20", "5.7.21", "5.7.22", "5.7.23", "5.7.24", "5.7.25",
    "5.7.26", "5.7.27",
];

/// What widespread servers say with an address, although it is about us. They have no code for it.
const SAID_ABOUT_US: &[&str] = &[
    "relay access denied",
    "relay not permitted",
    "relaying denied",
    "unable to relay",
    "sender address rejected",
    "client host rejected",
];

/// How details begin that are about an address (RFC 3463 §3.2).
const ABOUT_ADDRESS: &str = "5.1.";

/// What a server refuses that does not know a recipient.
const ADDRESS: &str = "this address";

/// The detail by which a server says that it cannot carry an address that is not ASCII (RFC 6531 §3.5).
const NOT_ASCII: &str = "5.6.7";

/// What an error in this step means.
pub(super) fn of(stage: Stage, error: &Error, to: Option<&Address>) -> SendError {
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    if let Some(code) = error.status() {
        return answered(stage, code.into(), &text, to);
    }
    let text = masked(&text, to);
    if stage == Stage::Login && error.is_client() {
        return no_login();
    }
    if matches!(stage, Stage::Hello | Stage::Tls) && is_about_tls(error) {
        let advice = "Check mail.smtp_security, the host name in mail.smtp_host and mail.smtp_ca_file.";
        return SendError::Settings {
            said: sentence("The mail server could not be trusted or speaks no TLS.", advice, (REASON, &text)),
        };
    }
    let what = match stage {
        Stage::Hello => "There is no connection to the mail server.",
        _ => "The connection to the mail server was lost.",
    };
    SendError::Later { said: sentence(what, outcome(stage), (REASON, &text)) }
}

/// What it means that no address of the mail server takes a connection.
pub(super) fn unconnected(error: &io::Error) -> SendError {
    let what = "There is no connection to the mail server.";
    SendError::Later { said: sentence(what, outcome(Stage::Hello), (REASON, &error.to_string())) }
}

/// What an answer with a code of failure means (RFC 5321 §4.2.1).
fn answered(stage: Stage, code: u16, text: &str, to: Option<&Address>) -> SendError {
    let detail = text.split_whitespace().next().unwrap_or_default();
    let lower = text.to_lowercase();
    let text = &masked(text, to);
    if code < 500 {
        let what = format!("The mail server cannot do it now ({code}).");
        return SendError::Later { said: sentence(&what, "", (ANSWER, text)) };
    }
    let beyond_ascii = to.is_some_and(|to| !to.user().is_ascii());
    let about_us = LOGIN_CODES.contains(&code)
        || ABOUT_US.contains(&detail)
        || SAID_ABOUT_US.iter().any(|words| lower.contains(words));
    let (what, advice) = match stage {
        Stage::Sender | Stage::Recipient if beyond_ascii && detail == NOT_ASCII => (ADDRESS, None),
        Stage::Recipient if !about_us => (ADDRESS, None),
        // Some servers look for the recipient when they have the mail.
        Stage::Data | Stage::Content if !about_us && detail.starts_with(ABOUT_ADDRESS) => (ADDRESS, None),
        Stage::Data | Stage::Content if !about_us => ("this mail", None),
        Stage::Name | Stage::Hello => ("us", Some("Ask its operator.")),
        Stage::Tls => ("TLS", Some("Check mail.smtp_security and mail.smtp_port.")),
        Stage::Login => ("the login", Some("Check mail.smtp_user and mail.smtp_password_file.")),
        Stage::Sender => ("the sender", Some("Check mail.from and mail.smtp_user.")),
        Stage::Recipient | Stage::Data | Stage::Content => (
            "mail from us",
            Some("Check mail.from and mail.smtp_user, and whether it relays for this server."),
        ),
    };
    let said = sentence(
        &format!("The mail server refuses {what} ({code})."),
        advice.unwrap_or_default(),
        (ANSWER, text),
    );
    match advice {
        Some(_) => SendError::Settings { said },
        None => SendError::Refused { code: Some(code), address: what == ADDRESS, said },
    }
}

/// The time is over in this step.
pub(super) fn silence(stage: Stage, limit: Duration) -> SendError {
    let what = format!("The mail server did not answer within {} seconds.", limit.as_secs());
    SendError::Later { said: sentence(&what, outcome(stage), (REASON, "")) }
}

/// What is to be known about a mail whose conversation broke off in this step.
const fn outcome(stage: Stage) -> &'static str {
    match stage {
        Stage::Hello => "Is it up, and do mail.smtp_port and mail.smtp_security fit each other?",
        Stage::Content => "It may have taken the mail all the same.",
        _ => "",
    }
}

/// The host name has no address.
pub(super) fn unknown_host(text: &str) -> SendError {
    let advice = "Check mail.smtp_host and the name service of this machine.";
    let text = masked(text, None);
    SendError::Settings { said: sentence("The mail server's name was not found.", advice, (REASON, &text)) }
}

/// TLS is required and not offered.
pub(super) fn no_starttls() -> SendError {
    let said = "The mail server offers no STARTTLS, so nothing was sent. Check mail.smtp_port and mail.smtp_security.";
    SendError::Settings { said: said.to_owned() }
}

/// There is no way to sign in that both sides know.
pub(super) fn no_login() -> SendError {
    let said = "The mail server offers no login by PLAIN or LOGIN. Check mail.smtp_security, or leave mail.smtp_user empty.";
    SendError::Settings { said: said.to_owned() }
}

/// The server carries no address that is not ASCII.
pub(super) fn no_smtputf8() -> SendError {
    let said = "The address has letters beyond ASCII before the @, which the mail server does not support (SMTPUTF8).";
    SendError::Refused { code: None, address: true, said: said.to_owned() }
}

/// The server's words, in one line that can be shown, with addresses masked.
pub(super) fn quoted(text: &str, to: Option<&Address>) -> String {
    cut(&masked(text, to))
}

/// What happened, what to do, and what was said, which has been masked.
fn sentence(what: &str, advice: &str, (who, text): (&str, &str)) -> String {
    let parts = [what, advice, if text.is_empty() { "" } else { who }, text];
    let parts = parts.iter().filter(|part| !part.is_empty()).copied();
    cut(&parts.collect::<Vec<_>>().join(" "))
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// One line of harmless characters, without words that hold an address or are the name in this one.
fn masked(text: &str, to: Option<&Address>) -> String {
    let is_name = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        to.is_some_and(|to| bare.to_lowercase() == to.user().to_lowercase())
    };
    let words = text.split_whitespace().map(|word| match word {
        word if word.contains('@') || is_name(word) => HIDDEN.into(),
        word => shown(word),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether TLS failed, for which lettre has no word: a fault of the certificate or of the protocol is an error of input and
/// output of this kind.
fn is_about_tls(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        cause = error.source();
    }
    false
}
