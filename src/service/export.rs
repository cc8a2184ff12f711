//! Figures on their way out: files for people, flat tables for programs, templates to fill in.
//!
//! Everything is what the caller may read, and nothing else. The same data gives the same bytes.

use super::campaigns::CampaignView;
use super::export_tables::{Flat, Tables};
use super::tallies::TallyView;
use super::totals::{By, TotalsView};
use super::{App, Caller, Error, charts, scope};
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::tally::Version;
use crate::domain::unit::Placed;
use crate::sheet::book::{Book, BookError, LineChart};
use crate::store::Listing;
use serde::Serialize;
use std::sync::Arc;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Every report, a row a unit and day; as a workbook with totals, a chart and the comparison of years.
    Tallies,
    /// Totals of the units directly below.
    Totals,
    /// A row a figure, for programs.
    Flat,
    /// A workbook to fill in: reports.
    Template,
    /// A workbook to fill in: consultations by topic and mode.
    ConsultationTemplate,
}

impl What {
    /// The audit's name for it.
    const fn action(self) -> &'static str {
        match self {
            Self::Tallies => "export.tallies",
            Self::Totals => "export.totals",
            Self::Flat => "export.flat",
            Self::Template => "export.template",
            Self::ConsultationTemplate => "export.consultation_template",
        }
    }
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated, with the mark by which Excel knows UTF-8.
    Csv,
    /// A workbook.
    Xlsx,
    /// JSON.
    Json,
}

impl Form {
    /// The form that a name ends with.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        match name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
            Some("csv") => Some(Self::Csv),
            Some("xlsx") => Some(Self::Xlsx),
            Some("json") => Some(Self::Json),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
        }
    }

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Json => "application/json",
        }
    }
}

/// The version of the form of JSON exports: raised when a reader of the one before would misread it.
pub const FORMAT: u32 = 1;

/// A campaign's figures as JSON.
#[derive(Debug, Serialize)]
struct CampaignExport {
    format: u32,
    campaign: CampaignView,
    unit: String,
    totals: TotalsView,
    tallies: Vec<TallyView>,
}

impl App {
    /// A file of a campaign's figures under a unit, or a template for them; the audit keeps that it went out.
    ///
    /// # Errors
    /// Out of scope is not found; `export_too_large`; `form_unknown` where that is not made in that form; `Busy`.
    pub async fn export(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: Option<&str>,
        what: What,
        form: Form,
    ) -> Result<Vec<u8>, Error> {
        let permit = self.imports.clone().try_acquire_owned().map_err(|_| Error::Busy)?;
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let unit = scope::asked(&catalogue, caller, Some(&campaign), unit)?;
        let bytes = match (what, form) {
            (What::Template | What::ConsultationTemplate, Form::Xlsx) => {
                let tables = Tables::new(&catalogue, caller, &campaign, self.clock.today(), &[]);
                let consultations = what == What::ConsultationTemplate;
                let template = tables.template(unit, consultations);
                packed(Book { tables: vec![template], ..Book::default() }).await?
            }
            (What::Template | What::ConsultationTemplate, _) | (What::Flat, Form::Xlsx) => {
                return Err(Error::invalid(Fault::new("", "form_unknown")));
            }
            (What::Totals, _) => self.export_totals(caller, &catalogue, &campaign, unit, form).await?,
            (What::Tallies | What::Flat, _) => {
                let views = self.all_tallies(caller, &catalogue, &campaign, unit).await?;
                let tables = Tables::new(&catalogue, caller, &campaign, self.clock.today(), &views);
                match (what, form) {
                    (What::Flat, Form::Csv) => Flat::csv(&tables.flat()),
                    (What::Flat, _) => json(&tables.flat())?,
                    (_, Form::Csv) => tables.wide_csv(),
                    (_, Form::Json) => {
                        let (id, code) = (campaign.id.as_str(), unit.code());
                        json(&CampaignExport {
                            format: FORMAT,
                            campaign: CampaignView::new(&campaign, &catalogue, self.clock.today()),
                            unit: unit.code().to_string(),
                            totals: self.totals(caller, id, Some(code.as_str()), By::Measure, None).await?,
                            tallies: views,
                        })?
                    }
                    (_, Form::Xlsx) => self.book(caller, &campaign, unit, &tables).await?,
                }
            }
        };
        drop(permit);
        let told = serde_json::json!({ "form": form.name(), "bytes": bytes.len() });
        self.exported(caller, what.action(), format!("{}/{}", campaign.id, unit.code()), told).await?;
        Ok(bytes)
    }

    /// Every current report under a unit that the caller may read, in the order of days and units.
    async fn all_tallies(
        &self,
        caller: &Caller,
        catalogue: &Arc<Catalogue>,
        campaign: &Campaign,
        top: Placed<'_>,
    ) -> Result<Vec<TallyView>, Error> {
        let below = scope::reads_below(catalogue, caller, top.id);
        let wanted = |version: &Version| {
            version.unit == top.id || (below && catalogue.tree.is_under(version.unit, top.id))
        };
        let mut found: Vec<Version> = Vec::new();
        let mut after = None;
        loop {
            let listing = Listing { campaign: campaign.key, after, limit: Some(5_000), ..Listing::default() };
            let page = self.store.list(&listing).await?;
            after = page.last().map(|version| (version.day, version.unit));
            let ended = page.len() < 5_000;
            found.extend(page.into_iter().filter(wanted));
            if found.len() > self.limits.export_reports {
                let limit = self.limits.export_reports;
                return Err(Error::invalid(Fault::new("", "export_too_large").with("limit", limit)));
            }
            if ended {
                break;
            }
        }
        // Numbers of units say when they were entered; people look for the administrative order.
        found.sort_by_cached_key(|version| (version.day, catalogue.tree.place(version.unit)));
        self.views(catalogue, caller, &found).await
    }

    async fn export_totals(
        &self,
        caller: &Caller,
        catalogue: &Arc<Catalogue>,
        campaign: &Arc<Campaign>,
        unit: Placed<'_>,
        form: Form,
    ) -> Result<Vec<u8>, Error> {
        let (id, code) = (campaign.id.as_str(), unit.code());
        let code = Some(code.as_str());
        let by_unit = self.totals(caller, id, code, By::Unit, None).await?;
        let whole = self.totals(caller, id, code, By::Measure, None).await?;
        let tables = Tables::new(catalogue, caller, campaign, self.clock.today(), &[]);
        match form {
            Form::Json => json(&by_unit),
            Form::Csv => Ok(tables.totals_csv(&by_unit, &whole)),
            Form::Xlsx => {
                let table = tables.totals(&by_unit, &whole);
                packed(Book { tables: vec![table], ..Book::default() }).await
            }
        }
    }

    /// The workbook: totals by unit, by day with a chart, every report, and the picture of years.
    async fn book(
        &self,
        caller: &Caller,
        campaign: &Campaign,
        unit: Placed<'_>,
        tables: &Tables<'_>,
    ) -> Result<Vec<u8>, Error> {
        let (id, code) = (campaign.id.as_str(), unit.code());
        let code = Some(code.as_str());
        let whole = self.totals(caller, id, code, By::Measure, None).await?;
        let by_unit = self.totals(caller, id, code, By::Unit, None).await?;
        let by_day = self.totals(caller, id, code, By::Day, None).await?;
        let request = charts::Request {
            campaign: campaign.id.to_string(),
            file: "year-over-year.png".into(),
            unit: Some(unit.code().to_string()),
            ..charts::Request::default()
        };
        // Without a year before there is nothing to compare, and no such sheet.
        let picture = match self.chart(caller, &request, None).await {
            Ok(picture) => picture.bytes.map(|bytes| (caller.lang.text("export-years"), bytes.to_vec())),
            Err(Error::Busy) => return Err(Error::Busy),
            Err(_) => None,
        };
        let lang = caller.lang;
        let chart = LineChart {
            name: lang.text("export-chart"),
            title: campaign.name.clone(),
            table: 2,
            series: (1..=3).take(campaign.measures.len()).collect(),
        };
        let reports = tables.wide();
        let book = Book {
            // The reports come first: whoever sends the workbook back has them read.
            tables: vec![reports, tables.totals(&by_unit, &whole), tables.by_day(&by_day)],
            chart: Some(chart),
            picture,
        };
        packed(book).await
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Internal(error.to_string()))
}

/// Writes a workbook on a thread of its own.
async fn packed(book: Book) -> Result<Vec<u8>, Error> {
    let written = tokio::task::spawn_blocking(move || book.write());
    let written = written.await.map_err(|error| Error::Internal(error.to_string()))?;
    written.map_err(|error: BookError| Error::Internal(error.to_string()))
}
