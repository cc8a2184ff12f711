//! `pufa user`.

use super::{Database, Failure, print, say};
use crate::domain::access::{Grant, Role};
use crate::domain::unit::UnitId;
use crate::service::accounts::{add_account, change_account, check_name, reset_totp};
use crate::service::session::hash_password;
use crate::store::{NewAccount, Store};
use clap::Subcommand;
use std::io::BufRead;
use std::process::ExitCode;

/// Accounts.
#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Enter an account.
    Add {
        /// Name to sign in with: 1 to 64 characters without spaces.
        name: String,
        /// admin, office, reviewer, reporter, viewer or auditor.
        #[arg(long)]
        role: String,
        /// Code of the unit; everything when absent, which only admin may have.
        #[arg(long)]
        unit: Option<String>,
        /// A reporter's grant reaches the units below too; every other role's always does.
        #[arg(long)]
        below: bool,
        /// Read the password from the first line of standard input.
        #[arg(long, required = true)]
        password_stdin: bool,
        #[command(flatten)]
        database: Database,
    },
    /// List the accounts: name, state, roles and units.
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Set a password, read from the first line of standard input, and end the account's sessions.
    Passwd {
        /// Name of the account.
        name: String,
        #[command(flatten)]
        database: Database,
    },
    /// Shut an account out and end its sessions.
    Disable {
        /// Name of the account.
        name: String,
        #[command(flatten)]
        database: Database,
    },
    /// Let an account in again.
    Enable {
        /// Name of the account.
        name: String,
        #[command(flatten)]
        database: Database,
    },
    /// Ask an account for no more one-time codes and end its sessions: its authenticator was lost.
    ResetTotp {
        /// Name of the account.
        name: String,
        #[command(flatten)]
        database: Database,
    },
}

impl User {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Add { name, role, unit, below, password_stdin: _, database } => {
                let role = Role::from_code(&role).ok_or_else(|| {
                    Failure::Usage("--role is admin, office, reviewer, reporter, viewer or auditor".into())
                })?;
                if check_name(&name).is_err() {
                    let words =
                        "a name is 1 to 64 characters without spaces, and nobody's phone or identity number";
                    return Err(Failure::Usage(words.into()));
                }
                let password_hash = hash_password(&password()?, &name)?;
                let store = database.open().await?;
                let unit = unit_of(&store, role, unit)?;
                let grants = vec![Grant { role, unit, below: below || role != Role::Reporter }];
                add_account(&store, NewAccount { username: name, password_hash, grants }).await?;
                store.close().await;
                Ok(ExitCode::SUCCESS)
            }
            Self::List { database } => {
                let store = database.open().await?;
                let catalogue = store.catalogue();
                for account in store.accounts().await? {
                    let grants: Vec<String> = account
                        .grants
                        .iter()
                        .map(|grant| {
                            let unit = grant.unit.and_then(|unit| catalogue.tree.get(unit));
                            let unit = unit.map_or_else(|| "*".to_owned(), |unit| unit.code().to_string());
                            format!("{}:{unit}", grant.role.code())
                        })
                        .collect();
                    let state = if account.disabled { "disabled" } else { "active" };
                    print(&format!("{}\t{state}\t{}", account.username, grants.join(",")))?;
                }
                store.close().await;
                Ok(ExitCode::SUCCESS)
            }
            Self::Passwd { name, database } => {
                let hash = hash_password(&password()?, &name)?;
                change(&database, name, Some(hash), None).await
            }
            Self::Disable { name, database } => change(&database, name, None, Some(true)).await,
            Self::Enable { name, database } => change(&database, name, None, Some(false)).await,
            Self::ResetTotp { name, database } => {
                let store = database.open().await?;
                let found = reset_totp(&store, name).await?;
                store.close().await;
                Ok(told(found))
            }
        }
    }
}

/// The unit of a role.
pub(super) fn unit_of(store: &Store, role: Role, code: Option<String>) -> Result<Option<UnitId>, Failure> {
    match code {
        None if role == Role::Admin => Ok(None),
        None => Err(Failure::Usage("--unit is needed for every role but admin".into())),
        Some(code) => {
            let unit = store.catalogue().tree.by_code(&code).map(|unit| unit.id);
            unit.map(Some).ok_or_else(|| Failure::Usage(format!("there is no unit {code}")))
        }
    }
}

async fn change(
    database: &Database,
    name: String,
    hash: Option<String>,
    disabled: Option<bool>,
) -> Result<ExitCode, Failure> {
    let store = database.open().await?;
    let found = change_account(&store, name, hash, disabled).await?;
    store.close().await;
    Ok(told(found))
}

fn told(found: bool) -> ExitCode {
    if found {
        return ExitCode::SUCCESS;
    }
    say("there is no account of this name");
    ExitCode::FAILURE
}

fn password() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
