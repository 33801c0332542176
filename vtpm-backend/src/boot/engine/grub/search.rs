//! `search` (GRUB `commands/search.c`): finding a partition by what is on it.

use control_plane::hardware::Component;

use super::Grub;
use super::files::Purpose;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    File,
    Label,
    Uuid,
}

impl Grub<'_, '_> {
    /// `search [--file|--label|--fs-uuid] [--set[=VARIABLE]] [--hint…=…] NAME`.
    pub(super) fn search(&mut self, arguments: &[String]) -> bool {
        let (mut by, mut variable, mut names) = (By::Label, None, Vec::new());
        let mut words = arguments.iter().map(String::as_str).peekable();
        while let Some(word) = words.next() {
            match word {
                "--file" | "-f" => by = By::File,
                "--label" | "-l" => by = By::Label,
                "--fs-uuid" | "-u" => by = By::Uuid,
                "--set" | "-s" => {
                    // The name may follow as a word of its own, when more than the thing searched for is left.
                    variable = Some("root".to_owned());
                    let rest: Vec<_> = words.clone().filter(|word| !word.starts_with('-')).collect();
                    if rest.len() > 1 && !words.peek().is_some_and(|word| word.starts_with('-')) {
                        variable = words.next().map(str::to_owned);
                    }
                }
                "--no-floppy" | "-n" | "--efidisk-only" => {}
                "--hint" | "-h" => {
                    words.next();
                }
                other if other.starts_with("--hint") => {}
                other => match other.strip_prefix("--set=") {
                    Some(name) => variable = Some(name.to_owned()),
                    None => names.push(other.to_owned()),
                },
            }
        }
        match names.first() {
            Some(name) => self.find(by, name, variable.as_deref()),
            None => false,
        }
    }

    /// Finds the first partition and puts it into a variable, or prints it.
    pub(super) fn find(&mut self, by: By, wanted: &str, variable: Option<&str>) -> bool {
        let mut found = None;
        for volume in &self.session.disk.volumes {
            let number = volume.number;
            let matches = match by {
                By::Uuid => volume.has_uuid(wanted),
                By::Label => volume.label.as_deref() == Some(wanted),
                // A search opens the file, so it is measured where it is found.
                By::File => {
                    let name = format!("(hd0,gpt{number}){wanted}");
                    let opened = self.open_quietly(&name, Purpose::Data, Component::GrubConfig);
                    opened.content().is_some()
                }
            };
            if matches {
                found = Some((number, volume.uuid.is_none() && by == By::Uuid));
                break;
            }
        }
        let Some((number, assumed)) = found else {
            self.print(match by {
                By::File => format!("error: no such device: {wanted}."),
                By::Label | By::Uuid => format!("error: no such device: {wanted}."),
            });
            return false;
        };
        if assumed {
            self.session.note(format!(
                "the file system {wanted} was searched for; folders have no UUID, and partition {number} was taken"
            ));
        }
        let device = format!("hd0,gpt{number}");
        match variable {
            Some(variable) => self.assign_variable(variable, &device),
            None => self.print(format!(" {device}")),
        }
        true
    }
}
