//! What is counted: measures and their measure words.

use std::fmt;
use std::sync::Arc;

/// The stable code of a measure, such as `materials`: 1 to 32 of `a-z 0-9 _`, beginning with a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MeasureCode(Arc<str>);

/// A text is no measure code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a measure code is 1 to 32 of a-z 0-9 _, beginning with a letter")]
pub struct MeasureCodeError;

impl MeasureCode {
    /// Checks the form of a code.
    ///
    /// # Errors
    /// When it is not 1 to 32 of `a-z 0-9 _` beginning with a letter.
    pub fn new(code: &str) -> Result<Self, MeasureCodeError> {
        let fits = (1..=32).contains(&code.len())
            && code.starts_with(|c: char| c.is_ascii_lowercase())
            && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if fits { Ok(Self(code.into())) } else { Err(MeasureCodeError) }
    }

    /// The measure that every consultation record is summed into.
    #[must_use]
    pub fn consultations() -> Self {
        Self(CONSULTATIONS.into())
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the sum of the consultation records, which cannot be given as an item.
    #[must_use]
    pub fn is_consultations(&self) -> bool {
        &*self.0 == CONSULTATIONS
    }
}

impl fmt::Display for MeasureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The code of the measure that is the sum of consultation records.
pub const CONSULTATIONS: &str = "consultations";

/// A measure with its names and measure words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Stable code.
    pub code: MeasureCode,
    /// Name in Chinese, such as 宣传资料.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Measure word, such as 份.
    pub word: String,
    /// Measure word in English, such as `copies`.
    pub word_en: String,
    /// What a drive means to reach of it, where one was set: for its whole unit, and never for comparing units.
    pub target: Option<u32>,
}

/// Every built-in measure: code, name, measure word, English name, English measure word.
///
/// Source: the reports of the field; the words are the commonest of those in use.
pub const BUILT_IN: [(&str, &str, &str, &str, &str); 16] = [
    ("materials", "宣传资料", "份", "Printed matter", "copies"),
    ("banners", "横幅标语", "条", "Banners", "banners"),
    ("boards", "展板", "块", "Display boards", "boards"),
    ("consultations", "法律咨询", "人次", "Consultations", "person-times"),
    ("sessions", "宣讲活动", "场", "Talks and events", "sessions"),
    ("audience", "受教育群众", "人次", "People reached", "person-times"),
    ("volunteers", "志愿者", "名", "Volunteers", "people"),
    ("posts", "微信推送", "篇", "Posts", "posts"),
    ("screens", "电子屏", "块", "Screens", "screens"),
    ("desks", "咨询台", "个", "Consultation desks", "desks"),
    ("vehicles", "宣传车", "台", "Broadcast vehicles", "vehicles"),
    ("gifts", "宣传品", "件", "Gifts", "items"),
    ("messages", "短信", "条", "Text messages", "messages"),
    ("households", "入户", "户", "Households visited", "households"),
    ("hazards_found", "发现隐患", "处", "Hazards found", "hazards"),
    ("hazards_fixed", "整改隐患", "处", "Hazards rectified", "hazards"),
];

/// All built-in measures, in the order of the contract.
#[must_use]
pub fn built_in() -> Vec<Measure> {
    BUILT_IN
        .iter()
        .map(|&(code, name, word, name_en, word_en)| Measure {
            code: MeasureCode(code.into()),
            name: name.into(),
            name_en: name_en.into(),
            word: word.into(),
            word_en: word_en.into(),
            target: None,
        })
        .collect()
}

/// The built-in measure with this code.
#[must_use]
pub fn built_in_named(code: &str) -> Option<Measure> {
    built_in().into_iter().find(|measure| measure.code.as_str() == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_codes_are_valid_and_distinct() {
        let mut codes: Vec<_> = built_in().into_iter().map(|m| m.code).collect();
        assert!(codes.iter().all(|code| MeasureCode::new(code.as_str()).as_ref() == Ok(code)));
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), BUILT_IN.len());
    }

    #[test]
    fn codes_of_other_forms_are_refused() {
        for code in ["", "Materials", "1st", "a b", "宣传资料", "x'; drop", &"a".repeat(33)] {
            assert_eq!(MeasureCode::new(code), Err(MeasureCodeError), "{code:?}");
        }
    }
}
