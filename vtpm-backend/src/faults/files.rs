//! Faults of files on the OS disk.

use std::sync::Arc;

use control_plane::faults::Fault;
use control_plane::hardware::Component;

use crate::image::authenticode::{Signer, sign};
use crate::image::{Content, ImageError, NodeImage, PlatformKeys, cpio_archive, pe};

/// What an attacker makes the kernel run instead of the system.
const INIT: &str = "init=/bin/bash";
/// Runs before the root file system is mounted, as initramfs-tools and dracut hooks do.
const EVIL_HOOK: (&str, &[u8]) =
    ("scripts/init-premount/evil", b"#!/bin/sh\ncp /sbin/evil /root/usr/local/sbin/evil 2>/dev/null\nexit 0\n");

/// The image after the faults of its files: the same value when there are none. Files that are not concerned are
/// shared, with their hashes.
///
/// Bytes are changed before files are signed again, so that a foreign signature covers them.
///
/// # Errors
/// [`ImageError`] when a fault does not fit the image, or foreign keys cannot be made.
pub fn on_disk(image: &Arc<NodeImage>, faults: &[Fault], keys: &PlatformKeys) -> Result<Arc<NodeImage>, ImageError> {
    if !faults.iter().any(is_on_disk) {
        return Ok(image.clone());
    }
    image.variant(faults, || make(image, faults, keys))
}

/// Whether a fault changes a file.
fn is_on_disk(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Tampered { .. }
            | Fault::TamperedCommandLine
            | Fault::UnsignedKernel
            | Fault::UnknownSigner { .. }
            | Fault::KeysReplaced
            | Fault::EvilInitrd
    )
}

fn make(image: &Arc<NodeImage>, faults: &[Fault], keys: &PlatformKeys) -> Result<Arc<NodeImage>, ImageError> {
    let is_tampered = |fault: &&Fault| matches!(fault, Fault::Tampered { .. });
    let tampered: Vec<_> = faults.iter().filter(is_tampered).copied().collect();
    let mut image = image.with_faults(&tampered)?;
    for fault in faults {
        match fault {
            Fault::TamperedCommandLine => {
                change(&mut image, Component::GrubConfig, with_argument)?;
            }
            Fault::UnsignedKernel => {
                change(&mut image, Component::Kernel, |kernel| Ok(pe::without_signatures(kernel)?))?;
            }
            Fault::UnknownSigner { component } => {
                let foreign = keys.foreign()?;
                change(&mut image, *component, |file| sign_again(file, &foreign.mok))?;
            }
            Fault::KeysReplaced => {
                let foreign = keys.foreign()?;
                change(&mut image, Component::Shim, |file| sign_again(file, &foreign.owner))?;
            }
            Fault::EvilInitrd => change(&mut image, Component::Initrd, |initrd| Ok(with_hook(initrd)))?,
            // Changed above, or not in a file.
            Fault::Tampered { .. }
            | Fault::UnsignedModule
            | Fault::RevokedHash { .. }
            | Fault::RevokedCertificate { .. }
            | Fault::SbatLevelRaised
            | Fault::UnknownMok
            | Fault::SetupMode
            | Fault::FirmwareDebugMode
            | Fault::EventLogWithheld
            | Fault::EventLogEdited
            | Fault::AkCertificateUnprovisioned => {}
        }
    }
    Ok(image)
}

fn change(
    image: &mut Arc<NodeImage>,
    component: Component,
    work: impl FnOnce(&[u8]) -> Result<Vec<u8>, ImageError>,
) -> Result<(), ImageError> {
    let nothing = ImageError::NothingToChange(component, image.name.clone());
    let file = Arc::make_mut(image).file_mut(component).ok_or(nothing)?;
    file.content = Content::new(work(file.content.bytes())?);
    Ok(())
}

fn sign_again(file: &[u8], signer: &Signer) -> Result<Vec<u8>, ImageError> {
    Ok(sign(pe::without_signatures(file)?, signer)?)
}

/// Every `linux` line of the configuration gets one more argument.
fn with_argument(config: &[u8]) -> Result<Vec<u8>, ImageError> {
    let text = String::from_utf8_lossy(config);
    let line = |line: &str| {
        let is_linux = line.trim_start().starts_with("linux ") || line.trim_start().starts_with("linux\t");
        if is_linux { format!("{line} {INIT}\n") } else { format!("{line}\n") }
    };
    Ok(text.lines().map(line).collect::<String>().into_bytes())
}

/// Linux unpacks archives one after another; each begins at a multiple of four bytes.
fn with_hook(initrd: &[u8]) -> Vec<u8> {
    let mut out = initrd.to_vec();
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend_from_slice(&cpio_archive(&[EVIL_HOOK]));
    out
}
