//! `pufa press`: lines for the press, without a server.

use super::{Database, Failure, print, say};
use crate::clock::Clock;
use crate::config::Limits;
use crate::i18n::Lang;
use crate::service::App;
use clap::Args;
use std::process::ExitCode;

/// Of which drive and unit.
#[derive(Debug, Args)]
pub(super) struct Press {
    /// Identifier of the campaign.
    #[arg(long)]
    campaign: String,
    /// Code of the unit; the campaign's own when absent.
    #[arg(long)]
    unit: Option<String>,
    /// zh-CN or en.
    #[arg(long, default_value = "zh-CN")]
    lang: String,
    #[command(flatten)]
    database: Database,
}

impl Press {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let lang =
            Lang::from_tag(&self.lang).ok_or_else(|| Failure::Usage("--lang is zh-CN or en".into()))?;
        let app = App::new(self.database.open().await?, Clock::system(), Limits::default());
        let view = app.press(&super::holder(lang), &self.campaign, self.unit.as_deref()).await;
        app.close().await;
        let view = view?;
        if view.figures.is_empty() {
            say("nothing has been reported yet");
        } else {
            let mark = lang.words("press-snapshot", &[("id", &view.snapshot)]);
            print(&format!("{}\n\n{}\n\n{mark}", view.short, view.long))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
