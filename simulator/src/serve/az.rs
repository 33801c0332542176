//! The configuration of az for the running simulator.

use std::path::Path;

use control_plane::world::World;
use fake_arm::{Authority, Origin};

use crate::az_setup::{Account, AzSetup};
use crate::failure::Failure;

/// Its name in the data directory.
pub const DIRECTORY: &str = "azure";

/// Writes or refreshes the configuration with all subscriptions.
///
/// # Errors
/// When a file cannot be written.
pub fn write(world: &World, authority: &Authority, origin: &Origin, dir: &Path) -> Result<(), Failure> {
    let subscriptions = world.subscriptions();
    let setup = AzSetup {
        origin: origin.as_str(),
        tenant: authority.tenant(),
        client: authority.client().id,
        secret: &authority.client().secret,
        subscriptions: subscriptions.iter().map(|s| Account { id: s.id.0, name: s.name.clone() }).collect(),
    };
    setup.write(dir)
}
