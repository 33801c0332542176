//! What can be typed.

mod faults;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use control_plane::clock::Pace;
use control_plane::era::Era;
use control_plane::hardware::Component;
use vtpm_backend::boot::engine::FirmwareProfile;

use super::boot::parse_firmware;
use crate::duration;
use crate::serve::{DEFAULT_LISTEN, parse_identity_listen, parse_listen};

pub(super) use faults::{Fault, FaultOptions, Pool, Shown};

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 evidence or boot files not trusted, or a boot that differs.";

/// A local simulator of the AKS trusted-launch control plane: the real az, a real TPM per node, a measured boot.
#[derive(Debug, Parser)]
#[command(name = "slipway", version, after_help = EXIT_CODES, propagate_version = true)]
pub(super) struct Args {
    /// Where the simulator keeps everything [default: $XDG_DATA_HOME/slipway or ~/.local/share/slipway].
    #[arg(long, global = true, env = "SLIPWAY_DATA", value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve in the foreground until Ctrl-C.
    Up(Up),
    /// Stop the running simulator.
    Down,
    /// Print what makes az and the SDKs talk to the simulator: eval "$(slipway env)".
    Env(Env),
    /// Print a bearer token for scripts.
    Token(Token),
    /// Show the running simulator.
    Status,
    /// Subscriptions, each with the era of its rules.
    #[command(subcommand)]
    Subscription(Subscription),
    /// Virtual time: show it, move it, change its speed.
    Time {
        #[command(subcommand)]
        command: Option<Time>,
    },
    /// Nodes: their boots, their TPMs, their evidence.
    #[command(subcommand)]
    Node(Node),
    /// The failure library: what can be done to nodes and pools.
    #[command(subcommand)]
    Fault(Fault),
    /// Pools, beside az.
    #[command(subcommand)]
    Pool(Pool),
    /// Judge the evidence that 'slipway node quote' wrote; needs no running simulator.
    Verify(Verify),
    /// Say, PCR by PCR, why a boot differs from another one; exit code 4 when it does.
    Explain(Explain),
    /// Measured boot of your own files, without a simulator.
    #[command(subcommand)]
    Boot(super::boot::Boot),
    /// Print the table of constraints with their eras and sources.
    Rules,
    /// Print what happened.
    Events(Events),
    /// Show everything once, on a cluster made for the purpose.
    Walkthrough(Walkthrough),
    /// Measure cold start, requests per second and the cost of a node, on a simulator of its own.
    Bench(Bench),
}

#[derive(Debug, clap::Args)]
pub(super) struct Up {
    /// Address and port; port 0 picks a free one.
    #[arg(long, default_value = DEFAULT_LISTEN, value_parser = parse_listen, value_name = "ADDRESS:PORT")]
    pub(super) listen: SocketAddr,
    /// Virtual seconds per real second (1 is Azure's own pace), or 'explicit': time moves only by command.
    #[arg(long, default_value_t = Pace::DEFAULT)]
    pub(super) speed: Pace,
    /// Decides names, ids and durations of a new world; one that exists keeps its own.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Tell clients to poll again soon even at Azure's own pace; with faster time they are always told.
    #[arg(long)]
    pub(super) fast_polls: bool,
    /// Answer 429 as Azure does when the resource provider's request limits are exceeded.
    #[arg(long)]
    pub(super) throttling: bool,
    /// The firmware of nodes that boot from now on: azure, azure-newer or azure-older ('slipway boot profiles').
    #[arg(long, default_value = "azure", value_parser = parse_firmware, value_name = "PROFILE")]
    pub(super) firmware: &'static FirmwareProfile,
    /// Serve the managed identity endpoint there too: plain http, on loopback only; port 0 picks a free one.
    #[arg(long, value_parser = parse_identity_listen, value_name = "ADDRESS:PORT")]
    pub(super) identity_listen: Option<SocketAddr>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Env {
    /// The shell to write for [default: from $SHELL].
    #[arg(long, value_enum)]
    pub(super) shell: Option<Shell>,
    /// The data directory as the shell sees it, when the simulator runs in a container.
    #[arg(long = "as", value_name = "DIR")]
    pub(super) seen_as: Option<PathBuf>,
    /// Log in by the managed identity endpoint of 'slipway up --identity-listen', not by a secret.
    #[arg(long)]
    pub(super) identity: bool,
}

/// A family of shells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    /// sh, dash, bash, zsh, ksh.
    Sh,
    /// fish.
    Fish,
}

#[derive(Debug, clap::Args)]
pub(super) struct Token {
    /// For the service principal that has the role Reader; with --json also its id and secret, for az login.
    #[arg(long)]
    pub(super) reader: bool,
    /// Check that this subscription (id or name) exists; a token is good for all of them.
    #[arg(long)]
    pub(super) subscription: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Subscription {
    /// List them, the default one first.
    List,
    /// Add one that lives under the rules of an era.
    Add {
        /// preview, ga, 2025-08, 2026-06 or 2026-07.
        #[arg(long)]
        era: Era,
        /// Its name.
        #[arg(long)]
        name: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Time {
    /// Show it (also without a command).
    Show,
    /// Move an explicit clock by a duration: 90s, 5m, 1h30m.
    Advance {
        #[arg(value_parser = duration::parse)]
        by: Duration,
    },
    /// Move an explicit clock to the next moment at which something happens.
    Next,
    /// Move an explicit clock until nothing is going on any more.
    UntilIdle,
    /// Let time run by itself, so many virtual seconds per real second.
    Speed {
        /// 1 is Azure's own pace.
        speed: Pace,
    },
    /// Let time move only by command.
    Explicit,
}

#[derive(Debug, Subcommand)]
pub(super) enum Node {
    /// List all nodes.
    List,
    /// Show one.
    Show(Which),
    /// Print the measured boot's event log.
    Eventlog {
        #[command(flatten)]
        which: Which,
        /// binary: as the firmware wrote it; yaml: as tpm2_eventlog prints it.
        #[arg(long, value_enum, default_value = "yaml")]
        format: LogFormat,
        /// A file to write to.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Print the live PCRs of all banks.
    Pcrs {
        #[command(flatten)]
        which: Which,
        /// Those of the moment at which the last boot was refused.
        #[arg(long)]
        at_refusal: bool,
    },
    /// Take a quote with the node's AK, and everything needed to judge it.
    Quote {
        #[command(flatten)]
        which: Which,
        /// The verifier's nonce in hexadecimal; a random one when absent.
        #[arg(long, value_name = "HEX")]
        nonce: Option<String>,
        /// The folder to write to.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Print what the node would have measured if nothing had been tampered with: a reference for 'slipway verify'.
    Reference {
        #[command(flatten)]
        which: Which,
        /// A file to write to.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Give it faults of the failure library, or take them away; without an option: show those it has. They take
    /// effect at the next boot and are gone after a reimage.
    Fault {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        change: FaultOptions,
    },
    /// Change one byte of a boot component on the OS disk: short for 'fault --add tampered-COMPONENT'.
    Tamper {
        #[command(flatten)]
        which: Which,
        /// shim, grub, grub-config, kernel or initrd.
        #[arg(long)]
        component: Component,
    },
    /// Restart it.
    Reboot {
        #[command(flatten)]
        which: Which,
        /// Wait until it runs again, or is refused.
        #[arg(long)]
        wait: bool,
    },
    /// Print what its serial console showed since it was powered on.
    Console(Which),
    /// Verify boot loaders, kernels and modules on its disk, as 'sbinfo -u -m -k -b' does in Azure's procedure "Verify
    /// Secure Boot failures". Exit code 4 when Secure Boot would refuse one.
    Sbinfo {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        shown: Shown,
    },
    /// Print the TCTI string by which tpm2-tools reach its TPM.
    Tcti(Which),
}

#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// A node's name, cluster/name, or the beginning of it.
    pub(super) node: String,
}

/// How an event log is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// The TCG's binary format.
    Binary,
    /// The YAML of tpm2_eventlog.
    Yaml,
}

#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// The folder that 'slipway node quote' wrote.
    pub(super) dir: PathBuf,
    /// The nonce that the quote must carry, in hexadecimal; without it freshness is not judged.
    #[arg(long, value_name = "HEX")]
    pub(super) nonce: Option<String>,
    /// Whether Secure Boot must have been on or off; without it the state is reported only.
    #[arg(long, value_enum)]
    pub(super) secure_boot: Option<OnOff>,
    /// What a good boot looks like: a file of 'slipway node reference' or the event log of a good machine [default:
    /// the data directory's reference for the image that the evidence claims].
    #[arg(long, value_name = "FILE")]
    pub(super) reference: Option<PathBuf>,
    /// The root certificate to trust, PEM [default: the one of the data directory].
    #[arg(long, value_name = "FILE")]
    pub(super) root: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    /// A node; or evidence of any machine: a folder with an event log (eventlog.bin, binary_bios_measurements,
    /// eventlog.yaml), PCR values (quote.pcrs, pcrs.json, pcrs.txt) and a quote (quote.msg, quote.sig), as far as they
    /// are there; or one event log.
    #[arg(value_name = "NODE|PATH")]
    pub(super) subject: String,
    /// What to compare it with: another node or path; a file of 'slipway node reference'; or 'baseline', what it would
    /// have measured if nothing had been tampered with.
    #[arg(long, default_value = "baseline", value_name = "NODE|PATH|baseline")]
    pub(super) against: String,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OnOff {
    /// On.
    On,
    /// Off.
    Off,
}

#[derive(Debug, clap::Args)]
pub(super) struct Events {
    /// Go on printing what happens.
    #[arg(long)]
    pub(super) follow: bool,
    /// Only what came after this sequence number.
    #[arg(long, default_value_t = 0)]
    pub(super) after: u64,
}

#[derive(Debug, clap::Args)]
pub(super) struct Walkthrough {
    /// Stay up afterwards, until Ctrl-C.
    #[arg(long)]
    keep_up: bool,
    /// Where to listen when no simulator is running yet.
    #[arg(long, default_value = DEFAULT_LISTEN, value_parser = parse_listen, value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
}

impl Walkthrough {
    pub(super) fn options(&self) -> crate::walkthrough::Options {
        crate::walkthrough::Options { keep_up: self.keep_up, listen: self.listen }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Bench {
    /// How many nodes to boot.
    #[arg(long, default_value_t = 12)]
    nodes: u32,
    /// How many GET requests to send.
    #[arg(long, default_value_t = 20_000)]
    gets: u32,
    /// How many durable PUT requests to send.
    #[arg(long, default_value_t = 10_000)]
    puts: u32,
    /// Measure reads, writes and lists with 1, 100 and 1,000 clusters, too. Takes a minute.
    #[arg(long)]
    growth: bool,
}

impl Bench {
    pub(super) fn options(&self) -> crate::bench::Options {
        crate::bench::Options { nodes: self.nodes, gets: self.gets, puts: self.puts, growth: self.growth }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
