//! The units of the demo: the townships of 菏泽高新区 as they are, and made-up ones that say so in their names.

use crate::domain::calendar::ReportDay;
use crate::domain::unit::{Unit, UnitCode, UnitId, UnitKind};

/// The code of the unit that everything in the demo is under: 菏泽高新区, by the statistical division codes.
pub const ROOT: &str = "371772";
/// The code of the unit that the demo's reporter reports for: 万福街道.
pub const REPORTER_UNIT: &str = "371772001";

/// What a unit is like in a drive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Profile {
    pub(super) code: &'static str,
    name: &'static str,
    pub(super) kind: UnitKind,
    /// First and last day as numbers (20230301).
    opened_on: Option<i32>,
    closed_on: Option<i32>,
    /// How much printed matter it hands out, against the others.
    pub(super) print: u64,
    /// How many consultations it gives, against the others.
    pub(super) advice: u64,
}

const fn profile(
    code: &'static str,
    name: &'static str,
    kind: UnitKind,
    (print, advice): (u64, u64),
) -> Profile {
    Profile { code, name, kind, opened_on: None, closed_on: None, print, advice }
}

use UnitKind::{Department, Enterprise, Hospital, Region, School, Subdistrict, Town};

/// In administrative order. One department ends with 2022 and another begins in 2023, so that a comparison on all
/// units and one on the comparable basis differ.
pub(super) const PROFILES: [Profile; 14] = [
    profile(ROOT, "菏泽高新区", Region, (0, 0)),
    profile(REPORTER_UNIT, "万福街道", Subdistrict, (120, 100)),
    profile("371772100", "吕陵镇", Town, (105, 80)),
    profile("371772108", "马岭岗镇", Town, (130, 85)),
    profile("gx-justice", "司法办（演示数据）", Department, (85, 150)),
    profile("gx-education", "教体办（演示数据）", Department, (75, 20)),
    profile("gx-labour", "人社办（演示数据）", Department, (45, 75)),
    Profile {
        closed_on: Some(20_221_231), ..profile("gx-city", "城管办（演示数据）", Department, (35, 25))
    },
    Profile {
        opened_on: Some(20_230_301),
        ..profile("gx-service", "政务服务中心（演示数据）", Department, (50, 70))
    },
    profile("gx-school-1", "中学甲（演示数据）", School, (60, 10)),
    profile("gx-school-2", "小学甲（演示数据）", School, (50, 6)),
    profile("gx-hospital", "医院甲（演示数据）", Hospital, (40, 30)),
    profile("gx-enterprise-1", "企业甲（演示数据）", Enterprise, (28, 18)),
    profile("gx-enterprise-2", "企业乙（演示数据）", Enterprise, (22, 12)),
];

impl Profile {
    /// How much of an ordinary working day it does on a Saturday or Sunday, in hundredths.
    pub(super) const fn weekend(&self) -> u64 {
        match self.kind {
            Subdistrict | Town => 75,
            Hospital => 60,
            Department => 35,
            Enterprise => 15,
            _ => 0,
        }
    }

    /// Whether it is a 镇街, which has streets to hang banners over and vehicles to send.
    pub(super) const fn is_township(&self) -> bool {
        matches!(self.kind, Subdistrict | Town)
    }
}

/// The units with numbers of their own, 1 being the root; the database gives others.
pub(super) fn all() -> Vec<Unit> {
    let day = |number: Option<i32>| number.and_then(|number| ReportDay::from_number(number).ok());
    let root = UnitId(1);
    PROFILES
        .iter()
        .zip(1..)
        .filter_map(|(profile, number)| {
            Some(Unit {
                id: UnitId(number),
                code: UnitCode::new(profile.code).ok()?,
                name: profile.name.into(),
                kind: profile.kind,
                parent: (number > root.0).then_some(root),
                opened_on: day(profile.opened_on),
                closed_on: day(profile.closed_on),
                order: number,
            })
        })
        .collect()
}
