use control_plane::faults::{Fault, LIBRARY, Outcome};

use std::sync::Arc;

use super::*;
use crate::faults::{in_variables, on_disk};
use crate::image::testing::{UBUNTU, image, keys, library};
use crate::modules;

fn findings(faults: &[Fault]) -> Vec<Finding> {
    findings_on(&image(), faults).unwrap()
}

/// `None` when the fault does not fit the image.
fn findings_on(image: &Arc<NodeImage>, faults: &[Fault]) -> Option<Vec<Finding>> {
    let disk = on_disk(image, faults, keys()).ok()?;
    let mut variables = Variables::of_keys(keys().databases());
    in_variables(&mut variables, faults, image, keys()).ok()?;
    let on_disk = modules::on_disk(&disk, faults, keys()).unwrap();
    Some(inspect(&disk, &variables, &on_disk, &modules::trusted_keys(&disk, &variables, keys()).unwrap()))
}

fn bad(faults: &[Fault]) -> Vec<(Kind, Trust)> {
    let bad = findings(faults).into_iter().filter(|finding| !finding.is_trusted());
    bad.map(|finding| (finding.kind, finding.trust)).collect()
}

#[test]
fn a_good_disk_is_trusted_throughout() {
    let all = findings(&[]);
    assert_eq!(all.len(), 6);
    assert!(all.iter().all(Finding::is_trusted), "{all:#?}");
    assert!(matches!(&all[0].trust, Trust::Trusted { by } if by.contains("Slipway UEFI CA") && by.ends_with("in db")));
    assert!(matches!(&all[1].trust, Trust::Trusted { by } if by.ends_with("in shim's own certificate")));
}

/// What Secure Boot refuses is found, and nothing else is, apart from the module, which does not keep a node from
/// booting; on every distribution.
#[test]
fn findings_are_what_secure_boot_refuses() {
    let unified = "AKSAzureContainerLinux-V3gen2TL-202607.13.0";
    for name in [UBUNTU, "AKSUbuntu-2404gen2TLcontainerd-202607.13.0", "AKSAzureLinux-V3gen2TL-202607.13.0", unified] {
        let image = library().get(name).unwrap();
        for entry in &LIBRARY {
            let Some(found) = findings_on(&image, &[entry.fault]) else {
                assert_eq!(name, unified, "{}", entry.name);
                continue;
            };
            let expected = match (entry.fault, entry.secure_boot_on.outcome) {
                (Fault::UnsignedModule, _) => vec![Kind::Module],
                // GRUB and kernel have one signer.
                (Fault::RevokedCertificate { component: Component::Grub }, _) => vec![Kind::BootLoader, Kind::Kernel],
                (_, Outcome::Boots) => vec![],
                (_, Outcome::Refused(Component::Kernel)) => vec![Kind::Kernel],
                (_, Outcome::Refused(_)) => vec![Kind::BootLoader],
            };
            let bad = found.iter().filter(|finding| !finding.is_trusted());
            let kinds: Vec<_> = bad.map(|finding| finding.kind).collect();
            assert_eq!(kinds, expected, "{name}, {}: {found:?}", entry.name);
        }
    }
}

#[test]
fn verdicts_say_why() {
    let why = |fault| match bad(&[fault]).remove(0).1 {
        Trust::Untrusted { why } => why,
        Trust::Revoked { why } => format!("revoked: {why}"),
        other => format!("{other:?}"),
    };
    assert_eq!(why(Fault::Tampered { component: Component::Grub }), "it was changed after it was signed");
    assert_eq!(why(Fault::UnsignedKernel), "Unsigned");
    assert_eq!(why(Fault::UnsignedModule), "Unsigned");
    let unknown = why(Fault::UnknownSigner { component: Component::Kernel });
    assert!(
        unknown.starts_with("its signer is unknown: no certificate for it in db, shim's own certificate"),
        "{unknown}"
    );
    assert_eq!(why(Fault::RevokedHash { component: Component::Kernel }), "revoked: its hash is in dbx");
    let certificate = why(Fault::RevokedCertificate { component: Component::Shim });
    assert_eq!(certificate, "revoked: the certificate of its signer is in dbx");
    let sbat = why(Fault::SbatLevelRaised);
    assert!(sbat.starts_with("revoked: SBAT: grub has generation"), "{sbat}");
    // Once the key is enrolled, its signature counts.
    let signed = Fault::UnknownSigner { component: Component::Kernel };
    assert!(bad(&[signed, Fault::UnknownMok]).is_empty());
}
