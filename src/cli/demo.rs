//! `pufa demo`.

use super::{Failure, asked_to_end, print, say};
use crate::boot::Application;
use crate::clock::Clock;
use crate::config::Limits;
use crate::demo::{self, ACCOUNTS, Secret};
use crate::service::session::{hash_password, random_token};
use crate::store::{Settings, Store};
use clap::Args;
use jiff::civil::Time;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where to show the demonstration.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Address to listen on.
    #[arg(long, env = "PUFA_LISTEN", default_value = "127.0.0.1:8124")]
    listen: String,
    /// Folder for the throw-away database; a temporary one when absent. A demo database left in it is replaced.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Time of day at which it starts, by Shanghai's clocks, as 10:30: before or after the day's deadline of 18:00,
    /// whatever the hour. Now when absent.
    #[arg(long, value_name = "HH:MM")]
    at: Option<Time>,
}

const FILE: &str = "pufa-demo.db";

impl Demo {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let (dir, temporary) = match self.dir {
            Some(dir) => (dir, None),
            None => {
                let temporary = tempfile::Builder::new().prefix("pufa-demo-").tempdir()?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        std::fs::create_dir_all(&dir)?;
        clear(&dir)?;
        let url = format!("sqlite://{}?mode=rwc", dir.join(FILE).display());
        let clock = self.at.map_or_else(Clock::system, Clock::starting_at);
        let store = Store::open(&Settings::new(url), clock.clone()).await?;
        say("filling the demonstration database …");
        let plan = demo::plan(clock.today(), demo::SEED);
        let logins = demo::fill(&store, &plan, clock.now(), secrets()?).await?;
        let application = Application::over(store, &self.listen, clock, Limits::default()).await?;
        for login in &logins {
            print(&format!("login {} {} {}", login.role.code(), login.username, login.password))?;
        }
        print(&format!("listening on http://{}", application.address()))?;
        application.run(asked_to_end()).await;
        drop(temporary);
        Ok(ExitCode::SUCCESS)
    }
}

/// Passwords are new each time: a demonstration on a network is no open door.
fn secrets() -> Result<[Secret; ACCOUNTS.len()], Failure> {
    let mut secrets = Vec::with_capacity(ACCOUNTS.len());
    for _ in ACCOUNTS {
        let password = random_token()?.chars().take(16).collect::<String>();
        let hash = hash_password(&password, "")?;
        secrets.push(Secret { password, hash });
    }
    secrets.try_into().map_err(|_| Failure::Work("a password for each account".into()))
}

fn clear(dir: &Path) -> std::io::Result<()> {
    for ending in ["", "-wal", "-shm"] {
        match std::fs::remove_file(dir.join(format!("{FILE}{ending}"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
