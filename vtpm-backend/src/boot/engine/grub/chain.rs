//! `chainloader` (GRUB `loader/efi/chainloader.c`): starting another UEFI program.

use control_plane::hardware::Component;

use crate::boot::engine::loader::{self, BootFile};
use crate::boot::engine::{Version, firmware};

use super::files::Purpose;
use super::{Grub, Loaded};

impl Grub<'_, '_> {
    /// Opens the program: the TPM measures the file, then shim is asked while Secure Boot is on.
    pub(super) fn chainloader(&mut self, arguments: &[String]) -> bool {
        let Some(name) = arguments.iter().find(|word| !word.starts_with('-')) else {
            return false;
        };
        self.loaded = None;
        let Some(content) = self.open(name, Purpose::Kernel, Component::Kernel) else {
            return false;
        };
        if self.session.secure_boot
            && let Err(why) = self.ask_shim(&content)
        {
            self.refuse(name, &why);
            return false;
        }
        let path = name.rsplit_once(')').map_or(name.as_str(), |(_, path)| path).replace('/', "\\");
        self.loaded = Some(Loaded::Program(BootFile { path, content }));
        true
    }

    /// Lets the firmware load and start the program: it decides once more by its own lists, measures it, and names the
    /// EFI system partition as its place.
    pub(super) fn start_program(&mut self, file: &BootFile) -> bool {
        if self.version >= Version::GRUB_2_12 {
            self.not_followed("that Ubuntu's GRUB 2.12 starts programs itself, without the firmware,");
        }
        let digests = match firmware::admit(self.session, Component::Kernel, file) {
            Ok(digests) => digests,
            Err(denial) => {
                self.refuse(&file.path, &denial.to_string());
                self.print("error: cannot load image.");
                return false;
            }
        };
        firmware::measure_application(self.session, Component::Kernel, file, digests);
        match loader::start(self.session, file) {
            Ok(()) => self.booted = true,
            Err(refusal) => {
                self.refused_by_program = Some(refusal);
                self.waiting = true;
            }
        }
        self.booted
    }
}
