//! Signing in, sessions, and who is behind a token.

mod basic;
mod cache;
mod live;
mod passwords;

pub use basic::Remembered;
pub use cache::{Cache, Credential};
pub use live::LiveSession;
pub use passwords::{Passwords, hash_password, random_token};
pub(super) use passwords::{digest, random};

use super::accounts::totp;
use super::refusals::Refusal;
use super::{App, Caller, Error};
use crate::domain::access::{self, Actor, Door, Duties, Grant, Held, Permission, Role};
use crate::domain::calendar::rfc3339;
use crate::domain::unit::UnitTree;
use crate::store::{Account, AuditEntry, LinkKind, Origin, SessionRow, Transaction};
use cache::{Found, Seen};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// A signed-in session as told to the caller.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SessionView {
    /// Bearer token; told once.
    pub token: String,
    /// When it ends at the latest, RFC 3339.
    pub expires_at: String,
    /// Name of the account.
    pub username: String,
    /// What was granted.
    pub grants: Vec<GrantView>,
    /// What must be done first: `change_password` or `enrol_totp`; null mostly.
    pub held: Option<&'static str>,
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MeView {
    /// Name of the account.
    pub username: String,
    /// What was granted; of a token, what it may do of that.
    pub grants: Vec<GrantView>,
    /// What must be done first: `change_password` or `enrol_totp`; null mostly.
    pub held: Option<&'static str>,
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

impl GrantView {
    /// A grant with the code of its unit.
    #[must_use]
    pub fn new(grant: &Grant, tree: &UnitTree) -> Self {
        Self {
            role: grant.role.code(),
            unit: grant.unit.and_then(|unit| tree.get(unit)).map(|unit| unit.code().to_string()),
            below: grant.below,
        }
    }
}

/// The word for what must be done first.
#[must_use]
pub const fn held_word(held: Option<Held>) -> Option<&'static str> {
    match held {
        None => None,
        Some(Held::ChangePassword) => Some("change_password"),
        Some(Held::EnrolTotp) => Some("enrol_totp"),
    }
}

/// Name, password and perhaps a one-time code, and where they come from.
#[derive(Clone)]
pub struct Attempt<'a> {
    /// Name of the account, as typed.
    pub username: &'a str,
    /// Password.
    pub password: &'a str,
    /// One-time or recovery code.
    pub totp: Option<&'a str>,
    /// Where from.
    pub address: Option<IpAddr>,
}

impl std::fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attempt")
    }
}

/// What counts as one account at one address. IPv6 gives every household a /64 of addresses to choose from.
fn attempts_key(username: &str, address: Option<IpAddr>) -> String {
    let network = address.map(|address| match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & (u128::MAX << 64)).into()),
        v4 => v4,
    });
    digest(&format!("{}\n{username}", network.map(|network| network.to_string()).unwrap_or_default()))
}

/// How a sign-in ended inside its transaction.
enum Ended {
    In(SessionView),
    Locked(SignedDuration),
    WrongCode,
}

fn locked(left: SignedDuration) -> Error {
    Error::SignInLocked(left.as_secs().unsigned_abs().max(1))
}

impl App {
    /// Signs in.
    ///
    /// # Errors
    /// `WrongPassword` for an unknown name, a wrong password and a disabled account alike; `SignInLocked` after too many
    /// failures, whether the name is known or not; `TotpRequired` and `TotpWrong` once the password is right; `Busy` when
    /// too many wait.
    pub async fn sign_in(&self, attempt: Attempt<'_>) -> Result<SessionView, Error> {
        let account = self.prove(&attempt).await?;
        let key = attempts_key(attempt.username, attempt.address);
        let code = match attempt.totp.map(str::trim).filter(|code| !code.is_empty()) {
            None if account.totp => return Err(Error::TotpRequired),
            code => code.filter(|_| account.totp).map(ToOwned::to_owned),
        };
        let token = random_token()?;
        let (row, view) = self.new_session(&account, token, attempt.address)?;
        let origin = Origin { actor: Some(account.id), address: attempt.address };
        let (name, id) = (account.username.clone(), account.id);
        let ended = self
            .store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    // Guesses sent all at once are counted before one of them is let in.
                    let before = tx.attempts(&key).await?;
                    if let Some(left) = before.locked(tx.now()) {
                        return Ok(Ended::Locked(left));
                    }
                    if let Some(code) = code
                        && !totp::accept(tx, &name, &code).await?
                    {
                        refuse(tx, &key, origin, &name, "totp").await?;
                        return Ok(Ended::WrongCode);
                    }
                    if !before.failures.is_empty() {
                        tx.forget_attempts(&key).await?;
                    }
                    tx.insert_session(SessionRow { user: id, ..row }).await?;
                    let entry =
                        AuditEntry { origin, action: "session.create", subject: name, detail: "{}".into() };
                    tx.audit(entry).await?;
                    Ok(Ended::In(view))
                })
            })
            .await?;
        match ended {
            Ended::In(view) => Ok(view),
            Ended::Locked(left) => Err(locked(left)),
            Ended::WrongCode => Err(Error::TotpWrong),
        }
    }

    /// The account of a name and its password. A failure is counted and kept in the audit; a name that is nobody's is
    /// not written down, for it may be a password typed into the wrong field.
    ///
    /// # Errors
    /// `WrongPassword`, `SignInLocked`, `Busy`.
    pub(super) async fn prove(&self, attempt: &Attempt<'_>) -> Result<Account, Error> {
        let key = attempts_key(attempt.username, attempt.address);
        let account = self.store.account_named(attempt.username).await?;
        if let Some(left) = self.store.attempts(&key).await?.locked(self.clock.now()) {
            return Err(locked(left));
        }
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let right = self.passwords.verify(attempt.password.to_owned(), hash).await?;
        let (id, known, disabled) = match &account {
            Some(account) => (Some(account.id), account.username.clone(), account.disabled),
            None => (None, String::new(), false),
        };
        if let Some(account) = account.filter(|_| right && !disabled) {
            return Ok(account);
        }
        let origin = Origin { actor: id, address: attempt.address };
        if id.is_none() {
            // Names are without number, so what is written for them is bounded as other refusals are.
            self.refused(Refusal {
                action: "session.refuse",
                subject: String::new(),
                code: "name".into(),
                actor: None,
                address: attempt.address,
            });
        }
        let why = if right { "disabled" } else { "password" };
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move { refuse(tx, &key, origin, &known, why).await })
            })
            .await?;
        Err(Error::WrongPassword)
    }

    /// A session of an account that is to be entered, and how it is told.
    pub(super) fn new_session(
        &self,
        account: &Account,
        token: String,
        address: Option<IpAddr>,
    ) -> Result<(SessionRow, SessionView), Error> {
        let lasting = SignedDuration::try_from(self.limits.session).unwrap_or(SignedDuration::from_hours(1));
        let expires_at = self.clock.now().saturating_add(lasting).unwrap_or(Timestamp::MAX);
        let row = SessionRow {
            token_hash: digest(&token),
            user: account.id,
            idle: self.limits.session_idle,
            expires_at,
            address,
        };
        let tree = &self.catalogue().tree;
        let view = SessionView {
            token,
            expires_at: rfc3339(expires_at),
            username: account.username.clone(),
            grants: account.grants.iter().map(|grant| GrantView::new(grant, tree)).collect(),
            held: held_word(self.held(account)),
        };
        Ok((row, view))
    }

    fn held(&self, account: &Account) -> Option<Held> {
        let trusted = |grant: &Grant| matches!(grant.role, Role::Admin | Role::Office);
        if account.temporary {
            Some(Held::ChangePassword)
        } else if self.limits.site.require_totp && !account.totp && account.grants.iter().any(trusted) {
            Some(Held::EnrolTotp)
        } else {
            None
        }
    }

    fn actor(&self, account: Account, door: Door) -> Arc<Actor> {
        let held = self.held(&account);
        let duties = if self.limits.site.separate_duties { Duties::Separate } else { Duties::Joined };
        Arc::new(Actor {
            id: account.id,
            username: account.username,
            grants: account.grants,
            door,
            duties,
            held,
        })
    }

    /// Looks at the epoch of accounts, so that requests need not. To be called more than once a second.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn look_at_accounts(&self) -> Result<(), Error> {
        let begun = Instant::now();
        self.sessions.looked(self.store.accounts_epoch().await?, begun);
        Ok(())
    }

    /// Who is behind a credential.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody is.
    pub async fn authenticate(&self, credential: Credential<'_>) -> Result<Arc<Actor>, Error> {
        let (key, now) = (credential.key(), self.clock.now());
        let epoch = loop {
            match self.sessions.find(&key, now) {
                Found::Actor(actor) => return Ok(actor),
                Found::Nobody(epoch) => break epoch,
                Found::Stale => {
                    let _one = self.sessions.looking.lock().await;
                    if matches!(self.sessions.find(&key, now), Found::Stale) {
                        let begun = Instant::now();
                        let epoch = self.store.accounts_epoch().await?;
                        self.sessions.looked(epoch, begun);
                        if matches!(self.sessions.find(&key, now), Found::Stale) {
                            // Changed again meanwhile, or the look took too long to be believed: look this one up.
                            break epoch;
                        }
                    }
                }
            }
        };
        match self.recognise(credential, now, epoch).await? {
            Some(seen) => {
                let actor = seen.actor.clone();
                self.sessions.put(key, seen, now);
                Ok(actor)
            }
            None => Err(Error::Unauthenticated),
        }
    }

    async fn recognise(
        &self,
        credential: Credential<'_>,
        now: Timestamp,
        epoch: i64,
    ) -> Result<Option<Seen>, Error> {
        let seen = |actor, id, expires_at, idle, noted| Seen {
            actor,
            id,
            expires_at,
            idle,
            used_at: now,
            noted,
            epoch,
        };
        Ok(match credential {
            Credential::Session(token) => {
                self.store.session(&digest(token), now).await?.map(|(account, session)| {
                    let actor = self.actor(account, Door::Session(session.id));
                    seen(actor, session.id, session.expires_at, session.idle, session.used_at)
                })
            }
            Credential::Token(token) => {
                self.store.token(&digest(token), now).await?.map(|(account, id, most, expires_at)| {
                    let actor = self.actor(account, Door::Token(most));
                    // Used now, and the database does not know: the next note tells it.
                    seen(actor, id, expires_at, SignedDuration::MAX, Timestamp::MIN)
                })
            }
            Credential::Link(token) => self.store.link(&digest(token), now).await?.map(|link| {
                let (door, role, below) = match link.kind {
                    LinkKind::Report => (Door::Link(link.campaign), Role::Reporter, false),
                    LinkKind::Screen => (Door::Screen(link.campaign), Role::Viewer, true),
                };
                let grant = Grant { role, unit: Some(link.unit), below };
                let id = access::link_actor(link.id);
                let actor = Actor { door, ..Actor::new(id, format!("#{}", link.id), vec![grant]) };
                seen(Arc::new(actor), id, link.expires_at, SignedDuration::MAX, now)
            }),
        })
    }

    /// Tells the database which sessions and tokens were used. To be called once a minute or so, and with `all` before
    /// the service stops.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_used(&self, all: bool) -> Result<(), Error> {
        let [sessions, tokens] = self.sessions.used(all);
        if sessions.is_empty() && tokens.is_empty() {
            return Ok(());
        }
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move { tx.note_used(&sessions, &tokens).await })
            })
            .await?;
        Ok(())
    }

    /// Signs out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sign_out(&self, caller: &Caller, token: &str) -> Result<(), Error> {
        let (origin, subject, hash) = (caller.origin(), caller.actor.username.clone(), digest(token));
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    if tx.delete_session(&hash).await? {
                        let entry =
                            AuditEntry { origin, action: "session.delete", subject, detail: "{}".into() };
                        tx.audit(entry).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        self.sessions.distrust();
        Ok(())
    }

    /// Who asks, and what they may do.
    #[must_use]
    pub fn me(&self, caller: &Caller) -> MeView {
        let catalogue = self.catalogue();
        // Whoever is held has all of it once they got on.
        let free = Actor { held: None, ..Actor::clone(&caller.actor) };
        let grants = access::scopes(&free, &catalogue.tree, Permission::Read);
        MeView {
            username: caller.actor.username.clone(),
            grants: grants.iter().map(|grant| GrantView::new(grant, &catalogue.tree)).collect(),
            held: held_word(caller.actor.held),
        }
    }
}

/// Counts a failure, and keeps it in the audit when the account is known; the one that locks is a second entry. A name that
/// is nobody's costs as much, so that how long an answer takes does not say which names there are.
async fn refuse(
    tx: &mut Transaction,
    key: &str,
    origin: Origin,
    subject: &str,
    why: &'static str,
) -> Result<(), crate::store::StoreError> {
    let mut attempts = tx.attempts(key).await?;
    if attempts.locked(tx.now()).is_some() {
        return Ok(());
    }
    let locks = attempts.fail(tx.now());
    tx.keep_attempts(key, &attempts).await?;
    if origin.actor.is_none() {
        for _ in 0..=usize::from(locks) {
            tx.audit_in_vain().await?;
        }
        return Ok(());
    }
    let detail = serde_json::json!({ "reason": why }).to_string();
    let subject = subject.to_owned();
    tx.audit(AuditEntry { origin, action: "session.refuse", subject: subject.clone(), detail }).await?;
    if locks {
        tx.audit(AuditEntry { origin, action: "session.lock", subject, detail: "{}".into() }).await?;
    }
    Ok(())
}
