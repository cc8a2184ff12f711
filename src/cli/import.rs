//! `pufa import`: units, reports and consultations from files.

use super::backup::watched;
use super::{Database, Failure, print, say};
use crate::clock::Clock;
use crate::config::Limits;
use crate::domain::access::{Actor, Grant, Role};
use crate::i18n::Lang;
use crate::service::import::{Import as Reports, RemarkView};
use crate::service::import_units::Progress;
use crate::service::{App, Caller, Error};
use crate::sheet;
use crate::store::archive::{self, Rows};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// What is in the file, and where it goes.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// units, tallies or consultations; or full, for what `export full` wrote, into an empty database.
    what: String,
    /// FILE.csv or FILE.xlsx; FILE.json for full.
    file: PathBuf,
    /// Only say what would be stored.
    #[arg(long)]
    dry_run: bool,
    /// Identifier of the campaign; found from the days in the file when absent.
    #[arg(long)]
    campaign: Option<String>,
    /// The day of all rows, for a file without a column of dates.
    #[arg(long)]
    date: Option<String>,
    /// Why reports are corrected after their deadline.
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
    /// zh-CN or en.
    #[arg(long, default_value = "zh-CN")]
    lang: String,
    #[command(flatten)]
    database: Database,
}

/// The person at the terminal: who holds the database may do everything in it.
pub(super) fn operator(lang: Lang) -> Caller {
    let grants = vec![Grant { role: Role::Admin, unit: None, below: true }];
    Caller { actor: Arc::new(Actor::new(0, String::new(), grants)), lang, address: None }
}

impl Import {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        if self.what == "full" {
            return self.full().await;
        }
        let lang =
            Lang::from_tag(&self.lang).ok_or_else(|| Failure::Usage("--lang is zh-CN or en".into()))?;
        let day = self.date.as_deref().map(str::parse).transpose();
        let day = day.map_err(|_| Failure::Usage("--date is YYYY-MM-DD".into()))?;
        if !matches!(self.what.as_str(), "units" | "tallies" | "consultations") {
            return Err(Failure::Usage("what to import is units, tallies, consultations or full".into()));
        }
        let size = std::fs::metadata(&self.file)?.len();
        if size > sheet::Limits::LOCAL.file_bytes as u64 {
            return Err(Failure::Work(format!(
                "the file has more than {} bytes",
                sheet::Limits::LOCAL.file_bytes
            )));
        }
        let bytes = std::fs::read(&self.file)?;
        let app = App::new(self.database.open().await?, Clock::system(), Limits::default());
        let caller = operator(lang);
        let done = if self.what == "units" {
            self.units(&app, &caller, bytes).await
        } else {
            let import = Reports {
                campaign: self.campaign.clone(),
                day,
                dry_run: self.dry_run,
                reason: self.reason.clone(),
                only_consultations: self.what == "consultations",
            };
            let done = app.import_reports(&caller, &import, bytes, sheet::Limits::LOCAL).await;
            done.map(|view| (told(&view), view.errors, view.warnings))
        };
        app.close().await;
        match done {
            Ok((text, errors, warnings)) => {
                print(&text?)?;
                list(&warnings);
                list(&errors);
                Ok(if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
            Err(Error::Sheet(remarks)) => {
                let errors: Vec<RemarkView> =
                    remarks.iter().map(|remark| RemarkView::new(remark, lang)).collect();
                list(&errors);
                Err(Failure::Work(format!("{} faults; nothing was stored", errors.len())))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Everything, into an empty database, which is checked afterwards.
    async fn full(self) -> Result<ExitCode, Failure> {
        if self.dry_run || self.campaign.is_some() {
            return Err(Failure::Usage("a full import has neither --dry-run nor --campaign".into()));
        }
        let rows = Rows::default();
        let from = std::fs::File::open(&self.file)?;
        let taken = watched(archive::restore(&self.database.settings(), from, &rows), &rows).await?;
        say(&format!("{taken} rows taken in"));
        super::verify::verify(&self.database).await
    }

    async fn units(&self, app: &App, caller: &Caller, bytes: Vec<u8>) -> Result<Done, Error> {
        let progress = Progress::default();
        let work = app.import_units(caller, bytes, self.dry_run, sheet::Limits::LOCAL, progress.clone());
        // Drawn on a terminal only; until the table is read nobody knows how long the bar is.
        let bar = indicatif::ProgressBar::new_spinner().with_message("reading");
        let style = indicatif::ProgressStyle::with_template(
            "{msg} {wide_bar} {human_pos} of {human_len} units, {elapsed}",
        )
        .unwrap_or_else(|_| indicatif::ProgressStyle::default_bar());
        let mut work = std::pin::pin!(work);
        let view = loop {
            tokio::select! {
                view = &mut work => break view,
                () = tokio::time::sleep(Duration::from_millis(200)) => {
                    let Some(rows) = progress.of() else {
                        bar.tick();
                        continue;
                    };
                    if bar.length().is_none() {
                        bar.set_style(style.clone());
                        bar.set_length(rows as u64);
                    }
                    bar.set_position(progress.done() as u64);
                    bar.set_message(if progress.done() < rows { "entering" } else { "finishing" });
                }
            }
        };
        bar.finish_and_clear();
        view.map(|view| (told(&view), view.errors, Vec::new()))
    }
}

/// The answer as text, its errors and its warnings.
type Done = (Result<String, Failure>, Vec<RemarkView>, Vec<RemarkView>);

fn told(view: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(view).map_err(|error| Failure::Work(error.to_string()))
}

fn list(remarks: &[RemarkView]) {
    for remark in remarks {
        let gap = if remark.cell.is_empty() { "" } else { ": " };
        say(&format!("{}{gap}{}", remark.cell, remark.message));
    }
}
