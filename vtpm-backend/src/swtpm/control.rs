//! swtpm's control channel: power, and the state of a sleeping TPM.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// Every control command used here is done within milliseconds, the first INIT (manufacture) included.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// What INIT does with a snapshot of the volatile state that lies in the state directory. It always loads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Snapshot {
    /// Deletes the file after loading, so that no crash can ever bring the same PCR values back.
    DeleteAfterLoading,
    /// There is none.
    Absent,
}

/// Why a control command failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ControlError {
    /// The other end is gone.
    Closed,
    /// No answer in time.
    TimedOut,
    /// The result code.
    Code(u32),
}

/// The owner's end of the control channel.
#[derive(Debug)]
pub(super) struct Control(pub(super) UnixStream);

impl Control {
    /// Powers the TPM up (`CMD_INIT`).
    pub(super) async fn init(&mut self, snapshot: Snapshot) -> Result<(), ControlError> {
        let flags = match snapshot {
            Snapshot::DeleteAfterLoading => swtpm_sys::PTM_INIT_FLAG_DELETE_VOLATILE,
            Snapshot::Absent => 0,
        };
        self.command(swtpm_sys::CMD_INIT, &flags.to_be_bytes()).await
    }

    /// Writes the volatile state beside the permanent one (`CMD_STORE_VOLATILE`).
    pub(super) async fn store_volatile(&mut self) -> Result<(), ControlError> {
        self.command(swtpm_sys::CMD_STORE_VOLATILE, &[]).await
    }

    /// Ends the process (`CMD_SHUTDOWN`).
    pub(super) async fn shutdown(&mut self) -> Result<(), ControlError> {
        self.command(swtpm_sys::CMD_SHUTDOWN, &[]).await
    }

    async fn command(&mut self, command: u32, body: &[u8]) -> Result<(), ControlError> {
        let mut request = command.to_be_bytes().to_vec();
        request.extend_from_slice(body);
        let exchange = async {
            self.0.write_all(&request).await?;
            self.0.read_u32().await
        };
        match tokio::time::timeout(ANSWER_TIME_MAX, exchange).await {
            Err(_) => Err(ControlError::TimedOut),
            Ok(Err(_)) => Err(ControlError::Closed),
            Ok(Ok(0)) => Ok(()),
            Ok(Ok(code)) => Err(ControlError::Code(code)),
        }
    }
}
