//! The versions of a report: who, when, how, why, and what changed; of a day, or of every day of a drive.

use super::super::Frame;
use super::super::figures::{self, Line, Standing};
use crate::domain::review::Via;
use crate::domain::tally::{Channel, Review};
use crate::i18n::Lang;
use crate::service::campaigns::CampaignView;
use crate::service::report::{ReportDayView, ReportView};
use crate::service::tallies::{LineChange, LineFigure, LineView, TallyView};
use askama::Template;

/// A version in the list.
pub(super) struct VersionRow {
    pub(super) version: u32,
    pub(super) time: String,
    pub(super) by: String,
    pub(super) late: bool,
    pub(super) zero: bool,
    pub(super) on_behalf: bool,
    pub(super) exception: bool,
    pub(super) self_reviewed: bool,
    pub(super) channel: String,
    pub(super) via: String,
    pub(super) state: &'static str,
    pub(super) reason: String,
    /// Line, before, after.
    pub(super) changes: Vec<(String, String, String)>,
}

/// A day in the history.
struct DayRow {
    date: String,
    standing: Option<Standing>,
    versions: Vec<VersionRow>,
}

/// Everything that a unit has reported in a drive.
#[derive(Template)]
#[template(path = "history.html")]
pub(super) struct HistoryPage {
    f: Frame,
    campaign: CampaignView,
    unit: String,
    days: Vec<DayRow>,
}

impl HistoryPage {
    pub(super) fn new(f: Frame, report: &ReportView, days: &[(&ReportDayView, Vec<TallyView>)]) -> Self {
        let lang = f.lang;
        let day = |(day, versions): &(&ReportDayView, Vec<TallyView>)| DayRow {
            date: day.date.clone(),
            standing: day.status.and_then(|code| figures::standing(lang, code)),
            versions: versions.iter().rev().map(|tally| row(lang, report, tally)).collect(),
        };
        Self {
            campaign: report.campaign.clone(),
            unit: report.unit.name.clone(),
            days: days.iter().map(day).collect(),
            f,
        }
    }
}

pub(super) fn row(lang: Lang, report: &ReportView, tally: &TallyView) -> VersionRow {
    let channel = Channel::from_code(tally.channel);
    let review = Review::from_code(tally.state);
    let change = |change: &LineChange| {
        let word = figures::word(lang, figures::measure(&report.campaign, &change.line.measure));
        let amount = |figure: Option<LineFigure>| {
            figure.map_or_else(
                || "–".to_owned(),
                |figure| figures::amount(lang, figure.count, figure.bound, word),
            )
        };
        (label(lang, report, &change.line), amount(change.before), amount(change.after))
    };
    VersionRow {
        version: tally.version,
        time: figures::minute(&tally.received_at),
        by: tally.by.clone(),
        late: tally.late,
        zero: tally.zero,
        on_behalf: tally.on_behalf,
        exception: tally.exception,
        self_reviewed: tally.self_reviewed,
        channel: channel.map_or("", |channel| lang.pick(channel.name(), channel.name_en())).to_owned(),
        via: tally.via.map_or_else(String::new, |code| way(lang, code)),
        state: review.map_or("", |review| lang.pick(review.name(), review.name_en())),
        reason: tally.reason.clone(),
        changes: tally.changes.iter().flatten().map(change).collect(),
    }
}

/// The name of a channel.
pub(super) fn way(lang: Lang, code: &str) -> String {
    Via::from_code(code).map_or(code, |via| lang.pick(via.name(), via.name_en())).to_owned()
}

fn label(lang: Lang, report: &ReportView, line: &LineView) -> String {
    let own = match (line.topic, line.mode) {
        (Some(topic), Some(mode)) => figures::consultation(lang, topic, mode),
        _ => {
            let measure = figures::measure(&report.campaign, &line.measure);
            figures::label(lang, measure, &line.measure, line.title.as_deref().unwrap_or_default())
        }
    };
    match &line.lead {
        Some(lead) => lang.words("line-joint", &[("unit", name(report, lead)), ("line", &own)]),
        None => own,
    }
}

/// The name of a unit that leads, or its code where it is far away.
fn name<'r>(report: &'r ReportView, code: &'r str) -> &'r str {
    report.leads.iter().find(|(other, _)| other == code).map_or(code, |(_, name)| name)
}

/// The parts in others' events, line by line.
pub(super) fn joint(lang: Lang, report: &ReportView, tally: &TallyView) -> Vec<Line> {
    let mut lines = Vec::new();
    for part in &tally.joint {
        for item in &part.items {
            let measure = figures::measure(&report.campaign, &item.measure);
            let title = item.title.as_deref().unwrap_or_default();
            let own = figures::label(lang, measure, &item.measure, title);
            let values = [("unit", name(report, &part.lead)), ("line", own.as_str())];
            lines.push(Line {
                key: (part.lead.clone(), own.clone()),
                label: lang.words("line-joint", &values),
                amount: figures::amount(lang, item.count, item.bound, figures::word(lang, measure)),
            });
        }
    }
    lines
}
