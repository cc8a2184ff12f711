//! Units as a tree: who reports, and under whom.

use super::calendar::ReportDay;
use std::collections::HashMap;
use std::fmt;

/// The number of a unit in the database. A unit keeps it when it is renamed, recoded or moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitId(pub i32);

/// The code of a unit: an administrative code, a 统一社会信用代码, or an own one; 1 to 32 of `A-Z a-z 0-9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitCode(Box<str>);

/// A text is no unit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a unit code is 1 to 32 of A-Z a-z 0-9 . _ -")]
pub struct UnitCodeError;

impl UnitCode {
    /// Checks the form of a code.
    ///
    /// # Errors
    /// When it is not 1 to 32 of `A-Z a-z 0-9 . _ -`.
    pub fn new(code: &str) -> Result<Self, UnitCodeError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let fits = (1..=32).contains(&code.len()) && code.bytes().all(allowed) && !code.starts_with('.');
        if fits { Ok(Self(code.into())) } else { Err(UnitCodeError) }
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The codes that this one says its parent may have, nearest first.
    ///
    /// An administrative code is province 2 + city 2 + county 2 (GB/T 2260) + township 3 (GB/T 10114) + village 3; a
    /// unit above may be written short (`3717`) or filled with zeros (`371700000000`). Empty for any other code.
    #[must_use]
    pub fn parents(&self) -> Vec<Self> {
        const ENDS: [usize; 5] = [2, 4, 6, 9, 12];
        if !self.0.bytes().all(|b| b.is_ascii_digit()) || !ENDS.contains(&self.0.len()) {
            return Vec::new();
        }
        let own = ENDS
            .into_iter()
            .find(|&end| end <= self.0.len() && self.0[end..].bytes().all(|b| b == b'0'))
            .unwrap_or(self.0.len());
        let mut parents = Vec::new();
        for end in ENDS.into_iter().rev().filter(|&end| end < own) {
            let stem = &self.0[..end];
            parents.extend(
                ENDS.iter().filter(|&&len| len >= end).map(|&len| Self(format!("{stem:0<len$}").into())),
            );
        }
        parents
    }
}

impl fmt::Display for UnitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What sort of unit this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum UnitKind {
    /// 省 and above, 市, 县区, 开发区: units that only add up.
    Region,
    /// 街道.
    Subdistrict,
    /// 镇.
    Town,
    /// 乡.
    Township,
    /// 村, 社区.
    Village,
    /// 机关部门.
    Department,
    /// 学校.
    School,
    /// 医院.
    Hospital,
    /// 企业.
    Enterprise,
    /// Anything else.
    #[default]
    Other,
}

super::coded::coded!(UnitKind {
    Region = "region", "行政区", "Region";
    Subdistrict = "subdistrict", "街道", "Subdistrict";
    Town = "town", "镇", "Town";
    Township = "township", "乡", "Township";
    Village = "village", "村（社区）", "Village or community";
    Department = "department", "部门", "Department";
    School = "school", "学校", "School";
    Hospital = "hospital", "医院", "Hospital";
    Enterprise = "enterprise", "企业", "Enterprise";
    Other = "other", "其他", "Other";
});

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its number.
    pub id: UnitId,
    /// Its code.
    pub code: UnitCode,
    /// Its name.
    pub name: String,
    /// What sort it is.
    pub kind: UnitKind,
    /// The unit above it.
    pub parent: Option<UnitId>,
    /// The first day it exists; open since ever when absent.
    pub opened_on: Option<ReportDay>,
    /// The last day it exists; open for ever when absent.
    pub closed_on: Option<ReportDay>,
    /// Its place among its siblings: administrative order.
    pub order: i32,
}

impl Unit {
    /// Whether it exists on a day, by its own dates.
    #[must_use]
    pub fn exists_on(&self, day: ReportDay) -> bool {
        self.opened_on.is_none_or(|opened| opened <= day) && self.closed_on.is_none_or(|closed| day <= closed)
    }
}

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
    /// For the unit at each place: where its subtree ends, and the place of its parent.
    ends: Vec<u32>,
    parents: Vec<Option<u32>>,
    by_id: HashMap<UnitId, u32>,
    by_code: HashMap<UnitCode, u32>,
    /// Codes and names of [`BLOCK`] units each, one after another: looked through before the units themselves.
    words: Vec<Box<str>>,
}

/// Units whose words are looked through at once: a nation's words lie in some thousand texts, which the machine reads at the
/// speed of its memory.
const BLOCK: usize = 256;

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
        let mut stack: Vec<(usize, Option<u32>)> = roots.into_iter().rev().map(|at| (at, None)).collect();
        while let Some((at, parent)) = stack.pop() {
            let place = u32::try_from(order.len()).unwrap_or(u32::MAX);
            order.push(at);
            parents.push(parent);
            stack.extend(children[at].iter().rev().map(|&child| (child, Some(place))));
        }
        if order.len() < units.len() {
            let mut placed = vec![false; units.len()];
            order.iter().for_each(|&at| placed[at] = true);
            let lost = placed.iter().position(|placed| !placed).unwrap_or(0);
            return Err(TreeError::Circle(units[lost].code.clone()));
        }
        for place in (0..order.len()).rev() {
            ends[place] = ends[place].max(u32::try_from(place + 1).unwrap_or(u32::MAX));
            if let Some(parent) = parents[place] {
                let end = ends[place];
                let slot = &mut ends[parent as usize];
                *slot = end.max(*slot);
            }
        }
        let mut rank = vec![0; units.len()];
        order.iter().enumerate().for_each(|(place, &at)| rank[at] = place);
        let mut placed: Vec<(usize, Unit)> = rank.into_iter().zip(units).collect();
        placed.sort_by_key(|(place, _)| *place);
        let units: Vec<Unit> = placed.into_iter().map(|(_, unit)| unit).collect();
        let mut by_id = HashMap::with_capacity(units.len());
        let mut by_code = HashMap::with_capacity(units.len());
        for (place, unit) in (0u32..).zip(&units) {
            by_id.insert(unit.id, place);
            if by_code.insert(unit.code.clone(), place).is_some() {
                return Err(TreeError::CodeTwice(unit.code.clone()));
            }
        }
        let block = |units: &[Unit]| {
            let words = units.iter().flat_map(|unit| [unit.code.as_str(), "\t", &unit.name, "\n"]);
            words.collect::<String>().into_boxed_str()
        };
        let words = units.chunks(BLOCK).map(block).collect();
        Ok(Self { units, ends, parents, by_id, by_code, words })
    }

    /// The units of a run that have this in their name, or at the beginning of their code.
    pub fn search<'t>(&'t self, run: &'t [Unit], query: &'t str) -> impl Iterator<Item = &'t Unit> {
        let start = run.first().and_then(|unit| self.place(unit.id)).unwrap_or(0);
        let mut at = start;
        std::iter::from_fn(move || {
            while let Some(unit) = run.get(at - start) {
                if (at == start || at.is_multiple_of(BLOCK)) && !self.words[at / BLOCK].contains(query) {
                    at = (at / BLOCK + 1) * BLOCK;
                    continue;
                }
                at += 1;
                if unit.name.contains(query) || unit.code.as_str().starts_with(query) {
                    return Some(unit);
                }
            }
            None
        })
    }

    fn place(&self, unit: UnitId) -> Option<usize> {
        self.by_id.get(&unit).map(|&place| place as usize)
    }

    /// The unit with this number.
    #[must_use]
    pub fn get(&self, unit: UnitId) -> Option<&Unit> {
        self.place(unit).map(|place| &self.units[place])
    }

    /// The unit with this code.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<&Unit> {
        let code = UnitCode::new(code).ok()?;
        self.by_code.get(&code).map(|&place| &self.units[place as usize])
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
            at = self.parents[at?].map(|parent| parent as usize);
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
    fn codes_say_their_parents() {
        let parents = |code: &str| -> Vec<String> {
            UnitCode::new(code).unwrap().parents().iter().map(ToString::to_string).collect()
        };
        assert_eq!(parents("371772001")[..2], ["371772".to_owned(), "371772000".to_owned()]);
        assert!(parents("371772001000").contains(&"371772".to_owned()));
        assert_eq!(parents("3717"), ["37", "3700", "370000", "370000000", "370000000000"]);
        assert!(parents("37").is_empty());
        assert!(parents("gx-edu").is_empty());
        assert!(!parents("370000").contains(&"370000".to_owned()));
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
        for query in ["万福村", "村99", "u12", "u1999", "12", "福", "无", "u5\t", "村1\n"] {
            for run in [tree.all(), tree.subtree(UnitId(2)), &tree.all()[700..1300], &tree.all()[..0]] {
                let fits = |unit: &&Unit| unit.name.contains(query) || unit.code.as_str().starts_with(query);
                let right: Vec<UnitId> = run.iter().filter(fits).map(|unit| unit.id).collect();
                let found: Vec<UnitId> = tree.search(run, query).map(|unit| unit.id).collect();
                assert_eq!(found, right, "{query}");
            }
        }
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
