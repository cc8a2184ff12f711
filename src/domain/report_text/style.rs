//! What a text for the press gets wrong about numbers, and which ordinals it names.

use super::class::Class;
use super::tokens::{self, Kind, Tokens};
use super::units::UnitKind;
use super::{Span, chars, numeral};

/// A way of writing a number that says nothing, or two things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// 25余: the last digit is counted, so nothing is left over.
    OverOnDigit,
    /// 1.5万余: a decimal is as exact as it looks.
    OverOnDecimal,
    /// 近500余, 约300余: below and above at once.
    Contradiction,
    /// 4千: thousands are written out.
    Thousand,
}

impl Slip {
    /// The stable name in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OverOnDigit => "over_on_digit",
            Self::OverOnDecimal => "over_on_decimal",
            Self::Contradiction => "contradiction",
            Self::Thousand => "thousand",
        }
    }
}

/// A number written wrongly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slipped {
    /// What is wrong.
    pub slip: Slip,
    /// Where and how it is written.
    pub span: Span,
    /// How it should be.
    pub suggestion: String,
}

/// What an ordinal counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// 国家宪法日.
    Day,
    /// 宪法宣传周.
    Week,
}

/// 第十一个国家宪法日.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordinal {
    /// What is counted.
    pub occasion: Occasion,
    /// Which it is said to be.
    pub number: u64,
    /// The ordinal with its word: 第十一个.
    pub span: Span,
}

/// Every number of a text that is written wrongly.
#[must_use]
pub fn slips(text: &str) -> Vec<Slipped> {
    let original: Vec<char> = text.chars().collect();
    let tokens = tokens::read(text);
    let mut found = Vec::new();
    for (at, token) in tokens.tokens.iter().enumerate() {
        let Kind::Number(index) = token.kind else { continue };
        let number = &tokens.numbers[index];
        let Some(value) = number.numeral.value().filter(|_| counts(number)) else { continue };
        let (first, below, about) = quantifiers(&tokens, at);
        let over = number.numeral.over && !number.loosely;
        let slip = if over && (below || about) {
            Slip::Contradiction
        } else if over && number.numeral.decimal {
            Slip::OverOnDecimal
        } else if over && value % 10 != 0 {
            Slip::OverOnDigit
        } else if is_thousand(&tokens.text[token.start..number.numeral.end]) {
            Slip::Thousand
        } else {
            continue;
        };
        let written: String = original[number.numeral.end..token.end].iter().collect();
        let more = if over { "余" } else { "" };
        // Below ten there is no round number to leave something over.
        let suggestion = match slip {
            Slip::OverOnDigit if value > 10 => format!("{}余{written}", value / 10 * 10),
            Slip::OverOnDigit => format!("{value}{written}"),
            _ => format!("{value}{more}{written}"),
        };
        let start = first.map_or(token.start, |first| tokens.tokens[first].start);
        let text = original[start..token.end].iter().collect();
        found.push(Slipped { slip, span: Span { text, start, end: token.end }, suggestion });
    }
    found
}

/// Whether a number counts something; years and lengths are written by other rules.
const fn counts(number: &tokens::Number) -> bool {
    let counted = matches!(number.unit.kind, UnitKind::Count | UnitKind::Person | UnitKind::None);
    counted && !number.code && !number.numeral.vague && !number.numeral.range
}

/// The first of the words 近, 约 and the like before a number, and whether they say below or about.
fn quantifiers(tokens: &Tokens, at: usize) -> (Option<usize>, bool, bool) {
    let (mut first, mut below, mut about) = (None, false, false);
    for place in (at.saturating_sub(3)..at).rev() {
        match tokens.tokens[place].kind {
            Kind::Word(Class::Under) => below = true,
            Kind::Word(Class::About) => about = true,
            Kind::Space => continue,
            _ => break,
        }
        first = Some(place);
    }
    (first, below, about)
}

/// 4千, 3千余: an Arabic digit before 千.
fn is_thousand(written: &[char]) -> bool {
    written.windows(2).any(|two| two[0].is_ascii_digit() && two[1] == '千')
}

/// Every ordinal of a Constitution Day or Week that a text names.
#[must_use]
pub fn ordinals(text: &str) -> Vec<Ordinal> {
    let original: Vec<char> = text.chars().collect();
    let normal = chars::normalise(text);
    let mut found = Vec::new();
    for (start, _) in normal.iter().enumerate().filter(|(_, c)| **c == '第') {
        let Some(numeral) = numeral::read(&normal, start + 1) else { continue };
        let word = usize::from(matches!(normal.get(numeral.end), Some('个' | '届' | '次')));
        let end = numeral.end + word;
        let marks =
            normal[end..].iter().take_while(|c| matches!(c, ' ' | '“' | '”' | '"' | '「')).take(3).count();
        let names =
            |name: &str| name.chars().eq(normal[end + marks..].iter().copied().take(name.chars().count()));
        let occasion = if names("国家宪法日") || names("宪法日") || names("12·4") {
            Occasion::Day
        } else if names("宪法宣传周") || names("全国宪法宣传周") {
            Occasion::Week
        } else {
            continue;
        };
        let Some(number) = numeral.value() else { continue };
        let text = original[start..end].iter().collect();
        found.push(Ordinal { occasion, number, span: Span { text, start, end } });
    }
    found
}

/// The theme that a text names, without its quotation marks: 以“…”为主题, 主题为“…”.
#[must_use]
pub fn theme(text: &str) -> Option<Span> {
    const LONGEST: usize = 80;
    let chars: Vec<char> = text.chars().collect();
    let is = |at: usize, word: [char; 2]| chars.get(at..at + 2) == Some(&word[..]);
    let opens = |c: &char| matches!(c, '“' | '"' | '「' | '『' | '‘');
    let closes = |c: &char| matches!(c, '”' | '"' | '」' | '』' | '’');
    (0..chars.len()).filter(|at| is(*at, ['主', '题'])).find_map(|at| {
        let from = at.saturating_sub(LONGEST);
        let before = chars[from..at].iter().rposition(closes).map(|place| from + place);
        let (start, end) = match before.filter(|close| at - close <= 2) {
            Some(close) => (chars[from..close].iter().rposition(opens).map(|place| from + place + 1)?, close),
            None => {
                let open = at + 2 + chars[at + 2..].iter().take(4).position(opens)?;
                (open + 1, open + 1 + chars[open + 1..].iter().take(LONGEST).position(closes)?)
            }
        };
        (start < end).then(|| Span { text: chars[start..end].iter().collect(), start, end })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_say_nothing_are_found_with_a_better_one() {
        let found = |text: &str| -> Vec<(String, &'static str, String)> {
            slips(text).into_iter().map(|slip| (slip.span.text, slip.slip.code(), slip.suggestion)).collect()
        };
        let one = |text: &str, written: &str, code: &'static str, suggestion: &str| {
            assert_eq!(found(text), [(written.to_owned(), code, suggestion.to_owned())], "{text}");
        };
        one("解答咨询25余人次", "25余人次", "over_on_digit", "20余人次");
        one("横幅3余条", "3余条", "over_on_digit", "3条");
        one("发放资料近500余份", "近500余份", "contradiction", "500余份");
        one("发放资料约300余份", "约300余份", "contradiction", "300余份");
        one("发放资料1.5万余份", "1.5万余份", "over_on_decimal", "15000余份");
        one("发放资料4千份", "4千份", "thousand", "4000份");
        one("发放资料3千余份", "3千余份", "thousand", "3000余份");
        for fine in [
            "40000余份",
            "4万余份",
            "近4万份",
            "1.5万份",
            "逾25人",
            "三千余份",
            "2025年",
            "百余条",
            "20余人次",
            "25人次",
        ] {
            assert_eq!(found(fine), [], "{fine}");
        }
    }

    #[test]
    fn ordinals_and_themes_are_found_where_they_stand() {
        let found: Vec<_> = ordinals("在第十一个国家宪法日、第8个“宪法宣传周”到来之际，第12届运动会")
            .into_iter()
            .map(|ordinal| (ordinal.occasion, ordinal.number, ordinal.span.text))
            .collect();
        assert_eq!(found, [(Occasion::Day, 11, "第十一个".into()), (Occasion::Week, 8, "第8个".into())]);
        let named = |text: &str| theme(text).map(|span| span.text);
        assert_eq!(named("以“弘扬宪法精神”为主题，发放资料").as_deref(), Some("弘扬宪法精神"));
        assert_eq!(named("主题为“弘扬宪法精神”，发放资料").as_deref(), Some("弘扬宪法精神"));
        assert_eq!(named("开展主题活动"), None);
        assert_eq!(named("主题“"), None);
    }
}
