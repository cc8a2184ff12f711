//! `pufa token`.

use super::{Database, Failure, print, say};
use crate::clock::Clock;
use crate::domain::access::{Grant, Role};
use crate::domain::calendar::rfc3339;
use crate::service::tokens::{add_token, end_of, revoke_token};
use crate::store::{NewToken, Origin};
use clap::Subcommand;
use std::process::ExitCode;

/// Tokens for programs.
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Make a token for an account and print it, once. It does what the account may, cut to one role over one unit.
    Create {
        /// Name of the account.
        name: String,
        /// The most it may do: admin, office, reviewer, reporter, viewer or auditor.
        #[arg(long)]
        role: String,
        /// Code of the unit; everything when absent, which only admin may have.
        #[arg(long)]
        unit: Option<String>,
        /// A reporter's token reaches the units below too; every other role's always does.
        #[arg(long)]
        below: bool,
        /// Its last day, such as 2026-12-31, at most 366 days ahead.
        #[arg(long)]
        expires: String,
        /// What the token is called.
        #[arg(long, default_value = "pufa token create")]
        label: String,
        #[command(flatten)]
        database: Database,
    },
    /// List the tokens: number, state, account, role and unit, end, last use, name.
    List {
        #[command(flatten)]
        database: Database,
    },
    /// End a token.
    Revoke {
        /// Number of the token.
        id: i32,
        #[command(flatten)]
        database: Database,
    },
}

impl Token {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let clock = Clock::system();
        match self {
            Self::Create { name, role, unit, below, expires, label, database } => {
                let role = Role::from_code(&role).ok_or_else(|| {
                    Failure::Usage("--role is admin, office, reviewer, reporter, viewer or auditor".into())
                })?;
                let expires_at = end_of(&expires, clock.now())?;
                let store = database.open().await?;
                let unit = super::user::unit_of(&store, role, unit)?;
                let Some(account) = store.account_named(&name).await? else {
                    store.close().await;
                    say("there is no account of this name");
                    return Ok(ExitCode::FAILURE);
                };
                let most = Grant { role, unit, below: below || role != Role::Reporter };
                let new =
                    NewToken { user: account.id, name: label, token_hash: String::new(), most, expires_at };
                let (id, token) = add_token(&store, Origin::default(), name, new).await?;
                store.close().await;
                print(&token)?;
                say(&format!("token {id}; it is shown this once"));
                Ok(ExitCode::SUCCESS)
            }
            Self::List { database } => {
                let store = database.open().await?;
                let catalogue = store.catalogue();
                let accounts = store.accounts().await?;
                for token in store.tokens(None).await? {
                    let owner = accounts.iter().find(|account| account.id == token.user);
                    let owner = owner.map_or("", |account| account.username.as_str());
                    let unit = token.most.unit.and_then(|unit| catalogue.tree.get(unit));
                    let unit = unit.map_or_else(|| "*".to_owned(), |unit| unit.code().to_string());
                    let state = match token.revoked_at {
                        Some(_) => "revoked",
                        None if token.expires_at <= clock.now() => "expired",
                        None => "active",
                    };
                    let used = token.used_at.map_or_else(|| "-".to_owned(), rfc3339);
                    let (id, role, ends, name) =
                        (token.id, token.most.role.code(), rfc3339(token.expires_at), &token.name);
                    print(&format!("{id}\t{state}\t{owner}\t{role}:{unit}\t{ends}\t{used}\t{name}"))?;
                }
                store.close().await;
                Ok(ExitCode::SUCCESS)
            }
            Self::Revoke { id, database } => {
                let store = database.open().await?;
                let found = store.token_numbered(id).await?.filter(|token| token.revoked_at.is_none());
                if let Some(token) = &found {
                    let owner = store.account_numbered(token.user).await?;
                    let owner = owner.map(|account| account.username).unwrap_or_default();
                    revoke_token(&store, Origin::default(), owner, id).await?;
                }
                store.close().await;
                if found.is_some() {
                    return Ok(ExitCode::SUCCESS);
                }
                say("there is no live token of this number");
                Ok(ExitCode::FAILURE)
            }
        }
    }
}
