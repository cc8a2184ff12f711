//! The first administrator, by a link that works once on a database without an account.

use super::session::{digest, random_token};
use super::{App, Error};
use crate::domain::access::{Grant, Role};
use crate::service::accounts::check_name;
use crate::store::{AuditEntry, NewAccount, Origin, Transaction};
use std::net::IpAddr;

/// The setting that keeps the digest of the link's token.
const SETTING: &str = "setup_token";

impl App {
    /// A new token for the link, or none when there is an account. An earlier token ends.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn offer_setup(&self) -> Result<Option<String>, Error> {
        if !self.store.has_no_account().await? {
            return Ok(None);
        }
        let token = random_token()?;
        let kept = digest(&token);
        let offered = self
            .store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    let empty = tx.has_no_account().await?;
                    if empty {
                        tx.set_setting(SETTING, Some(kept)).await?;
                    }
                    Ok(empty)
                })
            })
            .await?;
        Ok(offered.then_some(token))
    }

    /// Whether the link works.
    ///
    /// # Errors
    /// `setup_unknown` for another token, and once there is an account.
    pub async fn check_setup(&self, token: &str) -> Result<(), Error> {
        let kept = self.store.setting(SETTING).await?;
        let fits = kept.is_some_and(|kept| kept == digest(token)) && self.store.has_no_account().await?;
        if fits { Ok(()) } else { Err(Error::NotFound("setup_unknown")) }
    }

    /// Enters the first administrator and ends the link. Of several at once one succeeds.
    ///
    /// # Errors
    /// `setup_unknown`; faults of name and password.
    pub async fn setup(
        &self,
        token: &str,
        username: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<(), Error> {
        self.check_setup(token).await?;
        check_name(username)?;
        let password_hash = self.passwords.hash(password, username, "/password").await?;
        let grants = vec![Grant { role: Role::Admin, unit: None, below: true }];
        let new = NewAccount { username: username.to_owned(), password_hash, grants };
        let (kept, subject) = (digest(token), username.to_owned());
        let entered = self
            .store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    if tx.setting(SETTING).await? != Some(kept) || !tx.has_no_account().await? {
                        return Ok(false);
                    }
                    let id = tx.insert_account(new).await?;
                    tx.set_setting(SETTING, None).await?;
                    let origin = Origin { actor: Some(id), address };
                    let entry = AuditEntry { origin, action: "setup", subject, detail: "{}".into() };
                    tx.audit(entry).await?;
                    Ok(true)
                })
            })
            .await?;
        if entered { Ok(()) } else { Err(Error::NotFound("setup_unknown")) }
    }
}
