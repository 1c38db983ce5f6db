//! Where a request comes from: the address of the socket, or what a proxy that is trusted says of it.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::request::Parts;
use ipnet::IpNet;
use operations::connections::networks;
use serde::Deserialize;

/// The proxies whose word about addresses is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[expect(unnameable_types, reason = "a setting is read and not made by callers")]
pub struct TrustedProxies(Vec<IpNet>);

impl TryFrom<String> for TrustedProxies {
    type Error = String;

    fn try_from(list: String) -> Result<Self, String> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let parsed = entries.map(|entry| {
            networks::parsed(entry)
                .ok_or_else(|| format!("\"{entry}\" is neither an address nor a network such as 10.0.0.0/8"))
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }
}

impl TrustedProxies {
    /// Whether none is named.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address.to_canonical()))
    }
}

/// The address of the other end of the socket, where it is known.
pub(crate) fn socket(parts: &Parts) -> Option<IpAddr> {
    let socket = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    socket.map(|ConnectInfo(socket)| socket.ip().to_canonical())
}

/// The address of the client as text; empty where it is not known.
///
/// Of what `X-Forwarded-For` lists, each proxy appended the address that it saw: from the end, the first that is no trusted
/// proxy is the client.
pub(crate) fn address(parts: &Parts, trusted: &TrustedProxies) -> String {
    let Some(socket) = socket(parts) else { return String::new() };
    if !trusted.has(socket) {
        return socket.to_string();
    }
    let lists = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let listed: Vec<&str> = lists.flat_map(|list| list.split(',')).map(str::trim).collect();
    let mut last = socket;
    for entry in listed.into_iter().rev() {
        // What cannot be read was not written by a proxy: what stands before it proves nothing.
        let with_port = || entry.parse::<SocketAddr>().map(|socket| socket.ip());
        let Ok(address) = entry.parse::<IpAddr>().or_else(|_| with_port()) else { break };
        last = address.to_canonical();
        if !trusted.has(last) {
            break;
        }
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn seen(socket: &str, forwarded: &[&str], trusted: &str) -> String {
        let mut request = Request::get("/");
        for list in forwarded {
            request = request.header("x-forwarded-for", *list);
        }
        let mut parts = request.body(()).expect("a request").into_parts().0;
        let socket: SocketAddr = socket.parse().expect("a socket");
        parts.extensions.insert(ConnectInfo(socket));
        address(&parts, &trusted.to_owned().try_into().expect("networks"))
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        for (socket, forwarded, trusted, expected) in [
            ("192.0.2.1:5", &[][..], "", "192.0.2.1"),
            ("192.0.2.1:5", &["198.51.100.7"], "", "192.0.2.1"),
            ("10.0.0.1:5", &["198.51.100.7"], "10.0.0.0/8", "198.51.100.7"),
            ("10.0.0.1:5", &["1.1.1.1, 198.51.100.7"], "10.0.0.0/8", "198.51.100.7"),
            ("10.0.0.1:5", &["1.1.1.1", "198.51.100.7, 10.0.0.2"], "10.0.0.0/8", "198.51.100.7"),
            ("10.0.0.1:5", &["198.51.100.7:4711"], "10.0.0.0/8", "198.51.100.7"),
            ("10.0.0.1:5", &["10.0.0.3"], "10.0.0.0/8", "10.0.0.3"),
            ("10.0.0.1:5", &["1.1.1.1, <script>"], "10.0.0.0/8", "10.0.0.1"),
            ("[::ffff:10.0.0.1]:5", &["2001:db8::1"], "10.0.0.1", "2001:db8::1"),
        ] {
            assert_eq!(seen(socket, forwarded, trusted), expected, "{socket} {forwarded:?} {trusted}");
        }
        assert!(TrustedProxies::try_from("10.0.0.0/8, here".to_owned()).is_err());
    }
}
