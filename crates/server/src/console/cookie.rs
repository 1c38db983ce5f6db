//! The cookie of a session, and where it may be set.

use std::net::IpAddr;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use url::{Host, Url};

/// The cookie of the session.
const SESSION: &str = "rollcall";
/// The cookie that marks a browser in which an administrator has signed in before.
const MARK: &str = "rollcall-known";
/// The cookie of a browser that is at an identity provider.
const AWAY: &str = "rollcall-away";

/// How the browser and the server speak, by the address of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    /// Encrypted: the cookie is bound to this host and to encryption (RFC 6265bis §4.1.3.2).
    Encrypted,
    /// On this machine alone.
    Loopback,
    /// In the clear over a network: no administrator signs in.
    Open,
}

impl Channel {
    /// The channel of a request for pages under an address of the settings: by the host that was asked and the address of
    /// the socket, where they are known. A server without an address in its settings may be asked over any network.
    pub(super) fn of(base: &str, asked: Option<&str>, socket: Option<IpAddr>) -> Self {
        let Ok(url) = Url::parse(base) else { return Self::Open };
        if url.scheme() == "https" {
            return Self::Encrypted;
        }
        let asked = asked.is_none_or(|host| {
            Url::parse(&format!("http://{host}")).is_ok_and(|url| is_loopback(url.host().as_ref()))
        });
        let from_here = socket.is_none_or(|address| address.to_canonical().is_loopback());
        if is_loopback(url.host().as_ref()) && asked && from_here { Self::Loopback } else { Self::Open }
    }

    /// The mark of a browser in which an administrator has signed in before.
    pub(super) fn mark(self, headers: &HeaderMap) -> Option<String> {
        value(headers, &self.called(MARK))
    }

    /// The header that marks the browser, for a year.
    pub(super) fn write_mark(self, mark: &str) -> Option<HeaderValue> {
        self.set(MARK, mark, "; Max-Age=31536000")
    }

    /// What the browser keeps while it is at an identity provider.
    pub(super) fn away(self, headers: &HeaderMap) -> Option<String> {
        value(headers, &self.called(AWAY))
    }

    /// The header that has the browser keep something while it is at an identity provider, or keep it no more.
    pub(super) fn write_away(self, kept: Option<&str>) -> Option<HeaderValue> {
        let (value, ends) = kept.map_or(("", "; Max-Age=0"), |kept| (kept, "; Max-Age=600"));
        self.set(AWAY, value, ends)
    }

    /// The secret of the session that the browser sends.
    pub(super) fn read(self, headers: &HeaderMap) -> Option<String> {
        value(headers, &self.called(SESSION))
    }

    /// The header that hands a secret to the browser; without one, the cookie is taken away.
    pub(super) fn write(self, secret: Option<&str>) -> Option<HeaderValue> {
        let (value, ends) = secret.map_or(("", "; Max-Age=0"), |secret| (secret, ""));
        self.set(SESSION, value, ends)
    }

    /// The header that sets a cookie.
    fn set(self, name: &str, value: &str, ends: &str) -> Option<HeaderValue> {
        let secure = if self == Self::Encrypted { "; Secure" } else { "" };
        let name = self.called(name);
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{ends}");
        HeaderValue::from_str(&text).ok()
    }

    /// The name of a cookie, which says that the cookie is bound to this host where that is so.
    fn called(self, name: &str) -> String {
        match self {
            Self::Encrypted => format!("__Host-{name}"),
            Self::Loopback | Self::Open => name.to_owned(),
        }
    }
}

/// The theme that the reader has chosen; without one, the page follows the system.
pub(super) fn theme(headers: &HeaderMap) -> &'static str {
    match value(headers, "rollcall-theme").as_deref() {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "",
    }
}

fn is_loopback(host: Option<&Host<&str>>) -> bool {
    match host {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => *name == "localhost",
        None => false,
    }
}

/// The value of a cookie of this name.
pub(super) fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let lists = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lists.flat_map(|list| list.split(';'));
    pairs
        .find_map(|pair| pair.trim().split_once('=').filter(|(known, _)| *known == name))
        .map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_set_only_where_nobody_listens() {
        for (base, channel) in [
            ("https://rollcall.example", Channel::Encrypted),
            ("http://127.0.0.1:8080", Channel::Loopback),
            ("http://[::1]:8080", Channel::Loopback),
            ("http://localhost:8080", Channel::Loopback),
            ("http://localhost.evil.example", Channel::Open),
            ("http://192.0.2.1", Channel::Open),
            ("http://rollcall.example", Channel::Open),
            ("", Channel::Open),
        ] {
            assert_eq!(Channel::of(base, None, None), channel, "{base}");
        }
        // An address that is not set becomes localhost, which says nothing of the client.
        let address = |text: &str| Some(text.parse().expect("an address"));
        for (asked, socket, channel) in [
            ("localhost:8080", address("127.0.0.1"), Channel::Loopback),
            ("[::1]:8080", address("::ffff:127.0.0.1"), Channel::Loopback),
            ("192.0.2.1:8080", address("127.0.0.1"), Channel::Open),
            ("localhost:8080", address("192.0.2.7"), Channel::Open),
            ("rollcall.example", address("127.0.0.1"), Channel::Open),
        ] {
            assert_eq!(Channel::of("http://localhost:8080", Some(asked), socket), channel, "{asked}");
        }
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let headers = |text: &'static str| HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(text))]);
        let read = |text| Channel::Loopback.read(&headers(text));
        assert_eq!(read("a=b; rollcall=x; c=d").as_deref(), Some("x"));
        assert_eq!(read("xrollcall=y"), None);
        assert_eq!(Channel::Encrypted.read(&headers("rollcall=y; __Host-rollcall=z")).as_deref(), Some("z"));
        let set = Channel::Encrypted.write(Some("s")).expect("a header");
        assert_eq!(set, "__Host-rollcall=s; Path=/; HttpOnly; SameSite=Lax; Secure");
        let taken = Channel::Loopback.write(None).expect("a header");
        assert_eq!(taken, "rollcall=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }
}
