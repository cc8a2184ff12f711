//! What the words of a sentence say about every number that follows: plans, last year, rates, parts of a total.

use super::class::Class;
use super::tokens::{Kind, Tokens};

/// Where the reading stands in its sentence.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context {
    /// A plan or demand: until the sentence ends or something has been done.
    plan: bool,
    /// Last year's figures: within the clause.
    past: bool,
    /// A change: within the clause.
    change: bool,
    /// So many each: within the clause.
    each: bool,
    /// How many each was told: 人均2份共4.6万份.
    each_told: bool,
    /// A part of a figure given before.
    pub(super) part: bool,
    /// 共 stood in this clause.
    pub(super) total: bool,
    /// 近三年: what follows is of several years, until 今年 or the sentence ends.
    pub(super) years: bool,
    /// 我所, 本局 stood in this clause.
    pub(super) own: bool,
    /// 合计, 累计 stood in this sentence.
    pub(super) sum: bool,
    /// 合计：, until the sentence ends.
    pub(super) headed: bool,
    /// 小计, until the sentence ends.
    pub(super) subtotal: bool,
    /// 按照 stood in this clause: a plan that follows is only referred to.
    referred: bool,
    /// Something is wanted, or so much of each: 不少于 says what is wanted, until the sentence ends.
    pub(super) wished: bool,
    /// Brackets open here.
    depth: u8,
    /// The plan began within a bracket and ends with it.
    aside: bool,
}

impl Context {
    /// Whether a number here is no result.
    pub(super) const fn no_result(&self) -> bool {
        self.plan || self.past || self.change || self.each
    }

    /// Takes in the token at a place; `after_figure` tells whether a figure stands directly before it.
    pub(super) fn read(&mut self, tokens: &Tokens, at: usize, after_figure: bool) {
        match tokens.tokens[at].kind {
            Kind::Stop => *self = Self::default(),
            Kind::Break => *self = Self::default(),
            Kind::Comma => self.clause(),
            Kind::Colon if after_figure => self.part = true,
            Kind::Open => {
                self.depth = self.depth.saturating_add(1);
                self.part |= after_figure;
            }
            Kind::Close => {
                self.depth = self.depth.saturating_sub(1);
                self.part = false;
                self.plan &= !self.aside;
                self.aside = false;
                self.clause();
            }
            Kind::Number(number) => {
                self.each_told = self.each;
                let before = at.checked_sub(1).map(|before| tokens.tokens[before].kind);
                self.years |=
                    tokens.numbers[number].unit.key == "年" && before == Some(Kind::Word(Class::Under));
            }
            Kind::Word(Class::For) if is_request(tokens, at) => {
                (self.plan, self.aside) = (true, self.depth > 0);
            }
            Kind::Word(class) => self.word(tokens, at, class),
            Kind::Unknown => {
                let text = tokens.slice(tokens.tokens[at]);
                self.referred |= refers(text);
                self.own |= text.starts_with(&['我']);
            }
            _ => {}
        }
    }

    fn clause(&mut self) {
        (self.past, self.change, self.each, self.total, self.referred) = (false, false, false, false, false);
        self.own = false;
    }

    fn word(&mut self, tokens: &Tokens, at: usize, class: Class) {
        match class {
            Class::Plan => {
                let next = tokens.tokens.get(at + 1).map(|token| token.kind);
                let named = matches!(
                    next,
                    None | Some(
                        Kind::Comma
                            | Kind::Stop
                            | Kind::Pause
                            | Kind::Close
                            | Kind::Break
                            | Kind::Word(Class::Of | Class::And | Class::Etc)
                    )
                );
                let lone = tokens.tokens[at].end - tokens.tokens[at].start == 1;
                // 要, 拟, 须 want something done.
                let idle = lone && !is_done_next(tokens, at);
                self.wished |= idle && !self.referred;
                if !named && !self.referred && !idle && !self.plan {
                    (self.plan, self.aside) = (true, self.depth > 0);
                }
            }
            Class::Done => self.plan = false,
            Class::Past => self.past = true,
            Class::Now => (self.past, self.years) = (false, false),
            Class::Change => self.change = true,
            Class::Each => {
                (self.each, self.each_told) = (true, false);
                self.wished = true;
            }
            Class::Part => self.part = true,
            Class::Total => {
                self.total = true;
                self.sum |=
                    !matches!(tokens.slice(tokens.tokens[at]), ['共'] | ['计'] | ['总'] | ['共', '有']);
                self.headed |= tokens.tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Colon);
                self.subtotal |= tokens.slice(tokens.tokens[at]) == ['小', '计'];
                self.each &= !self.each_told;
            }
            _ => {}
        }
    }
}

/// 请各村悬挂横幅: at the beginning of a clause, and no expert is invited: 请律师讲课.
fn is_request(tokens: &Tokens, at: usize) -> bool {
    let kind = |place: usize| tokens.tokens.get(place).map(|token| token.kind);
    let begins = at.checked_sub(1).is_none_or(|before| {
        matches!(kind(before), Some(Kind::Stop | Kind::Break | Kind::Comma | Kind::Colon | Kind::Space))
    });
    let invites = matches!(kind(at + 1), Some(Kind::Word(Class::Staff)));
    tokens.slice(tokens.tokens[at]) == ['请'] && begins && !invites
}

/// Whether a verb follows within the next words of the clause.
fn is_done_next(tokens: &Tokens, at: usize) -> bool {
    let next = tokens.tokens.iter().skip(at + 1).take(4);
    next.map(|token| token.kind)
        .take_while(|kind| matches!(kind, Kind::Word(_) | Kind::Unknown | Kind::Number(_)))
        .any(|kind| matches!(kind, Kind::Word(Class::Verb(_))))
}

/// 按照计划, 根据要求: words that only refer to a plan.
fn refers(text: &[char]) -> bool {
    let ends = |word: &[char]| text.windows(word.len()).any(|part| part == word);
    [['按', '照'], ['根', '据'], ['依', '照'], ['围', '绕'], ['完', '成'], ['超', '额']]
        .iter()
        .any(|word| ends(word))
}
