//! What the words around a number make of it: nouns, lists of nouns, verbs.

use super::class::{Class, M, V};
use super::phrase::Seen;
use super::tokens::Tokens;
use super::{Doubt, lexicon};

/// What a number counts, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sense {
    pub(super) measure: M,
    pub(super) doubt: Option<Doubt>,
    /// The noun after the number that it owns.
    pub(super) owns: Option<usize>,
}

impl Sense {
    pub(super) const fn sure(measure: M) -> Self {
        Self { measure, doubt: None, owns: None }
    }

    /// The same, doubtful where a condition holds.
    pub(super) fn guessed_if(self, doubtful: bool) -> Self {
        Self { doubt: self.doubt.or(doubtful.then_some(Doubt::Guessed)), ..self }
    }

    pub(super) const fn guess(measure: M) -> Self {
        Self { measure, doubt: Some(Doubt::Guessed), owns: None }
    }
}

/// 点击量2万次, 参观500人次: visits are no figures.
pub(super) fn blocked_by_visits(here: &[Seen], word: &str) -> bool {
    word == "次" && matches!(here.first().map(|seen| seen.class), Some(Class::Verb(V::Attend)))
}

/// Whether a word of another thing owns a number with this word of counting.
pub(super) fn owns(class: Class, word: &str) -> bool {
    match class {
        Class::Other => true,
        Class::Place | Class::Staff => matches!(word, "个" | "家" | "处" | "户" | "组" | "条" | "支"),
        _ => false,
    }
}

/// The nearest noun that the word counts, with its place; lists of several measures are doubtful.
pub(super) fn nearest(tokens: &Tokens, words: &[Seen], word: &str) -> Option<(Sense, usize)> {
    for (place, seen) in words.iter().enumerate() {
        match seen.class {
            Class::Noun(measure) if measure.takes(word) => {
                let sense = listed(words, place, measure, word);
                let refined = refine(tokens, sense.measure, word, words)?;
                // 评比黑板报24块, 入户检查线路95户: said of it otherwise than where it is counted.
                let near = words[place + 1..].iter().take_while(|before| before.clause == seen.clause);
                let governing = near.filter_map(Seen::verb).take(1);
                let strange = words[..place]
                    .iter()
                    .filter_map(Seen::verb)
                    .chain(governing)
                    .any(|verb| !measure.agrees(verb));
                let loose = is_loose(tokens, seen.at, word) || strange;
                let doubt = sense.doubt.or(refined.doubt);
                return Some((Sense { doubt, ..refined }.guessed_if(loose), place));
            }
            Class::Weak(measure) if measure.takes(word) => {
                if let Some(sense) = weak(measure, word, words) {
                    return Some((sense.guessed_if(is_loose(tokens, seen.at, word)), place));
                }
            }
            class if place == 0 && owns(class, word) => return None,
            Class::Other if words[..place].iter().all(|seen| seen.verb().is_none()) => return None,
            _ => {}
        }
    }
    None
}

/// Whether the noun at a token says little of what was counted: 黑板报, 咨询服务26次.
pub(super) fn is_loose(tokens: &Tokens, at: usize, word: &str) -> bool {
    let noun = tokens.slice(tokens.tokens[at]);
    lexicon::is_loose(noun) || (word == "次" && noun.ends_with(&['服', '务']))
}

/// The measure of a list that shares one number: 资料、纪念品2000份, 手册、折页等宣传品2000份.
fn listed(words: &[Seen], place: usize, nearest: M, word: &str) -> Sense {
    let mut others = Vec::new();
    let mut members = false;
    for seen in &words[place + 1..] {
        match seen.class {
            Class::Noun(measure) if measure.takes(word) && (seen.listed || seen.etc) => {
                members |= seen.etc;
                others.push(measure);
            }
            Class::Noun(_) | Class::Weak(_) => {}
            _ => break,
        }
    }
    if others.iter().all(|other| *other == nearest) {
        return Sense::sure(nearest);
    }
    // 等 sums its members up under the noun that follows.
    if members && nearest == M::Materials {
        return Sense::sure(nearest);
    }
    if members && nearest == M::Gifts {
        return Sense { doubt: Some(Doubt::Mixed), ..Sense::sure(nearest) };
    }
    let all = [nearest].into_iter().chain(others);
    let prints = matches!(word, "份" | "册" | "本" | "张" | "页" | "套");
    let measure = if prints && all.clone().any(|measure| measure == M::Materials) {
        M::Materials
    } else {
        all.clone().find(|measure| measure.usually(word)).or(all.last()).unwrap_or(nearest)
    };
    Sense { doubt: Some(Doubt::Mixed), ..Sense::sure(measure) }
}

fn has(words: &[Seen], verb: V) -> bool {
    words.iter().any(|seen| seen.verb() == Some(verb))
}

fn names(words: &[Seen], measure: M) -> bool {
    words.iter().any(|seen| seen.noun() == Some(measure))
}

/// What the verb of the clause makes of a noun.
pub(super) fn refine(tokens: &Tokens, measure: M, word: &str, here: &[Seen]) -> Option<Sense> {
    let played = here.iter().any(|seen| {
        let token = tokens.tokens[seen.at];
        seen.verb() == Some(V::Play)
            && (tokens.slice(token).starts_with(&['滚', '动']) || names(here, M::Screens))
    });
    Some(match measure {
        M::HazardsFound if has(here, V::Fix) && has(here, V::Find) => Sense::guess(measure),
        M::HazardsFound if has(here, V::Fix) => Sense::sure(M::HazardsFixed),
        M::HazardsFound if !has(here, V::Find) && is_handled(tokens, here) => Sense::guess(M::HazardsFixed),
        M::Banners | M::Posts if played && matches!(word, "条" | "次" | "句" | "幅" | "处" | "块" | "台") => {
            Sense::guess(M::Screens)
        }
        M::Posts if has(here, V::Play) => return None,
        M::Posts | M::Gifts if is_gathered(tokens, here) => return None,
        // 电子屏标语1条: it runs on the screen.
        M::Banners if is_on_screen(tokens, here) => Sense::guess(M::Screens),
        // 收集问题32个: nobody asked.
        M::Consultations if is_gathered(tokens, here) => return None,
        // 展出图书300册: shown, not handed out.
        M::Materials if here.iter().find_map(Seen::verb) == Some(V::Show) => Sense::guess(measure),
        // 观看短片3部: somebody else's work.
        M::Posts if is_watched(tokens, here) => return None,
        M::Materials if matches!(word, "幅" | "块") && has(here, V::Show) => Sense::guess(M::Boards),
        M::Materials if matches!(word, "条" | "个" | "部" | "件") && !has(here, V::Give) => {
            Sense::guess(measure)
        }
        // Plays are no screens to everybody.
        M::Screens if matches!(word, "次" | "台" | "条") => Sense::guess(measure),
        M::Consultations if matches!(word, "份" | "项") => Sense::guess(measure),
        M::Posts if matches!(word, "个" | "次") => Sense::guess(measure),
        M::Households if word != "户" => Sense::guess(measure),
        _ => Sense::sure(measure),
    })
}

/// A noun of screens right before the one of banners.
fn is_on_screen(tokens: &Tokens, here: &[Seen]) -> bool {
    let near = here.iter().zip(here.iter().skip(1));
    near.take(2).any(|(after, before)| {
        after.noun() == Some(M::Banners)
            && before.noun() == Some(M::Screens)
            && tokens.tokens[before.at].end == tokens.tokens[after.at].start
    })
}

/// 处理隐患, 解决隐患: something was done about them.
fn is_handled(tokens: &Tokens, here: &[Seen]) -> bool {
    let noun = here.iter().find(|seen| seen.noun() == Some(M::HazardsFound));
    let start = noun.map_or(0, |seen| tokens.tokens[seen.at].start);
    let before = &tokens.text[start.saturating_sub(6)..start];
    before
        .windows(2)
        .any(|two| matches!(two, ['处' | '治' | '办', '理'] | ['解', '决'] | ['清' | '消', '除']))
}

/// 收集, 征集, 梳理: questions that were gathered.
fn is_gathered(tokens: &Tokens, here: &[Seen]) -> bool {
    let verb = here.iter().find(|seen| seen.verb().is_some());
    verb.is_some_and(|seen| {
        matches!(
            tokens.slice(tokens.tokens[seen.at]),
            ['收' | '征', '集'] | ['梳', '理'] | ['征', '求'] | ['收', '到']
        )
    })
}

/// 观看, 收看, 阅读: who looked on made nothing.
fn is_watched(tokens: &Tokens, here: &[Seen]) -> bool {
    let verb = here.iter().find(|seen| seen.verb().is_some());
    verb.is_some_and(|seen| {
        let word = tokens.slice(tokens.tokens[seen.at]);
        seen.verb() == Some(V::Attend) && (word.ends_with(&['看']) || word.ends_with(&['听']))
    })
}

/// A weak noun, where the verb or the word of counting agrees.
pub(super) fn weak(measure: M, word: &str, here: &[Seen]) -> Option<Sense> {
    let asked = has(here, V::Answer) || names(here, M::Consultations);
    match measure {
        M::Consultations if has(here, V::Find) => Some(Sense::guess(M::HazardsFound)),
        M::Consultations if has(here, V::Fix) => Some(Sense::guess(M::HazardsFixed)),
        M::Consultations if asked => Some(Sense::sure(measure)),
        M::Consultations if has(here, V::Serve) && word != "件" => Some(Sense::guess(measure)),
        M::Sessions if matches!(word, "场" | "堂" | "节") => Some(Sense::sure(measure)),
        M::Sessions if matches!(word, "次" | "期") => {
            Some(if has(here, V::Hold) { Sense::sure(measure) } else { Sense::guess(measure) })
        }
        M::Posts if matches!(word, "篇" | "则") || has(here, V::Push) => {
            Some(Sense::sure(measure).guessed_if(word == "次"))
        }
        M::Vehicles => Some(Sense::guess(measure)),
        M::Posts if has(here, V::Send) => Some(Sense::guess(M::Messages)),
        _ => None,
    }
}

/// What a verb says of a number that has no noun.
pub(super) fn hint(verb: V, word: &str, here: &[Seen]) -> Option<Sense> {
    let print = matches!(word, "份" | "册" | "本" | "张" | "页" | "套" | "单");
    let sense = match (verb, word) {
        (V::Give | V::Print, _) if print => Sense::sure(M::Materials),
        (V::Give, "件" | "个" | "只" | "把" | "支" | "袋" | "盒") => Sense::guess(M::Gifts),
        (V::Hang, "条" | "幅") => Sense::sure(M::Banners),
        (V::Hang, "副") => Sense::guess(M::Banners),
        (V::Hang, "张" | "份") => Sense::guess(M::Materials),
        (V::Show, "块" | "幅") => Sense::guess(M::Boards),
        (V::Answer, "条" | "个" | "次") => Sense::sure(M::Consultations),
        // Complaints are answered, too.
        (V::Answer, "件" | "宗" | "起" | "例") => Sense::guess(M::Consultations),
        (V::Hold, "场" | "堂" | "节") => Sense::sure(M::Sessions),
        (V::Hold, "次" | "期") => Sense::guess(M::Sessions),
        (V::Push, "篇" | "条" | "则") => Sense::sure(M::Posts),
        (V::Push, "期" | "次") => Sense::guess(M::Posts),
        (V::Send, "条") => Sense::guess(M::Messages),
        (V::Visit, "户") => Sense::sure(M::Households),
        (V::Call | V::Find, "户") => Sense::guess(M::Households),
        (V::Find, "处") => Sense::guess(M::HazardsFound),
        (V::Fix, "处" | "起" | "项") => Sense::sure(M::HazardsFixed),
        (V::Fix, "个" | "条") => Sense::guess(M::HazardsFixed),
        (V::Play, "次" | "条") if names(here, M::Screens) => Sense::guess(M::Screens),
        (V::Out, "台" | "辆") => Sense::guess(M::Vehicles),
        _ => return None,
    };
    Some(sense)
}
