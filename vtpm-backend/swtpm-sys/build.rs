//! Generates the bindings from swtpm's own header, so that numbers and layouts can never drift from the installed one.

use std::path::PathBuf;

/// What a reader of a failed build has to do.
const HOW_TO_INSTALL: &str = "\
swtpm's header <swtpm/tpm_ioctl.h> could not be translated. Install the header and libclang first:\n\
  Debian/Ubuntu:  apt-get install swtpm swtpm-dev libclang-dev\n\
  (where no swtpm-dev package exists, build swtpm from https://github.com/stefanberger/swtpm and put its\n\
  include directory into BINDGEN_EXTRA_CLANG_ARGS=\"-I/path/to/include\")";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=BINDGEN_EXTRA_CLANG_ARGS");

    let bindings = bindgen::Builder::default()
        .header_contents("slipway_swtpm.h", "#include <swtpm/tpm_ioctl.h>\n")
        .allowlist_type("ptm_.*")
        .allowlist_var("PTM_.*|CMD_.*")
        .prepend_enum_name(false)
        .derive_debug(false)
        .derive_default(false)
        .merge_extern_blocks(true)
        .generate();
    let bindings = match bindings {
        Ok(bindings) => bindings,
        Err(error) => fail(&format!("{error}")),
    };

    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("tpm_ioctl.rs");
    if let Err(error) = bindings.write_to_file(&out) {
        fail(&format!("{}: {error}", out.display()));
    }
}

/// Ends the build with a text that says what to install.
fn fail(reason: &str) -> ! {
    eprintln!("{reason}\n\n{HOW_TO_INSTALL}");
    std::process::exit(1);
}
