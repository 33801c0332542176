//! How a cluster's pods get their addresses, as far as pools depend on it.

use serde_json::Value;

use crate::era::Era;
use crate::model::OsType;

/// A cluster's pod network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodNetwork {
    /// `kubenet`: addresses of their own, routed.
    Kubenet,
    /// `azure`: addresses of the nodes' subnet.
    NodeSubnet,
    /// `azure` in `overlay` mode: addresses of their own.
    Overlay,
    /// `none`: the network is somebody else's.
    Unmanaged,
}

impl PodNetwork {
    /// What a cluster's `networkProfile` amounts to.
    ///
    /// When no plug-in is asked for it was kubenet until the spring of 2025 and is overlay since (public test recordings
    /// of Azure/azure-cli: October 2024 and March 2025); the change falls into the era `ga`, which keeps kubenet.
    pub fn of(era: Era, profile: Option<&Value>) -> Self {
        let text = |key: &str| profile.and_then(|p| p.get(key)).and_then(Value::as_str).unwrap_or_default();
        let is = |key: &str, value: &str| text(key).eq_ignore_ascii_case(value);
        if text("networkPlugin").is_empty() {
            return if era >= Era::Y2025M08 { PodNetwork::Overlay } else { PodNetwork::Kubenet };
        }
        if is("networkPlugin", "none") {
            PodNetwork::Unmanaged
        } else if !is("networkPlugin", "azure") {
            PodNetwork::Kubenet
        } else if is("networkPluginMode", "overlay") {
            PodNetwork::Overlay
        } else {
            PodNetwork::NodeSubnet
        }
    }

    /// Whether the plug-in is Azure CNI, which Windows pools need.
    pub(crate) fn is_azure_cni(self) -> bool {
        matches!(self, PodNetwork::NodeSubnet | PodNetwork::Overlay)
    }

    /// `maxPods` of a pool that asks for none: recorded 110 with kubenet, 30 in the node subnet and on Windows, 250 in an
    /// overlay; 250 without a plug-in is the AKS documentation's.
    pub(super) fn max_pods(self, os: OsType) -> u32 {
        match (self, os) {
            (_, OsType::Windows) | (PodNetwork::NodeSubnet, _) => 30,
            (PodNetwork::Kubenet, _) => 110,
            (PodNetwork::Overlay | PodNetwork::Unmanaged, _) => 250,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pods_follow_the_plugin_and_its_mode() {
        let of = |era, profile: Value| PodNetwork::of(era, Some(&profile));
        assert_eq!(of(Era::CURRENT, json!({"networkPlugin": "kubenet"})), PodNetwork::Kubenet);
        assert_eq!(of(Era::CURRENT, json!({"networkPlugin": "Azure"})), PodNetwork::NodeSubnet);
        let overlay = json!({"networkPlugin": "azure", "networkPluginMode": "Overlay"});
        assert_eq!(of(Era::Preview, overlay), PodNetwork::Overlay);
        assert_eq!(of(Era::CURRENT, json!({"networkPlugin": "none"})), PodNetwork::Unmanaged);
        assert_eq!(PodNetwork::of(Era::CURRENT, None), PodNetwork::Overlay);
        assert_eq!(of(Era::Ga, json!({"networkPlugin": ""})), PodNetwork::Kubenet);
        assert_eq!(PodNetwork::NodeSubnet.max_pods(OsType::Linux), 30);
        assert_eq!(PodNetwork::Overlay.max_pods(OsType::Windows), 30);
    }
}
