//! Which faults one machine can have at the same time.

use super::{Fault, LIBRARY, Place};
use crate::hardware::Component;

/// Why a set of faults makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// There is no such fault.
    #[error("the firmware is not on the OS disk; tamper with shim, grub, grub-config, kernel or initrd")]
    NotOnDisk,
    /// Two faults want opposite things.
    #[error("{a} and {b} exclude each other: {why}")]
    Excluded {
        /// The one.
        a: Fault,
        /// The other.
        b: Fault,
        /// Why.
        why: &'static str,
    },
    /// There is no evidence to falsify.
    #[error("{0} changes the evidence of a vTPM, and the pool has vTPM off")]
    NeedsVtpm(Fault),
}

const EXCLUDED: [(Fault, Fault, &str); 5] = [
    (
        Fault::UnsignedKernel,
        Fault::UnknownSigner { component: Component::Kernel },
        "a kernel is either unsigned or signed by somebody",
    ),
    (Fault::SetupMode, Fault::KeysReplaced, "in setup mode there is no platform key, and the other puts one in"),
    (
        Fault::KeysReplaced,
        Fault::Tampered { component: Component::Shim },
        "shim is signed again after the keys were replaced, and that signature would cover the change",
    ),
    (
        Fault::KeysReplaced,
        Fault::RevokedCertificate { component: Component::Shim },
        "shim is signed by the new keys, not by the certificate that would be revoked",
    ),
    (Fault::EventLogWithheld, Fault::EventLogEdited, "there is either no log or a changed one"),
];

/// Whether one machine can have all of these faults.
///
/// # Errors
/// The first [`Conflict`].
pub fn check(faults: &[Fault], vtpm: bool) -> Result<(), Conflict> {
    for fault in faults {
        let entry = LIBRARY.iter().find(|entry| entry.fault == *fault).ok_or(Conflict::NotOnDisk)?;
        if entry.place == Place::Evidence && !vtpm {
            return Err(Conflict::NeedsVtpm(*fault));
        }
    }
    for (a, b, why) in EXCLUDED {
        if faults.contains(&a) && faults.contains(&b) {
            return Err(Conflict::Excluded { a, b, why });
        }
    }
    Ok(())
}
