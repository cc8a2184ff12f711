//! Messages of several units pasted together: where each begins, and whose it is.
//!
//! A message begins with the name of its unit at the head of a line or sentence: `1. 牡丹街道：…`, `【丹阳办】…`. A name that
//! fits several units, or fits one only roughly, is asked about and never guessed.

use super::class::Class;
use super::{chars, lexicon};
use std::collections::HashMap;

/// A unit by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'a> {
    /// Its name, such as 牡丹街道.
    pub name: &'a str,
    /// The name of the unit above it; tells two units of one name apart.
    pub above: &'a str,
}

/// Whose a part of a text is. Units are places in the list of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// This unit's.
    Unit(usize),
    /// Perhaps one of these: a person decides.
    Ask(Vec<usize>),
    /// Nobody's that is known.
    Unknown,
}

/// A part of a text. Places are in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Whose it is.
    pub owner: Owner,
    /// Where it begins: at the heading.
    pub start: usize,
    /// Where it ends, exclusive.
    pub end: usize,
}

/// Endings of names, the longest first within a sort; endings of one sort mean the same.
const ENDINGS: [(&str, u8); 27] = [
    ("街道办事处", 1),
    ("街道办", 1),
    ("办事处", 1),
    ("街道", 1),
    ("街办", 1),
    ("办", 1),
    ("镇人民政府", 2),
    ("镇政府", 2),
    ("镇", 2),
    ("乡人民政府", 3),
    ("乡政府", 3),
    ("乡", 3),
    ("管委会", 4),
    ("开发区", 4),
    ("社区居委会", 5),
    ("社区", 5),
    ("村委会", 6),
    ("村民委员会", 6),
    ("村", 6),
    ("区", 7),
    ("县", 8),
    ("市", 9),
    ("局", 10),
    ("委员会", 11),
    ("委", 11),
    ("学校", 12),
    ("医院", 13),
];

/// The longest heading looked at, in characters.
const HEADING: usize = 24;
/// Names compared roughly with one heading.
const COMPARED: usize = 4_000;
/// Labels that begin a line and name no unit.
const LABELS: &str = "时间 地点 备注 主题 形式 联系人 联系电话 上报人 填报人 报送人 单位 内容 附件 图片 说明 注 日期 活动时间 活动地点 活动主题 \
    活动内容 活动形式 负责人 情况 活动情况 今日 昨日 今天 累计 其他 通知 收到 好的 各位领导 领导好 各位领导好 大家好 现将情况汇报如下 汇报如下";

struct Known {
    full: Vec<char>,
    stem: Vec<char>,
    sort: Option<u8>,
}

struct Index<'a> {
    names: &'a [Name<'a>],
    known: Vec<Known>,
    by_full: HashMap<Vec<char>, Vec<usize>>,
    by_stem: HashMap<Vec<char>, Vec<usize>>,
    by_first: HashMap<char, Vec<usize>>,
    by_last: HashMap<char, Vec<usize>>,
}

/// Splits a text among units. Parts follow each other and cover the text; a text without a heading is one part.
#[must_use]
pub fn split(text: &str, names: &[Name<'_>]) -> Vec<Part> {
    let text = chars::normalise(text);
    let index = Index::new(names);
    let mut parts: Vec<Part> = Vec::new();
    let mut owned = 0usize;
    for Head { item, name, by_line } in heads(&text) {
        let Some(owner) = index.owner(&text, name, by_line, owned > 1) else { continue };
        owned += usize::from(owner != Owner::Unknown);
        if let Some(last) = parts.last_mut() {
            last.end = item;
        } else if text[..item].iter().any(|c| !c.is_whitespace()) {
            parts.push(Part { owner: Owner::Unknown, start: 0, end: item });
        }
        let start = if parts.is_empty() { 0 } else { item };
        parts.push(Part { owner, start, end: text.len() });
    }
    if parts.is_empty() && !text.is_empty() {
        parts.push(Part { owner: Owner::Unknown, start: 0, end: text.len() });
    }
    parts
}

/// Where a heading may begin.
struct Head {
    /// Where its item begins, with the marker.
    item: usize,
    /// Where the name begins.
    name: usize,
    /// Whether it begins a line.
    by_line: bool,
}

/// Places where a heading may begin; markers such as `1.` and `【` are passed over.
fn heads(text: &[char]) -> Vec<Head> {
    let mut heads = Vec::new();
    let mut fresh = Some((0, true));
    for (at, c) in text.iter().enumerate() {
        match (c, fresh) {
            ('\n', _) => fresh = Some((at + 1, true)),
            ('。' | ';' | '!', _) => fresh = Some((at + 1, false)),
            (
                ' ' | '【' | '[' | '(' | ')' | '、' | '.' | '#' | '*' | '@' | '·' | '①'..='⑳' | '0'..='9',
                Some(_),
            ) => {}
            (_, Some((item, by_line))) => {
                heads.push(Head { item, name: at, by_line });
                fresh = None;
            }
            _ => {}
        }
    }
    heads
}

/// A name without its ending, and the sort of the ending. What is left has two characters at least.
fn stem(name: &[char]) -> (&[char], Option<u8>) {
    let ends = |ending: &str| {
        let length = ending.chars().count();
        let left = name.len().checked_sub(length).filter(|left| *left >= 2)?;
        ending.chars().eq(name[left..].iter().copied()).then_some(&name[..left])
    };
    let found = ENDINGS.iter().filter_map(|(ending, sort)| Some((ends(ending)?, *sort)));
    found.min_by_key(|(left, _)| left.len()).map_or((name, None), |(left, sort)| (left, Some(sort)))
}

impl<'a> Index<'a> {
    fn new(names: &'a [Name<'a>]) -> Self {
        let mut index = Self {
            names,
            known: Vec::with_capacity(names.len()),
            by_full: HashMap::new(),
            by_stem: HashMap::new(),
            by_first: HashMap::new(),
            by_last: HashMap::new(),
        };
        for (at, name) in names.iter().enumerate() {
            let full = chars::normalise(name.name.trim());
            let (left, sort) = stem(&full);
            let left = left.to_vec();
            if let (Some(first), Some(last)) = (left.first(), left.last()) {
                index.by_first.entry(*first).or_default().push(at);
                index.by_last.entry(*last).or_default().push(at);
            }
            index.by_full.entry(full.clone()).or_default().push(at);
            index.by_stem.entry(left.clone()).or_default().push(at);
            index.known.push(Known { full, stem: left, sort });
        }
        index
    }

    /// Whose message begins at a place, when one does.
    fn owner(&self, text: &[char], at: usize, by_line: bool, several: bool) -> Option<Owner> {
        let rest = &text[at..(at + HEADING).min(text.len())];
        let length = rest.iter().position(|c| is_end(*c)).unwrap_or(rest.len());
        let heading = &rest[..length];
        let ended = rest.get(length).is_none_or(|c| matches!(c, ':' | ' ' | '\n' | '】' | ']' | ')' | '-'));
        if let Some(owner) = self.named(heading, by_line, ended) {
            return Some(owner);
        }
        if !by_line || !ended || heading.len() < 2 {
            return None;
        }
        if is_total(heading) {
            return several.then_some(Owner::Unknown);
        }
        if is_label(heading) {
            return None;
        }
        let rough = self.rough(heading);
        if !rough.is_empty() {
            return Some(Owner::Ask(rough));
        }
        let colon = rest.get(length) == Some(&':');
        let unit_like = stem(heading).1.is_some() && heading.len() <= 12;
        (unit_like || (colon && heading.len() <= 10)).then_some(Owner::Unknown)
    }

    /// The unit that a heading begins with, by full name, short name or a name of the same sort; of a unit and one below it,
    /// the one below.
    fn named(&self, heading: &[char], by_line: bool, ended: bool) -> Option<Owner> {
        let mut owner = None;
        let mut skip = 0;
        while skip < heading.len() {
            match self.one(heading, skip, by_line, ended) {
                Some((found, length)) => {
                    owner = Some(self.choose(found, &heading[..skip]));
                    skip += length;
                }
                None if owner.is_some() => break,
                None => {
                    // 高新区牡丹街道: only the name of an area may stand before.
                    let area = |c: &char| matches!(c, '省' | '市' | '区' | '县' | '镇' | '乡' | '旗');
                    skip += 1 + heading[skip..].iter().position(area)?;
                }
            }
        }
        owner
    }

    /// The units whose name stands at one place of a heading, and how long it is.
    fn one(&self, heading: &[char], skip: usize, by_line: bool, ended: bool) -> Option<(Vec<usize>, usize)> {
        (2..=heading.len() - skip).rev().find_map(|length| {
            let part = &heading[skip..skip + length];
            let after = &heading[skip + length..];
            let full = self.by_full.get(part).filter(|_| by_line || continues(after));
            let found =
                full.cloned().unwrap_or_else(|| self.by_short(part, after.is_empty() && ended, after));
            (!found.is_empty() && (full.is_some() || continues(after))).then_some((found, length))
        })
    }

    /// Units by stem: with an ending of the same sort, or with none where the heading ends or a verb follows.
    fn by_short(&self, part: &[char], ended: bool, after: &[char]) -> Vec<usize> {
        let (left, sort) = stem(part);
        if let Some(sort) = sort {
            let found = self.by_stem.get(left).into_iter().flatten().copied();
            let same: Vec<usize> = found.filter(|at| self.known[*at].sort == Some(sort)).collect();
            if !same.is_empty() {
                return same;
            }
        }
        let acts = matches!(
            lexicon::longest(after, 0),
            Some((_, Class::Verb(_) | Class::Noun(_) | Class::Total | Class::Done))
        );
        if ended || acts { self.by_stem.get(part).cloned().unwrap_or_default() } else { Vec::new() }
    }

    /// One of several by the unit above, when the heading names it.
    fn choose(&self, found: Vec<usize>, before: &[char]) -> Owner {
        if let [one] = found[..] {
            return Owner::Unit(one);
        }
        let is_above = |at: &&usize| {
            let above = chars::normalise(self.names[**at].above);
            !before.is_empty()
                && (before.ends_with(&above) || before.ends_with(stem(&above).0) || above.ends_with(before))
        };
        let fitting: Vec<usize> = found.iter().filter(is_above).copied().collect();
        match fitting[..] {
            [one] => Owner::Unit(one),
            _ => Owner::Ask(found),
        }
    }

    /// Units whose name differs in one character, or is shortened in the heading (教体局 for 教育和体育局).
    fn rough(&self, heading: &[char]) -> Vec<usize> {
        let (left, _) = stem(heading);
        let (Some(first), Some(last)) = (left.first(), left.last()) else { return Vec::new() };
        let near = self.by_first.get(first).into_iter().chain(self.by_last.get(last)).flatten();
        let mut found: Vec<usize> = near
            .take(COMPARED)
            .copied()
            .filter(|at| {
                let known = &self.known[*at];
                let alike = left.len() >= 2 && known.stem.len() >= 2 && left.len() + known.stem.len() >= 5;
                (alike && differs_by_one(left, &known.stem)) || is_shortened(heading, &known.full)
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Whether a character ends a heading.
fn is_end(c: char) -> bool {
    matches!(c, ':' | '，' | ',' | '。' | ';' | ' ' | '\n' | '】' | ']' | ')' | '(' | '!' | '-' | '、')
        || c.is_ascii_digit()
}

/// Whether what follows a name lets it be a heading: an end, or what units do.
fn continues(after: &[char]) -> bool {
    after.is_empty()
        || matches!(
            lexicon::longest(after, 0),
            Some((
                _,
                Class::Verb(_)
                    | Class::Noun(_)
                    | Class::Weak(_)
                    | Class::Total
                    | Class::Done
                    | Class::For
                    | Class::Plain
            ))
        )
}

fn is_total(heading: &[char]) -> bool {
    matches!(lexicon::longest(heading, 0), Some((length, Class::Total)) if length == heading.len())
}

/// A label or a heading made of words of the field: 悬挂横幅, 活动时间.
fn is_label(heading: &[char]) -> bool {
    let text: String = heading.iter().collect();
    let worded = (0..heading.len()).any(|at| {
        matches!(
            lexicon::longest(heading, at),
            Some((length, Class::Noun(_) | Class::Weak(_) | Class::Verb(_) | Class::Total)) if length > 1
        )
    });
    worded || LABELS.split_whitespace().any(|label| label == text)
}

fn differs_by_one(a: &[char], b: &[char]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let rest = if short.len() == long.len() { same + 1 } else { same };
    short.len() < rest || short.get(rest..) == long.get(same + 1..)
}

/// A short form that keeps the order of the characters and both ends.
fn is_shortened(short: &[char], full: &[char]) -> bool {
    let ends = short.first() == full.first() && short.last() == full.last();
    if !ends || short.len() < 3 || short.len() >= full.len() {
        return false;
    }
    let mut full = full.iter();
    short.iter().all(|c| full.any(|other| other == c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [(&str, &str); 9] = [
        ("牡丹街道", "高新区"),
        ("丹阳街道", "高新区"),
        ("万福街道", "高新区"),
        ("吕陵镇", "高新区"),
        ("教育和体育局", "高新区"),
        ("城关镇", "甲县"),
        ("城关镇", "乙县"),
        ("马岭岗镇", "高新区"),
        ("第一中学", "高新区"),
    ];

    fn owners(text: &str) -> Vec<(String, String)> {
        let names: Vec<Name> = NAMES.iter().map(|(name, above)| Name { name, above }).collect();
        let parts = split(text, &names);
        let chars: Vec<char> = text.chars().collect();
        assert_eq!(parts.first().map(|part| part.start), (!chars.is_empty()).then_some(0));
        assert_eq!(parts.last().map_or(0, |part| part.end), chars.len());
        assert!(parts.windows(2).all(|two| two[0].end == two[1].start && two[0].start < two[0].end));
        parts
            .iter()
            .map(|part| {
                let owner = match &part.owner {
                    Owner::Unit(at) => format!("{at}"),
                    Owner::Ask(several) => format!("?{several:?}"),
                    Owner::Unknown => "-".into(),
                };
                (owner, chars[part.start..part.end].iter().collect::<String>().trim().to_owned())
            })
            .collect()
    }

    fn who(text: &str) -> String {
        owners(text).into_iter().map(|(owner, _)| owner).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn messages_are_given_to_the_units_that_their_headings_name() {
        assert_eq!(who("1. 牡丹街道：横幅12条\n2. 丹阳街道：横幅5条\n3.万福：资料300份"), "0 1 2");
        assert_eq!(who("【牡丹街道】横幅12条\n悬挂横幅：3条\n【吕陵镇】资料200份"), "0 3");
        assert_eq!(who("牡丹办事处 横幅12条\n丹阳办发放资料300份"), "0 1");
        assert_eq!(who("万福街道：横幅30条；丹阳街道：横幅20条"), "2 1");
        assert_eq!(who("牡丹街道发放资料500份。丹阳街道发放资料300份。"), "0 1");
        assert_eq!(who("高新区吕陵镇：横幅1条\n马嶺崗鎮 横幅2条"), "3 7");
        assert_eq!(owners("各位领导好\n牡丹街道：横幅12条")[1].0, "0");
    }

    #[test]
    fn what_is_not_clear_is_asked() {
        assert_eq!(who("城关镇：横幅12条"), "?[5, 6]");
        assert_eq!(who("甲县城关镇：横幅12条\n乙县城关镇：横幅3条"), "5 6");
        assert_eq!(who("教体局：资料300份"), "?[4]");
        assert_eq!(who("马领岗镇：资料300份"), "?[7]");
        assert_eq!(who("黄河路街道：资料300份\n牡丹街道：横幅3条"), "- 0");
    }

    #[test]
    fn names_within_a_message_and_totals_do_not_mislead() {
        assert_eq!(who("牡丹街道联合丹阳街道开展宣传，发放资料300份"), "0");
        assert_eq!(who("牡丹街道：资料300份\n时间：12月4日\n地点：广场"), "0");
        assert_eq!(who("牡丹街道：横幅1条\n丹阳街道：横幅2条\n合计：横幅3条"), "0 1 -");
        assert_eq!(who("发放资料300份"), "-");
        assert_eq!(who(""), "");
    }
}
