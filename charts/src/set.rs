//! How a text is set: its size, weight and colour, and how it is measured, cut and broken into lines.

use std::borrow::Cow;

use crate::canvas::Q;
use crate::font::{self, MIDDLE, Weight};
use crate::theme::Rgb;

/// Which point of a text its place is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Anchor {
    #[default]
    Start,
    Middle,
    End,
}

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Set {
    pub(crate) size: i32,
    pub(crate) weight: Weight,
    pub(crate) color: Rgb,
    pub(crate) anchor: Anchor,
    pub(crate) turned: bool,
    pub(crate) halo: bool,
}

impl Set {
    pub(crate) const fn new(size: i32, color: Rgb) -> Self {
        Self { size, weight: Weight::Regular, color, anchor: Anchor::Start, turned: false, halo: false }
    }
    pub(crate) const fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }
    pub(crate) const fn middle(self) -> Self {
        Self { anchor: Anchor::Middle, ..self }
    }
    pub(crate) const fn end(self) -> Self {
        Self { anchor: Anchor::End, ..self }
    }
    pub(crate) const fn turned(self) -> Self {
        Self { turned: true, ..self }
    }
    pub(crate) const fn halo(self) -> Self {
        Self { halo: true, ..self }
    }
    /// Pixels from one line to the next.
    pub(crate) const fn line(&self) -> i32 {
        self.size * 14 / 10
    }
    /// Pixels from the middle of its digits down to the baseline.
    pub(crate) const fn drop(&self) -> i32 {
        (self.size * MIDDLE + 500) / 1000
    }
    /// Width in whole pixels, rounded up.
    pub(crate) fn width(&self, words: &str) -> i32 {
        (font::width(words, self.size * Q, self.weight) + Q - 1) / Q
    }
    /// The words cut to a width, with `…` where they were.
    pub(crate) fn fit<'a>(&self, words: &'a str, width: i32) -> Cow<'a, str> {
        if self.width(words) <= width {
            return Cow::Borrowed(words);
        }
        let room = font::units(width * Q, self.size * Q);
        let mut units = i64::from(font::glyph('…', self.weight).advance);
        let mut end = 0;
        for (at, c) in words.char_indices() {
            units += i64::from(font::glyph(c, self.weight).advance);
            if units > room {
                break;
            }
            end = at + c.len_utf8();
        }
        // An ellipsis alone says less than nothing.
        if end == 0 { Cow::Borrowed("") } else { Cow::Owned(format!("{}…", &words[..end])) }
    }
    /// The same in letters small enough for a width, down to three quarters of the size.
    pub(crate) fn within(self, words: &str, width: i32) -> Self {
        let least = (self.size * 3 / 4).max(11).min(self.size);
        let size = (least..=self.size).rev().find(|size| Self { size: *size, ..self }.width(words) <= width);
        Self { size: size.unwrap_or(least), ..self }
    }
    /// The words in lines of a width, at most so many; the last is cut if need be.
    pub(crate) fn wrap<'a>(&self, words: &'a str, width: i32, most: usize) -> Vec<Cow<'a, str>> {
        let mut lines = Vec::new();
        let mut left = words.trim();
        while !left.is_empty() && lines.len() < most {
            let (line, rest) = self.first_line(left, width);
            if lines.len() + 1 == most || rest.is_empty() {
                lines.push(self.fit(left, width));
                break;
            }
            if line.is_empty() {
                break;
            }
            lines.push(Cow::Borrowed(line));
            left = rest;
        }
        lines
    }
    /// How many lines [`Set::wrap`] makes, or more than `most` if there are more.
    fn lines(&self, words: &str, width: i32, most: usize) -> usize {
        let mut count = 0;
        let mut left = words.trim();
        while !left.is_empty() && count <= most {
            let (line, rest) = self.first_line(left, width);
            if line.is_empty() {
                break;
            }
            count += 1;
            left = rest;
        }
        count
    }
    /// What goes into a line of a width, and what is left after it: no line at all if not one character fits.
    fn first_line<'a>(&self, words: &'a str, width: i32) -> (&'a str, &'a str) {
        let at = self.break_at(words, width);
        if at == words.len() { (words, "") } else { (words[..at].trim_end(), words[at..].trim_start()) }
    }
    /// The width of the widest Latin word or figure, which a line must not tear.
    pub(crate) fn widest_word(&self, words: &str) -> i32 {
        words.split(|c: char| !c.is_ascii_graphic()).map(|run| self.width(run)).max().unwrap_or(0)
    }
    /// As [`Set::wrap`], with the lines about equally long: a last line of one character looks like a mistake.
    pub(crate) fn balance<'a>(&self, words: &'a str, width: i32, most: usize) -> Vec<Cow<'a, str>> {
        let lines = self.wrap(words, width, most);
        if lines.len() < 2 || lines.last().is_some_and(|l| l.ends_with('…')) {
            return lines;
        }
        // Not so narrow that a word or a figure would be torn. The narrower, the more lines: so the last step that makes
        // no more is searched for by halves.
        let step = self.size / 2;
        let least = self.widest_word(words).max(self.size);
        let (mut fits, mut over) = (0, ((width - least - 1) / step).max(0) + 1);
        while over - fits > 1 {
            let middle = (fits + over) / 2;
            if self.lines(words, width - middle * step, lines.len()) > lines.len() {
                over = middle;
            } else {
                fits = middle;
            }
        }
        if fits == 0 { lines } else { self.wrap(words, width - fits * step, most) }
    }
    /// Bytes of the longest start of the words that fits and after which a line may break.
    fn break_at(&self, words: &str, width: i32) -> usize {
        let room = font::units(width * Q, self.size * Q);
        let mut units = 0;
        let mut hard = words.len();
        for (at, c) in words.char_indices() {
            units += i64::from(font::glyph(c, self.weight).advance);
            if units > room {
                hard = at;
                break;
            }
        }
        let Some(mut next) = words[hard..].chars().next() else { return hard };
        let mut end = hard;
        for c in words[..hard].chars().rev() {
            if may_break(c, next) {
                return end;
            }
            end -= c.len_utf8();
            next = c;
        }
        hard
    }
}

/// Whether a line may end between two characters: not within Latin words or figures, not before closing marks, not
/// after opening ones (GB/T 15834).
fn may_break(a: char, b: char) -> bool {
    let closing = matches!(
        b,
        '，' | '。' | '、' | '；' | '：' | '？' | '！' | '）' | '》' | '」' | '』' | '】' | '〕' | '％' | '%' | '…' | '·'
            | '—' | ',' | '.' | ';' | ':' | '?' | '!' | ')' | ']' | '}' | '”' | '’'
            // A figure stays with what it counts.
            | '余' | '万' | '亿' | '份' | '条' | '块' | '场' | '名' | '处' | '户' | '个'
    );
    let opening = matches!(
        a,
        '（' | '《' | '「' | '『' | '【' | '〔' | '(' | '[' | '{' | '“' | '‘' | '约' | '近' | '逾'
    );
    if b == ' ' || closing || opening {
        return a == ' ';
    }
    !(a.is_ascii_graphic() && b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_without_breaking_words_figures_and_marks() {
        let set = Set::new(10, Rgb(0, 0, 0));
        assert_eq!(
            set.wrap("印发宣传资料40000余份，解答法律咨询", 80, 9),
            ["印发宣传资料", "40000余份，解答", "法律咨询"]
        );
        assert_eq!(set.wrap("Legal Affairs Office", 60, 9), ["Legal Affairs", "Office"]);
        assert_eq!(set.wrap("很长的单位名称", 30, 2), ["很长的", "单位…"]);
    }

    #[test]
    fn balances_without_tearing_words() {
        let set = Set::new(10, Rgb(0, 0, 0));
        assert_eq!(set.balance("区市场监督管理局", 70, 4), ["区市场监", "督管理局"]);
        assert_eq!(set.balance("Education Bureau", 70, 4), ["Education", "Bureau"]);
    }

    #[test]
    fn cuts_to_a_width() {
        let set = Set::new(10, Rgb(0, 0, 0));
        assert_eq!(set.fit("丹阳街道", 40), "丹阳街道");
        assert_eq!(set.fit("丹阳街道", 39), "丹阳…");
        assert_eq!(set.fit("丹阳街道", 9), "");
    }
}
