//! TLS to servers that tenants name: the authorities of the system are believed, or those of a file.

use std::sync::{Arc, OnceLock};

use operations::chain;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

use crate::config::Outside;

/// What TLS needs. The authorities of the system are read when they are needed first.
pub(super) struct Tls {
    authorities: Option<Arc<RootCertStore>>,
    config: OnceLock<Result<Arc<ClientConfig>, String>>,
}

impl Tls {
    pub(super) fn of(settings: &Outside<'_>) -> Result<Self, String> {
        let authorities = settings.authority.map(|pem| {
            let told =
                |rest: &str| format!("{}.ca_file {} {rest}.", settings.section, settings.ca_file.display());
            let mut store = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| told(&format!("is no PEM: {error}")))?;
                store.add(certificate).map_err(|error| told(&format!("holds no certificate: {error}")))?;
            }
            if store.is_empty() { Err(told("holds no certificate")) } else { Ok(Arc::new(store)) }
        });
        Ok(Self { authorities: authorities.transpose()?, config: OnceLock::new() })
    }

    /// An encrypted connection to the host of an address, whose certificate is checked.
    pub(super) async fn over(&self, stream: TcpStream, url: &Url) -> Result<TlsStream<TcpStream>, String> {
        let config = self.config.get_or_init(|| self.config()).clone()?;
        let name = match url.host() {
            Some(Host::Domain(name)) => {
                ServerName::try_from(name.to_owned()).map_err(|error| error.to_string())?
            }
            Some(Host::Ipv4(address)) => ServerName::IpAddress(std::net::IpAddr::V4(address).into()),
            Some(Host::Ipv6(address)) => ServerName::IpAddress(std::net::IpAddr::V6(address).into()),
            None => return Err("the address names no host".to_owned()),
        };
        let connected = TlsConnector::from(config).connect(name, stream).await;
        connected.map_err(|error| format!("there is no TLS connection: {}", chain(&error)))
    }

    fn config(&self) -> Result<Arc<ClientConfig>, String> {
        let failed = |error| format!("TLS cannot be used: {}", chain(&error));
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(failed)?;
        let builder = match &self.authorities {
            Some(authorities) => builder.with_root_certificates(Arc::clone(authorities)),
            None => builder.with_platform_verifier().map_err(failed)?,
        };
        Ok(Arc::new(builder.with_no_client_auth()))
    }
}
