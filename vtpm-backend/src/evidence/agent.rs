//! Slipway's agent inside the guest: it uses tpm2-tss through the guest endpoint, as any guest software would.

use tss_esapi::constants::response_code::Tss2ResponseCodeKind;
use tss_esapi::handles::{KeyHandle, NvIndexTpmHandle, ObjectHandle, PersistentTpmHandle, TpmHandle};
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::resource_handles::NvAuth;
use tss_esapi::interface_types::session_handles::AuthSession;
use tss_esapi::structures::{Attest, AttestInfo, Data, PcrSelectionList, PcrSlot, Public, Signature, SignatureScheme};
use tss_esapi::tcti_ldr::{NetworkTPMConfig, TctiNameConf};
use tss_esapi::traits::Marshall;
use tss_esapi::{Context, abstraction};

use super::{EvidenceError, NONCE_BYTES_MAX, Quote, Selection};
use crate::pcr::{Bank, PcrIndex};
use crate::tpm::{handle, rsa_modulus, sized_public};
use crate::vtpm_ca::subject_public_key_info;
use crate::x509::to_pem;

/// How often quote and registers are taken again because software in the guest extended a register in between.
const ATTEMPTS_MAX: u32 = 8;

/// Takes a quote over the TPM that listens on `port`. Blocks: tpm2-tss is synchronous.
///
/// # Errors
/// When the nonce is too long, the TPM cannot be reached, or it refuses.
pub(crate) fn take_quote(port: u16, nonce: &[u8], selection: &Selection) -> Result<Quote, EvidenceError> {
    if nonce.len() > NONCE_BYTES_MAX {
        let text = format!("the nonce has {} bytes; a TPM takes at most {NONCE_BYTES_MAX}", nonce.len());
        return Err(EvidenceError::BadRequest(text));
    }
    let mut context = connect(port)?;
    let key = attestation_key(&mut context)?;
    let (public, _, _) = context.read_public(key).map_err(refused)?;
    let (attest, signature, pcrs) = consistent_quote(&mut context, key, nonce, selection)?;
    let area = public_area(&public)?;
    let modulus = rsa_modulus(&area).map_err(|error| EvidenceError::Guest(error.to_string()))?;
    let spki = subject_public_key_info(&modulus).map_err(|error| EvidenceError::Host(error.to_string()))?;
    Ok(Quote {
        attest: attest.marshall().map_err(refused)?,
        signature: signature.marshall().map_err(refused)?,
        bank: selection.bank(),
        pcrs,
        nonce: nonce.to_vec(),
        ak_public: sized_public(&area),
        ak_public_pem: to_pem("PUBLIC KEY", &spki),
        ak_certificate_der: certificate(&mut context)?,
    })
}

fn connect(port: u16) -> Result<Context, EvidenceError> {
    let address = format!("host=127.0.0.1,port={port}");
    let config: NetworkTPMConfig = address.parse().map_err(host)?;
    Context::new(TctiNameConf::Swtpm(config)).map_err(host)
}

fn attestation_key(context: &mut Context) -> Result<KeyHandle, EvidenceError> {
    let persistent = PersistentTpmHandle::new(handle::AK).map_err(host)?;
    let object: ObjectHandle = context.tr_from_tpm_public(TpmHandle::Persistent(persistent)).map_err(refused)?;
    Ok(KeyHandle::from(object))
}

/// `TPMT_PUBLIC`: what tpm2-tss marshals is the area without its length.
fn public_area(public: &Public) -> Result<Vec<u8>, EvidenceError> {
    public.marshall().map_err(refused)
}

type Quoted = (Attest, Signature, Vec<(PcrIndex, Vec<u8>)>);

/// A quote and the register values whose digest it holds.
fn consistent_quote(
    context: &mut Context,
    key: KeyHandle,
    nonce: &[u8],
    selection: &Selection,
) -> Result<Quoted, EvidenceError> {
    let list = selection_list(selection)?;
    for _ in 0..ATTEMPTS_MAX {
        let data = Data::try_from(nonce.to_vec()).map_err(host)?;
        let (attest, signature) = context
            .execute_with_session(Some(AuthSession::Password), |context| {
                context.quote(key, data, SignatureScheme::Null, list.clone())
            })
            .map_err(refused)?;
        let pcrs = read_registers(context, selection, &list)?;
        let values: Vec<&[u8]> = pcrs.iter().map(|(_, value)| value.as_slice()).collect();
        // The digest is made with the signing scheme's hash, whatever the bank.
        let digest = Bank::Sha256.hash(&values);
        match attest.attested() {
            AttestInfo::Quote { info } if info.pcr_digest().value() == digest => return Ok((attest, signature, pcrs)),
            _ => continue,
        }
    }
    Err(EvidenceError::Guest("registers change faster than they can be quoted".to_owned()))
}

fn selection_list(selection: &Selection) -> Result<PcrSelectionList, EvidenceError> {
    let slots: Vec<PcrSlot> = selection.pcrs().iter().map(|pcr| slot(*pcr)).collect::<Result<_, _>>()?;
    PcrSelectionList::builder().with_selection(hashing_algorithm(selection.bank()), &slots).build().map_err(host)
}

fn read_registers(
    context: &mut Context,
    selection: &Selection,
    list: &PcrSelectionList,
) -> Result<Vec<(PcrIndex, Vec<u8>)>, EvidenceError> {
    let data = abstraction::pcr::read_all(context, list.clone()).map_err(refused)?;
    let missing = || EvidenceError::Guest("the TPM does not return the registers asked for".to_owned());
    let bank = data.pcr_bank(hashing_algorithm(selection.bank())).ok_or_else(missing)?;
    let value = |pcr: &PcrIndex| -> Result<(PcrIndex, Vec<u8>), EvidenceError> {
        Ok((*pcr, bank.get_digest(slot(*pcr)?).ok_or_else(missing)?.value().to_vec()))
    };
    selection.pcrs().iter().map(value).collect()
}

fn slot(pcr: PcrIndex) -> Result<PcrSlot, EvidenceError> {
    PcrSlot::try_from(1_u32 << pcr.number()).map_err(host)
}

fn hashing_algorithm(bank: Bank) -> HashingAlgorithm {
    match bank {
        Bank::Sha1 => HashingAlgorithm::Sha1,
        Bank::Sha256 => HashingAlgorithm::Sha256,
        Bank::Sha384 => HashingAlgorithm::Sha384,
    }
}

/// The certificate as the host wrote it, without the zeros behind it.
fn certificate(context: &mut Context) -> Result<Vec<u8>, EvidenceError> {
    let index = NvIndexTpmHandle::new(handle::AK_CERTIFICATE).map_err(host)?;
    let mut bytes = context
        .execute_with_session(Some(AuthSession::Password), |context| {
            abstraction::nv::read_full(context, NvAuth::Owner, index)
        })
        .map_err(|error| EvidenceError::Guest(format!("reading the certificate from NV index 0x01C101D0: {error}")))?;
    let length = der_length(&bytes)
        .ok_or_else(|| EvidenceError::Guest("NV index 0x01C101D0 does not begin with a certificate".to_owned()))?;
    bytes.truncate(length);
    Ok(bytes)
}

/// The size of the DER sequence at the front of a buffer.
fn der_length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [0x30, 0x82, high, low, ..] => Some(4 + usize::from(u16::from_be_bytes([*high, *low]))),
        _ => None,
    }
    .filter(|length| *length <= bytes.len())
}

fn host(error: tss_esapi::Error) -> EvidenceError {
    EvidenceError::Host(format!("tpm2-tss: {error}"))
}

fn refused(error: tss_esapi::Error) -> EvidenceError {
    let kind = match error {
        tss_esapi::Error::Tss2Error(code) => code.kind(),
        tss_esapi::Error::WrapperError(_) => None,
    };
    match kind {
        Some(Tss2ResponseCodeKind::ObjectMemory) => EvidenceError::Guest(
            "no free slot for an object; software in the guest left its own behind (tpm2_flushcontext -t frees them)"
                .to_owned(),
        ),
        // TPM_RC_HANDLE: TPM2_Clear takes persistent keys with it.
        Some(Tss2ResponseCodeKind::Handle) => EvidenceError::Guest(
            "its attestation key is gone, as after tpm2_clear; the next boot makes it anew ('slipway node reboot')"
                .to_owned(),
        ),
        _ => EvidenceError::Guest(error.to_string()),
    }
}
