//! Logs: to stderr, never to stdout, which belongs to the one line for programs.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Sends logs at `level` and above to stderr; the variable `SLIPWAY_LOG` (in the syntax of `RUST_LOG`) overrides it.
pub fn start(level: &str) {
    let filter = EnvFilter::try_from_env("SLIPWAY_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    // A second call, in tests, changes nothing.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}
