//! Where requests of ours may go that a tenant asks for: never into the operator's own network, unless the settings allow it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::error::Error;

/// What an address is for, as messages say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To deliver events.
    Webhook,
    /// To let administrators sign in.
    Issuer,
    /// To send the tokens of a stream.
    Stream,
}

impl Purpose {
    const fn words(self) -> &'static str {
        match self {
            Self::Webhook => "the address of a webhook",
            Self::Issuer => "the address of an issuer",
            Self::Stream => "the address of a stream",
        }
    }

    /// The setting that allows private networks.
    #[must_use]
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Webhook | Self::Stream => "webhooks.allow_private",
            Self::Issuer => "issuers.allow_private",
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Self::Webhook => "https://hooks.example.com/rollcall",
            Self::Issuer => "https://login.example.com",
            Self::Stream => "https://events.example.com/scim",
        }
    }
}

/// The most letters of an address.
const LONGEST: usize = 2_000;

/// IPv4 networks that are not of the public internet (RFC 6890 and its registry), multicast and what is reserved.
const CLOSED_V4: [([u8; 4], u32); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// The one part of IPv6 in which public addresses are, and the networks in it that are not: protocols, documentation, 6to4.
const OPEN_V6: ([u16; 2], u32) = ([0x2000, 0], 3);
const CLOSED_V6: [([u16; 2], u32); 4] =
    [([0x2001, 0], 23), ([0x2001, 0x0db8], 32), ([0x2002, 0], 16), ([0x3fff, 0], 20)];

/// Whether an address is of the public internet. One that stands for an IPv4 address in IPv6 is not, whatever it stands for.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let within = |(network, bits): &([u8; 4], u32)| {
                let mask = u32::MAX << (32 - bits);
                address.to_bits() & mask == Ipv4Addr::from(*network).to_bits()
            };
            !CLOSED_V4.iter().any(within)
        }
        IpAddr::V6(address) => {
            let within = |([first, second], bits): &([u16; 2], u32)| {
                let network = Ipv6Addr::new(*first, *second, 0, 0, 0, 0, 0, 0);
                address.to_bits() & (u128::MAX << (128 - bits)) == network.to_bits()
            };
            within(&OPEN_V6) && !CLOSED_V6.iter().any(within)
        }
    }
}

/// An address as it is used: `https` and a host of the public internet, or anything that can be reached where private
/// addresses are allowed. What a name stands for is looked at when it is connected to.
///
/// # Errors
/// [`Error::Refused`], with what is wrong.
pub fn checked(purpose: Purpose, text: &str, allow_private: bool) -> Result<Url, Error> {
    let (words, setting) = (purpose.words(), purpose.setting());
    let refused = |why: &str| Err(Error::Refused(format!("\"{text}\" cannot be {words}: {why}")));
    if text.len() > LONGEST {
        return Err(Error::Refused(format!("{words} has at most {LONGEST} letters")));
    }
    let Ok(url) = Url::parse(text) else {
        return refused(&format!("write it as {}", purpose.example()));
    };
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        "http" => return refused(&format!("it has to begin with https, unless {setting} is set")),
        _ => return refused("it has to begin with https"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("it must hold no user name and no password");
    }
    if url.fragment().is_some() {
        return refused("a fragment (#…) is never sent");
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) => None,
        None => return refused("it names no host"),
    };
    if literal.is_some_and(|address| !allow_private && !is_public(address)) {
        return refused(&format!("the host is no address of the public internet, and {setting} is not set"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_public_internet_are_told_from_all_others() {
        for address in ["8.8.8.8", "1.1.1.1", "100.63.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(is_public(address.parse().expect("an address")), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.19.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::8.8.8.8",
            "64:ff9b::7f00:1",
            "100::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(!is_public(address.parse().expect("an address")), "{address}");
        }
    }

    #[test]
    fn an_address_is_https_to_a_public_host() {
        for text in ["https://hooks.example.com/a?b=c", "https://8.8.8.8:8443/", "https://[2606:4700::1111]/"]
        {
            assert_eq!(checked(Purpose::Webhook, text, false).expect(text).as_str(), text);
        }
        for text in [
            "",
            "hooks.example.com",
            "http://hooks.example.com/",
            "ftp://hooks.example.com/",
            "file:///etc/passwd",
            "https://",
            "https://a:b@hooks.example.com/",
            "https://a@hooks.example.com/",
            "https://hooks.example.com/#a",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:8.8.8.8]/",
            "https://169.254.169.254/latest",
            "https://\u{ff11}27.0.0.1/",
            "https://10.0.0.1\\@hooks.example.com/",
        ] {
            assert!(matches!(checked(Purpose::Webhook, text, false), Err(Error::Refused(_))), "{text}");
        }
        for text in ["http://127.0.0.1:8080/", "https://[::1]/", "http://hooks.internal/"] {
            assert_eq!(checked(Purpose::Webhook, text, true).expect(text).as_str(), text);
        }
        assert!(checked(Purpose::Webhook, "ftp://127.0.0.1/", true).is_err());
        assert!(checked(Purpose::Webhook, &format!("https://a/{}", "a".repeat(2_000)), true).is_err());
    }
}
