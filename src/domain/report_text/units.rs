//! The word of counting after a number: 份, 人次, `册（张）`; or what makes the number no count: 元, 平方米, 月.

use super::lexicon;

/// What follows a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// Where the words after the number end.
    pub(super) end: usize,
    /// The word as written, without brackets and 余: `册`, `人次`.
    pub(super) word: String,
    /// The word that measures are asked about: 场次 is 场, 册份 is 册.
    pub(super) key: &'static str,
    pub(super) kind: UnitKind,
    /// 余 or 以上 after the word.
    pub(super) over: bool,
    /// 左右 after the word.
    pub(super) about: bool,
    /// 以下 after the word.
    pub(super) under: bool,
    /// 不等: no definite number.
    pub(super) vague: bool,
}

/// What a number with its word can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnitKind {
    /// A count.
    Count,
    /// People, one by one or each time.
    Person,
    /// 种, 类: kinds stand beside counts.
    Sort,
    /// Time, money, length, rank: no count.
    Not,
    /// No word at all.
    None,
}

const COUNTS: &str = "份 册 本 张 页 套 单 封 条 幅 副 面 块 个 处 台 辆 场 次 期 堂 节 课 课时 回 篇 则 部 集 件 宗 车次 只 把 支 袋 盒 户 家 起 例 \
    项 顶 双 包 瓶 枚 卷 组 轮 版 板 届 杆 道 样 款次";
const PEOPLE: &str = "人次 人 名 位 个人";
const SORTS: &str = "种 类 款 大类 类别 余种 余类 个种类 个品种 个类别 个版本 个系列";
const NOT: &str = "年 月 日 号 时 点 分 秒 周 天 小时 分钟 岁 元 块钱 万元 亿元 角 米 公里 千米 平方米 平米 平方公里 平方 厘米 公分 亩 里 % ‰ ℃ 度 成 倍 \
    折 层 楼 路 级 周年 年度 月份 季度 世纪 年级 个月 个小时 个多小时 个半小时 周岁 公斤 斤 吨 克 字 代 章 个百分点 百分点 M2 ㎡ M² KM M 批 批次 班 队 站 \
    中 小 院 号楼 时许 分许 个工作日 个方面 个环节 个组 个小组 个多月 多年 余年 余天 个年头 个昼夜 比 箱 捆 车 桌 排 栋 层楼 工作日 个季度 辑 G V W 寸 英寸 延米 延长米 秒钟 刻钟 条街 \
    届次 连冠 强 保 优 星 周期 伏 瓦 兆 T 旬 季 夜 晚 半 公顷 万亩 万元整 位数 度以上 平 立方 升 毫升 米长 米高 条例 部曲 维 网 险 证 卡 微";

/// The word of a list that a text continues with, the longest first.
fn longest(list: &'static str, text: &[char], at: usize) -> Option<&'static str> {
    list.split_whitespace()
        .filter(|word| word.chars().enumerate().all(|(ahead, c)| text.get(at + ahead) == Some(&c)))
        .max_by_key(|word| word.len())
}

fn length(word: &str) -> usize {
    word.chars().count()
}

/// A count word, unless a longer word of the field begins here: 条 in 条幅, 人 in 人民.
fn count_word(text: &[char], at: usize) -> Option<(&'static str, UnitKind)> {
    // 4个人, but 4个人民调解室.
    let longer = text.get(at + 2).is_some_and(|c| matches!(c, '民' | '大' | '才' | '员'));
    let people = longest(PEOPLE, text, at)
        .filter(|word| *word != "个人" || !longer)
        .map(|word| (word, UnitKind::Person));
    let counts = longest(COUNTS, text, at).map(|word| (word, UnitKind::Count));
    let (word, kind) = people.or(counts)?;
    let covered = lexicon::longest(text, at).is_some_and(|(words, _)| words > length(word));
    (!covered).then_some((word, kind))
}

/// Whether a word of counting begins at a place.
pub(super) fn begins(text: &[char], at: usize) -> bool {
    count_word(text, at).is_some()
}

/// The word of counting that a piece of the text is, and nothing else: 场次.
pub(super) fn word(text: &[char], start: usize, end: usize) -> Option<&'static str> {
    let unit = read(text, start);
    (matches!(unit.kind, UnitKind::Count | UnitKind::Person) && unit.end == end).then_some(unit.key)
}

/// What follows a number that ends at `at`.
pub(super) fn read(text: &[char], number_end: usize) -> Unit {
    let mut at = number_end;
    // 12 条: a space or two; no line break.
    while at < number_end + 2 && text.get(at) == Some(&' ') {
        at += 1;
    }
    let none = Unit::none(number_end);
    let counted = count_word(text, at);
    for (list, kind) in [(SORTS, UnitKind::Sort), (NOT, UnitKind::Not)] {
        let Some(word) = longest(list, text, at) else { continue };
        let shorter = counted.is_none_or(|(counted, _)| length(counted) < length(word));
        let covered = lexicon::longest(text, at).is_some_and(|(words, _)| words > length(word));
        if shorter && !covered {
            let mut unit = Unit { end: at + length(word), word: word.to_owned(), key: word, kind, ..none };
            unit.suffix(text);
            return unit;
        }
    }
    if text.get(at) == Some(&'(')
        && let Some(inner) = bracketed(text, at)
    {
        // 500余（份）.
        let mut unit = read(&text[..inner - 1], at + 1);
        unit.end = inner;
        return unit;
    }
    let Some((word, kind)) = counted else {
        let mut none = none;
        none.suffix(text);
        return none;
    };
    let mut unit = Unit { end: at + length(word), word: word.to_owned(), key: word, kind, ..none };
    unit.further_words(text);
    unit.bracket(text);
    unit.suffix(text);
    unit
}

/// The end of a bracket that holds words of counting only: （份）, （册、张）.
pub(super) fn bracketed(text: &[char], open: usize) -> Option<usize> {
    let mut unit = Unit::none(open);
    unit.bracket(text);
    (unit.end > open).then_some(unit.end)
}

impl Unit {
    /// No word of counting after a number that ends here.
    const fn none(end: usize) -> Self {
        Self {
            end,
            word: String::new(),
            key: "",
            kind: UnitKind::None,
            over: false,
            about: false,
            under: false,
            vague: false,
        }
    }

    /// 场次, 册份, 人/次, 份/册.
    fn further_words(&mut self, text: &[char]) {
        for _ in 0..3 {
            let slash = matches!(text.get(self.end), Some('/' | '·'));
            let at = self.end + usize::from(slash);
            let Some((word, _)) = count_word(text, at) else { return };
            let joins = word == "次" || slash || (is_print(self.key) && is_print(word));
            if !joins || (word == "人次" && self.key != "人") {
                return;
            }
            self.word.extend(text.iter().skip(self.end).take(at + length(word) - self.end));
            self.end = at + length(word);
            self.person_times(word);
        }
    }

    /// 册（张）, 份(册、页), 人（次）: words of counting only.
    fn bracket(&mut self, text: &[char]) {
        const LONGEST: usize = 12;
        if text.get(self.end) != Some(&'(') {
            return;
        }
        let mut at = self.end + 1;
        let mut last = "";
        while at < self.end + LONGEST {
            match text.get(at) {
                Some(')') if !last.is_empty() => {
                    self.end = at + 1;
                    self.person_times(last);
                    return;
                }
                Some('、' | '/' | ',' | '，' | ' ') => at += 1,
                Some(_) => {
                    let Some((word, _)) = count_word(text, at) else { return };
                    last = word;
                    at += length(word);
                }
                None => return,
            }
        }
    }

    fn person_times(&mut self, word: &str) {
        if word == "次" && matches!(self.key, "人" | "名") {
            self.key = "人次";
        }
    }

    /// 余, 左右, 以上, 不等.
    fn suffix(&mut self, text: &[char]) {
        const AFTER: [(&str, u8); 12] = [
            ("以上", b'o'),
            ("有余", b'o'),
            ("开外", b'o'),
            ("之上", b'o'),
            ("+", b'o'),
            ("左右", b'a'),
            ("上下", b'a'),
            ("以下", b'u'),
            ("以内", b'u'),
            ("不到", b'u'),
            ("不等", b'v'),
            ("之多", b' '),
        ];
        for (word, sense) in AFTER {
            if sense == b'o' && word == "+" && joins(text, self.end) {
                continue;
            }
            if word.chars().enumerate().all(|(ahead, c)| text.get(self.end + ahead) == Some(&c)) {
                self.end += length(word);
                self.over |= sense == b'o';
                self.about |= sense == b'a';
                self.under |= sense == b'u';
                self.vague |= sense == b'v';
                return;
            }
        }
        if text.get(self.end) == Some(&'余') && !self.word.is_empty() && text.get(self.end + 1) != Some(&'庆')
        {
            self.over = true;
            self.end += 1;
        }
    }
}

/// Whether a + here joins two figures rather than saying that there are more: 资料320份+横幅2条.
pub(super) fn joins(text: &[char], plus: usize) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || c == '《';
    text.get(plus) == Some(&'+')
        && text.get(plus + 1).is_some_and(|c| goes_on(*c))
        && !begins(text, plus + 1)
        && !text.get(plus + 1).is_some_and(|c| matches!(c, '余' | '多' | '以' | '种' | '类'))
}

fn is_print(word: &str) -> bool {
    matches!(word, "份" | "册" | "本" | "张" | "页" | "套" | "单")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(text: &str) -> (String, &'static str, UnitKind, usize) {
        let unit = read(&text.chars().collect::<Vec<_>>(), 0);
        (unit.word, unit.key, unit.kind, unit.end)
    }

    #[test]
    fn words_of_counting_end_where_the_next_word_begins() {
        let is = |text: &str, word: &str, key: &str, end: usize| {
            let found = unit(text);
            assert_eq!((found.0.as_str(), found.1, found.3), (word, key, end), "{text}");
        };
        is("册(张)，", "册", "册", 4);
        is("份(册、页)书籍", "份", "份", 6);
        is("人(次)", "人", "人次", 4);
        is("人/次", "人/次", "人次", 3);
        is("场次、", "场次", "场", 2);
        is("册份，", "册份", "册", 2);
        is("条幅", "", "", 0);
        is("人民", "", "", 0);
        is(" 条 展板", "条", "条", 2);
        is("平方米", "平方米", "平方米", 3);
        is("个月", "个月", "个月", 2);
        is("份以上", "份", "份", 3);
        assert_eq!(unit("种60000").2, UnitKind::Sort);
        assert_eq!(unit("元").2, UnitKind::Not);
        assert_eq!(unit("，").2, UnitKind::None);
    }
}
