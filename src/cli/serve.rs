//! `pufa serve`.

use super::{Database, Failure, asked_to_end, print, say};
use crate::boot::Application;
use crate::clock::Clock;
use crate::config::Limits;
use crate::store::Store;
use clap::Args;
use std::process::ExitCode;

/// Where and what to serve.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address to listen on.
    #[arg(long, env = "PUFA_LISTEN", default_value = "127.0.0.1:8124")]
    listen: String,
    #[command(flatten)]
    database: Database,
}

impl Serve {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let store = Store::open(&self.database.settings(), Clock::system()).await?;
        let empty = store.has_no_account().await?;
        let application = Application::over(store, &self.listen, Clock::system(), Limits::default()).await?;
        if empty {
            say(
                "there is no account yet; enter the first with: pufa user add NAME --role admin --password-stdin",
            );
        }
        print(&format!("listening on http://{}", application.address()))?;
        application.run(asked_to_end()).await;
        Ok(ExitCode::SUCCESS)
    }
}
