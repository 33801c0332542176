//! Differences in words.

use vtpm_backend::eventlog::{Event, EventType};
use vtpm_backend::pcr::Bank;

use super::part::{file_path, text, variable};
use super::{Change, Difference, Part, keys, machine_specific};
use crate::baseline::Expected;

/// How many hexadecimal digits of a digest are shown.
const DIGEST_CHARS: usize = 12;
/// Longest text that is quoted.
const QUOTE_CHARS_MAX: usize = 160;

/// The bank whose digests are shown: SHA-256, unless the logs that are compared do not both have it.
fn shown(event: &Event) -> (Bank, &'static str) {
    const BY_PREFERENCE: [(Bank, &str); 3] =
        [(Bank::Sha256, "SHA-256"), (Bank::Sha384, "SHA-384"), (Bank::Sha1, "SHA-1")];
    let known = |(bank, _): &(Bank, &str)| event.digests.get(*bank).iter().any(|byte| *byte != 0);
    BY_PREFERENCE.into_iter().find(known).unwrap_or(BY_PREFERENCE[0])
}

fn digest(event: &Event) -> String {
    let mut text = hex::encode(event.digests.get(shown(event).0));
    text.truncate(DIGEST_CHARS);
    text + "…"
}

/// `SHA-256 a… instead of b…`.
fn digests(is: &Event, was: &Event) -> String {
    format!("{} {} instead of {}", shown(is).1, digest(is), digest(was))
}

/// A program by what it is, with its file where that says more.
fn program(part: Part, event: &Event) -> String {
    match (part, file_path(event)) {
        (Part::BootLoader | Part::Firmware | Part::OperatingSystem, Some(path)) => format!("{part} ({path})"),
        _ => part.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= QUOTE_CHARS_MAX {
        return format!("'{line}'");
    }
    format!("'{}…'", line.chars().take(QUOTE_CHARS_MAX).collect::<String>())
}

/// The words behind `grub_cmd: ` and `kernel_cmdline: `.
fn command(event: &Event) -> String {
    let text = text(event);
    text.split_once(": ").map_or(text.clone(), |(_, command)| command.to_owned())
}

/// Two texts, `… is X instead of Y`, each from shortly before the place where they part.
fn instead(is: &str, was: &str) -> String {
    const BEFORE_CHARS: usize = 24;
    let same = is.chars().zip(was.chars()).take_while(|(is, was)| is == was).count();
    let skip = if is.chars().count().max(was.chars().count()) <= QUOTE_CHARS_MAX / 2 {
        0
    } else {
        same.saturating_sub(BEFORE_CHARS)
    };
    let window = |text: &str| {
        let rest: String = text.chars().skip(skip).take(QUOTE_CHARS_MAX / 2).collect();
        let front = if skip > 0 { "…" } else { "" };
        let back = if text.chars().count() > skip + QUOTE_CHARS_MAX / 2 { "…" } else { "" };
        quoted(&format!("{front}{rest}{back}"))
    };
    format!("{} instead of {}", window(is), window(was))
}

fn differs(change: Change, event: &Event, index: usize, component: Part, what: &str) -> Difference {
    let pcr = event.pcr.number();
    let machine_specific = machine_specific::alone(event);
    Difference { pcr, index, component, change, machine_specific, text: format!("PCR {pcr} differs: {what}") }
}

/// The same step with other content.
pub(super) fn changed(expected: &Expected, actual: &Event, index: usize) -> Difference {
    let (part, was) = (expected.part, &expected.event);
    let what = match (actual.pcr.number(), actual.event_type) {
        (4, EventType::EFI_BOOT_SERVICES_APPLICATION) => {
            let (name, now, then) = (program(part, actual), digest(actual), digest(was));
            format!("{name} was replaced: Authenticode digest {now} instead of {then}")
        }
        (8, _) if text(actual).starts_with("kernel_cmdline:") => {
            format!("the kernel's command line is {}", instead(&command(actual), &command(was)))
        }
        (8, _) => format!("GRUB ran {}", instead(&command(actual), &command(was))),
        (9, EventType::IPL) => {
            format!("the file {} ({part}) was changed: {}", quoted(&text(actual)), digests(actual, was))
        }
        (14, EventType::IPL) => {
            format!("shim's list {} has other content: {}", quoted(&text(actual)), digests(actual, was))
        }
        (7, _) => variable_changed(was, actual),
        (0, EventType::EFI_PLATFORM_FIRMWARE_BLOB) => format!("the firmware is another one: {}", digests(actual, was)),
        (5, EventType::EFI_GPT_EVENT) => format!("the boot disk is partitioned differently: {}", actual.describe()),
        _ if actual.describe() == was.describe() => {
            format!("{} ({}) has other content: {}", actual.event_type, actual.describe(), digests(actual, was))
        }
        _ => format!("{} is {}", actual.event_type, instead(&actual.describe(), &was.describe())),
    };
    let difference = differs(Change::Changed, actual, index, part, &what);
    Difference { machine_specific: machine_specific::changed(was, actual), ..difference }
}

fn variable_changed(was: &Event, actual: &Event) -> String {
    match (variable(was), variable(actual)) {
        (Some((_, was)), Some((name, is))) if name == "SecureBoot" => {
            let state = |data: &[u8]| match data {
                [0] => "off",
                [1] => "on",
                _ => "unreadable",
            };
            format!("Secure Boot is {} instead of {}", state(&is), state(&was))
        }
        (Some((_, was)), Some((_, is))) if actual.event_type == EventType::EFI_VARIABLE_DRIVER_CONFIG => {
            let name = variable(actual).map(|(name, _)| name).unwrap_or_default();
            let content = keys::changed(&is, &was);
            let content = content.unwrap_or_else(|| format!("{} bytes instead of {}", is.len(), was.len()));
            format!("the Secure Boot variable {name} has other content: {content}")
        }
        (Some((_, was)), Some((name, is))) if name == "SbatLevel" => {
            let level = |data: &[u8]| String::from_utf8_lossy(data).trim_end().replace('\n', "; ");
            format!("shim's revocation level is {}", instead(&level(&is), &level(&was)))
        }
        (Some(_), Some((name, _))) => {
            format!("another entry of {name} decided: {} instead of {}", actual.describe(), was.describe())
        }
        _ => format!("a Secure Boot measurement is another one: {}", digests(actual, was)),
    }
}

/// A step that a good boot does not have.
pub(super) fn extra(actual: &Event, index: usize) -> Difference {
    let part = Part::of(actual);
    let what = match (actual.pcr.number(), actual.event_type) {
        (4, EventType::EFI_BOOT_SERVICES_APPLICATION) => {
            format!(
                "an additional program was started: {} with Authenticode digest {}",
                actual.describe(),
                digest(actual)
            )
        }
        (8, _) => format!("GRUB also ran {}", quoted(&command(actual))),
        (9, EventType::IPL) => format!("GRUB also read the file {}", quoted(&text(actual))),
        (7, EventType::EFI_VARIABLE_AUTHORITY) => match variable(actual) {
            Some((name, _)) if name == "dbx" => {
                format!("a program was refused because it is revoked ({})", actual.describe())
            }
            _ => format!("something else was admitted by {}", actual.describe()),
        },
        _ => format!("an additional {}: {}", actual.event_type, actual.describe()),
    };
    differs(Change::Added, actual, index, part, &what)
}

/// A step of a good boot that is not there.
pub(super) fn missing(expected: &Expected, index: usize) -> Difference {
    let what = not_there(expected);
    differs(Change::Missing, &expected.event, index, expected.part, &what)
}

/// The boot ended before this step and everything after it.
pub(super) fn stopped(expected: &Expected, missing: usize, index: usize) -> Difference {
    let what = format!("the boot ended early: {}, nor do the {} steps after it", not_there(expected), missing - 1);
    differs(Change::Missing, &expected.event, index, expected.part, &what)
}

fn not_there(expected: &Expected) -> String {
    let event = &expected.event;
    match (event.pcr.number(), event.event_type) {
        (4, EventType::EFI_BOOT_SERVICES_APPLICATION) => {
            format!("{} (Authenticode digest {}) does not appear", program(expected.part, event), digest(event))
        }
        (7, EventType::EFI_VARIABLE_AUTHORITY) if variable(event).is_some_and(|(name, _)| name == "SbatLevel") => {
            format!("shim's revocation level ({}) does not appear", event.describe())
        }
        (7, EventType::EFI_VARIABLE_AUTHORITY) => {
            format!("the signature check of {} ({}) does not appear", expected.part, event.describe())
        }
        (8, _) if text(event).starts_with("kernel_cmdline:") => {
            format!("the kernel's command line {} does not appear", quoted(&command(event)))
        }
        (8, _) => format!("the command {} does not appear", quoted(&command(event))),
        (9, EventType::IPL) => format!("the file {} ({}) does not appear", quoted(&text(event)), expected.part),
        _ => format!("the {} {} does not appear", event.event_type, quoted(&event.describe())),
    }
}
