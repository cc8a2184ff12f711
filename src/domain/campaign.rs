//! Drives, their windows and the templates of what they count.

use super::calendar::{self, ReportDay, Window};
use super::measure::{self, Measure, MeasureCode};
use super::unit::{UnitId, UnitTree};
use jiff::Timestamp;
use jiff::civil::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The stable identifier of a drive in addresses, such as `constitution-2021`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CampaignId(Box<str>);

/// A text is no campaign identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a campaign id is 1 to 64 of a-z 0-9 - _, beginning with a letter")]
pub struct CampaignIdError;

impl CampaignId {
    /// Checks the form of an identifier.
    ///
    /// # Errors
    /// When it is not 1 to 64 of `a-z 0-9 - _` beginning with a letter.
    pub fn new(id: &str) -> Result<Self, CampaignIdError> {
        let fits = (1..=64).contains(&id.len())
            && id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if fits { Ok(Self(id.into())) } else { Err(CampaignIdError) }
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CampaignId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A template of measures: which drive this is. Drives of one kind are compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// 国家宪法日暨宪法宣传周.
    Constitution,
    /// 创建国家卫生城市.
    HygienicCity,
    /// 防范一氧化碳中毒 "敲门行动".
    CarbonMonoxide,
    /// Any other drive; the office picks the measures.
    Custom,
}

super::coded::coded!(Kind {
    Constitution = "constitution", "宪法宣传周", "Constitution Week";
    HygienicCity = "hygienic_city", "创建国家卫生城市", "National Hygienic City";
    CarbonMonoxide = "carbon_monoxide", "防范一氧化碳中毒“敲门行动”", "Carbon-monoxide door-to-door drive";
    Custom = "custom", "专项宣传活动", "Publicity drive";
});

impl Kind {
    /// The codes of the measures that a new drive of this kind counts, in the order of the form.
    #[must_use]
    pub const fn template(self) -> &'static [&'static str] {
        match self {
            Self::Constitution => &[
                "materials",
                "consultations",
                "banners",
                "boards",
                "sessions",
                "audience",
                "volunteers",
                "posts",
                "screens",
                "desks",
                "vehicles",
                "gifts",
                "messages",
            ],
            Self::HygienicCity => &[
                "materials",
                "volunteers",
                "households",
                "banners",
                "boards",
                "sessions",
                "audience",
                "posts",
                "screens",
            ],
            Self::CarbonMonoxide => &[
                "households",
                "materials",
                "hazards_found",
                "hazards_fixed",
                "banners",
                "vehicles",
                "posts",
                "volunteers",
            ],
            Self::Custom => &[
                "materials",
                "consultations",
                "banners",
                "boards",
                "sessions",
                "audience",
                "volunteers",
                "posts",
            ],
        }
    }

    /// Titles that the form offers first for printed matter.
    #[must_use]
    pub const fn titles(self) -> &'static [&'static str] {
        match self {
            Self::Constitution => {
                &["《宪法》", "《民法典》", "《法律援助法》", "《反电信网络诈骗法》", "宣传单页"]
            }
            Self::HygienicCity => &["明白纸", "《致居民的一封信》"],
            Self::CarbonMonoxide => &["明白纸", "《安全用气手册》"],
            Self::Custom => &[],
        }
    }
}

/// A built-in Constitution Week: year, first day, last day (month, day), theme.
type BuiltInWeek = (i16, (i8, i8), (i8, i8), &'static str);

/// The weeks announced so far. Later ones are entered by the office.
const CONSTITUTION_WEEKS: [BuiltInWeek; 8] = [
    (2018, (12, 2), (12, 8), "尊崇宪法、学习宪法、遵守宪法、维护宪法、运用宪法"),
    (2019, (12, 1), (12, 7), "弘扬宪法精神，推进国家治理体系和治理能力现代化"),
    (2020, (11, 30), (12, 6), "深入学习宣传习近平法治思想 大力弘扬宪法精神"),
    (2021, (11, 29), (12, 5), "以习近平法治思想为指引 坚定不移走中国特色社会主义法治道路"),
    (2022, (12, 4), (12, 10), "学习宣传贯彻党的二十大精神，推动全面贯彻实施宪法"),
    (2023, (12, 1), (12, 7), "大力弘扬宪法精神，建设社会主义法治文化"),
    (2024, (12, 1), (12, 7), "大力弘扬宪法精神，推动进一步全面深化改革"),
    (2025, (12, 1), (12, 7), "学习宣传贯彻习近平法治思想，推动宪法深入人心"),
];

/// The announced window and theme of a year's Constitution Week, 2018 to 2025.
#[must_use]
pub fn constitution_week(year: i16) -> Option<(Window, &'static str)> {
    let (_, first, last, theme) = CONSTITUTION_WEEKS.into_iter().find(|week| week.0 == year)?;
    let day = |(month, day)| ReportDay::new(year, month, day).ok();
    Some((Window::new(day(first)?, day(last)?).ok()?, theme))
}

/// Where a drive stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its first day has not come.
    Planned,
    /// Today is one of its days.
    Open,
    /// Its last day is over. Figures may still come in, marked late, until the office locks it.
    Closed,
}

impl State {
    /// The name in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// Which units a drive waits for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Expected {
    /// Every open unit under the drive's own that has no open unit under it.
    #[default]
    Leaves,
    /// These and no others.
    Listed(BTreeSet<UnitId>),
}

/// A drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Its number in the database.
    pub key: i32,
    /// Identifier in addresses.
    pub id: CampaignId,
    /// Template and family for comparison.
    pub kind: Kind,
    /// The year it counts for, which a window over New Year does not tell.
    pub year: i16,
    /// Name.
    pub name: String,
    /// Which of its kind it is (第八个国家宪法日 → 8), where that is counted.
    pub ordinal: Option<u32>,
    /// Theme of the year, or empty.
    pub theme: String,
    /// First and last day.
    pub window: Window,
    /// The time of day until which a report of that day is on time.
    pub deadline: Time,
    /// The unit whose subtree takes part.
    pub unit: UnitId,
    /// Which units it waits for.
    pub expected: Expected,
    /// What it counts, in the order of the form.
    pub measures: Vec<Measure>,
    /// Closed to changes by the office.
    pub locked: bool,
    /// Its figures are made up for showing the program.
    pub demo: bool,
    /// Days that are closed to changes, and who may report still.
    pub locks: Locks,
}

/// Days of a drive that the office has closed to changes, and units that may report on a closed day still.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Locks {
    /// Closed days.
    pub days: BTreeSet<ReportDay>,
    /// Exceptions, with the last instant of each where it has one.
    pub exceptions: BTreeMap<(UnitId, ReportDay), Option<Timestamp>>,
}

impl Locks {
    /// What closes a day, as the code that says so; nothing when it is open. `whole` says that the drive is locked.
    #[must_use]
    pub fn over(&self, day: ReportDay, whole: bool) -> Option<&'static str> {
        if whole { Some("campaign_locked") } else { self.days.contains(&day).then_some("day_locked") }
    }

    /// Whether a unit may report for a closed day now.
    #[must_use]
    pub fn excepts(&self, unit: UnitId, day: ReportDay, now: Timestamp) -> bool {
        self.exceptions.get(&(unit, day)).is_some_and(|until| until.is_none_or(|until| now <= until))
    }
}

/// 18:00, the usual hour.
pub const USUAL_DEADLINE: Time = Time::constant(18, 0, 0, 0);

impl Campaign {
    /// Where it stands today.
    #[must_use]
    pub fn state(&self, today: ReportDay) -> State {
        if today < self.window.first() {
            State::Planned
        } else if today <= self.window.last() {
            State::Open
        } else {
            State::Closed
        }
    }

    /// The last instant at which a report of this day is on time.
    #[must_use]
    pub fn deadline_of(&self, day: ReportDay) -> Timestamp {
        day.at(self.deadline)
    }

    /// The measure with this code, if the drive counts it.
    #[must_use]
    pub fn measure(&self, code: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.code.as_str() == code)
    }

    /// Whether the drive waits for a report of this unit on this day.
    ///
    /// A unit is expected while it is open and while the campaign expects it.
    #[must_use]
    pub fn expects(&self, tree: &UnitTree, unit: UnitId, day: ReportDay) -> bool {
        self.window.contains(day)
            && tree.is_under(unit, self.unit)
            && tree.is_open(unit, day)
            && match &self.expected {
                Expected::Leaves => tree.is_leaf(unit, day),
                Expected::Listed(units) => units.contains(&unit),
            }
    }
}

/// The usual measures of a kind, with names and words.
#[must_use]
pub fn template_measures(kind: Kind) -> Vec<Measure> {
    kind.template().iter().filter_map(|code| measure::built_in_named(code)).collect()
}

/// The usual name of a drive: 2021年国家宪法日暨宪法宣传周.
#[must_use]
pub fn usual_name(kind: Kind, year: i16) -> String {
    match kind {
        Kind::Constitution => format!("{year}年国家宪法日暨宪法宣传周"),
        Kind::HygienicCity | Kind::CarbonMonoxide | Kind::Custom => format!("{year}年{}", kind.name()),
    }
}

/// The ordinal that is counted for a kind: of the Constitution Day itself.
#[must_use]
pub fn ordinal(kind: Kind, year: i16) -> Option<u32> {
    if kind == Kind::Constitution { calendar::constitution_day_ordinal(year) } else { None }
}

/// Whether a code is one a drive may count: built in, or of the drive's own.
#[must_use]
pub fn is_own_measure(code: &MeasureCode) -> bool {
    measure::built_in_named(code.as_str()).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_weeks_hold_the_day_where_the_calendar_puts_it() {
        let places: Vec<_> = (2018..=2025)
            .map(|year| {
                let (window, theme) = constitution_week(year).unwrap();
                assert!(!theme.is_empty());
                assert_eq!(window.days().count(), 7);
                window.days().position(|d| d.month_day() == (12, 4)).unwrap() + 1
            })
            .collect();
        assert_eq!(places, [3, 4, 5, 6, 1, 4, 4, 4]);
        assert_eq!(constitution_week(2026), None);
    }

    #[test]
    fn templates_name_known_measures_only() {
        for kind in Kind::ALL {
            assert_eq!(template_measures(*kind).len(), kind.template().len(), "{kind:?}");
        }
    }
}
