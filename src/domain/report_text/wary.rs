//! What makes a figure doubtful although it is clear what it counts: wishes, supplies, totals that hold what is new.

use super::class::{Class, M, V};
use super::phrase::{Before, Seen};
use super::tokens::{Kind, Number, Tokens};

/// 不少于2条, 1条以上: what is wanted is told like this, too.
pub(super) fn is_least(tokens: &Tokens, number: &Number, before: &Before) -> bool {
    let first = before.first.map(|first| tokens.slice(tokens.tokens[first]));
    first.is_some_and(|word| matches!(word, ['不', ..] | ['至', '少']))
        || (number.unit.over && !number.numeral.over)
}

/// 余500份: the word on the wrong side; it may be more than that, or what is left. 小三百份: not quite that.
pub(super) fn is_odd(tokens: &Tokens, at: usize, number: &Number) -> bool {
    let start = tokens.tokens[at].start;
    let before = start.checked_sub(1).map(|before| tokens.text[before]);
    matches!(before, Some('余' | '多')) || (before == Some('小') && number.numeral.chinese)
}

/// What the nearest verb says of prints that nobody may have been handed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Supply {
    /// 印制, 领取, 下发: handed out, unless another figure says how much was.
    Made,
    /// 采购, 增订: whether anything was handed out is not said.
    Bought,
}

/// Whether the nearest verb says that something was printed, bought or received.
pub(super) fn supply(tokens: &Tokens, words: &[Seen]) -> Option<Supply> {
    let (nearest, verb) = words.iter().find_map(|seen| Some((seen, seen.verb()?)))?;
    let given = || words.iter().any(|seen| seen.clause == nearest.clause && seen.verb() == Some(V::Give));
    match (verb, tokens.slice(tokens.tokens[nearest.at])) {
        (_, ['下' | '分' | '配', '发'] | ['领', '取' | '了' | '回'] | ['收', '到'] | ['配', '送']) => {
            Some(Supply::Made)
        }
        (V::Print, _) if given() => None,
        (V::Print, ['采' | '订', '购'] | ['购' | '订', ..] | ['征' | '增' | '添', ..]) => {
            Some(Supply::Bought)
        }
        (V::Print, _) => Some(Supply::Made),
        _ => None,
    }
}

/// 资料、礼品各300份, 资料各发放300份: so many of each.
pub(super) fn is_each(tokens: &Tokens, at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|place| tokens.tokens[place]);
    let verb = before(1).is_some_and(|token| matches!(token.kind, Kind::Word(Class::Verb(_))));
    before(if verb { 2 } else { 1 }).is_some_and(|token| tokens.slice(token).ends_with(&['各']))
}

/// 不足500份的单位: it says which units are meant.
pub(super) fn says_which(tokens: &Tokens, at: usize) -> bool {
    let kind = |place: usize| tokens.tokens.get(place).map(|token| token.kind);
    kind(at + 1) == Some(Kind::Word(Class::Of))
        && matches!(kind(at + 2), Some(Kind::Word(Class::Place | Class::Other | Class::Staff)))
}

/// 由8场增至11场: where it came from.
pub(super) fn is_start(tokens: &Tokens, at: usize) -> bool {
    let from = at.checked_sub(1).map(|place| tokens.slice(tokens.tokens[place]));
    let end = tokens.tokens[at].end;
    let rises = matches!(
        tokens.text.get(end),
        Some('增' | '改' | '变' | '调' | '升' | '降' | '减' | '提' | '扩' | '上' | '下' | '跃')
    );
    rises && from.is_some_and(|word| word.ends_with(&['由']) || word.ends_with(&['从']))
}

/// 图书120册: where nobody hands anything out, they may only lie there.
pub(super) fn only_lies(tokens: &Tokens, words: &[Seen], governing: Option<V>) -> bool {
    let gives = |verb: V| matches!(verb, V::Give | V::Print);
    let book = words.iter().find(|seen| seen.noun() == Some(M::Materials)).is_some_and(|seen| {
        matches!(
            tokens.slice(tokens.tokens[seen.at]),
            ['书'] | ['图' | '报', '书' | '刊'] | ['书', '籍' | '刊']
        )
    });
    book && !words.iter().filter_map(Seen::verb).chain(governing).any(gives)
}

/// 累计1480份（今日新增260份）: the figure in brackets is what is new.
pub(super) fn is_new(tokens: &Tokens, at: usize) -> bool {
    const NEW: [[char; 2]; 8] = [
        ['新', '增'],
        ['今', '日'],
        ['今', '天'],
        ['当', '日'],
        ['当', '天'],
        ['本', '日'],
        ['本', '周'],
        ['昨', '日'],
    ];
    let from = tokens.tokens[at.saturating_sub(4)].start;
    tokens.text[from..tokens.tokens[at].start].windows(2).any(|two| NEW.iter().any(|word| two == word))
}

/// 报道32篇, 转载5条: by whom is not said.
pub(super) fn is_report(tokens: &Tokens, seen: &Seen) -> bool {
    matches!(seen.class, Class::Verb(V::Push))
        && matches!(
            tokens.slice(tokens.tokens[seen.at]),
            ['报', '道'] | ['宣', '传', '报', '道'] | ['刊', ..] | ['转', '载']
        )
}

/// Prints and small gifts go out together; one may be told as a part of the other.
pub(super) const fn is_handed_out(measure: M) -> bool {
    matches!(measure, M::Materials | M::Gifts)
}
