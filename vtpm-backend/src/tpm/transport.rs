//! How commands travel: one at a time over a byte stream, or through whatever owns that stream.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::command::{Command, HEADER_BYTES, message_size, parse_response};
use super::rc::Rc;
use super::wire::Malformed;

/// How often a command is sent again after `TPM_RC_RETRY`. libtpms asks once for each startup.
const RETRIES_MAX: u32 = 8;
/// No TPM command takes longer; an RSA key takes a quarter of a second with bad luck, more on a loaded host.
const RESPONSE_TIME_MAX: Duration = Duration::from_secs(90);

/// The TPM could not be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The connection broke: the TPM's process ended.
    #[error("the TPM's process ended in the middle of a command")]
    Closed,
    /// No response in time; the process is given up.
    #[error("the TPM did not answer within {} s", RESPONSE_TIME_MAX.as_secs())]
    TimedOut,
    /// The bytes that came are no TPM response.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The machine is off.
    #[error("the machine is powered off")]
    PoweredOff,
    /// The TPM cannot be started or woken.
    #[error("the TPM cannot be started: {0}")]
    NotStarted(String),
}

/// A command did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TpmError {
    /// It did not reach the TPM, or its response did not come back.
    #[error("{command}: {source}")]
    Transport {
        /// The command.
        command: &'static str,
        /// Why.
        source: TransportError,
    },
    /// The TPM refused it.
    #[error("{command}: {rc}")]
    Refused {
        /// The command.
        command: &'static str,
        /// The TPM's reason.
        rc: Rc,
    },
}

impl TpmError {
    /// Whether the TPM said that the object, index or handle does not exist.
    pub fn is_absent(&self) -> bool {
        matches!(self, TpmError::Refused { rc, .. } if rc.is_absent())
    }
}

/// Carries one command to a TPM and its response back.
pub trait Transport: Send {
    /// Sends a complete command and waits for the complete response.
    fn transmit(&mut self, command: &[u8]) -> impl Future<Output = Result<Vec<u8>, TransportError>> + Send;
}

/// Runs a command, again as often as the TPM asks for it.
///
/// # Errors
/// When the transport fails or the TPM refuses the command.
pub async fn run<T: Transport, C: Command + Sync>(transport: &mut T, command: &C) -> Result<C::Response, TpmError> {
    let request = command.encode();
    let failed = |source| TpmError::Transport { command: C::NAME, source };
    let mut retries = 0;
    loop {
        let response = transport.transmit(&request).await.map_err(failed)?;
        match parse_response(&response).map_err(|error| failed(error.into()))? {
            Ok(body) => return command.decode(body).map_err(|error| failed(error.into())),
            Err(Rc::RETRY) if retries < RETRIES_MAX => retries += 1,
            Err(rc) => return Err(TpmError::Refused { command: C::NAME, rc }),
        }
    }
}

/// A stream that carries raw commands and responses, as swtpm's data channel does.
#[derive(Debug)]
pub struct StreamTransport<S>(pub S);

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Transport for StreamTransport<S> {
    async fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let exchange = async {
            self.0.write_all(command).await.map_err(|_| TransportError::Closed)?;
            read_message(&mut self.0).await?.ok_or(TransportError::Closed)
        };
        tokio::time::timeout(RESPONSE_TIME_MAX, exchange).await.map_err(|_| TransportError::TimedOut)?
    }
}

/// Reads one command or response; `None` when the stream ended before its first byte.
///
/// # Errors
/// When the stream ends in the middle, or the declared size is out of bounds.
pub async fn read_message<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Option<Vec<u8>>, TransportError> {
    let mut header = [0; HEADER_BYTES];
    let mut filled = 0;
    while filled < HEADER_BYTES {
        match stream.read(&mut header[filled..]).await.map_err(|_| TransportError::Closed)? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(TransportError::Closed),
            n => filled += n,
        }
    }
    let mut message = vec![0; message_size(&header)?];
    let (head, body) = message.split_at_mut(HEADER_BYTES);
    head.copy_from_slice(&header);
    stream.read_exact(body).await.map_err(|_| TransportError::Closed)?;
    Ok(Some(message))
}
