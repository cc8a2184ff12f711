//! `pufa chart`: a picture without a server.

use super::{Database, Failure};
use crate::clock::Clock;
use crate::config::Limits;
use crate::domain::access::{Actor, Grant, Role};
use crate::i18n::Lang;
use crate::service::charts::Request;
use crate::service::{App, Caller};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Which picture, and where to.
#[derive(Debug, Args)]
pub(super) struct Chart {
    /// totals, trend, composition, topics, completeness, year-over-year or summary.
    name: String,
    /// Identifier of the campaign.
    #[arg(long)]
    campaign: String,
    /// Code of the unit; the campaign's own when absent.
    #[arg(long)]
    unit: Option<String>,
    /// Code of the measure; the campaign's first when absent.
    #[arg(long)]
    measure: Option<String>,
    /// 1 or 2.
    #[arg(long)]
    scale: Option<String>,
    /// light, dark or print.
    #[arg(long)]
    theme: Option<String>,
    /// zh-CN or en.
    #[arg(long, default_value = "zh-CN")]
    lang: String,
    /// Summary: a4, phone or screen.
    #[arg(long)]
    preset: Option<String>,
    /// campaign_day, distance or whole.
    #[arg(long)]
    align: Option<String>,
    /// all or comparable.
    #[arg(long)]
    basis: Option<String>,
    /// FILE.png or FILE.svg.
    #[arg(short, long)]
    output: PathBuf,
    #[command(flatten)]
    database: Database,
}

impl Chart {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let ending = self.output.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if !matches!(ending, "png" | "svg") {
            return Err(Failure::Usage("the output must end in .png or .svg".into()));
        }
        let lang =
            Lang::from_tag(&self.lang).ok_or_else(|| Failure::Usage("--lang is zh-CN or en".into()))?;
        let request = Request {
            campaign: self.campaign,
            file: format!("{}.{ending}", self.name),
            unit: self.unit,
            measure: self.measure,
            scale: self.scale,
            theme: self.theme,
            preset: self.preset,
            align: self.align,
            basis: self.basis,
        };
        let app = App::new(self.database.open().await?, Clock::system(), Limits::default());
        // Who holds the database file may see all of it.
        let grants = vec![Grant { role: Role::Viewer, unit: None, below: true }];
        let actor = Arc::new(Actor { id: 0, username: String::new(), grants });
        let picture = app.chart(&Caller { actor, lang }, &request, None).await;
        app.close().await;
        std::fs::write(&self.output, picture?.bytes.unwrap_or_default())?;
        Ok(ExitCode::SUCCESS)
    }
}
