//! A count as a person types it into a cell: `1200`, `１，２００份`, `4万余`, `近500`.

use super::grid::Cell;
use crate::domain::quantity::Bound;
use crate::domain::tally::Count;

/// What a cell of a count says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Nothing: blank, or a dash in its place.
    Blank,
    /// A count, which the rules of the domain still judge.
    Count(Count, Bound),
    /// Something that must not be taken for a count: a stable code.
    Wrong(&'static str),
}

/// Reads a cell of a count.
#[must_use]
pub fn read(cell: Option<&Cell>) -> Reading {
    match cell {
        None => Reading::Blank,
        Some(Cell::Number(number)) => Reading::Count(whole(*number), Bound::Exact),
        // Excel turns 3-5 into the 5th of March, which would count as 46 086.
        Some(Cell::Serial(_)) => Reading::Wrong("count_is_date"),
        Some(Cell::Error(_)) => Reading::Wrong("cell_has_error"),
        Some(Cell::Flag(_)) => Reading::Count(Count::NotANumber, Bound::Exact),
        Some(Cell::Text(text)) => read_text(text),
    }
}

fn whole(number: f64) -> Count {
    if number < 0.0 {
        Count::Negative
    } else if number.fract() != 0.0 {
        Count::Fraction
    } else if number < 1e15 {
        // A whole number below 2^53 is written exactly.
        format!("{number}").parse().map_or(Count::NotANumber, Count::Whole)
    } else {
        Count::Whole(u64::MAX)
    }
}

/// Text with full-width signs made narrow, traditional forms made simple and without white space.
#[must_use]
pub fn narrow(text: &str) -> String {
    let one = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '萬' => '万',
        '億' => '亿',
        '餘' => '余',
        '約' => '约',
        '條' => '条',
        '塊' => '块',
        '個' => '个',
        '張' => '张',
        '冊' => '册',
        other => other,
    };
    text.chars().filter(|c| !c.is_whitespace()).map(one).collect()
}

fn strip<'t>(text: &'t str, words: &[(&str, Bound)], end: bool) -> (&'t str, Option<Bound>) {
    for (word, bound) in words {
        let rest = if end { text.strip_suffix(word) } else { text.strip_prefix(word) };
        if let Some(rest) = rest {
            return (rest, Some(*bound));
        }
    }
    (text, None)
}

const BEFORE: [(&str, Bound); 10] = [
    ("大约", Bound::About),
    ("大概", Bound::About),
    ("约", Bound::About),
    ("将近", Bound::Under),
    ("接近", Bound::Under),
    ("近", Bound::Under),
    ("超过", Bound::Over),
    ("超", Bound::Over),
    ("逾", Bound::Over),
    ("~", Bound::About),
];
const AFTER: [(&str, Bound); 3] = [("左右", Bound::About), ("上下", Bound::About), ("以上", Bound::Over)];
const BETWEEN: [(&str, Bound); 3] = [("余", Bound::Over), ("多", Bound::Over), ("+", Bound::Over)];

fn read_text(text: &str) -> Reading {
    let text = narrow(text);
    match text.as_str() {
        "" | "-" | "--" | "—" | "——" | "–" | "/" | "\\" => return Reading::Blank,
        "无" | "零" => return Reading::Count(Count::Whole(0), Bound::Exact),
        _ => {}
    }
    let no_number = Reading::Count(Count::NotANumber, Bound::Exact);
    let (rest, before) = strip(&text, &BEFORE, false);
    let (rest, after) = strip(rest, &AFTER, true);
    let rest = without_word(rest);
    let (rest, between) = strip(rest, &BETWEEN, true);
    let mut bounds = [before, after, between].into_iter().flatten();
    let bound = bounds.next().unwrap_or_default();
    if bounds.next().is_some() {
        return no_number;
    }
    Reading::Count(digits(rest), bound)
}

/// Measure words in use, and those of the built-in measures in English. 种 and 类 are not among them: kinds are no copies;
/// nor are 米 and the like: a length is no count.
const WORDS: &str = "份册本张页条幅块个处场次人名篇台辆件户枚套期部";

fn without_word(text: &str) -> &str {
    let english = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '-');
    let is_word = |word: &str| {
        let words = crate::domain::measure::BUILT_IN.iter().map(|measure| measure.4);
        words
            .flat_map(|word| [word, word.trim_end_matches('s')])
            .any(|known| known.eq_ignore_ascii_case(word))
    };
    if english.len() < text.len() && is_word(&text[english.len()..]) {
        return english;
    }
    let bare = text.trim_end_matches(|c| WORDS.contains(c));
    // 人次, 册份, 场次: two characters at most.
    if text[bare.len()..].chars().count() <= 2 { bare } else { text }
}

/// A number in digits, with thousands, a point and 十百千万亿 behind it.
fn digits(text: &str) -> Count {
    let (text, negative) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
    let number = text.trim_end_matches(['十', '百', '千', '万', '亿']);
    let zeros: u32 = text[number.len()..]
        .chars()
        .map(|c| match c {
            '十' => 1,
            '百' => 2,
            '千' => 3,
            '万' => 4,
            _ => 8,
        })
        .sum();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let groups: Vec<&str> = whole.split(',').collect();
    let grouped =
        groups.len() == 1 || (groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3));
    let figures = groups.concat();
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if figures.is_empty()
        || !grouped
        || !all_digits(&figures)
        || !all_digits(fraction)
        || number.ends_with('.')
    {
        return Count::NotANumber;
    }
    if negative {
        return Count::Negative;
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = zeros as usize;
    if fraction.len() > missing {
        return Count::Fraction;
    }
    let figures = format!("{figures}{fraction:0<missing$}");
    let figures = figures.trim_start_matches('0');
    match figures.len() {
        0 => Count::Whole(0),
        1..=18 => figures.parse().map_or(Count::NotANumber, Count::Whole),
        _ => Count::Whole(u64::MAX),
    }
}

/// A figure as it is written into a cell that is not a plain number, so that it is read again as it was.
#[must_use]
pub fn write(value: u32, bound: Bound) -> String {
    match bound {
        Bound::Exact => value.to_string(),
        Bound::Over => format!("{value}余"),
        Bound::Under => format!("近{value}"),
        Bound::About => format!("约{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Reading {
        read(Some(&Cell::Text(text.into())))
    }

    fn whole(n: u64, bound: Bound) -> Reading {
        Reading::Count(Count::Whole(n), bound)
    }

    #[test]
    fn people_write_counts_in_many_ways() {
        for (written, n, bound) in [
            ("1200", 1200, Bound::Exact),
            ("1,200份", 1200, Bound::Exact),
            ("１，２００ 份", 1200, Bound::Exact),
            ("1 200", 1200, Bound::Exact),
            ("40000余份", 40_000, Bound::Over),
            ("4万余份", 40_000, Bound::Over),
            ("3000多人次", 3000, Bound::Over),
            ("1.5万", 15_000, Bound::Exact),
            ("1.5萬餘冊", 15_000, Bound::Over),
            ("近500", 500, Bound::Under),
            ("将近5万份", 50_000, Bound::Under),
            ("约300人", 300, Bound::About),
            ("300左右", 300, Bound::About),
            ("逾1000", 1000, Bound::Over),
            ("12.0", 12, Bound::Exact),
            ("0", 0, Bound::Exact),
            ("无", 0, Bound::Exact),
            ("12 copies", 12, Bound::Exact),
            ("3 person-times", 3, Bound::Exact),
            ("2千", 2000, Bound::Exact),
        ] {
            assert_eq!(text(written), whole(n, bound), "{written}");
        }
        for blank in ["", " ", "-", "—", "——", "/", "　"] {
            assert_eq!(text(blank), Reading::Blank, "{blank:?}");
        }
    }

    #[test]
    fn what_is_no_count_is_not_made_one() {
        for (written, count) in [
            ("-5", Count::Negative),
            ("1.5", Count::Fraction),
            ("1.23456万", Count::Fraction),
            ("12种", Count::NotANumber),
            ("300米", Count::NotANumber),
            ("1,20", Count::NotANumber),
            ("12,3456", Count::NotANumber),
            ("5%", Count::NotANumber),
            ("3-5", Count::NotANumber),
            ("近500余", Count::NotANumber),
            ("若干", Count::NotANumber),
            ("12/4", Count::NotANumber),
            ("1e3", Count::NotANumber),
            ("99999999999999999999", Count::Whole(u64::MAX)),
        ] {
            let Reading::Count(found, _) = text(written) else { panic!("{written}") };
            assert_eq!(found, count, "{written}");
        }
        assert_eq!(read(Some(&Cell::Serial(46086.0))), Reading::Wrong("count_is_date"));
        assert_eq!(read(Some(&Cell::Error("#REF!".into()))), Reading::Wrong("cell_has_error"));
        assert_eq!(read(Some(&Cell::Number(12.5))), Reading::Count(Count::Fraction, Bound::Exact));
        assert_eq!(read(Some(&Cell::Number(1e300))), whole(u64::MAX, Bound::Exact));
        assert_eq!(read(Some(&Cell::Number(f64::NAN))), Reading::Count(Count::Fraction, Bound::Exact));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in 1u32..1_000_000_000, bound in 0usize..4) {
            let bound = Bound::ALL[bound];
            prop_assert_eq!(text(&write(value, bound)), whole(u64::from(value), bound));
            prop_assert_eq!(read(Some(&Cell::Number(f64::from(value)))), whole(u64::from(value), Bound::Exact));
        }

        #[test]
        fn any_text_is_read_without_a_panic(any in "\\PC{0,12}|[0-9.,万余近+~份-]{0,10}") {
            let _ = text(&any);
        }
    }
}
