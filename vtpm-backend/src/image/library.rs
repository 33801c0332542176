//! Node images, made on demand and shared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use control_plane::hardware::{Component, Fault};

use crate::pcr::Digests;
use crate::uefi::gpt::{Partition, PartitionTable};
use crate::uefi::{EfiGuid, guids};
use crate::x509::X509Error;

use super::authenticode::sign;
use super::pe::{self, PeError};
use super::{Content, Distribution, KeyError, PlatformKeys, UnknownImage, build, grub_config};

/// Most images that are kept in memory, about 1.6 MB each. An old one is made anew when it is needed again.
const IMAGES_MAX: usize = 32;
/// A 30 GB OS disk in 512-byte blocks.
const DISK_BLOCKS: u64 = 62_914_560;

/// Why a node image cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The name says nothing about a boot chain.
    #[error(transparent)]
    Unknown(#[from] UnknownImage),
    /// The platform keys cannot be read.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A file could not be written in PE form.
    #[error(transparent)]
    Pe(#[from] PeError),
    /// A file could not be signed.
    #[error(transparent)]
    Sign(#[from] X509Error),
    /// A component that is not a file on the disk was to be changed.
    #[error("the {0} is not on the OS disk and cannot be tampered with there")]
    NotOnDisk(Component),
    /// The fault is none that changes a byte of one file.
    #[error("the fault {0} is not supported by this machine's boot chain yet; take it away")]
    NotAFileChange(Fault),
    /// The file holds nothing to change.
    #[error("the {0} of image '{1}' has no byte that tampering could change")]
    NothingToChange(Component, String),
}

/// One file of a boot chain.
#[derive(Clone, Debug)]
pub struct BootFile {
    /// Its name as its loader names it: with backslashes on the EFI system partition, GRUB's way elsewhere.
    pub path: String,
    /// Its bytes.
    pub content: Arc<Content>,
}

/// Where and how tampering changed a file; for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tampering {
    /// The changed byte's place in the file.
    pub offset: usize,
    /// The byte before.
    pub from: u8,
    /// The byte after.
    pub to: u8,
}

/// The boot chain on a node's OS disk.
#[derive(Clone, Debug)]
pub struct NodeImage {
    /// The image's name.
    pub name: String,
    /// What distribution it holds.
    pub distribution: Distribution,
    /// Its partitions: 1 root, 14 BIOS boot, 15 EFI system, as on Azure's Linux images.
    pub disk: PartitionTable,
    /// The root file system's UUID.
    pub file_system: EfiGuid,
    /// The first-stage boot loader, signed by the UEFI CA's publisher.
    pub shim: BootFile,
    /// The second-stage boot loader, signed by the distribution.
    pub grub: BootFile,
    /// The short configuration on the EFI system partition.
    pub grub_stub: BootFile,
    /// The configuration on the root file system.
    pub grub_config: BootFile,
    /// The kernel, signed by the distribution.
    pub kernel: BootFile,
    /// The initial RAM disk.
    pub initrd: BootFile,
}

impl NodeImage {
    fn build(name: &str, keys: &PlatformKeys) -> Result<NodeImage, ImageError> {
        let distribution = Distribution::of_image(name)?;
        let (disk, file_system) = (disk(name), guid_for(name, "file system"));
        let root = disk.partitions[0].unique;
        let shim = sign(build::shim(&distribution, keys.vendor_certificate())?, keys.shim_signer()?)?;
        let signer = keys.distribution_signer()?;
        let grub = sign(build::grub(&distribution)?, signer)?;
        let kernel = sign(build::kernel(&distribution, name)?, signer)?;
        let stub = grub_config::stub(file_system);
        let config = grub_config::main(&distribution, file_system, root);
        let file = |path: String, bytes| BootFile { path, content: Content::new(bytes) };
        let esp = distribution.esp_folder;
        Ok(NodeImage {
            name: name.to_owned(),
            shim: file(format!(r"{esp}\{}", distribution.shim_file), shim),
            grub: file(format!(r"{esp}\grubx64.efi"), grub),
            grub_stub: file(format!("(hd0,gpt15){}/grub.cfg", esp.replace('\\', "/")), stub.into_bytes()),
            grub_config: file("(hd0,gpt1)/boot/grub/grub.cfg".to_owned(), config.into_bytes()),
            kernel: file(distribution.kernel_path.clone(), kernel),
            initrd: file(distribution.initrd_path.clone(), build::initrd(name)),
            disk,
            file_system,
            distribution,
        })
    }

    /// A component's file; `None` for the firmware, which is not on the disk.
    pub fn file(&self, component: Component) -> Option<&BootFile> {
        match component {
            Component::Firmware => None,
            Component::Shim => Some(&self.shim),
            Component::Grub => Some(&self.grub),
            Component::GrubConfig => Some(&self.grub_config),
            Component::Kernel => Some(&self.kernel),
            Component::Initrd => Some(&self.initrd),
        }
    }

    pub(crate) fn file_mut(&mut self, component: Component) -> Option<&mut BootFile> {
        match component {
            Component::Firmware => None,
            Component::Shim => Some(&mut self.shim),
            Component::Grub => Some(&mut self.grub),
            Component::GrubConfig => Some(&mut self.grub_config),
            Component::Kernel => Some(&mut self.kernel),
            Component::Initrd => Some(&mut self.initrd),
        }
    }

    /// The image after `faults`: the same value when there are none, otherwise one in which the files concerned are
    /// changed copies. Files that are not concerned are shared, with their hashes.
    ///
    /// # Errors
    /// [`ImageError::NotOnDisk`] for the firmware.
    pub fn with_faults(self: &Arc<NodeImage>, faults: &[Fault]) -> Result<Arc<NodeImage>, ImageError> {
        let mut image = self.clone();
        for fault in faults {
            let Fault::Tampered { component } = fault else {
                return Err(ImageError::NotAFileChange(*fault));
            };
            let change = self.tampering(*component)?;
            let changed = Arc::make_mut(&mut image);
            // Two equal faults change the byte once: each starts from the untouched file.
            if let (Some(file), Some(original)) = (changed.file_mut(*component), self.file(*component)) {
                file.content = original.content.with_byte(change.offset, |_| change.to);
            }
        }
        Ok(image)
    }

    /// What tampering with a component changes: one byte of code or text, never of a signature or checksum.
    ///
    /// # Errors
    /// [`ImageError::NotOnDisk`] for the firmware.
    pub fn tampering(&self, component: Component) -> Result<Tampering, ImageError> {
        let file = self.file(component).ok_or(ImageError::NotOnDisk(component))?;
        let bytes = file.content.bytes();
        let nothing = || ImageError::NothingToChange(component, self.name.clone());
        if component == Component::GrubConfig {
            let (offset, to) = grub_config::tampering(bytes).ok_or_else(nothing)?;
            return Ok(Tampering { offset, from: bytes[offset], to });
        }
        let range = match component {
            Component::Initrd => 0..bytes.len(),
            _ => pe::section_range(bytes, ".text")?.ok_or_else(nothing)?,
        };
        let offset = range.start + range.len() / 2;
        let from = *bytes.get(offset).ok_or_else(nothing)?;
        Ok(Tampering { offset, from, to: from ^ 1 })
    }
}

/// GUIDs are baked into an image when it is built, so all its nodes share them.
fn guid_for(image: &str, what: &str) -> EfiGuid {
    let hash = Digests::of(format!("{image}\0{what}").as_bytes()).sha256;
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    EfiGuid(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

fn disk(image: &str) -> PartitionTable {
    let partition = |number, kind, first_lba, last_lba| Partition {
        number,
        kind,
        unique: guid_for(image, &format!("partition {number}")),
        first_lba,
        last_lba,
        name: String::new(),
    };
    PartitionTable {
        disk: guid_for(image, "disk"),
        blocks: DISK_BLOCKS,
        partitions: vec![
            partition(1, guids::GPT_LINUX, 0x37800, DISK_BLOCKS - 34),
            partition(14, guids::GPT_BIOS_BOOT, 0x800, 0x27ff),
            partition(15, guids::GPT_ESP, 0x2800, 0x377ff),
        ],
    }
}

/// All node images: made when first asked for, a function of name and keys, shared by all nodes.
#[derive(Debug)]
pub struct ImageLibrary {
    keys: Arc<PlatformKeys>,
    images: Mutex<HashMap<String, Arc<NodeImage>>>,
}

impl ImageLibrary {
    /// An empty library whose images these keys sign.
    pub fn new(keys: Arc<PlatformKeys>) -> ImageLibrary {
        ImageLibrary { keys, images: Mutex::new(HashMap::new()) }
    }

    /// The keys that sign its images.
    pub fn keys(&self) -> &Arc<PlatformKeys> {
        &self.keys
    }

    /// The image of this name. Takes tens of milliseconds the first time, nothing afterwards.
    ///
    /// # Errors
    /// [`ImageError`] when the name is unknown or the keys cannot be used.
    pub fn get(&self, name: &str) -> Result<Arc<NodeImage>, ImageError> {
        // Held while an image is made: a thousand nodes that start together make it once. A panic while holding it
        // leaves a whole map behind.
        let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(image) = images.get(name) {
            return Ok(image.clone());
        }
        let image = Arc::new(NodeImage::build(name, &self.keys)?);
        if images.len() >= IMAGES_MAX {
            // Which one goes does not matter: images in use live on in their nodes.
            let oldest = images.keys().min().cloned();
            oldest.and_then(|name| images.remove(&name));
        }
        images.insert(name.to_owned(), image.clone());
        Ok(image)
    }
}
