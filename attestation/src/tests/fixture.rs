//! A machine with an attestation key and an authority behind it, without a TPM: the structures are written by hand.

use std::sync::{Arc, OnceLock};

use uuid::Uuid;
use vtpm_backend::boot::engine::FirmwareProfile;
use vtpm_backend::boot::{BootRun, Machine, Reference, boot, reference};
use vtpm_backend::evidence::tpm2_tools_pcrs;
use vtpm_backend::image::{ImageLibrary, NodeImage, PlatformKeys};
use vtpm_backend::pcr::{Bank, PcrIndex};
use vtpm_backend::x509::extensions::basic_constraints;
use vtpm_backend::x509::{CertificateTemplate, HashAlg, RsaBits, SignatureAlg, SigningKey, issue, serial_from, to_pem};

use control_plane::hardware::{Component, Fault};

use crate::{About, Baseline, Evidence, Policy};

pub(super) const NOW: u64 = 1_780_000_000;
const YEAR: u64 = 31_536_000;
pub(super) const IMAGE: &str = "AKSUbuntu-2204gen2TLcontainerd-202607.13.0";
pub(super) const NONCE: &[u8] = b"a nonce";
/// fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign: Azure's attestation key.
pub(super) const AK_ATTRIBUTES: u32 = 0x0005_0472;
const ENDORSEMENT: u32 = 0x4000_000b;

/// Keys and certificates that all tests share: making RSA keys takes long.
pub(super) struct Shared {
    pub(super) ak: SigningKey,
    pub(super) other: SigningKey,
    ca: SigningKey,
    pub(super) root: Vec<u8>,
    pub(super) certificate: Vec<u8>,
    pub(super) platform: Arc<PlatformKeys>,
    pub(super) image: Arc<NodeImage>,
}

pub(super) fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let rsa = || SigningKey::generate_rsa(RsaBits::Bits2048).unwrap();
        let (ak, other, ca) = (rsa(), rsa(), SigningKey::generate_p256().unwrap());
        let root = certify("CN=root", &ca, &ca, true);
        let certificate = certify("CN=ak", &ak, &ca, false);
        let platform = Arc::new(PlatformKeys::generate(NOW).unwrap());
        let image = ImageLibrary::new(platform.clone()).get(IMAGE).unwrap();
        Shared { ak, other, ca, root, certificate, platform, image }
    })
}

fn certify(subject: &str, key: &SigningKey, issuer: &SigningKey, ca: bool) -> Vec<u8> {
    let template = CertificateTemplate {
        subject: subject.to_owned(),
        issuer: "CN=root".to_owned(),
        serial: serial_from(&[subject.as_bytes(), &key.spki_der()]),
        not_before_unix: NOW,
        not_after_unix: NOW + YEAR,
        subject_spki_der: key.spki_der(),
        extensions: vec![basic_constraints(ca, None).unwrap()],
        signature: SignatureAlg::EcdsaP256Sha256,
    };
    issue(&template, issuer).unwrap()
}

/// A certificate of the authority for this key.
pub(super) fn certificate_for(key: &SigningKey) -> Vec<u8> {
    certify("CN=ak", key, &shared().ca, false)
}

/// The modulus at the end of an RSA-2048 SubjectPublicKeyInfo: 256 bytes before the exponent 65537.
fn modulus(key: &SigningKey) -> Vec<u8> {
    let spki = key.spki_der();
    let exponent = spki.len() - 5;
    assert_eq!(spki[exponent..], [2, 3, 1, 0, 1]);
    spki[exponent - 256..exponent].to_vec()
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

/// `TPM2B_PUBLIC` as Azure's attestation key has it.
pub(super) fn public(key: &SigningKey, attributes: u32) -> Vec<u8> {
    let mut area = vec![0, 1, 0, 0x0b];
    area.extend(attributes.to_be_bytes());
    area.extend([0, 0, 0, 0x10, 0, 0x14, 0, 0x0b, 8, 0, 0, 0, 0, 0]);
    area.extend(sized(&modulus(key)));
    sized(&area)
}

fn qualified_name(public: &[u8]) -> Vec<u8> {
    let name = [&[0, 0x0b][..], &Bank::Sha256.hash(&[&public[2..]])].concat();
    [&[0, 0x0b][..], &Bank::Sha256.hash(&[&ENDORSEMENT.to_be_bytes(), &name])].concat()
}

/// What goes into a quote.
pub(super) struct Recipe {
    pub(super) nonce: Vec<u8>,
    pub(super) safe: u8,
    pub(super) attributes: u32,
    pub(super) bank: Bank,
    pub(super) pcrs: Vec<u8>,
}

impl Default for Recipe {
    fn default() -> Self {
        let pcrs = (0..=9).chain(11..=14).collect();
        Recipe { nonce: NONCE.to_vec(), safe: 1, attributes: AK_ATTRIBUTES, bank: Bank::Sha256, pcrs }
    }
}

impl Recipe {
    /// Evidence of a machine that booted like this.
    pub(super) fn evidence(&self, run: &BootRun) -> Evidence {
        let shared = shared();
        let values: Vec<_> = self
            .pcrs
            .iter()
            .map(|number| (PcrIndex::new(*number), run.pcrs.get(self.bank, PcrIndex::new(*number)).to_vec()))
            .collect();
        let ak_public = public(&shared.ak, self.attributes);
        let attest = self.attest(&values, &qualified_name(&ak_public));
        Evidence {
            signature: signature(&shared.ak, &attest),
            attest,
            pcrs: tpm2_tools_pcrs(self.bank, &values),
            ak_pem: to_pem("PUBLIC KEY", &shared.ak.spki_der()),
            ak_public,
            ak_certificate: shared.certificate.clone(),
            ak_chain_pem: String::new(),
            event_log: run.log().encode(),
            nonce_hex: hex::encode(&self.nonce),
            about: About { node: "aks-nodepool1-12345678-vmss000000".into(), ..About::default() },
        }
    }

    fn attest(&self, values: &[(PcrIndex, Vec<u8>)], signer: &[u8]) -> Vec<u8> {
        let mask = self.pcrs.iter().fold(0_u32, |mask, number| mask | 1 << number);
        let digest = Bank::Sha256.hash(&values.iter().map(|(_, value)| value.as_slice()).collect::<Vec<_>>());
        let mut out = vec![0xff, 0x54, 0x43, 0x47, 0x80, 0x18];
        out.extend(sized(signer));
        out.extend(sized(&self.nonce));
        out.extend(123_456_u64.to_be_bytes());
        out.extend([0, 0, 0, 2, 0, 0, 0, 0, self.safe]);
        out.extend(0x2019_1023_0016_3636_u64.to_be_bytes());
        out.extend([0, 0, 0, 1]);
        out.extend(self.bank.alg_id().to_be_bytes());
        out.push(3);
        out.extend(&mask.to_le_bytes()[..3]);
        out.extend(sized(&digest));
        out
    }
}

/// `TPMT_SIGNATURE`.
pub(super) fn signature(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    let bytes = key.sign(HashAlg::Sha256, message).unwrap();
    [vec![0, 0x14, 0, 0x0b], sized(&bytes)].concat()
}

pub(super) fn booted(secure_boot: bool, tampered: &[Component]) -> BootRun {
    let shared = shared();
    let faults: Vec<_> = tampered.iter().map(|component| Fault::Tampered { component: *component }).collect();
    boot(&Machine {
        bios_uuid: Uuid::from_u128(0x1234_5678),
        secure_boot,
        image: shared.image.clone(),
        faults: &faults,
        keys: &shared.platform,
        firmware: FirmwareProfile::azure(),
    })
    .unwrap()
}

pub(super) fn good_reference(secure_boot: bool) -> Reference {
    reference(&shared().image, secure_boot, &shared().platform, FirmwareProfile::azure()).unwrap()
}

/// The evidence of an untouched machine.
pub(super) fn good() -> Evidence {
    Recipe::default().evidence(&booted(true, &[]))
}

/// The policy that the good evidence fulfils in every point.
pub(super) fn policy() -> Policy {
    Policy {
        roots: vec![shared().root.clone()],
        intermediates: Vec::new(),
        at_unix: Some(NOW + 1),
        nonce: Some(NONCE.to_vec()),
        secure_boot: Some(true),
        baseline: Some(Baseline::from_reference(&good_reference(true))),
        live: Some(booted(true, &[]).pcrs),
    }
}
