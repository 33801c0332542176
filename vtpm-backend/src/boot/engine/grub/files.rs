//! GRUB's view of the disk.

use std::sync::Arc;

use control_plane::hardware::Component;

use crate::disk::{Kind, Volume};
use crate::eventlog::EventType;
use crate::image::Content;

use super::Grub;
use super::eval::FileTest;

/// Why a file is opened: what the verifiers do with it depends on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Configurations, lists, environment blocks, searches, pictures: measured.
    Data,
    /// Modules, fonts, ACPI and device trees: measured, then refused while Secure Boot is on (`shim_lock` verifier).
    Restricted,
    /// Kernels: measured, then shim is asked while Secure Boot is on.
    Kernel,
    /// Initial RAM disks: measured.
    Initrd,
}

/// A place: a volume and a path on it.
struct Place<'v> {
    volume: &'v Volume,
    path: String,
    /// Files on the memory disk are part of GRUB's image, and no verifier sees them.
    is_memdisk: bool,
}

impl Grub<'_, '_> {
    /// Device and path of a name; names without a device are on `$root`.
    fn split(&self, name: &str) -> Option<(String, String)> {
        match name.strip_prefix('(') {
            Some(rest) => {
                let (device, path) = rest.split_once(')')?;
                Some((device.to_owned(), path.to_owned()))
            }
            None => Some((self.environment.get("root").unwrap_or_default().to_owned(), name.to_owned())),
        }
    }

    /// The partition number of a device such as `hd0,gpt1`.
    pub(super) fn partition(device: &str) -> Option<u32> {
        let rest = device.strip_prefix("hd0,")?;
        rest.strip_prefix("gpt").unwrap_or(rest).parse().ok()
    }

    /// Whether a test about a file holds; nothing is opened or measured.
    pub(super) fn file_test(&mut self, test: FileTest, name: &str) -> bool {
        let Some((device, path)) = self.split(name) else {
            return false;
        };
        let kind = if device == "memdisk" {
            let memdisk = self.memdisk.as_ref();
            memdisk.and_then(|volume| volume.kind(&path).ok().flatten())
        } else {
            let volume = Self::partition(&device).and_then(|number| self.session.disk.volume(number));
            volume.and_then(|volume| self.session.kind(volume, &path))
        };
        match (test, kind) {
            (_, None) => false,
            (FileTest::Exists, Some(_)) => true,
            (FileTest::IsFolder, Some(kind)) => kind == Kind::Folder,
            (FileTest::IsFile, Some(kind)) => kind != Kind::Folder,
            (FileTest::HasContent, Some(kind)) => matches!(kind, Kind::File(len) if len > 0),
        }
    }

    /// The names in a folder; nothing is measured.
    pub(super) fn list(&mut self, name: &str) -> Vec<String> {
        let Some((device, path)) = self.split(name) else {
            return Vec::new();
        };
        let volume = Self::partition(&device).and_then(|number| self.session.disk.volume(number));
        volume.map(|volume| self.session.list(volume, &path)).unwrap_or_default()
    }

    /// Opens a file: GRUB measures every file that it opens into PCR 9, under the name that it was asked for, before
    /// anybody decides whether it may be used. Prints why when it cannot be opened.
    pub(super) fn open(&mut self, name: &str, purpose: Purpose, subject: Component) -> Option<Arc<Content>> {
        let opened = self.open_quietly(name, purpose, subject);
        match &opened {
            Opened::Missing => self.print(format!("error: file `{name}' not found.")),
            Opened::Prohibited => self.print("error: prohibited by secure boot policy."),
            Opened::Content(_) => {}
        }
        opened.content()
    }

    /// As [`Grub::open`], without a message.
    pub(super) fn open_quietly(&mut self, name: &str, purpose: Purpose, subject: Component) -> Opened {
        let Some((device, path)) = self.split(name) else {
            return Opened::Missing;
        };
        let place = if device == "memdisk" {
            self.memdisk.as_ref().map(|volume| Place { volume, path, is_memdisk: true })
        } else {
            let number = Self::partition(&device);
            let volume = number.and_then(|number| self.session.disk.volume(number));
            volume.map(|volume| Place { volume, path, is_memdisk: false })
        };
        let Some(place) = place else {
            return Opened::Missing;
        };
        if place.is_memdisk {
            let content = place.volume.file(&place.path).ok().flatten();
            return content.map_or(Opened::Missing, Opened::Content);
        }
        let Some(content) = self.session.file(place.volume, &place.path) else {
            return Opened::Missing;
        };
        let data = [name.as_bytes(), b"\0"].concat();
        self.session.recorder.measure_digest(subject, 9, EventType::IPL, content.digests(), data);
        if purpose == Purpose::Restricted && self.session.secure_boot {
            return Opened::Prohibited;
        }
        Opened::Content(content)
    }
}

/// What became of opening a file.
pub(super) enum Opened {
    Missing,
    Prohibited,
    Content(Arc<Content>),
}

impl Opened {
    pub(super) fn content(self) -> Option<Arc<Content>> {
        match self {
            Opened::Content(content) => Some(content),
            Opened::Missing | Opened::Prohibited => None,
        }
    }
}
