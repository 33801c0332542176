//! The configuration of az for the running simulator.

use std::path::Path;
use std::{fs, io};

use control_plane::world::World;
use fake_arm::{Authority, Origin};

use serde_json::Value;

use crate::az_setup::{Account, AzSetup};
use crate::data_dir::update_private;
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

/// Makes az ask for new access tokens, because those it keeps may have ended in time that was skipped. Whoever is logged
/// in stays so.
///
/// # Errors
/// Those of the file system.
pub fn forget_access_tokens(dir: &Path) -> io::Result<()> {
    let path = dir.join("msal_token_cache.json");
    let cache = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        cache => cache?,
    };
    // A cache that cannot be read is az's own concern.
    let Ok(Value::Object(mut cache)) = serde_json::from_slice(&cache) else { return Ok(()) };
    match cache.remove("AccessToken") {
        Some(_) => update_private(&path, Value::Object(cache).to_string().as_bytes()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_tokens_are_forgotten_and_logins_are_not() {
        let temp = tempfile::tempdir().unwrap();
        let cache = temp.path().join("msal_token_cache.json");
        forget_access_tokens(temp.path()).unwrap();
        assert!(!cache.exists());
        fs::write(&cache, r#"{"AccessToken":{"a":{}},"RefreshToken":{"r":{}}}"#).unwrap();
        forget_access_tokens(temp.path()).unwrap();
        assert_eq!(fs::read_to_string(&cache).unwrap(), r#"{"RefreshToken":{"r":{}}}"#);
        fs::write(&cache, "no JSON").unwrap();
        forget_access_tokens(temp.path()).unwrap();
        assert_eq!(fs::read_to_string(&cache).unwrap(), "no JSON");
    }
}
