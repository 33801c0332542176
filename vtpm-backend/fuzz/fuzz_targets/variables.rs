#![no_main]
//! Variable stores, signature databases and boot options.

use libfuzzer_sys::fuzz_target;
use vtpm_backend::uefi::load_option::LoadOption;
use vtpm_backend::uefi::signature::SignatureDatabase;
use vtpm_backend::uefi::var_store::Variables;

fuzz_target!(|bytes: &[u8]| {
    let _ = Variables::parse_store(bytes);
    let _ = LoadOption::parse(bytes);
    if let Ok(database) = SignatureDatabase::parse(bytes) {
        assert_eq!(SignatureDatabase::parse(&database.encode()).as_ref(), Ok(&database));
    }
});
