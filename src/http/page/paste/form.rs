//! The messages of a paste as fields, and back.

use crate::domain::measure::CONSULTATIONS;
use crate::domain::tally::{Draft, DraftConsultation, DraftItem};
use crate::http::page::report::count;
use crate::http::request::Query;
use crate::service::parse::FigureView;
use crate::service::paste::PastePart;
use crate::service::tallies::TallyView;
use std::collections::{BTreeMap, BTreeSet};

/// Parts and rows beyond these are not read; no chat holds more.
const PARTS: u16 = 300;

/// A figure to be taken or left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) at: usize,
    pub(super) take: bool,
    pub(super) measure: String,
    pub(super) title: String,
    pub(super) count: String,
    pub(super) bound: String,
    /// As it stands in the message.
    pub(super) written: String,
    /// Why it should be looked at: the code of the doubt.
    pub(super) doubt: String,
}

/// A piece of a message; a figure has its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) row: Option<usize>,
}

/// A message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) at: usize,
    pub(super) take: bool,
    pub(super) unit: String,
    /// Whose it may be: codes and names.
    pub(super) candidates: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) pieces: Vec<Piece>,
    pub(super) items: Vec<Item>,
    pub(super) unread: Vec<String>,
    /// The message says that nothing was done.
    pub(super) zero: bool,
    /// The version that it replaces; empty for none.
    pub(super) version: String,
    pub(super) reason: String,
    pub(super) faults: Vec<String>,
}

impl Part {
    /// The fields of a message that was read.
    pub(super) fn read(at: usize, part: PastePart, counts: impl Fn(&str) -> bool) -> Self {
        let chars: Vec<char> = part.text.chars().collect();
        let mut lines: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for figure in &part.figures {
            *lines.entry((figure.measure, &figure.title)).or_default() += 1;
        }
        let item = |(figure, at): (&FigureView, usize)| {
            let alone = lines.get(&(figure.measure, figure.title.as_str())) == Some(&1);
            let title = if alone || figure.measure == CONSULTATIONS {
                figure.title.clone()
            } else {
                called(&chars, figure.start)
            };
            Item {
                at,
                // What is doubtful, or not counted here, is not taken unless a person says so.
                take: !figure.doubtful && counts(figure.measure),
                measure: figure.measure.to_owned(),
                title,
                count: figure.value.to_string(),
                bound: figure.bound.to_owned(),
                written: figure.text.clone(),
                doubt: figure.reason.unwrap_or_default().to_owned(),
            }
        };
        let items: Vec<Item> = part.figures.iter().zip(0..).map(item).collect();
        let (mut pieces, mut from) = (Vec::new(), 0);
        let slice = |from: usize, to: usize| chars.get(from..to).unwrap_or_default().iter().collect();
        for (figure, at) in part.figures.iter().zip(0..) {
            pieces.push(Piece { text: slice(from, figure.start), row: None });
            pieces.push(Piece { text: slice(figure.start, figure.end), row: Some(at) });
            from = figure.end;
        }
        pieces.push(Piece { text: slice(from, chars.len()), row: None });
        let zero = items.is_empty() && says_nothing_was_done(&part.text);
        let says = zero || items.iter().any(|item| item.take);
        Self {
            at,
            zero,
            take: part.unit.is_some() && part.stored.is_none() && says,
            unit: part.unit.as_ref().map(|unit| unit.unit.clone()).unwrap_or_default(),
            candidates: part
                .unit
                .into_iter()
                .chain(part.candidates)
                .map(|unit| (unit.unit, unit.name))
                .collect(),
            unread: part.unread.into_iter().map(|span| span.text).collect(),
            version: part.stored.map(|tally| tally.version.to_string()).unwrap_or_default(),
            text: part.text,
            pieces,
            items,
            ..Self::default()
        }
    }

    /// What was sent.
    pub(super) fn sent(fields: &Query) -> Vec<Self> {
        let mut parts: BTreeMap<u16, (Self, BTreeMap<u16, Item>)> = BTreeMap::new();
        for (name, value) in fields.pairs() {
            let mut names = name.split('.');
            let (Some("parts"), Some(at), Some(field)) = (names.next(), names.next(), names.next()) else {
                continue;
            };
            let Some(at) = at.parse::<u16>().ok().filter(|at| *at < PARTS) else { continue };
            let (part, items) = parts.entry(at).or_default();
            let value = value.to_owned();
            match field {
                "take" => part.take = true,
                "zero" => part.zero = true,
                "unit" => part.unit = value.trim().to_owned(),
                "text" => part.text = value,
                "version" => part.version = value,
                "reason" => part.reason = value,
                "candidate" => {
                    part.candidates
                        .extend(value.split_once('|').map(|(code, name)| (code.into(), name.into())));
                }
                "items" => {
                    let row = names.next().and_then(|row| row.parse::<u16>().ok()).filter(|row| *row < PARTS);
                    let Some(row) = row else { continue };
                    let item = items.entry(row).or_default();
                    match names.next() {
                        Some("take") => item.take = true,
                        Some("measure") => item.measure = value,
                        Some("title") => item.title = value,
                        Some("count") => item.count = value,
                        Some("bound") => item.bound = value,
                        Some("written") => item.written = value,
                        Some("doubt") => item.doubt = value,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        let whole = |(at, (part, items)): (u16, (Self, BTreeMap<u16, Item>))| {
            let items = items.into_iter().map(|(at, item)| Item { at: at.into(), ..item }).collect();
            let pieces = vec![Piece { text: part.text.clone(), row: None }];
            Self { at: at.into(), items, pieces, ..part }
        };
        parts.into_iter().map(whole).collect()
    }

    /// The report that it makes, which keeps what a message has no words for.
    pub(super) fn draft(&self, via: &str, stored: Option<&TallyView>) -> Draft {
        let mut draft = Draft {
            via: Some(via.to_owned()).filter(|via| !via.is_empty()),
            reason: self.reason.clone(),
            zero: self.zero,
            ..Draft::default()
        };
        for item in self.items.iter().filter(|item| item.take) {
            let bound = Some(item.bound.clone()).filter(|bound| !bound.is_empty());
            if item.measure == CONSULTATIONS {
                let (topic, mode) = (None, None);
                let person_times = count(&item.count);
                draft.consultations.push(DraftConsultation { topic, mode, person_times, bound });
            } else {
                let title = Some(item.title.trim().to_owned()).filter(|title| !title.is_empty());
                let (measure, count) = (item.measure.clone(), count(&item.count));
                draft.items.push(DraftItem { measure, title, count, bound });
            }
        }
        if let Some(stored) = stored {
            let Draft { note, joint, .. } = stored.draft();
            (draft.note, draft.joint) = (note, joint);
        }
        draft
    }
}

/// Whether a message is a zero report (零报告) in the words that chats have for it.
fn says_nothing_was_done(text: &str) -> bool {
    ["零报告", "零报送", "零报", "零上报", "今日无活动", "今天无活动", "无活动开展", "未开展活动", "没有活动"]
        .iter()
        .any(|words| text.contains(words))
}

/// What a message calls the thing it counts, so that two prints of one message stay two lines: the words right before the
/// number, without the verb.
fn called(chars: &[char], start: usize) -> String {
    const LONGEST: usize = 12;
    let stops = |c: &char| {
        matches!(c, '，' | ',' | '、' | '。' | '；' | ';' | '：' | ':' | '\n' | ' ' | '（' | '(' | ')' | '）')
            || c.is_ascii_digit()
    };
    let before: Vec<char> = chars
        .get(..start)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(|c| !stops(c))
        .take(LONGEST)
        .copied()
        .collect();
    let mut words: String = before.into_iter().rev().collect();
    let verbs: BTreeSet<&str> = [
        "印发", "发放", "派发", "赠送", "分发", "散发", "张贴", "悬挂", "摆放", "发送", "共", "各类", "约",
        "近", "逾",
    ]
    .into();
    while let Some(verb) = verbs.iter().find(|verb| words.starts_with(**verb)) {
        words.drain(..verb.len());
    }
    for quantifier in ["近", "逾", "约", "超过", "共", "共计"] {
        words = words.strip_suffix(quantifier).map(ToOwned::to_owned).unwrap_or(words);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::parse;

    fn part(text: &str) -> Part {
        let read = parse::parse(text);
        let part = PastePart {
            unit: None,
            candidates: Vec::new(),
            text: text.into(),
            figures: read.figures,
            unread: read.unread,
            stored: None,
        };
        Part::read(0, part, |measure| measure != "gifts")
    }

    #[test]
    fn two_prints_of_a_message_stay_two_lines() {
        let part = part("发放宣传手册800余份、单页近500张、环保袋30个，咨询20人次");
        let items: Vec<_> =
            part.items.iter().map(|item| (item.measure.as_str(), item.title.as_str(), item.take)).collect();
        assert_eq!(
            items,
            [
                ("materials", "宣传手册", true),
                ("materials", "单页", true),
                ("gifts", "", false),
                ("consultations", "", true)
            ]
        );
        let draft = part.draft("wechat", None);
        assert_eq!((draft.items.len(), draft.consultations.len()), (2, 1));
        assert_eq!(draft.via.as_deref(), Some("wechat"));
        let shown: String = part.pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(shown, part.text);
    }

    #[test]
    fn a_message_may_be_a_zero_report() {
        let zero = part("马岭岗：今日零报告");
        assert!(zero.zero && zero.draft("wechat", None).zero);
        assert!(!part("零报告的除外，资料300份").zero, "figures are no zero report");
        assert!(!part("收到").zero);
    }

    #[test]
    fn what_was_sent_is_what_was_shown() {
        let shown = part("资料12份，咨询数百人次");
        let mut fields = vec![("parts.0.text".to_owned(), shown.text.clone())];
        for item in &shown.items {
            let name = |field: &str| format!("parts.0.items.{}.{field}", item.at);
            if item.take {
                fields.push((name("take"), "1".into()));
            }
            let values = [
                ("measure", &item.measure),
                ("count", &item.count),
                ("bound", &item.bound),
                ("written", &item.written),
                ("doubt", &item.doubt),
            ];
            fields.extend(values.map(|(field, value)| (name(field), value.clone())));
        }
        fields.push(("parts.70000.take".into(), "1".into()));
        fields.push(("parts.1".into(), String::new()));
        let sent = Part::sent(&Query::of(fields));
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].items, shown.items);
    }
}
