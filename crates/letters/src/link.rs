//! Links and contacts: what may stand behind a button or in an `href`.

use std::fmt;

/// Longer links are cut by some mail programs.
const LONGEST_LINK: usize = 2_000;
/// The only beginnings of a link in a mail.
pub(crate) const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// An address of a page or a mailbox that is safe to write into a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// Reads `https://…`, `http://…` or `mailto:…`.
    ///
    /// # Errors
    ///
    /// When the text begins with something else, is longer than 2,000 characters, or has a space, a control character, a
    /// quote, a bracket or a letter outside ASCII, all of which a link spells with `%`.
    pub fn new(text: &str) -> Result<Self, NotALink> {
        let scheme = SCHEMES.iter().find(|scheme| text.starts_with(**scheme));
        let allowed = |c: char| c.is_ascii_graphic() && !"\"'<>\\^`{|}".contains(c);
        match scheme {
            Some(scheme) if text.len() > scheme.len() && text.len() <= LONGEST_LINK => {
                if text.chars().all(allowed) { Ok(Self(text.to_owned())) } else { Err(NotALink::Character) }
            }
            Some(_) => Err(NotALink::Length),
            None => Err(NotALink::Scheme),
        }
    }

    /// The link as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where people ask for help: what is shown, and the link behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub(crate) text: String,
    pub(crate) link: Link,
}

impl Contact {
    /// Reads a mail address or a link.
    ///
    /// # Errors
    ///
    /// When the text is neither.
    pub fn new(text: &str) -> Result<Self, NotALink> {
        if SCHEMES.iter().any(|scheme| text.starts_with(scheme)) {
            let shown = text.strip_prefix("mailto:").unwrap_or(text);
            return Ok(Self { text: shown.to_owned(), link: Link::new(text)? });
        }
        let (local, domain) = text.split_once('@').ok_or(NotALink::Contact)?;
        let odd = |c: char| c.is_whitespace() || c.is_control() || "\"'<>\\^`{|}@?&#%,;:()[]/".contains(c);
        if local.is_empty() || domain.is_empty() || text.contains(char::is_control) {
            return Err(NotALink::Contact);
        }
        if local.contains(odd) || domain.contains(odd) {
            return Err(NotALink::Contact);
        }
        Ok(Self { text: text.to_owned(), link: Link::new(&format!("mailto:{}", in_ascii(text)))? })
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Letters outside ASCII as RFC 3986 §2.1 spells them.
fn in_ascii(text: &str) -> String {
    let spell = |byte: u8| {
        if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(spell).collect()
}

/// Why a text is no link or no contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotALink {
    /// It begins with something else.
    #[error("a link begins with https://, http:// or mailto:")]
    Scheme,
    /// It ends after the beginning, or is too long.
    #[error("a link has between 1 and {LONGEST_LINK} characters after its beginning")]
    Length,
    /// It has a character that links spell otherwise.
    #[error("a link has no spaces, quotes, brackets or letters outside ASCII: write them with %")]
    Character,
    /// It is neither an address nor a link.
    #[error("a contact is a mail address, such as help@example.com, or a link that begins with https://")]
    Contact,
}

#[cfg(test)]
mod tests {
    use super::{Contact, Link, NotALink};

    #[test]
    fn only_pages_and_mailboxes_are_links() {
        for good in ["https://a.example/e/7Qx2?a=b&c=%20#d", "http://localhost:8080/", "mailto:a@b.example"] {
            assert_eq!(Link::new(good).unwrap().as_str(), good);
        }
        for (bad, why) in [
            ("javascript:alert(1)", NotALink::Scheme),
            ("JavaScript:alert(1)", NotALink::Scheme),
            ("data:text/html,x", NotALink::Scheme),
            (" https://a.example", NotALink::Scheme),
            ("//a.example", NotALink::Scheme),
            ("", NotALink::Scheme),
            ("https://", NotALink::Length),
            ("https://a.example/ b", NotALink::Character),
            ("https://a.example/\r\nBcc: x", NotALink::Character),
            ("https://a.example/\"onclick=\"x", NotALink::Character),
            ("https://a.example/ä", NotALink::Character),
        ] {
            assert_eq!(Link::new(bad), Err(why), "{bad:?}");
        }
        assert_eq!(Link::new(&format!("https://{}", "a".repeat(2_000))), Err(NotALink::Length));
    }

    #[test]
    fn contacts_are_addresses_or_links() {
        let contact = |text| Contact::new(text).map(|c| (c.text.clone(), c.link.to_string()));
        let pair = |text: &str, link: &str| Ok((text.to_owned(), link.to_owned()));
        assert_eq!(contact("it@a.example"), pair("it@a.example", "mailto:it@a.example"));
        assert_eq!(contact("mailto:it@a.example"), pair("it@a.example", "mailto:it@a.example"));
        assert_eq!(
            contact("https://a.example/help"),
            pair("https://a.example/help", "https://a.example/help")
        );
        assert_eq!(contact("büro@a.example"), pair("büro@a.example", "mailto:b%C3%BCro@a.example"));
        for bad in ["", "help", "@a", "a@", "a@b@c", "a b@c", "a@b?bcc=x", "a@b\r\nc", "<a@b>", "a@b,c@d"] {
            assert_eq!(contact(bad), Err(NotALink::Contact), "{bad:?}");
        }
    }
}
