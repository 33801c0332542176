//! Feature and resource provider registration.
//!
//! Sources: azure-docs `preview-features.md` and the Microsoft.Features specification (2021-07-01). A registration that
//! takes time shows its final state once virtual time has passed its end; nothing has to happen for that.

use super::{World, guard, record};
use crate::catalog::Feature;
use crate::clock::VirtualTime;
use crate::ids::SubscriptionId;
use crate::model::{EventKind, FeatureState, ProviderState, Subscription};
use crate::refusal::{Refusal, RefusalKind};
use crate::timings::Step;

/// The feature that switches trusted launch on in the preview era.
const TRUSTED_LAUNCH: (&str, &str) = ("Microsoft.ContainerService", "TrustedLaunchPreview");

/// A registration state as ARM shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are the values")]
pub enum RegistrationShown {
    NotRegistered,
    Registering,
    Registered,
    Unregistering,
    Unregistered,
}

impl RegistrationShown {
    /// The value as ARM writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            RegistrationShown::NotRegistered => "NotRegistered",
            RegistrationShown::Registering => "Registering",
            RegistrationShown::Registered => "Registered",
            RegistrationShown::Unregistering => "Unregistering",
            RegistrationShown::Unregistered => "Unregistered",
        }
    }
}

pub(super) fn provider_shown(subscription: &Subscription, namespace: &str, now: VirtualTime) -> RegistrationShown {
    match subscription.providers.get(&namespace.to_lowercase()) {
        None => RegistrationShown::NotRegistered,
        Some(ProviderState::Registering { done }) if *done > now => RegistrationShown::Registering,
        Some(ProviderState::Registering { .. } | ProviderState::Registered { .. }) => RegistrationShown::Registered,
        Some(ProviderState::Unregistered) => RegistrationShown::Unregistered,
    }
}

fn feature_shown(state: Option<&FeatureState>, now: VirtualTime) -> RegistrationShown {
    match state {
        None => RegistrationShown::NotRegistered,
        Some(FeatureState::Registering { done }) if *done > now => RegistrationShown::Registering,
        Some(FeatureState::Registering { .. } | FeatureState::Registered { .. }) => RegistrationShown::Registered,
        Some(FeatureState::Unregistering { done }) if *done > now => RegistrationShown::Unregistering,
        Some(FeatureState::Unregistering { .. } | FeatureState::Unregistered) => RegistrationShown::Unregistered,
    }
}

fn feature_key(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}").to_lowercase()
}

/// Whether the AKS resource provider acts on the feature: it is registered, and the provider was registered again after
/// that (`az provider register`, the documented last step), or the request names it in `AKSHTTPCustomFeatures`.
pub(super) fn trusted_launch_in_effect(
    subscription: &Subscription,
    custom_features: &[String],
    now: VirtualTime,
) -> bool {
    let (namespace, name) = TRUSTED_LAUNCH;
    let key = feature_key(namespace, name);
    if custom_features.iter().any(|f| f.trim().eq_ignore_ascii_case(&key)) {
        return true;
    }
    let since = match subscription.features.get(&key) {
        Some(FeatureState::Registering { done }) if *done <= now => *done,
        Some(FeatureState::Registered { at }) => *at,
        _ => return false,
    };
    let propagated = match subscription.providers.get(&namespace.to_lowercase()) {
        Some(ProviderState::Registering { done }) if *done <= now => *done,
        Some(ProviderState::Registered { at }) => *at,
        _ => return false,
    };
    propagated >= since
}

impl World {
    /// A feature's state; refused when Azure does not know such a feature.
    pub fn feature(
        &self,
        subscription: SubscriptionId,
        namespace: &str,
        name: &str,
    ) -> Result<RegistrationShown, Refusal> {
        self.known_feature(namespace, name)?;
        let subscription = self.subscription(subscription).ok_or_else(|| guard::subscription_missing(subscription))?;
        Ok(feature_shown(subscription.features.get(&feature_key(namespace, name)), self.now()))
    }

    /// The features of a namespace, or of all, as `Namespace/Name` with their states.
    pub fn features(&self, subscription: SubscriptionId, namespace: Option<&str>) -> Vec<(String, RegistrationShown)> {
        let Some(subscription) = self.subscription(subscription) else {
            return Vec::new();
        };
        let now = self.now();
        let shown = |feature: &Feature| {
            let key = feature_key(&feature.namespace, &feature.name);
            let state = feature_shown(subscription.features.get(&key), now);
            (format!("{}/{}", feature.namespace, feature.name), state)
        };
        self.catalog().features(namespace).map(shown).collect()
    }

    /// A resource provider's state; `None` when Azure has no such namespace.
    pub fn provider(&self, subscription: SubscriptionId, namespace: &str) -> Option<RegistrationShown> {
        self.catalog().provider(namespace)?;
        let subscription = self.subscription(subscription)?;
        Some(provider_shown(&subscription, namespace, self.now()))
    }

    /// All resource providers with their states.
    pub fn providers(&self, subscription: SubscriptionId) -> Vec<(String, RegistrationShown)> {
        let Some(subscription) = self.subscription(subscription) else {
            return Vec::new();
        };
        let now = self.now();
        let namespaces = self.catalog().providers().iter().map(|p| p.namespace.clone());
        namespaces
            .map(|ns| {
                let shown = provider_shown(&subscription, &ns, now);
                (ns, shown)
            })
            .collect()
    }

    /// Asks for a feature. It shows `Registered` after minutes of virtual time.
    pub async fn register_feature(
        &self,
        subscription: SubscriptionId,
        namespace: &str,
        name: &str,
    ) -> Result<RegistrationShown, Refusal> {
        self.change_feature(subscription, namespace, name, Step::FeatureRegister).await
    }

    /// Withdraws a feature.
    pub async fn unregister_feature(
        &self,
        subscription: SubscriptionId,
        namespace: &str,
        name: &str,
    ) -> Result<RegistrationShown, Refusal> {
        self.change_feature(subscription, namespace, name, Step::FeatureUnregister).await
    }

    async fn change_feature(
        &self,
        id: SubscriptionId,
        namespace: &str,
        name: &str,
        step: Step,
    ) -> Result<RegistrationShown, Refusal> {
        self.known_feature(namespace, name)?;
        let (key, subject) = (feature_key(namespace, name), format!("{namespace}/{name}"));
        self.transact(move |world, tx, now| {
            let mut subscription = (*guard::subscription(tx, id)?).clone();
            let before = feature_shown(subscription.features.get(&key), now);
            let done = now + world.timings().sample(step, &key);
            let state = match (step, before) {
                (Step::FeatureRegister, RegistrationShown::Registered | RegistrationShown::Registering)
                | (
                    Step::FeatureUnregister,
                    RegistrationShown::NotRegistered
                    | RegistrationShown::Unregistered
                    | RegistrationShown::Unregistering,
                ) => return Ok(before),
                (Step::FeatureRegister, _) => FeatureState::Registering { done },
                _ => FeatureState::Unregistering { done },
            };
            subscription.features.insert(key, state);
            tx.put(subscription);
            let shown = feature_shown(Some(&state), now);
            let text = format!("feature {} until {done}", shown.as_str());
            record(tx, now, EventKind::Requested, Some(id), subject, text);
            Ok(shown)
        })
        .await
    }

    /// Registers a resource provider, or registers it again, which makes it see newly registered features.
    pub async fn register_provider(&self, id: SubscriptionId, namespace: &str) -> Result<RegistrationShown, Refusal> {
        self.change_provider(id, namespace, true).await
    }

    /// Withdraws a resource provider's registration.
    pub async fn unregister_provider(&self, id: SubscriptionId, namespace: &str) -> Result<RegistrationShown, Refusal> {
        self.change_provider(id, namespace, false).await
    }

    async fn change_provider(
        &self,
        id: SubscriptionId,
        namespace: &str,
        register: bool,
    ) -> Result<RegistrationShown, Refusal> {
        let Some(provider) = self.catalog().provider(namespace) else {
            return Err(unknown_namespace(namespace));
        };
        let (subject, key) = (provider.namespace.clone(), provider.namespace.to_lowercase());
        self.transact(move |world, tx, now| {
            let mut subscription = (*guard::subscription(tx, id)?).clone();
            let state = match (register, provider_shown(&subscription, &key, now)) {
                (true, RegistrationShown::Registered) => ProviderState::Registered { at: now },
                (true, RegistrationShown::Registering) => {
                    return Ok(RegistrationShown::Registering);
                }
                (true, _) => {
                    ProviderState::Registering { done: now + world.timings().sample(Step::ProviderRegister, &key) }
                }
                (false, _) => ProviderState::Unregistered,
            };
            subscription.providers.insert(key.clone(), state);
            let shown = provider_shown(&subscription, &key, now);
            tx.put(subscription);
            let text = format!("resource provider {}", shown.as_str());
            record(tx, now, EventKind::Requested, Some(id), subject, text);
            Ok(shown)
        })
        .await
    }

    fn known_feature(&self, namespace: &str, name: &str) -> Result<(), Refusal> {
        if self.catalog().feature(namespace, name).is_some() {
            return Ok(());
        }
        // The text is az's; the code string was never published and is inferred.
        Err(Refusal::gateway(
            RefusalKind::NotFound,
            "FeatureNotFound",
            format!("The feature '{name}' could not be found."),
        ))
    }
}

/// The gateway's words for a namespace that does not exist.
fn unknown_namespace(namespace: &str) -> Refusal {
    Refusal::gateway(
        RefusalKind::NotFound,
        "InvalidResourceNamespace",
        format!("The resource namespace '{namespace}' is invalid."),
    )
}
