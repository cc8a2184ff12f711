//! Figures, times and names as people read them.

use crate::domain::calendar::SHANGHAI;
use crate::domain::completeness::Status;
use crate::domain::consultation::{Mode, Topic};
use crate::i18n::Lang;
use crate::service::campaigns::{CampaignView, MeasureView};
use crate::service::standby::AsOf;
use crate::service::tallies::{MeasureTotal, TallyView};

/// 40213 as 40,213.
pub(super) fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::from(if n < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A total as shown: marked as approximate when any part is, with what it can be at least and at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Figure {
    pub(super) text: String,
    pub(super) range: Option<String>,
    pub(super) nothing: bool,
}

pub(super) fn figure(lang: Lang, total: &MeasureTotal) -> Figure {
    let count = grouped(total.count);
    let range =
        || lang.words("figure-range", &[("low", &grouped(total.low)), ("high", &grouped(total.high))]);
    Figure {
        text: if total.exact { count } else { lang.words("figure-about", &[("count", &count)]) },
        range: (!total.exact).then(range),
        nothing: total.count == 0,
    }
}

/// A figure as it was written: 1,200余份.
pub(super) fn amount(lang: Lang, count: u32, bound: &str, word: &str) -> String {
    let count = grouped(i64::from(count));
    lang.words(&format!("amount-{bound}"), &[("count", &count), ("word", word)])
}

/// A line of a report in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) key: (String, String),
    pub(super) label: String,
    pub(super) amount: String,
}

/// Everything a report says, line by line.
pub(super) fn lines(lang: Lang, campaign: &CampaignView, tally: &TallyView) -> Vec<Line> {
    let items = tally.items.iter().map(|item| {
        let measure = measure(campaign, &item.measure);
        let title = item.title.as_deref().unwrap_or_default();
        Line {
            key: (item.measure.clone(), title.to_owned()),
            label: label(lang, measure, &item.measure, title),
            amount: amount(lang, item.count, item.bound, word(lang, measure)),
        }
    });
    let consultations = tally.consultations.iter().map(|record| Line {
        key: (record.topic.to_owned(), record.mode.to_owned()),
        label: consultation(lang, record.topic, record.mode),
        amount: amount(
            lang,
            record.person_times,
            record.bound,
            word(lang, measure(campaign, crate::domain::measure::CONSULTATIONS)),
        ),
    });
    items.chain(consultations).collect()
}

pub(super) fn measure<'c>(campaign: &'c CampaignView, code: &str) -> Option<&'c MeasureView> {
    campaign.measures.iter().find(|measure| measure.code == code)
}

pub(super) fn name(lang: Lang, measure: &MeasureView) -> &str {
    lang.pick(&measure.name, &measure.name_en)
}

pub(super) fn word(lang: Lang, measure: Option<&MeasureView>) -> &str {
    measure.map_or("", |measure| lang.pick(&measure.word, &measure.word_en))
}

/// The name of a line: its measure, and the title where it has one.
pub(super) fn label(lang: Lang, measure: Option<&MeasureView>, code: &str, title: &str) -> String {
    let name = measure.map_or(code, |measure| name(lang, measure));
    if title.is_empty() {
        return name.to_owned();
    }
    lang.words("line-title", &[("measure", name), ("title", title)])
}

pub(super) fn consultation(lang: Lang, topic: &str, mode: &str) -> String {
    let topic = Topic::from_code(topic).map_or(topic, |topic| lang.pick(topic.name(), topic.name_en()));
    let mode = Mode::from_code(mode).map_or(mode, |mode| lang.pick(mode.name(), mode.name_en()));
    lang.words("line-consultation", &[("topic", topic), ("mode", mode)])
}

/// 2026-12-04T17:30:00+08:00 as 2026-12-04 17:30; times are those of the place everywhere.
pub(super) fn minute(time: &str) -> String {
    time.get(..16).unwrap_or(time).replace('T', " ")
}

/// As of when figures are, by Shanghai's clocks, and how much older than that they cannot be.
pub(super) fn as_of(lang: Lang, as_of: AsOf) -> String {
    let time = SHANGHAI.to_datetime(as_of.at).time().strftime("%H:%M:%S").to_string();
    match as_of.bound {
        Some(bound) => {
            lang.words("as-of-bound", &[("time", &time), ("seconds", &bound.as_secs().to_string())])
        }
        None => lang.words("as-of-now", &[("time", &time)]),
    }
}

/// 2026-12-04 as 12.4.
pub(super) fn short_day(date: &str) -> String {
    let parts: Vec<&str> = date.split('-').map(|part| part.trim_start_matches('0')).collect();
    parts.get(1..).map_or_else(|| date.to_owned(), |parts| parts.join("."))
}

/// How a unit stands, by a sign and a word: never by colour alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) code: &'static str,
    pub(super) sign: &'static str,
    pub(super) word: &'static str,
}

pub(super) fn standing(lang: Lang, code: &str) -> Option<Standing> {
    let status = Status::from_code(code)?;
    let sign = match status {
        Status::OnTime => "✓",
        Status::Late => "!",
        Status::Zero => "0",
        Status::Returned => "↩",
        Status::Missing => "×",
        Status::Pending | Status::NotExpected => "–",
    };
    Some(Standing { code: status.code(), sign, word: lang.pick(status.name(), status.name_en()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::{Bound, Quantity};

    #[test]
    fn figures_read_easily_and_say_when_they_are_approximate() {
        assert_eq!(
            [0, 999, 1_000, 40_213, -1_234_567].map(grouped),
            ["0", "999", "1,000", "40,213", "-1,234,567"]
        );
        let over = Quantity::new(1_200, Bound::Over).unwrap().sum();
        let about = figure(Lang::ZhCn, &MeasureTotal::new("materials", over));
        assert_eq!((about.text.as_str(), about.range.as_deref()), ("约 1,200", Some("1,200–1,299")));
        assert_eq!(amount(Lang::ZhCn, 1_200, "over", "份"), "1,200余份");
        assert_eq!(amount(Lang::ZhCn, 500, "under", "份"), "近500份");
    }

    #[test]
    fn times_and_days_are_short() {
        assert_eq!(minute("2026-12-04T17:30:00+08:00"), "2026-12-04 17:30");
        assert_eq!(short_day("2026-12-04"), "12.4");
    }

    #[test]
    fn every_status_has_a_sign_and_a_word() {
        for status in Status::ALL {
            assert!(standing(Lang::En, status.code()).is_some());
        }
    }
}
