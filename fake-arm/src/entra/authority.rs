//! Who signs and checks tokens.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use control_plane::clock::wall_unix_seconds;
use jsonwebtoken::{Algorithm, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::claims::{Caller, Claims, DAY_SECONDS, Purpose};
use super::keys::{SigningKey, write_private};
use super::principal::Principal;
use super::verified::{Good, Verified};

/// How far the clocks of client and simulator may differ, in seconds. They are usually the same machine's.
const LEEWAY_SECONDS: u64 = 60;

/// The longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// The application that az logs in as: a client id and its secret, made on first start.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The client id.
    pub id: Uuid,
    /// The secret.
    pub secret: String,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The authority cannot be opened, or cannot sign.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file of it cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The key would not sign; never seen to happen.
    #[error("the token could not be signed")]
    Signing,
}

/// Why a token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejected {
    #[error("The access token is invalid: it is not a JSON Web Token.")]
    Unreadable,
    #[error(
        "The access token is from the wrong issuer: this simulator did not sign it. Log in again, or print one with 'slipway token'."
    )]
    Foreign,
    #[error("The access token has expired.")]
    Expired {
        /// How long ago, in seconds.
        ago: u64,
    },
    #[error("The token is not an access token.")]
    NotForAccess,
    #[error("The signing key is not available: {0}")]
    KeyUnavailable(String),
}

/// How much virtual time was skipped by command so far.
pub type Skipped = Box<dyn Fn() -> Duration + Send + Sync>;

/// One tenant's token service.
///
/// Tokens age in real time, by which clients decide when to come back for a new one, and by all virtual time that is
/// skipped by command. They do not age faster where virtual time runs faster: a client would believe in dead tokens.
pub struct Authority {
    tenant: Uuid,
    client: Client,
    reader: Client,
    key_path: PathBuf,
    key: OnceLock<Arc<SigningKey>>,
    making: Mutex<()>,
    verified: Verified,
    skipped: Skipped,
}

impl Authority {
    /// Opens the authority of a tenant. Reads, or makes on first start, `client.json` and `reader.json` in `dir` (mode
    /// 0600); the signing
    /// key is read or made on first need, because making it takes longer than everything else at a start.
    ///
    /// # Errors
    /// When the file cannot be read or written, or does not hold a client.
    pub fn open(dir: &Path, tenant: Uuid, skipped: Skipped) -> Result<Self, AuthorityError> {
        let open = |name: &str| {
            let path = dir.join(name);
            load_or_make_client(&path).map_err(|source| AuthorityError::File { path, source })
        };
        let (client, reader) = (open("client.json")?, open("reader.json")?);
        Ok(Authority {
            tenant,
            client,
            reader,
            key_path: dir.join("signing-key.der"),
            key: OnceLock::new(),
            making: Mutex::new(()),
            verified: Verified::default(),
            skipped,
        })
    }

    /// The tenant.
    pub fn tenant(&self) -> Uuid {
        self.tenant
    }

    /// The application that az logs in as.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A second application, which has the role Reader in every subscription and is refused all writes.
    pub fn reader(&self) -> &Client {
        &self.reader
    }

    /// Whether a principal is the owner of everything: the application that az logs in as, or the user.
    pub(crate) fn is_owner(&self, principal: &Principal) -> bool {
        self.owners().contains(&principal.object)
    }

    /// The object ids of those who own everything: the application and the user.
    pub(crate) fn owners(&self) -> [Uuid; 2] {
        let user = Caller::User { client: String::new() };
        [self.object_id(&Caller::Application(self.client.id.to_string())), self.object_id(&user)]
    }

    /// The object id of the second application.
    pub(crate) fn reader_object(&self) -> Uuid {
        self.object_id(&Caller::Application(self.reader.id.to_string()))
    }

    /// The user of interactive logins; the password is the first application's secret.
    pub fn user(&self) -> &'static str {
        "captain@slipway.localhost"
    }

    /// Reads or makes the signing key now. Blocks for about 100 ms when it has to be made.
    ///
    /// # Errors
    /// When the key file cannot be read or written.
    pub fn prepare(&self) -> Result<(), AuthorityError> {
        self.key().map(|_| ())
    }

    /// An access token for ARM, good for a day by the machine's clock.
    ///
    /// # Errors
    /// When the signing key cannot be read or made.
    pub fn issue_token(&self, caller: &Caller, origin: &crate::Origin) -> Result<String, AuthorityError> {
        self.issue_token_for(caller, origin, &format!("{origin}/"))
    }

    /// An access token for an audience of the client's choice.
    pub(super) fn issue_token_for(
        &self,
        caller: &Caller,
        origin: &crate::Origin,
        audience: &str,
    ) -> Result<String, AuthorityError> {
        self.sign(&self.claims(caller, origin.as_str(), audience, DAY_SECONDS))
    }

    /// The signing key, read or made on first need.
    pub(super) fn key(&self) -> Result<&Arc<SigningKey>, AuthorityError> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let made = SigningKey::load_or_make(&self.key_path)
            .map_err(|source| AuthorityError::File { path: self.key_path.clone(), source })?;
        Ok(self.key.get_or_init(|| Arc::new(made)))
    }

    /// The claims that all tokens share.
    pub(super) fn claims(&self, caller: &Caller, origin: &str, audience: &str, seconds: u64) -> Claims {
        let now = wall_unix_seconds();
        let of_user = matches!(caller, Caller::User { .. });
        let object = self.object_id(caller).to_string();
        let user = of_user.then(|| self.user().to_owned());
        Claims {
            aud: audience.to_owned(),
            iss: format!("{origin}/{}/v2.0", self.tenant),
            iat: now,
            nbf: now,
            exp: now + seconds,
            skipped: self.skipped_seconds(),
            appid: caller.client().to_owned(),
            sub: object.clone(),
            oid: object,
            tid: self.tenant,
            idtyp: if of_user { "user" } else { "app" }.to_owned(),
            uti: Uuid::new_v4().simple().to_string(),
            ver: "2.0".to_owned(),
            name: of_user.then(|| "Slipway Captain".to_owned()),
            preferred_username: user.clone(),
            upn: user,
            ..Claims::default()
        }
    }

    /// The caller's object id: always the same for the same caller and tenant.
    pub(super) fn object_id(&self, caller: &Caller) -> Uuid {
        let name = match caller {
            Caller::Application(client) => client.as_str(),
            Caller::User { .. } => self.user(),
        };
        Uuid::new_v5(&self.tenant, name.as_bytes())
    }

    pub(super) fn sign(&self, claims: &Claims) -> Result<String, AuthorityError> {
        self.key()?.sign(claims).ok_or(AuthorityError::Signing)
    }

    /// Checks an access token and gives its bearer.
    pub(crate) fn check(&self, token: &str) -> Result<Arc<Principal>, Rejected> {
        if let Some(good) = self.verified.get(token) {
            return self.still_good(good.expiry, good.skipped).map(|()| good.bearer);
        }
        let claims = self.open_token(token)?;
        if claims.purpose != Purpose::Access {
            return Err(Rejected::NotForAccess);
        }
        let bearer = Arc::new(Principal::of(&claims));
        self.verified.remember(token, Good { expiry: claims.exp, skipped: claims.skipped, bearer: bearer.clone() });
        Ok(bearer)
    }

    fn skipped_seconds(&self) -> u64 {
        (self.skipped)().as_secs()
    }

    /// Whether a token with this end, issued when so much time had been skipped, can still be used.
    fn still_good(&self, expiry: u64, skipped_before: u64) -> Result<(), Rejected> {
        // After a restart the count begins anew: then nothing was skipped since.
        let skipped = self.skipped_seconds().saturating_sub(skipped_before);
        let now = wall_unix_seconds().saturating_add(skipped);
        if now > expiry.saturating_add(LEEWAY_SECONDS) {
            return Err(Rejected::Expired { ago: now - expiry });
        }
        Ok(())
    }

    /// Checks a token's signature and end, whatever it is for.
    pub(super) fn open_token(&self, token: &str) -> Result<Claims, Rejected> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Rejected::Unreadable);
        }
        let key = self.key().map_err(|error| Rejected::KeyUnavailable(error.to_string()))?;
        let mut rules = Validation::new(Algorithm::RS256);
        rules.validate_aud = false; // clients ask for many spellings of the same audience
        rules.validate_exp = false; // checked below, against the project's one clock
        rules.required_spec_claims.clear();
        let opened = jsonwebtoken::decode::<Claims>(token, &key.verify, &rules).map_err(|error| {
            use jsonwebtoken::errors::ErrorKind;
            match error.kind() {
                ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => Rejected::Foreign,
                _ => Rejected::Unreadable,
            }
        })?;
        let claims = opened.claims;
        self.still_good(claims.exp, claims.skipped)?;
        if claims.tid != self.tenant {
            return Err(Rejected::Foreign);
        }
        Ok(claims)
    }
}

fn load_or_make_client(path: &Path) -> io::Result<Client> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
            let client = Client { id: Uuid::new_v4(), secret };
            write_private(path, &serde_json::to_vec(&client)?)?;
            Ok(client)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;

    fn open(dir: &Path) -> Authority {
        Authority::open(dir, Uuid::from_u128(7), Box::new(|| Duration::ZERO)).unwrap()
    }

    fn origin() -> Origin {
        Origin::new("https://localhost:1").unwrap()
    }

    #[test]
    fn own_tokens_pass_also_after_a_restart_and_strange_ones_do_not() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let authority = open(dir.path());
        let caller = Caller::Application(authority.client().id.to_string());
        let token = authority.issue_token(&caller, &origin()).unwrap();
        assert_eq!(authority.check(&token).unwrap().object, authority.object_id(&caller));
        assert!(authority.check(&token).is_ok(), "from memory");
        let again = open(dir.path());
        assert_eq!(again.client(), authority.client());
        assert!(again.check(&token).is_ok());
        assert_eq!(open(other.path()).check(&token), Err(Rejected::Foreign));
        assert_eq!(authority.check("a.b.c"), Err(Rejected::Unreadable));
        let mut forged = token.clone().into_bytes();
        let middle = token.find('.').unwrap() + 10;
        forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
        assert!(authority.check(std::str::from_utf8(&forged).unwrap()).is_err());
    }

    #[test]
    fn expired_and_misused_tokens_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let authority = open(dir.path());
        let caller = Caller::Application("x".into());
        let mut claims = authority.claims(&caller, "https://o", "a", 10);
        claims.exp = wall_unix_seconds() - LEEWAY_SECONDS - 5;
        let expired = authority.check(&authority.sign(&claims).unwrap());
        assert!(matches!(expired, Err(Rejected::Expired { ago: 65..75 })), "{expired:?}");
        claims.exp = wall_unix_seconds() + 100;
        claims.purpose = Purpose::Refresh;
        assert_eq!(authority.check(&authority.sign(&claims).unwrap()), Err(Rejected::NotForAccess));
    }

    #[test]
    fn skipped_time_counts_towards_a_tokens_age() {
        use std::sync::atomic::{AtomicU64, Ordering};
        let dir = tempfile::tempdir().unwrap();
        let skipped = Arc::new(AtomicU64::new(1_000_000));
        let seen = Arc::clone(&skipped);
        let clock: Skipped = Box::new(move || Duration::from_secs(seen.load(Ordering::Relaxed)));
        let authority = Authority::open(dir.path(), Uuid::from_u128(7), clock).unwrap();
        let token = authority.issue_token(&Caller::Application("x".into()), &origin()).unwrap();
        assert!(authority.check(&token).is_ok(), "what was skipped before does not count");
        skipped.fetch_add(DAY_SECONDS - 100, Ordering::Relaxed);
        assert!(authority.check(&token).is_ok());
        skipped.fetch_add(1_000, Ordering::Relaxed);
        assert!(matches!(authority.check(&token), Err(Rejected::Expired { ago: 900..920 })));
    }
}
