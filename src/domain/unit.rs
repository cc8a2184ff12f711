//! Units as a tree: who reports, and under whom.

use super::calendar::ReportDay;
pub use super::unit_tree::{Gathered, Placed, Places, Rank, TreeError, UnitTree};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::RangeInclusive;

/// The number of a unit in the database. A unit keeps it when it is renamed, recoded or moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitId(pub i32);

/// The code of a unit: an administrative code, a 统一社会信用代码, or an own one; 1 to 32 of `A-Z a-z 0-9 . _ -`.
///
/// Codes of up to 22 characters lie in place: a nation has 700 000 of them.
#[derive(Clone, PartialEq, Eq)]
pub struct UnitCode(Letters);

#[derive(Clone, PartialEq, Eq)]
enum Letters {
    Few(u8, [u8; FEW]),
    Many(Box<str>),
}

const FEW: usize = 22;

/// Digits at most of a code that fits a number, and what tells its length there.
const DIGITS: usize = 17;
const LENGTH: u64 = 10_u64.pow(DIGITS as u32);

impl From<&str> for Letters {
    fn from(text: &str) -> Self {
        match u8::try_from(text.len()) {
            Ok(len) if text.len() <= FEW => {
                let mut letters = [0; FEW];
                letters[..text.len()].copy_from_slice(text.as_bytes());
                Self::Few(len, letters)
            }
            _ => Self::Many(text.into()),
        }
    }
}

impl Hash for UnitCode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for UnitCode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UnitCode {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl fmt::Debug for UnitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnitCode({:?})", self.as_str())
    }
}

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

    /// A code of up to [`DIGITS`] digits as a number: its length, then its digits. One that is one more follows it.
    pub(super) fn number(code: &str) -> Option<u64> {
        let digit = |number: u64, byte: u8| {
            Some(number * 10 + u64::from(byte.checked_sub(b'0').filter(|n| *n < 10)?))
        };
        let fits = (1..=DIGITS).contains(&code.len());
        let digits = fits.then(|| code.bytes().try_fold(0, digit)).flatten()?;
        Some(code.len() as u64 * LENGTH + digits)
    }

    /// The code that such a number is.
    pub(super) fn of_number(number: u64) -> Self {
        let (len, mut rest) = ((number / LENGTH).min(DIGITS as u64) as u8, number % LENGTH);
        let mut letters = [0; FEW];
        for letter in letters[..usize::from(len)].iter_mut().rev() {
            *letter = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Self(Letters::Few(len, letters))
    }

    /// Whether the code that a number is is (`true`) or only begins with that of another.
    pub(super) fn number_begins(number: u64, with: u64) -> Option<bool> {
        let more = u32::try_from((number / LENGTH).checked_sub(with / LENGTH)?).ok()?;
        (number % LENGTH / 10_u64.checked_pow(more)? == with % LENGTH).then_some(more == 0)
    }

    /// Whether one of some numbers that are codes of the same length begins with another's code.
    pub(super) fn any_begins(numbers: RangeInclusive<u64>, with: u64) -> bool {
        let more = (numbers.start() / LENGTH).checked_sub(with / LENGTH);
        let Some(scale) = more.and_then(|more| 10_u64.checked_pow(u32::try_from(more).ok()?)) else {
            return false;
        };
        let digits = |number: &u64| number % LENGTH / scale;
        (digits(numbers.start())..=digits(numbers.end())).contains(&(with % LENGTH))
    }

    /// The code that a text is which was one.
    pub(super) fn of_text(code: &str) -> Self {
        Self(code.into())
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // Made of a text, so it is one.
            Letters::Few(len, letters) => letters
                .get(..usize::from(*len))
                .and_then(|text| str::from_utf8(text).ok())
                .unwrap_or_default(),
            Letters::Many(text) => text,
        }
    }

    /// The codes that this one says its parent may have, nearest first.
    ///
    /// An administrative code is province 2 + city 2 + county 2 (GB/T 2260) + township 3 (GB/T 10114) + village 3; a
    /// unit above may be written short (`3717`) or filled with zeros (`371700000000`). Empty for any other code.
    #[must_use]
    pub fn parents(&self) -> Vec<Self> {
        const ENDS: [usize; 5] = [2, 4, 6, 9, 12];
        let code = self.as_str();
        if !code.bytes().all(|b| b.is_ascii_digit()) || !ENDS.contains(&code.len()) {
            return Vec::new();
        }
        let own = ENDS
            .into_iter()
            .find(|&end| end <= code.len() && code[end..].bytes().all(|b| b == b'0'))
            .unwrap_or(code.len());
        let mut parents = Vec::new();
        for end in ENDS.into_iter().rev().filter(|&end| end < own) {
            let stem = &code[..end];
            parents.extend(
                ENDS.iter()
                    .filter(|&&len| len >= end)
                    .map(|&len| Self(format!("{stem:0<len$}").as_str().into())),
            );
        }
        parents
    }
}

impl fmt::Display for UnitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn codes_of_digits_are_numbers_and_back() {
        let texts = ["0", "000", "37", "371772001", "00000000000000001", "99999999999999999"];
        for text in texts {
            let number = UnitCode::number(text).unwrap();
            assert_eq!(UnitCode::of_number(number).as_str(), text);
            for with in texts {
                let begins = text.starts_with(with).then_some(text == with);
                assert_eq!(UnitCode::number_begins(number, UnitCode::number(with).unwrap()), begins);
            }
        }
        for none in ["", "3a", "３７", "100000000000000000", "CN", "3-1", "3:"] {
            assert_eq!(UnitCode::number(none), None, "{none}");
        }
        assert_eq!(UnitCode::number("200").map(|number| number + 1), UnitCode::number("201"));
    }

    #[test]
    fn codes_of_every_length_are_kept_and_ordered_as_texts() {
        let mut texts: Vec<String> =
            (1..=32).map(|len| "37177200a-b_c.D".repeat(3)[..len].to_owned()).collect();
        texts.push("91370000X".into());
        let mut codes: Vec<UnitCode> = texts.iter().map(|text| UnitCode::new(text).unwrap()).collect();
        texts.sort();
        codes.sort();
        assert_eq!(codes.iter().map(UnitCode::as_str).collect::<Vec<_>>(), texts);
        for wrong in ["", ".a", "a b", "村", &"1".repeat(33)] {
            assert!(UnitCode::new(wrong).is_err(), "{wrong}");
        }
    }
}
