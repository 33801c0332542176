//! `linux` and `initrd`: loading what is booted.

use control_plane::hardware::Component;

use crate::boot::engine::Version;

use super::files::Purpose;
use super::{Grub, Kernel, Loaded};

/// What GRUB says when shim refuses a kernel.
const BAD_SIGNATURE: &str = "bad shim signature";

impl Grub<'_, '_> {
    /// Opens the kernel, which the verifiers see in their order: the TPM measures the file, then shim is asked. With
    /// Secure Boot the loader of 2.06 asks shim a second time, so a good kernel is in PCR 4 twice. Without Secure Boot
    /// the shim lock verifier is not active, and PCR 4 does not know the kernel. Seen in boots of Debian's 2.06; that Ubuntu's
    /// and Azure Linux's builds of 2.06 do the same is inferred.
    pub(super) fn linux(&mut self, arguments: &[String]) -> bool {
        let Some(name) = arguments.first() else {
            return false;
        };
        self.loaded = None;
        let Some(content) = self.open(name, Purpose::Kernel, Component::Kernel) else {
            return false;
        };
        if self.session.secure_boot {
            let times = if self.version < Version::GRUB_2_12 { 2 } else { 1 };
            for _ in 0..times {
                if let Err(why) = self.ask_shim(&content) {
                    self.refuse(name, &why);
                    return false;
                }
            }
        }
        if content.bytes().get(0x202..0x206) != Some(b"HdrS") {
            self.print("error: invalid magic number.");
            self.not_followed(format!("{name}, which is no Linux kernel with a setup header,"));
        }
        let command_line = command_line(arguments);
        self.measure_text("kernel_cmdline: ", &command_line);
        self.loaded = Some(Loaded::Kernel(Kernel { content, command_line, initrd: Vec::new() }));
        true
    }

    /// Keeps the refusal of a program and says what GRUB says of it.
    pub(super) fn refuse(&mut self, name: &str, why: &str) {
        self.session.note(format!("{name} was refused: {why}"));
        self.session.mark_refusal();
        self.print(format!("error: {BAD_SIGNATURE}."));
        self.refused = Some(BAD_SIGNATURE.to_owned());
    }

    pub(super) fn ask_shim(&mut self, content: &crate::image::Content) -> Result<(), String> {
        match self.shim.as_deref_mut() {
            Some(shim) => shim.verify_for_grub(self.session, content),
            None => Err("GRUB was not started by shim, and nobody vouches for kernels".to_owned()),
        }
    }

    /// Opens initial RAM disks one after another.
    pub(super) fn initrd(&mut self, arguments: &[String]) -> bool {
        if !matches!(self.loaded, Some(Loaded::Kernel(_))) {
            self.print("error: you need to load the kernel first.");
            return false;
        }
        let mut all = Vec::new();
        for name in arguments.iter().filter(|name| !name.starts_with("--")) {
            let file = match name.strip_prefix("newc:").and_then(|rest| rest.split_once(':')) {
                Some((_, file)) => {
                    self.not_followed("an initrd given as 'newc:' (its file is measured)");
                    file
                }
                None => name.as_str(),
            };
            let Some(content) = self.open(file, Purpose::Initrd, Component::Initrd) else {
                return false;
            };
            all.push(content);
        }
        if let Some(Loaded::Kernel(loaded)) = &mut self.loaded {
            loaded.initrd = all;
        }
        true
    }
}

/// The command line as GRUB joins it (`grub_create_loader_cmdline`): arguments with blanks are quoted, quotes and
/// backslashes escaped.
fn command_line(arguments: &[String]) -> String {
    let argument = |word: &String| {
        let mut out = String::new();
        for c in word.chars() {
            if matches!(c, '\\' | '\'' | '"') {
                out.push('\\');
            }
            out.push(c);
        }
        if word.contains(' ') { format!("\"{out}\"") } else { out }
    };
    arguments.iter().map(argument).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_quoted() {
        let words = ["/vmlinuz", "a b", "c\"d", r"e\f"].map(str::to_owned);
        assert_eq!(command_line(&words), r#"/vmlinuz "a b" c\"d e\\f"#);
    }
}
