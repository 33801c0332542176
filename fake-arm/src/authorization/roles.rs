//! The built-in roles, with the ids and actions of Azure (Azure built-in roles, Microsoft Learn).
//!
//! Only what the clients of AKS assign, and only the actions that matter to the types served here; data actions are
//! left out because nothing here checks them.

use uuid::Uuid;

/// A built-in role.
pub(crate) struct Role {
    /// Its id.
    pub(crate) id: Uuid,
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) description: &'static str,
    /// What it allows.
    pub(crate) actions: &'static [&'static str],
    /// What it does not allow although `actions` would.
    pub(crate) not_actions: &'static [&'static str],
}

/// Owner.
pub(crate) const OWNER: Uuid = Uuid::from_u128(0x8e3af657_a8ff_443c_a75c_2fe8c4bcb635);

/// Reader.
pub(crate) const READER: Uuid = Uuid::from_u128(0xacdd72a7_3385_48ef_bd42_f606fba81ae7);

const fn role(
    id: u128,
    name: &'static str,
    description: &'static str,
    actions: &'static [&'static str],
    not_actions: &'static [&'static str],
) -> Role {
    Role { id: Uuid::from_u128(id), name, description, actions, not_actions }
}

/// All roles.
pub(crate) const ROLES: &[Role] = &[
    role(
        OWNER.as_u128(),
        "Owner",
        "Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.",
        &["*"],
        &[],
    ),
    role(
        0xb24988ac_6180_42a0_ab88_20f7382dd24c,
        "Contributor",
        "Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC, manage assignments in Azure Blueprints, or share image galleries.",
        &["*"],
        &[
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ],
    ),
    role(
        READER.as_u128(),
        "Reader",
        "View all resources, but does not allow you to make any changes.",
        &["*/read"],
        &[],
    ),
    role(
        0x18d7d88d_d35e_4fb5_a5c3_7773c20a72d9,
        "User Access Administrator",
        "Lets you manage user access to Azure resources.",
        &["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"],
        &[],
    ),
    role(
        0x4d97b98b_1d4f_4787_a291_c67834d212e7,
        "Network Contributor",
        "Lets you manage networks, but not access to them.",
        &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Network/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ],
        &[],
    ),
    role(
        0x9980e02c_c2be_4d73_94e8_173b1dc7cf3c,
        "Virtual Machine Contributor",
        "Lets you manage virtual machines, but not access to them, and not the virtual network or storage account they're connected to.",
        &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Compute/virtualMachines/*",
            "Microsoft.Compute/virtualMachineScaleSets/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ],
        &[],
    ),
    role(
        0xf1a07417_d97a_45cb_824c_7a7467783830,
        "Managed Identity Operator",
        "Read and Assign User Assigned Identity",
        &[
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ],
        &[],
    ),
    role(
        0x7f951dda_4ed3_4680_a7ca_43fe172d538d,
        "AcrPull",
        "acr pull",
        &["Microsoft.ContainerRegistry/registries/pull/read"],
        &[],
    ),
    role(
        0x8311e382_0749_4cb8_b61a_304f252e45ec,
        "AcrPush",
        "acr push",
        &["Microsoft.ContainerRegistry/registries/pull/read", "Microsoft.ContainerRegistry/registries/push/write"],
        &[],
    ),
    role(
        0xb12aa53e_6015_4669_85d0_8515ebb3ae7f,
        "Private DNS Zone Contributor",
        "Lets you manage private DNS zone resources, but not the virtual networks they are linked to.",
        &["Microsoft.Network/privateDnsZones/*", "Microsoft.Authorization/*/read"],
        &[],
    ),
    role(
        0xed7f3fbd_7b88_4dd4_9017_9adb7ce333f8,
        "Azure Kubernetes Service Contributor Role",
        "Grants access to read and write Azure Kubernetes Service clusters",
        &[
            "Microsoft.Authorization/*/read",
            "Microsoft.ContainerService/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ],
        &[],
    ),
    role(
        0x0ab0b1a8_8aac_4efd_b8c2_3ee1fb270be8,
        "Azure Kubernetes Service Cluster Admin Role",
        "List cluster admin credential action.",
        &[
            "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
            "Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action",
            "Microsoft.ContainerService/managedClusters/read",
            "Microsoft.ContainerService/managedClusters/runcommand/action",
        ],
        &[],
    ),
    role(
        0x4abbcc35_e782_43d8_92c5_2d3f1bd2253f,
        "Azure Kubernetes Service Cluster User Role",
        "List cluster user credential action.",
        &[
            "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
            "Microsoft.ContainerService/managedClusters/read",
        ],
        &[],
    ),
    role(
        0xb1ff04bb_8a4e_4dc4_8eb5_8693973ce19b,
        "Azure Kubernetes Service RBAC Cluster Admin",
        "Lets you manage all resources in the cluster.",
        &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
        ],
        &[],
    ),
];

/// The role with an id.
pub(crate) fn find(id: Uuid) -> Option<&'static Role> {
    ROLES.iter().find(|role| role.id == id)
}

impl Role {
    /// Whether the role allows an action.
    pub(crate) fn allows(&self, action: &str) -> bool {
        self.actions.iter().any(|pattern| matches(pattern, action))
            && !self.not_actions.iter().any(|pattern| matches(pattern, action))
    }
}

/// Whether an action fits a pattern in which `*` stands for any text. Letters compare without regard to case.
fn matches(pattern: &str, action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let pattern = pattern.to_ascii_lowercase();
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == action;
    };
    let Some(mut rest) = action.strip_prefix(head) else { return false };
    let mut parts = tail.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_azures_do() {
        assert!(matches("*", "Microsoft.Compute/disks/write"));
        assert!(matches("*/read", "Microsoft.ContainerService/managedClusters/read"));
        assert!(!matches("*/read", "Microsoft.ContainerService/managedClusters/write"));
        assert!(matches("Microsoft.Authorization/*/Write", "microsoft.authorization/roleassignments/write"));
        assert!(!matches("Microsoft.Authorization/*/Write", "Microsoft.Network/virtualNetworks/write"));
        assert!(matches("a/*/b/*/c", "a/x/b/y/c") && !matches("a/*/b/*/c", "a/x/c"));
    }

    #[test]
    fn contributors_do_not_assign_roles() {
        let contributor = ROLES.iter().find(|role| role.name == "Contributor").unwrap();
        assert!(contributor.allows("Microsoft.ContainerService/managedClusters/write"));
        assert!(!contributor.allows("Microsoft.Authorization/roleAssignments/write"));
        assert!(find(READER).unwrap().allows("Microsoft.ContainerService/managedClusters/read"));
    }

    #[test]
    fn ids_and_names_are_unique() {
        for (index, role) in ROLES.iter().enumerate() {
            assert!(ROLES[..index].iter().all(|other| other.id != role.id && other.name != role.name), "{}", role.name);
        }
    }
}
