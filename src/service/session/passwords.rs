//! Hashing and checking passwords, and what else is secret and random.

use super::super::Error;
use crate::config::Limits;
use crate::domain::password;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The queue before argon2: it costs memory and a core, so only some run at once and only some may wait.
#[derive(Debug)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Passwords {
    pub(in crate::service) fn new(limits: &Limits) -> Self {
        Self {
            running: Arc::new(Semaphore::new(limits.password_checks)),
            waiting: Semaphore::new(limits.password_checks + limits.password_queue),
        }
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let _place = self.waiting.try_acquire().map_err(|_| Error::Busy)?;
        tracing::trace!("a password is checked");
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

    /// Whether a password is the one of a hash; without a hash it takes as long and is wrong.
    pub(in crate::service) async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, Error> {
        self.run(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let right = PasswordHash::new(&hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
            known && right
        })
        .await
    }

    /// The hash of a new password of an account.
    ///
    /// # Errors
    /// What [`password::check`] says; `Busy` when too many wait.
    pub(in crate::service) async fn hash(
        &self,
        password: &str,
        username: &str,
        pointer: &str,
    ) -> Result<String, Error> {
        password::check(password, username, pointer).map_err(Error::invalid)?;
        let password = password.to_owned();
        self.run(move || hash(&password)).await?
    }
}

/// A hash that no password has, checked for unknown names so that they take as long as known ones.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn hash(password: &str) -> Result<String, Error> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(|error| Error::Internal(error.to_string()))?.to_string())
}

/// argon2id in PHC form. Takes some 30 ms and 19 MiB, so it is not for a request: there [`Passwords`] queues.
///
/// # Errors
/// What [`password::check`] says, or the hash fails.
pub fn hash_password(password: &str, username: &str) -> Result<String, Error> {
    password::check(password, username, "/password").map_err(Error::invalid)?;
    hash(password)
}

/// Random bytes.
///
/// # Errors
/// When the system has no randomness.
pub(in crate::service) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(bytes)
}

/// 256 random bits, in hex.
///
/// # Errors
/// When the system has no randomness.
pub fn random_token() -> Result<String, Error> {
    Ok(hex::encode(random::<32>()?))
}

/// SHA-256 in hex, under which a secret of enough random bits is kept.
pub(in crate::service) fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
