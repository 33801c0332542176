//! `slipway node sbinfo`.

use vtpm_backend::sbinfo::{Finding, Kind, Trust};

use super::args::Shown;
use super::{Context, out};
use crate::api::SbInfo;
use crate::client::Client;
use crate::failure::Failure;
use crate::table;

pub(super) fn run(context: &Context, client: &Client, path: &str, shown: &Shown) -> Result<(), Failure> {
    let mut info: SbInfo = client.get(path)?;
    info.findings.retain(|finding| shown.covers(finding.kind));
    let all_trusted = info.findings.iter().all(Finding::is_trusted);
    if shown.untrusted {
        info.findings.retain(|finding| !finding.is_trusted());
    }
    if context.json {
        out::json(&info)?;
    } else if info.findings.is_empty() {
        out::text(&format!("{}: Secure Boot would let everything run\n", info.node))?;
    } else {
        let rows: Vec<_> = info.findings.iter().map(row).collect();
        out::text(&table::render(["KIND", "FILE", "VERDICT", "SIGNER"], &rows))?;
    }
    if all_trusted { Ok(()) } else { Err(Failure::NotTrusted) }
}

impl Shown {
    fn covers(&self, kind: Kind) -> bool {
        let everything = !(self.modules || self.kernels || self.boot_loaders);
        everything
            || match kind {
                Kind::BootLoader => self.boot_loaders,
                Kind::Kernel => self.kernels,
                Kind::Module => self.modules,
            }
    }
}

fn row(finding: &Finding) -> [String; 4] {
    let verdict = match &finding.trust {
        Trust::Trusted { by } => format!("trusted: {by}"),
        Trust::Unsigned => "unsigned".to_owned(),
        Trust::Untrusted { why } => format!("untrusted: {why}"),
        Trust::Revoked { why } => format!("revoked: {why}"),
    };
    let signer = finding.signer.clone().unwrap_or_else(|| "-".to_owned());
    [finding.kind.as_str().to_owned(), finding.path.clone(), verdict, signer]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_kind_everything_is_looked_at() {
        let none = Shown { untrusted: true, modules: false, kernels: false, boot_loaders: false };
        let modules = Shown { modules: true, ..none };
        assert!([Kind::BootLoader, Kind::Kernel, Kind::Module].iter().all(|kind| none.covers(*kind)));
        assert!(modules.covers(Kind::Module) && !modules.covers(Kind::Kernel) && !modules.covers(Kind::BootLoader));
    }
}
