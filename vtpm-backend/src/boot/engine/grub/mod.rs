//! GRUB: the second-stage boot loader.
//!
//! Its configuration is really read and run, because PCR 8 depends on every command of every script, and PCR 9 on every
//! file that is opened. What it measures and when follows GRUB 2.06 and 2.12: `kern/verifiers.c`, `commands/tpm.c`,
//! `script/execute.c`, `normal/main.c`, `kern/efi/sb.c`.

mod bls;
mod chain;
mod commands;
mod environment;
mod eval;
mod execute;
mod files;
mod linux;
mod menu;
mod modules;
mod script;
mod search;

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use control_plane::hardware::Component;

use crate::boot::Refusal;
use crate::disk::{Volume, fat_volume};
use crate::image::{Content, pe};
use crate::pcr::Digests;

use crate::uefi::variable::utf16;

use super::loader::{BootFile, folder, refusal};
use super::session::Session;
use super::shim::{Shim, sbat};
use super::{Version, kernel};

use environment::Environment;
use menu::MenuEntry;
use modules::Modules;
use script::Statement;

/// How deeply scripts, functions and menus may call each other.
const DEPTH_MAX: usize = 24;
/// Most commands that one boot runs.
const COMMANDS_MAX: usize = 20_000;

/// Runs GRUB until a kernel has started or nothing is left to run.
pub(super) fn run(session: &mut Session<'_>, file: &BootFile, shim: Option<&mut Shim>) -> Result<(), Refusal> {
    let bytes = file.content.bytes();
    let section = pe::section(bytes, "mods").ok().flatten().unwrap_or_default();
    let modules = Modules::read(section).unwrap_or_else(|e| {
        session.note(format!("GRUB's modules cannot be read ({e}); its own configuration is not followed"));
        Modules::default()
    });
    let version = version(session, bytes);
    let mut grub = Grub::new(session, shim, version, modules, folder(&file.path));
    grub.session.recorder.print("Welcome to GRUB!");
    grub.start();
    grub.finish()
}

fn version(session: &mut Session<'_>, bytes: &[u8]) -> Version {
    let section = pe::section(bytes, ".sbat").ok().flatten().unwrap_or_default();
    let own = sbat::version_of(section, "grub").and_then(|text| text.parse().ok());
    session.grub_version.or(own).unwrap_or_else(|| {
        session.note("this GRUB does not tell its version; 2.06 is assumed (--grub-version says otherwise)");
        Version::new(2, 6)
    })
}

/// What was loaded and may be started.
#[derive(Debug)]
enum Loaded {
    /// A Linux kernel.
    Kernel(Kernel),
    /// A UEFI program.
    Program(BootFile),
}

/// A kernel that was loaded.
#[derive(Debug)]
struct Kernel {
    content: Arc<Content>,
    command_line: String,
    /// The initial RAM disks in order.
    initrd: Vec<Arc<Content>>,
}

/// The hash of initial RAM disks as GRUB hands them over: each starts at a multiple of four bytes.
fn joined(files: &[Arc<Content>]) -> Option<Digests> {
    match files {
        [] => None,
        [one] => Some(one.digests()),
        several => {
            let mut all = Vec::new();
            for file in several {
                all.resize(all.len().next_multiple_of(4), 0);
                all.extend_from_slice(file.bytes());
            }
            Some(Digests::of(&all))
        }
    }
}

/// A running GRUB.
struct Grub<'a, 'd> {
    session: &'a mut Session<'d>,
    shim: Option<&'a mut Shim>,
    version: Version,
    modules: Modules,
    memdisk: Option<Volume>,
    environment: Environment,
    functions: BTreeMap<String, Vec<Statement>>,
    /// The arguments of the functions and menu entries that run, innermost last.
    scopes: Vec<Vec<String>>,
    menu: Vec<MenuEntry>,
    loaded: Option<Loaded>,
    /// Whether the kernel was started: nothing runs after that.
    booted: bool,
    /// Whether GRUB waits for somebody at its menu or prompt: nothing runs by itself after that either.
    waiting: bool,
    /// Why a kernel was refused, if one was.
    refused: Option<String>,
    /// What stopped a program that was started from here.
    refused_by_program: Option<Refusal>,
    /// The component whose script is running: the subject of what it measures.
    subject: Component,
    depth: usize,
    commands: usize,
    /// The status of the last command.
    status: bool,
    /// Whether `return` was called in the function that runs.
    returning: bool,
    /// How many loops `break` still has to leave.
    breaking: usize,
}

impl<'a, 'd> Grub<'a, 'd> {
    fn new(
        session: &'a mut Session<'d>,
        shim: Option<&'a mut Shim>,
        version: Version,
        mut modules: Modules,
        own_folder: &str,
    ) -> Grub<'a, 'd> {
        let device = format!("hd0,gpt{}", session.disk.esp);
        let own_folder = own_folder.replace('\\', "/");
        let prefix = match modules.prefix.as_deref() {
            Some(prefix) if prefix.starts_with('(') => prefix.to_owned(),
            Some(prefix) if !prefix.is_empty() => format!("({device}){prefix}"),
            _ => format!("({device}){own_folder}"),
        };
        let memdisk = modules.memdisk.take().map(|bytes| fat_volume(0, Cursor::new(bytes)));
        let memdisk = memdisk.and_then(|volume| {
            let unread = |e| session.note(format!("GRUB's memory disk cannot be read: {e}"));
            volume.map_err(unread).ok()
        });
        let mut environment = Environment::default();
        environment.set_exported("root", device.clone());
        environment.set_exported("prefix", prefix);
        environment.set("cmdpath", format!("({device}){own_folder}"));
        for (name, value) in [("grub_cpu", "x86_64"), ("grub_platform", "efi")] {
            environment.set_exported(name, value);
        }
        for feature in [
            "chainloader_bpb",
            "ntldr",
            "platform_search_hint",
            "default_font_path",
            "all_video_module",
            "menuentry_id",
            "menuentry_options",
            "200_final",
            "nativedisk_cmd",
            "timeout_style",
        ] {
            environment.set_exported(&format!("feature_{feature}"), "y");
        }
        if session.secure_boot {
            environment.set_exported("lockdown", "y");
            environment.set_exported("shim_lock", "y");
        }
        Grub {
            session,
            shim,
            version,
            modules,
            memdisk,
            environment,
            functions: BTreeMap::new(),
            scopes: Vec::new(),
            menu: Vec::new(),
            loaded: None,
            booted: false,
            waiting: false,
            refused: None,
            refused_by_program: None,
            subject: Component::Grub,
            depth: 0,
            commands: 0,
            status: true,
            returning: false,
            breaking: 0,
        }
    }

    /// The early configuration, then normal mode (`grub_main`).
    ///
    /// The rescue parser reads the early configuration: its commands are not measured, and usually it consists of one
    /// that starts normal mode with a configuration on the memory disk.
    fn start(&mut self) {
        let early = self.modules.config.clone().unwrap_or_default();
        let is_script = early.lines().any(|line| line.trim_start().starts_with("if "));
        if is_script {
            self.run_script(&early, Component::Grub);
            self.run_menu();
        } else {
            for line in early.lines() {
                self.rescue_line(line);
            }
        }
        if !self.is_over() && !is_script {
            let prefix = self.environment.get("prefix").unwrap_or_default().to_owned();
            self.normal(&format!("{prefix}/grub.cfg"));
        }
    }

    fn rescue_line(&mut self, line: &str) {
        if self.is_over() {
            return;
        }
        let Ok(statements) = script::parse(line) else {
            return;
        };
        for statement in statements {
            let Statement::Command { words, .. } = statement else {
                continue;
            };
            let environment = &self.environment;
            let words = eval::expand(&words, &|name: &str| environment.get(name).map(str::to_owned));
            match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["normal", config] => self.normal(config),
                _ => {
                    self.dispatch(&words, None);
                }
            }
        }
    }

    fn finish(self) -> Result<(), Refusal> {
        if self.booted {
            return Ok(());
        }
        self.session.mark_refusal();
        if let Some(refusal) = self.refused_by_program {
            return Err(refusal);
        }
        Err(match self.refused {
            Some(reason) => refusal(Component::Kernel, reason),
            None => refusal(Component::GrubConfig, "GRUB's configuration loaded no kernel"),
        })
    }

    fn boot(&mut self) -> bool {
        let loaded = match self.loaded.take() {
            Some(Loaded::Kernel(kernel)) => kernel,
            Some(Loaded::Program(file)) => return self.start_program(&file),
            None => {
                self.print("error: you need to load the kernel first.");
                return false;
            }
        };
        self.booted = true;
        if self.version < Version::GRUB_2_12 && !self.session.secure_boot {
            self.session.note(
                "without Secure Boot Debian's GRUB 2.06 starts kernels past their EFI stub: Linux then finds no event log, \
                 though the registers are as predicted",
            );
        }
        let command_line = format!("BOOT_IMAGE={}", loaded.command_line);
        // Since 2.12 the kernel is started as a UEFI program, with its command line as load options, without a NUL
        // (`loader/efi/linux.c`), and fetches its initrd from GRUB. No public log of that shows it: inferred.
        let as_program = self.version >= Version::GRUB_2_12;
        let start = kernel::Start {
            load_options: as_program.then(|| utf16(&command_line)),
            initrd: as_program.then(|| joined(&loaded.initrd)).flatten(),
            command_line,
        };
        kernel::run(self.session, loaded.content.bytes(), &start);
        true
    }

    /// Whether nothing more runs.
    fn is_over(&self) -> bool {
        self.booted || self.waiting
    }

    fn print(&mut self, line: impl Into<String>) {
        self.session.recorder.print(line);
    }

    /// Says that something was not followed, with the place of the effect.
    fn not_followed(&mut self, what: impl std::fmt::Display) {
        self.session.note(format!("GRUB: {what} is not followed"));
    }
}
