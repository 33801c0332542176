//! Every fault with its name, what it is, and what is expected of it.

use super::Fault;
use crate::hardware::Component;

/// Where a fault lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Files on the OS disk.
    OsDisk,
    /// Firmware and UEFI variables.
    GuestState,
    /// What the guest shows of its vTPM.
    Evidence,
}

impl Place {
    /// One word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Place::OsDisk => "os-disk",
            Place::GuestState => "guest-state",
            Place::Evidence => "evidence",
        }
    }
}

/// How a boot ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The operating system runs.
    Boots,
    /// The component is refused.
    Refused(Component),
}

/// What is to be expected of a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// How it ends.
    pub outcome: Outcome,
    /// The registers that end up different from those of a good boot with the same Secure Boot setting, ascending.
    pub registers: &'static [u8],
    /// Parts of lines of the serial console that a good boot does not show.
    pub console: &'static [&'static str],
}

/// One fault of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The fault.
    pub fault: Fault,
    /// Its name.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// What it does on a real machine.
    pub on_a_machine: &'static str,
    /// Where it lies.
    pub place: Place,
    /// What happens with Secure Boot on.
    pub secure_boot_on: Expected,
    /// What happens with Secure Boot off.
    pub secure_boot_off: Expected,
    /// Where that is known from.
    pub source: &'static str,
}

const OVMF: &str = "boots of Debian's OVMF, shim 16.1 and GRUB 2.06 under QEMU";
const DBX: &str = "boots under QEMU with the hash in dbx; edk2 DxeImageVerificationLib; rhboot/shim verify.c";
const DB_DENIES: &[&str] = &["   The image's hash and certificate are not allowed (DB)."];
const SHIM_DENIES: &[&str] = &["Verification failed: (0x1A) Security Violation"];
const GRUB_DENIES: &[&str] = &["error: bad shim signature.", "error: you need to load the kernel first."];

const fn boots(registers: &'static [u8]) -> Expected {
    Expected { outcome: Outcome::Boots, registers, console: &[] }
}

/// The firmware refuses shim: neither shim nor the partition table is measured, and nobody after it runs.
const fn shim_refused(console: &'static [&'static str]) -> Expected {
    Expected { outcome: Outcome::Refused(Component::Shim), registers: &[4, 5, 7, 8, 9, 14], console }
}

/// shim refuses GRUB before it measures it: its absence tells.
const fn grub_refused() -> Expected {
    Expected { outcome: Outcome::Refused(Component::Grub), registers: &[4, 5, 7, 8, 9], console: SHIM_DENIES }
}

/// shim refuses the kernel for GRUB after it was measured once; PCR 7 knows nothing unless dbx decided.
const fn kernel_refused(registers: &'static [u8]) -> Expected {
    Expected { outcome: Outcome::Refused(Component::Kernel), registers, console: GRUB_DENIES }
}

const fn tampered(component: Component) -> Fault {
    Fault::Tampered { component }
}

/// All faults, by place and in boot order.
pub const LIBRARY: [Entry; 24] = [
    Entry {
        fault: tampered(Component::Shim),
        name: "tampered-shim",
        summary: "One byte of shim's code is changed.",
        on_a_machine: "Its Authenticode signature no longer fits. Without Secure Boot it runs and PCR 4 has its hash.",
        place: Place::OsDisk,
        secure_boot_on: shim_refused(DB_DENIES),
        secure_boot_off: boots(&[4]),
        source: OVMF,
    },
    Entry {
        fault: tampered(Component::Grub),
        name: "tampered-grub",
        summary: "One byte of GRUB's code is changed.",
        on_a_machine: "shim since 15.6 does not measure what it refuses, so PCR 4 lacks GRUB instead of showing a wrong one.",
        place: Place::OsDisk,
        secure_boot_on: grub_refused(),
        secure_boot_off: boots(&[4]),
        source: OVMF,
    },
    Entry {
        fault: tampered(Component::GrubConfig),
        name: "tampered-grub-config",
        summary: "In grub.cfg the root file system is mounted read-write (`ro` became `rw`).",
        on_a_machine: "The file is not signed; GRUB measures it and every command in it.",
        place: Place::OsDisk,
        secure_boot_on: boots(&[8, 9]),
        secure_boot_off: boots(&[8, 9]),
        source: "GRUB tpm module; boots under QEMU",
    },
    Entry {
        fault: Fault::TamperedCommandLine,
        name: "tampered-kernel-cmdline",
        summary: "grub.cfg gives the kernel `init=/bin/bash`.",
        on_a_machine: "A root shell instead of the system. PCR 8 has the command line, PCR 9 the file.",
        place: Place::OsDisk,
        secure_boot_on: boots(&[8, 9]),
        secure_boot_off: boots(&[8, 9]),
        source: "GRUB tpm module; boots under QEMU",
    },
    Entry {
        fault: tampered(Component::Kernel),
        name: "tampered-kernel",
        summary: "One byte of the kernel's code is changed.",
        on_a_machine: "GRUB measures the file, shim measures the image and refuses it; GRUB goes on with the menu entry.",
        place: Place::OsDisk,
        secure_boot_on: kernel_refused(&[4, 5, 8, 9]),
        secure_boot_off: boots(&[9]),
        source: OVMF,
    },
    Entry {
        fault: Fault::UnsignedKernel,
        name: "unsigned-kernel",
        summary: "The kernel's signature is taken off, as on a kernel that somebody built.",
        on_a_machine: "Its code is the same, so its Authenticode hash is. GRUB 2.06 has a good kernel in PCR 4 twice, a refused one once.",
        place: Place::OsDisk,
        secure_boot_on: kernel_refused(&[4, 5, 8, 9]),
        secure_boot_off: boots(&[9]),
        source: OVMF,
    },
    Entry {
        fault: Fault::UnknownSigner { component: Component::Grub },
        name: "unknown-signer-grub",
        summary: "GRUB is signed by a key that nobody enrolled (add `unknown-mok` to enrol it).",
        on_a_machine: "shim finds the signer neither in db nor in MokList nor in itself. Signatures are no part of the Authenticode hash: without Secure Boot nothing tells.",
        place: Place::OsDisk,
        secure_boot_on: grub_refused(),
        secure_boot_off: boots(&[]),
        source: "rhboot/shim verify.c; inferred from boots under QEMU",
    },
    Entry {
        fault: Fault::UnknownSigner { component: Component::Kernel },
        name: "unknown-signer-kernel",
        summary: "The kernel is signed by a key that nobody enrolled (add `unknown-mok` to enrol it).",
        on_a_machine: "As on a machine whose owner signed a kernel and has not yet confirmed the key in MokManager.",
        place: Place::OsDisk,
        secure_boot_on: kernel_refused(&[4, 5, 8, 9]),
        secure_boot_off: boots(&[9]),
        source: "rhboot/shim verify.c; inferred from boots under QEMU",
    },
    Entry {
        fault: tampered(Component::Initrd),
        name: "tampered-initrd",
        summary: "One byte of the initial RAM disk is changed.",
        on_a_machine: "It is not signed and Secure Boot does not see it; GRUB measures it.",
        place: Place::OsDisk,
        secure_boot_on: boots(&[9]),
        secure_boot_off: boots(&[9]),
        source: "GRUB tpm module; boots under QEMU",
    },
    Entry {
        fault: Fault::EvilInitrd,
        name: "evil-initrd",
        summary: "A second archive with a program of its own follows the initial RAM disk.",
        on_a_machine: "Linux unpacks both: the evil maid's way in that Secure Boot does not close. PCR 9 tells.",
        place: Place::OsDisk,
        secure_boot_on: boots(&[9]),
        secure_boot_off: boots(&[9]),
        source: "Linux early-userspace/buffer-format; GRUB tpm module",
    },
    Entry {
        fault: Fault::UnsignedModule,
        name: "unsigned-kernel-module",
        summary: "A kernel module without a signature is loaded while the system starts.",
        on_a_machine: "Under Secure Boot the kernel enforces module signatures and rejects it; without it it is loaded and taints the kernel. PCR 0 to 9 know no modules.",
        place: Place::OsDisk,
        secure_boot_on: Expected {
            outcome: Outcome::Boots,
            registers: &[],
            console: &["Loading of unsigned module is rejected"],
        },
        secure_boot_off: Expected {
            outcome: Outcome::Boots,
            registers: &[],
            console: &["module verification failed: signature and/or required key missing - tainting kernel"],
        },
        source: "Linux kernel/module/signing.c, security/integrity/ima/ima_efi.c; the time stamps are inferred",
    },
    Entry {
        fault: Fault::RevokedHash { component: Component::Shim },
        name: "revoked-by-dbx-hash-shim",
        summary: "dbx holds shim's hash.",
        on_a_machine: "The firmware still measures the db entry that vouches for shim before it refuses it.",
        place: Place::GuestState,
        secure_boot_on: shim_refused(&["   The image's hash was denied (DBX)."]),
        secure_boot_off: boots(&[7]),
        source: DBX,
    },
    Entry {
        fault: Fault::RevokedHash { component: Component::Grub },
        name: "revoked-by-dbx-hash-grub",
        summary: "dbx holds GRUB's hash.",
        on_a_machine: "shim measures the revoking entry into PCR 7 as an authority named dbx.",
        place: Place::GuestState,
        secure_boot_on: grub_refused(),
        secure_boot_off: boots(&[7]),
        source: DBX,
    },
    Entry {
        fault: Fault::RevokedHash { component: Component::Kernel },
        name: "revoked-by-dbx-hash-kernel",
        summary: "dbx holds the kernel's hash.",
        on_a_machine: "As a tampered kernel, and PCR 7 has the revoking entry.",
        place: Place::GuestState,
        secure_boot_on: kernel_refused(&[4, 5, 7, 8, 9]),
        secure_boot_off: boots(&[7]),
        source: DBX,
    },
    Entry {
        fault: Fault::RevokedCertificate { component: Component::Shim },
        name: "revoked-by-dbx-certificate-shim",
        summary: "dbx holds the certificate of shim's signer.",
        on_a_machine: "The firmware refuses whatever that signer signed; no authority is measured.",
        place: Place::GuestState,
        secure_boot_on: shim_refused(&["   The image's certificate was denied (DBX)."]),
        secure_boot_off: boots(&[7]),
        source: "edk2 DxeImageVerificationLib; not seen on a real machine",
    },
    Entry {
        fault: Fault::RevokedCertificate { component: Component::Grub },
        name: "revoked-by-dbx-certificate-grub",
        summary: "dbx holds the certificate of the distribution's signer, as after BootHole (2020).",
        on_a_machine: "shim asks dbx about signers too, and measures the entry into PCR 7.",
        place: Place::GuestState,
        secure_boot_on: grub_refused(),
        secure_boot_off: boots(&[7]),
        source: "rhboot/shim verify.c (check_denylist); not seen on a real machine",
    },
    Entry {
        fault: Fault::SbatLevelRaised,
        name: "sbat-level-raised",
        summary: "SbatLevel is that of February 2025 (`grub,5`), and the node's GRUB is older.",
        on_a_machine: "What a revocation update does to an old image. Without Secure Boot shim resets the level.",
        place: Place::GuestState,
        secure_boot_on: grub_refused(),
        secure_boot_off: boots(&[]),
        source: "rhboot/shim SBAT.md, sbat_var_defs.h of 16.1; inferred from its rules",
    },
    Entry {
        fault: Fault::UnknownMok,
        name: "unknown-mok",
        summary: "MokList holds a key of somebody else.",
        on_a_machine: "Whatever that key signs would now run: with `unknown-signer-kernel` a foreign kernel boots. PCR 14 tells.",
        place: Place::GuestState,
        secure_boot_on: boots(&[14]),
        secure_boot_off: boots(&[14]),
        source: "rhboot/shim mok.c, README.tpm",
    },
    Entry {
        fault: Fault::KeysReplaced,
        name: "secure-boot-keys-replaced",
        summary: "PK, KEK and db are somebody else's, and shim is signed by them.",
        on_a_machine: "Secure Boot is on and everything verifies, for another owner. Only PCR 7 tells.",
        place: Place::GuestState,
        secure_boot_on: boots(&[7]),
        secure_boot_off: boots(&[7]),
        source: "UEFI 2.10, 32.3; edk2 Tcg2Dxe",
    },
    Entry {
        fault: Fault::SetupMode,
        name: "setup-mode",
        summary: "The platform key is gone: setup mode, in which nothing is verified.",
        on_a_machine: "SecureBoot reads 0 although the pool's setting says on.",
        place: Place::GuestState,
        secure_boot_on: boots(&[4, 7]),
        secure_boot_off: boots(&[7]),
        source: "UEFI 2.10, 32.3.1; a boot under QEMU without keys",
    },
    Entry {
        fault: Fault::FirmwareDebugMode,
        name: "firmware-debug-mode",
        summary: "The firmware's debugger is on.",
        on_a_machine: "PCR 7 begins with EV_EFI_ACTION `UEFI Debug Mode`; go-attestation and others refuse such a log.",
        place: Place::GuestState,
        secure_boot_on: boots(&[7]),
        secure_boot_off: boots(&[7]),
        source: "edk2 Tcg2Dxe MeasureSecureBootPolicy; go-attestation secureboot.go",
    },
    Entry {
        fault: Fault::EventLogWithheld,
        name: "event-log-withheld",
        summary: "The guest hands out an empty event log.",
        on_a_machine: "A quote that nothing explains.",
        place: Place::Evidence,
        secure_boot_on: boots(&[]),
        secure_boot_off: boots(&[]),
        source: "threads about empty binary_bios_measurements on Azure (agentrust-io/cmcp 433)",
    },
    Entry {
        fault: Fault::EventLogEdited,
        name: "event-log-edited",
        summary: "The guest hands out an event log without the kernel's command line.",
        on_a_machine: "The log is well-formed, but replaying it does not give the quoted PCR 8.",
        place: Place::Evidence,
        secure_boot_on: boots(&[]),
        secure_boot_off: boots(&[]),
        source: "TCG PC Client Platform Firmware Profile: only the registers are protected",
    },
    Entry {
        fault: Fault::AkCertificateUnprovisioned,
        name: "ak-cert-unprovisioned",
        summary: "The attestation key's certificate is a placeholder: provisioning is delayed.",
        on_a_machine: "Its issuer's name begins with MICROSOFT AZURE TRUSTED VM RSA; Azure's client answers -29 and asks to try again.",
        place: Place::Evidence,
        secure_boot_on: boots(&[]),
        secure_boot_off: boots(&[]),
        source: "Azure/confidential-computing-cvm-guest-attestation TpmCertOperations.cpp; the placeholder's other fields are inferred",
    },
];
