//! Faults, and what they make of a disk.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Fault {
    /// List all faults with what they do.
    List,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Pool {
    /// Give every node of a pool, and every node made later, faults of the failure library, or take them away; without
    /// an option: show those it has.
    Fault {
        /// The resource group.
        #[arg(short = 'g', long, value_name = "GROUP")]
        resource_group: String,
        /// The cluster.
        #[arg(long)]
        cluster: String,
        /// The pool.
        #[arg(long)]
        pool: String,
        #[command(flatten)]
        change: FaultOptions,
    },
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct FaultOptions {
    /// Faults to add; 'slipway fault list' names them.
    #[arg(long, num_args = 1.., value_name = "NAME")]
    pub(in crate::cli) add: Vec<control_plane::faults::Fault>,
    /// Faults to take away.
    #[arg(long, num_args = 1.., value_name = "NAME")]
    pub(in crate::cli) remove: Vec<control_plane::faults::Fault>,
    /// Take all faults away first.
    #[arg(long)]
    pub(in crate::cli) clear: bool,
}

/// What `sbinfo` looks at; without -m, -k and -b: everything.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(in crate::cli) struct Shown {
    /// Only what is unsigned, untrusted or revoked.
    #[arg(short = 'u')]
    pub(in crate::cli) untrusted: bool,
    /// Kernel modules.
    #[arg(short = 'm')]
    pub(in crate::cli) modules: bool,
    /// Kernels.
    #[arg(short = 'k')]
    pub(in crate::cli) kernels: bool,
    /// Boot loaders.
    #[arg(short = 'b')]
    pub(in crate::cli) boot_loaders: bool,
}
