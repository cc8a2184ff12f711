//! What the form and the receipt show.

use super::super::Frame;
use super::super::figures::{self, Line, Standing};
use super::form::{Form, Item, JointRow, Record, TITLED};
use super::history::{self, VersionRow};
use super::paste::Reading;
use super::script::Script;
use crate::domain::consultation::{Mode, Topic};
use crate::domain::measure::CONSULTATIONS;
use crate::domain::quantity::Bound;
use crate::domain::review::{MAX_REASON, Via};
use crate::domain::tally::{MAX_NOTE, Review};
use crate::i18n::Lang;
use crate::service::campaigns::CampaignView;
use crate::service::quality::WarningView;
use crate::service::report::ReportView;
use crate::service::tallies::TallyView;
use askama::Template;

/// What is told above the form after it was sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// Fields and what is wrong with them.
    pub(super) faults: Vec<(String, String)>,
    /// The version that came in since the form was opened.
    pub(super) current: Option<TallyView>,
    /// What looks unusual and asks for a word.
    pub(super) warnings: Vec<WarningView>,
    /// The form was sent: it shows what was typed, not what stands.
    pub(super) again: bool,
    /// What was read in a pasted text.
    pub(super) reading: Option<Reading>,
}

/// One choice of a list.
struct Pick {
    code: &'static str,
    name: String,
    chosen: bool,
}

struct Row {
    at: usize,
    measure: String,
    title: String,
    given: bool,
    /// Has a field for its title.
    typed: bool,
    label: String,
    word: String,
    count: String,
    bounds: Vec<Pick>,
    /// What the unit reported the day before and last, for comparison.
    before: Vec<String>,
    fault: Option<Fault>,
}

struct Group {
    code: String,
    name: String,
    word: String,
    titled: bool,
    consultations: bool,
    rows: Vec<Row>,
}

struct RecordRow {
    at: usize,
    topics: Vec<Pick>,
    modes: Vec<Pick>,
    count: String,
    bounds: Vec<Pick>,
    fault: Option<Fault>,
}

/// What is wrong with a row, and which of its fields.
struct Fault {
    field: String,
    text: String,
}

impl Fault {
    fn is_at(&self, field: &str) -> bool {
        self.field == field
    }
}

struct Day {
    date: String,
    short: String,
    standing: Option<Standing>,
    here: bool,
}

struct PartRow {
    at: usize,
    lead: String,
    measures: Vec<NamedPick>,
    title: String,
    count: String,
    bounds: Vec<Pick>,
    fault: Option<Fault>,
}

/// A choice with a code of the campaign's own.
struct NamedPick {
    code: String,
    name: String,
    chosen: bool,
}

/// A line of the two versions side by side.
struct Difference {
    label: String,
    current: String,
    typed: String,
}

struct Summary {
    field: String,
    label: String,
    text: String,
}

#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct ReportPage {
    f: Frame,
    script: Script,
    /// It shows what was typed, not what stands.
    again: bool,
    read: Option<Reading>,
    text: String,
    campaign: CampaignView,
    unit: String,
    code: String,
    date: String,
    standing: Option<Standing>,
    /// Whether there is a form at all.
    writable: bool,
    closed: Option<String>,
    read_only: bool,
    overdue: bool,
    days: Vec<Day>,
    faults: Vec<Summary>,
    conflict: Option<(u32, String, Vec<Difference>)>,
    groups: Vec<Group>,
    records: Vec<RecordRow>,
    consultation_word: String,
    consulted: Vec<String>,
    zero: bool,
    zero_fault: Option<String>,
    note: String,
    note_fault: Option<String>,
    note_limit: usize,
    /// Who sent it back, when and why.
    returned: Option<(String, String, String)>,
    warnings: Vec<String>,
    parts: Vec<PartRow>,
    parts_open: bool,
    leads: Vec<(String, String)>,
    ways: Option<Vec<Pick>>,
    via_fault: Option<String>,
    reason: Option<String>,
    reason_fault: Option<String>,
    reason_limit: usize,
    version: String,
    key: String,
    reported: Vec<Line>,
    versions: Vec<VersionRow>,
    yesterday: Option<(String, Vec<Line>)>,
}

impl ReportPage {
    pub(super) fn new(f: Frame, script: Script, report: &ReportView, form: &Form, told: Told) -> Self {
        let lang = f.lang;
        let campaign = &report.campaign;
        let rows = Rows { lang, report, told: &told };
        let fault =
            |field: &str| told.faults.iter().find(|(at, _)| at == field).map(|(_, text)| text.clone());
        let consultation_word = figures::word(lang, figures::measure(campaign, CONSULTATIONS));
        let consulted = rows.before(consultation_word, |tally| {
            let total = tally.totals.iter().find(|total| total.measure == CONSULTATIONS)?;
            Some(format!("{} {consultation_word}", figures::figure(lang, total).text))
        });
        let closed = report.closed.as_ref().map(|fault| {
            let values: Vec<(&str, &str)> =
                fault.args.iter().map(|(name, value)| (*name, value.as_str())).collect();
            lang.words(&format!("error-{}", fault.code), &values)
        });
        let asks_why = report.needs_reason
            || !told.warnings.is_empty()
            || !form.reason.is_empty()
            || fault("reason").is_some();
        let standing = report.days.iter().find(|day| day.date == report.date).and_then(|day| day.status);
        Self {
            unit: report.unit.name.clone(),
            code: report.unit.code.clone(),
            date: report.date.clone(),
            standing: standing.and_then(|code| figures::standing(lang, code)),
            writable: report.may_submit && closed.is_none(),
            read_only: !report.may_submit,
            overdue: report.overdue,
            closed,
            days: days(lang, report),
            faults: told.faults.iter().map(|(field, text)| rows.summary(form, field, text)).collect(),
            conflict: told.current.as_ref().map(|current| {
                (
                    current.version,
                    figures::minute(&current.received_at),
                    differences(lang, campaign, current, form),
                )
            }),
            groups: campaign
                .measures
                .iter()
                .map(|measure| Group {
                    code: measure.code.clone(),
                    word: figures::word(lang, Some(measure)).to_owned(),
                    name: figures::name(lang, measure).to_owned(),
                    titled: measure.code == TITLED,
                    consultations: measure.code == CONSULTATIONS,
                    rows: form
                        .items
                        .iter()
                        .filter(|i| i.measure == measure.code)
                        .map(|i| rows.item(i))
                        .collect(),
                })
                .collect(),
            records: form.consultations.iter().map(|record| rows.record(record)).collect(),
            consultation_word: consultation_word.to_owned(),
            consulted,
            zero: form.zero,
            zero_fault: fault("zero"),
            note: form.note.clone(),
            note_fault: fault("note"),
            note_limit: MAX_NOTE,
            returned: report
                .current()
                .filter(|tally| tally.state == Review::Returned.code())
                .map(|tally| (tally.by.clone(), figures::minute(&tally.received_at), tally.reason.clone())),
            warnings: told.warnings.iter().filter(|w| w.asks).map(|w| w.message.clone()).collect(),
            parts: form.joint.iter().map(|row| rows.part(row)).collect(),
            parts_open: form.joint.iter().any(|row| !row.lead.is_empty() || !row.count.is_empty()),
            leads: report.leads.clone(),
            ways: report.on_behalf.then(|| ways(lang, &form.via)),
            via_fault: fault("via"),
            reason: asks_why.then(|| form.reason.clone()),
            reason_fault: fault("reason"),
            reason_limit: MAX_REASON,
            version: form.version.clone(),
            key: form.key.clone(),
            reported: report.current().map(|tally| figures::lines(lang, campaign, tally)).unwrap_or_default(),
            versions: report.versions.iter().rev().map(|tally| history::row(lang, report, tally)).collect(),
            yesterday: report
                .yesterday()
                .map(|tally| (figures::short_day(&tally.date), figures::lines(lang, campaign, tally))),
            campaign: campaign.clone(),
            again: told.again,
            text: form.text.clone(),
            read: told.reading,
            script,
            f,
        }
    }
}

struct Rows<'a> {
    lang: Lang,
    report: &'a ReportView,
    told: &'a Told,
}

impl Rows<'_> {
    fn fault(&self, row: &str) -> Option<Fault> {
        let of_row = |(at, text): &(String, String)| {
            let field = at.strip_prefix(row)?;
            Some((field.to_owned(), text.clone()))
        };
        let mut found = self.told.faults.iter().filter_map(of_row);
        let (field, mut text) = found.next()?;
        for (_, more) in found {
            text = format!("{text}{}{more}", self.lang.pick("；", "; "));
        }
        Some(Fault { field, text })
    }

    fn item(&self, item: &Item) -> Row {
        let lang = self.lang;
        let measure = figures::measure(&self.report.campaign, &item.measure);
        let word = figures::word(lang, measure);
        let typed = item.measure == TITLED && !item.given;
        Row {
            at: item.at,
            typed,
            label: match item.title.as_str() {
                "" => measure.map_or(item.measure.as_str(), |measure| figures::name(lang, measure)),
                title => title,
            }
            .to_owned(),
            measure: item.measure.clone(),
            title: item.title.clone(),
            given: item.given,
            count: item.count.clone(),
            bounds: bounds(lang, &item.bound),
            before: if typed { Vec::new() } else { self.before(word, |tally| self.line(tally, item, word)) },
            word: word.to_owned(),
            fault: self.fault(&format!("items.{}.", item.at)),
        }
    }

    /// What a report says in a row.
    fn line(&self, tally: &TallyView, item: &Item, word: &str) -> Option<String> {
        let line = tally.items.iter().find(|other| {
            other.measure == item.measure && other.title.as_deref().unwrap_or_default() == item.title
        })?;
        Some(figures::amount(self.lang, line.count, line.bound, word))
    }

    /// What a row said the day before, and on the last day on which it said anything, where that is another.
    fn before(&self, word: &str, said: impl Fn(&TallyView) -> Option<String>) -> Vec<String> {
        let (lang, report) = (self.lang, self.report);
        let mut known = report.before.iter().filter_map(|tally| Some((tally, said(tally)?)));
        let Some((last, amount)) = known.next() else { return Vec::new() };
        // "Yesterday" is a word of today's form alone.
        let which = if report.campaign.today.as_deref() == Some(&report.date) { "yesterday" } else { "eve" };
        let eve = |amount: &str| lang.words(&format!("report-{which}-was"), &[("amount", amount)]);
        if last.date == report.eve {
            return vec![eve(&amount)];
        }
        let eve = match report.yesterday() {
            Some(_) => eve(&figures::amount(lang, 0, Bound::Exact.code(), word)),
            None => lang.text(&format!("report-{which}-missed")),
        };
        let day = figures::short_day(&last.date);
        vec![eve, lang.words("report-last-was", &[("day", &day), ("amount", &amount)])]
    }

    fn part(&self, row: &JointRow) -> PartRow {
        let measures = self.report.campaign.measures.iter().filter(|m| m.code != CONSULTATIONS);
        let pick = |measure: &crate::service::campaigns::MeasureView| NamedPick {
            code: measure.code.clone(),
            name: figures::name(self.lang, measure).to_owned(),
            chosen: measure.code == row.measure,
        };
        PartRow {
            at: row.at,
            lead: row.lead.clone(),
            measures: measures.map(pick).collect(),
            title: row.title.clone(),
            count: row.count.clone(),
            bounds: bounds(self.lang, &row.bound),
            fault: self.fault(&format!("joint.{}.", row.at)),
        }
    }

    fn record(&self, record: &Record) -> RecordRow {
        let lang = self.lang;
        let topics = Topic::ALL.iter().map(|topic| Pick {
            code: topic.code(),
            name: lang.pick(topic.name(), topic.name_en()).to_owned(),
            chosen: topic.code() == record.topic,
        });
        let modes = Mode::ALL.iter().map(|mode| Pick {
            code: mode.code(),
            name: lang.pick(mode.name(), mode.name_en()).to_owned(),
            chosen: mode.code() == record.mode,
        });
        RecordRow {
            at: record.at,
            topics: topics.collect(),
            modes: modes.collect(),
            count: record.count.clone(),
            bounds: bounds(lang, &record.bound),
            fault: self.fault(&format!("consultations.{}.", record.at)),
        }
    }

    /// A fault as told above the form, with the name of its field.
    fn summary(&self, form: &Form, field: &str, text: &str) -> Summary {
        let row = field.split('.').nth(1).and_then(|at| at.parse::<usize>().ok());
        let item = form.items.iter().find(|item| field.starts_with("items.") && Some(item.at) == row);
        let label = match item {
            Some(item) => {
                let measure = figures::measure(&self.report.campaign, &item.measure);
                figures::label(self.lang, measure, &item.measure, &item.title)
            }
            None if field.starts_with("consultations.") => self.lang.text("report-consultations"),
            None if field.starts_with("joint.") => self.lang.text("report-joint"),
            None if field == "reason" => self.lang.text("report-reason"),
            None if field == "via" => self.lang.text("report-via"),
            None if field == "note" => self.lang.text("report-note"),
            None if field == "zero" => self.lang.text("report-zero-mark"),
            None => String::new(),
        };
        Summary { field: field.to_owned(), label, text: text.to_owned() }
    }
}

fn bounds(lang: Lang, chosen: &str) -> Vec<Pick> {
    let chosen = Bound::from_code(chosen).unwrap_or_default();
    let pick = |bound: Bound| Pick {
        code: bound.code(),
        name: lang.text(&format!("bound-{}", bound.code())),
        chosen: bound == chosen,
    };
    Bound::ALL.into_iter().map(pick).collect()
}

fn days(lang: Lang, report: &ReportView) -> Vec<Day> {
    let day = |day: &crate::service::report::ReportDayView| Day {
        date: day.date.clone(),
        short: figures::short_day(&day.date),
        standing: day.status.and_then(|code| figures::standing(lang, code)),
        here: day.date == report.date,
    };
    report.days.iter().map(day).collect()
}

fn ways(lang: Lang, chosen: &str) -> Vec<Pick> {
    let unsaid = Pick { code: "", name: lang.text("report-via-unsaid"), chosen: chosen.is_empty() };
    let way = |via: &Via| Pick {
        code: via.code(),
        name: lang.pick(via.name(), via.name_en()).to_owned(),
        chosen: via.code() == chosen,
    };
    std::iter::once(unsaid).chain(Via::ALL.iter().map(way)).collect()
}

/// What stands and what was typed, line by line.
fn differences(lang: Lang, campaign: &CampaignView, current: &TallyView, form: &Form) -> Vec<Difference> {
    let mut lines: Vec<((String, String), Difference)> = figures::lines(lang, campaign, current)
        .into_iter()
        .map(|line| (line.key, Difference { label: line.label, current: line.amount, typed: String::new() }))
        .collect();
    let mut typed = |key: (String, String), label: String, text: String| match lines
        .iter_mut()
        .find(|(other, line)| *other == key && line.typed.is_empty())
    {
        Some((_, line)) => line.typed = text,
        None => lines.push((key, Difference { label, current: String::new(), typed: text })),
    };
    for item in form.items.iter().filter(|item| !item.count.trim().is_empty()) {
        let measure = figures::measure(campaign, &item.measure);
        let label = figures::label(lang, measure, &item.measure, item.title.trim());
        let key = (item.measure.clone(), item.title.trim().to_owned());
        typed(key, label, as_typed(lang, &item.count, &item.bound, figures::word(lang, measure)));
    }
    for record in form.consultations.iter().filter(|record| !record.count.trim().is_empty()) {
        let word = figures::word(lang, figures::measure(campaign, CONSULTATIONS));
        let label = figures::consultation(lang, &record.topic, &record.mode);
        let key = (record.topic.clone(), record.mode.clone());
        typed(key, label, as_typed(lang, &record.count, &record.bound, word));
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

fn as_typed(lang: Lang, count: &str, bound: &str, word: &str) -> String {
    let known = Bound::from_code(bound).unwrap_or_default();
    match super::form::count(count) {
        crate::domain::tally::Count::Whole(n) if n <= u64::from(u32::MAX) => {
            figures::amount(lang, u32::try_from(n).unwrap_or(u32::MAX), known.code(), word)
        }
        _ => count.trim().to_owned(),
    }
}
