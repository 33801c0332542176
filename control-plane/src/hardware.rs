//! What the control plane knows of a node's hardware: one trait, implemented by `vtpm-backend`.
//!
//! The control plane decides *that* a machine boots, loses its disk or goes away, and *when* in virtual time; the
//! implementation does it for real (a swtpm process, a verified and measured boot chain) and reports how it went.
//! Every call is idempotent: after a crash the engine may ask again for what was already done.

use std::future::Future;
use std::pin::Pin;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use crate::faults::Fault;

/// The identity of one virtual machine (`properties.vmId` in ARM). It survives reboots and reimages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VmId(pub Uuid);

impl std::fmt::Display for VmId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A link of the boot chain that can be named in an error, tampered with, or found to differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// The platform firmware and its variables.
    Firmware,
    /// The first-stage boot loader, verified by the firmware.
    Shim,
    /// The second-stage boot loader, verified by shim.
    Grub,
    /// GRUB's configuration script; not signed, measured only.
    GrubConfig,
    /// The Linux kernel, verified through shim's lock protocol.
    Kernel,
    /// The initial RAM disk; not signed, measured only.
    Initrd,
}

impl Component {
    /// All components in boot order.
    pub const ALL: [Component; 6] = [
        Component::Firmware,
        Component::Shim,
        Component::Grub,
        Component::GrubConfig,
        Component::Kernel,
        Component::Initrd,
    ];

    /// The name used on the command line and in messages (`grub-config`).
    pub fn as_str(self) -> &'static str {
        match self {
            Component::Firmware => "firmware",
            Component::Shim => "shim",
            Component::Grub => "grub",
            Component::GrubConfig => "grub-config",
            Component::Kernel => "kernel",
            Component::Initrd => "initrd",
        }
    }
}

impl std::fmt::Display for Component {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Component {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Component::ALL.into_iter().find(|c| c.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Component::ALL.iter().map(|c| c.as_str()).collect();
            format!("unknown component '{text}'; one of {}", known.join(", "))
        })
    }
}

/// Everything that decides how one boot of one machine goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootOrder {
    /// The machine.
    pub vm: VmId,
    /// The machine's name on consoles and in error messages, e.g. `aks-nodepool1-12345678-vmss000000`.
    pub name: String,
    /// Counts the OS disks this machine has had. A new number is a new disk: new contents, and new vTPM guest state,
    /// because the guest state is tied to the OS disk.
    pub disk_generation: u32,
    /// The node image, e.g. `AKSUbuntu-2204gen2TLcontainerd-202607.13.0`.
    pub image: String,
    /// Whether the firmware enforces Secure Boot.
    pub secure_boot: bool,
    /// Whether the guest has a vTPM.
    pub vtpm: bool,
    /// What was done to the machine.
    pub faults: Vec<Fault>,
}

/// How one boot ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootReport {
    /// Whether an operating system runs now.
    pub outcome: BootOutcome,
    /// What a serial console would have shown, line by line.
    pub console: Vec<String>,
}

/// Whether an operating system runs after a boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "result")]
pub enum BootOutcome {
    /// The operating system runs.
    Booted,
    /// Secure Boot (firmware, shim or GRUB) refused a component and nothing further ran.
    Refused {
        /// What was refused.
        component: Component,
        /// Why, in the words of whoever refused it.
        reason: String,
    },
}

/// The host, not the guest, failed: swtpm is missing, cannot be started, or broke its protocol.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct HardwareFault(pub String);

/// What the hardware tells the control plane on its own accord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HardwareEvent {
    /// The machine's TPM process died; the machine has lost power and must boot again.
    PowerLost(VmId),
}

/// A future that can be stored in a trait object.
pub type HardwareFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, HardwareFault>> + Send + 'a>>;

/// The machines. One value serves all nodes.
pub trait Hardware: Send + Sync + 'static {
    /// Powers the machine on, or power-cycles it, and runs its whole boot chain.
    fn boot(&self, order: BootOrder) -> HardwareFuture<'_, BootReport>;

    /// Powers the machine off in an orderly way. Disk and guest state stay.
    fn power_off(&self, vm: VmId) -> HardwareFuture<'_, ()>;

    /// Removes the machine with its disk and guest state. A machine that does not exist is no error.
    fn remove(&self, vm: VmId) -> HardwareFuture<'_, ()>;

    /// Whether the machine still runs as it was booted last: asked for every node when the simulator starts.
    /// `false` means it lost power and must boot again.
    fn survived(&self, vm: VmId) -> HardwareFuture<'_, bool>;
}
