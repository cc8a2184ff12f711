//! Reports from a file: all of them or none, and what they would change told before.
//!
//! A file replaces the parts of a report that it has columns for: measures, consultations, the remark. What it has no column
//! for stays as it is, so a file of consultations leaves the other figures alone. A plain number of consultations that equals
//! the sum of the records there are changes nothing, so that a sheet of totals does not wipe out their topics.

mod combine;
mod finder;

use super::tallies::{ConsultationView, ItemView, is_lock, is_on_behalf};
use super::tally_view::Maker;
use super::{App, Caller, Error, scope};
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::{Campaign, State};
use crate::domain::catalogue::Catalogue;
use crate::domain::quantity::Quantity;
use crate::domain::review::Report as Judged;
use crate::domain::slot::{Line, Slot, SlotBook};
use crate::domain::tally::{self, Channel, Entry, Version};
use crate::domain::unit::UnitId;
use crate::i18n::Lang;
use crate::sheet::reports::{self, MAX_REMARKS, Report};
use crate::sheet::{self, Grid, Place, Remark};
use crate::store::{Act, Outcome, Precondition, Submission};
use combine::combined;
use finder::Finder;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Something about a place in a file, as told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RemarkView {
    /// Row, from 1; absent for the whole file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// Column, from 1; absent for a whole row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The place as a spreadsheet shows it, such as C7.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cell: String,
    /// Stable code.
    pub code: &'static str,
    /// In the reader's language.
    pub message: String,
}

impl RemarkView {
    /// A remark in a language.
    #[must_use]
    pub fn new(remark: &Remark, lang: Lang) -> Self {
        let values: Vec<(&str, &str)> =
            remark.args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Self {
            row: Some(remark.place.row).filter(|row| *row > 0),
            column: Some(remark.place.column).filter(|column| *column > 0),
            cell: remark.place.to_string(),
            code: remark.code,
            message: lang.words(&format!("error-{}", remark.code), &values),
        }
    }

    pub(super) fn list(remarks: &[Remark], lang: Lang) -> Vec<Self> {
        remarks.iter().take(MAX_REMARKS).map(|remark| Self::new(remark, lang)).collect()
    }
}

/// What became or would become of a row of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// There was none before.
    New,
    /// It differs from what is stored.
    Changed,
    /// It is stored like this already.
    Same,
}

/// The figures of a report, as told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FiguresView {
    /// Measures with their counts.
    pub items: Vec<ItemView>,
    /// Consultation records.
    pub consultations: Vec<ConsultationView>,
    /// The remark.
    pub note: String,
}

/// A report of a file, as understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ImportItem {
    /// Row in the file, from 1.
    pub row: u32,
    /// Code of the unit.
    pub unit: String,
    /// Name of the unit.
    pub name: String,
    /// The day reported on.
    pub date: String,
    /// What becomes of it.
    pub change: Change,
    /// What is stored now.
    pub before: Option<FiguresView>,
    /// What the file says.
    pub after: FiguresView,
}

/// What a file says, and what it changes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ImportView {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Nothing was stored.
    pub dry_run: bool,
    /// Reports there were none of before.
    pub new: usize,
    /// Reports that differ from what is stored.
    pub changed: usize,
    /// Reports that are stored already.
    pub same: usize,
    /// Rows of units without any figure: not reported, so not stored.
    pub blank: u32,
    /// The first reports, those that change something before the others.
    pub items: Vec<ImportItem>,
    /// What must be put right; then nothing can be stored.
    pub errors: Vec<RemarkView>,
    /// What is worth a look.
    pub warnings: Vec<RemarkView>,
    /// Headings of columns that were not taken.
    pub left: Vec<String>,
}

/// Reports that a preview shows.
const PREVIEW: usize = 100;

/// How a file is to be taken in.
#[derive(Debug, Clone, Default)]
pub struct Import {
    /// Identifier of the campaign; found from the days of the file, or the one that is open, when absent.
    pub campaign: Option<String>,
    /// The day of all rows, for a file without a column of dates.
    pub day: Option<ReportDay>,
    /// Only says what would be stored.
    pub dry_run: bool,
    /// Why reports are corrected after their deadline.
    pub reason: String,
    /// Refuses columns of other measures.
    pub only_consultations: bool,
}

impl App {
    /// Reads a file within the limits, on a thread of its own.
    ///
    /// # Errors
    /// `Busy` when enough files are being read; `Invalid` when it is no table or goes beyond a limit.
    pub(super) async fn read_sheet(&self, bytes: Vec<u8>, limits: sheet::Limits) -> Result<Arc<Grid>, Error> {
        let permit = self.imports.clone().try_acquire_owned().map_err(|_| Error::Busy)?;
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            sheet::read(&bytes, &limits)
        });
        let grid = read.await.map_err(|error| Error::Internal(error.to_string()))?;
        grid.map(Arc::new).map_err(|unreadable| Error::invalid(unreadable.into()))
    }

    /// Stores the reports of a file, or says what it would store.
    ///
    /// # Errors
    /// `Sheet` with every fault of the file and its place (a dry run tells them in its answer); `Invalid` when it cannot be
    /// read at all; `Locked`; `Busy`. Then nothing was stored.
    pub async fn import_reports(
        &self,
        caller: &Caller,
        import: &Import,
        bytes: Vec<u8>,
        limits: sheet::Limits,
    ) -> Result<ImportView, Error> {
        let grid = self.read_sheet(bytes, limits).await?;
        // Units, campaigns or reports may change between judging and storing; judging again settles it.
        for _ in 0..5 {
            let catalogue = self.catalogue();
            let campaign = match &import.campaign {
                Some(id) => scope::campaign(&catalogue, caller, id)?,
                None => self.campaign_of(&catalogue, caller, &grid)?,
            };
            let mut plan = self.plan(&catalogue, caller, &campaign, import, &grid).await?;
            let view = plan.view(&campaign, &catalogue, caller.lang, import.dry_run);
            if import.dry_run {
                return Ok(view);
            }
            if !plan.errors.is_empty() {
                plan.errors.truncate(MAX_REMARKS);
                return Err(Error::Sheet(plan.errors));
            }
            let submissions = self.submissions(&catalogue, caller, &campaign, plan.rows);
            if submissions.is_empty() {
                return Ok(view);
            }
            let outcomes = self.store.submit_all(submissions).await?;
            let settled =
                |outcome: &Outcome| matches!(outcome, Outcome::Stored { .. } | Outcome::Unchanged(_));
            if outcomes.iter().all(settled) {
                return Ok(view);
            }
        }
        Err(Error::Busy)
    }

    /// The only campaign that a file can be meant for: the open one, or the one whose window has all its days.
    fn campaign_of(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        grid: &Grid,
    ) -> Result<Arc<Campaign>, Error> {
        let mine: Vec<&Arc<Campaign>> = catalogue
            .campaigns
            .iter()
            .filter(|campaign| scope::concerns(catalogue, caller, campaign))
            .collect();
        let days = sheet::date::written(grid);
        let fits = |campaign: &&&Arc<Campaign>| {
            if days.is_empty() {
                campaign.state(self.clock.today()) == State::Open
            } else {
                days.iter().all(|day| campaign.window.contains(*day))
            }
        };
        match mine.iter().filter(fits).collect::<Vec<_>>().as_slice() {
            [one] => Ok(Arc::clone(one)),
            _ => Err(Error::Sheet(vec![Remark::new(Place::default(), "campaign_unclear")])),
        }
    }

    async fn plan(
        &self,
        catalogue: &Arc<Catalogue>,
        caller: &Caller,
        campaign: &Arc<Campaign>,
        import: &Import,
        grid: &Arc<Grid>,
    ) -> Result<Plan, Error> {
        let (catalogue, caller, campaign) = (catalogue.clone(), caller.clone(), campaign.clone());
        let (of, grid, day) = (campaign.clone(), grid.clone(), import.day);
        let units = catalogue.clone();
        let read = tokio::task::spawn_blocking(move || {
            let finder = Finder::new(&units, &caller, &of);
            reports::read(&grid, &of, day, &|code, name| finder.find(code, name))
        });
        let found = read.await.map_err(|error| Error::Internal(error.to_string()))?;
        let mut plan = Plan {
            rows: Vec::with_capacity(found.reports.len()),
            errors: found.errors,
            warnings: found.warnings,
            left: found.left,
            blank: found.blank,
        };
        if import.only_consultations && found.has_items {
            plan.errors.push(Remark::new(Place::default(), "columns_beside_consultations"));
        }
        let keys: Vec<_> =
            found.reports.iter().map(|report| (campaign.key, report.day, report.unit)).collect();
        let stored = self.store.current_of(&keys).await?;
        let mut stored: HashMap<(ReportDay, UnitId), Version> =
            stored.into_iter().map(|version| ((version.day, version.unit), version)).collect();
        let slots = self.store.slots();
        let maker = Maker::new(&catalogue, slots.clone());
        let now = self.clock.now();
        for report in found.reports {
            let before = stored.remove(&(report.day, report.unit));
            let tree = &catalogue.tree;
            let exception = match tally::check_day(&campaign, tree, report.unit, report.day, now) {
                Ok(exception) => exception,
                Err(fault) if is_lock(fault.code) => return Err(Error::Refused(fault.code)),
                Err(fault) => {
                    let place = report.place(&fault.pointer);
                    plan.errors.push(Remark { place, code: fault.code, args: fault.args });
                    continue;
                }
            };
            let kept = before.as_ref().and_then(|before| maker.view(before)).map(|view| view.draft());
            let mut draft =
                combined(&report, kept, found.has_items, found.has_consultations, found.has_notes);
            draft.reason.clone_from(&import.reason);
            match Judged::check(&draft, &campaign, tree, report.unit) {
                Ok(judged) => {
                    let row = Row::new(report, judged, exception, before, &slots);
                    if row.lacks_reason(now > campaign.deadline_of(row.report.day)) {
                        plan.errors.push(Remark::new(row.report.unit_place, "reason_required"));
                    }
                    plan.rows.push(row);
                }
                Err(faults) => plan.errors.extend(faults.into_iter().map(|fault| Remark {
                    place: report.place(&fault.pointer),
                    code: fault.code,
                    args: fault.args,
                })),
            }
        }
        plan.errors.sort_by_key(|remark| remark.place);
        Ok(plan)
    }

    fn submissions(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        campaign: &Campaign,
        rows: Vec<Row>,
    ) -> Vec<Submission> {
        let now = self.clock.now();
        rows.into_iter()
            .filter(|row| row.change != Change::Same)
            .map(|row| Submission {
                epoch: catalogue.epoch,
                campaign: campaign.key,
                unit: row.report.unit,
                day: row.report.day,
                act: Act::Report {
                    report: row.judged,
                    on_behalf: is_on_behalf(caller, row.report.unit),
                    channel: Channel::Import,
                    deadline: campaign.deadline_of(row.report.day),
                    exception: row.exception,
                },
                precondition: row
                    .before
                    .map_or(Precondition::Absent, |before| Precondition::Version(before.version)),
                idempotency: None,
                actor: caller.actor.id,
                address: caller.address,
                received_at: now,
            })
            .collect()
    }
}

/// What a file says, judged against what is stored.
struct Plan {
    rows: Vec<Row>,
    errors: Vec<Remark>,
    warnings: Vec<Remark>,
    left: Vec<String>,
    blank: u32,
}

struct Row {
    report: Report,
    judged: Judged,
    exception: bool,
    before: Option<Version>,
    stored: Option<FiguresView>,
    change: Change,
}

impl Row {
    fn new(
        report: Report,
        judged: Judged,
        exception: bool,
        before: Option<Version>,
        slots: &SlotBook,
    ) -> Self {
        let figures = &judged.figures;
        let stored = before.as_ref().map(|before| (lines(before, slots), before.note.clone()));
        let same = before.as_ref().is_some_and(Version::counts)
            && stored.as_ref().is_some_and(|(entries, note)| {
                *note == figures.note() && in_any_order(entries) == in_any_order(figures.entries())
            });
        let change = match (&before, same) {
            (None, _) => Change::New,
            (Some(_), true) => Change::Same,
            (Some(_), false) => Change::Changed,
        };
        let stored = stored.map(|(entries, note)| shown(&entries, &note));
        Self { report, judged, exception, before, stored, change }
    }

    /// Whether it corrects a report that counts, after its deadline, and does not say why.
    fn lacks_reason(&self, overdue: bool) -> bool {
        overdue
            && self.change == Change::Changed
            && self.judged.reason.is_empty()
            && self.before.as_ref().is_some_and(Version::counts)
    }
}

impl Plan {
    fn view(&self, campaign: &Campaign, catalogue: &Catalogue, lang: Lang, dry_run: bool) -> ImportView {
        let count = |change: Change| self.rows.iter().filter(|row| row.change == change).count();
        let mut items: Vec<&Row> = self.rows.iter().collect();
        items.sort_by_key(|row| row.change == Change::Same);
        let item = |row: &Row| {
            let unit = catalogue.tree.get(row.report.unit);
            ImportItem {
                row: row.report.unit_place.row,
                unit: unit.map(|unit| unit.code().to_string()).unwrap_or_default(),
                name: unit.map(|unit| unit.name().clone()).unwrap_or_default(),
                date: row.report.day.to_string(),
                change: row.change,
                before: row.stored.clone(),
                after: shown(row.judged.figures.entries(), row.judged.figures.note()),
            }
        };
        ImportView {
            campaign: campaign.id.to_string(),
            dry_run,
            new: count(Change::New),
            changed: count(Change::Changed),
            same: count(Change::Same),
            blank: self.blank,
            items: items.into_iter().take(PREVIEW).map(item).collect(),
            errors: RemarkView::list(&self.errors, lang),
            warnings: RemarkView::list(&self.warnings, lang),
            left: self.left.clone(),
        }
    }
}

fn lines(version: &Version, slots: &SlotBook) -> Vec<Entry> {
    let entry = |(slot, quantity): &(Slot, Quantity)| {
        slots.line(*slot).map(|line| Entry { line: line.clone(), quantity: *quantity })
    };
    version.figures.iter().filter_map(entry).collect()
}

/// Figures by their lines, so that their order does not matter.
fn in_any_order(entries: &[Entry]) -> BTreeMap<(&Line, u32, &'static str), usize> {
    let mut found = BTreeMap::new();
    for entry in entries {
        let key = (&entry.line, entry.quantity.value(), entry.quantity.bound().code());
        *found.entry(key).or_default() += 1;
    }
    found
}

fn shown(entries: &[Entry], note: &str) -> FiguresView {
    let mut view = FiguresView { items: Vec::new(), consultations: Vec::new(), note: note.to_owned() };
    for Entry { line, quantity } in entries {
        let (count, bound) = (quantity.value(), quantity.bound().code());
        match line {
            Line::Item { measure, title } => {
                view.items.push(ItemView {
                    measure: measure.to_string(),
                    title: title.clone(),
                    count,
                    bound,
                });
            }
            Line::Consultation { topic, mode } => view.consultations.push(ConsultationView {
                topic: topic.code(),
                mode: mode.code(),
                person_times: count,
                bound,
            }),
        }
    }
    view
}
