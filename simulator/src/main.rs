//! `slipway`: see `slipway --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    simulator::cli::main()
}
