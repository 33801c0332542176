//! Faults of UEFI variables.

use control_plane::faults::Fault;
use control_plane::hardware::Component;

use crate::image::authenticode::signatures;
use crate::image::{ImageError, NodeImage, PlatformKeys, pe};
use crate::uefi::signature::{SignatureDatabase, SignatureList};
use crate::uefi::var_store::{NON_VOLATILE_BOOT_SERVICE, Variable, Variables};
use crate::uefi::{EfiGuid, guids};

/// The revocations of February 2025 as shim 16.1 ships them (`SBAT_VAR_AUTOMATIC`): what they want, and their date.
const LEVEL_OF_2025: ((&str, u64), &str) = (("grub", 5), "2025021800");
/// The date of a level that no shim ships, for other boot loaders.
const LEVEL_OF_TOMORROW: &str = "2099010100";

/// Changes the variables as the faults say. `image` is the untouched image: what is revoked is what was shipped.
///
/// # Errors
/// [`ImageError`] when a fault does not fit the image, or foreign keys cannot be made.
pub fn in_variables(
    variables: &mut Variables,
    faults: &[Fault],
    image: &NodeImage,
    keys: &PlatformKeys,
) -> Result<(), ImageError> {
    for fault in faults {
        match fault {
            Fault::RevokedHash { component } => {
                let hash = content(image, *component)?.authenticode()?.sha256;
                deny(variables, SignatureList::sha256(guids::MICROSOFT_OWNER, &[hash]));
            }
            Fault::RevokedCertificate { component } => {
                let certificate = signer_certificate(image, *component)?;
                deny(variables, Some(SignatureList::x509(guids::MICROSOFT_OWNER, &certificate)));
            }
            Fault::SbatLevelRaised => raise_sbat_level(variables, image)?,
            Fault::UnknownMok => {
                let list = SignatureList::x509(guids::SHIM_LOCK, &keys.foreign()?.mok.cert_der);
                set_shims(variables, "MokList", SignatureDatabase { lists: vec![list] }.encode());
            }
            Fault::KeysReplaced => replace_keys(variables, &keys.foreign()?.owner.cert_der),
            Fault::SetupMode => variables.remove(guids::GLOBAL_VARIABLE, "PK"),
            // Not in a variable.
            Fault::Tampered { .. }
            | Fault::TamperedCommandLine
            | Fault::UnsignedKernel
            | Fault::UnknownSigner { .. }
            | Fault::EvilInitrd
            | Fault::UnsignedModule
            | Fault::FirmwareDebugMode
            | Fault::EventLogWithheld
            | Fault::EventLogEdited
            | Fault::AkCertificateUnprovisioned => {}
        }
    }
    Ok(())
}

fn content(image: &NodeImage, component: Component) -> Result<&crate::image::Content, ImageError> {
    let file = image.file(component).ok_or_else(|| ImageError::NothingToChange(component, image.name.clone()))?;
    Ok(&file.content)
}

/// The certificate of the file's first signer.
fn signer_certificate(image: &NodeImage, component: Component) -> Result<Vec<u8>, ImageError> {
    let found = signatures(content(image, component)?.bytes())?;
    let certificate = found.into_iter().flatten().find_map(|signature| signature.signer_certificate().ok());
    certificate.ok_or_else(|| ImageError::NothingToChange(component, image.name.clone()))
}

/// Appends to dbx, as an update of it does.
fn deny(variables: &mut Variables, list: Option<SignatureList>) {
    let guid = guids::IMAGE_SECURITY_DATABASE;
    let added = SignatureDatabase { lists: list.into_iter().collect() }.encode();
    let data = [variables.data(guid, "dbx"), &added].concat();
    overwrite(variables, guid, "dbx", data);
}

fn replace_keys(variables: &mut Variables, certificate: &[u8]) {
    // The owner of the entries is whoever made them; firmware does not look at it.
    let database = SignatureDatabase { lists: vec![SignatureList::x509(guids::SHIM_LOCK, certificate)] }.encode();
    overwrite(variables, guids::GLOBAL_VARIABLE, "PK", database.clone());
    overwrite(variables, guids::GLOBAL_VARIABLE, "KEK", database.clone());
    overwrite(variables, guids::IMAGE_SECURITY_DATABASE, "db", database);
}

/// One generation above what shim starts; for a GRUB of generation 4 that is the text that was really shipped.
fn raise_sbat_level(variables: &mut Variables, image: &NodeImage) -> Result<(), ImageError> {
    let (_, shim) = generation(image, Component::Shim)?;
    let (name, old) = generation(image, Component::Grub)?;
    let new = old + 1;
    let date = if (name.as_str(), new) == LEVEL_OF_2025.0 { LEVEL_OF_2025.1 } else { LEVEL_OF_TOMORROW };
    set_shims(variables, "SbatLevel", format!("sbat,1,{date}\nshim,{shim}\n{name},{new}\n").into_bytes());
    Ok(())
}

/// The first component in a file's `.sbat` section, behind the entry of the format itself, with its generation.
fn generation(image: &NodeImage, component: Component) -> Result<(String, u64), ImageError> {
    let sbat = pe::section(content(image, component)?.bytes(), ".sbat")?.unwrap_or_default();
    let text = String::from_utf8_lossy(sbat);
    let first = text.lines().map(|line| line.split(',')).find_map(|mut fields| {
        let name = fields.next().filter(|name| *name != "sbat")?;
        Some((name.to_owned(), fields.next()?.parse().ok()?))
    });
    first.ok_or_else(|| ImageError::NothingToChange(component, image.name.clone()))
}

/// One of shim's own variables: an operating system can neither read nor write it.
fn set_shims(variables: &mut Variables, name: &str, data: Vec<u8>) {
    let guid = guids::SHIM_LOCK;
    variables.set(Variable { guid, name: name.to_owned(), attributes: NON_VOLATILE_BOOT_SERVICE, data });
}

/// New content under the attributes that the variable has.
fn overwrite(variables: &mut Variables, guid: EfiGuid, name: &str, data: Vec<u8>) {
    let attributes = variables.get(guid, name).map_or(NON_VOLATILE_BOOT_SERVICE, |variable| variable.attributes);
    variables.set(Variable { guid, name: name.to_owned(), attributes, data });
}
