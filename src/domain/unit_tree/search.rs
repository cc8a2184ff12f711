//! Finding units by name, by the initials of the name in pinyin, or by code.

use super::names::BLOCK;
use super::{Placed, Places, UnitTree};
use crate::domain::unit::UnitCode;
use std::ops::Range;

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

/// What is looked for, as names and codes are kept.
#[derive(Debug)]
pub(super) struct Wanted {
    text: Option<String>,
    /// The bit of each initial; nothing when it cannot be initials.
    initials: Vec<u64>,
    code: Option<UnitCode>,
}

impl Wanted {
    fn new(tree: &UnitTree, query: &str) -> Self {
        Self {
            text: tree.names.write(query),
            initials: tree.names.initials(query).unwrap_or_default(),
            code: UnitCode::new(query).ok(),
        }
    }

    /// Whether units at these places, which are of one block, may fit, so that they need to be looked at one by one.
    fn may_be_at(&self, tree: &UnitTree, places: Range<usize>) -> bool {
        let named = |text: &String| tree.names.block(places.start / BLOCK).contains(text);
        !self.initials.is_empty()
            || self.text.as_ref().is_some_and(named)
            || self.code.as_ref().is_some_and(|code| tree.runs.any_begins(places, code))
    }

    fn rank(&self, unit: Placed<'_>, name: &str) -> Option<Rank> {
        let code = self.code.as_ref().and_then(|code| unit.tree.runs.code_begins(unit.run, unit.place, code));
        let text = self.text.as_deref();
        if code == Some(true) || text == Some(name) {
            return Some(Rank::Whole);
        }
        let typed = unit.tree.names.typed(name, &self.initials);
        if code.is_some() || typed == Some(true) || text.is_some_and(|text| name.starts_with(text)) {
            return Some(Rank::Beginning);
        }
        let inside = typed.is_some() || text.is_some_and(|text| name.contains(text));
        inside.then_some(Rank::Inside)
    }
}

impl UnitTree {
    /// The units of a run that fit, in administrative order, with how well. A character that is read in several ways is found
    /// by each.
    pub fn search<'t>(
        &'t self,
        run: Places<'t>,
        query: &str,
    ) -> impl Iterator<Item = (Rank, Placed<'t>)> + use<'t> {
        let wanted = Wanted::new(self, query);
        let Range { start: mut place, end } = run.places();
        let mut found: std::vec::IntoIter<(Rank, Placed<'t>)> = Vec::new().into_iter();
        std::iter::from_fn(move || {
            loop {
                if let Some(next) = found.next() {
                    return Some(next);
                }
                if place >= end {
                    return None;
                }
                let block = place / BLOCK;
                let upto = end.min((block + 1) * BLOCK);
                if wanted.may_be_at(self, place..upto) {
                    let names = self.names.each(block).skip(place % BLOCK);
                    let fits = self.places(place..upto).zip(names);
                    let fits = fits.filter_map(|(unit, name)| Some((wanted.rank(unit, name)?, unit)));
                    found = fits.collect::<Vec<_>>().into_iter();
                }
                place = upto;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::unit;
    use super::*;
    use crate::domain::unit::UnitId;

    /// Looks at one unit as a person would: nothing is kept in another form.
    fn plainly(name: &str, code: &str, query: &str) -> Option<Rank> {
        if name == query || code == query {
            return Some(Rank::Whole);
        }
        if name.starts_with(query) || code.starts_with(query) {
            return Some(Rank::Beginning);
        }
        name.contains(query).then_some(Rank::Inside)
    }

    #[test]
    fn a_search_finds_what_looking_at_each_finds() {
        let units = (0..2_000).map(|id| {
            let code = if id % 3 == 0 { format!("u{id}") } else { format!("{}", 371_000 + id) };
            let mut unit = unit(id + 1, &code, (id > 0).then_some(id / 3 + 1).filter(|p| *p <= id), id);
            unit.name = format!("{}村{}", ["万福", "吕陵", "东城"][id as usize % 3], id * 7 % 1000);
            unit
        });
        let tree = UnitTree::new(units).unwrap();
        let queries =
            ["万福村", "万福村0", "村99", "u12", "u1999", "3711", "371004", "福", "无", "u5\t", "村1\n"];
        for query in queries {
            for run in [tree.all(), tree.subtree(UnitId(2)), tree.places(700..1_300), tree.places(0..0)] {
                let right: Vec<(Rank, UnitId)> = run
                    .clone()
                    .filter_map(|unit| Some((plainly(&unit.name(), unit.code().as_str(), query)?, unit.id)))
                    .collect();
                let found: Vec<(Rank, UnitId)> =
                    tree.search(run, query).map(|(rank, unit)| (rank, unit.id)).collect();
                assert_eq!(found, right, "{query}");
            }
        }
        for (query, how_many) in [("wfc", 667), ("FC12", 6), ("lvl", 0), ("llc", 667), ("lc7", 66)] {
            let initials = |name: &str| match &name[..6] {
                "万福" => format!("wfc{}", &name[9..]),
                "吕陵" => format!("llc{}", &name[9..]),
                _ => format!("dcc{}", &name[9..]),
            };
            let right = tree.all().filter(|unit| initials(&unit.name()).contains(&query.to_lowercase()));
            let found: Vec<UnitId> = tree.search(tree.all(), query).map(|(_, unit)| unit.id).collect();
            assert_eq!(found, right.map(|unit| unit.id).collect::<Vec<_>>(), "{query}");
            assert!(how_many == 0 || found.len() * 2 > how_many, "{query}: {}", found.len());
        }
    }

    #[test]
    fn units_are_found_by_name_code_and_initials() {
        let rank = |name: &str, query: &str| {
            let mut one = unit(1, "371772001", None, 0);
            one.name = name.into();
            let tree = UnitTree::new(vec![one]).unwrap();
            tree.search(tree.all(), query).next().map(|(rank, _)| rank)
        };
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
        assert_eq!(rank("第（3）村", "d3c"), Some(Rank::Beginning), "brackets are not typed");
        assert_eq!(rank("名\t换\n行", "h\n"), None);
    }
}
