//! The modules on a node's disk, and the certificates by which its kernel judges them.

use control_plane::faults::Fault;

use crate::image::{ImageError, KeyError, NodeImage, PlatformKeys, filler};
use crate::uefi::guids;
use crate::uefi::signature::SignatureDatabase;
use crate::uefi::var_store::Variables;

use super::{Content, KernelModule, sign, unsigned};

/// What containerd's and Kubernetes' configurations in `/etc/modules-load.d` load, and one more. A real node has
/// thousands; these stand for them.
const SHIPPED: [(&str, bool); 3] = [
    ("kernel/fs/overlayfs/overlay.ko", true),
    ("kernel/net/bridge/br_netfilter.ko", true),
    ("kernel/net/netfilter/nf_conntrack.ko", false),
];
/// Where somebody's own module would be.
const UNSIGNED: &str = "updates/dkms/node_monitor.ko";
const CODE_LEN: usize = 4096;

/// The modules on the disk of a machine with this image and these faults.
///
/// # Errors
/// [`ImageError`] when the distribution's key cannot be used.
pub fn on_disk(image: &NodeImage, faults: &[Fault], keys: &PlatformKeys) -> Result<Vec<KernelModule>, ImageError> {
    let release = &image.distribution.kernel_release;
    let module = |file: &str, bytes: Vec<u8>, loaded_at_start| KernelModule {
        path: format!("/lib/modules/{release}/{file}"),
        content: Content::new(bytes),
        loaded_at_start,
    };
    let signer = keys.distribution_signer(image.distribution.vendor())?;
    let mut modules = Vec::new();
    for (file, loaded_at_start) in SHIPPED {
        let signed = sign(plain(&image.name, file), signer)?;
        modules.push(module(file, signed, loaded_at_start));
    }
    if faults.contains(&Fault::UnsignedModule) {
        modules.push(module(UNSIGNED, plain(&image.name, UNSIGNED), true));
    }
    Ok(modules)
}

fn plain(image: &str, file: &str) -> Vec<u8> {
    let name = file.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or(file);
    unsigned(name, &filler(&["module", image, file], CODE_LEN))
}

/// The certificates that the kernel trusts for modules: the distribution's, which are compiled in, those of db and
/// those of the machine owner (`.builtin_trusted_keys`, `.platform`, `.machine`).
///
/// # Errors
/// [`KeyError`] when the distribution's certificate cannot be read.
pub fn trusted_keys(image: &NodeImage, variables: &Variables, keys: &PlatformKeys) -> Result<Vec<Vec<u8>>, KeyError> {
    let vendor = image.distribution.vendor();
    let mut trusted =
        vec![keys.distribution_signer(vendor)?.cert_der.clone(), keys.vendor_certificate(vendor).to_vec()];
    for (guid, name) in [(guids::IMAGE_SECURITY_DATABASE, "db"), (guids::SHIM_LOCK, "MokList")] {
        let database = SignatureDatabase::parse(variables.data(guid, name)).unwrap_or_default();
        trusted.extend(database.certificates().map(|entry| entry.data.clone()));
    }
    Ok(trusted)
}
