//! Counts as they are written.
//!
//! Chinese: no thousands separator, 万 and 亿 where a figure would be long. An inexact total is `3000余` when its bounds
//! lie within one unit of a round figure below them and that figure leaves out none of the first three digits, else
//! `约5.79万`. `余` never follows an exact figure, a figure under 100, or a decimal (`1.5万余` is not written).

use crate::model::{Lang, Value};

const WAN: u64 = 10_000;
const YI: u64 = 100_000_000;

/// Every digit: `40213`, `40,213`.
pub(crate) fn full(n: u64, lang: Lang) -> String {
    let digits = n.to_string();
    if lang == Lang::ZhCn {
        return digits;
    }
    let mut out = String::with_capacity(digits.len() + 6);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// At most `places` decimals of `n / unit`, rounded half up, without trailing zeros.
fn ratio(n: u64, unit: u64, places: u32) -> String {
    let factor = 10_u128.pow(places);
    let scaled = (u128::from(n) * factor * 2 + u128::from(unit)) / (u128::from(unit) * 2);
    let (whole, part) = (scaled / factor, scaled % factor);
    if part == 0 {
        return whole.to_string();
    }
    let decimals = format!("{part:0width$}", width = places as usize);
    format!("{whole}.{}", decimals.trim_end_matches('0'))
}

/// A count short enough for a label: in full up to six digits, then `123.5万`, `12.35亿`, `1.24M`.
pub(crate) fn short(n: u64, lang: Lang) -> String {
    match (lang, n) {
        (_, 0..=999_999) => full(n, lang),
        // What would round to 10000万 is said in 亿.
        (Lang::ZhCn, 0..99_999_500) => ratio(n, WAN, 1) + "万",
        (Lang::ZhCn, _) => ratio(n, YI, 2) + "亿",
        (Lang::En, 0..999_995_000) => ratio(n, 1_000_000, 2) + "M",
        (Lang::En, _) => ratio(n, 1_000_000_000, 2) + "B",
    }
}

/// A round figure: `4万`, `15000`, `2亿`.
fn round_figure(n: u64, lang: Lang) -> String {
    match lang {
        Lang::ZhCn if n >= YI && n.is_multiple_of(YI) => format!("{}亿", n / YI),
        Lang::ZhCn if n >= WAN && n.is_multiple_of(WAN) => format!("{}万", n / WAN),
        _ => full(n, lang),
    }
}

/// A figure cut to its first three digits.
fn cut(n: u64) -> u64 {
    let mut unit = 1;
    while n / unit >= 1000 {
        unit *= 10;
    }
    n / unit * unit
}

/// A count for a label, with its inexactness. At least three digits are told, and never more than is known.
pub(crate) fn written(value: Value, lang: Lang) -> String {
    if value.is_exact() {
        return short(value.count, lang);
    }
    if value.high == u64::MAX && value.low > 0 {
        // More than the figure before the least it can be.
        let figure = cut(value.low - 1);
        return match lang {
            Lang::ZhCn => format!("逾{}", round_figure(figure, lang)),
            Lang::En => format!(">{}", full(figure, lang)),
        };
    }
    let mut step = Some(100_u64);
    while let Some(unit) = step.filter(|unit| *unit <= value.low) {
        let figure = value.low / unit * unit;
        if value.low / unit == value.high / unit && cut(value.low) == cut(figure) {
            return match lang {
                Lang::ZhCn => round_figure(figure, lang) + "余",
                Lang::En => full(figure, lang) + "+",
            };
        }
        step = unit.checked_mul(10);
    }
    about_words(&about(value.count, lang), lang)
}

/// A figure in words, as one that is not exact.
pub(crate) fn about_words(figure: &str, lang: Lang) -> String {
    format!("{}{figure}", if lang == Lang::ZhCn { "约" } else { "≈" })
}

/// Three digits of a figure, rounded half up: `3210`, `5.79万`, `1.24M`.
fn about(n: u64, lang: Lang) -> String {
    let mut unit = 1_u64;
    while n / unit >= 1000 {
        unit *= 10;
    }
    let n = n.saturating_add(unit / 2) / unit * unit;
    match lang {
        Lang::ZhCn if n >= YI => ratio(n, YI, 2) + "亿",
        Lang::ZhCn if n >= WAN => ratio(n, WAN, 2) + "万",
        _ => short(n, lang),
    }
}

/// A count for a tooltip or a table: in full, with its measure word, and its bounds if inexact.
pub(crate) fn told(value: Option<Value>, unit: &str, lang: Lang) -> String {
    let Some(value) = value else { return no_data(lang).to_owned() };
    let gap = if lang == Lang::En && !unit.is_empty() { " " } else { "" };
    if value.is_exact() {
        return format!("{}{gap}{unit}", full(value.count, lang));
    }
    let least = full(value.low, lang);
    let about = written(value, lang);
    if value.high == u64::MAX {
        return format!("{about}{gap}{unit}");
    }
    let most = full(value.high, lang);
    match lang {
        Lang::ZhCn => format!("{about}{unit}（{least}—{most}）"),
        Lang::En => format!("{about}{gap}{unit} ({least}–{most})"),
    }
}

/// The words for a count that is not there.
pub(crate) const fn no_data(lang: Lang) -> &'static str {
    match lang {
        Lang::ZhCn => "无数据",
        Lang::En => "no data",
    }
}

/// A part of a whole in percent, one decimal.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "—".to_owned();
    }
    let tenths = (u128::from(part) * 2000 + u128::from(whole)) / (u128::from(whole) * 2);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// A label of an axis that goes up to `top`.
pub(crate) fn tick(n: u64, top: u64, lang: Lang) -> String {
    match (lang, n, top) {
        (_, 0, _) => "0".to_owned(),
        (Lang::ZhCn, _, 200_000_000..) => ratio(n, YI, 3) + "亿",
        (Lang::ZhCn, _, 20_000..) => ratio(n, WAN, 3) + "万",
        (Lang::En, _, 2_000_000_000..) => ratio(n, 1_000_000_000, 3) + "B",
        (Lang::En, _, 2_000_000..) => ratio(n, 1_000_000, 3) + "M",
        (Lang::En, _, 20_000..) => ratio(n, 1000, 3) + "K",
        _ => full(n, lang),
    }
}

/// Step of an axis that goes up to `top` in about `count` steps: 1, 2 or 5 times a power of ten, or 25.
pub(crate) fn step(top: u64, count: u64) -> u64 {
    let rough = (top / count.max(1)).max(1);
    let mut power = 1_u64;
    while power <= rough / 10 {
        power *= 10;
    }
    // 2.5 only where it is whole.
    let choices = [power, 2 * power, if power >= 10 { power / 10 * 25 } else { 2 * power }, 5 * power];
    choices.into_iter().find(|s| *s >= rough).unwrap_or(power.saturating_mul(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zh(value: Value) -> String {
        written(value, Lang::ZhCn)
    }

    #[test]
    fn writes_exact_counts() {
        assert_eq!(zh(Value::exact(40_213)), "40213");
        assert_eq!(zh(Value::exact(1_234_567)), "123.5万");
        assert_eq!(zh(Value::exact(99_999_999)), "1亿");
        assert_eq!(zh(Value::exact(1_234_567_890)), "12.35亿");
        assert_eq!(written(Value::exact(40_213), Lang::En), "40,213");
        assert_eq!(written(Value::exact(1_234_567), Lang::En), "1.23M");
    }

    #[test]
    fn writes_inexact_counts_without_claiming_more() {
        assert_eq!(zh(Value::between(3000, 3000, 3999)), "3000余");
        assert_eq!(zh(Value::between(40_000, 40_000, 49_999)), "4万余");
        // 4万余 would hide two hundred, 5万余 nearly eight thousand.
        assert_eq!(zh(Value::between(40_213, 40_213, 49_999)), "约4.02万");
        assert_eq!(zh(Value::between(57_913, 57_913, 59_999)), "约5.79万");
        assert_eq!(zh(Value::between(57_913, 57_913, 57_999)), "57900余");
        assert_eq!(zh(Value::between(15_000, 15_000, 15_999)), "15000余");
        assert_eq!(zh(Value::between(3213, 3213, 4212)), "约3210");
        assert_eq!(zh(Value::between(99_960, 99_900, 100_100)), "约10万");
        assert_eq!(zh(Value::between(123_456_789, 120_000_000, 130_000_000)), "约1.23亿");
        assert_eq!(zh(Value::between(25, 25, 29)), "约25");
        assert_eq!(zh(Value::between(1000, 1001, u64::MAX)), "逾1000");
        assert_eq!(zh(Value::between(57_913, 57_913, u64::MAX)), "逾57900");
        assert_eq!(zh(Value::between(5, 0, u64::MAX)), "约5");
        assert_eq!(written(Value::between(57_913, 57_913, 59_999), Lang::En), "≈57,900");
        assert_eq!(written(Value::between(3000, 3000, 3999), Lang::En), "3,000+");
        assert_eq!(zh(Value::between(5, 0, u64::MAX - 1)), "约5");
    }

    #[test]
    fn steps_are_round() {
        assert_eq!((step(43, 5), step(100, 5), step(0, 5), step(7, 5)), (10, 20, 1, 1));
        assert_eq!((step(1_234_567, 5), step(12_000, 5)), (250_000, 2500));
        assert!(step(u64::MAX, 5) > 0);
    }

    #[test]
    fn ticks_say_ten_thousands() {
        assert_eq!(tick(25_000, 100_000, Lang::ZhCn), "2.5万");
        assert_eq!(tick(2500, 10_000, Lang::ZhCn), "2500");
        assert_eq!(tick(250_000_000, 1_000_000_000, Lang::ZhCn), "2.5亿");
        assert_eq!(tick(25_000, 100_000, Lang::En), "25K");
    }

    #[test]
    fn shares_have_one_decimal() {
        assert_eq!(
            (percent(1, 3), percent(2, 3), percent(1, 1)),
            ("33.3%".into(), "66.7%".into(), "100.0%".into())
        );
    }
}
