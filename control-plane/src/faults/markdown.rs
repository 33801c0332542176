//! The page of faults, generated from the library.

use std::fmt::Write;

use super::{Entry, Expected, LIBRARY, Outcome, Place};

const INTRODUCTION: &str = "# Faults

Generated from the failure library in `control-plane/src/faults`; do not edit
(`UPDATE_DOCS=1 cargo test -p control-plane docs_faults` writes it anew).

```sh
slipway fault list                                        # this table
slipway node fault NODE --add tampered-grub setup-mode    # --remove NAME, --clear; without an option: what it has
slipway pool fault -g RG --cluster C --pool P --add NAME  # every node of the pool, and every node made later
slipway node reboot NODE --wait                           # exit code 1 when the boot is refused
slipway node console NODE                                 # what the serial console showed
```

A fault takes effect at the next boot. It is real: bytes of a file, a UEFI variable or a piece of evidence are changed,
and what follows is found by verifying signatures and measuring bytes. Faults of a node last until its OS disk is
replaced (a reimage), because on Azure the VM guest state, which holds the UEFI variables and the vTPM, is tied to the OS
disk; faults of a pool are given to every new disk until they are removed.

*Registers* are the PCRs that end up different from a good boot with the same Secure Boot setting (Ubuntu nodes: shim
15.8, GRUB 2.06). Tests hold the boot chain to outcome, registers and console lines of every row, and the replayed event
log to a real TPM's registers.
";

/// The page `docs/FAULTS.md`.
pub fn render_markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (title, place) in
        [("On the OS disk", Place::OsDisk), ("In the VM guest state", Place::GuestState), ("Evidence", Place::Evidence)]
    {
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n## {title}\n\n| fault | on a real machine | Secure Boot on | Secure Boot off | source |\n|---|---|---|---|---|\n"
        );
        for entry in LIBRARY.iter().filter(|entry| entry.place == place) {
            page.push_str(&row(entry));
        }
    }
    page
}

fn row(entry: &Entry) -> String {
    format!(
        "| **{}**<br>{} | {} | {} | {} | {} |\n",
        entry.name,
        entry.summary,
        entry.on_a_machine,
        expected(&entry.secure_boot_on),
        expected(&entry.secure_boot_off),
        entry.source
    )
}

fn expected(expected: &Expected) -> String {
    let outcome = match expected.outcome {
        Outcome::Boots => "boots".to_owned(),
        Outcome::Refused(component) => format!("**{component} is refused**"),
    };
    let registers = match expected.registers {
        [] => "no register tells".to_owned(),
        [only] => format!("register {only}"),
        many => format!("registers {}", many.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")),
    };
    let console: Vec<_> = expected.console.iter().map(|line| format!("<br>`{line}`")).collect();
    format!("{outcome}; {registers}{}", console.concat())
}
