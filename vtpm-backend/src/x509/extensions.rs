//! The X.509 extensions that Slipway's certificates carry, one function each.

use std::net::IpAddr;

use der::asn1::{Ia5String, ObjectIdentifier, OctetString};
use der::flagset::FlagSet;
use der::oid::AssociatedOid;
use der::{Decode, Encode};
use sha1::{Digest, Sha1};
use spki::SubjectPublicKeyInfoRef;
use x509_cert::ext::Extension;
pub use x509_cert::ext::pkix::KeyUsages;
use x509_cert::ext::pkix::certpolicy::PolicyInformation;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, ExtendedKeyUsage, KeyUsage, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::spki;

use super::X509Error;

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> Result<Extension, X509Error> {
    let der = value.to_der().map_err(X509Error::malformed("a certificate extension"))?;
    raw(T::OID, critical, &der)
}

/// Any extension whose value is already DER.
///
/// # Errors
/// [`X509Error::Malformed`] when the value is longer than DER allows.
pub fn raw(oid: ObjectIdentifier, critical: bool, der: &[u8]) -> Result<Extension, X509Error> {
    let extn_value = OctetString::new(der).map_err(X509Error::malformed("a certificate extension"))?;
    Ok(Extension { extn_id: oid, critical, extn_value })
}

/// `basicConstraints`, critical: whether the subject is a CA, and how many intermediate CAs may follow below it.
///
/// # Errors
/// [`X509Error::Malformed`] when it cannot be encoded.
pub fn basic_constraints(ca: bool, path_len: Option<u8>) -> Result<Extension, X509Error> {
    extension(true, &BasicConstraints { ca, path_len_constraint: path_len })
}

/// `keyUsage`, critical.
///
/// # Errors
/// [`X509Error::Malformed`] when it cannot be encoded.
pub fn key_usage(usages: impl Into<FlagSet<KeyUsages>>) -> Result<Extension, X509Error> {
    extension(true, &KeyUsage(usages.into()))
}

/// `extKeyUsage`, not critical.
///
/// # Errors
/// [`X509Error::Malformed`] when it cannot be encoded.
pub fn eku(purposes: &[ObjectIdentifier]) -> Result<Extension, X509Error> {
    extension(false, &ExtendedKeyUsage(purposes.to_vec()))
}

/// `subjectKeyIdentifier`: SHA-1 of the subject's public key bits (RFC 5280, 4.2.1.2 method 1).
///
/// # Errors
/// [`X509Error::Malformed`] when `spki_der` is not a SubjectPublicKeyInfo.
pub fn ski(spki_der: &[u8]) -> Result<Extension, X509Error> {
    extension(false, &SubjectKeyIdentifier(key_id(spki_der)?))
}

/// `authorityKeyIdentifier` with the issuer's key identifier.
///
/// # Errors
/// [`X509Error::Malformed`] when `issuer_spki_der` is not a SubjectPublicKeyInfo.
pub fn aki(issuer_spki_der: &[u8]) -> Result<Extension, X509Error> {
    let value = AuthorityKeyIdentifier { key_identifier: Some(key_id(issuer_spki_der)?), ..Default::default() };
    extension(false, &value)
}

/// `subjectAltName` with DNS names and IP addresses.
///
/// # Errors
/// [`X509Error::Malformed`] when a DNS name is not ASCII.
pub fn san_dns_ip(dns: &[&str], ip: &[IpAddr]) -> Result<Extension, X509Error> {
    let mut names = Vec::with_capacity(dns.len() + ip.len());
    for name in dns {
        let name = Ia5String::new(name).map_err(X509Error::malformed("a DNS name"))?;
        names.push(GeneralName::DnsName(name));
    }
    names.extend(ip.iter().map(|ip| GeneralName::from(*ip)));
    extension(false, &SubjectAltName(names))
}

/// `certificatePolicies` with one policy and no qualifiers, not critical.
///
/// # Errors
/// [`X509Error::Malformed`] when it cannot be encoded.
pub fn certificate_policies(policy: ObjectIdentifier) -> Result<Extension, X509Error> {
    let information = PolicyInformation { policy_identifier: policy, policy_qualifiers: None };
    extension(false, &CertificatePolicies(vec![information]))
}

fn key_id(spki_der: &[u8]) -> Result<OctetString, X509Error> {
    let spki =
        SubjectPublicKeyInfoRef::from_der(spki_der).map_err(X509Error::malformed("a subject public key info"))?;
    let id = Sha1::digest(spki.subject_public_key.raw_bytes());
    OctetString::new(id.to_vec()).map_err(X509Error::malformed("a key identifier"))
}
