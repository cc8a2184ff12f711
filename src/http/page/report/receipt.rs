//! The receipt of a version.

use super::super::Frame;
use super::super::figures::{self, Figure, Line};
use crate::service::campaigns::CampaignView;
use crate::service::report::ReportView;
use crate::service::tallies::TallyView;
use askama::Template;

/// A total of the receipt.
struct Total {
    name: String,
    word: String,
    figure: Figure,
}

#[derive(Template)]
#[template(path = "receipt.html")]
pub(super) struct ReceiptPage {
    f: Frame,
    campaign: CampaignView,
    unit: String,
    code: String,
    date: String,
    receipt: String,
    time: String,
    late: bool,
    zero: bool,
    version: u32,
    totals: Vec<Total>,
    lines: Vec<Line>,
    note: String,
}

impl ReceiptPage {
    pub(super) fn new(f: Frame, report: &ReportView, tally: &TallyView) -> Self {
        let lang = f.lang;
        let total = |total: &crate::service::tallies::MeasureTotal| {
            let measure = figures::measure(&report.campaign, &total.measure);
            Total {
                name: figures::label(lang, measure, &total.measure, ""),
                word: figures::word(lang, measure).to_owned(),
                figure: figures::figure(lang, total),
            }
        };
        Self {
            campaign: report.campaign.clone(),
            unit: report.unit.name.clone(),
            code: report.unit.code.clone(),
            date: report.date.clone(),
            receipt: tally.receipt.clone(),
            time: figures::minute(&tally.received_at),
            late: tally.late,
            zero: tally.zero,
            version: tally.version,
            totals: tally.totals.iter().map(total).collect(),
            lines: figures::lines(lang, &report.campaign, tally),
            note: tally.note.clone(),
            f,
        }
    }
}
