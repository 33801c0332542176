//! Loading modules while the system starts, as far as the console shows it.

use super::{KernelModule, ModuleSignature, judge};

/// What kernel and systemd say about the modules that are loaded at the start; silence about good ones.
///
/// Under Secure Boot the kernel enforces module signatures (`ima_efi.c`, `set_module_sig_enforced`; Ubuntu and Azure
/// Linux build it with `CONFIG_IMA_ARCH_POLICY`). The texts are those of `kernel/module/signing.c`, `kernel/module/main.c`
/// and systemd's `modules-load`; the time stamps are inferred.
pub fn load_at_start(modules: &[KernelModule], trusted: &[Vec<u8>], secure_boot: bool) -> Vec<String> {
    let loaded = modules.iter().filter(|module| module.loaded_at_start);
    loaded.flat_map(|module| said(module, &judge(module.content.bytes(), trusted), secure_boot)).collect()
}

fn said(module: &KernelModule, signature: &ModuleSignature, secure_boot: bool) -> Vec<String> {
    let name = module.name();
    let reason = match signature {
        ModuleSignature::Trusted { .. } => return Vec::new(),
        ModuleSignature::Unsigned => "unsigned module",
        ModuleSignature::UnknownKey { .. } => "module with unavailable key",
        ModuleSignature::Broken { .. } => return vec![rejected(name)],
    };
    if secure_boot {
        return vec![format!("[    2.417386] Loading of {reason} is rejected"), rejected(name)];
    }
    vec![
        format!("[    2.417386] {name}: loading out-of-tree module taints kernel."),
        format!(
            "[    2.417411] {name}: module verification failed: signature and/or required key missing - tainting kernel"
        ),
    ]
}

/// A signature that does not fit is an error whether signatures are enforced or not.
fn rejected(name: &str) -> String {
    format!("[    2.418027] systemd-modules-load[214]: Failed to insert module '{name}': Key was rejected by service")
}
