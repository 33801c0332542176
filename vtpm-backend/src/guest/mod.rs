//! The guest endpoint: how software "inside" a simulated machine reaches its TPM.
//!
//! libtss2's `swtpm` TCTI speaks TCP: raw TPM commands to port N, swtpm's control messages to port N + 1. This serves
//! such a pair on the loopback address. Commands go through the same queue as the host's own; of the control messages
//! only those are answered that a client needs, because the rest belongs to the hypervisor.
//!
//! **Architecture Invariant:** a guest can neither reset nor stop its TPM, nor read or write its state from outside.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::swtpm::{Origin, TpmHandle};
use crate::tpm::read_message;

/// How many connections one endpoint serves at a time, data and control together; more wait in the backlog.
const CONNECTIONS_MAX: usize = 32;
/// How often two adjacent free ports are looked for.
const PORT_ATTEMPTS_MAX: u32 = 64;

/// `TPM_BAD_ORDINAL`: what swtpm itself answers to a control command that it does not know.
const BAD_ORDINAL: u32 = 0x0A;
/// `TPM_BAD_LOCALITY`.
const BAD_LOCALITY: u32 = 0x3D;

/// The TPM that an endpoint leads to; `None` while the machine has none.
pub type TpmSlot = watch::Receiver<Option<TpmHandle>>;

/// A pair of listening ports. Dropping it closes them and every connection.
#[derive(Debug)]
pub struct GuestEndpoint {
    port: u16,
    server: JoinHandle<()>,
}

impl GuestEndpoint {
    /// Binds two adjacent ports on 127.0.0.1 and serves them: `preferred` and the next one when both are free.
    ///
    /// # Errors
    /// When no two adjacent ports are free.
    pub async fn open(tpm: TpmSlot, origin: Origin, preferred: Option<u16>) -> std::io::Result<GuestEndpoint> {
        let (data, control) = bind_pair(preferred).await?;
        let port = data.local_addr()?.port();
        let server = tokio::spawn(serve(data, control, tpm, origin));
        Ok(GuestEndpoint { port, server })
    }

    /// The data port; the control port is the next one.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What tpm2-tools (`TPM2TOOLS_TCTI`), tss-esapi and others take to reach this TPM.
    pub fn tcti(&self) -> String {
        tcti(self.port)
    }
}

impl Drop for GuestEndpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The TCTI string for a data port.
pub fn tcti(port: u16) -> String {
    format!("swtpm:host=127.0.0.1,port={port}")
}

async fn bind_pair(preferred: Option<u16>) -> std::io::Result<(TcpListener, TcpListener)> {
    if let Some(pair) = bind_at(preferred.unwrap_or(0)).await? {
        return Ok(pair);
    }
    for _ in 0..PORT_ATTEMPTS_MAX {
        if let Some(pair) = bind_at(0).await? {
            return Ok(pair);
        }
    }
    Err(std::io::Error::new(std::io::ErrorKind::AddrInUse, "no two adjacent free ports on 127.0.0.1"))
}

/// Both listeners, or `None` when one of the ports is taken. Port 0 lets the system choose the first.
async fn bind_at(port: u16) -> std::io::Result<Option<(TcpListener, TcpListener)>> {
    let data = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => listener,
        Err(_) if port != 0 => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(next) = data.local_addr()?.port().checked_add(1) else { return Ok(None) };
    match TcpListener::bind((Ipv4Addr::LOCALHOST, next)).await {
        Ok(control) => Ok(Some((data, control))),
        Err(_) => Ok(None),
    }
}

async fn serve(data: TcpListener, control: TcpListener, tpm: TpmSlot, origin: Origin) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // Connections live in a set of their own, so that they end with the endpoint.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        tokio::select! {
            accepted = data.accept() => if let Ok((stream, _)) = accepted {
                let tpm = tpm.clone();
                connections.spawn(async move { serve_data(stream, tpm, origin).await; drop(permit) });
            },
            accepted = control.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(async move { serve_control(stream).await; drop(permit) });
            },
        }
    }
}

/// Forwards commands until the client leaves, sends what is no TPM command, or the machine is off: in each case the
/// connection is closed, which is all that a chip without power can tell.
async fn serve_data(mut stream: TcpStream, tpm: TpmSlot, origin: Origin) {
    let _ = stream.set_nodelay(true);
    while let Ok(Some(command)) = read_message(&mut stream).await {
        let handle = tpm.borrow().clone();
        let Some(handle) = handle else { return };
        match handle.command(origin, command).await {
            Ok(response) if stream.write_all(&response).await.is_ok() => {}
            Ok(_) => return,
            Err(error) => {
                tracing::debug!(%error, "a guest's command was not served");
                return;
            }
        }
    }
}

async fn serve_control(mut stream: TcpStream) {
    while let Ok(command) = stream.read_u32().await {
        let answer = match command {
            swtpm_sys::CMD_GET_CAPABILITY => u64::from(swtpm_sys::PTM_CAP_SET_LOCALITY).to_be_bytes().to_vec(),
            swtpm_sys::CMD_SET_LOCALITY => match stream.read_u8().await {
                Ok(0) => 0_u32.to_be_bytes().to_vec(),
                Ok(_) => BAD_LOCALITY.to_be_bytes().to_vec(),
                Err(_) => return,
            },
            // Result, the bit (never set: no dynamic root of trust was ever used), padding.
            swtpm_sys::CMD_GET_TPMESTABLISHED => vec![0; size_of::<swtpm_sys::ptm_est>()],
            _ => return refuse(stream).await,
        };
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// Answers `TPM_BAD_ORDINAL` and closes: how long the body of a message is that we refuse is not ours to know. What the
/// client still sends is read and thrown away for a moment, because closing on unread bytes would lose the answer.
async fn refuse(mut stream: TcpStream) {
    const LINGER: Duration = Duration::from_millis(500);
    const LINGER_BYTES_MAX: u64 = 1 << 20;
    if stream.write_all(&BAD_ORDINAL.to_be_bytes()).await.is_ok() && stream.shutdown().await.is_ok() {
        let mut rest = stream.take(LINGER_BYTES_MAX);
        let _ = tokio::time::timeout(LINGER, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
    }
}

#[cfg(test)]
mod tests;
