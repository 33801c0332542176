//! The commands that boot configurations use.

use control_plane::hardware::Component;

use crate::eventlog::EventType;
use crate::pcr::Digests;

use super::script::{Statement, Word};
use super::{COMMANDS_MAX, Grub, Loaded, MenuEntry, eval};

/// What GRUB says when shim refuses a kernel.
const BAD_SIGNATURE: &str = "bad shim signature";

impl Grub<'_> {
    pub(super) fn run_statements(&mut self, statements: &[Statement]) -> bool {
        let mut status = true;
        for statement in statements {
            status = match statement {
                Statement::Command { words, block } => self.run_command(words, block.as_deref()),
                Statement::If { arms, otherwise } => {
                    let chosen = arms.iter().find(|(condition, _)| self.run_statements(condition));
                    let body = chosen.map_or(otherwise, |(_, body)| body);
                    self.run_statements(body)
                }
            };
        }
        status
    }

    fn run_command(&mut self, words: &[Word], block: Option<&str>) -> bool {
        let mut arguments = eval::expand(words, &self.variables);
        arguments.extend(block.map(str::to_owned));
        if arguments.is_empty() || self.commands == COMMANDS_MAX {
            return false;
        }
        self.commands += 1;
        self.measure_text("grub_cmd: ", &arguments.join(" "));
        if arguments[0] == "!" {
            return !self.dispatch(&arguments[1..]);
        }
        self.dispatch(&arguments)
    }

    fn dispatch(&mut self, arguments: &[String]) -> bool {
        let Some((name, rest)) = arguments.split_first() else {
            return false;
        };
        match name.as_str() {
            "[" | "test" => eval::test(rest.strip_suffix(&["]".to_owned()]).unwrap_or(rest), &|file| self.exists(file)),
            "set" => rest.first().is_none_or(|assignment| self.assign(assignment)),
            "echo" => {
                self.recorder.print(rest.join(" "));
                true
            }
            "search" => self.search(rest),
            "search.fs_uuid" => rest.first().is_some_and(|uuid| self.find_file_system(uuid, rest.get(1))),
            "source" | "." => rest.first().is_some_and(|file| self.source(file)),
            "configfile" => rest.first().is_some_and(|file| self.configfile(file)),
            "menuentry" => self.menuentry(rest),
            "linux" => self.linux(rest),
            "initrd" => self.initrd(rest),
            // Settings and modules that change nothing here.
            "export" | "insmod" | "serial" | "terminal_input" | "terminal_output" | "load_env" | "save_env"
            | "setparams" | "boot" | "true" => true,
            "false" => false,
            assignment if assignment.contains('=') => self.assign(assignment),
            unknown => {
                self.recorder.print(format!("error: can't find command `{unknown}'."));
                false
            }
        }
    }

    /// PCR 8: the text without its prefix and without the NUL that the log shows.
    fn measure_text(&mut self, prefix: &str, text: &str) {
        let data = [prefix.as_bytes(), text.as_bytes(), b"\0"].concat();
        self.recorder.measure_digest(self.subject, 8, EventType::IPL, Digests::of(text.as_bytes()), data);
    }

    fn assign(&mut self, assignment: &str) -> bool {
        let Some((name, value)) = assignment.split_once('=') else {
            return false;
        };
        self.variables.insert(name.to_owned(), value.to_owned());
        true
    }

    /// `search --fs-uuid --set=VARIABLE UUID`; other searches find nothing on this disk.
    fn search(&mut self, arguments: &[String]) -> bool {
        let (options, names): (Vec<&String>, Vec<_>) = arguments.iter().partition(|word| word.starts_with("--"));
        let by_uuid = options.iter().any(|option| *option == "--fs-uuid");
        let variable = options.iter().find_map(|option| option.strip_prefix("--set=")).unwrap_or("root").to_owned();
        match names.first() {
            Some(uuid) if by_uuid => self.find_file_system(uuid, Some(&variable)),
            _ => false,
        }
    }

    fn find_file_system(&mut self, uuid: &str, variable: Option<&String>) -> bool {
        if uuid != self.platform.image.file_system.to_string() {
            self.recorder.print(format!("error: no such device: {uuid}."));
            return false;
        }
        let variable = variable.map_or("root", String::as_str);
        self.variables.insert(variable.to_owned(), "hd0,gpt1".to_owned());
        true
    }

    fn source(&mut self, name: &str) -> bool {
        let Some((content, subject)) = self.open(name) else {
            return false;
        };
        self.run_script(&String::from_utf8_lossy(content.bytes()), subject)
    }

    /// As `source`, in a new context with a menu of its own, which is then run.
    fn configfile(&mut self, name: &str) -> bool {
        let outer = std::mem::take(&mut self.menu);
        let status = self.source(name);
        self.run_menu();
        self.menu = outer;
        status
    }

    fn menuentry(&mut self, arguments: &[String]) -> bool {
        let [title, .., block] = arguments else {
            return false;
        };
        let script = block.strip_prefix('{').and_then(|block| block.strip_suffix('}')).unwrap_or_default();
        self.menu.push(MenuEntry { title: title.clone(), script: script.to_owned() });
        true
    }

    /// Opens the kernel, which the verifiers see in their order: the TPM measures the file, then shim is asked. With
    /// Secure Boot the loader asks shim a second time (GRUB 2.06), so a good kernel is in PCR 4 twice. Without Secure
    /// Boot the shim lock verifier is not active, and PCR 4 does not know the kernel.
    fn linux(&mut self, arguments: &[String]) -> bool {
        let Some(name) = arguments.first() else {
            return false;
        };
        self.loaded = None;
        let Some((kernel, Component::Kernel)) = self.open(name) else {
            return false;
        };
        if self.platform.secure_boot {
            let (shim, recorder) = (self.shim, &mut *self.recorder);
            if !shim.verify_for_grub(&kernel, recorder) || !shim.verify_for_grub(&kernel, recorder) {
                recorder.print(format!("error: {BAD_SIGNATURE}."));
                self.refused = Some(BAD_SIGNATURE);
                return false;
            }
        }
        let command_line = arguments.join(" ");
        self.measure_text("kernel_cmdline: ", &command_line);
        self.loaded = Some(Loaded { command_line });
        true
    }

    fn initrd(&mut self, arguments: &[String]) -> bool {
        if self.loaded.is_none() {
            self.recorder.print("error: you need to load the kernel first.");
            return false;
        }
        arguments.iter().all(|name| self.open(name).is_some())
    }
}
