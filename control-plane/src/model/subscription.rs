//! Subscriptions with what is registered in them, and resource groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Opaque;
use crate::clock::VirtualTime;
use crate::era::Era;
use crate::ids::{ClusterId, GroupId, SubscriptionId};

/// A subscription: the era of its rules, its features and resource providers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// The name that `az account list` shows.
    pub name: String,
    /// The tenant it trusts.
    pub tenant: Uuid,
    /// The rules it lives under.
    pub era: Era,
    /// When it was added.
    pub added: VirtualTime,
    /// Its place in lists; 0 is the default subscription.
    pub order: usize,
    /// Feature registrations, by lower-case `namespace/feature`. Absent means never registered.
    pub features: BTreeMap<String, FeatureState>,
    /// Resource providers, by lower-case namespace. Absent means not registered.
    pub providers: BTreeMap<String, ProviderState>,
}

/// The state of a feature registration (Microsoft.Features, api-version 2021-07-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum FeatureState {
    /// Asked for; shows `Registered` from `done` on.
    Registering {
        /// When it is registered.
        done: VirtualTime,
    },
    /// Registered since `at`.
    Registered {
        /// When it was registered.
        at: VirtualTime,
    },
    /// Asked to be withdrawn; shows `Unregistered` from `done` on.
    Unregistering {
        /// When it is unregistered.
        done: VirtualTime,
    },
    /// Withdrawn.
    Unregistered,
}

/// The state of a resource provider registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum ProviderState {
    /// Asked for; shows `Registered` from `done` on.
    Registering {
        /// When it is registered.
        done: VirtualTime,
    },
    /// Registered; the provider knows the features that were registered before `at`.
    Registered {
        /// When it was last registered.
        at: VirtualTime,
    },
    /// Withdrawn.
    Unregistered,
}

/// A resource group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResourceGroup {
    /// Its id.
    pub id: GroupId,
    /// Its region, normalised (`eastus`).
    pub location: String,
    /// Its tags, `None` when it has none.
    pub tags: Option<Opaque>,
    /// The cluster whose node resource group this is, if it is one.
    pub managed_by: Option<ClusterId>,
    /// Set while it is being deleted.
    pub deleting: bool,
    /// Other members of the request, kept and returned.
    pub opaque: Opaque,
}
