//! The words above columns: what people call measures, units and days, in Chinese and English.

mod list;

use super::number::narrow;
use crate::domain::campaign::Campaign;
use crate::domain::consultation::{Mode, Topic};
use crate::domain::measure::CONSULTATIONS;
use crate::domain::quantity::Bound;
use list::{COUNTED, EITHER, MEASURES, REPORTS, SUMS, UNITS, VERBS};

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Column {
    /// Code of the unit.
    Code,
    /// Name of the unit.
    Name,
    /// Code of the unit above.
    Parent,
    /// What sort of unit.
    Kind,
    /// First day of a unit.
    OpenedOn,
    /// Last day of a unit.
    ClosedOn,
    /// Place among the siblings.
    Order,
    /// The day reported on.
    Date,
    /// A remark.
    Note,
    /// Whether the report is a zero report.
    Zero,
    /// Counts of a measure, with the title of the print.
    Item {
        /// Code of the measure.
        measure: String,
        /// Title.
        title: Option<String>,
    },
    /// Person-times of consultation; what is not said here a column of its own may say.
    Consultation {
        /// Topic.
        topic: Option<Topic>,
        /// Mode.
        mode: Option<Mode>,
    },
    /// Names of measures, one a row.
    Measure,
    /// Titles, one a row.
    Title,
    /// Counts of what the row names.
    Count,
    /// How the count stands to the true one.
    Bound,
    /// Topics, one a row.
    Topic,
    /// Modes, one a row.
    Mode,
    /// A sum over columns beside it, which is checked and not taken.
    Sum,
    /// Known, and not taken: running numbers, names and telephones of persons, kinds beside copies.
    Left,
}

/// Which words a file may use.
#[derive(Debug, Clone, Copy)]
pub enum Vocabulary<'c> {
    /// Those of a table of units.
    Units,
    /// Those of the reports of a campaign.
    Reports(&'c Campaign),
}

/// Whether a text names a sum of the rows or columns before it.
#[must_use]
pub fn is_sum(text: &str) -> bool {
    let text = plain(text);
    SUMS.contains(&text.trim_end_matches([':', '：']))
}

/// A heading as it is looked up: narrow, small, without spaces, line breaks and underscores.
#[must_use]
pub fn plain(text: &str) -> String {
    narrow(text).to_lowercase().replace('_', "")
}

/// A heading without the measure word behind it: 宣传资料（份）, 横幅/条, 资料数量.
fn without_word(text: &str) -> &str {
    let mut rest = text;
    if let Some((before, inside)) = text.strip_suffix(')').and_then(|text| text.rsplit_once('('))
        && is_counted(inside)
    {
        rest = before;
    } else if let Some((before, word)) = text.rsplit_once('/')
        && is_counted(word)
    {
        rest = before;
    }
    for end in ["总数量", "数量", "总数", "总量", "数"] {
        if let Some(before) = rest.strip_suffix(end).filter(|before| before.chars().count() > 1) {
            return before;
        }
    }
    rest
}

fn is_counted(word: &str) -> bool {
    let english = crate::domain::measure::BUILT_IN.iter().any(|measure| plain(measure.4) == word);
    let word = word.trim_start_matches("单位:");
    english || COUNTED.contains(&word) || word.split(['/', '、']).all(|word| COUNTED.contains(&word))
}

impl Vocabulary<'_> {
    /// What a heading of one cell says.
    #[must_use]
    pub fn look(&self, original: &str) -> Option<Column> {
        let heading = plain(original);
        let found = |list: &[(&str, Column)]| {
            list.iter().find(|(word, _)| *word == heading).map(|(_, column)| column.clone())
        };
        match self {
            Self::Units => found(UNITS)
                .or_else(|| found(EITHER))
                .or_else(|| found(REPORTS).filter(|column| *column == Column::Left)),
            Self::Reports(campaign) => own(campaign, &heading)
                .or_else(|| found(REPORTS))
                .or_else(|| found(EITHER))
                .or_else(|| SUMS.contains(&heading.as_str()).then_some(Column::Sum))
                .or_else(|| measured(campaign, original)),
        }
    }

    /// What a heading of two cells says, one above the other; either may be empty.
    #[must_use]
    pub fn look_both(&self, top: &str, below: &str) -> Option<Column> {
        if below.is_empty() || below == top {
            return self.look(top);
        }
        let (above, own) = (self.look(top), self.look(below));
        match (above, own) {
            (Some(Column::Item { measure, title: None }), own) => match own {
                Some(Column::Item { measure: other, title }) if (other == measure) == title.is_some() => {
                    Some(Column::Item { measure: other, title })
                }
                Some(other @ (Column::Consultation { .. } | Column::Sum | Column::Left | Column::Note)) => {
                    Some(other)
                }
                _ if is_counted(&plain(below)) => Some(Column::Item { measure, title: None }),
                _ => Some(Column::Item { measure, title: Some(narrow_title(below)) }),
            },
            (Some(Column::Consultation { .. }), own) => match own {
                Some(other @ (Column::Item { .. } | Column::Sum | Column::Left | Column::Note)) => {
                    Some(other)
                }
                _ if is_counted(&plain(below)) => Some(Column::Consultation { topic: None, mode: None }),
                _ => consulted(below),
            },
            (above, None) => above.filter(|_| is_counted(&plain(below))),
            (_, own) => own,
        }
    }

    /// Known words that are most like an unknown heading, for the sentence that asks for another one.
    #[must_use]
    pub fn nearest(&self, heading: &str) -> Vec<String> {
        let heading = plain(heading);
        let mut words: Vec<(&str, usize)> = Vec::new();
        let mut add = |word: &'static str| words.push((word, likeness(&heading, word)));
        let lists: &[&[(&'static str, Column)]] = match self {
            Self::Units => &[UNITS, EITHER],
            Self::Reports(_) => &[EITHER, REPORTS],
        };
        lists
            .iter()
            .flat_map(|list| list.iter())
            .filter(|(_, column)| *column != Column::Left)
            .for_each(|(word, _)| add(word));
        if let Self::Reports(campaign) = self {
            let counted = |code: &str| campaign.measure(code).is_some();
            MEASURES
                .iter()
                .filter(|(code, _)| counted(code))
                .flat_map(|(_, words)| words.iter())
                .for_each(|word| add(word));
        }
        words.retain(|(_, like)| *like >= 400);
        words.sort_by_key(|(word, like)| (std::cmp::Reverse(*like), *word));
        words.dedup();
        words.into_iter().take(3).map(|(word, _)| word.to_owned()).collect()
    }
}

/// How alike two words are, in thousandths: characters that both have, of all they have.
fn likeness(one: &str, other: &str) -> usize {
    let mut rest: Vec<char> = other.chars().collect();
    let all = one.chars().count() + rest.len();
    let shared = one
        .chars()
        .filter(|c| rest.iter().position(|d| d == c).map(|at| rest.swap_remove(at)).is_some())
        .count();
    shared * 2_000 / all.max(1)
}

/// A title as it is kept: without white space at its ends or line breaks inside.
#[must_use]
pub fn narrow_title(title: &str) -> String {
    super::separated::trim(title).replace(['\n', '\r', '\t'], " ")
}

/// The column of a measure, consultations being one of records.
fn item(measure: &str, title: Option<String>) -> Column {
    if measure == CONSULTATIONS {
        Column::Consultation { topic: None, mode: None }
    } else {
        Column::Item { measure: measure.to_owned(), title }
    }
}

/// A measure by the very code or name that the campaign gives it.
fn own(campaign: &Campaign, heading: &str) -> Option<Column> {
    let named = |name: &str| plain(name) == heading || plain(name) == without_word(heading);
    let mut measures = campaign.measures.iter();
    let found = measures
        .find(|measure| [measure.code.as_str(), &measure.name, &measure.name_en].into_iter().any(named));
    found.map(|measure| item(measure.code.as_str(), None))
}

/// A measure by what it is also called; a print by its title.
fn measured(campaign: &Campaign, heading: &str) -> Option<Column> {
    let whole = plain(heading);
    let base = without_word(&whole);
    let bare = base_noun(base);
    let counted = |code: &str| campaign.measure(code).is_some();
    let known = |words: &[&str], list: &[&str]| words.iter().any(|word| list.contains(word));
    let named = |words: &[&str]| {
        MEASURES
            .iter()
            .find(|(code, list)| counted(code) && known(words, list))
            .map(|(code, _)| item(code, None))
    };
    if let Some(column) = named(&[&whole, base, bare]) {
        return Some(column);
    }
    // 《宪法》, 宣传资料《宪法》, 宣传资料:宪法, 法律咨询:劳动用工
    let at = heading.find(['《', ':', '：'])?;
    let (measure, title) =
        (plain(&heading[..at]), narrow_title(heading[at..].trim_start_matches([':', '：'])));
    let title =
        if is_counted_behind(&title) { title[..title.rfind(['(', '（', '/'])?].to_owned() } else { title };
    let of = if measure.is_empty() {
        Some(item("materials", None)).filter(|_| counted("materials"))
    } else {
        own(campaign, &measure).or_else(|| named(&[&measure, base_noun(&measure)]))
    };
    match of? {
        Column::Consultation { .. } => consulted(&title),
        Column::Item { measure, .. } if !title.is_empty() => {
            Some(Column::Item { measure, title: Some(title) })
        }
        _ => None,
    }
}

/// Whether a measure word stands behind a title: 《宪法》（份）.
fn is_counted_behind(title: &str) -> bool {
    let narrow = plain(title);
    without_word(&narrow).len() < narrow.len() && narrow.ends_with(')')
        || narrow.rsplit_once('/').is_some_and(|(_, word)| is_counted(word))
}

/// A heading without the verb before its noun. 印发 and 发放 of the same print are different figures of the same thing.
#[must_use]
pub fn base_noun(heading: &str) -> &str {
    VERBS
        .iter()
        .find_map(|verb| heading.strip_prefix(verb))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(heading)
}

/// A noun of a heading, to tell two columns of one measure apart.
#[must_use]
pub fn noun(heading: &str) -> String {
    base_noun(without_word(&plain(heading))).to_owned()
}

/// A topic, a mode, or both with a dot between.
fn consulted(heading: &str) -> Option<Column> {
    let heading = without_word(heading.trim());
    if let Some((first, second)) = heading.split_once('·') {
        return Some(Column::Consultation { topic: Some(topic(first)?), mode: Some(mode(second)?) });
    }
    if let Some(topic) = topic(heading) {
        return Some(Column::Consultation { topic: Some(topic), mode: None });
    }
    mode(heading).map(|mode| Column::Consultation { topic: None, mode: Some(mode) })
}

/// The topic with this code or name.
#[must_use]
pub fn topic(text: &str) -> Option<Topic> {
    let text = plain(text);
    Topic::ALL
        .iter()
        .copied()
        .find(|topic| [topic.code(), topic.name(), topic.name_en()].iter().any(|name| plain(name) == text))
}

/// The mode with this code or name.
#[must_use]
pub fn mode(text: &str) -> Option<Mode> {
    let text = plain(text);
    Mode::ALL
        .iter()
        .copied()
        .find(|mode| [mode.code(), mode.name(), mode.name_en()].iter().any(|name| plain(name) == text))
}

/// Whether a text says yes to a zero report.
#[must_use]
pub fn is_yes(text: &str) -> bool {
    matches!(plain(text).as_str(), "是" | "零报告" | "√" | "✓" | "1" | "true" | "yes" | "y")
}

/// The bound that a text names.
#[must_use]
pub fn bound(text: &str) -> Option<Bound> {
    let text = plain(text);
    Bound::from_code(&text).or(match text.as_str() {
        "精确" | "准确" => Some(Bound::Exact),
        "余" | "多" | "逾" => Some(Bound::Over),
        "近" => Some(Bound::Under),
        "约" => Some(Bound::About),
        _ => None,
    })
}
