//! Authenticode: signatures inside PE files (Microsoft, "Windows Authenticode Portable Executable Signature Format").

mod sign;
mod verify;

pub use sign::{Signer, sign};
pub use verify::{Signature, SignatureError, signatures};

use der::asn1::ObjectIdentifier;

/// `SPC_PE_IMAGE_DATAOBJ`: the signed content describes a PE image.
const SPC_PE_IMAGE_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.15");
/// The value of an OBJECT IDENTIFIER tagged content type attribute and its peers (PKCS #9).
const CONTENT_TYPE: ObjectIdentifier = der::oid::db::rfc5911::ID_CONTENT_TYPE;
const MESSAGE_DIGEST: ObjectIdentifier = der::oid::db::rfc5911::ID_MESSAGE_DIGEST;
