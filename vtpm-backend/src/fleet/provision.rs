//! What the host puts into a vTPM before the firmware runs, in the layout of an Azure trusted-launch VM.

use control_plane::hardware::VmId;

use super::FleetError;
use crate::pcr::Bank;
use crate::swtpm::TpmHandle;
use crate::tpm::{
    CreatePrimary, FlushContext, GetPcrBanks, GetProperty, HashAlg, MakePersistent, NV_CHUNK_BYTES, NvDefine,
    NvReadPublic, NvUndefine, NvWrite, PcrAllocate, ReadPublic, TpmError, attestation_key, attribute, handle,
    rsa_modulus, run,
};
use crate::vtpm_ca::{AK_CERTIFICATE_DAYS, VtpmCa, placeholder_certificate};

/// The size of the certificate's NV index on Azure (openvmm `TPM_DEFAULT_AKCERT_SIZE`). libtpms allows 2048 bytes for
/// an index; there the index is as large as it can be. What is in it, a certificate and zeros behind it, is the same.
const AK_CERTIFICATE_NV_BYTES: u32 = 4096;
/// openvmm's: read by the owner, written only by who knows the index's password, which nobody keeps.
const AK_CERTIFICATE_NV_ATTRIBUTES: u32 =
    attribute::AUTHREAD | attribute::AUTHWRITE | attribute::OWNERREAD | attribute::PLATFORMCREATE | attribute::NO_DA;
const NV_PASSWORD_BYTES: usize = 32;
const DAY_S: u64 = 86_400;
/// A certificate is renewed at the first boot in this time before it expires, as Azure's client does (90 days).
const RENEW_BEFORE_S: u64 = 90 * DAY_S;

/// Makes sure that exactly Azure's banks are active: SHA-1, SHA-256, SHA-384.
pub(super) async fn allocate_banks(tpm: &mut TpmHandle) -> Result<(), FleetError> {
    let wanted = [HashAlg::Sha1, HashAlg::Sha256, HashAlg::Sha384];
    let banks = run(tpm, &GetPcrBanks).await.map_err(FleetError::tpm)?;
    let active: Vec<HashAlg> = banks.into_iter().filter(|bank| bank.mask != 0).map(|bank| bank.alg).collect();
    if active == wanted {
        return Ok(());
    }
    let accepted = run(tpm, &PcrAllocate { banks: wanted.to_vec() }).await.map_err(FleetError::tpm)?;
    if !accepted {
        return Err(FleetError::Provision("the TPM does not accept PCR banks sha1, sha256 and sha384".to_owned()));
    }
    // An allocation takes effect at the next power cycle.
    Ok(tpm.power_cycle().await?)
}

/// Makes sure that the attestation key is in its place, and returns its RSA modulus.
pub(super) async fn attestation_key_in_place(tpm: &mut TpmHandle) -> Result<Vec<u8>, FleetError> {
    let public = match run(tpm, &ReadPublic(handle::AK)).await {
        Ok(key) => key.public,
        Err(error) if error.is_absent() => create_attestation_key(tpm).await.map_err(FleetError::tpm)?,
        Err(error) => return Err(FleetError::tpm(error)),
    };
    rsa_modulus(&public).map_err(|error| FleetError::Provision(format!("attestation key: {error}")))
}

/// Created in the endorsement hierarchy, kept by the owner. The endorsement key itself is not made: it is a function
/// of the same seed, and on Azure no persistent handle holds it.
async fn create_attestation_key(tpm: &mut TpmHandle) -> Result<Vec<u8>, TpmError> {
    let template = attestation_key();
    let key = run(tpm, &CreatePrimary { hierarchy: handle::ENDORSEMENT, template }).await?;
    let kept = run(tpm, &MakePersistent { transient: key.handle, persistent: handle::AK }).await;
    run(tpm, &FlushContext(key.handle)).await?;
    kept.map(|()| key.public)
}

/// What is known of an attestation key's certificate.
pub(super) struct Certified {
    /// When it expires, Unix time; `None` for a placeholder, which is replaced as soon as there is a real one.
    pub(super) expires: Option<u64>,
}

/// Makes sure that the NV index holds a certificate that is valid for a while; `expires` is what the last boot knew.
pub(super) async fn certificate_in_place(
    tpm: &mut TpmHandle,
    ca: &VtpmCa,
    vm: VmId,
    modulus: &[u8],
    now: u64,
    expires: Option<u64>,
) -> Result<Certified, FleetError> {
    let defined = match run(tpm, &NvReadPublic(handle::AK_CERTIFICATE)).await {
        Ok(_) => true,
        Err(error) if error.is_absent() => false,
        Err(error) => return Err(FleetError::tpm(error)),
    };
    if let Some(expires) = expires.filter(|expires| defined && now.saturating_add(RENEW_BEFORE_S) < *expires) {
        return Ok(Certified { expires: Some(expires) });
    }
    let certificate = ca.issue_ak_certificate(&machine_digits(vm), modulus, now)?;
    write_certificate(tpm, &certificate, defined).await?;
    Ok(Certified { expires: Some(now.saturating_add(AK_CERTIFICATE_DAYS * DAY_S)) })
}

/// Makes sure that the NV index holds what a machine has whose certificate is not there yet.
pub(super) async fn placeholder_in_place(
    tpm: &mut TpmHandle,
    vm: VmId,
    modulus: &[u8],
    now: u64,
) -> Result<Certified, FleetError> {
    let defined = match run(tpm, &NvReadPublic(handle::AK_CERTIFICATE)).await {
        Ok(_) => true,
        Err(error) if error.is_absent() => false,
        Err(error) => return Err(FleetError::tpm(error)),
    };
    write_certificate(tpm, &placeholder_certificate(&machine_digits(vm), modulus, now)?, defined).await?;
    Ok(Certified { expires: None })
}

async fn write_certificate(tpm: &mut TpmHandle, certificate: &[u8], defined: bool) -> Result<(), FleetError> {
    let max = run(tpm, &GetProperty::NV_INDEX_MAX).await.map_err(FleetError::tpm)?;
    let size = max.unwrap_or(AK_CERTIFICATE_NV_BYTES).min(AK_CERTIFICATE_NV_BYTES);
    let size = u16::try_from(size).expect("at most 4096");
    if certificate.len() > usize::from(size) {
        let text = format!("a certificate of {} bytes does not fit into {size} bytes of NV", certificate.len());
        return Err(FleetError::Provision(text));
    }
    let mut padded = certificate.to_vec();
    padded.resize(usize::from(size), 0);
    let mut password = vec![0; NV_PASSWORD_BYTES];
    aws_lc_rs::rand::fill(&mut password).map_err(|_| FleetError::Provision("the host has no randomness".to_owned()))?;
    write_nv(tpm, padded, size, password, defined).await.map_err(FleetError::tpm)
}

async fn write_nv(
    tpm: &mut TpmHandle,
    data: Vec<u8>,
    size: u16,
    password: Vec<u8>,
    defined: bool,
) -> Result<(), TpmError> {
    let index = handle::AK_CERTIFICATE;
    if defined {
        run(tpm, &NvUndefine(index)).await?;
    }
    let define = NvDefine { index, attributes: AK_CERTIFICATE_NV_ATTRIBUTES, password: password.clone(), size };
    run(tpm, &define).await?;
    for (chunk, offset) in data.chunks(usize::from(NV_CHUNK_BYTES)).zip((0_u16..).step_by(usize::from(NV_CHUNK_BYTES)))
    {
        run(tpm, &NvWrite { index, password: password.clone(), data: chunk.to_vec(), offset }).await?;
    }
    Ok(())
}

/// The twelve hexadecimal digits that name a machine in its certificate. On Azure they are no part of the VM's id that
/// could be recognised; here they are its last twelve, so that people can find the machine.
fn machine_digits(vm: VmId) -> String {
    let digits = vm.0.simple().to_string();
    digits.chars().skip(20).collect()
}

/// The TPM's algorithm of a bank.
pub(super) fn hash_alg(bank: Bank) -> HashAlg {
    match bank {
        Bank::Sha1 => HashAlg::Sha1,
        Bank::Sha256 => HashAlg::Sha256,
        Bank::Sha384 => HashAlg::Sha384,
    }
}
