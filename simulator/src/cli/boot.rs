//! `slipway boot`: what a machine with these files would measure. Needs no running simulator.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use control_plane::hardware::BootOutcome;
use serde_json::{Value, json};
use uuid::Uuid;
use vtpm_backend::boot::engine::{Firmware, FirmwareProfile, Inputs, Prediction, Version, predict};
use vtpm_backend::disk::Disk;
use vtpm_backend::eventlog::Event;
use vtpm_backend::image::PlatformKeys;
use vtpm_backend::pcr::{Bank, PcrBanks, PcrIndex};
use vtpm_backend::uefi::firmware_image::FirmwareImage;
use vtpm_backend::uefi::var_store::Variables;

use super::args::OnOff;
use super::{Context, out};
use crate::failure::{Failure, OrFail as _};

/// The Secure Boot keys of the data directory, when no variables are given.
const OWN_KEYS: &str = "machines/secure-boot";
/// The registers that the boot chain measures into.
const SHOWN: [u8; 14] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14];

#[derive(Debug, Subcommand)]
pub(super) enum Boot {
    /// Predict the events and PCRs of a boot from its files: disk, UEFI variables, firmware.
    Predict(Box<Predict>),
    /// List the firmware profiles.
    Profiles,
}

#[derive(Debug, clap::Args)]
pub(super) struct Predict {
    /// The firmware: see 'slipway boot profiles'.
    #[arg(long, default_value = "azure")]
    profile: String,
    #[command(flatten)]
    source: Source,
    /// The partition number of the folder given with --esp.
    #[arg(long, default_value_t = 1, value_name = "NUMBER", conflicts_with = "disk")]
    esp_number: u32,
    /// A folder that stands for the root file system.
    #[arg(long, value_name = "DIR", conflicts_with = "disk")]
    root: Option<PathBuf>,
    /// An OVMF variable store [default: the Secure Boot keys of the data directory and nothing else].
    #[arg(long, value_name = "FILE")]
    vars: Option<PathBuf>,
    /// An OVMF firmware image, for what the firmware measures of itself.
    #[arg(long, value_name = "FILE")]
    firmware: Option<PathBuf>,
    /// Whether Secure Boot is enforced [default: what the variables say].
    #[arg(long, value_enum)]
    secure_boot: Option<OnOff>,
    /// The machine's BIOS GUID, which Azure's firmware measures into PCR 6.
    #[arg(long, value_name = "GUID")]
    bios_uuid: Option<Uuid>,
    /// The file to boot, with backslashes [default: what BootOrder or the fallback path leads to].
    #[arg(long, value_name = "PATH")]
    boot_path: Option<String>,
    /// shim's version, when its file does not tell.
    #[arg(long, value_name = "VERSION")]
    shim_version: Option<Version>,
    /// GRUB's version, when its file does not tell.
    #[arg(long, value_name = "VERSION")]
    grub_version: Option<Version>,
    /// The firmware's debugger is on.
    #[arg(long)]
    debugger: bool,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Where the boot files are.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// A raw disk image with a GUID partition table.
    #[arg(long, value_name = "IMAGE")]
    disk: Option<PathBuf>,
    /// A folder that stands for the EFI system partition.
    #[arg(long, value_name = "DIR")]
    esp: Option<PathBuf>,
}

/// How a prediction is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// The TCG's binary event log, for tpm2_eventlog and other tools.
    Eventlog,
    /// The YAML of tpm2_eventlog.
    Yaml,
}

pub(super) fn run(context: &Context, command: &Boot) -> Result<(), Failure> {
    match command {
        Boot::Predict(args) => print(context, args),
        Boot::Profiles => profiles(context),
    }
}

/// A firmware profile for nodes, which are Azure's machines.
pub(super) fn parse_firmware(name: &str) -> Result<&'static FirmwareProfile, String> {
    let known = FirmwareProfile::all().iter().filter(|profile| profile.name.starts_with("azure"));
    known.clone().find(|profile| profile.name == name).ok_or_else(|| {
        let names: Vec<_> = known.map(|profile| profile.name.as_str()).collect();
        format!("nodes have one of the firmware profiles {}", names.join(", "))
    })
}

fn profiles(context: &Context) -> Result<(), Failure> {
    let all = FirmwareProfile::all();
    if context.json {
        let list = all.iter().map(|p| json!({ "name": p.name, "description": p.description }));
        return out::json(&list.collect::<Vec<_>>());
    }
    all.iter().try_for_each(|p| out::text(&format!("{:<12} {}\n", p.name, p.description)))
}

fn print(context: &Context, args: &Predict) -> Result<(), Failure> {
    let profile = FirmwareProfile::named(&args.profile).ok_or_else(|| {
        let names: Vec<_> = FirmwareProfile::all().iter().map(|p| p.name.as_str()).collect();
        Failure::Usage(format!("there is no firmware profile '{}'; there are {}", args.profile, names.join(", ")))
    })?;
    let disk = open_disk(args).or_fail(|| "the boot disk cannot be used".to_owned())?;
    let variables = variables(context, args.vars.as_deref())?;
    let prediction = predict(Inputs {
        profile,
        firmware: args.firmware.as_deref().map(firmware).transpose()?.map_or(Firmware::Unknown, Firmware::Image),
        secure_boot: args.secure_boot.map_or_else(|| variables.secure_boot(), |on_off| on_off == OnOff::On),
        variables,
        disk: &disk,
        bios_uuid: args.bios_uuid,
        boot_path: args.boot_path.clone(),
        shim_version: args.shim_version,
        grub_version: args.grub_version,
        debugger: args.debugger,
    })
    .or_fail(|| "no boot can be predicted".to_owned())?;
    let log = prediction.log();
    match (args.format, context.json) {
        (Format::Eventlog, _) => out::bytes(&log.encode_as(&profile.log)),
        (_, true) => out::json(&to_json(&prediction)),
        (Format::Yaml, false) => out::text(&log.to_yaml_as(&profile.log)),
        (Format::Text, false) => out::text(&to_text(&prediction)),
    }
}

fn open_disk(args: &Predict) -> Result<Disk, vtpm_backend::disk::DiskError> {
    match (&args.source.disk, &args.source.esp) {
        (Some(image), _) => Disk::open_image(image),
        (None, Some(esp)) => Disk::of_folders(esp, args.esp_number, args.root.as_deref()),
        (None, None) => unreachable!("clap asks for one of the two"),
    }
}

fn variables(context: &Context, file: Option<&Path>) -> Result<Variables, Failure> {
    let Some(file) = file else {
        let dir = context.data.path(OWN_KEYS);
        if !dir.exists() {
            let text = format!("there are no Secure Boot keys in {}; name a variable store with --vars", dir.display());
            return Err(Failure::NotFound(text));
        }
        // The keys exist, so that no certificate is made and the time does not matter.
        let keys = PlatformKeys::open_or_create(&dir, 0).or_fail(|| dir.display().to_string())?;
        return Ok(Variables::of_keys(keys.databases()));
    };
    let bytes = fs::read(file).or_fail(|| format!("cannot read {}", file.display()))?;
    Variables::parse_store(&bytes).or_fail(|| format!("{} is no OVMF variable store", file.display()))
}

fn firmware(file: &Path) -> Result<FirmwareImage, Failure> {
    let bytes = fs::read(file).or_fail(|| format!("cannot read {}", file.display()))?;
    FirmwareImage::parse(&bytes).or_fail(|| format!("{} is no OVMF firmware image", file.display()))
}

/// The registers of all banks; those that are not predicted are null.
fn all_banks(banks: &PcrBanks, unpredicted: &BTreeMap<u8, String>) -> Value {
    let register = |bank, pcr: u8| match unpredicted.contains_key(&pcr) {
        true => Value::Null,
        false => Value::from(hex::encode(banks.get(bank, PcrIndex::new(pcr)))),
    };
    let registers = |bank| SHOWN.into_iter().map(|pcr| (pcr.to_string(), register(bank, pcr))).collect();
    Bank::ALL.into_iter().map(|bank| (bank.to_string(), Value::Object(registers(bank)))).collect()
}

fn event_json(event: &Event) -> Value {
    json!({
        "pcr": event.pcr,
        "type": event.event_type.to_string(),
        "description": event.describe(),
        "digests": event.digests,
        "data": hex::encode(&event.data),
    })
}

fn to_json(prediction: &Prediction) -> Value {
    let refused = match &prediction.outcome {
        BootOutcome::Booted => Value::Null,
        BootOutcome::Refused { component, reason } => json!({ "component": component.as_str(), "reason": reason }),
    };
    json!({
        "booted": refused.is_null(),
        "refused": refused,
        "pcrs": all_banks(&prediction.pcrs, &prediction.unpredicted),
        "pcrsAtRefusal": prediction.at_refusal.as_ref().map(|at| all_banks(&at.pcrs, &at.unpredicted)),
        "unpredicted": prediction.unpredicted,
        "notes": prediction.notes,
        "console": prediction.console,
        "events": prediction.events.iter().map(event_json).collect::<Vec<_>>(),
    })
}

fn to_text(prediction: &Prediction) -> String {
    let mut text = String::from("EVENTS\n");
    for (i, event) in prediction.events.iter().enumerate() {
        let sha256 = hex::encode(&event.digests.sha256[..6]);
        let line = format!(
            "{:>4}  {:>2}  {:<33} {sha256}  {}\n",
            i + 1,
            event.pcr,
            event.event_type.to_string(),
            event.describe()
        );
        text.push_str(&line);
    }
    text.push_str("\nCONSOLE\n");
    prediction.console.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    let outcome = match &prediction.outcome {
        BootOutcome::Booted => "it boots".to_owned(),
        BootOutcome::Refused { component, reason } => format!("it does not boot: {component}: {reason}"),
    };
    text.push_str(&format!("\nOUTCOME\n  {outcome}\n"));
    if let Some(at) = &prediction.at_refusal {
        text.push_str(
            "
PCRS AT THE REFUSAL (sha256)
",
        );
        text.push_str(&register_lines(&at.pcrs, &at.unpredicted));
    }
    text.push_str("\nPCRS (sha256)\n");
    text.push_str(&register_lines(&prediction.pcrs, &prediction.unpredicted));
    if !prediction.notes.is_empty() {
        text.push_str("\nNOTES\n");
        prediction.notes.iter().for_each(|note| text.push_str(&format!("  {note}\n")));
    }
    text
}

fn register_lines(banks: &PcrBanks, unpredicted: &BTreeMap<u8, String>) -> String {
    let line = |pcr: u8| match unpredicted.get(&pcr) {
        Some(why) => format!("  {pcr:>2}  not predicted: {why}\n"),
        None => format!("  {pcr:>2}  {}\n", hex::encode(banks.get(Bank::Sha256, PcrIndex::new(pcr)))),
    };
    SHOWN.into_iter().map(line).collect()
}
