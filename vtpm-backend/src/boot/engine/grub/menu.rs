//! Menus (GRUB `normal/menu.c`, `commands/menuentry.c`). Nobody is there to choose: the default entry runs.

use control_plane::hardware::Component;

use super::Grub;
use super::files::Purpose;
use super::script::block_body;

/// A menu entry.
#[derive(Clone, Debug)]
pub(super) struct MenuEntry {
    title: String,
    id: Option<String>,
    /// The arguments that its script sees, the title first.
    arguments: Vec<String>,
    script: String,
    submenu: bool,
}

impl Grub<'_, '_> {
    /// `menuentry TITLE [OPTIONS] { SCRIPT }`; options and arguments may follow the title.
    pub(super) fn menuentry(&mut self, arguments: &[String], block: Option<&str>, submenu: bool) -> bool {
        let Some(block) = block else {
            self.not_followed("a menu entry without a block");
            return false;
        };
        let (mut id, mut own) = (None, Vec::new());
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--class" | "--users" | "--hotkey" | "--source" => {
                    words.next();
                }
                "--id" => id = words.next().cloned(),
                option if option.starts_with("--id=") => id = Some(option[5..].to_owned()),
                option if option.starts_with("--") => {}
                _ => own.push(word.clone()),
            }
        }
        let Some(title) = own.first().cloned() else {
            return false;
        };
        self.menu.push(MenuEntry { title, id, arguments: own, script: block_body(block).to_owned(), submenu });
        true
    }

    /// Adds an entry that no command has written into a script.
    pub(super) fn add_entry(&mut self, title: String, id: String, script: String) {
        let arguments = vec![title.clone()];
        self.menu.push(MenuEntry { title, id: Some(id), arguments, script, submenu: false });
    }

    /// Runs a configuration as normal mode does: reads the module lists, then the file, then its menu; after that it
    /// waits at its prompt.
    pub(super) fn normal(&mut self, config: &str) {
        let prefix = self.environment.get("prefix").unwrap_or_default().to_owned();
        self.read_lists(&prefix);
        self.run_config(config);
        self.run_menu();
        if !self.is_over() {
            self.print("grub>");
            self.waiting = true;
        }
    }

    /// The lists of modules that are read whenever the prefix is set (`read_lists`).
    pub(super) fn read_lists(&mut self, prefix: &str) {
        for list in ["command", "fs", "crypto", "terminal"] {
            let name = format!("{prefix}/x86_64-efi/{list}.lst");
            self.open_quietly(&name, Purpose::Data, Component::GrubConfig);
        }
    }

    fn run_config(&mut self, name: &str) -> bool {
        let subject = if name.starts_with("(memdisk)") { Component::Grub } else { Component::GrubConfig };
        let Some(content) = self.open(name, Purpose::Data, subject) else {
            return false;
        };
        // Scripts can ask where they are; the outer one's answer comes back afterwards (`read_config_file`).
        let outer = ["config_file", "config_directory"].map(|key| self.environment.get(key).map(str::to_owned));
        let folder = name.rsplit_once('/').map_or(name, |(folder, _)| folder);
        self.environment.set_exported("config_file", name);
        self.environment.set_exported("config_directory", folder);
        let status = self.run_script(&String::from_utf8_lossy(content.bytes()), subject);
        for (key, value) in ["config_file", "config_directory"].into_iter().zip(outer) {
            match value {
                Some(value) => self.environment.set(key, value),
                None => self.environment.unset(key),
            }
        }
        status
    }

    /// `source`: runs a script here.
    pub(super) fn source(&mut self, name: &str) -> bool {
        self.nested(|grub| grub.run_config(name))
    }

    /// `configfile`: runs a script with its own menu and variables; only exported ones are handed on.
    pub(super) fn configfile(&mut self, name: &str) -> bool {
        self.nested(|grub| {
            let outer_menu = std::mem::take(&mut grub.menu);
            let opened = grub.environment.opened();
            let outer = std::mem::replace(&mut grub.environment, opened);
            let status = grub.run_config(name);
            grub.run_menu();
            grub.environment = outer;
            grub.menu = outer_menu;
            status
        })
    }

    /// Runs the default entry of the menu and boots what it has loaded; if that fails, the fallback entries. Then the
    /// menu waits.
    pub(super) fn run_menu(&mut self) {
        if self.is_over() || self.menu.is_empty() {
            return;
        }
        let default = self.environment.get("default").unwrap_or("0").to_owned();
        let fallback = self.environment.get("fallback").unwrap_or_default().to_owned();
        self.run_named(&default);
        for name in fallback.split_whitespace() {
            if !self.is_over() {
                self.print("Falling back to `".to_owned() + name + "'");
                self.run_named(name);
            }
        }
        if !self.is_over() {
            self.print("Press any key to continue...");
            self.waiting = true;
        }
    }

    /// Runs the entry of this number, title or id; what follows a `>` names an entry of its submenu.
    fn run_named(&mut self, name: &str) {
        let (own, inner) = match name.split_once('>') {
            Some((own, inner)) => (own, Some(inner.to_owned())),
            None => (name, None),
        };
        let entry = self.entry(own).unwrap_or_else(|| {
            self.session.note(format!("GRUB's menu has no entry '{own}'; its first one is taken"));
            self.menu[0].clone()
        });
        self.run_entry(&entry, inner);
    }

    fn entry(&self, wanted: &str) -> Option<MenuEntry> {
        let by_name = self.menu.iter().find(|entry| entry.id.as_deref() == Some(wanted) || entry.title == wanted);
        let by_number = || self.menu.get(wanted.parse::<usize>().ok()?);
        by_name.or_else(by_number).cloned()
    }

    fn run_entry(&mut self, entry: &MenuEntry, inner: Option<String>) {
        self.print(format!("  Booting `{}'", entry.title));
        self.environment.set("chosen", entry.title.clone());
        // The arguments are set by a command that is measured like any other.
        let quoted = entry.arguments.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''")));
        let script = format!("setparams {}\n{}", quoted.collect::<Vec<_>>().join(" "), entry.script);
        self.nested(|grub| {
            if entry.submenu {
                let opened = grub.environment.opened();
                let outer = std::mem::replace(&mut grub.environment, opened);
                let outer_menu = std::mem::take(&mut grub.menu);
                grub.environment.set("default", inner.unwrap_or_else(|| "0".to_owned()));
                grub.scopes.push(Vec::new());
                let status = grub.run_script(&script, Component::GrubConfig);
                grub.scopes.pop();
                grub.run_menu();
                grub.menu = outer_menu;
                grub.environment = outer;
                return status;
            }
            grub.scopes.push(entry.arguments.clone());
            let status = grub.run_script(&script, Component::GrubConfig);
            grub.scopes.pop();
            if status && grub.loaded.is_some() && !grub.is_over() {
                // Unlike a `boot` in a script, this one is no command line and not measured.
                grub.boot();
            }
            status
        });
    }
}
