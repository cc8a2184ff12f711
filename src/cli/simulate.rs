//! `pufa simulate`: a whole country in an empty database, to measure with.

use super::{Database, Failure, print, say};
use crate::clock::Clock;
use crate::demo::{Scale, simulate};
use crate::store::{Progress, StoreError};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// How large, and where.
#[derive(Debug, Args)]
pub(super) struct Simulate {
    /// Units that report.
    #[arg(long, default_value_t = 660_000, value_parser = clap::value_parser!(u32).range(1..=2_000_000))]
    units: u32,
    /// Drives, one a year; the last one ends today, and today's reports are left to whoever measures.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=20))]
    drives: u16,
    /// Days of each drive.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=60))]
    days: u16,
    /// Where chance begins: the same seed makes the same country.
    #[arg(long, default_value_t = crate::demo::SEED)]
    seed: u64,
    /// Only write the units to FILE.csv, 12-digit codes and names, to measure `import units` with; no database is touched.
    #[arg(long, value_name = "FILE.csv")]
    table: Option<PathBuf>,
    #[command(flatten)]
    database: Database,
}

impl Simulate {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let scale = Scale { units: self.units, drives: self.drives, days: self.days, seed: self.seed };
        if let Some(file) = &self.table {
            let rows = crate::demo::table(&scale, std::io::BufWriter::new(std::fs::File::create(file)?))?;
            print(&format!("{rows} units"))?;
            return Ok(ExitCode::SUCCESS);
        }
        let store = self.database.open().await?;
        let (units, reports) = (Progress::default(), Progress::default());
        // The bar is drawn on a terminal only.
        let bar = ProgressBar::new(scale.reports());
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {per_sec}, {eta} left")
        {
            bar.set_style(style);
        }
        let clock = Clock::system();
        let begun = std::time::Instant::now();
        let mut work = Box::pin(simulate(&store, &scale, clock.now(), &units, &reports));
        let stored = loop {
            tokio::select! {
                stored = &mut work => break stored,
                () = tokio::time::sleep(Duration::from_millis(200)) => {
                    bar.set_message(format!("{} units, reports", units.done()));
                    bar.set_position(reports.done() as u64);
                }
            }
        };
        drop(work);
        bar.finish_and_clear();
        let seconds = begun.elapsed().as_secs_f64();
        store.close().await;
        let stored = match stored {
            Err(StoreError::Exists(_)) => {
                return Err(Failure::Usage(
                    "the database has units already; a simulation needs an empty one".into(),
                ));
            }
            other => other?,
        };
        say(&format!("{stored} reports in {seconds:.0} s, {:.0} a second", stored as f64 / seconds));
        print(&format!("{} units, {stored} reports", units.done()))?;
        Ok(ExitCode::SUCCESS)
    }
}
