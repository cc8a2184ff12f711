//! The sessions of an account: to be looked at, and ended.

use super::super::{App, Caller, Error};
use crate::domain::access::Door;
use crate::domain::calendar::rfc3339;
use crate::store::{AuditEntry, Session, Transaction};
use schemars::JsonSchema;
use serde::Serialize;

/// A live session.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LiveSession {
    /// Its number.
    pub id: i32,
    /// When it began, RFC 3339.
    pub created_at: String,
    /// When it was last used, to the minute, RFC 3339.
    pub used_at: String,
    /// When it ends at the latest, RFC 3339.
    pub expires_at: String,
    /// The address it began at.
    pub address: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl App {
    /// The live sessions of the caller, or of somebody the caller manages.
    ///
    /// # Errors
    /// `user_unknown` when there is no such account, or it is not the caller's to manage.
    pub async fn live_sessions(
        &self,
        caller: &Caller,
        user: Option<&str>,
    ) -> Result<Vec<LiveSession>, Error> {
        let id = match user {
            None => caller.actor.id,
            Some(name) if name == caller.actor.username => caller.actor.id,
            Some(name) => self.managed(caller, name).await?.id,
        };
        let own = match caller.actor.door {
            Door::Session(own) => own,
            Door::Token(_) | Door::Link(_) | Door::Screen(_) => 0,
        };
        let view = |session: Session| LiveSession {
            id: session.id,
            created_at: rfc3339(session.created_at),
            used_at: rfc3339(session.used_at),
            expires_at: rfc3339(session.expires_at),
            address: session.address,
            current: session.id == own,
        };
        let mut views: Vec<LiveSession> =
            self.store.sessions_of(id, self.clock.now()).await?.into_iter().map(view).collect();
        // This one is in use; the database is told of it later.
        let now = rfc3339(self.clock.now());
        views.iter_mut().filter(|view| view.current).for_each(|view| view.used_at.clone_from(&now));
        Ok(views)
    }

    /// Ends a session of the caller, or of somebody the caller manages.
    ///
    /// # Errors
    /// `session_unknown` when there is none of this number that the caller may end.
    pub async fn end_session(&self, caller: &Caller, id: i32) -> Result<(), Error> {
        let unknown = || Error::NotFound("session_unknown");
        let session = self.store.session_numbered(id).await?.ok_or_else(unknown)?;
        let subject = if session.user == caller.actor.id {
            caller.actor.username.clone()
        } else {
            self.managed_numbered(caller, session.user).await.map_err(|_| unknown())?.username
        };
        let origin = caller.origin();
        let detail = serde_json::json!({ "session": id }).to_string();
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.delete_session_numbered(id).await?;
                    tx.audit(AuditEntry { origin, action: "session.delete", subject, detail }).await.map(drop)
                })
            })
            .await?;
        self.sessions.distrust();
        Ok(())
    }
}
