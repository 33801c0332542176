//! Features of Microsoft.ContainerService that changed what the resource provider showed in the preview era.
//!
//! Subscriptions differed at that time: the same api-version answered with members that are there in one and not in
//! another (public test recordings of Azure/azure-cli-extensions). That registration decides is inferred from the AKS
//! documentation, which asked for these features in those days.

/// The features that were in effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PreviewFeatures {
    /// `NRGLockdownPreview`: `nodeResourceGroupProfile` is shown.
    pub(crate) node_group_lockdown: bool,
    /// `StaticEgressGatewayPreview`: the control plane has the plug-in `static-egress-controller`.
    pub(crate) static_egress: bool,
    /// `IMDSRestrictionPreview`: `networkProfile.podLinkLocalAccess` is shown.
    pub(crate) imds_restriction: bool,
}

impl PreviewFeatures {
    /// Asks for each feature by name.
    pub(crate) fn of(registered: impl Fn(&str) -> bool) -> Self {
        PreviewFeatures {
            node_group_lockdown: registered("NRGLockdownPreview"),
            static_egress: registered("StaticEgressGatewayPreview"),
            imds_restriction: registered("IMDSRestrictionPreview"),
        }
    }
}
