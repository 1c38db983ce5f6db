//! The networks that the requests of a connection come from.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::error::Error;

/// The most networks of a connection; a cloud publishes some hundred.
const MOST: usize = 1_000;

/// Networks as they are kept: each once, an address as a network of one.
///
/// # Errors
/// [`Error::Refused`] for a text that is neither a network nor an address, or for too many.
pub(crate) fn checked(texts: &[String]) -> Result<Vec<String>, Error> {
    if texts.len() > MOST {
        return Err(Error::Refused(format!(
            "a connection has at most {MOST} networks, and these are {}",
            texts.len()
        )));
    }
    let mut networks: Vec<String> = Vec::new();
    for text in texts {
        let network = parsed(text.trim()).ok_or_else(|| {
            Error::Refused(format!("\"{text}\" is neither an address nor a network such as 198.51.100.0/24"))
        })?;
        let network = network.trunc().to_string();
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    Ok(networks)
}

/// The network that a text names, or the address as a network of one.
#[must_use]
pub fn parsed(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_addresses_are_kept_once() {
        let texts =
            ["198.51.100.7/24", "198.51.100.0/24", " 203.0.113.9 ", "2001:db8::/32"].map(str::to_owned);
        assert_eq!(
            checked(&texts).expect("networks"),
            ["198.51.100.0/24", "203.0.113.9/32", "2001:db8::/32"]
        );
        for wrong in ["", "here", "198.51.100.0/33", "198.51.100"] {
            assert!(checked(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
        assert!(checked(&vec!["10.0.0.1".to_owned(); MOST + 1]).is_err());
    }
}
