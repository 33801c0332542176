//! Debian's signed shim, GRUB and kernel under OVMF. The expected registers are those of real boots of exactly these
//! files (QEMU, OVMF 2022.11-6+deb12u2, a TPM); where another version is installed they are not compared.

use super::*;
use crate::image::Vendor;
use crate::uefi::guids;
use crate::uefi::signature::{SignatureDatabase, SignatureList};
use crate::uefi::var_store::Variable;

/// The files that `scripts/fetch-debian-boot` fetched.
pub(super) fn boot_files() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/debian-boot");
    let dir = std::env::var_os("SLIPWAY_DEBIAN_BOOT").map_or_else(|| default.into(), PathBuf::from);
    assert!(
        dir.join("complete").exists(),
        "Debian's boot files are not in {}: run 'scripts/fetch-debian-boot target/debian-boot', or set SLIPWAY_DEBIAN_BOOT",
        dir.display()
    );
    dir
}

const CONFIG: &str = "set timeout=0\necho 'Loading'\nlinux /vmlinuz console=ttyS0 panic=-1\necho \"Loading initrd\"\n\
                      initrd /initrd.img\necho Booting\nboot\n";

/// An EFI system partition with Debian's files in a folder.
pub(super) struct Machine {
    esp: tempfile::TempDir,
    variables: Variables,
    secure_boot: bool,
    firmware: Firmware,
}

impl Machine {
    pub(super) fn new() -> Machine {
        let (files, esp) = (boot_files(), tempfile::tempdir().unwrap());
        for dir in ["EFI/BOOT", "EFI/debian"] {
            fs::create_dir_all(esp.path().join(dir)).unwrap();
        }
        let copy = |from: &str, to: &str| {
            fs::copy(files.join(from), esp.path().join(to)).unwrap();
        };
        copy("shimx64.efi", "EFI/BOOT/BOOTX64.EFI");
        copy("grubx64.efi", "EFI/BOOT/grubx64.efi");
        copy("vmlinuz", "vmlinuz");
        fs::write(esp.path().join("EFI/debian/grub.cfg"), CONFIG).unwrap();
        fs::write(esp.path().join("initrd.img"), b"initrd").unwrap();
        Machine { esp, variables: variables("OVMF_VARS_4M.ms.fd"), secure_boot: true, firmware: Firmware::Unknown }
    }

    /// With the firmware's image.
    fn with_firmware(mut self) -> Machine {
        let bytes = fs::read(boot_files().join("OVMF_CODE_4M.secboot.fd")).unwrap();
        self.firmware = Firmware::Image(FirmwareImage::parse(&bytes).unwrap());
        self
    }

    fn secure_boot_off() -> Machine {
        Machine { secure_boot: false, ..Machine::new() }
    }

    fn edit(&self, path: &str, edit: impl Fn(&mut Vec<u8>)) {
        let path = self.esp.path().join(path);
        let mut bytes = fs::read(&path).unwrap();
        edit(&mut bytes);
        fs::write(path, bytes).unwrap();
    }

    pub(super) fn predict(&self) -> Prediction {
        let disk = Disk::of_folders(self.esp.path(), 1, None).unwrap();
        predict(Inputs {
            profile: FirmwareProfile::named("ovmf").unwrap(),
            variables: self.variables.clone(),
            firmware: self.firmware.clone(),
            secure_boot: self.secure_boot,
            disk: &disk,
            bios_uuid: None,
            boot_path: None,
            shim_version: None,
            grub_version: None,
            debugger: false,
        })
        .unwrap()
    }
}

fn variables(file: &str) -> Variables {
    Variables::parse_store(&fs::read(boot_files().join(file)).unwrap()).unwrap()
}

fn sha256(pcrs: &PcrBanks, pcr: u8) -> String {
    hex::encode(pcrs.get(Bank::Sha256, PcrIndex::new(pcr)))
}

/// Whether the installed files are those of the recorded boots.
fn is_recorded_version() -> bool {
    let versions = fs::read_to_string(boot_files().join("versions.txt")).unwrap();
    let recorded = ["16.1-2~deb12u1", "1+2.06+13+deb12u2", "2022.11-6+deb12u2", "6.1.192-2"];
    recorded.iter().all(|version| versions.contains(version))
}

fn assert_pcrs(pcrs: &PcrBanks, wanted: &[(u8, &str)]) {
    if !is_recorded_version() {
        eprintln!("other versions than the recorded ones: registers are not compared");
        return;
    }
    for (pcr, prefix) in wanted {
        let value = sha256(pcrs, *pcr);
        assert!(value.starts_with(prefix), "PCR {pcr} is {value}, not {prefix}…");
    }
}

fn authorities(prediction: &Prediction) -> Vec<String> {
    let authority = |event: &Event| match event.decode() {
        EventData::Variable(variable) if event.event_type == EventType::EFI_VARIABLE_AUTHORITY => Some(variable.name),
        _ => None,
    };
    prediction.events.iter().filter_map(authority).collect()
}

fn at_refusal(prediction: &Prediction) -> &PcrBanks {
    &prediction.at_refusal.as_ref().unwrap().pcrs
}

fn refused(prediction: &Prediction) -> Component {
    match &prediction.outcome {
        BootOutcome::Refused { component, .. } => *component,
        BootOutcome::Booted => panic!("it booted: {:?}", prediction.notes),
    }
}

#[test]
fn good() {
    let prediction = Machine::new().predict();
    assert_eq!(prediction.outcome, BootOutcome::Booted, "{:?}", prediction.notes);
    assert_eq!(authorities(&prediction), ["db", "SbatLevel", "MokListRT"]);
    assert_pcrs(&prediction.pcrs, &[(4, "c2125c9768ec"), (7, "75677db6f140"), (14, "b9c97933fe32")]);
    assert_eq!(prediction.at_refusal, None);
    let unpredicted: Vec<_> = prediction.unpredicted.keys().copied().collect();
    assert_eq!(unpredicted, [0, 1, 5], "{:?}", prediction.unpredicted);
}

#[test]
fn secure_boot_off() {
    let prediction = Machine::secure_boot_off().predict();
    assert_eq!(prediction.outcome, BootOutcome::Booted);
    assert_eq!(authorities(&prediction), ["SbatLevel"]);
    assert_pcrs(&prediction.pcrs, &[(4, "57d2b262cba2"), (7, "def29fb67493"), (14, "b9c97933fe32")]);
}

#[test]
fn no_keys() {
    let mut machine = Machine::secure_boot_off();
    machine.variables = variables("OVMF_VARS_4M.fd");
    assert!(!machine.variables.secure_boot());
    assert_pcrs(&machine.predict().pcrs, &[(4, "57d2b262cba2"), (7, "b926225ac488")]);
}

#[test]
fn tampered_grub_is_refused_by_shim_and_boots_without_secure_boot() {
    let machine = Machine::new();
    machine.edit("EFI/BOOT/grubx64.efi", |bytes| bytes[0x2000] ^= 1);
    let prediction = machine.predict();
    assert_eq!(refused(&prediction), Component::Grub);
    assert_pcrs(
        at_refusal(&prediction),
        &[(4, "d5bde3c2b8de"), (7, "d09665634cff"), (8, "000000000000"), (14, "b9c97933fe32")],
    );
    // The firmware goes on: its shell, then shim at the fallback path, which refuses again.
    assert_pcrs(&prediction.pcrs, &[(7, "bafcddd50ce9"), (14, "70eb0257b7aa")]);
    assert!(prediction.unpredicted.contains_key(&4));
    let machine = machine.with_firmware();
    let prediction = machine.predict();
    assert_pcrs(&prediction.pcrs, &[(4, "c46a20efb450"), (7, "bafcddd50ce9")]);
    assert!(!prediction.unpredicted.contains_key(&4));
    let off = Machine { secure_boot: false, firmware: Firmware::Unknown, ..machine };
    let booted = off.predict();
    assert_eq!(booted.outcome, BootOutcome::Booted);
    let differing = booted.pcrs.differing(&Machine::secure_boot_off().predict().pcrs);
    assert_eq!(differing, [PcrIndex::new(4)]);
}

#[test]
fn tampered_shim_is_refused_by_the_firmware() {
    let machine = Machine::new().with_firmware();
    machine.edit("EFI/BOOT/BOOTX64.EFI", |bytes| bytes[0x30000] ^= 1);
    let prediction = machine.predict();
    assert_eq!(refused(&prediction), Component::Shim);
    assert_pcrs(at_refusal(&prediction), &[(4, "7a94ffe8a772"), (7, "4387f18f9308"), (14, "000000000000")]);
    assert_pcrs(&prediction.pcrs, &[(4, "d3eaec6cc879"), (7, "4387f18f9308")]);
}

#[test]
fn unsigned_kernel_is_measured_once_and_refused() {
    let machine = Machine::new();
    machine.edit("vmlinuz", strip_signature);
    let prediction = machine.predict();
    assert_eq!(refused(&prediction), Component::Kernel);
    assert!(prediction.console.contains(&"error: bad shim signature.".to_owned()));
    assert_pcrs(&prediction.pcrs, &[(4, "bc9ea8e274eb"), (7, "75677db6f140"), (14, "b9c97933fe32")]);
    let off = Machine { secure_boot: false, ..machine };
    let differing = off.predict().pcrs.differing(&Machine::secure_boot_off().predict().pcrs);
    assert_eq!(differing, [PcrIndex::new(9)]);
}

/// Removes the certificate table and what points to it; the file is unsigned then.
fn strip_signature(bytes: &mut Vec<u8>) {
    let word = |at: usize, bytes: &[u8]| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let directory = word(0x3c, bytes) + 24 + 144;
    let table = word(directory, bytes);
    bytes[directory..directory + 8].fill(0);
    bytes.truncate(table);
}

/// dbx with one more hash, as an administrator would add it.
fn revoke(machine: &mut Machine, file: &str) {
    let bytes = fs::read(machine.esp.path().join(file)).unwrap();
    let hash = crate::image::Content::new(bytes).authenticode().unwrap().sha256;
    let guid = guids::IMAGE_SECURITY_DATABASE;
    let mut dbx = machine.variables.get(guid, "dbx").unwrap().clone();
    let list = SignatureList::sha256(guids::MICROSOFT_OWNER, &[hash]);
    let lists = list.into_iter().collect();
    dbx.data.extend(SignatureDatabase { lists }.encode());
    machine.variables.set(dbx);
}

#[test]
fn revoked_shim_is_not_measured_but_its_authority_is() {
    let mut machine = Machine::new();
    revoke(&mut machine, "EFI/BOOT/BOOTX64.EFI");
    let prediction = machine.predict();
    assert_eq!(refused(&prediction), Component::Shim);
    assert_eq!(authorities(&prediction), ["db"]);
    let at_refusal = at_refusal(&prediction);
    assert_pcrs(at_refusal, &[(4, "7a94ffe8a772"), (14, "000000000000")]);
}

#[test]
fn revoked_grub_is_named_in_pcr_7_and_not_measured() {
    let mut machine = Machine::new();
    revoke(&mut machine, "EFI/BOOT/grubx64.efi");
    let prediction = machine.predict();
    assert_eq!(refused(&prediction), Component::Grub);
    // The firmware tries shim a second time, which measures its own again.
    let names = ["db", "SbatLevel", "dbx", "SbatLevel", "dbx"];
    assert_eq!(authorities(&prediction), names);
    let at_refusal = at_refusal(&prediction);
    assert_pcrs(at_refusal, &[(4, "d5bde3c2b8de"), (14, "b9c97933fe32")]);
}

#[test]
fn revoked_kernel_is_measured_once_and_named_in_pcr_7() {
    let mut machine = Machine::new();
    revoke(&mut machine, "vmlinuz");
    let prediction = machine.predict();
    assert_eq!(refused(&prediction), Component::Kernel);
    assert_eq!(authorities(&prediction), ["db", "SbatLevel", "MokListRT", "dbx"]);
    assert_pcrs(&prediction.pcrs, &[(4, "bc9ea8e274eb")]);
}

#[test]
fn grub_s_generation_below_the_sbat_level_is_refused() {
    let mut machine = Machine::new();
    machine.variables.set(Variable {
        guid: guids::SHIM_LOCK,
        name: "SbatLevel".to_owned(),
        attributes: 3,
        data: b"sbat,1,2039010100\nshim,4\ngrub,6\n".to_vec(),
    });
    let prediction = machine.predict();
    assert_eq!(refused(&prediction), Component::Grub);
    // 16.1 looks at the signature first, so the signer is in PCR 7 all the same.
    let names = ["db", "SbatLevel", "MokListRT", "SbatLevel", "MokListRT"];
    assert_eq!(authorities(&prediction), names);
    assert!(prediction.notes[0].contains("grub has generation 5, and the SBAT level wants 6"));
}

#[test]
fn a_machine_owner_s_key_admits_what_the_vendor_did_not_sign() {
    let keys = crate::image::testing::keys();
    let mut machine = Machine::new();
    machine.edit("vmlinuz", |bytes| {
        strip_signature(bytes);
        let signer = keys.distribution_signer(Vendor::Canonical).unwrap();
        *bytes = crate::image::authenticode::sign(std::mem::take(bytes), signer).unwrap();
    });
    assert_eq!(refused(&machine.predict()), Component::Kernel);
    let list = SignatureList::x509(guids::SHIM_LOCK, keys.vendor_certificate(Vendor::Canonical));
    machine.variables.set(Variable {
        guid: guids::SHIM_LOCK,
        name: "MokList".to_owned(),
        attributes: 3,
        data: SignatureDatabase { lists: vec![list] }.encode(),
    });
    let prediction = machine.predict();
    assert_eq!(prediction.outcome, BootOutcome::Booted, "{:?}", prediction.notes);
    let names = ["db", "SbatLevel", "MokListRT", "MokListRT"];
    assert_eq!(authorities(&prediction), names);
}

/// A pending request makes shim start MokManager, which is said when it is there.
#[test]
fn a_pending_enrolment_is_not_followed_and_said() {
    let mut machine = Machine::new();
    machine.variables.set(Variable {
        guid: guids::SHIM_LOCK,
        name: "MokNew".to_owned(),
        attributes: 3,
        data: b"a list".to_vec(),
    });
    let prediction = machine.predict();
    assert!(
        prediction.notes.iter().any(|note| note.starts_with("MokNew asks for MokManager")),
        "{:?}",
        prediction.notes
    );
    assert!(!prediction.unpredicted.contains_key(&4));
    fs::write(machine.esp.path().join("EFI/BOOT/mmx64.efi"), b"MokManager").unwrap();
    assert!(machine.predict().unpredicted[&4].contains("MokManager"));
}
