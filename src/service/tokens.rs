//! Tokens for programs. They do at most what their owner may at that moment, cut to one role over one unit, and never
//! what only a person does: sign in, make accounts, links or tokens, change a password.

use super::accounts::{GrantBody, read_grant};
use super::session::{GrantView, digest, random_token};
use super::{App, Caller, Error};
use crate::domain::access;
use crate::domain::calendar::{ReportDay, rfc3339};
use crate::domain::fault::Fault;
use crate::domain::privacy;
use crate::domain::unit::UnitTree;
use crate::store::{AuditEntry, NewToken, Origin, Store, StoreError, Token, Transaction};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How every token begins, so that one in a public place is found by looking for it.
pub const PREFIX: &str = "pufa_";
/// Days that a token or a link lasts at most.
pub const LONGEST: i32 = 366;

/// A token to be made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenBody {
    /// What its owner calls it, 1 to 64 characters.
    pub name: String,
    /// The most it may do: a role.
    pub role: String,
    /// Code of the unit; only an administrator's may be absent, which is everything.
    #[serde(default)]
    pub unit: Option<String>,
    /// A reporter's token reaches the units below; every other role's always does.
    #[serde(default)]
    pub below: bool,
    /// Its last day, at most 366 days ahead.
    pub expires: String,
}

/// A token, without itself.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TokenView {
    /// Its number.
    pub id: i32,
    /// What its owner calls it.
    pub name: String,
    /// The most it may do.
    pub most: GrantView,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it ends, RFC 3339.
    pub expires_at: String,
    /// When it was last used, to the minute, RFC 3339.
    pub used_at: Option<String>,
    /// When it was revoked, RFC 3339.
    pub revoked_at: Option<String>,
    /// The token; told once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl TokenView {
    fn new(token: &Token, tree: &UnitTree) -> Self {
        Self {
            id: token.id,
            name: token.name.clone(),
            most: GrantView::new(&token.most, tree),
            created_at: rfc3339(token.created_at),
            expires_at: rfc3339(token.expires_at),
            used_at: token.used_at.map(rfc3339),
            revoked_at: token.revoked_at.map(rfc3339),
            token: None,
        }
    }
}

/// The end of a day that is written `2026-12-31`, at most [`LONGEST`] days ahead.
///
/// # Errors
/// `expires_invalid`.
pub fn end_of(day: &str, now: Timestamp) -> Result<Timestamp, Error> {
    let invalid = || Error::invalid(Fault::new("/expires", "expires_invalid").with("limit", LONGEST));
    let day: ReportDay = day.parse().map_err(|_| invalid())?;
    let today = ReportDay::of(now);
    if day < today || day > today.plus(LONGEST) {
        return Err(invalid());
    }
    Ok(day.plus(1).at(jiff::civil::Time::midnight()))
}

/// Enters a token for an account and gives its number and the token.
///
/// # Errors
/// What the database says.
pub async fn add_token(
    store: &Store,
    origin: Origin,
    owner: String,
    new: NewToken,
) -> Result<(i32, String), Error> {
    let token = format!("{PREFIX}{}", random_token()?);
    let new = NewToken { token_hash: digest(&token), ..new };
    let detail = serde_json::json!({ "name": new.name, "role": new.most.role.code() }).to_string();
    let id = store
        .transact(move |tx: &mut Transaction| {
            Box::pin(async move {
                let id = tx.insert_token(new).await?;
                tx.audit(AuditEntry { origin, action: "token.create", subject: owner, detail }).await?;
                Ok(id)
            })
        })
        .await?;
    Ok((id, token))
}

/// Revokes a token of an account.
///
/// # Errors
/// What the database says.
pub async fn revoke_token(store: &Store, origin: Origin, owner: String, id: i32) -> Result<(), StoreError> {
    let detail = serde_json::json!({ "token": id }).to_string();
    store
        .transact(move |tx: &mut Transaction| {
            Box::pin(async move {
                tx.revoke_token(id).await?;
                tx.audit(AuditEntry { origin, action: "token.revoke", subject: owner, detail })
                    .await
                    .map(drop)
            })
        })
        .await
}

impl App {
    /// The tokens of the caller, or of somebody the caller manages.
    ///
    /// # Errors
    /// `user_unknown` when there is no such account, or it is not the caller's to manage.
    pub async fn tokens(&self, caller: &Caller, user: Option<&str>) -> Result<Vec<TokenView>, Error> {
        let id = match user {
            None => caller.actor.id,
            Some(name) if name == caller.actor.username => caller.actor.id,
            Some(name) => self.managed(caller, name).await?.id,
        };
        let catalogue = self.catalogue();
        let tokens = self.store.tokens(Some(id)).await?;
        Ok(tokens.iter().map(|token| TokenView::new(token, &catalogue.tree)).collect())
    }

    /// Makes a token for the caller.
    ///
    /// # Errors
    /// `Forbidden` for more than the caller has; faults of the input.
    pub async fn create_token(&self, caller: &Caller, body: &TokenBody) -> Result<TokenView, Error> {
        if let Some(held) = caller.actor.held {
            return Err(Error::Held(held));
        }
        let catalogue = self.catalogue();
        let name = privacy::line(&body.name, 1..=64, "name_invalid")
            .map_err(|code| Error::invalid(Fault::new("/name", code)))?;
        let expires_at = end_of(&body.expires, self.clock.now())?;
        let wanted = GrantBody { role: body.role.clone(), unit: body.unit.clone(), below: body.below };
        let most = read_grant(&catalogue, "", &wanted)?;
        if !access::may_delegate(&caller.actor, &catalogue.tree, &most) {
            let seen = most.unit.is_none_or(|unit| {
                access::may(&caller.actor, &catalogue.tree, access::Permission::Read, unit)
            });
            return Err(if seen { Error::Forbidden } else { Error::NotFound("unit_out_of_scope") });
        }
        let new = NewToken {
            user: caller.actor.id,
            name: name.to_owned(),
            token_hash: String::new(),
            most,
            expires_at,
        };
        let (id, token) = add_token(&self.store, caller.origin(), caller.actor.username.clone(), new).await?;
        let made = self.store.token_numbered(id).await?.ok_or(Error::NotFound("token_unknown"))?;
        Ok(TokenView { token: Some(token), ..TokenView::new(&made, &catalogue.tree) })
    }

    /// Revokes a token of the caller, or of somebody the caller manages.
    ///
    /// # Errors
    /// `token_unknown` when there is none of this number that the caller may revoke.
    pub async fn revoke_token(&self, caller: &Caller, id: i32) -> Result<(), Error> {
        let unknown = || Error::NotFound("token_unknown");
        let token = self.store.token_numbered(id).await?;
        let token = token.filter(|token| token.revoked_at.is_none()).ok_or_else(unknown)?;
        let owner = if token.user == caller.actor.id {
            caller.actor.username.clone()
        } else {
            self.managed_numbered(caller, token.user).await.map_err(|_| unknown())?.username
        };
        revoke_token(&self.store, caller.origin(), owner, id).await?;
        self.sessions.distrust();
        Ok(())
    }
}
