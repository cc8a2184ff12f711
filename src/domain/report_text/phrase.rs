//! The words before and after a number: what it may count.

use super::class::{Class, M, V};
use super::tokens::{Kind, Token, Tokens};
use super::units;

/// How far a number looks back, in tokens.
const BACK: usize = 40;
/// How far a number looks ahead, in tokens.
const AHEAD: usize = 10;

/// The words before a number, nearest first, up to the figure or the sentence before.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// Whatever may bind or block, nearest first.
    pub(super) words: Vec<Seen>,
    /// Places of titles in the phrase right before the number, nearest first.
    pub(super) titles: Vec<(usize, usize)>,
    /// The token of the quantifier furthest to the left that belongs to the number: 近, 约.
    pub(super) first: Option<usize>,
    pub(super) over: bool,
    pub(super) under: bool,
    pub(super) about: bool,
    /// 第 stands right before.
    pub(super) ordinal: bool,
    /// 为, 向 stands right before.
    pub(super) for_whom: bool,
    /// 共 stands before the number and no noun between.
    pub(super) total: bool,
    /// The token of an earlier figure that ended the look back.
    pub(super) stopped_at: Option<usize>,
    /// The word of counting before the number: 咨询人次：35.
    pub(super) word: Option<&'static str>,
    /// Something else than punctuation stands between the number and the nearest word.
    pub(super) gap: bool,
    pub(super) steps: usize,
}

/// A word before a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) class: Class,
    /// Its token.
    pub(super) at: usize,
    /// How many clauses before the number.
    pub(super) clause: usize,
    /// Whether a 、 or 和 stands between it and the word after it.
    pub(super) listed: bool,
    /// Whether 等 stands right after it.
    pub(super) etc: bool,
}

impl Seen {
    pub(super) const fn noun(&self) -> Option<M> {
        match self.class {
            Class::Noun(measure) => Some(measure),
            _ => None,
        }
    }

    pub(super) const fn verb(&self) -> Option<V> {
        match self.class {
            Class::Verb(verb) => Some(verb),
            _ => None,
        }
    }
}

/// Looks back from the number at token `at`; `used` tells which tokens belong to figures already.
pub(super) fn before(tokens: &Tokens, at: usize, used: &impl Fn(usize) -> bool) -> Before {
    let mut found = Before::default();
    let mut clause = 0;
    let (mut listed, mut etc) = (false, false);
    let mut touching = true;
    let mut place = at;
    while place > at.saturating_sub(BACK) {
        place -= 1;
        found.steps += 1;
        let token = tokens.tokens[place];
        if token.kind == Kind::Close
            && let Some(open) = bracket(tokens, place, used)
        {
            // What stands in brackets explains the word before them and owns no number after them.
            found.steps += place - open;
            place = open;
            continue;
        }
        match token.kind {
            Kind::Stop => break,
            _ if used(place) => {
                found.stopped_at = Some(place);
                break;
            }
            Kind::Comma | Kind::Break => {
                clause += 1;
                listed = true;
                touching = false;
            }
            Kind::Pause => listed = true,
            Kind::Title => {
                if clause == 0 && found.words.iter().all(|seen| seen.verb().is_none()) {
                    found.titles.push((token.start, token.end));
                }
                let class = Class::Noun(M::Materials);
                if found.words.last().is_none_or(|last| listed || last.verb().is_some()) {
                    found.words.push(Seen { class, at: place, clause, listed, etc });
                }
                (listed, etc) = (false, false);
            }
            Kind::Word(class) => {
                if touching && found.quantifier(class, place) {
                    continue;
                }
                match class {
                    Class::Ordinal => found.ordinal |= place + 1 == at,
                    Class::For => found.for_whom |= place + 1 == at,
                    Class::And => listed = true,
                    Class::Etc => etc = true,
                    Class::Total => found.total |= found.words.is_empty(),
                    Class::Noun(_)
                    | Class::Weak(_)
                    | Class::Verb(_)
                    | Class::Place
                    | Class::Other
                    | Class::Staff => {
                        found.words.push(Seen { class, at: place, clause, listed, etc });
                        (listed, etc) = (false, false);
                    }
                    _ => {}
                }
                if !matches!(class, Class::Reaches | Class::Total | Class::Etc) {
                    touching = false;
                }
            }
            // 咨询人次：35
            Kind::Unknown if touching && units::word(&tokens.text, token.start, token.end).is_some() => {
                found.word = units::word(&tokens.text, token.start, token.end);
            }
            // A number that is no figure is passed over: 手册20种18000余册.
            Kind::Number(_) | Kind::Unknown => {
                touching = false;
                found.gap |= found.words.is_empty();
            }
            Kind::Colon | Kind::Open | Kind::Close | Kind::Space | Kind::Mark => {}
        }
    }
    found
}

/// The token that opens the bracket closed at `close`, when it is near and holds no figure.
fn bracket(tokens: &Tokens, close: usize, used: &impl Fn(usize) -> bool) -> Option<usize> {
    const REACH: usize = 12;
    let inside = (close.saturating_sub(REACH)..close).rev();
    for place in inside {
        match tokens.tokens[place].kind {
            Kind::Open => return Some(place),
            Kind::Close | Kind::Stop | Kind::Break => return None,
            _ if used(place) => return None,
            _ => {}
        }
    }
    None
}

impl Before {
    /// Takes 近, 逾, 约 right before the number.
    fn quantifier(&mut self, class: Class, place: usize) -> bool {
        match class {
            Class::Under => self.under = true,
            Class::Over => self.over = true,
            Class::About => self.about = true,
            _ => return false,
        }
        self.first = Some(place);
        true
    }
}

/// The noun phrase after a number.
#[derive(Debug, Default)]
pub(super) struct After {
    /// Its nouns in order; the last is its head.
    pub(super) nouns: Vec<(Class, usize)>,
    pub(super) titles: Vec<(usize, usize)>,
    /// A space stands before the first noun.
    pub(super) spaced: bool,
    /// Another number follows at once, so the last noun may be that one's.
    pub(super) number_follows: bool,
    pub(super) steps: usize,
}

/// Looks at the noun phrase after the number at token `at`.
pub(super) fn after(tokens: &Tokens, at: usize) -> After {
    let mut found = After::default();
    for place in at + 1..(at + 1 + AHEAD).min(tokens.tokens.len()) {
        found.steps += 1;
        let Token { kind, start, end } = tokens.tokens[place];
        match kind {
            Kind::Title => {
                found.titles.push((start, end));
                found.nouns.push((Class::Noun(M::Materials), place));
            }
            Kind::Word(
                class @ (Class::Noun(_) | Class::Weak(_) | Class::Place | Class::Other | Class::Staff),
            ) => {
                found.nouns.push((class, place));
            }
            Kind::Word(Class::Plain | Class::Of) | Kind::Mark => {}
            Kind::Word(Class::Total | Class::Reaches | Class::Over | Class::Under | Class::About) => {
                if !number_after(tokens, place) {
                    return found;
                }
            }
            Kind::Unknown if end - start <= 6 => {}
            Kind::Space if found.nouns.is_empty() => found.spaced = true,
            Kind::Space | Kind::Colon => {
                found.number_follows = number_after(tokens, place);
                return found;
            }
            Kind::Number(_) => {
                found.number_follows = true;
                return found;
            }
            _ => return found,
        }
    }
    found
}

/// Whether a number stands within the next tokens, over nothing but quantifiers.
fn number_after(tokens: &Tokens, at: usize) -> bool {
    let next = tokens.tokens.iter().skip(at + 1).take(3).find(|token| {
        !matches!(
            token.kind,
            Kind::Space
                | Kind::Mark
                | Kind::Colon
                | Kind::Word(Class::Total | Class::Reaches | Class::Over | Class::Under | Class::About)
        )
    });
    matches!(next, Some(Token { kind: Kind::Number(_), .. }))
}

/// The words of the clause after a number, up to the next number or punctuation.
pub(super) fn clause_after(tokens: &Tokens, at: usize) -> (Vec<Class>, usize) {
    let mut classes = Vec::new();
    let mut steps = 0;
    for token in tokens.tokens.iter().skip(at + 1).take(AHEAD) {
        steps += 1;
        match token.kind {
            Kind::Word(class) => classes.push(class),
            Kind::Title | Kind::Unknown | Kind::Space | Kind::Mark | Kind::Open | Kind::Close => {}
            _ => break,
        }
    }
    (classes, steps)
}
