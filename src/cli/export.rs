//! `pufa export`: files without a server.

use super::backup::watched;
use super::import::operator;
use super::{Database, Failure, say};
use crate::clock::Clock;
use crate::config::Limits;
use crate::i18n::Lang;
use crate::service::App;
use crate::service::export::{Form, What};
use crate::store::archive::Rows;
use crate::store::backup;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// What goes out, and where to.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// tallies, totals, flat, template or consultation-template of a campaign; full is everything in the database.
    what: String,
    /// Identifier of the campaign; full has none.
    #[arg(long)]
    campaign: Option<String>,
    /// Code of the unit; the campaign's own when absent.
    #[arg(long)]
    unit: Option<String>,
    /// zh-CN or en.
    #[arg(long, default_value = "zh-CN")]
    lang: String,
    /// FILE.csv, FILE.xlsx or FILE.json.
    #[arg(short, long)]
    output: PathBuf,
    #[command(flatten)]
    database: Database,
}

/// Reports that fit into a file here: as many as a sheet has rows.
const MAX_REPORTS: usize = 1_000_000;

impl Export {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        if self.what == "full" {
            return self.full().await;
        }
        let what = match self.what.as_str() {
            "tallies" => What::Tallies,
            "totals" => What::Totals,
            "flat" => What::Flat,
            "template" => What::Template,
            "consultation-template" => What::ConsultationTemplate,
            _ => {
                let known =
                    "what to export is tallies, totals, flat, template, consultation-template or full";
                return Err(Failure::Usage(known.into()));
            }
        };
        let campaign = self.campaign.ok_or_else(|| Failure::Usage("--campaign is needed".into()))?;
        let form = Form::of(&self.output.to_string_lossy())
            .ok_or_else(|| Failure::Usage("a file ends in .csv, .xlsx or .json".into()))?;
        let lang =
            Lang::from_tag(&self.lang).ok_or_else(|| Failure::Usage("--lang is zh-CN or en".into()))?;
        let limits = Limits { export_reports: MAX_REPORTS, ..Limits::default() };
        let app = App::new(self.database.open().await?, Clock::system(), limits);
        let caller = operator(lang);
        let bytes = app.export(&caller, &campaign, self.unit.as_deref(), what, form).await;
        app.close().await;
        std::fs::write(&self.output, bytes?)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Everything, as one document that goes into an empty database.
    async fn full(self) -> Result<ExitCode, Failure> {
        if self.campaign.is_some() || self.unit.is_some() {
            return Err(Failure::Usage("a full export has neither --campaign nor --unit".into()));
        }
        let store = self.database.open().await?;
        let rows = Rows::default();
        let done = watched(backup::write_export(&store, &self.output, &rows), &rows).await;
        store.close().await;
        say(&format!("{} rows written", done?));
        Ok(ExitCode::SUCCESS)
    }
}
