//! `pufa chart`: a picture without a server.

use super::{Database, Failure};
use crate::clock::Clock;
use crate::config::Limits;
use crate::i18n::Lang;
use crate::service::charts::Request;
use crate::service::{App, Caller};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Which picture, and where to.
#[derive(Debug, Args)]
pub(super) struct Chart {
    /// totals, trend, composition, topics, completeness, year-over-year or summary.
    name: String,
    /// Identifier of the campaign.
    #[arg(long, required_unless_present = "all")]
    campaign: Option<String>,
    /// Every campaign, one picture each, into the folder that the output names.
    #[arg(long, conflicts_with = "campaign")]
    all: bool,
    /// With --all: png or svg.
    #[arg(long, default_value = "png", requires = "all")]
    format: String,
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
    /// FILE.png or FILE.svg; with --all a folder.
    #[arg(short, long)]
    output: PathBuf,
    #[command(flatten)]
    database: Database,
}

impl Chart {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let file_ending = self.output.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let ending = if self.all { self.format.clone() } else { file_ending.to_owned() };
        if !matches!(&*ending, "png" | "svg") {
            return Err(Failure::Usage("a picture ends in .png or .svg".into()));
        }
        let lang =
            Lang::from_tag(&self.lang).ok_or_else(|| Failure::Usage("--lang is zh-CN or en".into()))?;
        let app = App::new(self.database.open().await?, Clock::system(), Limits::default());
        let caller = super::holder(lang);
        let drawn = match &self.campaign {
            Some(campaign) => self.draw(&app, &caller, campaign, &ending, &self.output).await,
            None => self.draw_all(&app, &caller, &ending).await,
        };
        app.close().await;
        drawn.map(|()| ExitCode::SUCCESS)
    }

    async fn draw_all(&self, app: &App, caller: &Caller, ending: &str) -> Result<(), Failure> {
        std::fs::create_dir_all(&self.output)?;
        let campaigns = app.campaigns(caller).items;
        // The bar is drawn on a terminal only.
        let bar = indicatif::ProgressBar::new(campaigns.len() as u64);
        for campaign in &campaigns {
            let file = self.output.join(format!("{}-{}.{ending}", campaign.id, self.name));
            self.draw(app, caller, &campaign.id, ending, &file).await?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    async fn draw(
        &self,
        app: &App,
        caller: &Caller,
        campaign: &str,
        ending: &str,
        to: &Path,
    ) -> Result<(), Failure> {
        let request = Request {
            campaign: campaign.to_owned(),
            file: format!("{}.{ending}", self.name),
            unit: self.unit.clone(),
            measure: self.measure.clone(),
            scale: self.scale.clone(),
            theme: self.theme.clone(),
            preset: self.preset.clone(),
            align: self.align.clone(),
            basis: self.basis.clone(),
            years: None,
        };
        let picture = app.chart(caller, &request, None).await?;
        std::fs::write(to, picture.bytes.unwrap_or_default())?;
        Ok(())
    }
}
