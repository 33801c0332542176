//! Making the files of a node image.

use crate::pcr::Digests;
use crate::uefi::guids;
use crate::uefi::signature::{SignatureDatabase, SignatureList};

use super::pe::{self, NewSection, PeError, section_name};
use super::{Distribution, grub_config};

/// Sizes of the files' code, in bytes. Real ones are ten to twenty times as large; hashing should stay cheap.
const SHIM_CODE: usize = 96 << 10;
const GRUB_CODE: usize = 192 << 10;
const KERNEL_CODE: usize = 640 << 10;
const INITRD_PAYLOAD: usize = 512 << 10;

/// First line of every `.sbat` section.
const SBAT_HEADER: &str = "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n";
/// shim 15.8's revocations: those it applies by itself, and the latest, which an administrator may apply
/// (rhboot/shim 15.8, `include/sbat_var_defs.h`).
const SBAT_LEVEL_AUTOMATIC: &str = "sbat,1,2023012900\nshim,2\ngrub,3\ngrub.debian,4\n";
const SBAT_LEVEL_LATEST: &str = "sbat,1,2024010900\nshim,4\ngrub,3\ngrub.debian,4\n";
/// Hashes in shim's own list of revoked images.
const VENDOR_DBX_LEN: u32 = 4;

/// shim, unsigned. The same for all images of one distribution.
pub(super) fn shim(distribution: &Distribution, vendor_certificate: &[u8]) -> Result<Vec<u8>, PeError> {
    let sbat = format!(
        "{SBAT_HEADER}shim,4,UEFI shim,shim,1,https://github.com/rhboot/shim\n{}\n",
        distribution.shim_sbat_vendor
    );
    pe::write(&[
        code(distribution.shim_sbat_vendor, SHIM_CODE),
        data(".data", filler(&["shim data", distribution.shim_sbat_vendor], 8 << 10)),
        data(".vendor_cert", vendor_table(vendor_certificate)),
        data(".sbat", sbat.into_bytes()),
        data(".sbatlevel", sbat_level()),
    ])
}

/// GRUB, unsigned. The same for all images of one distribution.
pub(super) fn grub(distribution: &Distribution) -> Result<Vec<u8>, PeError> {
    let sbat = format!(
        "{SBAT_HEADER}grub,4,Free Software Foundation,grub,2.06,https://www.gnu.org/software/grub/\n{}\n",
        distribution.grub_sbat_vendor
    );
    pe::write(&[
        code(distribution.grub_sbat_vendor, GRUB_CODE),
        data(".data", filler(&["GRUB data", distribution.grub_sbat_vendor], 16 << 10)),
        data("mods", grub_config::EMBEDDED.as_bytes().to_vec()),
        data(".sbat", sbat.into_bytes()),
    ])
}

/// The kernel, unsigned. Differs between images of different names.
pub(super) fn kernel(distribution: &Distribution, image: &str) -> Result<Vec<u8>, PeError> {
    let banner = format!("Linux version {} (image {image})\n\0", distribution.kernel_release);
    pe::write(&[
        code(&format!("kernel {} {image}", distribution.kernel_release), KERNEL_CODE),
        data(".data", [banner.into_bytes(), filler(&["kernel data", image], 16 << 10)].concat()),
    ])
}

/// The initial RAM disk: a cpio archive (newc) with an `init` script and a payload.
pub(super) fn initrd(image: &str) -> Vec<u8> {
    let init = b"#!/bin/sh\nexec switch_root /root /sbin/init\n";
    cpio_archive(&[("init", init), ("usr/lib/payload", &filler(&["initrd", image], INITRD_PAYLOAD))])
}

/// A cpio archive (newc) of these files; scripts can be run.
pub(crate) fn cpio_archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files {
        let mode = if content.starts_with(b"#!") { 0o100_755 } else { 0o100_644 };
        cpio_entry(&mut out, name, mode, content);
    }
    cpio_entry(&mut out, "TRAILER!!!", 0, b"");
    out
}

fn cpio_entry(out: &mut Vec<u8>, name: &str, mode: u32, content: &[u8]) {
    // inode, mode, uid, gid, links, mtime, size, dev major/minor, rdev major/minor, name size, check
    let fields = [0, mode, 0, 0, 1, 0, content.len() as u32, 0, 0, 0, 0, name.len() as u32 + 1, 0];
    let header = fields.iter().fold("070701".to_owned(), |text, field| text + &format!("{field:08x}"));
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(name.as_bytes());
    out.push(0);
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend_from_slice(content);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// shim's `struct cert_table`: sizes and offsets of the vendor certificate and the vendor's revocations, then both.
fn vendor_table(certificate: &[u8]) -> Vec<u8> {
    const HEADER_LEN: usize = 16;
    let hashes: Vec<_> =
        (0..VENDOR_DBX_LEN).map(|i| Digests::of(format!("revoked by the vendor {i}").as_bytes()).sha256).collect();
    let list = SignatureList::sha256(guids::SHIM_LOCK, &hashes);
    let dbx = SignatureDatabase { lists: list.into_iter().collect() }.encode();
    let fields = [certificate.len(), dbx.len(), HEADER_LEN, HEADER_LEN + certificate.len()];
    let mut out: Vec<u8> = fields.iter().flat_map(|field| (*field as u32).to_le_bytes()).collect();
    out.extend_from_slice(certificate);
    out.extend_from_slice(&dbx);
    out
}

/// shim's `.sbatlevel`: format version, offsets (from the second field) of the automatic and the latest level, both as
/// C strings.
fn sbat_level() -> Vec<u8> {
    let automatic_at = 8u32;
    let latest_at = automatic_at + SBAT_LEVEL_AUTOMATIC.len() as u32 + 1;
    let mut out: Vec<u8> = [0, automatic_at, latest_at].iter().flat_map(|field| field.to_le_bytes()).collect();
    for level in [SBAT_LEVEL_AUTOMATIC, SBAT_LEVEL_LATEST] {
        out.extend_from_slice(level.as_bytes());
        out.push(0);
    }
    out
}

fn code(seed: &str, len: usize) -> NewSection {
    NewSection { name: section_name(".text"), code: true, data: filler(&["code", seed], len) }
}

fn data(name: &str, data: Vec<u8>) -> NewSection {
    NewSection { name: section_name(name), code: false, data }
}

/// Bytes that look random and are a function of `seed` (splitmix64).
pub(crate) fn filler(seed: &[&str], len: usize) -> Vec<u8> {
    let hash = Digests::of(seed.join("\0").as_bytes()).sha256;
    let mut state = u64::from_le_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]]);
    let mut out = Vec::with_capacity(len.next_multiple_of(8));
    while out.len() < len {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        out.extend_from_slice(&(z ^ (z >> 31)).to_le_bytes());
    }
    out.truncate(len);
    out
}
