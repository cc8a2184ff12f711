//! Characters to words, numbers and punctuation.

use super::class::Class;
use super::numeral::{self, Numeral};
use super::units::{self, Unit, UnitKind};
use super::{chars, lexicon};

/// A number with its word, as it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) numeral: Numeral,
    pub(super) unit: Unit,
    /// Written 上百, 成百上千.
    pub(super) loosely: bool,
    /// A time, a telephone number, a number with leading zeros: no count.
    pub(super) code: bool,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Which of the numbers.
    Number(usize),
    Word(Class),
    /// 《…》.
    Title,
    Comma,
    /// 、
    Pause,
    /// 。；！？ and a line break after them.
    Stop,
    /// A line break within a sentence.
    Break,
    Colon,
    Open,
    Close,
    Space,
    /// Quotation marks, dashes and bullets: as if they were not there.
    Mark,
    /// Words that the lexicon does not know.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A text in tokens.
#[derive(Debug)]
pub(super) struct Tokens {
    /// The normalised text.
    pub(super) text: Vec<char>,
    pub(super) tokens: Vec<Token>,
    pub(super) numbers: Vec<Number>,
    /// Characters looked at: a measure of the work.
    pub(super) steps: usize,
}

/// The longest title in characters; a 《 without an end is no title.
const TITLE: usize = 60;

/// Reads a text into tokens.
pub(super) fn read(text: &str) -> Tokens {
    let mut tokens =
        Tokens { text: chars::normalise(text), tokens: Vec::new(), numbers: Vec::new(), steps: 0 };
    let mut at = 0;
    while at < tokens.text.len() {
        let (kind, end) = tokens.next(at);
        tokens.steps += end - at + 1;
        tokens.push(kind, at, end);
        at = end;
    }
    tokens
}

impl Tokens {
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let merges = matches!(kind, Kind::Unknown | Kind::Space | Kind::Mark | Kind::Stop | Kind::Break);
        if let Some(last) = self.tokens.last_mut().filter(|last| merges && last.kind == kind) {
            last.end = end;
            return;
        }
        self.tokens.push(Token { kind, start, end });
    }

    fn next(&mut self, at: usize) -> (Kind, usize) {
        let c = self.text[at];
        let kind = match c {
            '。' | ';' | '!' | '?' | '…' => Kind::Stop,
            '\n' if matches!(self.tokens.last(), Some(Token { kind: Kind::Stop, .. }) | None) => Kind::Stop,
            '\n' => Kind::Break,
            '，' | ',' => Kind::Comma,
            '、' | '+' => Kind::Pause,
            ':' => Kind::Colon,
            '(' => match units::bracketed(&self.text, at) {
                // 资料（份）：450.
                Some(end) => return (Kind::Space, end),
                None => Kind::Open,
            },
            '[' | '【' | '〔' | '{' => Kind::Open,
            ')' | ']' | '】' | '〕' | '}' => Kind::Close,
            ' ' => Kind::Space,
            '“' | '”' | '"' | '\'' | '‘' | '’' | '「' | '」' | '『' | '』' | '-' | '=' | '~' | '*' | '>'
            | '→' | '·' | '•' => Kind::Mark,
            '|' => Kind::Pause,
            '/' if !self.text.get(at + 1).is_some_and(char::is_ascii_digit) => Kind::Pause,
            '《' => return self.title(at),
            _ => return self.word(at),
        };
        (kind, at + 1)
    }

    fn title(&mut self, at: usize) -> (Kind, usize) {
        let mut depth = 0usize;
        for (end, c) in (at + 1..).zip(self.text[at..].iter().take(TITLE)) {
            match c {
                '《' => depth += 1,
                '》' => depth = depth.saturating_sub(1),
                '\n' => break,
                _ => continue,
            }
            if depth == 0 {
                return (Kind::Title, end);
            }
        }
        self.steps += TITLE;
        (Kind::Unknown, at + 1)
    }

    fn word(&mut self, at: usize) -> (Kind, usize) {
        let word = lexicon::longest(&self.text, at);
        if let Some((length, class)) = word.filter(|(length, _)| *length > 1) {
            if let Some(shorter) = self.crossed(at, length) {
                return shorter;
            }
            return (Kind::Word(class), at + length);
        }
        if let Some(found) = self.number(at) {
            return found;
        }
        match word {
            Some((length, class)) => (Kind::Word(class), at + length),
            None => (Kind::Unknown, at + 1),
        }
    }

    /// 发|展板, not 发展|板: where the longest word leaves a rest that is none, a shorter one before a noun that takes it.
    fn crossed(&self, at: usize, length: usize) -> Option<(Kind, usize)> {
        let rest = *self.text.get(at + length)?;
        let alone = rest.is_alphabetic() && lexicon::longest(&self.text, at + length).is_none();
        if !alone || numeral::begins(rest) {
            return None;
        }
        (1..length).find_map(|first| {
            let (noun, class) = lexicon::longest(&self.text, at + first)?;
            let (whole, shorter) = lexicon::longest(&self.text[..at + first], at)?;
            let crosses = first + noun > length && whole == first && matches!(class, Class::Noun(_));
            crosses.then_some((Kind::Word(shorter), at + first))
        })
    }

    fn number(&mut self, at: usize) -> Option<(Kind, usize)> {
        let c = self.text[at];
        let (start, loosely, mut numeral) = match c {
            '上' | '成' | '破' => {
                let next = *self.text.get(at + 1)?;
                if !matches!(next, '百' | '千' | '万' | '亿') {
                    return None;
                }
                self.loose(at)?
            }
            _ if numeral::begins(c) => (at, false, numeral::read(&self.text, at)?),
            _ => return None,
        };
        let mut unit = units::read(&self.text, numeral.end);
        self.steps += numeral.end - start;
        // 300份至500份: one range.
        if let Some((high, second)) = self.second_end(&numeral, &unit) {
            numeral = numeral.up_to(high);
            unit = second;
        }
        let code = self.is_code(start, &numeral, &unit);
        let single = numeral.chinese && numeral.end == start + 1;
        if unit.kind == UnitKind::None && numeral.chinese && (single || numeral.bare) && !numeral.over {
            // Passed over as a whole: read again from each character, 百百百… would take the square of its length.
            return Some((Kind::Unknown, numeral.end));
        }
        let end = if code { self.code_end(numeral.end) } else { unit.end };
        self.numbers.push(Number { numeral, unit, loosely, code });
        Some((Kind::Number(self.numbers.len() - 1), end))
    }

    /// 上百, 成百上千, 破万.
    fn loose(&self, at: usize) -> Option<(usize, bool, Numeral)> {
        let mut numeral = numeral::read(&self.text, at + 1)?;
        let is = |ahead: usize, c: char| self.text.get(at + ahead) == Some(&c);
        if is(0, '成') {
            if is(2, '上') {
                let second = numeral::read(&self.text, at + 3)?;
                let high = second.value()?.saturating_mul(10).saturating_sub(1);
                numeral = Numeral { end: second.end, ..numeral.up_to(high) };
            }
            numeral.vague = true;
        }
        numeral.over = true;
        Some((at, true, numeral))
    }

    /// The second half of 300份至500份.
    fn second_end(&self, first: &Numeral, unit: &Unit) -> Option<(u64, Unit)> {
        let joined = matches!(self.text.get(unit.end)?, '至' | '到' | '-' | '~');
        if !joined || !matches!(unit.kind, UnitKind::Count | UnitKind::Person) || first.range {
            return None;
        }
        let second = numeral::read(&self.text, unit.end + 1)?;
        let after = units::read(&self.text, second.end);
        let high = second.value()?;
        (after.key == unit.key && first.value()? <= high && !second.range).then_some((high, after))
    }

    /// Whether digits are a time, a telephone number or the like.
    fn is_code(&self, start: usize, numeral: &Numeral, unit: &Unit) -> bool {
        let digits =
            |from: usize| self.text[from..].iter().take(13).take_while(|c| c.is_ascii_digit()).count();
        let own = digits(start);
        if own == 0 || numeral.chinese {
            return false;
        }
        let bare = unit.kind == UnitKind::None;
        let leading_zero = self.text[start] == '0' && own > 1;
        let clock = own <= 2 && self.text.get(start + own) == Some(&':') && digits(start + own + 1) == 2;
        let date = own == 4
            && matches!(self.text.get(start + 4), Some('-' | '/' | '.'))
            && matches!(digits(start + 5), 1 | 2)
            && bare;
        leading_zero || clock || date || (own >= 7 && bare) || (own >= 11)
    }

    /// The end of a time or a telephone number: digits and what joins them.
    fn code_end(&self, from: usize) -> usize {
        let joins = |c: &char| c.is_ascii_digit() || matches!(c, ':' | '-' | '/' | '.' | '~');
        let length = self.text[from..].iter().take_while(|c| joins(c)).count();
        let end = from + length;
        // A full stop or hyphen at the end is none of it.
        if length > 0 && !self.text[end - 1].is_ascii_digit() { end - 1 } else { end }
    }

    /// The text of a token.
    pub(super) fn slice(&self, token: Token) -> &[char] {
        self.text.get(token.start..token.end).unwrap_or(&[])
    }
}
