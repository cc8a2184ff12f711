//! `pufa user`.

use super::{Database, Failure, print, say};
use crate::domain::access::{Grant, Role};
use crate::service::session::{add_account, change_account, hash_password};
use crate::store::NewAccount;
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
        /// admin, office, reviewer, reporter or viewer.
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
}

impl User {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Add { name, role, unit, below, password_stdin: _, database } => {
                let role = Role::from_code(&role).ok_or_else(|| {
                    Failure::Usage("--role is admin, office, reviewer, reporter or viewer".into())
                })?;
                let fits = (1..=64).contains(&name.chars().count())
                    && !name.chars().any(|c| c.is_whitespace() || c.is_control());
                if !fits {
                    return Err(Failure::Usage("a name is 1 to 64 characters without spaces".into()));
                }
                let password_hash = hash_password(&password()?)?;
                let store = database.open().await?;
                let unit = match unit {
                    None if role == Role::Admin => None,
                    None => return Err(Failure::Usage("--unit is needed for every role but admin".into())),
                    Some(code) => {
                        let catalogue = store.catalogue();
                        let unit = catalogue.tree.by_code(&code).map(|unit| unit.id);
                        Some(unit.ok_or_else(|| Failure::Usage(format!("there is no unit {code}")))?)
                    }
                };
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
                        .actor
                        .grants
                        .iter()
                        .map(|grant| {
                            let unit = grant.unit.and_then(|unit| catalogue.tree.get(unit));
                            format!("{}:{}", grant.role.code(), unit.map_or("*", |unit| unit.code.as_str()))
                        })
                        .collect();
                    let state = if account.disabled { "disabled" } else { "active" };
                    print(&format!("{}\t{state}\t{}", account.actor.username, grants.join(",")))?;
                }
                store.close().await;
                Ok(ExitCode::SUCCESS)
            }
            Self::Passwd { name, database } => {
                let hash = hash_password(&password()?)?;
                change(&database, name, Some(hash), None).await
            }
            Self::Disable { name, database } => change(&database, name, None, Some(true)).await,
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
    if found {
        return Ok(ExitCode::SUCCESS);
    }
    say("there is no account of this name");
    Ok(ExitCode::FAILURE)
}

fn password() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
