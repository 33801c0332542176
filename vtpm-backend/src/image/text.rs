//! The texts on node disks: templates with the image's own names and identifiers.

use crate::uefi::EfiGuid;

/// What a template's `{{…}}` stand for.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// `{{root}}`: the root file system's UUID.
    pub(super) root: EfiGuid,
    /// `{{partuuid}}`: the root partition's own GUID.
    pub(super) partuuid: EfiGuid,
    /// `{{release}}`: the kernel's release.
    pub(super) release: String,
    /// `{{kernel}}`: its path.
    pub(super) kernel: String,
    /// `{{initrd}}`: the path of the initial RAM disk.
    pub(super) initrd: String,
}

/// A template of the folder `configs`; `None` when there is none of this name.
fn template(name: &str) -> Option<&'static str> {
    Some(match name {
        "ubuntu-memdisk.cfg" => include_str!("configs/ubuntu-memdisk.cfg"),
        "ubuntu-stub.cfg" => include_str!("configs/ubuntu-stub.cfg"),
        "ubuntu-22.04.cfg" => include_str!("configs/ubuntu-22.04.cfg"),
        "ubuntu-24.04.cfg" => include_str!("configs/ubuntu-24.04.cfg"),
        "azure-linux-stub.cfg" => include_str!("configs/azure-linux-stub.cfg"),
        "azure-linux-2.cfg" => include_str!("configs/azure-linux-2.cfg"),
        "azure-linux-3.cfg" => include_str!("configs/azure-linux-3.cfg"),
        "mariner.cfg" => include_str!("configs/mariner.cfg"),
        "systemd.cfg" => include_str!("configs/systemd.cfg"),
        "grubenv" => include_str!("configs/grubenv"),
        "loader.conf" => include_str!("configs/loader.conf"),
        "uki.cmdline" => include_str!("configs/uki.cmdline"),
        _ => return None,
    })
}

/// A text with everything filled in; `None` when there is no template of this name.
pub(super) fn render(name: &str, names: &Names) -> Option<String> {
    let text = template(name)?;
    Some(
        text.replace("{{root}}", &names.root.to_string())
            .replace("{{partuuid}}", &names.partuuid.to_string())
            .replace("{{release}}", &names.release)
            .replace("{{kernel}}", &names.kernel)
            .replace("{{initrd}}", &names.initrd),
    )
}
