//! HTTPS for the simulator: a certification authority of its own, and a server certificate made anew at every start.

mod ca;
mod trust;

use std::net::IpAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

pub use ca::LocalCa;
pub use trust::write_bundle;

use crate::failure::{Failure, OrFail as _};

/// The CA's certificate, in the data directory.
pub const CERTIFICATE: &str = "tls/ca.pem";

/// The one cryptographic library.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A TLS configuration for `localhost`, both loopback addresses and `extra`, speaking HTTP/2 and HTTP/1.1.
///
/// # Errors
/// When a certificate cannot be made.
pub fn server_config(ca: &LocalCa, extra: Option<IpAddr>) -> Result<Arc<ServerConfig>, Failure> {
    let (certificate, key) = ca.issue_server(extra)?;
    let chain = vec![CertificateDer::from(certificate), CertificateDer::from(ca.certificate_der().to_vec())];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.to_pkcs8().to_vec()));
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .or_fail(|| "cannot set up TLS".to_owned())?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
