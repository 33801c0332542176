//! The key templates of an Azure vTPM (openvmm `tpm_protocol`; TCG EK Credential Profile 2.5, section B.3).

use super::types::HashAlg;
use super::wire::Writer;

const ALG_RSA: u16 = 0x0001;
const ALG_NULL: u16 = 0x0010;
const ALG_RSASSA: u16 = 0x0014;
const ALG_AES: u16 = 0x0006;
const ALG_CFB: u16 = 0x0043;
const RSA_BITS: u16 = 2048;
const UNIQUE_BYTES: usize = 256;

/// PolicyA of the EK profile: `PolicySecret(TPM_RH_ENDORSEMENT)`.
const EK_POLICY: [u8; 32] = [
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7,
    0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
];

/// The attestation key: fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign; RSASSA with
/// SHA-256. The same bytes as in a real trusted-launch VM's public area, up to the modulus.
pub fn attestation_key() -> Vec<u8> {
    let mut scheme = Writer::default();
    scheme.u16(ALG_NULL).u16(ALG_RSASSA).u16(HashAlg::Sha256.id());
    rsa(0x0005_0472, &[], scheme)
}

/// The storage root key: the TCG's RSA-2048 storage template with noDA.
///
/// That Azure's SRK has exactly these attributes is inferred: openvmm names its handle, no public dump shows its area.
pub fn storage_root_key() -> Vec<u8> {
    rsa(0x0003_0472, &[], aes_128_cfb())
}

/// The endorsement key of the TCG's template L-1. Azure's vTPM does not keep it under a persistent handle; who wants it
/// creates it.
pub fn endorsement_key() -> Vec<u8> {
    rsa(0x0003_00B2, &EK_POLICY, aes_128_cfb())
}

fn aes_128_cfb() -> Writer {
    let mut scheme = Writer::default();
    scheme.u16(ALG_AES).u16(128).u16(ALG_CFB).u16(ALG_NULL);
    scheme
}

/// `TPMT_PUBLIC` of an RSA-2048 key with the default exponent.
fn rsa(attributes: u32, policy: &[u8], symmetric_and_scheme: Writer) -> Vec<u8> {
    let mut public = Writer::default();
    public.u16(ALG_RSA).u16(HashAlg::Sha256.id()).u32(attributes).sized(policy);
    public.bytes(&symmetric_and_scheme.finish()).u16(RSA_BITS).u32(0).sized(&[0; UNIQUE_BYTES]);
    public.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The beginning of AikPub in real guest-attestation requests (mithril-security/fluorite).
    #[test]
    fn the_attestation_key_begins_like_a_real_one() {
        let real = [0, 1, 0, 0x0b, 0, 5, 4, 0x72, 0, 0, 0, 0x10, 0, 0x14, 0, 0x0b, 8, 0, 0, 0, 0, 0, 1, 0];
        assert_eq!(attestation_key()[..real.len()], real);
        assert_eq!(attestation_key().len(), real.len() + UNIQUE_BYTES);
    }
}
