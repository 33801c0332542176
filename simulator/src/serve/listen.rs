//! The address to listen on, and the origin that clients use for it.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener};

use crate::failure::Failure;

/// Where the simulator listens when it is not told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8443";

/// Reads `ADDRESS:PORT`; `localhost` means 127.0.0.1.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    numeric.as_deref().unwrap_or(text).parse().map_err(|_| {
        format!("'{text}' is no address to listen on; write for example 127.0.0.1:8443, or port 0 for a free one")
    })
}

/// Reads `ADDRESS:PORT` for the managed identity endpoint, which gives tokens away over plain http.
///
/// # Errors
/// A sentence that says what is wrong; also for an address that others can reach.
pub fn parse_identity_listen(text: &str) -> Result<SocketAddr, String> {
    let address = parse_listen(text)?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err(format!("{address} can be reached by others; the managed identity endpoint is served on loopback only"))
}

/// Binds the address; with the port that it got.
pub(super) fn open(address: SocketAddr, flag: &str) -> Result<(TcpListener, u16), Failure> {
    let listen = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok((listener, port))
    };
    listen().map_err(|error: std::io::Error| cannot_listen(address, flag, &error))
}

/// Binds the address and says under which origin clients reach it.
pub(super) fn bind(address: SocketAddr) -> Result<(TcpListener, String), Failure> {
    let (listener, port) = open(address, "--listen")?;
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "listening beyond this machine: whoever reaches this address can use the simulator");
    }
    Ok((listener, origin(address.ip(), port)))
}

fn cannot_listen(address: SocketAddr, flag: &str, error: &std::io::Error) -> Failure {
    Failure::Failed(match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {} is taken by another program; choose another with '{flag} {}:PORT' (port 0 picks a free one)",
            address.port(),
            address.ip()
        ),
        _ => format!("cannot listen on {address}: {error}"),
    })
}

/// `localhost` for everything that can be reached under that name.
fn origin(ip: IpAddr, port: u16) -> String {
    match ip {
        ip if ip.is_loopback() || ip.is_unspecified() => format!("https://localhost:{port}"),
        ip => format!("https://{}", SocketAddr::new(ip, port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_and_without_names() {
        assert_eq!(parse_listen("localhost:0"), Ok("127.0.0.1:0".parse().unwrap()));
        assert_eq!(parse_listen("[::1]:8443"), Ok("[::1]:8443".parse().unwrap()));
        for bad in ["8443", "localhost", "example.com:1", "127.0.0.1:99999", ""] {
            assert!(parse_listen(bad).is_err_and(|e| e.contains("127.0.0.1:8443")), "{bad}");
        }
    }

    #[test]
    fn identities_are_for_this_machine_only() {
        assert!(parse_identity_listen("127.0.0.1:0").is_ok() && parse_identity_listen("[::1]:0").is_ok());
        for bad in ["0.0.0.0:0", "10.0.0.1:80", "[::]:0"] {
            assert!(parse_identity_listen(bad).is_err_and(|e| e.contains("loopback only")), "{bad}");
        }
    }

    #[test]
    fn clients_use_localhost_wherever_they_can() {
        assert_eq!(origin("127.0.0.1".parse().unwrap(), 1), "https://localhost:1");
        assert_eq!(origin("0.0.0.0".parse().unwrap(), 1), "https://localhost:1");
        assert_eq!(origin("2001:db8::1".parse().unwrap(), 1), "https://[2001:db8::1]:1");
    }

    #[test]
    fn a_taken_port_is_named() {
        let (taken, _) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = taken.local_addr().unwrap();
        let error = bind(address).unwrap_err().to_string();
        assert!(error.contains(&address.port().to_string()) && error.contains("--listen"), "{error}");
    }
}
