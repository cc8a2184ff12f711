//! Names in an alphabet of their own: the characters that the units' names are written with, the most frequent first, stand
//! for the first characters that there are. What UTF-8 writes in one byte is then not the letters but 村, 委, 会 and what else
//! villages are called, and a text in it is still a text, which can be searched as any other.

use pinyin::ToPinyinMulti;
use std::cmp::Reverse;
use std::collections::HashMap;

/// The names of units by their places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    alphabet: Vec<char>,
    /// For each of the alphabet the letters and digits that it may stand for when somebody types initials, a bit each.
    initials: Vec<u64>,
    /// All names in that alphabet, each with [`END`] after it.
    text: String,
    /// Where the name of every [`BLOCK`]th unit begins.
    marks: Vec<u32>,
}

/// Units whose names lie between two marks.
pub(super) const BLOCK: usize = 64;
const END: char = '\0';

/// The surrogates are no characters.
const HOLE: std::ops::Range<u32> = 0xd800..0xe000;

/// What stands for the character at this place of the alphabet.
fn letter(at: usize) -> Option<char> {
    let code = u32::try_from(at + 1).ok()?;
    char::from_u32(if code < HOLE.start { code } else { code + (HOLE.end - HOLE.start) })
}

/// The place in the alphabet that a character stands for.
const fn place(letter: char) -> usize {
    let code = letter as u32;
    let code = if code < HOLE.start { code } else { code - (HOLE.end - HOLE.start) };
    (code as usize).wrapping_sub(1)
}

/// The bit of a letter a to z or a digit.
const fn bit(letter: char) -> u64 {
    match letter {
        'a'..='z' => 1 << (letter as u32 - 'a' as u32),
        '0'..='9' => 1 << (letter as u32 - '0' as u32 + 26),
        _ => 0,
    }
}

/// What may be typed for a character: with what its readings in pinyin begin, or itself.
fn initials(character: char) -> u64 {
    let Some(readings) = character.to_pinyin_multi() else { return bit(character.to_ascii_lowercase()) };
    let first = readings.into_iter().filter_map(|reading| reading.plain().chars().next());
    // Pinyin that begins with ü is typed with v, and no other letter is not a plain one.
    first.map(|letter| bit(if letter == 'ü' { 'v' } else { letter })).fold(0, |all, one| all | one)
}

impl Names {
    /// Keeps names in the order of their places.
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str> + Clone) -> Self {
        let mut times: HashMap<char, u32> = HashMap::new();
        names.clone().flat_map(str::chars).for_each(|character| *times.entry(character).or_default() += 1);
        let mut alphabet: Vec<char> = times.keys().copied().collect();
        alphabet.sort_unstable_by_key(|character| (Reverse(times[character]), *character));
        let letters: HashMap<char, char> = alphabet
            .iter()
            .enumerate()
            .filter_map(|(at, character)| Some((*character, letter(at)?)))
            .collect();
        let mut text = String::new();
        for name in names {
            text.extend(name.chars().filter_map(|character| letters.get(&character)));
            text.push(END);
        }
        text.shrink_to_fit();
        Self::of(alphabet, text)
    }

    /// Puts names together that were kept: the alphabet and the text.
    pub(super) fn of(alphabet: Vec<char>, text: String) -> Self {
        let ends = text.bytes().zip(1..).filter(|(byte, _)| *byte == END as u8).map(|(_, end)| end);
        let starts = std::iter::once(0).chain(ends).take_while(|start| *start < text.len());
        let marks = starts.step_by(BLOCK).map(|start| u32::try_from(start).unwrap_or(u32::MAX)).collect();
        let initials = alphabet.iter().map(|character| initials(*character)).collect();
        Self { alphabet, initials, text, marks }
    }

    /// The alphabet and the text, to be kept.
    pub(super) fn parts(&self) -> (&[char], &str) {
        (&self.alphabet, &self.text)
    }

    /// How many names there are.
    pub(super) fn count(&self) -> usize {
        self.text.bytes().filter(|byte| *byte == END as u8).count()
    }

    /// The names of a block, as they are kept.
    pub(super) fn block(&self, block: usize) -> &str {
        let mark = |block: usize| self.marks.get(block).map_or(self.text.len(), |mark| *mark as usize);
        self.text.get(mark(block)..mark(block + 1)).unwrap_or_default()
    }

    /// The name of the unit at a place.
    pub(super) fn get(&self, place: usize) -> String {
        let name = self.block(place / BLOCK).split(END).nth(place % BLOCK).unwrap_or_default();
        name.chars().filter_map(|letter| self.character(letter)).collect()
    }

    /// The names of a block one by one, as they are kept.
    pub(super) fn each(&self, block: usize) -> impl Iterator<Item = &str> {
        self.block(block).split_terminator(END)
    }

    fn character(&self, letter: char) -> Option<char> {
        self.alphabet.get(place(letter)).copied()
    }

    /// A text as it would be kept; nothing when no name has one of its characters.
    pub(super) fn write(&self, text: &str) -> Option<String> {
        let at = |character| self.alphabet.iter().position(|other| *other == character);
        text.chars().map(|character| letter(at(character)?)).collect()
    }

    /// Where initials fit a name as it is kept: at its beginning (`true`) or further inside. What nothing can be typed for
    /// is passed over.
    pub(super) fn typed(&self, name: &str, wanted: &[u64]) -> Option<bool> {
        let initials = |letter: char| self.initials.get(place(letter)).copied().unwrap_or(0);
        let first = wanted.first()?;
        let mut begins = true;
        for (at, letter) in name.char_indices() {
            let bits = initials(letter);
            if bits & first != 0 {
                let mut rest = name[at..].chars().map(initials).filter(|bits| *bits != 0);
                if wanted.iter().all(|bit| rest.next().is_some_and(|bits| bits & bit != 0)) {
                    return Some(begins);
                }
            }
            begins &= bits == 0;
        }
        None
    }

    /// The bits of initials, where there is a name that they could be of.
    pub(super) fn initials(&self, typed: &str) -> Option<Vec<u64>> {
        let any = self.initials.iter().fold(0, |all, bits| all | bits);
        typed
            .chars()
            .map(|letter| Some(bit(letter.to_ascii_lowercase()) & any).filter(|bit| *bit != 0))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_come_back_as_they_were(names in prop::collection::vec("[万福街道村\u{0}\n\ta-c𠀀é]{0,9}", 0..200)) {
            let kept = Names::new(names.iter().map(String::as_str));
            prop_assert_eq!(kept.count(), names.len());
            for (place, name) in names.iter().enumerate() {
                prop_assert_eq!(&kept.get(place), name);
                let written = kept.write(name);
                prop_assert_eq!(written.as_deref(), kept.each(place / BLOCK).nth(place % BLOCK));
            }
            let (alphabet, text) = kept.parts();
            prop_assert_eq!(&Names::of(alphabet.to_vec(), text.to_owned()), &kept);
        }
    }

    #[test]
    fn letters_skip_what_is_no_character() {
        let all = (0..).map_while(letter);
        assert_eq!(all.clone().count(), char::MAX as usize - (HOLE.end - HOLE.start) as usize);
        assert!(all.enumerate().all(|(at, letter)| place(letter) == at));
    }

    #[test]
    fn frequent_characters_take_one_byte() {
        let names: Vec<String> =
            (0..10_000).map(|n| format!("{}村村民委员会", ["王", "李"][n % 2])).collect();
        let kept = Names::new(names.iter().map(String::as_str));
        assert_eq!(kept.text.len(), 10_000 * 8);
    }
}
