//! A mail as the text that is sent (RFC 5322): its head, and its body as plain text and as HTML.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use lettre::message::{MultiPart, SinglePart};

use super::address::{self, Mailbox};
use super::{Outgoing, SendError};

/// What the mail server gets.
pub(super) struct Message {
    pub(super) to: Address,
    pub(super) bytes: Vec<u8>,
}

/// Characters after which a line of the head is broken where it can be.
const LINE: usize = 76;

/// Bytes of one encoded word: with its frame it has at most 75 characters (RFC 2047 §2).
const WORD: usize = 45;

/// Writes the mail out, or refuses an address that is none.
pub(super) fn compose(
    mail: &Outgoing,
    from: &Mailbox,
    reply_to: Option<&Mailbox>,
) -> Result<Message, SendError> {
    let Some(to) = address::parse(&mail.to_address) else {
        let said = "The address is no mail address. Correct it where it comes from.".to_owned();
        return Err(SendError::Refused { code: None, address: true, said });
    };
    let id: String = mail.message_id.chars().filter(|c| c.is_ascii_graphic() && !"<>".contains(*c)).collect();
    let mut head = Head::default();
    head.add("Date", &mail.date.format("%a, %d %b %Y %H:%M:%S +0000").to_string());
    head.add("Message-ID", &format!("<{id}>"));
    head.add_mailbox("From", from.name.as_deref(), &from.address);
    if let Some(reply_to) = reply_to {
        head.add_mailbox("Reply-To", reply_to.name.as_deref(), &reply_to.address);
    }
    head.add_mailbox("To", mail.to_name.as_deref(), &to);
    head.add("Subject", &phrase(&mail.subject, is_plain, "Subject: ".len()));
    // RFC 3834 §5: nothing answers such a mail by itself, an out-of-office notice for one.
    head.add("Auto-Submitted", "auto-generated");
    let language: String = mail.language.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    if !language.is_empty() {
        head.add("Content-Language", &language);
    }
    head.add("MIME-Version", "1.0");
    let body = MultiPart::alternative()
        .singlepart(SinglePart::plain(body_text(&mail.text)))
        .singlepart(SinglePart::html(body_text(&mail.html)));
    let mut bytes = head.0.into_bytes();
    bytes.extend_from_slice(&body.formatted());
    Ok(Message { to, bytes })
}

/// Lines of the head.
#[derive(Default)]
struct Head(String);

impl Head {
    fn add(&mut self, name: &str, value: &str) {
        self.0.extend([name, ": ", value, "\r\n"]);
    }

    fn add_mailbox(&mut self, field: &str, name: Option<&str>, address: &Address) {
        let name = phrase(name.unwrap_or_default(), is_atoms, field.len() + 2);
        let value = match name.as_str() {
            "" => address.to_string(),
            name => format!("{name}\r\n <{address}>"),
        };
        self.add(field, &value);
    }
}

/// Text for a line of the head: as it is where that is certain to be read as it was meant, and else as encoded words
/// (RFC 2047 §2). Whatever would end the line becomes a blank before.
fn phrase(text: &str, is_plain: fn(&str) -> bool, before: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim();
    if text.is_empty() || (is_plain(text) && before + text.len() <= LINE) {
        return text.to_owned();
    }
    let mut words: Vec<String> = vec![String::new()];
    for character in text.chars() {
        // The first word shares its line with the name of the field.
        let room = if words.len() == 1 { WORD - before.min(WORD / 2) } else { WORD };
        match words.last_mut() {
            Some(word) if word.len() + character.len_utf8() <= room => word.push(character),
            _ => words.push(character.into()),
        }
    }
    let encoded = words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join("\r\n ")
}

/// Whether a reader gets the text back unchanged: no character but those of ASCII, and nothing like an encoded word.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !text.contains("=?") && !text.contains("  ")
}

/// As [`is_plain`], without the marks that mean something beside an address (RFC 5322 §3.2.3).
fn is_atoms(text: &str) -> bool {
    is_plain(text) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" -'&+_".contains(&byte))
}

/// Text for the body: one kind of line end, and no control characters.
fn body_text(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_readable_and_others_are_encoded() {
        for (text, written) in [
            ("Your code is 123456", "Your code is 123456"),
            ("  Zoë ", "=?utf-8?B?Wm/Dqw==?="),
            ("a\r\nBcc: eve@example.com", "=?utf-8?B?YSAgQmNjOiBldmVAZXhhbXBsZS5jb20=?="),
            ("=?utf-8?B?YQ==?=", "=?utf-8?B?PT91dGYtOD9CP1lRPT0/PQ==?="),
            ("\r\n", ""),
        ] {
            assert_eq!(phrase(text, is_plain, 9), written);
        }
        assert_eq!(phrase("Ann Lee", is_atoms, 4), "Ann Lee");
        assert_eq!(phrase("Lee, Ann", is_atoms, 4), "=?utf-8?B?TGVlLCBBbm4=?=");
        let long = phrase(&"long words ".repeat(30), is_plain, 9);
        assert!(long.lines().all(|line| line.len() <= LINE) && long.lines().count() > 5, "{long}");
    }
}
