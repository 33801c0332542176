//! `slipway explain`: why one boot differs from another.

use std::fs;
use std::path::Path;

use attestation::{Against, Baseline, Boot, BootFileError, Evidence, Explanation, Part, explain};
use control_plane::hardware::{BootOutcome, Component};
use vtpm_backend::fleet::Rehearsal;
use vtpm_backend::pcr::PcrBanks;
use vtpm_backend::sbinfo::{Finding, Kind, Trust};

use super::{Context, args, out, references};
use crate::api::NodeView;
use crate::client::{Client, segment};
use crate::failure::{Failure, OrFail as _};

/// The word for what an untouched machine measures.
const BASELINE: &str = "baseline";

pub(super) fn run(context: &Context, args: &args::Explain) -> Result<(), Failure> {
    let subject = Subject::find(context, &args.subject)?;
    let against = against(context, &subject, &args.against)?;
    let mut explanation = explain(subject.boot(), &against).map_err(|error| Failure::Failed(error.to_string()))?;
    if let Subject::Node { client, path, .. } = &subject
        && !explanation.same
    {
        note(&mut explanation, &client.get(&format!("{path}/rehearsal"))?);
    }
    if context.json {
        out::json(&explanation)?;
    } else {
        out::text(&explanation.to_string())?;
    }
    if explanation.same { Ok(()) } else { Err(Failure::NotTrusted) }
}

/// Whose boot it is.
enum Subject<'a> {
    /// A node of the running simulator: its log, its registers and its disk are at hand.
    Node { boot: Boot, client: Box<Client>, path: String },
    /// Files.
    Path { boot: Boot, path: &'a Path },
}

impl<'a> Subject<'a> {
    /// What is named: a path if there is something, else a node.
    fn find(context: &Context, name: &'a str) -> Result<Subject<'a>, Failure> {
        let path = Path::new(name);
        if path.exists() {
            let boot = Boot::read(path).map_err(unreadable)?;
            return Ok(Subject::Path { boot, path });
        }
        let missing = || {
            Failure::NotFound(format!("there is no file or folder '{name}', and no simulator whose node it could be"))
        };
        let client = context.client().map_err(|failure| match failure {
            Failure::NotFound(_) => missing(),
            other => other,
        })?;
        let path = format!("/nodes/{}", segment(name));
        let node: NodeView = client.get(&path).map_err(|failure| match failure {
            Failure::NotFound(text) => Failure::NotFound(format!("there is no file or folder '{name}', and {text}")),
            other => other,
        })?;
        let log = client.bytes(&format!("{path}/eventlog"))?;
        let pcrs: PcrBanks = client.get(&format!("{path}/pcrs"))?;
        let boot = Boot::of_node(&node.name, &log, &pcrs).or_fail(|| format!("the event log of {}", node.name))?;
        Ok(Subject::Node { boot, client: Box::new(client), path })
    }

    fn boot(&self) -> &Boot {
        match self {
            Subject::Node { boot, .. } | Subject::Path { boot, .. } => boot,
        }
    }

    fn into_boot(self) -> Boot {
        match self {
            Subject::Node { boot, .. } | Subject::Path { boot, .. } => boot,
        }
    }

    /// What it would have measured if nothing had been tampered with.
    fn baseline(&self, context: &Context) -> Result<Against, Failure> {
        match self {
            Subject::Node { boot, client, path } => {
                let bytes = client.bytes(&format!("{path}/reference"))?;
                let baseline = Baseline::parse(&bytes).or_fail(|| format!("the reference of {}", boot.name))?;
                Ok(Against::Baseline { name: format!("{}, untouched", boot.name), baseline })
            }
            Subject::Path { path, .. } => {
                let no_image = || {
                    Failure::Usage(format!(
                        "{} does not say which image it is of; name with --against what to compare it with",
                        path.display()
                    ))
                };
                let about = Evidence::read(path).map_err(|_| no_image())?.about;
                let file = references::path(&context.data, &about.image, about.secure_boot);
                let bytes = fs::read(&file).map_err(|error| {
                    Failure::NotFound(format!(
                        "no reference of {} in the data directory ({}: {error}); 'slipway node quote' keeps one",
                        about.image,
                        file.display()
                    ))
                })?;
                reference(&about.image, &bytes)
            }
        }
    }
}

fn against(context: &Context, subject: &Subject<'_>, name: &str) -> Result<Against, Failure> {
    if name == BASELINE {
        return subject.baseline(context);
    }
    let path = Path::new(name);
    if path.is_file() {
        let bytes = fs::read(path).or_fail(|| format!("cannot read {name}"))?;
        if bytes.first() == Some(&b'{') {
            return reference(name, &bytes);
        }
    }
    Subject::find(context, name).map(|subject| Against::Boot(subject.into_boot()))
}

fn reference(name: &str, bytes: &[u8]) -> Result<Against, Failure> {
    let baseline = Baseline::parse(bytes).or_fail(|| name.to_owned())?;
    Ok(Against::Baseline { name: format!("the reference {name}"), baseline })
}

/// What Secure Boot makes of the node's disk, beside the differences that it explains.
fn note(explanation: &mut Explanation, rehearsal: &Rehearsal) {
    let verdict = |part: Part| {
        let of = rehearsal.files.iter().find(|file| about(file) == Some(part))?;
        in_words(&of.trust)
    };
    for part in [Part::Shim, Part::Grub, Part::Kernel] {
        if let Some(verdict) = verdict(part) {
            explanation.note(part, &verdict);
        }
    }
    if let BootOutcome::Refused { component, reason } = &rehearsal.outcome {
        let part = part(*component);
        let verdict = verdict(part).map(|verdict| verdict + "; ").unwrap_or_default();
        explanation.note(part, &format!("{verdict}Secure Boot refuses it: {reason}"));
    }
}

/// The part of the boot that a file is; `None` for modules, which no register tells about.
fn about(file: &Finding) -> Option<Part> {
    let name = file.path.rsplit(['\\', '/']).next().unwrap_or_default();
    match file.kind {
        Kind::BootLoader if name.contains("grub") => Some(Part::Grub),
        Kind::BootLoader => Some(Part::Shim),
        Kind::Kernel => Some(Part::Kernel),
        Kind::Module => None,
    }
}

/// Why a file would not run; `None` when it would.
fn in_words(trust: &Trust) -> Option<String> {
    match trust {
        Trust::Trusted { .. } => None,
        Trust::Unsigned => Some("it is not signed".to_owned()),
        Trust::Untrusted { why } => Some(format!("it does not verify: {why}")),
        Trust::Revoked { why } => Some(format!("it is revoked: {why}")),
    }
}

fn part(component: Component) -> Part {
    match component {
        Component::Firmware => Part::Firmware,
        Component::Shim => Part::Shim,
        Component::Grub => Part::Grub,
        Component::GrubConfig => Part::GrubConfig,
        Component::Kernel => Part::Kernel,
        Component::Initrd => Part::Initrd,
    }
}

fn unreadable(error: BootFileError) -> Failure {
    match error {
        BootFileError::Nothing(_) => Failure::NotFound(error.to_string()),
        other => Failure::Failed(other.to_string()),
    }
}
