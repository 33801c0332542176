//! How long things take on Azure, in virtual time, each with its source.
//!
//! A duration is drawn around its median by a spread that depends only on the seed and on what it is drawn for, so that
//! the same seed and the same commands give the same history.

use std::time::Duration;

use sha2::{Digest, Sha256};

/// One kind of duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "described in the table")]
pub enum Step {
    ControlPlaneCreate,
    ControlPlaneUpdate,
    ControlPlaneUpgrade,
    ClusterDelete,
    PoolUpdate,
    PoolDelete,
    NodeAllocate,
    NodeBoot,
    NodeDrain,
    NodeReimageDisk,
    NodeReboot,
    NodeDelete,
    NodeStop,
    NodeStart,
    ControlPlaneStop,
    ControlPlaneStart,
    RotateCertificates,
    Abort,
    GroupDelete,
    FeatureRegister,
    FeatureUnregister,
    ProviderRegister,
}

/// One row of the timings table.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// What takes that long.
    pub step: Step,
    /// The median, in virtual seconds.
    pub median_s: u64,
    /// Where the figure is from.
    pub source: &'static str,
}

const RECORDINGS: &str = "start and end times in the test recordings of Azure/azure-cli-extensions (2023-2024)";

/// The table. Medians of the recordings: cluster with one node 312 s, pool add 211 s, pool delete 50 s, a reimage that
/// follows a change of a trusted-launch flag 305–330 s per node, one node at a time.
pub const TABLE: &[Timing] = &[
    Timing {
        step: Step::ControlPlaneCreate,
        median_s: 100,
        source: "cluster create less pool add; inferred split of: start and end times in the test recordings of Azure/azure-cli-extensions (2023-2024)",
    },
    Timing {
        step: Step::ControlPlaneUpdate,
        median_s: 20,
        source: "inferred from updates without effect on nodes (3-21 s for pools) in the same recordings",
    },
    Timing {
        step: Step::ControlPlaneUpgrade,
        median_s: 540,
        source: "inferred: recorded upgrades with image took 868-916 s, of which one node about 320 s",
    },
    Timing { step: Step::ClusterDelete, median_s: 150, source: "inferred: no recording shows its end" },
    Timing {
        step: Step::PoolUpdate,
        median_s: 12,
        source: "updates without effect on nodes took 3-21 s; start and end times in the test recordings of Azure/azure-cli-extensions (2023-2024)",
    },
    Timing { step: Step::PoolDelete, median_s: 50, source: RECORDINGS },
    Timing {
        step: Step::NodeAllocate,
        median_s: 140,
        source: "pool add (median 211 s) less boot and join; inferred split of the recordings",
    },
    Timing { step: Step::NodeBoot, median_s: 70, source: "inferred split of the recordings" },
    Timing { step: Step::NodeDrain, median_s: 25, source: "inferred split of 305-330 s per reimaged node" },
    Timing { step: Step::NodeReimageDisk, median_s: 220, source: "inferred split of 305-330 s per reimaged node" },
    Timing { step: Step::NodeReboot, median_s: 60, source: "inferred" },
    Timing {
        step: Step::NodeDelete,
        median_s: 34,
        source: "delete-machines; start and end times in the test recordings of Azure/azure-cli-extensions (2023-2024)",
    },
    Timing {
        step: Step::NodeStop,
        median_s: 45,
        source: "pool stop took 52 s, cluster stop 87-124 s; start and end times in the test recordings of Azure/azure-cli-extensions (2023-2024)",
    },
    Timing {
        step: Step::NodeStart,
        median_s: 190,
        source: "pool start took 206 s; start and end times in the test recordings of Azure/azure-cli-extensions (2023-2024)",
    },
    Timing {
        step: Step::ControlPlaneStop,
        median_s: 105,
        source: "cluster stop took 87-124 s; start and end times in the test recordings of Azure/azure-cli-extensions (2023-2024)",
    },
    Timing {
        step: Step::ControlPlaneStart,
        median_s: 80,
        source: "cluster start (170-345 s) less the nodes; inferred split of the recordings",
    },
    Timing { step: Step::RotateCertificates, median_s: 600, source: "inferred" },
    Timing {
        step: Step::Abort,
        median_s: 6,
        source: "abort took 6-7 s; start and end times in the test recordings of Azure/azure-cli-extensions (2023-2024)",
    },
    Timing { step: Step::GroupDelete, median_s: 15, source: "inferred" },
    Timing {
        step: Step::FeatureRegister,
        median_s: 240,
        source: "azure-aks-docs use-trusted-launch.md (preview era): \"It takes a few minutes for the status to show Registered\"",
    },
    Timing { step: Step::FeatureUnregister, median_s: 240, source: "inferred from registration" },
    Timing { step: Step::ProviderRegister, median_s: 30, source: "inferred" },
];

/// Draws durations.
#[derive(Clone, Copy, Debug)]
pub struct Timings {
    seed: u64,
}

impl Timings {
    /// Timings of a world with this seed.
    pub fn new(seed: u64) -> Self {
        Timings { seed }
    }

    /// How long `step` takes for the thing that `salt` names: within 8 % of the median.
    pub fn sample(&self, step: Step, salt: &str) -> Duration {
        let median_ms = TABLE.iter().find(|t| t.step == step).map_or(1_000, |t| t.median_s * 1_000);
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(format!("{step:?}/{salt}"));
        let digest = hash.finalize();
        let draw = u64::from(u16::from_le_bytes([digest[0], digest[1]]));
        // 0..=65535 becomes 92 %..=108 % of the median.
        Duration::from_millis(median_ms * 92 / 100 + median_ms * 16 * draw / (100 * 65_535))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_one_row() {
        for timing in TABLE {
            assert_eq!(TABLE.iter().filter(|t| t.step == timing.step).count(), 1, "{:?}", timing.step);
        }
    }

    #[test]
    fn draws_are_repeatable_and_near_the_median() {
        let timings = Timings::new(7);
        let a = timings.sample(Step::NodeBoot, "x");
        assert_eq!(a, Timings::new(7).sample(Step::NodeBoot, "x"));
        assert_ne!(a, timings.sample(Step::NodeBoot, "y"));
        assert!(a >= Duration::from_millis(64_400) && a <= Duration::from_millis(75_600));
    }
}
