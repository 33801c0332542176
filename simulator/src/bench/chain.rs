//! What one boot costs without its TPM: firmware, boot loaders and kernel with all their verification and measurements.

use std::sync::Arc;
use std::time::Duration;

use control_plane::faults::Fault;
use control_plane::hardware::Component;
use serde::Serialize;
use uuid::Uuid;
use vtpm_backend::boot::engine::FirmwareProfile;
use vtpm_backend::boot::{Machine, boot};
use vtpm_backend::image::{ImageLibrary, PlatformKeys};

use super::cpu;
use crate::failure::{Failure, OrFail as _};

/// Boots that are measured of each kind.
const BOOTS: u32 = 400;
/// The start of the certificates' validity, which no boot looks at.
const KEYS_FROM: u64 = 1_780_000_000;
const TAMPERED: Fault = Fault::Tampered { component: Component::Grub };

/// One kind of boot.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChainCost {
    pub(super) what: &'static str,
    boots: u32,
    /// The first boot of an image, which hashes its files and verifies its signatures.
    pub(super) first_cpu_ms: f64,
    /// Every other one.
    pub(super) cpu_ms_each: f64,
}

/// Measures in this process.
pub(super) fn measure() -> Result<Vec<ChainCost>, Failure> {
    let keys = Arc::new(PlatformKeys::generate(KEYS_FROM).or_fail(|| "cannot make Secure Boot keys".to_owned())?);
    let images = ImageLibrary::new(keys.clone());
    let kinds: [(&str, &str, &[Fault]); 4] = [
        ("boot chain, Ubuntu 22.04", "AKSUbuntu-2204gen2TLcontainerd-202607.13.0", &[]),
        ("boot chain, Ubuntu 24.04", "AKSUbuntu-2404gen2TLcontainerd-202607.13.0", &[]),
        ("boot chain, Azure Container Linux", "AKSAzureContainerLinux-202607.13.0", &[]),
        ("boot chain, GRUB tampered with", "AKSUbuntu-2204gen2TLcontainerd-202607.13.0", &[TAMPERED]),
    ];
    kinds.into_iter().map(|(what, image, faults)| one_kind(&keys, &images, what, image, faults)).collect()
}

fn one_kind(
    keys: &PlatformKeys,
    images: &ImageLibrary,
    what: &'static str,
    image: &str,
    faults: &[Fault],
) -> Result<ChainCost, Failure> {
    let failed = || format!("the {what} cannot be measured");
    let image = images.get(image).or_fail(failed)?;
    let run = |number: u32| {
        let machine = Machine {
            bios_uuid: Uuid::from_u128(u128::from(number)),
            secure_boot: true,
            image: image.clone(),
            faults,
            keys,
            firmware: FirmwareProfile::azure(),
        };
        boot(&machine).or_fail(failed)
    };
    let time = |boots: u32| -> Result<Duration, Failure> {
        let before = cpu::of_process(std::process::id())?;
        (0..boots).try_for_each(|number| run(number).map(drop))?;
        Ok(cpu::of_process(std::process::id())?.saturating_sub(before))
    };
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    Ok(ChainCost { what, boots: BOOTS, first_cpu_ms: ms(time(1)?), cpu_ms_each: ms(time(BOOTS)?) / f64::from(BOOTS) })
}
