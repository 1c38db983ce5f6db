//! Addresses that a tenant chose and that pages link to.

use std::fmt;

use http::Uri;

/// An absolute address on the web: following it runs nothing here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebLink(String);

impl WebLink {
    /// The address, when it is one of `https` or `http` with a host.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let web = matches!(uri.scheme_str(), Some("https" | "http"));
        (web && uri.host().is_some_and(|host| !host.is_empty())).then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for WebLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The link that begins a mail to an address (RFC 6068); what could add to the mail is escaped.
pub(crate) fn mail_to(address: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
    let escaped = address
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    format!("mailto:{}", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_on_the_web_become_links() {
        for good in ["https://a.example/x?y=1", "http://127.0.0.1:80/", "HTTPS://a.example"] {
            assert_eq!(WebLink::parse(good).map(|link| link.to_string()).as_deref(), Some(good));
        }
        for bad in [
            "javascript:alert(1)",
            "/x",
            "//a.example",
            "data:text/html,x",
            "ftp://a.example",
            "",
            "https:///x",
        ] {
            assert_eq!(WebLink::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_address_adds_nothing_to_the_mail() {
        assert_eq!(mail_to("it-desk@a.example"), "mailto:it-desk@a.example");
        assert_eq!(mail_to("a?bcc=b@c&\"ä"), "mailto:a%3Fbcc%3Db@c%26%22%C3%A4");
    }
}
