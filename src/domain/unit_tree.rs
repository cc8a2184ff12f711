//! Units laid out as a tree, compactly: a nation has 700 000 of them, and every request looks into it.

use super::calendar::ReportDay;
use super::unit::{Unit, UnitCode, UnitId};
use pinyin::ToPinyinMulti;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// Why units make no tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Two units share a code.
    #[error("code {0} is used twice")]
    CodeTwice(UnitCode),
    /// A unit's parent is not among the units.
    #[error("unit {0} has an unknown parent")]
    UnknownParent(UnitCode),
    /// A unit is its own ancestor.
    #[error("unit {0} is under itself")]
    Circle(UnitCode),
}

/// All units, laid out so that a subtree is one contiguous run in administrative order.
#[derive(Debug, Clone, Default)]
pub struct UnitTree {
    units: Vec<Unit>,
    /// For the unit at each place: where its subtree ends, and the place of its parent or [`NONE`].
    pub(super) ends: Vec<u32>,
    pub(super) parents: Vec<u32>,
    /// The places of units that have not been and will not be there for ever: few, if any.
    pub(super) dated: Vec<u32>,
    by_id: Numbers,
    by_code: Codes,
    /// What [`BLOCK`] units each are found by besides their codes, a line a unit: looked through before the units are.
    words: Vec<Box<str>>,
}

/// No place.
pub(super) const NONE: u32 = u32::MAX;

/// Units whose words are looked through at once: a nation's words lie in some thousand texts, which the machine reads at the
/// speed of its memory.
const BLOCK: usize = 256;

/// Places by number. The database counts up, so the numbers are nearly without gaps.
#[derive(Debug, Clone)]
enum Numbers {
    Dense { first: i32, places: Vec<u32> },
    Sparse(HashMap<UnitId, u32>),
}

impl Default for Numbers {
    fn default() -> Self {
        Self::Dense { first: 0, places: Vec::new() }
    }
}

impl Numbers {
    fn new(units: &[Unit]) -> Self {
        let numbers = || units.iter().map(|unit| unit.id.0);
        let (first, last) = (numbers().min().unwrap_or(0), numbers().max().unwrap_or(0));
        let span = usize::try_from(i64::from(last) - i64::from(first) + 1).unwrap_or(usize::MAX);
        if span > units.len() * 8 + 1_024 {
            return Self::Sparse(units.iter().map(|unit| unit.id).zip(0..).collect());
        }
        let mut places = vec![NONE; span];
        for (place, number) in (0..).zip(numbers()) {
            places[(number - first).unsigned_abs() as usize] = place;
        }
        Self::Dense { first, places }
    }

    fn place(&self, unit: UnitId) -> Option<u32> {
        match self {
            Self::Dense { first, places } => {
                let at = usize::try_from(i64::from(unit.0) - i64::from(*first)).ok()?;
                places.get(at).copied().filter(|place| *place != NONE)
            }
            Self::Sparse(places) => places.get(&unit).copied(),
        }
    }
}

/// Places by code: open addressing over places alone, for the codes lie in the units.
#[derive(Debug, Clone, Default)]
struct Codes {
    slots: Vec<u32>,
    hasher: RandomState,
}

impl Codes {
    /// Puts every unit in; gives the code that comes twice.
    fn new(units: &[Unit]) -> Result<Self, UnitCode> {
        let size = (units.len() * 3 / 2 + 1).next_power_of_two();
        let mut codes = Self { slots: vec![NONE; size], hasher: RandomState::new() };
        for (place, unit) in (0..).zip(units) {
            match codes.slot(units, unit.code.as_str()) {
                Some(slot) if codes.slots[slot] == NONE => codes.slots[slot] = place,
                _ => return Err(unit.code.clone()),
            }
        }
        Ok(codes)
    }

    /// The slot that holds a code, or the free one where it would be.
    fn slot(&self, units: &[Unit], code: &str) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        // The lower bits are all that is wanted of the hash.
        let mut at = self.hasher.hash_one(code) as usize & mask;
        while self.slots[at] != NONE && units[self.slots[at] as usize].code.as_str() != code {
            at = (at + 1) & mask;
        }
        Some(at)
    }

    fn place(&self, units: &[Unit], code: &str) -> Option<u32> {
        self.slot(units, code).map(|slot| self.slots[slot]).filter(|place| *place != NONE)
    }
}

/// How well a unit fits what is looked for, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// It is the whole code or name.
    Whole,
    /// Code, name or the initials of the name begin with it.
    Beginning,
    /// Name or initials have it inside.
    Inside,
}

/// The line that a unit is found by: its name and, each after a tab, the initials of its name in pinyin. A name with a
/// character that is read in several ways has several, though not all when there are many such.
fn words(name: &str) -> String {
    const MOST: usize = 8;
    let mut line: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut initials = vec![String::with_capacity(name.len() / 3)];
    for character in line.chars() {
        let mut letters: Vec<char> = Vec::new();
        match character.to_pinyin_multi() {
            Some(readings) => {
                for letter in readings.into_iter().filter_map(|reading| reading.plain().chars().next()) {
                    // Pinyin that begins with ü is typed with v, and no other letter is not a plain one.
                    let letter = if letter == 'ü' { 'v' } else { letter };
                    if letter.is_ascii_lowercase() && !letters.contains(&letter) {
                        letters.push(letter);
                    }
                }
            }
            None if character.is_ascii_alphanumeric() => letters.push(character.to_ascii_lowercase()),
            None => {}
        }
        let Some((first, others)) = letters.split_first() else { continue };
        let branches: Vec<String> = initials
            .iter()
            .flat_map(|stem| others.iter().map(move |letter| format!("{stem}{letter}")))
            .take(MOST.saturating_sub(initials.len()))
            .collect();
        initials.iter_mut().for_each(|stem| stem.push(*first));
        initials.extend(branches);
    }
    for one in initials.iter().filter(|one| !one.is_empty()) {
        line.push('\t');
        line.push_str(one);
    }
    line
}

/// How a unit with this line and code fits.
fn rank(line: &str, code: &str, query: &str) -> Option<Rank> {
    let (name, initials) = line.split_once('\t').unwrap_or((line, ""));
    if name == query || code == query {
        return Some(Rank::Whole);
    }
    let letters = query.to_ascii_lowercase();
    let mut initials = initials.split('\t').filter(|_| query.is_ascii());
    if name.starts_with(query)
        || code.starts_with(query)
        || initials.clone().any(|one| one.starts_with(&letters))
    {
        return Some(Rank::Beginning);
    }
    let inside = name.contains(query) || initials.any(|one| one.contains(&letters));
    inside.then_some(Rank::Inside)
}

impl UnitTree {
    /// How many units there are.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.units.len()
    }

    /// Lays out units as a tree; siblings are ordered by `order`, then code.
    ///
    /// # Errors
    /// When codes repeat, a parent is missing, or units are under themselves.
    pub fn new(mut units: Vec<Unit>) -> Result<Self, TreeError> {
        units.sort_by(|a, b| (a.order, &a.code).cmp(&(b.order, &b.code)));
        let known: HashMap<UnitId, usize> =
            units.iter().enumerate().map(|(at, unit)| (unit.id, at)).collect();
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); units.len()];
        let mut roots = Vec::new();
        for (at, unit) in units.iter().enumerate() {
            match unit.parent.map(|parent| known.get(&parent)) {
                None => roots.push(at),
                Some(Some(&parent)) => children[parent].push(at),
                Some(None) => return Err(TreeError::UnknownParent(unit.code.clone())),
            }
        }
        let mut order = Vec::with_capacity(units.len());
        let mut parents = Vec::with_capacity(units.len());
        let mut ends = vec![0; units.len()];
        // Depth first without recursion: a chain of a hundred thousand units must not exhaust the stack.
        let mut stack: Vec<(usize, u32)> = roots.into_iter().rev().map(|at| (at, NONE)).collect();
        while let Some((at, parent)) = stack.pop() {
            let place = u32::try_from(order.len()).unwrap_or(u32::MAX);
            order.push(at);
            parents.push(parent);
            stack.extend(children[at].iter().rev().map(|&child| (child, place)));
        }
        if order.len() < units.len() {
            let mut placed = vec![false; units.len()];
            order.iter().for_each(|&at| placed[at] = true);
            let lost = placed.iter().position(|placed| !placed).unwrap_or(0);
            return Err(TreeError::Circle(units[lost].code.clone()));
        }
        for place in (0..order.len()).rev() {
            ends[place] = ends[place].max(u32::try_from(place + 1).unwrap_or(u32::MAX));
            if parents[place] != NONE {
                let end = ends[place];
                let slot = &mut ends[parents[place] as usize];
                *slot = end.max(*slot);
            }
        }
        let mut waiting: Vec<Option<Unit>> = units.into_iter().map(Some).collect();
        let units: Vec<Unit> = order.iter().filter_map(|&at| waiting[at].take()).collect();
        drop(waiting);
        let by_code = Codes::new(&units).map_err(TreeError::CodeTwice)?;
        let by_id = Numbers::new(&units);
        let block = |units: &[Unit]| {
            let lines = units.iter().flat_map(|unit| [words(&unit.name), "\n".to_owned()]);
            lines.collect::<String>().into_boxed_str()
        };
        let words = units.chunks(BLOCK).map(block).collect();
        let dated = |unit: &Unit| unit.opened_on.is_some() || unit.closed_on.is_some();
        let dated = (0..).zip(&units).filter(|(_, unit)| dated(unit)).map(|(place, _)| place).collect();
        Ok(Self { units, ends, parents, dated, by_id, by_code, words })
    }

    /// The units of a run that fit, in administrative order, with how well.
    pub fn search<'t>(&'t self, run: &'t [Unit], query: &'t str) -> impl Iterator<Item = (Rank, &'t Unit)> {
        let start = run.first().and_then(|unit| self.place(unit.id)).unwrap_or(0);
        let blocks = if run.is_empty() { 0..0 } else { start / BLOCK..(start + run.len()).div_ceil(BLOCK) };
        let letters = query.to_ascii_lowercase();
        // Only what could begin a code is looked for among codes.
        let code = UnitCode::new(query).is_ok();
        blocks.flat_map(move |block| {
            let all = &self.units[block * BLOCK..self.units.len().min((block + 1) * BLOCK)];
            let words = &self.words[block];
            let fits = words.contains(query)
                || (query.is_ascii() && words.contains(&letters))
                || (code && all.iter().any(|unit| unit.code.as_str().starts_with(query)));
            let lines = if fits { words.lines() } else { "".lines() };
            let inside = start..start + run.len();
            (block * BLOCK..)
                .zip(lines.zip(all))
                .filter(move |(place, _)| inside.contains(place))
                .filter_map(move |(_, (line, unit))| Some((rank(line, unit.code.as_str(), query)?, unit)))
        })
    }

    /// The place of a unit in administrative order.
    #[must_use]
    pub fn place(&self, unit: UnitId) -> Option<usize> {
        self.by_id.place(unit).map(|place| place as usize)
    }

    /// The unit with this number.
    #[must_use]
    pub fn get(&self, unit: UnitId) -> Option<&Unit> {
        self.place(unit).map(|place| &self.units[place])
    }

    /// The unit with this code.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<&Unit> {
        self.by_code.place(&self.units, code).map(|place| &self.units[place as usize])
    }

    /// All units, parents before children, siblings in administrative order.
    #[must_use]
    pub fn all(&self) -> &[Unit] {
        &self.units
    }

    /// A unit and everything under it, in administrative order. Empty for an unknown unit.
    #[must_use]
    pub fn subtree(&self, unit: UnitId) -> &[Unit] {
        self.place(unit).map_or(&[], |place| &self.units[place..self.ends[place] as usize])
    }

    /// The units directly under one, in administrative order.
    pub fn children(&self, unit: UnitId) -> impl Iterator<Item = &Unit> {
        let place = self.place(unit);
        let end = place.map_or(0, |place| self.ends[place] as usize);
        let mut next = place.map_or(end, |place| place + 1);
        std::iter::from_fn(move || {
            let child = (next < end).then(|| &self.units[next])?;
            next = self.ends[next] as usize;
            Some(child)
        })
    }

    /// The units that have none above them.
    pub fn roots(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter().filter(|unit| unit.parent.is_none())
    }

    /// Every unit above one, nearest first.
    pub fn ancestors(&self, unit: UnitId) -> impl Iterator<Item = UnitId> {
        let mut at = self.place(unit);
        std::iter::from_fn(move || {
            at =
                self.parents.get(at?).copied().filter(|parent| *parent != NONE).map(|parent| parent as usize);
            at.map(|place| self.units[place].id)
        })
    }

    /// Whether `unit` is `above` or somewhere under it.
    #[must_use]
    pub fn is_under(&self, unit: UnitId, above: UnitId) -> bool {
        let (Some(unit), Some(above)) = (self.place(unit), self.place(above)) else { return false };
        (above..self.ends[above] as usize).contains(&unit)
    }

    /// Whether a unit and every unit above it exist on a day.
    #[must_use]
    pub fn is_open(&self, unit: UnitId, day: ReportDay) -> bool {
        self.get(unit).is_some_and(|unit| unit.exists_on(day))
            && self.ancestors(unit).all(|above| self.get(above).is_some_and(|above| above.exists_on(day)))
    }

    /// Whether a unit has no unit under it that exists on a day.
    #[must_use]
    pub fn is_leaf(&self, unit: UnitId, day: ReportDay) -> bool {
        !self.children(unit).any(|child| child.exists_on(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::unit::UnitKind;

    fn unit(id: i32, code: &str, parent: Option<i32>, order: i32) -> Unit {
        Unit {
            id: UnitId(id),
            code: UnitCode::new(code).unwrap(),
            name: code.into(),
            kind: UnitKind::Other,
            parent: parent.map(UnitId),
            opened_on: None,
            closed_on: None,
            order,
        }
    }

    #[test]
    fn subtrees_are_runs_in_administrative_order() {
        let tree = UnitTree::new(vec![
            unit(5, "e", Some(2), 0),
            unit(1, "a", None, 0),
            unit(3, "c", Some(1), 1),
            unit(2, "b", Some(1), 2),
            unit(4, "d", Some(3), 0),
            unit(6, "f", None, 1),
        ])
        .unwrap();
        let codes = |units: &[Unit]| units.iter().map(|u| u.code.to_string()).collect::<String>();
        assert_eq!(codes(tree.all()), "acdbef");
        assert_eq!(codes(tree.subtree(UnitId(3))), "cd");
        assert_eq!(tree.children(UnitId(1)).map(|u| u.id.0).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(tree.ancestors(UnitId(4)).map(|u| u.0).collect::<Vec<_>>(), [3, 1]);
        assert!(tree.is_under(UnitId(4), UnitId(1)) && tree.is_under(UnitId(1), UnitId(1)));
        assert!(!tree.is_under(UnitId(4), UnitId(2)) && !tree.is_under(UnitId(1), UnitId(9)));
        assert_eq!(tree.children(UnitId(9)).count(), 0);
    }

    #[test]
    fn a_search_finds_what_looking_at_each_finds() {
        let units = (0..2_000).map(|id| {
            let mut unit =
                unit(id + 1, &format!("u{id}"), (id > 0).then_some(id / 3 + 1).filter(|p| *p <= id), id);
            unit.name = format!("{}村{}", ["万福", "吕陵", "东城"][id as usize % 3], id * 7 % 1000);
            unit
        });
        let tree = UnitTree::new(units.collect()).unwrap();
        for query in [
            "万福村",
            "万福村0",
            "村99",
            "u12",
            "u1999",
            "12",
            "福",
            "无",
            "u5	",
            "村1
",
            "wfc",
            "FC12",
            "lvl",
        ] {
            for run in [tree.all(), tree.subtree(UnitId(2)), &tree.all()[700..1300], &tree.all()[..0]] {
                let right: Vec<(Rank, UnitId)> = run
                    .iter()
                    .filter_map(|unit| Some((rank(&words(&unit.name), unit.code.as_str(), query)?, unit.id)))
                    .collect();
                let found: Vec<(Rank, UnitId)> =
                    tree.search(run, query).map(|(rank, unit)| (rank, unit.id)).collect();
                assert_eq!(found, right, "{query}");
            }
        }
    }

    #[test]
    fn units_are_found_by_name_code_and_initials() {
        let rank = |name: &str, query: &str| rank(&words(name), "371772001", query);
        assert_eq!(rank("万福街道", "万福街道"), Some(Rank::Whole));
        assert_eq!(rank("万福街道", "371772001"), Some(Rank::Whole));
        assert_eq!(rank("万福街道", "37177"), Some(Rank::Beginning));
        assert_eq!(rank("万福街道", "万"), Some(Rank::Beginning));
        assert_eq!(rank("万福街道", "wf"), Some(Rank::Beginning));
        assert_eq!(rank("万福街道", "WFJD"), Some(Rank::Beginning));
        assert_eq!(rank("万福街道", "福"), Some(Rank::Inside));
        assert_eq!(rank("万福街道", "fj"), Some(Rank::Inside));
        assert_eq!(rank("万福街道", "fd"), None);
        assert_eq!(rank("万福街道", "72001"), None, "a code is found by its beginning");
        for (name, initials) in
            [("重庆市", "cqs"), ("厦门市", "xms"), ("长沙市", "css"), ("六安市", "las"), ("菏泽市", "hzs")]
        {
            assert_eq!(rank(name, initials), Some(Rank::Beginning), "{name}");
        }
        assert_eq!(rank("第3村民小组", "d3cmxz"), Some(Rank::Beginning), "what is no Chinese stays");
        assert_eq!(
            rank(
                "名	换
行",
                "h
"
            ),
            None
        );
    }

    #[test]
    fn numbers_with_gaps_are_found() {
        let tree = UnitTree::new(vec![unit(5, "a", None, 0), unit(2_000_000_000, "b", Some(5), 0)]).unwrap();
        assert_eq!(tree.get(UnitId(2_000_000_000)).unwrap().code.as_str(), "b");
        assert_eq!(tree.by_code("a").unwrap().id, UnitId(5));
        for none in [-1, 0, 4, 6, i32::MAX, i32::MIN] {
            assert!(tree.get(UnitId(none)).is_none());
        }
        assert!(tree.by_code("c").is_none() && UnitTree::default().by_code("a").is_none());
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        let circle = vec![unit(1, "a", Some(2), 0), unit(2, "b", Some(1), 0), unit(3, "c", None, 0)];
        assert!(matches!(UnitTree::new(circle), Err(TreeError::Circle(_))));
        assert!(matches!(UnitTree::new(vec![unit(1, "a", Some(7), 0)]), Err(TreeError::UnknownParent(_))));
        let twice = vec![unit(1, "a", None, 0), unit(2, "a", None, 0)];
        assert!(matches!(UnitTree::new(twice), Err(TreeError::CodeTwice(_))));
    }

    #[test]
    fn a_unit_is_open_between_its_days_and_under_open_units() {
        let day = |text: &str| text.parse::<ReportDay>().unwrap();
        let mut above = unit(1, "a", None, 0);
        above.closed_on = Some(day("2025-12-03"));
        let mut below = unit(2, "b", Some(1), 0);
        below.opened_on = Some(day("2025-12-02"));
        let tree = UnitTree::new(vec![above, below]).unwrap();
        let open: Vec<_> = (1..=4).map(|d| tree.is_open(UnitId(2), day(&format!("2025-12-0{d}")))).collect();
        assert_eq!(open, [false, true, true, false]);
        assert!(tree.is_leaf(UnitId(1), day("2025-12-01")));
        assert!(!tree.is_leaf(UnitId(1), day("2025-12-02")));
    }
}
