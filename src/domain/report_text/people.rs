//! Numbers of people: who asked, who was reached, who volunteered; all others took part and are no figure.

use super::Doubt;
use super::class::{Class, M, V};
use super::phrase::{After, Before, Seen};
use super::sense::{Sense, is_loose};
use super::tokens::{Number, Tokens};

/// What a number of people counts.
pub(super) fn sense(
    tokens: &Tokens,
    number: &Number,
    before: &Before,
    after: &After,
    clause: &[Class],
) -> Option<Sense> {
    let here = words(before, |clause| clause == 0);
    if let Some(sense) = volunteers(tokens, here, after) {
        return Some(sense);
    }
    let took_part = clause.iter().find(|class| !matches!(class, Class::Plain | Class::Of | Class::Place));
    if took_part == Some(&Class::Verb(V::Attend)) && !here.first().is_some_and(|seen| is_reached(seen.class))
    {
        return None;
    }
    // 为30名群众解答: those for whom it is done come before the verb.
    if before.for_whom {
        return ahead(clause, true);
    }
    match behind(tokens, number, here) {
        Verdict::Is(sense) => return Some(sense),
        Verdict::No => return None,
        Verdict::Open => {}
    }
    if let Some(sense) = ahead(clause, false) {
        return Some(sense);
    }
    if here.is_empty() && clause.iter().all(|class| matches!(class, Class::Plain | Class::Total)) {
        let away = words(before, |clause| clause > 0);
        if let Verdict::Is(sense) = behind(tokens, number, away) {
            return Some(sense);
        }
    }
    None
}

fn words(before: &Before, which: impl Fn(usize) -> bool) -> &[Seen] {
    let start = before.words.iter().position(|seen| which(seen.clause)).unwrap_or(before.words.len());
    let length = before.words[start..].iter().take_while(|seen| which(seen.clause)).count();
    &before.words[start..start + length]
}

fn is_reached(class: Class) -> bool {
    matches!(class, Class::Noun(M::Audience | M::Volunteers) | Class::Verb(V::Reach))
}

/// 志愿者80余人, 9名志愿者; with others beside them it is doubtful.
fn volunteers(tokens: &Tokens, here: &[Seen], after: &After) -> Option<Sense> {
    let mixed = Sense { doubt: Some(Doubt::Mixed), ..Sense::sure(M::Volunteers) };
    let run = here.iter().take_while(|seen| !matches!(seen.class, Class::Verb(_)));
    let near: Vec<Class> =
        run.map(|seen| seen.class).filter(|class| !matches!(class, Class::Place)).collect();
    match near.first() {
        Some(Class::Noun(M::Volunteers)) => {
            let loose = here.first().is_some_and(|seen| is_loose(tokens, seen.at, "名"));
            let sure = Sense::sure(M::Volunteers).guessed_if(loose);
            return Some(if near.contains(&Class::Staff) { mixed } else { sure });
        }
        Some(Class::Staff) if near.contains(&Class::Noun(M::Volunteers)) => return Some(mixed),
        _ => {}
    }
    let found = after.nouns.iter().find(|(class, _)| *class == Class::Noun(M::Volunteers))?;
    // 咨询12人次 志愿者9名: the noun after is another number's, unless none stands before.
    if after.number_follows && here.iter().any(|seen| matches!(seen.class, Class::Noun(_) | Class::Weak(_))) {
        return None;
    }
    let others = after.nouns.iter().any(|(class, _)| matches!(class, Class::Staff));
    let last = after.nouns.last().map(|(class, _)| *class);
    if matches!(last, Some(Class::Other)) {
        return None;
    }
    Some(Sense { owns: Some(found.1), ..if others { mixed } else { Sense::sure(M::Volunteers) } })
}

enum Verdict {
    Is(Sense),
    /// Somebody else's number.
    No,
    /// Nothing decides.
    Open,
}

/// What the words before a number of people say, nearest first.
fn behind(tokens: &Tokens, number: &Number, words: &[Seen]) -> Verdict {
    let mut staff = false;
    let mut weak = false;
    for (place, seen) in words.iter().enumerate() {
        match seen.class {
            Class::Noun(M::Consultations) | Class::Verb(V::Answer) => {
                return if staff { Verdict::No } else { Verdict::Is(Sense::sure(M::Consultations)) };
            }
            Class::Noun(M::Audience) | Class::Verb(V::Reach) => return Verdict::Is(Sense::sure(M::Audience)),
            Class::Noun(M::Messages) | Class::Verb(V::Send) => return Verdict::Is(Sense::sure(M::Messages)),
            Class::Verb(V::Serve) => {
                let token = tokens.tokens[seen.at];
                let text = tokens.slice(token);
                let sense = match text {
                    ['服', '务', ..] | ['现', '场', '服', '务'] if !weak => Sense::guess(M::Audience),
                    ['提', ..] | ['接', '受'] | ['现', '场', '接', '受'] | ['帮', ..] if !weak => {
                        continue;
                    }
                    _ => Sense::guess(M::Consultations),
                };
                return Verdict::Is(sense);
            }
            Class::Weak(M::Consultations) => weak = true,
            Class::Weak(M::Sessions) if place == 0 && number.unit.key == "人次" => {
                return Verdict::Is(Sense::guess(M::Audience));
            }
            Class::Staff => staff = true,
            // 组织学生60人: they took part.
            Class::Verb(V::Hold) if tokens.slice(tokens.tokens[seen.at]) == ['组', '织'] => {
                return Verdict::No;
            }
            Class::Other if place == 0 => return Verdict::No,
            Class::Noun(M::Sessions) if place == 0 => return Verdict::No,
            Class::Verb(V::Attend | V::Give | V::Hang | V::Show | V::Out | V::Push | V::Play) => {
                return Verdict::No;
            }
            _ => {}
        }
    }
    if staff { Verdict::No } else { Verdict::Open }
}

/// What the clause after a number of people says: 200余名群众前来咨询, 为30余名群众解答法律问题.
fn ahead(clause: &[Class], for_whom: bool) -> Option<Sense> {
    let mut received = false;
    for (place, class) in clause.iter().enumerate() {
        match class {
            Class::Staff | Class::Other if place == 0 => return None,
            Class::Verb(V::Reach) if for_whom => return Some(Sense::guess(M::Audience)),
            Class::Verb(V::Reach) | Class::Noun(M::Audience) => return Some(Sense::sure(M::Audience)),
            Class::Weak(M::Sessions) if received => return Some(Sense::sure(M::Audience)),
            Class::Verb(V::Serve) => received = true,
            Class::Noun(M::Consultations) => return Some(Sense::sure(M::Consultations)),
            Class::Verb(V::Answer) if for_whom => return Some(Sense::sure(M::Consultations)),
            Class::Weak(M::Consultations) if for_whom => return Some(Sense::guess(M::Consultations)),
            Class::Noun(M::Sessions) | Class::Weak(M::Sessions) if for_whom => {
                return Some(Sense::guess(M::Audience));
            }
            Class::Verb(V::Attend | V::Give | V::Hang | V::Show | V::Answer) => return None,
            _ => {}
        }
    }
    None
}
