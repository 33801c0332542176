//! Which boot loaders, kernels and modules on a node's disk Secure Boot would not let run: the procedure "Verify Secure
//! Boot failures" of Azure's trusted launch documentation, `sbinfo -u -m -k -b`.
//!
//! The documentation says what the tool lists ("all unsigned modules, kernels, and bootloaders"); its output is not
//! published, so the form of this one is Slipway's. Every verdict comes from verifying the file's bytes against the
//! machine's variables and against what shim was built with.

mod trust;

use serde::{Deserialize, Serialize};

use crate::boot::engine::{ShimBuild, sbat};
use crate::image::{Content, NodeImage, pe};
use crate::modules::{KernelModule, ModuleSignature, judge as judge_module};
use crate::uefi::guids;
use crate::uefi::var_store::Variables;

use control_plane::hardware::Component;

use trust::Lists;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// shim or GRUB (`-b`).
    BootLoader,
    /// A kernel (`-k`).
    Kernel,
    /// A kernel module (`-m`).
    Module,
}

/// What its signature is worth on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Trust {
    /// It would run.
    Trusted {
        /// Whose word counts.
        by: String,
    },
    /// It has no signature.
    Unsigned,
    /// It is signed, but that does not count.
    Untrusted {
        /// Why.
        why: String,
    },
    /// It was trusted once.
    Revoked {
        /// By what.
        why: String,
    },
}

/// One file with its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// Where it is.
    pub path: String,
    /// The subject of whoever signed it, not believed; `None` when it is unsigned or names nobody.
    pub signer: Option<String>,
    /// The verdict.
    #[serde(flatten)]
    pub trust: Trust,
}

impl Kind {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::BootLoader => "boot loader",
            Kind::Kernel => "kernel",
            Kind::Module => "module",
        }
    }
}

impl Finding {
    /// Whether Secure Boot lets it run.
    pub fn is_trusted(&self) -> bool {
        matches!(self.trust, Trust::Trusted { .. })
    }
}

/// Looks at everything on a disk that Secure Boot cares about. `module_keys` are the certificates that the kernel
/// trusts for modules (DER).
pub fn inspect(
    image: &NodeImage,
    variables: &Variables,
    modules: &[KernelModule],
    module_keys: &[Vec<u8>],
) -> Vec<Finding> {
    let firmware = Lists::of_firmware(variables);
    let build = image.file(Component::Shim).map(|shim| ShimBuild::of(shim.content.bytes()));
    let behind = match &build {
        Some(build) => firmware.clone().with_shim(build, variables),
        None => firmware.clone(),
    };
    let mut findings = Vec::new();
    for (component, kind, lists) in [
        (Component::Shim, Kind::BootLoader, &firmware),
        (Component::Grub, Kind::BootLoader, &behind),
        (Component::Kernel, Kind::Kernel, &behind),
    ] {
        let Some(file) = image.file(component) else { continue };
        let (signer, mut trust) = lists.judge(&file.content);
        if let (true, Some(build)) = (kind == Kind::BootLoader, &build) {
            trust = revoked_by_sbat(&file.content, build, variables).unwrap_or(trust);
        }
        findings.push(Finding { kind, path: file.path.clone(), signer, trust });
    }
    findings.extend(modules.iter().map(|module| of_module(module, module_keys)));
    findings
}

/// Boot loaders carry SBAT data; the level is the stored one, or shim's own where that is newer.
fn revoked_by_sbat(file: &Content, build: &ShimBuild, variables: &Variables) -> Option<Trust> {
    let section = pe::section(file.bytes(), ".sbat").ok().flatten()?;
    let stored = variables.data(guids::SHIM_LOCK, "SbatLevel");
    let own = build.sbat_automatic.as_slice();
    let level = if sbat::is_at_least(stored, own) { stored } else { own };
    sbat::revoked(section, level).map(|why| Trust::Revoked { why: format!("SBAT: {why}") })
}

fn of_module(module: &KernelModule, keys: &[Vec<u8>]) -> Finding {
    let (signer, trust) = match judge_module(module.content.bytes(), keys) {
        ModuleSignature::Unsigned => (None, Trust::Unsigned),
        ModuleSignature::Trusted { by } => (Some(by.clone()), Trust::Trusted { by }),
        ModuleSignature::UnknownKey { signer } => {
            (Some(signer), Trust::Untrusted { why: "the kernel has no key of its signer".to_owned() })
        }
        ModuleSignature::Broken { why } => (None, Trust::Untrusted { why }),
    };
    Finding { kind: Kind::Module, path: module.path.clone(), signer, trust }
}

#[cfg(test)]
mod tests;
