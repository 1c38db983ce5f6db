//! Mail addresses: what is taken for one, and the form in which the mail server gets it.

use lettre::Address;

/// An address, and the name of whom it belongs to.
pub(super) struct Mailbox {
    pub(super) name: Option<String>,
    pub(super) address: Address,
}

impl Mailbox {
    /// Reads `ann@example.com`, `<ann@example.com>` or `Ann <ann@example.com>`. The part before the `@` must be ASCII,
    /// because no mail of ours would reach a server that knows nothing else.
    pub(super) fn of_settings(text: &str) -> Option<Self> {
        let (name, address) = match text.trim().strip_suffix('>') {
            Some(rest) => rest.rsplit_once('<')?,
            None => ("", text.trim()),
        };
        let name = name.trim();
        let name = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(name);
        let address = parse(address).filter(|address| address.user().is_ascii())?;
        Some(Self { name: (!name.is_empty()).then(|| name.to_owned()), address })
    }
}

/// The address with its domain in ASCII; none if mail cannot go there.
pub(super) fn parse(text: &str) -> Option<Address> {
    let text = text.trim();
    if text.contains(char::is_control) {
        return None;
    }
    let (user, domain) = text.rsplit_once('@')?;
    let domain = if domain.is_ascii() { domain.to_owned() } else { idna::domain_to_ascii(domain).ok()? };
    Address::new(user, domain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_a_mail_server_understands() {
        for (text, address) in [
            (" ann@example.com ", "ann@example.com"),
            ("ann.o'neil+x=y@example.com", "ann.o'neil+x=y@example.com"),
            ("ann@bücher.example", "ann@xn--bcher-kva.example"),
            ("ünn@例え.example", "ünn@xn--r8jz45g.example"),
            ("\"ann lee\"@example.com", "\"ann lee\"@example.com"),
            ("ann@localhost", "ann@localhost"),
            ("ann@[192.0.2.1]", "ann@[192.0.2.1]"),
        ] {
            assert_eq!(parse(text).expect(text).to_string(), address);
        }
        for text in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "a nn@example.com",
            "ann@exa mple.com",
            "ann@example.com>",
            "ann>@example.com",
            "ann@example.com\r\nRCPT TO:<eve@example.com>",
            "\"ann\r\nRCPT TO:<eve@example.com>\"@example.com",
            "ann\0@example.com",
            "ann@-example.com",
            "ann@example..com",
            "ann@example.com, eve@example.com",
        ] {
            assert!(parse(text).is_none(), "{text:?}");
        }
        assert!(parse(&format!("{}@example.com", "a".repeat(65))).is_none());
    }

    #[test]
    fn a_sender_may_have_a_name() {
        for (text, name, address) in [
            ("a@x.example", None, "a@x.example"),
            ("<a@x.example>", None, "a@x.example"),
            ("Rollcall <a@x.example>", Some("Rollcall"), "a@x.example"),
            ("\"Vault, the\" <a@x.example>", Some("Vault, the"), "a@x.example"),
            ("Zoë @ home <a@bücher.example>", Some("Zoë @ home"), "a@xn--bcher-kva.example"),
        ] {
            let mailbox = Mailbox::of_settings(text).expect(text);
            assert_eq!((mailbox.name.as_deref(), mailbox.address.to_string().as_str()), (name, address));
        }
        for text in ["Rollcall", "Rollcall <a>", "a@x.example>", "zoë@x.example", "a@x.example, b@x.example"]
        {
            assert!(Mailbox::of_settings(text).is_none(), "{text}");
        }
    }
}
