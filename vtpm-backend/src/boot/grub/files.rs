//! GRUB's view of the disk.

use control_plane::hardware::Component;

use crate::eventlog::EventType;
use crate::image::{BootFile, Content};

use super::Grub;

/// The partition with the root file system.
const ROOT: &str = "(hd0,gpt1)";

impl Grub<'_> {
    /// A name with its device: names without one are on `$root`.
    fn absolute(&self, name: &str) -> String {
        if name.starts_with('(') {
            return name.to_owned();
        }
        let root = self.variables.get("root").map_or("", String::as_str);
        format!("({root}){name}")
    }

    /// All files with their absolute names.
    fn files(&self) -> [(String, &BootFile, Component); 4] {
        let image = self.platform.image;
        [
            (image.grub_stub.path.clone(), &image.grub_stub, Component::GrubConfig),
            (image.grub_config.path.clone(), &image.grub_config, Component::GrubConfig),
            (format!("{ROOT}{}", image.kernel.path), &image.kernel, Component::Kernel),
            (format!("{ROOT}{}", image.initrd.path), &image.initrd, Component::Initrd),
        ]
    }

    /// Whether a file or folder of this name exists.
    pub(super) fn exists(&self, name: &str) -> bool {
        let name = self.absolute(name);
        let folder = format!("{}/", name.trim_end_matches('/'));
        self.files().iter().any(|(path, _, _)| *path == name || path.starts_with(&folder))
    }

    /// Opens a file: GRUB measures every file it opens into PCR 9, under the name that it was asked for.
    pub(super) fn open(&mut self, name: &str) -> Option<(std::sync::Arc<Content>, Component)> {
        let absolute = self.absolute(name);
        let found = self.files().into_iter().find(|(path, _, _)| *path == absolute);
        let Some((content, subject)) = found.map(|(_, file, subject)| (file.content.clone(), subject)) else {
            self.recorder.print(format!("error: file `{name}' not found."));
            return None;
        };
        let data = [name.as_bytes(), b"\0"].concat();
        self.recorder.measure_digest(subject, 9, EventType::IPL, content.digests(), data);
        Some((content, subject))
    }
}
