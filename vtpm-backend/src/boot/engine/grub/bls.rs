//! `blscfg` (Fedora's GRUB, `commands/blscfg.c`): menu entries from the files of the Boot Loader Specification.

use std::cmp::Reverse;

use control_plane::hardware::Component;

use crate::boot::engine::loader::natural;

use super::Grub;
use super::files::Purpose;

/// Where entries are, on `$root`; the second one when `/boot` is no file system of its own.
const FOLDERS: [&str; 2] = ["/loader/entries", "/boot/loader/entries"];

impl Grub<'_, '_> {
    /// Reads the entries, newest first, into the menu. Each file is opened, and so measured, in the order of the folder
    /// on the disk.
    pub(super) fn blscfg(&mut self) -> bool {
        let device = self.environment.get("root").unwrap_or_default().to_owned();
        let own = self.environment.get("blsdir").map(str::to_owned);
        let folders = own.map_or_else(|| FOLDERS.map(str::to_owned).to_vec(), |own| vec![own]);
        let found = folders.into_iter().find_map(|folder| {
            let mut names = self.list(&format!("({device}){folder}"));
            names.retain(|name| name.ends_with(".conf"));
            (!names.is_empty()).then_some((folder, names))
        });
        let Some((folder, names)) = found else {
            return false;
        };
        if names.len() > 1 {
            let reason = format!("GRUB reads the files of {folder} in their order on the disk, which is not followed");
            self.session.cannot_predict(9, reason);
        }
        let mut entries = Vec::new();
        for name in names {
            let path = format!("({device}){folder}/{name}");
            if let Some(content) = self.open(&path, Purpose::Data, Component::GrubConfig) {
                let id = name.trim_end_matches(".conf").to_owned();
                entries.push((Reverse(natural(&id)), id, String::from_utf8_lossy(content.bytes()).into_owned()));
            }
        }
        entries.sort();
        for (_, id, text) in entries {
            self.add_bls_entry(&id, &text);
        }
        true
    }

    /// What `bls_create_entry` writes as the entry's script.
    fn add_bls_entry(&mut self, id: &str, text: &str) {
        let field = |key: &str| -> Vec<String> {
            let value = |line: &str| {
                let (name, value) = line.trim().split_once([' ', '\t'])?;
                (name == key).then(|| value.trim().to_owned())
            };
            text.lines().filter_map(value).collect()
        };
        let Some(linux) = field("linux").into_iter().next() else {
            return;
        };
        let mut options = field("options").join(" ");
        if options.is_empty() {
            options = self.environment.get("default_kernelopts").unwrap_or_default().to_owned();
        }
        let blank = if options.is_empty() { "" } else { " " };
        let mut script =
            format!("load_video\nset gfxpayload=keep\ninsmod gzio\nlinux ($root){linux}{blank}{options}\n");
        let initrds = field("initrd");
        if !initrds.is_empty() {
            let files = initrds.iter().map(|file| format!(" ($root){file}"));
            script.push_str(&format!("initrd{}\n", files.collect::<String>()));
        }
        let title = field("title").into_iter().next().unwrap_or(linux);
        self.add_entry(title, id.to_owned(), script);
    }
}
