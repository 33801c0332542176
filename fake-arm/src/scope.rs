//! What a request's path is about: the subscription, and the ids that the other segments name.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use control_plane::ids::{ClusterId, GroupId, Name, PoolId, SubscriptionId};
use control_plane::model::{Cluster, Pool, Subscription};
use control_plane::refusal::RefusalKind;
use control_plane::world::{Conditions, World};
use http::HeaderMap;
use http::request::Parts;
use uuid::Uuid;

use crate::door::FrontDoor;
use crate::error::Error;
use crate::middleware::ApiVersion;
use crate::wire::form::Form;

/// The most names that `AKSHTTPCustomFeatures` may list.
const CUSTOM_FEATURES_MAX: usize = 64;

/// A request below `/subscriptions/{subscription}`.
pub(crate) struct Scope {
    /// What it is answered from.
    pub(crate) door: Arc<FrontDoor>,
    /// The subscription; it exists.
    pub(crate) subscription: Arc<Subscription>,
    /// The api-version of the request.
    pub(crate) api: ApiVersion,
    params: RawPathParams,
}

impl FromRequestParts<Arc<FrontDoor>> for Scope {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, door: &Arc<FrontDoor>) -> Result<Self, Error> {
        let api = parts.extensions.get::<ApiVersion>().copied();
        let params = RawPathParams::from_request_parts(parts, door).await.map_err(|_| {
            Error::gateway(
                RefusalKind::BadRequest,
                "InvalidRequestUri",
                "The request URI is not valid UTF-8 after decoding.",
            )
        })?;
        let id = params.iter().find(|(name, _)| *name == "subscription").map_or("", |(_, value)| value);
        let subscription = subscription(&door.world, id)?;
        // The api-version middleware ran before: a request without one does not get here.
        let api = api.ok_or_else(|| {
            Error::gateway(
                RefusalKind::BadRequest,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        })?;
        Ok(Scope { door: door.clone(), subscription, api, params })
    }
}

/// The subscription that a path names.
fn subscription(world: &World, id: &str) -> Result<Arc<Subscription>, Error> {
    let parsed = Uuid::try_parse(id).map_err(|_| {
        Error::gateway(
            RefusalKind::BadRequest,
            "InvalidSubscriptionId",
            format!("The provided subscription identifier '{id}' is malformed or invalid."),
        )
    })?;
    world.subscription(SubscriptionId(parsed)).ok_or_else(|| {
        Error::gateway(
            RefusalKind::NotFound,
            "SubscriptionNotFound",
            format!("The subscription '{id}' could not be found."),
        )
    })
}

impl Scope {
    /// A segment that the route names; empty when the route has none of that name.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }

    /// The world.
    pub(crate) fn world(&self) -> &World {
        &self.door.world
    }

    /// What the form of the answer depends on.
    pub(crate) fn form(&self) -> Form {
        Form::of(self.api, self.subscription.era)
    }

    /// The resource group that the path names.
    pub(crate) fn group(&self) -> GroupId {
        GroupId { subscription: self.subscription.id, name: Name::new(self.param("group")) }
    }

    /// The cluster that the path names.
    pub(crate) fn cluster(&self) -> ClusterId {
        ClusterId { group: self.group(), name: Name::new(self.param("cluster")) }
    }

    /// The pool that the path names.
    pub(crate) fn pool(&self) -> PoolId {
        PoolId { cluster: self.cluster(), name: Name::new(self.param("pool")) }
    }

    /// The cluster that the path names, which must exist.
    ///
    /// # Errors
    /// `ResourceGroupNotFound` or `ResourceNotFound`, in the gateway's words.
    pub(crate) fn existing_cluster(&self) -> Result<Arc<Cluster>, Error> {
        let id = self.cluster();
        self.world().cluster(&id).ok_or_else(|| self.missing_cluster(&id))
    }

    /// The refusal for a cluster that is not there.
    fn missing_cluster(&self, id: &ClusterId) -> Error {
        if self.world().group(&id.group).is_none() {
            return group_not_found(&id.group);
        }
        resource_not_found(&id.group, &format!("Microsoft.ContainerService/managedClusters/{}", id.name))
    }

    /// The pool that the path names, which must exist, with its cluster.
    ///
    /// # Errors
    /// As for the cluster; `NotFound` by the resource provider when only the pool is missing.
    pub(crate) fn existing_pool(&self) -> Result<(Arc<Cluster>, Arc<Pool>), Error> {
        let cluster = self.existing_cluster()?;
        let id = self.pool();
        let pool = self.world().pool(&id).ok_or_else(|| {
            // A pool is no tracked resource, so the gateway does not know it and the provider answers (text inferred).
            Error::provider(
                RefusalKind::NotFound,
                "NotFound",
                format!(
                    "Could not find the agent pool {} in subscription: {}, resourceGroup: {}, clusterName: {}.",
                    id.name, id.cluster.group.subscription, id.cluster.group.name, id.cluster.name
                ),
            )
        })?;
        Ok((cluster, pool))
    }
}

/// `ResourceGroupNotFound`.
pub(crate) fn group_not_found(group: &GroupId) -> Error {
    Error::gateway(
        RefusalKind::NotFound,
        "ResourceGroupNotFound",
        format!("Resource group '{}' could not be found.", group.name),
    )
}

/// `ResourceNotFound` for `Namespace/type/name`.
pub(crate) fn resource_not_found(group: &GroupId, what: &str) -> Error {
    Error::gateway(
        RefusalKind::NotFound,
        "ResourceNotFound",
        format!(
            "The Resource '{what}' under resource group '{}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
            group.name
        ),
    )
}

/// `if-match`, `if-none-match` and `AKSHTTPCustomFeatures`, as sent: the world knows what they mean.
pub(crate) fn conditions(headers: &HeaderMap) -> Conditions {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let listed = headers.get("akshttpcustomfeatures").and_then(|v| v.to_str().ok()).unwrap_or("");
    let features = listed.split(',').map(str::trim).filter(|f| !f.is_empty());
    Conditions {
        if_match: text("if-match"),
        if_none_match: text("if-none-match"),
        custom_features: features.take(CUSTOM_FEATURES_MAX).map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_become_conditions() {
        let mut headers = HeaderMap::new();
        headers.insert("if-match", http::HeaderValue::from_static("\"abc\""));
        headers.insert("akshttpcustomfeatures", http::HeaderValue::from_static("A/B, C/D,"));
        let read = conditions(&headers);
        assert_eq!(read.if_match.as_deref(), Some("\"abc\""));
        assert_eq!(read.if_none_match, None);
        assert_eq!(read.custom_features, ["A/B", "C/D"]);
    }
}
