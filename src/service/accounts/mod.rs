//! People: entering, changing and suspending them, within what a manager may give; and one's own password.

pub(super) mod qr;
pub mod totp;

use super::session::{GrantView, SessionView, random_token};
use super::{App, Caller, Error, scope};
use crate::domain::access::{self, Grant, Permission, Role};
use crate::domain::calendar::rfc3339;
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::privacy;
use crate::store::{Account, AuditEntry, NewAccount, Origin, Store, StoreError, Transaction};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role over a unit, as asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantBody {
    /// Role.
    pub role: String,
    /// Code of the unit; only an administrator's may be absent, which is everything.
    #[serde(default)]
    pub unit: Option<String>,
    /// A reporter's grant reaches the units below; every other role's always does.
    #[serde(default)]
    pub below: bool,
}

/// An account to be entered.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUserBody {
    /// Name to sign in with: 1 to 64 characters without spaces.
    pub username: String,
    /// First password, which its owner must change at once.
    pub password: String,
    /// What is granted.
    #[serde(default)]
    pub grants: Vec<GrantBody>,
}

/// What is to change of an account; what is absent stays. Whatever changes, its sessions end.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserBody {
    /// Shuts out or lets in again.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// Replaces what is granted.
    #[serde(default)]
    pub grants: Option<Vec<GrantBody>>,
    /// A new password, which its owner must change at the next sign-in.
    #[serde(default)]
    pub password: Option<String>,
    /// Asks for no more one-time codes: the authenticator was lost.
    #[serde(default)]
    pub reset_totp: bool,
}

impl std::fmt::Debug for NewUserBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewUserBody")
    }
}

impl std::fmt::Debug for UserBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UserBody")
    }
}

/// An account as told to whoever manages it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UserView {
    /// Name to sign in with.
    pub username: String,
    /// Shut out.
    pub disabled: bool,
    /// What is granted.
    pub grants: Vec<GrantView>,
    /// One-time codes are asked for.
    pub totp: bool,
    /// The password was given by somebody else and must be changed.
    pub temporary: bool,
    /// When it was entered, RFC 3339.
    pub created_at: String,
}

/// Which accounts are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct UsersFilter<'q> {
    /// A part of the name.
    pub part: Option<&'q str>,
    /// Those who hold this role somewhere.
    pub role: Option<Role>,
    /// The last name first.
    pub down: bool,
    /// Where the page before ended.
    pub cursor: Option<&'q str>,
}

/// Accounts, a page at a time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UsersView {
    /// By name.
    pub items: Vec<UserView>,
    /// What to give as `cursor` for the next page.
    pub next: Option<String>,
}

/// Accounts read from the database at once.
const PAGE: usize = 1_000;

/// Whether a name can be one to sign in with. It stands in the audit for ever, so it is nobody's number.
///
/// # Errors
/// `username_invalid` for another form, `personal_data` for a phone or identity number.
pub fn check_name(name: &str) -> Result<(), Error> {
    let told = |code| Err(Error::invalid(Fault::new("/username", code)));
    if name.chars().any(char::is_whitespace) {
        return told("username_invalid");
    }
    privacy::line(name, 1..=64, "username_invalid").map(drop).or_else(told)
}

/// Reads a grant.
///
/// # Errors
/// `role_unknown`, `field_missing`; `unit_out_of_scope` where there is no such unit.
pub(super) fn read_grant(catalogue: &Catalogue, at: &str, body: &GrantBody) -> Result<Grant, Error> {
    let role = Role::from_code(&body.role)
        .ok_or_else(|| Error::invalid(Fault::new(format!("{at}/role"), "role_unknown")))?;
    let unit = match &body.unit {
        None if role == Role::Admin => None,
        None => return Err(Error::invalid(Fault::new(format!("{at}/unit"), "field_missing"))),
        Some(code) => Some(catalogue.tree.by_code(code).ok_or(Error::NotFound("unit_out_of_scope"))?.id),
    };
    Ok(Grant { role, unit, below: body.below || role != Role::Reporter })
}

/// What the audit keeps of grants.
fn told(grants: &[Grant], catalogue: &Catalogue) -> serde_json::Value {
    let view = |grant: &Grant| GrantView::new(grant, &catalogue.tree);
    serde_json::json!(grants.iter().map(view).collect::<Vec<_>>())
}

impl App {
    fn manages(&self, catalogue: &Catalogue, caller: &Caller, account: &Account) -> bool {
        let gives = |grant: &Grant| access::may_grant(&caller.actor, &catalogue.tree, grant);
        match account.grants.as_slice() {
            [] => access::may_everywhere(&caller.actor, Permission::ManageAccounts),
            grants => grants.iter().all(gives),
        }
    }

    fn user_view(&self, account: &Account) -> UserView {
        let tree = &self.catalogue().tree;
        UserView {
            username: account.username.clone(),
            disabled: account.disabled,
            grants: account.grants.iter().map(|grant| GrantView::new(grant, tree)).collect(),
            totp: account.totp,
            temporary: account.temporary,
            created_at: rfc3339(account.created_at),
        }
    }

    /// An account that the caller manages: one that has nothing the caller may not give.
    pub(super) async fn managed(&self, caller: &Caller, name: &str) -> Result<Account, Error> {
        let account = self.store.account_named(name).await?;
        let managed = account.filter(|account| self.manages(&self.catalogue(), caller, account));
        managed.ok_or(Error::NotFound("user_unknown"))
    }

    pub(super) async fn managed_numbered(&self, caller: &Caller, id: i32) -> Result<Account, Error> {
        let account = self.store.account_numbered(id).await?;
        let managed = account.filter(|account| self.manages(&self.catalogue(), caller, account));
        managed.ok_or(Error::NotFound("user_unknown"))
    }

    fn manager(&self, caller: &Caller) -> Result<(), Error> {
        let manages = access::scopes(&caller.actor, &self.catalogue().tree, Permission::ManageAccounts);
        if manages.is_empty() { Err(Error::Forbidden) } else { Ok(()) }
    }

    /// The accounts that the caller manages, a page at a time; `part` is a part of their name.
    ///
    /// # Errors
    /// `Forbidden` for whoever manages none.
    pub async fn users(&self, caller: &Caller, filter: &UsersFilter<'_>) -> Result<UsersView, Error> {
        self.manager(caller)?;
        let (catalogue, limit) = (self.catalogue(), self.limits.page as usize);
        let mut after = filter.cursor.map(ToOwned::to_owned);
        let mut found: Vec<Account> = Vec::new();
        loop {
            let page = self.store.accounts_after(after.as_deref(), filter.down, PAGE as i64).await?;
            let ended = page.len() < PAGE;
            if let Some(last) = page.last() {
                after = Some(last.username.clone());
            }
            let named = |account: &Account| filter.part.is_none_or(|part| account.username.contains(part));
            let holds = |account: &Account| {
                filter.role.is_none_or(|role| account.grants.iter().any(|grant| grant.role == role))
            };
            let wanted = |account: &Account| {
                named(account) && holds(account) && self.manages(&catalogue, caller, account)
            };
            found.extend(page.into_iter().filter(wanted));
            if ended || found.len() > limit {
                break;
            }
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| last.username.clone());
        Ok(UsersView { items: found.iter().map(|account| self.user_view(account)).collect(), next })
    }

    /// An account that the caller manages.
    ///
    /// # Errors
    /// `user_unknown`.
    pub async fn user(&self, caller: &Caller, name: &str) -> Result<UserView, Error> {
        self.manager(caller)?;
        Ok(self.user_view(&self.managed(caller, name).await?))
    }

    fn grants(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        asked: &[GrantBody],
    ) -> Result<Vec<Grant>, Error> {
        if asked.is_empty() {
            return Err(Error::invalid(Fault::new("/grants", "field_missing")));
        }
        let mut grants = Vec::with_capacity(asked.len());
        for (at, body) in asked.iter().enumerate() {
            let grant = read_grant(catalogue, &format!("/grants/{at}"), body)?;
            if let Some(unit) = &body.unit {
                scope::unit(catalogue, caller, Permission::ManageAccounts, unit)?;
            }
            if !access::may_grant(&caller.actor, &catalogue.tree, &grant) {
                return Err(Error::Forbidden);
            }
            grants.push(grant);
        }
        Ok(grants)
    }

    /// Enters an account, with a password that its owner must change.
    ///
    /// # Errors
    /// `Forbidden` or out of scope for what the caller may not give; `Exists("username")`; faults of the input.
    pub async fn create_user(&self, caller: &Caller, body: &NewUserBody) -> Result<UserView, Error> {
        self.manager(caller)?;
        let catalogue = self.catalogue();
        check_name(&body.username)?;
        let grants = self.grants(&catalogue, caller, &body.grants)?;
        let password_hash = self.passwords.hash(&body.password, &body.username, "/password").await?;
        let detail = serde_json::json!({ "grants": told(&grants, &catalogue) }).to_string();
        let new = NewAccount { username: body.username.clone(), password_hash, grants };
        let (origin, subject) = (caller.origin(), body.username.clone());
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    let id = tx.insert_account(new).await?;
                    tx.mark_temporary(id).await?;
                    tx.audit(AuditEntry { origin, action: "user.create", subject, detail }).await.map(drop)
                })
            })
            .await?;
        self.user(caller, &body.username).await
    }

    /// Changes an account that the caller manages, and ends its sessions.
    ///
    /// # Errors
    /// `user_unknown`; `Forbidden` for what the caller may not give and for one's own password; `LastAdmin`.
    pub async fn update_user(&self, caller: &Caller, name: &str, body: &UserBody) -> Result<UserView, Error> {
        self.manager(caller)?;
        let catalogue = self.catalogue();
        let account = self.managed(caller, name).await?;
        let own = account.id == caller.actor.id;
        if own && (body.password.is_some() || body.reset_totp) {
            // One's own are changed with the present password.
            return Err(Error::Forbidden);
        }
        let grants =
            body.grants.as_deref().map(|asked| self.grants(&catalogue, caller, asked)).transpose()?;
        let hash = match &body.password {
            Some(password) => Some(self.passwords.hash(password, name, "/password").await?),
            None => None,
        };
        let all = |grants: &[Grant]| grants.iter().any(|g| g.role == Role::Admin && g.unit.is_none());
        let leaves = all(&account.grants)
            && !account.disabled
            && (body.disabled == Some(true) || grants.as_deref().is_some_and(|grants| !all(grants)));
        let detail = serde_json::json!({
            "before": { "disabled": account.disabled, "grants": told(&account.grants, &catalogue) },
            "after": {
                "disabled": body.disabled.unwrap_or(account.disabled),
                "grants": told(grants.as_deref().unwrap_or(&account.grants), &catalogue),
            },
            "password": hash.is_some(),
            "totp_reset": body.reset_totp,
        })
        .to_string();
        let (origin, subject, id) = (caller.origin(), name.to_owned(), account.id);
        let (disabled, reset) = (body.disabled, body.reset_totp);
        let done = self
            .store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    if leaves && !tx.has_other_admin(id).await? {
                        return Ok(false);
                    }
                    let temporary = hash.is_some();
                    tx.update_account(&subject, hash, disabled).await?;
                    if temporary {
                        tx.mark_temporary(id).await?;
                    }
                    if reset {
                        tx.clear_totp(id).await?;
                    }
                    if let Some(grants) = grants {
                        tx.replace_grants(id, grants).await?;
                    }
                    tx.audit(AuditEntry { origin, action: "user.update", subject, detail }).await?;
                    Ok(true)
                })
            })
            .await?;
        self.sessions.distrust();
        if !done {
            return Err(Error::LastAdmin);
        }
        // Whoever gave up their own part no longer sees it.
        let changed = self.store.account_named(name).await?.ok_or(Error::NotFound("user_unknown"))?;
        Ok(self.user_view(&changed))
    }

    /// Changes the caller's password. Ends all sessions and begins one.
    ///
    /// # Errors
    /// As signing in for the present password; faults of the new one.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: &str,
        new: &str,
    ) -> Result<SessionView, Error> {
        let username = caller.actor.username.clone();
        crate::domain::password::check(new, &username, "/new").map_err(Error::invalid)?;
        let account = self.prove_own(caller, current).await?;
        if current == new {
            return Err(Error::invalid(Fault::new("/new", "password_same")));
        }
        let hash = self.passwords.hash(new, &username, "/new").await?;
        let account = Account { temporary: false, ..account };
        let (row, view) = self.new_session(&account, random_token()?, caller.address)?;
        let origin = caller.origin();
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.update_account(&username, Some(hash), None).await?;
                    tx.insert_session(row).await?;
                    let entry = AuditEntry {
                        origin,
                        action: "user.password",
                        subject: username,
                        detail: "{}".into(),
                    };
                    tx.audit(entry).await.map(drop)
                })
            })
            .await?;
        self.sessions.distrust();
        Ok(view)
    }
}

/// Enters an account, as the command line does.
///
/// # Errors
/// `Exists("username")`, or what the database says.
pub async fn add_account(store: &Store, account: NewAccount) -> Result<(), StoreError> {
    store
        .transact(move |tx: &mut Transaction| {
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

/// Changes the password or the disabled mark of an account and ends its sessions, as the command line does. `false` when
/// there is none.
///
/// # Errors
/// What the database says.
pub async fn change_account(
    store: &Store,
    username: String,
    password_hash: Option<String>,
    disabled: Option<bool>,
) -> Result<bool, StoreError> {
    let detail = serde_json::json!({ "password": password_hash.is_some(), "disabled": disabled }).to_string();
    store
        .transact(move |tx: &mut Transaction| {
            Box::pin(async move {
                let found = tx.update_account(&username, password_hash, disabled).await?;
                if found {
                    let origin = Origin::default();
                    tx.audit(AuditEntry { origin, action: "user.update", subject: username, detail }).await?;
                }
                Ok(found)
            })
        })
        .await
}

/// Asks an account for no more one-time codes and ends its sessions, as the command line does. `false` when there is no
/// such account.
///
/// # Errors
/// What the database says.
pub async fn reset_totp(store: &Store, username: String) -> Result<bool, StoreError> {
    store
        .transact(move |tx: &mut Transaction| {
            Box::pin(async move {
                let Some(account) = tx.account_named(&username).await? else { return Ok(false) };
                tx.clear_totp(account.id).await?;
                let (origin, detail) = (Origin::default(), "{}".into());
                tx.audit(AuditEntry { origin, action: "totp.delete", subject: username, detail }).await?;
                Ok(true)
            })
        })
        .await
}
