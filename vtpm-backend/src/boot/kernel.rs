//! The kernel: from here on only the console shows anything; the operating system is the guest's own business.

use super::Platform;
use super::recorder::Recorder;

/// The first lines of a kernel's log. They depend on the command line and on Secure Boot as Linux's do.
pub(super) fn run(platform: &Platform<'_>, command_line: &str, recorder: &mut Recorder) {
    if platform.secure_boot {
        recorder.print("EFI stub: UEFI Secure Boot is enabled.");
    }
    let distribution = &platform.image.distribution;
    recorder.print(format!("[    0.000000] Linux version {}", distribution.kernel_release));
    recorder.print(format!("[    0.000000] Command line: BOOT_IMAGE={command_line}"));
    if platform.secure_boot {
        recorder.print("[    0.000000] secureboot: Secure boot enabled");
        recorder.print("[    0.000000] Kernel is locked down from EFI Secure Boot mode; see man kernel_lockdown.7");
    } else {
        recorder.print("[    0.000000] secureboot: Secure boot disabled");
    }
}
