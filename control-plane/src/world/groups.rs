//! Resource groups.

use super::tags::{laid_over, updated};
use super::{Put, World, guard, record};
use crate::ids::{GroupId, StorageKey};
use crate::model::{EventKind, Opaque, ResourceGroup};
use crate::refusal::{Refusal, RefusalKind};
use crate::rules;

/// What a client asks a group to be.
#[derive(Clone, Debug, Default)]
pub struct GroupSpec {
    /// Its region; fixed at creation.
    pub location: String,
    /// Its tags; `None` leaves them, an empty map clears them.
    pub tags: Option<Opaque>,
    /// Members that the simulator does not act on.
    pub opaque: Opaque,
}

impl World {
    /// Creates or updates a resource group.
    pub async fn put_group(&self, id: GroupId, spec: GroupSpec) -> Result<Put<ResourceGroup>, Refusal> {
        rules::judge_group_name(id.name.as_str())?;
        let location = self.location(&spec.location)?;
        self.transact(move |_, tx, now| {
            guard::subscription(tx, id.subscription)?;
            let before = tx.get::<ResourceGroup>(&id.storage_key());
            let created = before.is_none();
            if !created {
                guard::group(tx, &id)?;
            }
            let group = match before.as_deref().cloned() {
                Some(before) if before.location != location => {
                    return Err(moved(&before, &location));
                }
                Some(before) => ResourceGroup {
                    tags: updated(before.tags, spec.tags),
                    opaque: laid_over(before.opaque, spec.opaque),
                    ..before
                },
                None => ResourceGroup {
                    id: id.clone(),
                    location,
                    tags: updated(None, spec.tags),
                    managed_by: None,
                    deleting: false,
                    opaque: spec.opaque,
                },
            };
            let text = if created { "resource group created" } else { "resource group updated" };
            let (subscription, subject) = (Some(id.subscription), id.name.to_string());
            record(tx, now, EventKind::Requested, subscription, subject, text.to_owned());
            Ok(Put { created, value: tx.put(group), operation: None })
        })
        .await
    }

    /// The normalised name of a region (`East US` and `EastUS` are `eastus`), or a refusal.
    pub(super) fn location(&self, asked: &str) -> Result<String, Refusal> {
        self.catalog().location(asked).map(|l| l.name.clone()).ok_or_else(|| {
            let message = if asked.is_empty() {
                "The location property is required for this definition.".to_owned()
            } else {
                let known: Vec<_> = self.catalog().locations().iter().map(|l| l.name.as_str()).collect();
                format!(
                    "The provided location '{asked}' is not available for resource group. List of available regions is \
                     '{}'.",
                    known.join(",")
                )
            };
            let code = if asked.is_empty() { "LocationRequired" } else { "LocationNotAvailableForResourceGroup" };
            Refusal::gateway(RefusalKind::BadRequest, code, message)
        })
    }
}

fn moved(before: &ResourceGroup, location: &str) -> Refusal {
    Refusal::gateway(
        RefusalKind::Conflict,
        "InvalidResourceGroupLocation",
        format!(
            "Invalid resource group location '{location}'. The Resource group already exists in location '{}'.",
            before.location
        ),
    )
}
