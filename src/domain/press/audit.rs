//! A draft's figures against what the tallies say.

use crate::domain::quantity::{Bound, Sum};
use crate::domain::report_text::Figure;

/// How a figure of a draft stands to the tallies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A total of now says so.
    Supported,
    /// It claims more than the total.
    Over,
    /// It was so at another time: before a correction, or on another day.
    Stale,
    /// No total says so.
    Unknown,
}

impl Verdict {
    /// The stable name in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Over => "over",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
        }
    }
}

/// What a figure claims: at least so many, at most so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    low: i64,
    high: i64,
    exact: bool,
}

impl Claim {
    /// The claim of a figure as read.
    ///
    /// 近 is taken for nine tenths at least: 近4万 for 31 000 would mislead although the word allows it.
    #[must_use]
    pub fn of(figure: &Figure) -> Self {
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let (low, high) = (whole(figure.low), whole(figure.high));
        let low = if figure.bound == Bound::Under { low.max(whole(figure.value) / 10 * 9) } else { low };
        Self { low, high, exact: figure.bound == Bound::Exact && figure.doubt.is_none() }
    }

    /// Whether a total bears the claim out: it is proven, and not less than the total either. An exact claim needs a total that
    /// was counted.
    #[must_use]
    pub const fn holds(self, total: Sum) -> bool {
        self.low <= total.low && total.low <= self.high && (!self.exact || total.is_exact())
    }

    /// Whether it claims more than the total proves.
    #[must_use]
    pub const fn exceeds(self, total: Sum) -> bool {
        self.low > total.low
    }
}

/// Judges a claim: by the total, by totals of parts (a unit, a title, today), then by totals of other times. Gives the verdict
/// and which of the parts or other times bore it out.
#[must_use]
pub fn judge(claim: Claim, total: Sum, parts: &[Sum], other_times: &[Sum]) -> (Verdict, Option<usize>) {
    if claim.holds(total) {
        return (Verdict::Supported, None);
    }
    let borne = |totals: &[Sum]| totals.iter().position(|total| claim.holds(*total));
    if let Some(at) = borne(parts) {
        return (Verdict::Supported, Some(at));
    }
    if let Some(at) = borne(other_times) {
        return (Verdict::Stale, Some(at));
    }
    (if claim.exceeds(total) { Verdict::Over } else { Verdict::Unknown }, None)
}

/// Whether a theme is the one of the drive: spaces and punctuation aside.
#[must_use]
pub fn same_theme(named: &str, theme: &str) -> bool {
    let bare = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
    let (named, theme) = (bare(named), bare(theme));
    named == theme
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::report_text;

    fn verdict(text: &str, total: Sum) -> &'static str {
        let figure = &report_text::read(&format!("发放资料{text}份")).figures[0];
        let parts = [Sum::exact(5_210)];
        let earlier = [Sum::exact(36_500)];
        judge(Claim::of(figure), total, &parts, &earlier).0.code()
    }

    #[test]
    fn figures_are_judged_by_what_totals_prove() {
        let total = Sum::exact(40_213);
        for (text, expected) in [
            ("40213", "supported"),
            ("40000余", "supported"),
            ("4万余", "supported"),
            ("逾4万", "supported"),
            ("约40000", "supported"),
            ("近5万", "over"),
            ("41000余", "over"),
            ("40214", "over"),
            ("5万", "over"),
            ("5200余", "supported"),
            ("36500", "stale"),
            ("36000余", "stale"),
            ("120", "unknown"),
        ] {
            assert_eq!(verdict(text, total), expected, "{text}");
        }
        let inexact = Sum { count: 40_000, low: 40_000, high: 49_999 };
        assert_eq!(verdict("40000余", inexact), "supported");
        assert_eq!(verdict("40000", inexact), "unknown", "nobody counted exactly 40000");
        assert_eq!(verdict("45000", inexact), "over");
        assert_eq!(verdict("100", Sum::ZERO), "over");
    }

    #[test]
    fn a_theme_is_compared_by_its_words() {
        assert!(same_theme(
            "学习宣传贯彻习近平法治思想 推动宪法深入人心",
            "学习宣传贯彻习近平法治思想，推动宪法深入人心"
        ));
        assert!(!same_theme("大力弘扬宪法精神", "学习宣传贯彻习近平法治思想，推动宪法深入人心"));
    }
}
