//! The failure library: named things that can be done to a node, each real, each with what it does on a real machine.
//!
//! A fault changes bytes (a file on the OS disk, a UEFI variable, what the guest hands out as evidence); whether the
//! machine then boots is found by verification, never looked up here. The outcomes that [`LIBRARY`] states are
//! documentation, and tests of `vtpm-backend` hold the boot chain to them. `docs/FAULTS.md` is generated from it.

mod check;
mod library;
mod markdown;
mod name;

use serde::{Deserialize, Serialize};

use crate::hardware::Component;

pub use check::{Conflict, check};
pub use library::{Entry, Expected, LIBRARY, Outcome, Place};
pub use markdown::render_markdown;
pub use name::UnknownFault;

/// Something that was done to a node. It takes effect at the next boot and is gone after a reimage, which replaces the
/// OS disk and, because Azure ties the VM guest state (UEFI variables, vTPM) to the OS disk, that too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Fault {
    /// One byte of the component's code or text was changed; its signature, where it has one, no longer fits.
    Tampered {
        /// Which file was changed. `Component::Firmware` is not on the disk and is refused.
        component: Component,
    },
    /// GRUB's configuration gives the kernel one more argument.
    TamperedCommandLine,
    /// The kernel's signature was taken off.
    UnsignedKernel,
    /// The component was signed again, by a key that nobody enrolled.
    UnknownSigner {
        /// GRUB or the kernel.
        component: Component,
    },
    /// A second archive with a program of its own was put behind the initial RAM disk.
    EvilInitrd,
    /// A kernel module without a signature is loaded while the system starts.
    UnsignedModule,
    /// dbx holds the component's Authenticode hash.
    RevokedHash {
        /// Shim, GRUB or the kernel.
        component: Component,
    },
    /// dbx holds the certificate of whoever signed the component.
    RevokedCertificate {
        /// Shim or GRUB.
        component: Component,
    },
    /// The variable SbatLevel wants a newer generation of GRUB.
    SbatLevelRaised,
    /// The machine owner's list holds a key of somebody else.
    UnknownMok,
    /// PK, KEK and db hold somebody else's keys, and shim is signed by them.
    KeysReplaced,
    /// The platform key was removed, so that the firmware is in setup mode.
    SetupMode,
    /// The firmware runs with its debugger.
    FirmwareDebugMode,
    /// The guest hands out no event log.
    EventLogWithheld,
    /// The guest hands out an event log from which the kernel's command line was removed.
    EventLogEdited,
    /// The attestation key has no certificate of the vTPM authority yet.
    AkCertificateUnprovisioned,
}

impl Fault {
    /// The entry of [`LIBRARY`]; `None` for a combination of fault and component that does not exist.
    pub fn entry(self) -> Option<&'static Entry> {
        LIBRARY.iter().find(|entry| entry.fault == self)
    }
}

#[cfg(test)]
mod tests;
