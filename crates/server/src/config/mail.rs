//! The section `[mail]`: which mail server takes the mail, how it is reached, and in whose name mail is sent.

use std::net::IpAddr;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use crate::files::read_secret;

/// The mail server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Host name of the mail server; empty means that there is none.
    pub smtp_host: String,
    /// Its port.
    pub smtp_port: u32,
    /// How the connection is protected.
    pub smtp_security: Security,
    /// Name by which the server signs in; empty means that it does not.
    pub smtp_user: String,
    /// File that holds the password of that name.
    pub smtp_password_file: PathBuf,
    /// File with the certificates of an authority of the operator's own.
    pub smtp_ca_file: PathBuf,
    /// Address from which mail comes, with or without a name.
    pub from: String,
    /// Address to which answers go; empty means the one from which mail comes.
    pub reply_to: String,
    /// Seconds that one mail may take.
    pub smtp_timeout_seconds: u64,
    /// Mails that are sent at the same time.
    pub send_at_once: usize,
    /// What the file of the password holds.
    #[serde(skip)]
    pub(crate) password: SecretString,
    /// What the file of the certificates holds, if there is one.
    #[serde(skip)]
    pub(crate) authority: Option<Vec<u8>>,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Security {
    /// It begins plain, and nothing but the wish for TLS is said before it is encrypted.
    StartTls,
    /// It is encrypted from the first byte.
    Tls,
    /// It is never encrypted.
    None,
}

impl TryFrom<String> for Security {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        match word.as_str() {
            "starttls" => Ok(Self::StartTls),
            "tls" => Ok(Self::Tls),
            "none" => Ok(Self::None),
            _ => Err(format!("\"{word}\" is none of starttls, tls and none")),
        }
    }
}

impl Mail {
    /// Reads the password and the certificates from their files.
    pub(super) fn read_files(&mut self) -> Result<(), String> {
        let file = &self.smtp_password_file;
        if !file.as_os_str().is_empty() {
            let told = |rest| format!("mail.smtp_password_file {} {rest}", file.display());
            let password = read_secret(file).map_err(told)?;
            if password.is_empty() {
                return Err(told("is empty: write the password of mail.smtp_user into it.".to_owned()));
            }
            self.password = password.into();
        }
        let file = &self.smtp_ca_file;
        if !file.as_os_str().is_empty() {
            let read = std::fs::read(file);
            let told = |error| format!("mail.smtp_ca_file {} cannot be read: {error}.", file.display());
            self.authority = Some(read.map_err(told)?);
        }
        Ok(())
    }

    /// Refuses settings that contradict each other, or that would send a password or mail over a network in the clear.
    pub(super) fn check(&self) -> Result<(), String> {
        let host = self.smtp_host.as_str();
        if host.is_empty() {
            return Ok(());
        }
        let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if !is_name && host.parse::<IpAddr>().is_err() {
            let advice = "write smtp.example.com or an address, and the port in mail.smtp_port";
            return Err(format!("mail.smtp_host is no host name: {advice}."));
        }
        if self.from.is_empty() {
            let advice = "set the address from which mail comes, such as rollcall@example.com";
            return Err(format!("mail.from is empty, although mail.smtp_host is set: {advice}."));
        }
        let has_password = !self.smtp_password_file.as_os_str().is_empty();
        if self.smtp_user.is_empty() == has_password {
            return Err("Set mail.smtp_user and mail.smtp_password_file, or neither of them.".to_owned());
        }
        if self.smtp_user.contains(char::is_control) {
            return Err("mail.smtp_user must not hold a control character.".to_owned());
        }
        if self.smtp_security == Security::None && !self.is_this_machine() {
            let advice = "use starttls or tls, because mail holds codes that let people in";
            return Err(format!(
                "mail.smtp_security is none, and mail.smtp_host is not this machine: {advice}."
            ));
        }
        Ok(())
    }

    fn is_this_machine(&self) -> bool {
        let named = self.smtp_host.eq_ignore_ascii_case("localhost");
        named || self.smtp_host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}
