//! A country at its full size, for measurements: units from nation to village, and what they report.
//!
//! Provinces have their real names and codes. Everything below them is made up, by numbers that are like the real ones:
//! some sixteen villages a town, fourteen towns a county, nine counties a city.

use super::dice::{Dice, share};
use crate::domain::consultation::{Mode, Topic};
use crate::domain::quantity::Bound;
use crate::domain::tally::{Count, Draft, DraftConsultation, DraftItem};
use crate::domain::unit::{UnitCode, UnitKind};
use crate::store::{Above, NewUnit};

/// Code and name of every province that reports.
const PROVINCES: [(u32, &str); 31] = [
    (11, "北京市"),
    (12, "天津市"),
    (13, "河北省"),
    (14, "山西省"),
    (15, "内蒙古自治区"),
    (21, "辽宁省"),
    (22, "吉林省"),
    (23, "黑龙江省"),
    (31, "上海市"),
    (32, "江苏省"),
    (33, "浙江省"),
    (34, "安徽省"),
    (35, "福建省"),
    (36, "江西省"),
    (37, "山东省"),
    (41, "河南省"),
    (42, "湖北省"),
    (43, "湖南省"),
    (44, "广东省"),
    (45, "广西壮族自治区"),
    (46, "海南省"),
    (50, "重庆市"),
    (51, "四川省"),
    (52, "贵州省"),
    (53, "云南省"),
    (54, "西藏自治区"),
    (61, "陕西省"),
    (62, "甘肃省"),
    (63, "青海省"),
    (64, "宁夏回族自治区"),
    (65, "新疆维吾尔自治区"),
];

/// Code of the unit at the top.
pub const NATION: &str = "CN";

/// A level below the provinces: how many leaves a unit of it has, how many digits its number has and where its numbers
/// begin, and what its units are and are called.
struct Level {
    leaves: u64,
    digits: usize,
    first: u64,
    kinds: &'static [(UnitKind, &'static str)],
}

const LEVELS: [Level; 4] = [
    Level { leaves: 2_016, digits: 2, first: 1, kinds: &[(UnitKind::Region, "市")] },
    Level {
        leaves: 224,
        digits: 2,
        first: 2,
        kinds: &[(UnitKind::Region, "县"), (UnitKind::Region, "县"), (UnitKind::Region, "区")],
    },
    Level {
        leaves: 16,
        digits: 3,
        first: 1,
        kinds: &[(UnitKind::Town, "镇"), (UnitKind::Township, "乡"), (UnitKind::Subdistrict, "街道")],
    },
    Level {
        leaves: 1,
        digits: 3,
        first: 200,
        kinds: &[(UnitKind::Village, "村"), (UnitKind::Village, "村"), (UnitKind::Village, "社区")],
    },
];

/// Characters that made-up places are named with.
const NAMED: [char; 64] = [
    '东', '西', '南', '北', '中', '上', '下', '前', '后', '大', '小', '高', '平', '长', '新', '古', '王',
    '李', '张', '刘', '陈', '杨', '赵', '黄', '周', '吴', '石', '林', '山', '河', '江', '湖', '海', '泉',
    '沟', '岭', '坡', '桥', '店', '集', '营', '寨', '庄', '屯', '塘', '洲', '湾', '桃', '柳', '松', '梅',
    '竹', '龙', '凤', '马', '牛', '永', '安', '兴', '福', '吉', '明', '和', '清',
];

/// Units of a country with so many that report, each after the one above it.
pub(super) fn units(leaves: u64, dice: &mut Dice) -> Vec<(NewUnit, Above)> {
    let mut country = Country { units: Vec::new(), dice };
    country.enter(NATION.into(), "全国".into(), UnitKind::Region, Above::None, 0);
    let shares = country.parts(leaves, PROVINCES.len() as u64);
    for (order, ((code, name), leaves)) in (0..).zip(PROVINCES.iter().zip(shares)) {
        if leaves > 0 {
            let at = country.enter(code.to_string(), (*name).into(), UnitKind::Region, Above::New(0), order);
            country.below(at, &code.to_string(), leaves, &LEVELS);
        }
    }
    country.units
}

struct Country<'d> {
    units: Vec<(NewUnit, Above)>,
    dice: &'d mut Dice,
}

impl Country<'_> {
    fn enter(&mut self, code: String, name: String, kind: UnitKind, above: Above, order: i32) -> usize {
        // A code here is letters or up to twelve digits; should that ever change, the unit is simply not there.
        if let Ok(code) = UnitCode::new(&code) {
            let unit = NewUnit { code, name, kind, parent: None, opened_on: None, closed_on: None, order };
            self.units.push((unit, above));
        }
        self.units.len().saturating_sub(1)
    }

    /// Parts a number, some larger and some smaller.
    fn parts(&mut self, total: u64, parts: u64) -> Vec<u64> {
        let even = parts == total;
        let weights: Vec<u64> = (0..parts).map(|_| if even { 1 } else { self.dice.from(50, 150) }).collect();
        share(total, &weights)
    }

    /// Enters what is below a unit with so many leaves.
    fn below(&mut self, above: usize, code: &str, leaves: u64, levels: &[Level]) {
        let [level, deeper @ ..] = levels else { return };
        let most = 10u64.pow(u32::try_from(level.digits).unwrap_or(2)) - level.first;
        let shares = self.parts(leaves, (leaves / level.leaves).clamp(1, most));
        for (order, leaves) in (0..).zip(shares).filter(|(_, leaves)| *leaves > 0) {
            let number = level.first + order;
            let code = format!("{code}{number:0digits$}", digits = level.digits);
            let (kind, end) = level.kinds[usize::try_from(order).unwrap_or(0) % level.kinds.len()];
            let mut name: String = (0..self.dice.from(2, 3)).map(|_| self.character()).collect();
            name.push_str(end);
            let at =
                self.enter(code.clone(), name, kind, Above::New(above), i32::try_from(order).unwrap_or(0));
            self.below(at, &code, leaves, deeper);
        }
    }

    fn character(&mut self) -> char {
        let at = self.dice.from(0, NAMED.len() as u64 - 1);
        usize::try_from(at).ok().and_then(|at| NAMED.get(at)).copied().unwrap_or('村')
    }
}

/// What a village reports of a day: six measures and three kinds of consultation mostly, some of them rounded; now and
/// then that it did nothing.
pub(super) fn draft(dice: &mut Dice) -> Draft {
    if dice.in_hundred(4) {
        return Draft { zero: true, ..Draft::default() };
    }
    const ITEMS: [(&str, Option<&str>, u64); 8] = [
        ("materials", Some("《宪法》"), 400),
        ("materials", Some("《民法典》"), 200),
        ("banners", None, 6),
        ("boards", None, 4),
        ("sessions", None, 2),
        ("audience", None, 200),
        ("volunteers", None, 10),
        ("posts", None, 3),
    ];
    let topics = &Topic::ALL[1..];
    let first = dice.from(0, 2);
    let items =
        ITEMS.iter().skip(usize::try_from(first).unwrap_or(0)).take(6).map(|(measure, title, most)| {
            let count = dice.from(1, *most);
            let rounded = count > 100 && dice.in_hundred(10);
            DraftItem {
                measure: (*measure).into(),
                title: title.map(Into::into),
                count: Count::Whole(if rounded { count / 100 * 100 } else { count }),
                bound: rounded.then(|| Bound::Over.code().into()),
            }
        });
    let items = items.collect();
    let start = dice.from(0, topics.len() as u64 - 1);
    let record = |n: u64, person_times: u64| DraftConsultation {
        topic: usize::try_from((start + n) % topics.len() as u64).ok().map(|at| topics[at].code().into()),
        mode: Some(if n == 2 { Mode::Phone } else { Mode::OnSite }.code().into()),
        person_times: Count::Whole(person_times),
        bound: None,
    };
    let consultations = (0..3).map(|n| record(n, dice.from(1, 20))).collect();
    Draft { items, consultations, ..Draft::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_country_has_as_many_villages_as_asked_and_no_code_twice() {
        for leaves in [1, 40, 5_000, 60_000] {
            let units = units(leaves, &mut Dice::new(1, 1));
            let villages = units.iter().filter(|(unit, _)| unit.kind == UnitKind::Village).count();
            assert_eq!(villages as u64, leaves);
            let codes: HashSet<&str> = units.iter().map(|(unit, _)| unit.code.as_str()).collect();
            assert_eq!(codes.len(), units.len());
            for (at, (unit, above)) in units.iter().enumerate() {
                match above {
                    Above::New(parent) => {
                        assert!(*parent < at, "each after the one above it");
                        let parent = &units[*parent].0.code;
                        assert!(parent.as_str() == NATION || unit.code.as_str().starts_with(parent.as_str()));
                    }
                    Above::None => assert_eq!(unit.code.as_str(), NATION),
                    Above::Known(_) => panic!("nothing is stored yet"),
                }
                assert!(unit.kind != UnitKind::Village || unit.code.as_str().len() == 12);
            }
        }
    }
}
