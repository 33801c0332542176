//! Resource groups as the gateway writes and reads them.

use control_plane::ids::ClusterId;
use control_plane::model::{Opaque, ResourceGroup};
use control_plane::world::GroupSpec;

use super::ids::{ClusterPath, GroupPath};
use super::json::{Object, document, object};
use super::read::Members;
use crate::error::Error;

/// A resource group; `manager` is the cluster whose node resource group it is.
pub(crate) fn resource(group: &ResourceGroup, manager: Option<&ClusterId>) -> Vec<u8> {
    document(|o| write(o, group, manager))
}

/// A resource group as an item of a list.
pub(crate) fn item(group: &ResourceGroup, manager: Option<&ClusterId>, out: &mut Vec<u8>) {
    object(out, |o| write(o, group, manager));
}

fn write(o: &mut Object<'_>, group: &ResourceGroup, manager: Option<&ClusterId>) {
    o.text("id", GroupPath(&group.id));
    o.value("name", group.id.name.as_str());
    o.value("type", "Microsoft.Resources/resourceGroups");
    o.value("location", &group.location);
    match manager {
        Some(cluster) => o.text("managedBy", ClusterPath(cluster)),
        None => o.kept(&group.opaque, "managedBy"),
    };
    o.maybe("tags", group.tags.as_ref());
    o.object("properties", |o| {
        o.value("provisioningState", if group.deleting { "Deleting" } else { "Succeeded" });
    });
    o.rest(&group.opaque, &["managedBy"]);
}

/// Reads the body of `PUT …/resourcegroups/{name}`.
pub(crate) fn read(body: &[u8]) -> Result<GroupSpec, Error> {
    let mut members = Members::of(body)?;
    members.drop_all(&["id", "name", "type", "properties"]);
    let location = members.text("location")?.unwrap_or_default();
    let tags = members.text_map("tags")?;
    Ok(GroupSpec { location, tags, opaque: members.rest() })
}

/// Reads the body of `PATCH …/resourcegroups/{name}`: the tags, if it has any.
pub(crate) fn read_tags(body: &[u8]) -> Result<Option<Opaque>, Error> {
    Members::of(body)?.text_map("tags")
}
