//! What a node's OS disk holds.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use control_plane::hardware::{Component, Fault};

use crate::disk::{Disk, DiskTable, MemoryFiles, memory_volume};
use crate::pcr::Digests;
use crate::uefi::device_path::{DevicePath, Node};
use crate::uefi::gpt::{Partition, PartitionTable};
use crate::uefi::load_option::LoadOption;
use crate::uefi::var_store::{NON_VOLATILE_BOOT_SERVICE, RUNTIME_ACCESS, Variable};
use crate::uefi::{EfiGuid, guids};

use super::authenticode::sign;
use super::distribution::{Chain, FileSpec, Grub, Place, Uki};
use super::text::{Names, render};
use super::{Content, Distribution, ImageError, PlatformKeys, build, pe};

/// A 30 GB OS disk in 512-byte blocks.
const DISK_BLOCKS: u64 = 62_914_560;
/// Most variants that are kept of one image, about half a megabyte each.
const VARIANTS_MAX: usize = 32;
/// The label of the EFI system partition on Azure's Linux images.
const ESP_LABEL: &str = "UEFI";
/// Where shim looks for what it starts, in its own folder.
const SECOND_STAGE: &str = "grubx64.efi";

/// One file of a node's disk.
#[derive(Clone, Debug)]
pub struct BootFile {
    /// The partition that it is on.
    pub place: Place,
    /// Its path there, absolute, with slashes.
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
    pub partitions: DiskTable,
    /// The root file system's UUID.
    pub file_system: EfiGuid,
    /// The files that can be named: one for each component that the chain has.
    components: BTreeMap<Component, BootFile>,
    /// The others.
    files: Vec<BootFile>,
    variants: Variants,
}

/// What was made of an image before: the same faults give the same files, whose hashes and signatures are known then.
#[derive(Debug, Default)]
struct Variants(Mutex<HashMap<Vec<Fault>, Arc<NodeImage>>>);

impl Clone for Variants {
    /// A copy is made to be changed, so nothing is known of it.
    fn clone(&self) -> Variants {
        Variants::default()
    }
}

impl NodeImage {
    /// Makes the image of this name: a function of name and keys.
    pub(super) fn build(name: &str, keys: &PlatformKeys) -> Result<NodeImage, ImageError> {
        let distribution = Distribution::of_image(name)?;
        let profile = distribution.profile;
        let (table, file_system) = (partitions(name), guid_for(name, "file system"));
        let names = Names {
            root: file_system,
            partuuid: table.partitions[0].unique,
            release: distribution.kernel_release.clone(),
            kernel: distribution.kernel_path(),
            initrd: distribution.initrd_path(),
        };
        let mut image = NodeImage {
            name: name.to_owned(),
            distribution: distribution.clone(),
            partitions: DiskTable::of_partitions(&table),
            file_system,
            components: BTreeMap::new(),
            files: Vec::new(),
            variants: Variants::default(),
        };
        let vendor = distribution.vendor();
        let shim = build::shim(profile, keys.vendor_certificate(vendor))?;
        image.set(Component::Shim, Place::Esp, &profile.boot.file, sign(shim, keys.shim_signer()?)?);
        match &profile.chain {
            Chain::Grub(grub) => image.add_grub(grub, &names, keys)?,
            Chain::Uki(uki) => image.add_unified(uki, &names, keys)?,
        }
        for spec in &profile.files {
            let content = Content::new(bytes(spec, &names)?);
            image.files.push(BootFile { place: spec.on, path: spec.path.clone(), content });
        }
        Ok(image)
    }

    fn add_grub(&mut self, spec: &Grub, names: &Names, keys: &PlatformKeys) -> Result<(), ImageError> {
        let signer = keys.distribution_signer(self.distribution.vendor())?;
        let memdisk = spec.memdisk.as_deref().map(|name| text(name, names)).transpose()?;
        let grub = build::grub(spec, memdisk.as_deref())?;
        self.set(Component::Grub, Place::Esp, &self.second_stage(), sign(grub, signer)?);
        self.set(Component::GrubConfig, spec.config.on, &spec.config.path, bytes(&spec.config, names)?);
        let kernel = build::kernel(&names.release, &self.name)?;
        self.set(Component::Kernel, Place::Root, &names.kernel, sign(kernel, signer)?);
        self.set(Component::Initrd, Place::Root, &names.initrd, build::initrd(&self.name));
        Ok(())
    }

    /// systemd-boot takes GRUB's place; kernel, initial RAM disk and command line are in one signed file.
    fn add_unified(&mut self, spec: &Uki, names: &Names, keys: &PlatformKeys) -> Result<(), ImageError> {
        let signer = keys.distribution_signer(self.distribution.vendor())?;
        let loader = sign(build::systemd_boot(spec)?, signer)?;
        self.set(Component::Grub, Place::Esp, &self.second_stage(), loader);
        let name = self.distribution.name();
        let payload = build::Payload {
            os_release: format!("NAME=\"{name}\"\nID=azurelinux\nVERSION_ID=\"3.0\"\nPRETTY_NAME=\"{name}\"\n"),
            command_line: text(&spec.command_line, names)?,
            release: &names.release,
            initrd: build::initrd(&self.name),
            kernel: build::kernel(&names.release, &self.name)?,
        };
        self.set(Component::Kernel, Place::Esp, &names.kernel, sign(build::unified(spec, payload)?, signer)?);
        Ok(())
    }

    fn second_stage(&self) -> String {
        let folder = self.distribution.profile.boot.file.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{folder}/{SECOND_STAGE}")
    }

    fn set(&mut self, component: Component, place: Place, path: &str, bytes: Vec<u8>) {
        let file = BootFile { place, path: path.to_owned(), content: Content::new(bytes) };
        self.components.insert(component, file);
    }

    /// A component's file; `None` for the firmware, which is not on the disk, and for what this chain does not have as a
    /// file of its own.
    pub fn file(&self, component: Component) -> Option<&BootFile> {
        self.components.get(&component)
    }

    pub(crate) fn file_mut(&mut self, component: Component) -> Option<&mut BootFile> {
        self.components.get_mut(&component)
    }

    /// All files of the disk.
    pub fn files(&self) -> impl Iterator<Item = &BootFile> {
        self.components.values().chain(&self.files)
    }

    /// The image with another content of a component's file. All other files are shared, with their hashes.
    ///
    /// # Errors
    /// [`ImageError::NotOnDisk`] when there is no such file.
    pub fn with_content(&self, component: Component, content: Arc<Content>) -> Result<NodeImage, ImageError> {
        let mut changed = self.clone();
        let file = changed.components.get_mut(&component).ok_or(ImageError::NotOnDisk(component))?;
        file.content = content;
        Ok(changed)
    }

    /// The image that `make` makes of this one for these faults; made once for the same faults in the same order. An
    /// image belongs to one set of platform keys, and so do its variants.
    ///
    /// # Errors
    /// What `make` fails with.
    pub fn variant(
        &self,
        faults: &[Fault],
        make: impl FnOnce() -> Result<Arc<NodeImage>, ImageError>,
    ) -> Result<Arc<NodeImage>, ImageError> {
        let known = || self.variants.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(image) = known().get(faults) {
            return Ok(image.clone());
        }
        let made = make()?;
        let mut variants = known();
        if variants.len() >= VARIANTS_MAX {
            variants.clear();
        }
        variants.insert(faults.to_vec(), made.clone());
        Ok(made)
    }

    /// The disk, in memory.
    pub fn disk(&self) -> Disk {
        let volume = |place: Place, uuid: String, label: &str| {
            let mut files = MemoryFiles::new(place == Place::Esp);
            for file in self.files().filter(|file| file.place == place) {
                files.insert(&file.path, file.content.clone());
            }
            memory_volume(place.partition(), Some(uuid), Some(label.to_owned()), Arc::new(files))
        };
        let id = self.file_system.to_bytes();
        let esp_uuid = format!("{:02X}{:02X}-{:02X}{:02X}", id[0], id[1], id[2], id[3]);
        Disk {
            table: Some(self.partitions.clone()),
            volumes: vec![
                volume(Place::Root, self.file_system.to_string(), &self.distribution.profile.root_label),
                volume(Place::Esp, esp_uuid, ESP_LABEL),
            ],
            esp: Place::Esp.partition(),
        }
    }

    /// BootOrder and the one boot option, as the installer of the image left them.
    pub fn boot_variables(&self) -> [Variable; 2] {
        let boot = &self.distribution.profile.boot;
        let esp = self.partitions.partition(Place::Esp.partition()).map(|esp| Node::HardDrive {
            number: esp.number,
            first_lba: esp.first_lba,
            blocks: esp.last_lba - esp.first_lba + 1,
            unique: esp.unique,
        });
        let nodes = esp.into_iter().chain([Node::File(boot.file.replace('/', "\\"))]);
        let option = LoadOption { description: boot.label.clone(), path: DevicePath(nodes.collect()) };
        let variable = |name: &str, data| Variable {
            guid: guids::GLOBAL_VARIABLE,
            name: name.to_owned(),
            attributes: NON_VOLATILE_BOOT_SERVICE | RUNTIME_ACCESS,
            data,
        };
        [variable("BootOrder", 1u16.to_le_bytes().to_vec()), variable("Boot0001", option.encode())]
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
            let original = self.file(*component).ok_or(ImageError::NotOnDisk(*component))?;
            // Two equal faults change the byte once: each starts from the untouched file.
            let content = original.content.with_byte(change.offset, |_| change.to);
            image = Arc::new(image.with_content(*component, content)?);
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
            // `ro` on the kernel's command line turns into `rw`.
            let at = bytes.windows(4).position(|window| window == b" ro ").ok_or_else(nothing)?;
            return Ok(Tampering { offset: at + 2, from: bytes[at + 2], to: b'w' });
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

fn text(name: &str, names: &Names) -> Result<String, ImageError> {
    render(name, names).ok_or_else(|| ImageError::NoTemplate(name.to_owned()))
}

fn bytes(spec: &FileSpec, names: &Names) -> Result<Vec<u8>, ImageError> {
    match (&spec.text, spec.filler) {
        (Some(name), _) => text(name, names).map(String::into_bytes),
        (None, len) => Ok(build::filler(&["file", &spec.path], len.unwrap_or(0))),
    }
}

/// GUIDs are baked into an image when it is built, so all its nodes share them.
fn guid_for(image: &str, what: &str) -> EfiGuid {
    let hash = Digests::of(format!("{image}\0{what}").as_bytes()).sha256;
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    EfiGuid(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

fn partitions(image: &str) -> PartitionTable {
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
