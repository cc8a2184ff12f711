//! Numbers as people write them: `1,200`, `1.5万余`, `百余`, `两千三百多`, `数百`, `3—5`, `10万+`.

use super::units;

/// A number in a text, without its measure word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numeral {
    /// Where it ends.
    pub(super) end: usize,
    /// Millionths: `1.5` is 1 500 000.
    pub(super) micro: u128,
    /// The other end of a range, or of what 数百 and 几十 may mean.
    pub(super) high: Option<u64>,
    /// 余 or 多 or + follows: at least the number.
    pub(super) over: bool,
    /// 来 follows: roughly the number.
    pub(super) about: bool,
    /// 数, 几 or 成百上千: no definite number.
    pub(super) vague: bool,
    /// `3—5`, 三四十.
    pub(super) range: bool,
    /// A multiplier alone, as in 百场讲座: often a figure of speech.
    pub(super) bare: bool,
    /// Written in Chinese numerals only.
    pub(super) chinese: bool,
    /// Grouped in an unusual way, so that it may be two numbers.
    pub(super) loose: bool,
    /// It has a decimal point.
    pub(super) decimal: bool,
}

const MICRO: u128 = 1_000_000;
/// Above any count; larger ones only have to stay large.
const LARGEST: u128 = 1_000_000_000_000 * MICRO;

impl Numeral {
    /// The whole number, when it is one.
    pub(super) fn value(&self) -> Option<u64> {
        if self.micro.is_multiple_of(MICRO) { u64::try_from(self.micro / MICRO).ok() } else { None }
    }
}

impl Numeral {
    /// The range from this number to another.
    pub(super) fn up_to(self, high: u64) -> Self {
        Self { high: Some(high), range: true, over: false, ..self }
    }
}

/// The value of a Chinese digit.
fn digit(c: char) -> Option<u128> {
    Some(match c {
        '〇' | '零' | '○' | '◯' => 0,
        '一' | '壹' | '幺' => 1,
        '二' | '两' | '贰' | '俩' => 2,
        '三' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

fn multiplier(c: char) -> Option<u128> {
    Some(match c {
        '十' | '拾' => 10,
        '廿' => 20,
        '卅' => 30,
        '百' | '佰' => 100,
        '千' | '仟' => 1_000,
        '万' => 10_000,
        '亿' => 100_000_000,
        _ => return None,
    })
}

/// Whether a number may begin with this character.
pub(super) fn begins(c: char) -> bool {
    c.is_ascii_digit() || digit(c).is_some() || multiplier(c).is_some() || matches!(c, '数' | '几')
}

struct Reader<'t> {
    text: &'t [char],
    at: usize,
    total: u128,
    section: u128,
    digit: Option<u128>,
    /// The multiplier read last, for 一万五.
    last: u128,
    found: Numeral,
}

/// The number that begins at a place of a normalised text.
pub(super) fn read(text: &[char], start: usize) -> Option<Numeral> {
    let first = one(text, start)?;
    Some(range(text, first).unwrap_or(first))
}

/// `3—5`, `300至500`: a second number, not below the first.
fn range(text: &[char], first: Numeral) -> Option<Numeral> {
    let joined = matches!(text.get(first.end)?, '-' | '~' | '至' | '到');
    if !joined || first.vague || first.over {
        return None;
    }
    let second = one(text, first.end + 1)?;
    let (low, mut high) = (first.value()?, second.value()?);
    let mut low_value = low;
    // 3-5万 is three to five times ten thousand.
    let unit = last_multiplier(text, second.end);
    if low < unit && high >= unit && last_multiplier(text, first.end) == 1 && low * unit <= high {
        low_value = low * unit;
    }
    if high < low_value || second.vague || low == 0 {
        return None;
    }
    if second.over {
        high = u64::try_from(ceiling(high)).unwrap_or(high);
    }
    let both = first.chinese && second.chinese;
    Some(Numeral {
        micro: u128::from(low_value) * MICRO,
        high: Some(high),
        range: true,
        over: false,
        chinese: both,
        ..second
    })
}

fn last_multiplier(text: &[char], end: usize) -> u64 {
    let last = end.checked_sub(1).and_then(|at| text.get(at)).and_then(|c| multiplier(*c));
    last.and_then(|unit| u64::try_from(unit).ok()).filter(|unit| *unit >= 1_000).unwrap_or(1)
}

/// The last number that 余 after `n` allows.
fn ceiling(n: u64) -> u128 {
    let unit = std::iter::successors(Some(1u128), |unit| Some(unit * 10))
        .find(|unit| n == 0 || u128::from(n) % (unit * 10) != 0)
        .unwrap_or(1);
    u128::from(n) + unit - 1
}

fn one(text: &[char], start: usize) -> Option<Numeral> {
    let mut reader = Reader {
        text,
        at: start,
        total: 0,
        section: 0,
        digit: None,
        last: 1,
        found: Numeral {
            end: start,
            micro: 0,
            high: None,
            over: false,
            about: false,
            vague: false,
            range: false,
            bare: false,
            chinese: true,
            loose: false,
            decimal: false,
        },
    };
    reader.run()
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn run(&mut self) -> Option<Numeral> {
        let start = self.at;
        match self.peek(0)? {
            '数' | '几' => return self.vague(),
            '成' => return None,
            c if c.is_ascii_digit() => self.arabic(),
            c if digit(c).is_some() => self.chinese_digits(),
            c => {
                multiplier(c)?;
                self.found.bare = !matches!(c, '十' | '拾' | '廿' | '卅');
            }
        }
        self.multipliers(start);
        if self.at == start {
            return None;
        }
        self.colloquial();
        self.suffix();
        let micro = self.total.saturating_add(self.section).saturating_add(self.digit.unwrap_or(0));
        self.found.micro = micro.min(LARGEST);
        self.found.end = self.at;
        Some(self.found)
    }

    /// `1200`, `1,200`, `1.5`; grouping is only taken where it cannot be something else.
    fn arabic(&mut self) {
        self.found.chinese = false;
        let mut value = 0u128;
        let mut digits = 0;
        while let Some(d) = self.peek(0).and_then(|c| c.to_digit(10)) {
            value = value.saturating_mul(10).saturating_add(u128::from(d)).min(LARGEST);
            self.at += 1;
            digits += 1;
        }
        while digits <= 3 && value > 0 && self.is_group() {
            if self.peek(0) != Some(',') {
                self.found.loose = true;
            }
            for ahead in 1..=3 {
                let d = self.peek(ahead).and_then(|c| c.to_digit(10)).unwrap_or(0);
                value = value.saturating_mul(10).saturating_add(u128::from(d)).min(LARGEST);
            }
            self.at += 4;
        }
        let mut micro = value.saturating_mul(MICRO);
        let is_point = self.peek(0) == Some('.') && self.peek(1).is_some_and(|c| c.is_ascii_digit());
        if is_point {
            self.at += 1;
            self.found.decimal = true;
            let mut place = MICRO / 10;
            while let Some(d) = self.peek(0).and_then(|c| c.to_digit(10)) {
                micro = micro.saturating_add(u128::from(d) * place);
                place /= 10;
                self.at += 1;
            }
        }
        self.digit = Some(micro.min(LARGEST));
    }

    /// A separator and exactly three digits.
    fn is_group(&self) -> bool {
        let is_digit = |ahead| self.peek(ahead).is_some_and(|c: char| c.is_ascii_digit());
        let separator = match self.peek(0) {
            Some(',') => true,
            // 1，200 and 1 200: only where the digits that follow are round, or two figures are as likely.
            Some('，') => (2..=3).all(|ahead| self.peek(ahead) == Some('0')),
            // Between spaces stand the columns of a table, too.
            Some(' ') => {
                (2..=3).all(|ahead| self.peek(ahead) == Some('0'))
                    && self.peek(4) != Some(' ')
                    && self.goes_on(4)
            }
            _ => false,
        };
        separator && (1..=3).all(is_digit) && !is_digit(4)
    }

    /// Chinese digits: one before a multiplier, several by position (二〇二一), two neighbours as a range (三四十).
    fn chinese_digits(&mut self) {
        let first = self.at;
        let mut value = 0u128;
        while let Some(d) = self.peek(0).and_then(digit) {
            value = value.saturating_mul(10).saturating_add(d).min(LARGEST);
            self.at += 1;
        }
        let length = self.at - first;
        if length == 2 && value >= 10 {
            let (low, high) = (value / 10, value % 10);
            let zero = matches!(self.text[first + 1], '〇' | '零' | '○');
            if !zero && (high == low + 1 || (low, high) == (3, 5)) {
                self.found.range = true;
                self.found.high = u64::try_from(high).ok();
                value = low;
            }
        }
        self.digit = Some(value.saturating_mul(MICRO));
    }

    fn multipliers(&mut self, start: usize) {
        loop {
            let Some(c) = self.peek(0) else { return };
            // 10余万, 三百多万, 3来万.
            if matches!(c, '余' | '多' | '来' | '几') && self.at > start {
                let larger = self.peek(1).and_then(multiplier).is_some_and(|unit| unit >= 100);
                if larger && c != '几' {
                    self.found.over |= c != '来';
                    self.found.about |= c == '来';
                    self.at += 1;
                    continue;
                }
                return;
            }
            // 3 万余份, as it is typeset; but 12 万福街道 is two things.
            if c == ' ' && !self.found.chinese && self.peek(1).is_some_and(|m| matches!(m, '万' | '亿')) {
                if !self.goes_on(2) {
                    return;
                }
                self.at += 1;
                continue;
            }
            let Some(unit) = multiplier(c) else { return };
            self.at += 1;
            self.apply(unit);
            self.zeros_and_digit();
        }
    }

    fn apply(&mut self, unit: u128) {
        if let Some(high) = &mut self.found.high {
            *high = high.saturating_mul(u64::try_from(unit).unwrap_or(1));
        }
        if unit >= 10_000 {
            let below = self.section.saturating_add(self.digit.take().unwrap_or(0));
            let below = if below == 0 && self.total == 0 { MICRO } else { below };
            self.total = if unit > self.last && below > 0 && self.total > 0 && self.last >= 10_000 {
                self.total.saturating_add(below).saturating_mul(unit)
            } else {
                self.total.saturating_add(below.saturating_mul(unit))
            };
            self.section = 0;
        } else {
            let digit =
                self.digit.take().unwrap_or(if self.section == 0 || unit < self.last { MICRO } else { 0 });
            self.section = if digit == 0 {
                // 百千: a multiplier on a multiplier.
                self.section.saturating_mul(unit)
            } else {
                self.section.saturating_add(digit.saturating_mul(unit))
            };
        }
        self.total = self.total.min(LARGEST);
        self.section = self.section.min(LARGEST);
        self.last = unit;
    }

    /// The digit after a multiplier: 一千[二]百, 一千零[五], 1万[5]千, 三百一十[五].
    fn zeros_and_digit(&mut self) {
        let mut ahead = 0;
        while matches!(self.peek(ahead), Some('零' | '〇')) {
            ahead += 1;
        }
        let Some(c) = self.peek(ahead) else { return };
        if digit(c).is_some() {
            self.at += ahead;
            let from = self.at;
            self.chinese_digits();
            if ahead == 0 && self.at - from == 1 {
                self.found.bare = false;
            }
        } else if c.is_ascii_digit() && !self.found.chinese && ahead == 0 {
            // 1万5千 yes; 1万 followed by another figure no.
            let digits = self.text[self.at..].iter().take(5).take_while(|c| c.is_ascii_digit()).count();
            let after = self.peek(digits).and_then(multiplier);
            if digits <= 4 && after.is_some_and(|unit| unit < self.last && unit >= 10) {
                self.arabic();
            }
        } else if matches!(c, '几') && ahead == 0 && self.last == 10 {
            self.at += 1;
            self.found.vague = true;
        }
    }

    /// 一万五 is 15 000, 一百二 is 120; 一百零五 is 105.
    fn colloquial(&mut self) {
        let Some(value) = self.digit.filter(|_| self.last >= 100 && self.found.chinese) else { return };
        let before = self.at.checked_sub(2).and_then(|at| self.text.get(at)).and_then(|c| multiplier(*c));
        if before == Some(self.last) && value < 10 * MICRO {
            self.digit = Some(value * (self.last / 10));
        }
    }

    /// Whether a word of counting follows, or more of the number.
    fn goes_on(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), Some(' ' | '余' | '多')) || units::begins(self.text, self.at + ahead)
    }

    fn suffix(&mut self) {
        // 3000 余份, as it is typeset.
        if self.peek(0) == Some(' ') && matches!(self.peek(1), Some('余' | '多')) && self.goes_on(2) {
            self.at += 1;
        }
        match self.peek(0) {
            // 300余庆县: 余 belongs to the name; names of places are not worth a list, so only this well-known one.
            Some('余') if self.peek(1) == Some('庆') => {}
            Some('余') => {
                self.found.over = true;
                self.at += 1;
            }
            Some('+') if units::joins(self.text, self.at) => {}
            Some('多' | '+') => {
                self.found.over = true;
                self.at += 1;
                self.at += usize::from(self.peek(0) == Some('余'));
            }
            Some('来') if !matches!(self.peek(1), Some('自' | '到' | '访' | '电')) => {
                self.found.about = true;
                self.at += 1;
            }
            Some('几') => {
                self.found.vague = true;
                self.at += 1;
            }
            _ => {}
        }
        if self.found.vague {
            self.vague_span();
        }
    }

    /// 十几 is 11–19, 二十几 21–29.
    fn vague_span(&mut self) {
        let low = self.section / MICRO + self.total / MICRO;
        self.found.high = u64::try_from(low + self.last - 1).ok();
    }

    /// 数百 200–999, 几十 20–99, 数十万.
    fn vague(&mut self) -> Option<Numeral> {
        self.at += 1;
        let mut unit = 1u128;
        while let Some(m) = self.peek(0).and_then(multiplier) {
            unit = unit.saturating_mul(m).min(LARGEST / MICRO / 10);
            self.at += 1;
        }
        if unit == 1 {
            return None;
        }
        self.found.vague = true;
        self.found.micro = 2 * unit * MICRO;
        self.found.high = u64::try_from(10 * unit - 1).ok();
        if matches!(self.peek(0), Some('余' | '多')) {
            self.at += 1;
        }
        self.found.end = self.at;
        Some(self.found)
    }
}

#[cfg(test)]
#[path = "numeral_tests.rs"]
mod tests;
