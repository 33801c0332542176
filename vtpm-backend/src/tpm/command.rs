//! How a command is framed and how its response is taken apart.

use super::rc::Rc;
use super::types::handle;
use super::wire::{Malformed, Reader, Writer};

/// The most bytes of one command or response (`TPM_PT_MAX_COMMAND_SIZE` and `TPM_PT_MAX_RESPONSE_SIZE` of libtpms).
pub const MESSAGE_BYTES_MAX: usize = 4096;
/// Tag, size and code: what every command and every response begins with.
pub const HEADER_BYTES: usize = 10;

const TAG_NO_SESSIONS: u16 = 0x8001;
const TAG_SESSIONS: u16 = 0x8002;
const SESSION_CONTINUE: u8 = 0x01;

/// One TPM 2.0 command: what it sends and what it gets back.
pub trait Command {
    /// What a successful response carries.
    type Response;
    /// The name in the specification, for error messages.
    const NAME: &'static str;

    /// The complete command, header included.
    fn encode(&self) -> Vec<u8>;

    /// The response of a successful command.
    ///
    /// # Errors
    /// When the body does not have the structure that the specification gives it.
    fn decode(&self, body: Body<'_>) -> Result<Self::Response, Malformed>;
}

/// What follows the header of a successful response.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    bytes: &'a [u8],
    has_sessions: bool,
}

impl<'a> Body<'a> {
    /// Nothing but, perhaps, an authorisation area.
    pub(crate) fn empty(self) -> Result<(), Malformed> {
        self.parameters()?.end()
    }

    /// The parameters of a response that returns no handle.
    pub(crate) fn parameters(self) -> Result<Reader<'a>, Malformed> {
        self.split(false).map(|(_, parameters)| parameters)
    }

    /// The handle and the parameters of a response that returns a handle.
    pub(crate) fn handle_and_parameters(self) -> Result<(u32, Reader<'a>), Malformed> {
        self.split(true)
    }

    fn split(self, has_handle: bool) -> Result<(u32, Reader<'a>), Malformed> {
        let mut reader = Reader::new(self.bytes);
        let handle = if has_handle { reader.u32()? } else { 0 };
        if self.has_sessions {
            let length = reader.u32()?;
            let length = usize::try_from(length).map_err(|_| Malformed("its parameter size is too large"))?;
            reader = Reader::new(reader.take(length)?);
        }
        Ok((handle, reader))
    }
}

/// The total size that a header declares, checked against [`MESSAGE_BYTES_MAX`].
///
/// # Errors
/// When the size is below a header's own or above the limit.
pub fn message_size(header: &[u8; HEADER_BYTES]) -> Result<usize, Malformed> {
    let size = u32::from_be_bytes([header[2], header[3], header[4], header[5]]);
    match usize::try_from(size) {
        Ok(size) if (HEADER_BYTES..=MESSAGE_BYTES_MAX).contains(&size) => Ok(size),
        _ => Err(Malformed("its size is not between 10 and 4096 bytes")),
    }
}

/// Takes a response apart: its body, or the code of its failure.
///
/// # Errors
/// When it is no TPM 2.0 response.
pub fn parse_response(response: &[u8]) -> Result<Result<Body<'_>, Rc>, Malformed> {
    let (header, bytes) = response.split_first_chunk::<HEADER_BYTES>().ok_or(Malformed("it ends too early"))?;
    if message_size(header)? != response.len() {
        return Err(Malformed("its size field does not fit"));
    }
    let code = u32::from_be_bytes([header[6], header[7], header[8], header[9]]);
    match (u16::from_be_bytes([header[0], header[1]]), code) {
        // A failed command has no body. libtpms answers a malformed one with TPM 1.2's tag 0x00C4.
        (TAG_NO_SESSIONS | TAG_SESSIONS | 0x00C4, code) if code != 0 => Ok(Err(Rc(code))),
        (TAG_NO_SESSIONS, _) => Ok(Ok(Body { bytes, has_sessions: false })),
        (TAG_SESSIONS, _) => Ok(Ok(Body { bytes, has_sessions: true })),
        _ => Err(Malformed("its tag is unknown")),
    }
}

/// A response without a body that carries `rc`.
pub fn error_response(rc: Rc) -> Vec<u8> {
    frame(TAG_NO_SESSIONS, rc.0, &[])
}

/// A command that needs no authorisation.
pub(crate) fn plain(code: u32, handles: &[u32], parameters: Writer) -> Vec<u8> {
    let mut body = Writer::default();
    for handle in handles {
        body.u32(*handle);
    }
    body.bytes(&parameters.finish());
    frame(TAG_NO_SESSIONS, code, &body.finish())
}

/// A command whose first handle is authorised with a password.
pub(crate) fn with_password(code: u32, handles: &[u32], password: &[u8], parameters: Writer) -> Vec<u8> {
    let mut session = Writer::default();
    session.u32(handle::PASSWORD).sized(&[]).u8(SESSION_CONTINUE).sized(password);
    let session = session.finish();
    let mut body = Writer::default();
    for handle in handles {
        body.u32(*handle);
    }
    let session_bytes = u32::try_from(session.len()).expect("a password session is a few dozen bytes");
    body.u32(session_bytes).bytes(&session).bytes(&parameters.finish());
    frame(TAG_SESSIONS, code, &body.finish())
}

fn frame(tag: u16, code: u32, body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(HEADER_BYTES + body.len()).expect("every command Slipway sends is below 4096 bytes");
    let mut frame = Writer::default();
    frame.u16(tag).u32(size).u32(code).bytes(body);
    frame.finish()
}
