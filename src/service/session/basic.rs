//! Clients that send name and password with every request, as those of DHIS2 do.
//!
//! Checking a password takes a core for tens of milliseconds. So the first request signs in, and the session serves the
//! ones after it; it ends as every session does.

use super::super::{App, Error};
use super::passwords::random_token;
use super::{Attempt, Credential};
use crate::digest::Digest;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Sessions by digests of name and password, under a secret that lives as long as the process.
#[derive(Debug, Default)]
pub struct Remembered {
    secret: OnceLock<String>,
    sessions: Mutex<HashMap<[u8; 32], String>>,
}

/// Programs are few; beyond these, a request signs in anew.
const KEPT: usize = 256;

impl Remembered {
    fn key(&self, attempt: &Attempt<'_>) -> Result<[u8; 32], Error> {
        let secret = match self.secret.get() {
            Some(secret) => secret,
            None => {
                let fresh = random_token()?;
                self.secret.get_or_init(|| fresh)
            }
        };
        Ok(Digest::from_iter([secret, attempt.username, attempt.password]).bytes())
    }

    fn get(&self, key: &[u8; 32]) -> Option<String> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn put(&self, key: [u8; 32], token: String) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= KEPT {
            sessions.clear();
        }
        sessions.insert(key, token);
    }
}

impl App {
    /// The token of a session for a name and a password: that of an earlier request while it lives.
    ///
    /// # Errors
    /// As [`sign_in`](Self::sign_in).
    pub async fn session_for(&self, attempt: Attempt<'_>) -> Result<String, Error> {
        let key = self.remembered.key(&attempt)?;
        if let Some(token) = self.remembered.get(&key)
            && self.authenticate(Credential::Session(&token)).await.is_ok()
        {
            return Ok(token);
        }
        let token = self.sign_in(attempt).await?.token;
        self.remembered.put(key, token.clone());
        Ok(token)
    }
}
