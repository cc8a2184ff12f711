//! Signing in: passwords, sessions, and who is behind a token.

use super::{App, Caller, Error};
use crate::config::Limits;
use crate::domain::access::{Actor, Grant};
use crate::domain::fault::Fault;
use crate::domain::unit::UnitTree;
use crate::store::{AuditEntry, NewAccount, Origin, SessionRow, Store, StoreError};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// A signed-in session as told to the caller.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SessionView {
    /// Bearer token; told once.
    pub token: String,
    /// When it ends, RFC 3339.
    pub expires_at: String,
    /// Name of the account.
    pub username: String,
    /// What was granted.
    pub grants: Vec<GrantView>,
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MeView {
    /// Name of the account.
    pub username: String,
    /// What was granted.
    pub grants: Vec<GrantView>,
}

/// A role over a unit.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct GrantView {
    /// Role.
    pub role: &'static str,
    /// Code of the unit; null is everything.
    pub unit: Option<String>,
    /// Whether the units below are included.
    pub below: bool,
}

/// What is granted to a person, with unit codes.
#[must_use]
pub fn grants_view(actor: &Actor, tree: &UnitTree) -> Vec<GrantView> {
    let view = |grant: &Grant| GrantView {
        role: grant.role.code(),
        unit: grant.unit.and_then(|unit| tree.get(unit)).map(|unit| unit.code.to_string()),
        below: grant.below,
    };
    actor.grants.iter().map(view).collect()
}

/// The queue before argon2: it costs memory and a core, so only some run at once and only some may wait.
#[derive(Debug)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Semaphore,
}

/// Shortest and longest password, in characters (OWASP ASVS 5.0, 6.2.1 and 6.2.9).
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

impl Passwords {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            running: Arc::new(Semaphore::new(limits.password_checks)),
            waiting: Semaphore::new(limits.password_checks + limits.password_queue),
        }
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let _place = self.waiting.try_acquire().map_err(|_| Error::Busy)?;
        let permit = self.running.clone().acquire_owned().await.map_err(|_| Error::Busy)?;
        // The permit goes along: a caller that hangs up does not let another check start beside this one.
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        })
        .await
        .map_err(|error| Error::Internal(error.to_string()))
    }

    async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Error> {
        self.run(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let right = PasswordHash::new(&hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
            known && right
        })
        .await
    }
}

/// A hash that no password has, checked for unknown names so that they take as long as known ones.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// argon2id in PHC form. Takes some 30 ms and 19 MiB.
///
/// # Errors
/// When the password is too short or too long, or the hash fails.
pub fn hash_password(password: &str) -> Result<String, Error> {
    if !PASSWORD_LENGTH.contains(&password.chars().count()) {
        let fault = Fault::new("/password", "password_length")
            .with("least", PASSWORD_LENGTH.start())
            .with("most", PASSWORD_LENGTH.end());
        return Err(Error::invalid(fault));
    }
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(|error| Error::Internal(error.to_string()))?.to_string())
}

/// 256 random bits, in hex.
///
/// # Errors
/// When the system has no randomness.
pub fn random_token() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(hex::encode(bytes))
}

fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

#[derive(Debug, Clone)]
struct Seen {
    actor: Arc<Actor>,
    expires_at: Timestamp,
    looked: Instant,
}

/// Sessions seen lately, so that not every request asks the database.
#[derive(Debug)]
pub struct Cache {
    seen: Mutex<HashMap<String, Seen>>,
    capacity: usize,
}

/// A session is believed this long without asking the database, so one that was ended elsewhere is dead within a second.
const BELIEVED: Duration = Duration::from_millis(900);

impl Cache {
    pub(super) fn new(capacity: usize) -> Self {
        Self { seen: Mutex::new(HashMap::new()), capacity }
    }

    fn get(&self, hash: &str) -> Option<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(hash).filter(|seen| seen.looked.elapsed() < BELIEVED).cloned()
    }

    fn put(&self, hash: String, found: Seen) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= self.capacity {
            seen.retain(|_, seen| seen.looked.elapsed() < BELIEVED);
        }
        if seen.len() < self.capacity {
            seen.insert(hash, found);
        }
    }

    fn forget(&self, hash: &str) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).remove(hash);
    }
}

impl App {
    /// Signs in.
    ///
    /// # Errors
    /// `WrongPassword` for an unknown name, a wrong password and a disabled account alike; `Busy` when too many wait.
    pub async fn sign_in(
        &self,
        username: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<SessionView, Error> {
        let account = self.store.account_named(username).await?;
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let right = self.passwords.verify(password.to_owned(), hash).await?;
        let account = account.filter(|account| right && !account.disabled).ok_or(Error::WrongPassword)?;
        let token = random_token()?;
        let lasting = SignedDuration::try_from(self.limits.session).unwrap_or(SignedDuration::from_hours(1));
        let expires_at = self.clock.now().saturating_add(lasting).unwrap_or(Timestamp::MAX);
        let row = SessionRow { token_hash: token_hash(&token), user: account.actor.id, expires_at };
        let name = account.actor.username.clone();
        let id = account.actor.id;
        self.store
            .transact(move |tx: &mut crate::store::Transaction| {
                Box::pin(async move {
                    tx.insert_session(row).await?;
                    let entry = AuditEntry {
                        origin: Origin { actor: Some(id), address },
                        action: "session.create",
                        subject: name,
                        detail: "{}".into(),
                    };
                    tx.audit(entry).await.map(drop)
                })
            })
            .await?;
        Ok(SessionView {
            token,
            expires_at: crate::domain::calendar::rfc3339(expires_at),
            grants: grants_view(&account.actor, &self.catalogue().tree),
            username: account.actor.username,
        })
    }

    /// Who is behind a token.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody is.
    pub async fn authenticate(&self, token: &str) -> Result<Arc<Actor>, Error> {
        let hash = token_hash(token);
        let now = self.clock.now();
        if let Some(seen) = self.sessions.get(&hash).filter(|seen| seen.expires_at > now) {
            return Ok(seen.actor);
        }
        let Some((account, expires_at)) = self.store.session(&hash, now).await? else {
            self.sessions.forget(&hash);
            return Err(Error::Unauthenticated);
        };
        let actor = Arc::new(account.actor);
        let looked = Instant::now();
        self.sessions.put(hash, Seen { actor: actor.clone(), expires_at, looked });
        Ok(actor)
    }

    /// Signs out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sign_out(&self, caller: &Caller, token: &str) -> Result<(), Error> {
        let hash = token_hash(token);
        self.sessions.forget(&hash);
        let (origin, subject) = (caller.origin(), caller.actor.username.clone());
        let deleted = hash.clone();
        self.store
            .transact(move |tx: &mut crate::store::Transaction| {
                Box::pin(async move {
                    tx.delete_session(&deleted).await?;
                    let entry = AuditEntry { origin, action: "session.delete", subject, detail: "{}".into() };
                    tx.audit(entry).await.map(drop)
                })
            })
            .await?;
        self.sessions.forget(&hash);
        Ok(())
    }
}

/// Enters an account, as the command line does.
///
/// # Errors
/// `Exists("username")`, or what the database says.
pub async fn add_account(store: &Store, account: NewAccount) -> Result<(), StoreError> {
    store
        .transact(move |tx: &mut crate::store::Transaction| {
            Box::pin(async move {
                let roles: Vec<_> = account.grants.iter().map(|grant| grant.role.code()).collect();
                let detail = serde_json::json!({ "roles": roles }).to_string();
                let subject = account.username.clone();
                tx.insert_account(account).await?;
                tx.audit(AuditEntry { origin: Origin::default(), action: "user.create", subject, detail })
                    .await
                    .map(drop)
            })
        })
        .await
}

/// Changes the password or the disabled mark of an account and ends its sessions. `false` when there is none.
///
/// # Errors
/// What the database says.
pub async fn change_account(
    store: &Store,
    username: String,
    password_hash: Option<String>,
    disabled: Option<bool>,
) -> Result<bool, StoreError> {
    store
        .transact(move |tx: &mut crate::store::Transaction| {
            Box::pin(async move {
                let found = tx.update_account(&username, password_hash.clone(), disabled).await?;
                if found {
                    let detail =
                        serde_json::json!({ "password": password_hash.is_some(), "disabled": disabled });
                    let detail = detail.to_string();
                    tx.audit(AuditEntry {
                        origin: Origin::default(),
                        action: "user.update",
                        subject: username,
                        detail,
                    })
                    .await?;
                }
                Ok(found)
            })
        })
        .await
}
