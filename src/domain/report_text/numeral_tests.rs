use super::*;

fn value(text: &str) -> Option<(u64, bool, usize)> {
    let chars: Vec<char> = text.chars().collect();
    let found = read(&chars, 0)?;
    Some((found.value()?, found.over, found.end))
}

#[test]
fn numbers_are_read_however_they_are_written() {
    for (text, number, over) in [
        ("1200", 1200, false),
        ("1,200份", 1200, false),
        ("1，200份", 1200, false),
        ("12,345,678", 12_345_678, false),
        ("1.5万余份", 15_000, true),
        ("3.62万", 36_200, false),
        ("5万多", 50_000, true),
        ("10余万", 100_000, true),
        ("1万5千", 15_000, false),
        ("3千余", 3_000, true),
        ("3万+", 30_000, true),
        ("百余", 100, true),
        ("千余份", 1_000, true),
        ("万余", 10_000, true),
        ("三百余", 300, true),
        ("两千三百多", 2_300, true),
        ("两千零五十", 2_050, false),
        ("一百零五", 105, false),
        ("一万五", 15_000, false),
        ("一百二", 120, false),
        ("十二", 12, false),
        ("二十", 20, false),
        ("二十多", 20, true),
        ("三百一十五", 315, false),
        ("二〇二一", 2021, false),
        ("壹仟贰佰", 1_200, false),
        ("一亿二千万", 120_000_000, false),
        ("一百二十万", 1_200_000, false),
        ("廿五", 25, false),
        ("12 000份", 12_000, false),
        ("40000 余份", 40_000, true),
        ("1.5 万余份", 15_000, true),
        ("12 万福街道", 12, false),
    ] {
        let found = value(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((found.0, found.1), (number, over), "{text}");
    }
    assert_eq!(value("1.5份"), None);
    assert_eq!(value("12,展板"), Some((12, false, 2)));
    assert_eq!(value("12，200人"), Some((12_200, false, 6)));
    assert_eq!(value("12，215人"), Some((12, false, 2)));
}

#[test]
fn ranges_and_vague_numbers_say_how_far_they_go() {
    let span = |text: &str| {
        let chars: Vec<char> = text.chars().collect();
        let found = read(&chars, 0).unwrap();
        (found.value().unwrap(), found.high.unwrap(), found.end)
    };
    assert_eq!(span("3-5场"), (3, 5, 3));
    assert_eq!(span("300至500份"), (300, 500, 7));
    assert_eq!(span("3至5万份"), (30_000, 50_000, 4));
    assert_eq!(span("数百份"), (200, 999, 2));
    assert_eq!(span("几十"), (20, 99, 2));
    assert_eq!(span("十几"), (10, 19, 2));
    assert_eq!(span("数十万"), (200_000, 999_999, 3));
    assert_eq!(span("三四十"), (30, 40, 3));
    assert_eq!(span("两三百份"), (200, 300, 3));
    assert_eq!(value("数字"), None);
    assert_eq!(value("几份"), None);
}

#[test]
fn no_number_is_too_long() {
    for text in ["1".repeat(4_000), "九".repeat(4_000), "亿".repeat(4_000), "一百万余".repeat(2_000)] {
        assert!(value(&text).is_some_and(|(value, ..)| value <= 1_000_000_000_000), "{}", &text[..12]);
    }
}
