//! The documented rules of AKS trusted launch changed several times; an era names one state of them.

use serde::{Deserialize, Serialize};

/// One state of the documented rules. An era belongs to a subscription and never changes.
///
/// Sources: the history of `articles/aks/use-trusted-launch.md` in MicrosoftDocs/azure-aks-docs and the release notes
/// in Azure/AKS `CHANGELOG.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Era {
    /// March to October 2024: the feature `TrustedLaunchPreview` must be registered.
    #[serde(rename = "preview")]
    Preview,
    /// From October 2024: generally available; compatible pools get a trusted-launch image by default.
    #[serde(rename = "ga")]
    Ga,
    /// From August 2025: a trusted-launch image only when a flag is set at creation.
    #[serde(rename = "2025-08")]
    Y2025M08,
    /// From June 2026: FIPS is allowed with Ubuntu 22.04.
    #[serde(rename = "2026-06")]
    Y2026M06,
    /// From July 2026: the flags can be switched on any capable Ubuntu or Azure Linux pool.
    #[serde(rename = "2026-07")]
    Y2026M07,
}

impl Era {
    /// All eras, oldest first.
    pub const ALL: [Era; 5] = [Era::Preview, Era::Ga, Era::Y2025M08, Era::Y2026M06, Era::Y2026M07];

    /// Today's rules.
    pub const CURRENT: Era = Era::Y2026M07;

    /// The name used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Era::Preview => "preview",
            Era::Ga => "ga",
            Era::Y2025M08 => "2025-08",
            Era::Y2026M06 => "2026-06",
            Era::Y2026M07 => "2026-07",
        }
    }
}

impl std::fmt::Display for Era {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Era {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Era::ALL.into_iter().find(|e| e.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Era::ALL.iter().map(|e| e.as_str()).collect();
            format!("unknown era '{text}'; one of {}", known.join(", "))
        })
    }
}
