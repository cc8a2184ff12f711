//! The receipt of a version.

use super::super::Frame;
use super::super::figures::{self, Figure, Line};
use super::history;
use super::script::Script;
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
    script: Script,
    /// The address of this page as a QR code, SVG.
    qr: String,
    campaign: CampaignView,
    unit: String,
    date: String,
    receipt: String,
    time: String,
    late: bool,
    zero: bool,
    version: u32,
    totals: Vec<Total>,
    lines: Vec<Line>,
    joint: Vec<Line>,
    note: String,
    reason: String,
    by: String,
    via: String,
}

impl ReceiptPage {
    pub(super) fn new(f: Frame, script: Script, report: &ReportView, tally: &TallyView, qr: String) -> Self {
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
            date: report.date.clone(),
            receipt: tally.receipt.clone(),
            time: figures::minute(&tally.received_at),
            late: tally.late,
            zero: tally.zero,
            version: tally.version,
            totals: tally.totals.iter().map(total).collect(),
            lines: figures::lines(lang, &report.campaign, tally),
            joint: history::joint(lang, report, tally),
            note: tally.note.clone(),
            reason: tally.reason.clone(),
            by: tally.by.clone(),
            via: tally.via.map_or_else(String::new, |code| history::way(lang, code)),
            script,
            qr,
            f,
        }
    }
}
