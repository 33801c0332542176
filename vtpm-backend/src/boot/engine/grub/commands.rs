//! The commands that boot configurations use.

use control_plane::hardware::Component;

use super::files::Purpose;
use super::search::By;
use super::{Grub, environment, eval};

/// Commands that change nothing that is measured or decided later: screens, terminals, waiting.
const NEUTRAL: [&str; 24] = [
    "acpi",
    "background_color",
    "badram",
    "clear",
    "cls",
    "cutmem",
    "gettext",
    "outb",
    "password",
    "password_pbkdf2",
    "play",
    "rmmod",
    "serial",
    "sleep",
    "terminal_input",
    "terminal_output",
    "terminfo",
    "videoinfo",
    "videotest",
    "setpci",
    "loadkeys",
    "authenticate",
    "timeout",
    "stall",
];

impl Grub<'_, '_> {
    pub(super) fn dispatch(&mut self, arguments: &[String], block: Option<&str>) -> bool {
        let Some((name, rest)) = arguments.split_first() else {
            return false;
        };
        let first = rest.first().map(String::as_str);
        match name.as_str() {
            "[" => {
                let inner = rest.strip_suffix(&["]".to_owned()]).unwrap_or(rest);
                self.test(inner)
            }
            "test" => self.test(rest),
            "set" => first.is_none_or(|assignment| self.assign(assignment)),
            "unset" => {
                rest.iter().for_each(|name| self.environment.unset(name));
                true
            }
            "export" => {
                rest.iter().for_each(|name| self.environment.export(name));
                true
            }
            "echo" => {
                let words = rest.iter().filter(|word| !matches!(word.as_str(), "-n" | "-e"));
                let text = words.cloned().collect::<Vec<_>>().join(" ");
                self.print(text);
                true
            }
            "true" => true,
            "false" => false,
            "search" => self.search(rest),
            "search.fs_uuid" | "search.file" | "search.fs_label" => {
                let by = match name.as_str() {
                    "search.file" => By::File,
                    "search.fs_label" => By::Label,
                    _ => By::Uuid,
                };
                first.is_some_and(|wanted| self.find(by, wanted, rest.get(1).map(String::as_str)))
            }
            "source" | "." => first.is_some_and(|file| self.source(file)),
            "configfile" => first.is_some_and(|file| self.configfile(file)),
            "normal" => {
                let prefix = self.environment.get("prefix").unwrap_or_default().to_owned();
                let own = format!("{prefix}/grub.cfg");
                let config = first.unwrap_or(&own).to_owned();
                self.nested(|grub| {
                    grub.normal(&config);
                    true
                })
            }
            "menuentry" => self.menuentry(rest, block, false),
            "submenu" => self.menuentry(rest, block, true),
            "setparams" => {
                if let Some(scope) = self.scopes.last_mut() {
                    *scope = rest.to_vec();
                }
                true
            }
            "linux" | "linuxefi" | "linux16" => self.linux(rest),
            "initrd" | "initrdefi" | "initrd16" => self.initrd(rest),
            "boot" => self.boot(),
            "chainloader" => self.chainloader(rest),
            "blscfg" => self.blscfg(),
            // Hyper-V's and edk2's firmware both can show their settings; nobody is there to choose the entry that does.
            "fwsetup" => true,
            "insmod" => first.is_some_and(|module| self.insmod(module)),
            "loadfont" => rest.iter().all(|font| self.loadfont(font)),
            "load_env" => self.load_env(rest),
            // Opened without the verifiers' seeing it; that the block on the disk changes does not matter to this boot.
            "save_env" => true,
            "background_image" => {
                let file = rest.iter().find(|word| !word.starts_with('-')).cloned();
                file.is_none_or(|file| self.open(&file, Purpose::Data, Component::GrubConfig).is_some())
            }
            "return" => {
                self.returning = true;
                first.map_or(self.status, |number| number == "0")
            }
            "break" => {
                self.breaking = first.and_then(|number| number.parse().ok()).unwrap_or(1);
                true
            }
            neutral if NEUTRAL.contains(&neutral) => true,
            other => self.other(other, rest),
        }
    }

    /// A function, an assignment, or something that is not known here.
    fn other(&mut self, name: &str, arguments: &[String]) -> bool {
        if let Some(status) = self.call(name, arguments) {
            return status;
        }
        if name.contains('=') {
            return self.assign(name);
        }
        self.not_followed(format!("the command '{name}'"));
        // What GRUB says of a command that it does not have, and its status: not an error (`execute.c`).
        self.print(format!("error: can't find command `{name}'."));
        false
    }

    fn test(&mut self, arguments: &[String]) -> bool {
        eval::test(arguments, &mut |test, name| self.file_test(test, name))
    }

    fn assign(&mut self, assignment: &str) -> bool {
        let Some((name, value)) = assignment.split_once('=') else {
            return false;
        };
        let (name, value) = (name.to_owned(), value.to_owned());
        self.assign_variable(&name, &value);
        true
    }

    /// Sets a variable. A new prefix makes normal mode read the lists of modules there.
    pub(super) fn assign_variable(&mut self, name: &str, value: &str) {
        self.environment.set(name, value);
        if name == "prefix" {
            self.read_lists(value);
        }
    }

    /// A module that is built in is there already; another one is read from the disk, and refused with Secure Boot.
    fn insmod(&mut self, module: &str) -> bool {
        if self.modules.names.contains(module) {
            return true;
        }
        let prefix = self.environment.get("prefix").unwrap_or_default();
        let name = if module.contains('/') { module.to_owned() } else { format!("{prefix}/x86_64-efi/{module}.mod") };
        let loaded = self.open(&name, Purpose::Restricted, Component::GrubConfig).is_some();
        if loaded {
            self.not_followed(format!("which other modules '{module}' needs from the disk"));
        }
        loaded
    }

    /// Fonts by name are in the prefix's folder.
    fn loadfont(&mut self, font: &str) -> bool {
        if font.starts_with('-') {
            return true;
        }
        let prefix = self.environment.get("prefix").unwrap_or_default();
        let name = if font.contains('/') || font.starts_with('(') {
            font.to_owned()
        } else {
            format!("{prefix}/fonts/{font}.pf2")
        };
        self.open(&name, Purpose::Restricted, Component::GrubConfig).is_some()
    }

    /// `load_env [-f FILE] [--skip-sig] [NAME…]`.
    fn load_env(&mut self, arguments: &[String]) -> bool {
        let prefix = self.environment.get("prefix").unwrap_or_default();
        let mut file = format!("{prefix}/grubenv");
        let (mut names, mut skip) = (Vec::new(), false);
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-f" | "--file" => file = words.next().cloned().unwrap_or_default(),
                "-s" | "--skip-sig" => skip = true,
                word => match word.strip_prefix("--file=") {
                    Some(name) => file = name.to_owned(),
                    None => names.push(word.to_owned()),
                },
            }
        }
        if skip {
            self.not_followed("'load_env --skip-sig' (its file is not measured)");
            return true;
        }
        let Some(content) = self.open(&file, Purpose::Data, Component::GrubConfig) else {
            return false;
        };
        let Some(variables) = environment::parse_block(content.bytes()) else {
            self.print("error: invalid environment block.");
            return false;
        };
        for (name, value) in variables {
            if names.is_empty() || names.contains(&name) {
                self.assign_variable(&name, &value);
            }
        }
        true
    }
}
