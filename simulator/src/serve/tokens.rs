//! Who signs tokens, and secrets.

use std::sync::Arc;
use std::time::Duration;

use control_plane::world::World;
use fake_arm::{Authority, AuthorityError, Caller, Origin};

use crate::api::{Token, TokenRequest};
use crate::data_dir::DataDir;
use crate::failure::{Failure, OrFail as _};

/// How long an access token is good, in seconds of real time: what `fake-arm` puts into its tokens.
const ACCESS_SECONDS: u64 = 86_399;

/// Making keys keeps a core busy; on a small machine the first requests would wait for it.
const FIRST_ANSWERS_FIRST: Duration = Duration::from_millis(300);

/// Opens the tenant's authority. Its signing key takes about 100 ms to make, so that is done in the background.
pub(super) fn authority(data: &DataDir, world: &World) -> Result<Arc<Authority>, Failure> {
    let clock = world.clone();
    let skipped = Box::new(move || clock.clock().skipped());
    let authority = Authority::open(&data.path("entra"), world.tenant(), skipped)
        .map(Arc::new)
        .or_fail(|| "cannot open the token service".to_owned())?;
    let early = Arc::clone(&authority);
    tokio::spawn(async move {
        tokio::time::sleep(FIRST_ANSWERS_FIRST).await;
        let prepared = tokio::task::spawn_blocking(move || early.prepare()).await;
        if let Ok(Err(error)) = prepared {
            tracing::warn!(%error, "the key that signs tokens is not ready; the next login tries again");
        }
    });
    Ok(authority)
}

/// A token for the application that az is logged in as, or for the one that may only read.
///
/// # Errors
/// When the signing key cannot be read or made.
pub fn issue(authority: &Authority, origin: &Origin, request: TokenRequest) -> Result<Token, AuthorityError> {
    let client = if request.reader { authority.reader() } else { authority.client() };
    let caller = Caller::Application(client.id.to_string());
    Ok(Token {
        access_token: authority.issue_token(&caller, origin)?,
        tenant: authority.tenant(),
        expires_in_s: ACCESS_SECONDS,
        client_id: client.id,
        client_secret: client.secret.clone(),
    })
}

/// 256 random bits in hexadecimal.
pub(super) fn random_secret() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).or_fail(|| "no randomness for a secret".to_owned())?;
    Ok(hex::encode(bytes))
}
