//! Binds every number to what it counts.

mod totals;

use super::Doubt;
use super::class::{Class, M, V};
use super::context::Context;
use super::people;
use super::phrase::{self, After, Before, Seen};
use super::sense::{Sense, blocked_by_visits, hint, is_loose, nearest, owns, refine, weak};
use super::table::{self, Columns};
use super::tokens::{Kind, Number, Token, Tokens};
use super::units::UnitKind;
use super::wary::{self, Supply};
use std::collections::BTreeMap;

/// A number that is a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Which of the numbers.
    pub(super) number: usize,
    pub(super) measure: M,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) title: Option<(usize, usize)>,
    pub(super) over: bool,
    pub(super) under: bool,
    pub(super) about: bool,
    pub(super) doubt: Option<Doubt>,
    printed: bool,
}

/// Numbers that are services to call, never counts.
const HOTLINES: [u64; 16] =
    [110, 119, 120, 122, 12309, 12315, 12333, 12337, 12338, 12345, 12348, 12355, 12368, 12380, 12388, 96110];

/// A figure of the sentence, and whether it was given as a total.
#[derive(Debug, Clone, Copy)]
struct Part {
    measure: M,
    low: u128,
    high: u128,
    total: bool,
    /// 其中 stood before it.
    part: bool,
}

/// The sum of several figures.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    parts: usize,
    low: u128,
    high: u128,
}

/// What stands around a figure.
#[derive(Debug, Clone, Copy)]
struct Standing {
    /// 共 stands before it.
    total: bool,
    /// No noun of its own stands beside it.
    nameless: bool,
    /// The verb that governs it.
    verb: Option<V>,
    /// 累计 alone stands before it.
    running: bool,
}

struct Binder<'t> {
    tokens: &'t Tokens,
    columns: Columns,
    found: Vec<Found>,
    /// Tokens that belong to a figure or begin an item.
    used: Vec<bool>,
    /// The figures of this sentence.
    sentence: Vec<Part>,
    /// What the whole text adds up to so far, totals left out.
    sums: BTreeMap<M, Sum>,
    /// The token of the figure read last.
    last: Option<(usize, M)>,
    /// The verb of this sentence that governed the figure read last.
    verb: Option<V>,
    /// 小计 stood in this text.
    subtotals: bool,
    /// A sentence has ended; the next one may go on about its figures: 其中.
    ended: bool,
    steps: usize,
}

/// Every figure of a text in order, and the steps it took to find them.
pub(super) fn bind(tokens: &Tokens) -> (Vec<Found>, usize) {
    let mut binder = Binder {
        tokens,
        columns: table::columns(tokens),
        found: Vec::new(),
        used: vec![false; tokens.tokens.len()],
        sentence: Vec::new(),
        sums: BTreeMap::new(),
        last: None,
        verb: None,
        subtotals: false,
        ended: false,
        steps: 0,
    };
    let mut context = Context::default();
    for (at, token) in tokens.tokens.iter().enumerate() {
        let after_figure = at > 0 && binder.last.is_some_and(|(last, _)| last + 1 == at);
        context.read(tokens, at, after_figure);
        binder.begin(*token);
        if let Kind::Number(number) = token.kind {
            binder.number(at, *token, number, &context);
        }
    }
    binder.doubt_prints();
    (binder.found, binder.steps)
}

impl Binder<'_> {
    /// Forgets the sentence before, unless this one goes on about its figures.
    fn begin(&mut self, token: Token) {
        let kind = token.kind;
        match kind {
            // ；: what a 共 after it sums up stands before it.
            Kind::Stop if self.tokens.slice(token).contains(&';') => self.verb = None,
            Kind::Stop => (self.ended, self.verb) = (true, None),
            Kind::Space | Kind::Mark | Kind::Break => {}
            _ if self.ended => {
                self.ended = false;
                if kind != Kind::Word(Class::Part) {
                    self.sentence.clear();
                }
            }
            _ => {}
        }
    }

    fn number(&mut self, at: usize, token: Token, index: usize, context: &Context) {
        let number = &self.tokens.numbers[index];
        if self.is_marker(at, number) {
            self.used[at] = true;
            return;
        }
        let kind = number.unit.kind;
        if number.code
            || wary::is_start(self.tokens, at)
            || context.no_result()
            || matches!(kind, UnitKind::Sort | UnitKind::Not)
        {
            return;
        }
        if context.part && wary::is_new(self.tokens, at) {
            self.doubt_last();
        }
        let used = |place: usize| self.used[place];
        let before = phrase::before(self.tokens, at, &used);
        let after = phrase::after(self.tokens, at);
        self.steps += before.steps + after.steps;
        if before.ordinal || number.numeral.value().is_none() || self.is_group(at, number) {
            return;
        }
        let sense = match kind {
            _ if self.columns.contains_key(&at) => self.in_column(at, number),
            UnitKind::Person => {
                let (clause, steps) = phrase::clause_after(self.tokens, at);
                self.steps += steps;
                people::sense(self.tokens, number, &before, &after, &clause)
            }
            UnitKind::None => self.without_word(at, number, &before, &after),
            _ => self.thing(at, number, &before, &after),
        };
        let Some(sense) = sense.filter(|_| !is_phrase_of_one(self.tokens, token, number)) else { return };
        let sense = sense.guessed_if(context.wished && wary::is_least(self.tokens, number, &before));
        let lies = sense.measure == M::Materials
            && wary::only_lies(
                self.tokens,
                clause(&before, 0),
                self.verb.filter(|_| before.stopped_at.is_some()),
            );
        let sense = sense.guessed_if(lies);
        let odd = wary::is_odd(self.tokens, at, number).then_some(Doubt::Vague);
        let odd = odd.or(wary::says_which(self.tokens, at).then_some(Doubt::Guessed));
        let odd = odd.or(context.years.then_some(Doubt::Grouping));
        let odd = wary::is_each(self.tokens, at).then_some(Doubt::Grouping).or(odd);
        let supply =
            (sense.measure == M::Materials).then(|| wary::supply(self.tokens, &before.words)).flatten();
        let supply = Some(Supply::Bought)
            .filter(|_| {
                sense.measure == M::Gifts && wary::supply(self.tokens, &before.words) == Some(Supply::Bought)
            })
            .or(supply);
        let bought = (supply == Some(Supply::Bought)).then_some(Doubt::Printed);
        let start = before.first.map_or(token.start, |first| self.tokens.tokens[first].start);
        let found = Found {
            number: index,
            measure: sense.measure,
            start,
            end: token.end,
            title: title(&before, &after, sense),
            over: before.over,
            under: before.under,
            about: before.about,
            doubt: sense.doubt.or(odd).or(bought),
            printed: supply.is_some() && sense.measure == M::Materials,
        };
        let own = clause(&before, 0);
        let nameless = sense.owns.is_none() && own.iter().all(|seen| seen.verb().is_some());
        let verb = before.words.iter().find_map(Seen::verb);
        let running = before.total && own.is_empty() && sense.owns.is_none();
        self.take(at, found, sense, context, Standing { total: before.total, nameless, verb, running });
    }

    /// 3组18块: groups stand beside the count of what they hold.
    fn is_group(&self, at: usize, number: &Number) -> bool {
        let groups = matches!(number.unit.key, "组" | "套" | "期" | "版" | "部" | "轮");
        let next = self.tokens.tokens.get(at + 1).map(|token| token.kind);
        let Some(Kind::Number(next)) = next.filter(|_| groups) else { return false };
        self.tokens.numbers[next].unit.kind == UnitKind::Count
    }

    /// 1. 1、 (1) at the beginning of an item.
    fn is_marker(&self, at: usize, number: &Number) -> bool {
        let token = self.tokens.tokens[at];
        if number.unit.kind != UnitKind::None || number.numeral.over {
            return false;
        }
        let next = self.tokens.text.get(token.end);
        if !matches!(next, Some('.' | '、' | ')' | '．')) || token.end - token.start > 2 {
            return false;
        }
        let mut before = self.tokens.tokens[..at].iter().rev().take(3).map(|token| token.kind);
        loop {
            match before.next() {
                None | Some(Kind::Stop | Kind::Break | Kind::Comma) => return true,
                Some(Kind::Space | Kind::Colon | Kind::Open) => {}
                Some(Kind::Word(Class::Noun(_) | Class::Weak(_))) => return false,
                Some(_) => {
                    return next != Some(&'、')
                        && self.tokens.text.get(token.start.wrapping_sub(1)) == Some(&' ');
                }
            }
        }
    }

    /// A number of a table: the heading says what it counts, and its own word may not contradict.
    fn in_column(&self, at: usize, number: &Number) -> Option<Sense> {
        let measure = (*self.columns.get(&at)?)?;
        let fits = number.unit.kind == UnitKind::None || measure.takes(number.unit.key);
        Some(if fits { Sense::sure(measure) } else { Sense::guess(measure) })
    }

    /// A number without a word of counting: only right beside its noun.
    fn without_word(&self, at: usize, number: &Number, before: &Before, after: &After) -> Option<Sense> {
        let value = number.numeral.value()?;
        // 拨打120, but 传单120.
        let named = before.words.first().is_some_and(|seen| {
            seen.at + 1 == at && seen.noun().is_some_and(|noun| noun != M::Consultations)
        });
        if (HOTLINES.contains(&value) && !named) || number.numeral.range {
            return None;
        }
        let next = self.tokens.tokens.get(at + 1).map(|token| token.kind);
        // 20条幅: the word of counting is the beginning of the noun.
        if let Some((Class::Noun(measure), place)) = after.nouns.first().filter(|(_, place)| *place == at + 1)
        {
            let begins = self.tokens.text.get(self.tokens.tokens[*place].start);
            let word = begins.is_some_and(|c| measure.takes(&c.to_string()));
            return word.then_some(Sense { owns: Some(*place), ..Sense::guess(*measure) });
        }
        let ends = matches!(
            next,
            None | Some(
                Kind::Comma | Kind::Pause | Kind::Stop | Kind::Break | Kind::Space | Kind::Close | Kind::Open
            )
        );
        // 资料发放：450 as well as 资料：450.
        let colon = at > 0 && self.tokens.tokens[at - 1].kind == Kind::Colon;
        // 资料发放450 as well.
        let beside = before.words.windows(2).next().is_some_and(|two| {
            two[0].at + 1 == at
                && two[1].at + 2 == at
                && two[0].verb().zip(two[1].noun()).is_some_and(|(verb, noun)| noun.agrees(verb))
        });
        let skipped =
            usize::from((colon || beside) && before.words.first().is_some_and(|seen| seen.verb().is_some()));
        let noun = before.words.get(skipped).filter(|seen| seen.clause == 0 && !before.gap)?.noun()?;
        let opened = at > 0 && self.tokens.tokens[at - 1].kind == Kind::Open;
        if !ends {
            return None;
        }
        // 横幅24（+4）条: what stands in brackets may be a part or what is new.
        let explained = next == Some(Kind::Open);
        let contradicts = before.word.is_some_and(|word| !noun.takes(word));
        Some(if opened || explained || contradicts || number.numeral.chinese {
            Sense::guess(noun)
        } else {
            Sense::sure(noun)
        })
    }

    fn thing(&self, at: usize, number: &Number, before: &Before, after: &After) -> Option<Sense> {
        let word = number.unit.key;
        let here = clause(before, 0);
        if blocked_by_visits(here, word) {
            return None;
        }
        let prior = nearest(self.tokens, here, word);
        let follower = self.follower(word, after, here);
        let foreign = matches!(after.nouns.last(), Some((Class::Other | Class::Place | Class::Staff, _)))
            && !after.number_follows
            && follower.is_none();
        if let Some((sense, place)) = prior {
            let touching = here[..place].iter().all(|seen| seen.verb().is_none());
            let sure = touching && (!foreign || sense.measure.usually(word));
            // 横幅架20个: a word that the lexicon lacks may be the head.
            let next = self.tokens.tokens.get(here[place].at + 1).map(|token| token.kind);
            let headed = touching && next == Some(Kind::Unknown);
            let sense = sense.guessed_if(before.gap && (here[place].listed || headed));
            if sure && (!before.gap || follower.is_none()) {
                return Some(sense);
            }
            if foreign {
                return None;
            }
            match follower {
                Some(follower) if !after.number_follows => return Some(follower),
                _ => return Some(sense),
            }
        }
        if let Some(sense) = self.divided(at, before, here, word) {
            return Some(sense);
        }
        let hinted = here.iter().find_map(|seen| hint(seen.verb()?, word, here));
        if follower.is_some() {
            // 整改隐患12处 展板：5块: the noun after is another number's.
            return hinted.filter(|_| after.number_follows).or(follower);
        }
        let owned_elsewhere = here.first().is_some_and(|seen| owns(seen.class, word));
        if foreign || owned_elsewhere {
            return None;
        }
        self.distant(number, before, here)
    }

    /// 悬挂条幅：甲村2条，乙村3条: the heading of a list of places, or the place before, says what each has.
    fn divided(&self, at: usize, before: &Before, here: &[Seen], word: &str) -> Option<Sense> {
        let place = here.first().filter(|seen| seen.class == Class::Place && seen.at + 1 == at)?;
        let told = here.iter().find_map(Seen::noun);
        let last = self.last.filter(|_| here.len() == 1 && before.stopped_at.is_some()).map(|(_, last)| last);
        let measure = told.or(last).filter(|measure| measure.usually(word))?;
        let named = place.clause == 0 && !matches!(word, "个" | "家" | "户");
        named.then_some(Sense::guess(measure))
    }

    /// What the verb, the clause before or the figure before say.
    fn distant(&self, number: &Number, before: &Before, here: &[Seen]) -> Option<Sense> {
        let word = number.unit.key;
        if matches!(here.first().map(|seen| seen.class), Some(Class::Verb(V::Attend))) {
            return None;
        }
        if let Some(sense) = here.iter().find_map(|seen| hint(seen.verb()?, word, here)) {
            // A word that the lexicon lacks, or the noun of another measure, may name something else.
            let other =
                here.first().is_some_and(|seen| seen.noun().is_some_and(|noun| noun != sense.measure));
            // 整改28处: of what, where no hazards were found?
            let fixed = sense.measure == M::HazardsFixed
                && self.sentence.iter().all(|part| part.measure != M::HazardsFound);
            let told = fixed || here.iter().any(|seen| wary::is_report(self.tokens, seen));
            return Some(sense.guessed_if(before.gap || other || told));
        }
        let away = &before.words[here.len()..];
        if let Some((sense, _)) = nearest(self.tokens, away, word) {
            let doubt = if here.is_empty() { sense.doubt } else { sense.doubt.or(Some(Doubt::Guessed)) };
            return Some(Sense { doubt, ..sense });
        }
        let last = self.last.filter(|_| before.words.is_empty() && before.stopped_at.is_some());
        if let Some((_, measure)) = last.filter(|(_, measure)| measure.takes(word)) {
            return Some(if measure.usually(word) && !before.gap {
                Sense::sure(measure)
            } else {
                Sense::guess(measure)
            });
        }
        if let Some(sense) = away.iter().find_map(|seen| hint(seen.verb()?, word, away)) {
            return Some(Sense { doubt: Some(Doubt::Guessed), ..sense });
        }
        // 发放手册600份、防暑扇300把: the verb before the figure before governs this one too.
        let governed = before.words.is_empty() && before.stopped_at.is_some();
        if let Some(sense) = self.verb.filter(|_| governed).and_then(|verb| hint(verb, word, here)) {
            return Some(Sense { doubt: Some(Doubt::Guessed), ..sense });
        }
        let blocked = here.iter().any(|seen| matches!(seen.class, Class::Other | Class::Verb(V::Attend)));
        let measure = match word {
            "份" | "册" if !blocked => M::Materials,
            "场" => M::Sessions,
            "篇" if !blocked => M::Posts,
            _ => return None,
        };
        Some(Sense::guess(measure))
    }

    /// The noun after the number, when it is counted by the word.
    fn follower(&self, word: &str, after: &After, here: &[Seen]) -> Option<Sense> {
        let mut nouns = &after.nouns[..];
        if after.number_follows && after.spaced {
            // 王庄50份 宣传单共125份: the noun is the next number's.
            return None;
        }
        if after.number_follows && nouns.len() > 1 {
            nouns = &nouns[..nouns.len() - 1];
        }
        let (class, place) = *nouns.last()?;
        let sense = match class {
            // 8个志愿者.
            Class::Noun(M::Volunteers) if word == "个" => Sense::sure(M::Volunteers),
            Class::Noun(measure) if measure.takes(word) => refine(self.tokens, measure, word, here)?,
            Class::Weak(measure) if measure.takes(word) => weak(measure, word, here)?,
            _ => return None,
        };
        // 82个小区电梯屏: 个 may count the places.
        let placed = matches!(nouns.first(), Some((Class::Place | Class::Other, _)))
            && matches!(word, "个" | "家" | "处");
        let loose = is_loose(self.tokens, place, word) || placed;
        Some(Sense { owns: Some(place), ..sense }.guessed_if(loose))
    }
}

/// The words of one clause, nearest first.
fn clause(before: &Before, which: usize) -> &[Seen] {
    let end = before.words.iter().position(|seen| seen.clause > which).unwrap_or(before.words.len());
    &before.words[..end]
}

/// The one title that a figure of printed matter is about.
fn title(before: &Before, after: &After, sense: Sense) -> Option<(usize, usize)> {
    if sense.measure != M::Materials {
        return None;
    }
    let titles = if sense.owns.is_some() { &after.titles } else { &before.titles };
    match titles[..] {
        [one]
            if sense.owns.is_some()
                || !clause(before, 0).iter().any(|seen| seen.listed && seen.noun().is_some()) =>
        {
            Some(one)
        }
        _ => None,
    }
}

/// 一场, 一份 before its noun tells a story and counts nothing; 讲座一场 counts.
fn is_phrase_of_one(tokens: &Tokens, token: Token, number: &Number) -> bool {
    let one = number.numeral.chinese && number.numeral.value() == Some(1) && number.numeral.high.is_none();
    let next = tokens.text.get(token.end);
    one && !number.numeral.over
        && !matches!(next, None | Some('，' | ',' | '、' | '。' | ';' | '\n' | ' ' | ')' | '!' | '.'))
}
