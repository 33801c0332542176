//! Making the files of a node image.

use crate::pcr::Digests;
use crate::uefi::guids;
use crate::uefi::signature::{SignatureDatabase, SignatureList};

use super::distribution::{Grub, Profile, Uki};
use super::grub_image;
use super::pe::{self, NewSection, PeError, section_name};

/// Sizes of the files' code, in bytes. Real ones are ten to twenty times as large; hashing should stay cheap.
const SHIM_CODE: usize = 96 << 10;
const GRUB_CODE: usize = 192 << 10;
const SYSTEMD_BOOT_CODE: usize = 64 << 10;
const STUB_CODE: usize = 48 << 10;
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
pub(super) fn shim(profile: &Profile, vendor_certificate: &[u8]) -> Result<Vec<u8>, PeError> {
    let shim = &profile.shim;
    let (seed, version) = (shim.sbat.join("\n"), &shim.version);
    let upstream = "shim,4,UEFI shim,shim,1,https://github.com/rhboot/shim".to_owned();
    let sbat = sbat(std::iter::once(&upstream).chain(&shim.sbat));
    let ident = format!("UEFI SHIM\n$Version: {version} $\n$BuildMachine: Slipway $\n\0");
    pe::write(&[
        code(&seed, SHIM_CODE),
        data(".data", filler(&["shim data", &seed], 8 << 10)),
        data(".data.ident", ident.into_bytes()),
        data(".vendor_cert", vendor_table(vendor_certificate)),
        data(".sbat", sbat),
        data(".sbatlevel", sbat_level()),
    ])
}

/// GRUB, unsigned. The same for all images of one distribution.
pub(super) fn grub(spec: &Grub, memdisk: Option<&str>) -> Result<Vec<u8>, PeError> {
    let seed = spec.sbat.join("\n");
    let parts =
        grub_image::Parts { modules: &spec.modules, early: spec.early.as_deref(), prefix: &spec.prefix, memdisk };
    pe::write(&[
        code(&seed, GRUB_CODE),
        data(".data", filler(&["GRUB data", &seed], 16 << 10)),
        data("mods", grub_image::section(&parts)?),
        data(".sbat", sbat(&spec.sbat)),
    ])
}

/// systemd-boot, unsigned. The same for all images of one distribution.
pub(super) fn systemd_boot(spec: &Uki) -> Result<Vec<u8>, PeError> {
    let seed = spec.sbat.join("\n");
    pe::write(&[
        code(&seed, SYSTEMD_BOOT_CODE),
        data(".data", filler(&["systemd-boot data", &seed], 8 << 10)),
        data(".sbat", sbat(&spec.sbat)),
        data(".sdmagic", magic("systemd-boot", &spec.systemd)),
    ])
}

/// What is inside a unified kernel image beside its stub.
pub(super) struct Payload<'a> {
    pub(super) os_release: String,
    pub(super) command_line: String,
    pub(super) release: &'a str,
    pub(super) initrd: Vec<u8>,
    pub(super) kernel: Vec<u8>,
}

/// A unified kernel image, unsigned, as `ukify` assembles it.
pub(super) fn unified(spec: &Uki, payload: Payload<'_>) -> Result<Vec<u8>, PeError> {
    let seed = spec.stub_sbat.join("\n");
    pe::write(&[
        code(&seed, STUB_CODE),
        data(".data", filler(&["systemd-stub data", &seed], 4 << 10)),
        data(".sdmagic", magic("systemd-stub", &spec.systemd)),
        data(".osrel", payload.os_release.into_bytes()),
        data(".cmdline", payload.command_line.into_bytes()),
        data(".uname", payload.release.as_bytes().to_vec()),
        data(".sbat", sbat(&spec.stub_sbat)),
        data(".initrd", payload.initrd),
        data(".linux", payload.kernel),
    ])
}

/// The text by which systemd's programs are told.
fn magic(program: &str, version: &str) -> Vec<u8> {
    format!("#### LoaderInfo: {program} {version} ####\0").into_bytes()
}

/// The kernel, unsigned. Differs between images of different names. Its setup header says where the version text is
/// (Linux `Documentation/arch/x86/boot.rst`).
pub(super) fn kernel(release: &str, image: &str) -> Result<Vec<u8>, PeError> {
    const SETUP_LEN: usize = 0x400;
    const VERSION_AT: u16 = 0x100;
    let banner = format!("{release} (slipway@{image}) #1 SMP\0");
    // A jump over the header, its magic number, protocol 2.15, two unused fields, the place of the version.
    let mut setup = [&[0xeb, 0x6a], b"HdrS".as_slice(), &[0x0f, 0x02], &[0; 6], &VERSION_AT.to_le_bytes()].concat();
    setup.resize(usize::from(VERSION_AT), 0);
    setup.extend_from_slice(banner.as_bytes());
    setup.resize(SETUP_LEN, 0);
    pe::write(&[
        NewSection { name: section_name(".setup"), code: true, data: setup },
        code(&format!("kernel {release} {image}"), KERNEL_CODE),
        data(".data", filler(&["kernel data", image], 16 << 10)),
    ])
}

/// An `.sbat` section with these entries.
fn sbat<'a>(entries: impl IntoIterator<Item = &'a String>) -> Vec<u8> {
    let lines = entries.into_iter().map(|entry| format!("{entry}\n"));
    (SBAT_HEADER.to_owned() + &lines.collect::<String>()).into_bytes()
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
