//! GRUB 2.06: the second-stage boot loader.
//!
//! Its configuration is really read and run, because PCR 8 depends on every command of every script, and PCR 9 on every
//! file that is opened.

mod commands;
mod eval;
mod files;
mod script;

use std::collections::BTreeMap;

use control_plane::hardware::Component;

use crate::image::pe;

use super::recorder::Recorder;
use super::shim::Shim;
use super::{Platform, Refusal};

/// How deeply scripts may call scripts.
const DEPTH_MAX: usize = 8;
/// Most commands that one boot runs.
const COMMANDS_MAX: usize = 10_000;

/// Runs GRUB until a kernel is ready to start, and returns its command line.
pub(super) fn run(platform: &Platform<'_>, shim: &Shim<'_>, recorder: &mut Recorder) -> Result<String, Refusal> {
    let mut grub = Grub::new(platform, shim, recorder);
    grub.recorder.print("Welcome to GRUB!");
    let embedded = pe::section(platform.image.grub.content.bytes(), "mods").ok().flatten().unwrap_or_default();
    grub.run_script(&String::from_utf8_lossy(embedded), Component::Grub);
    grub.finish()
}

/// A kernel that was loaded and may be started.
#[derive(Debug, Default)]
struct Loaded {
    command_line: String,
}

/// A menu entry: its title and the script between its braces.
#[derive(Debug)]
struct MenuEntry {
    title: String,
    script: String,
}

/// A running GRUB.
struct Grub<'a> {
    platform: &'a Platform<'a>,
    shim: &'a Shim<'a>,
    recorder: &'a mut Recorder,
    variables: BTreeMap<String, String>,
    menu: Vec<MenuEntry>,
    loaded: Option<Loaded>,
    /// Why the kernel was refused, if it was.
    refused: Option<&'static str>,
    /// The component whose script is running: the subject of what it measures.
    subject: Component,
    depth: usize,
    commands: usize,
}

impl<'a> Grub<'a> {
    fn new(platform: &'a Platform<'a>, shim: &'a Shim<'a>, recorder: &'a mut Recorder) -> Grub<'a> {
        let folder = format!("(hd0,gpt15){}", platform.image.distribution.esp_folder.replace('\\', "/"));
        let variables = [
            ("root", "hd0,gpt15"),
            ("prefix", folder.as_str()),
            ("cmdpath", folder.as_str()),
            ("grub_cpu", "x86_64"),
            ("grub_platform", "efi"),
            ("feature_menuentry_id", "y"),
        ];
        Grub {
            platform,
            shim,
            recorder,
            variables: variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            menu: Vec::new(),
            loaded: None,
            refused: None,
            subject: Component::Grub,
            depth: 0,
            commands: 0,
        }
    }

    /// Reads and runs a script; a script that cannot be read does nothing, as in GRUB.
    fn run_script(&mut self, text: &str, subject: Component) -> bool {
        if self.depth == DEPTH_MAX {
            self.recorder.print("error: maximum recursion depth exceeded.");
            return false;
        }
        let Ok(script) = script::parse(text) else {
            self.recorder.print("error: syntax error.");
            self.recorder.print("error: Incorrect command.");
            return false;
        };
        let outer = std::mem::replace(&mut self.subject, subject);
        self.depth += 1;
        let status = self.run_statements(&script);
        self.depth -= 1;
        self.subject = outer;
        status
    }

    /// Runs the default menu entry and, when it has loaded a kernel, boots it. The time-out of zero leaves nobody time
    /// to choose.
    fn run_menu(&mut self) {
        let default = self.variables.get("default").and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
        let Some(entry) = self.menu.get(default) else {
            return;
        };
        let (title, script) = (entry.title.clone(), entry.script.clone());
        self.recorder.print(format!("  Booting `{title}'"));
        // Menu entries get their own title as an argument, through a command that is measured like any other.
        let script = format!("setparams '{}'\n{script}", title.replace('\'', "'\\''"));
        self.run_script(&script, Component::GrubConfig);
    }

    fn finish(self) -> Result<String, Refusal> {
        match (self.loaded, self.refused) {
            (Some(kernel), _) => Ok(kernel.command_line),
            (None, Some(reason)) => Err(Refusal { component: Component::Kernel, reason: reason.to_owned() }),
            (None, None) => {
                let reason = "GRUB's configuration loaded no kernel".to_owned();
                Err(Refusal { component: Component::GrubConfig, reason })
            }
        }
    }
}
