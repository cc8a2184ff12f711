//! Figures as they are kept in a column: in the order of their slots, parted by commas.
//!
//! A tally keeps what was written, `1200,,,40000+,9:500-` (`+` over, `-` under, `~` about): the figures of slots 1, 4 and 9. The
//! first stands for slot 1 and each for the slot after the one before; nothing between commas is a slot without a figure, and
//! `9:` is written where more than two would follow each other. A rollup keeps sums in the same places, `1200,,,40000/40000/49999`
//! (count/low/high, one number when exact). The table `slots` says what a slot counts.
//!
//! What was kept before 2026-11-28 names every slot and has spaces, `1:1200 4:40000+ 9:500-`. It is read as it stands, and it is
//! what the audit seals.

use super::StoreError;
use crate::domain::quantity::{Bound, Quantity, Sum};
use crate::domain::rollup::Sums;
use crate::domain::slot::Slot;

/// Slots without a figure that are left empty rather than that the next one is named: a name takes two characters, and three
/// from the tenth on.
const EMPTY: u32 = 2;

fn damaged(text: &str) -> StoreError {
    StoreError::Damaged(format!("figures {text:?}"))
}

/// Adds a number in decimal, without the machinery of `format!`: a batch writes thousands.
pub(super) fn number(text: &mut String, number: impl itoa::Integer) -> &mut String {
    text.push_str(itoa::Buffer::new().format(number));
    text
}

/// Where in a row of slots a text is, as it is written or read.
struct Place {
    /// The slot that a figure without a name would be of.
    next: u32,
}

impl Place {
    const FIRST: Self = Self { next: 1 };

    /// Begins the figure of a slot, the first of a text or a later one.
    fn begin(&mut self, text: &mut String, is_first: bool, slot: Slot) {
        if !is_first {
            text.push(',');
        }
        match slot.0.checked_sub(self.next) {
            Some(empty) if empty <= EMPTY => (0..empty).for_each(|_| text.push(',')),
            _ => number(text, slot.0).push(':'),
        }
        self.next = slot.0.saturating_add(1);
    }

    /// The slot that a part of a text is of, and what is told of it; nothing for an empty part, `None` for what cannot be one.
    fn read<'t>(&mut self, part: &'t [u8]) -> Option<(Slot, &'t [u8])> {
        let (slot, figure) = match part.iter().position(|byte| *byte == b':') {
            Some(at) => (u32::try_from(digits(&part[..at])?).ok()?, &part[at + 1..]),
            None => (self.next, part),
        };
        self.next = slot.checked_add(1)?;
        Some((Slot(slot), figure))
    }
}

/// Whether a byte stands between two figures; a space did before.
const fn is_between(byte: &u8) -> bool {
    matches!(byte, b',' | b' ')
}

fn parts(text: &str) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(is_between)
}

/// How many figures a text has at most.
fn room(text: &str) -> usize {
    text.bytes().filter(is_between).count() + usize::from(!text.is_empty())
}

/// A number in decimal, of up to eighteen digits.
fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    text.iter().try_fold(0, |number: u64, byte| match byte {
        b'0'..=b'9' => Some(number * 10 + u64::from(byte - b'0')),
        _ => None,
    })
}

/// A number in decimal with a sign or none, of up to eighteen digits.
pub(super) fn signed(text: &[u8]) -> Option<i64> {
    match text.strip_prefix(b"-") {
        Some(rest) => digits(rest)?.try_into().ok().map(|number: i64| -number),
        None => digits(text)?.try_into().ok(),
    }
}

/// Reads figures, each by `read` from what is told of it.
fn read<T>(
    text: &str,
    read: impl Fn(&[u8]) -> Option<T>,
    mut take: impl FnMut(Slot, T),
) -> Result<(), StoreError> {
    let mut place = Place::FIRST;
    for part in parts(text) {
        let (slot, figure) = place.read(part).ok_or_else(|| damaged(text))?;
        if !part.is_empty() {
            take(slot, read(figure).ok_or_else(|| damaged(text))?);
        }
    }
    Ok(())
}

fn add_quantity(text: &mut String, quantity: Quantity) {
    number(text, quantity.value());
    match quantity.bound() {
        Bound::Exact => {}
        Bound::Over => text.push('+'),
        Bound::Under => text.push('-'),
        Bound::About => text.push('~'),
    }
}

/// Writes the figures of a tally.
pub(super) fn write_quantities(figures: &[(Slot, Quantity)]) -> String {
    let mut text = String::with_capacity(figures.len() * 8);
    let mut place = Place::FIRST;
    for (at, (slot, quantity)) in figures.iter().enumerate() {
        place.begin(&mut text, at == 0, *slot);
        add_quantity(&mut text, *quantity);
    }
    text
}

/// Reads the figures of a tally.
pub(super) fn read_quantities(text: &str) -> Result<Vec<(Slot, Quantity)>, StoreError> {
    let quantity = |figure: &[u8]| {
        let (bound, value) = match figure.split_last()? {
            (b'+', value) => (Bound::Over, value),
            (b'-', value) => (Bound::Under, value),
            (b'~', value) => (Bound::About, value),
            _ => (Bound::Exact, figure),
        };
        Quantity::new(digits(value)?, bound).ok()
    };
    let mut figures = Vec::with_capacity(room(text));
    read(text, quantity, |slot, quantity| figures.push((slot, quantity)))?;
    Ok(figures)
}

/// Adds the figures of a tally to a text as the audit seals them.
pub(super) fn seal_quantities(text: &mut String, figures: &[(Slot, Quantity)]) {
    for (at, (slot, quantity)) in figures.iter().enumerate() {
        if at > 0 {
            text.push(' ');
        }
        number(text, slot.0).push(':');
        add_quantity(text, *quantity);
    }
}

/// Adds the figures of a tally to a text as the audit seals them, from how they are kept and without a look at what they are; gives
/// whether it could be told of which slots they are.
pub(super) fn seal_kept(text: &mut String, kept: &str) -> bool {
    let mut place = Place::FIRST;
    let mut is_first = true;
    for part in kept.split([',', ' ']) {
        let Some((slot, _)) = place.read(part.as_bytes()) else { return false };
        if part.is_empty() {
            continue;
        }
        if !is_first {
            text.push(' ');
        }
        is_first = false;
        if !part.contains(':') {
            number(text, slot.0).push(':');
        }
        text.push_str(part);
    }
    true
}

/// Writes the sums of a rollup.
pub(super) fn write_sums(sums: &Sums) -> String {
    let mut text = String::with_capacity(sums.len() * 12);
    let mut place = Place::FIRST;
    for (at, (slot, sum)) in sums.iter().enumerate() {
        place.begin(&mut text, at == 0, *slot);
        number(&mut text, sum.count);
        if !sum.is_exact() {
            for bound in [sum.low, sum.high] {
                text.push('/');
                number(&mut text, bound);
            }
        }
    }
    text
}

/// Reads the sums of a rollup.
pub(super) fn read_sums(text: &str) -> Result<Sums, StoreError> {
    let sum = |figure: &[u8]| {
        let mut numbers = figure.split(|byte| *byte == b'/').map(signed);
        let count = numbers.next()??;
        match (numbers.next(), numbers.next(), numbers.next()) {
            (None, ..) => Some(Sum::exact(count)),
            (Some(low), Some(high), None) => Some(Sum { count, low: low?, high: high? }),
            _ => None,
        }
    };
    let mut sums = Sums::with_capacity(room(text));
    read(text, sum, |slot, sum| sums.add(slot, sum))?;
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn figures(raw: &[(u32, u64, Bound)]) -> Vec<(Slot, Quantity)> {
        raw.iter().map(|(slot, n, bound)| (Slot(*slot), Quantity::new(*n, *bound).unwrap())).collect()
    }

    #[test]
    fn slots_are_named_where_many_would_be_empty() {
        use Bound::{About, Exact, Over, Under};
        let all = figures(&[(1, 1_200, Exact), (4, 40_000, Over), (9, 500, Under), (10, 7, About)]);
        assert_eq!(write_quantities(&all), "1200,,,40000+,9:500-,7~");
        assert_eq!(write_quantities(&figures(&[(2, 5, Exact)])), ",5");
        assert_eq!(write_quantities(&figures(&[(40, 5, Exact)])), "40:5");
        assert_eq!(write_quantities(&[]), "");
        let mut sums = Sums::default();
        all[..3].iter().for_each(|(slot, quantity)| sums.add(*slot, quantity.sum()));
        assert_eq!(write_sums(&sums), "1200,,,40000/40000/49999,9:500/400/499");
    }

    #[test]
    fn what_names_every_slot_is_read_as_well() {
        let now = write_quantities(&read_quantities("1:1200 4:40000+ 9:500- 10:7~").unwrap());
        assert_eq!(now, "1200,,,40000+,9:500-,7~");
        assert_eq!(write_quantities(&read_quantities("3:5").unwrap()), ",,5");
        assert_eq!(write_sums(&read_sums("2:3 5:4/4/9").unwrap()), ",3,,,4/4/9");
    }

    #[test]
    fn damaged_text_is_told() {
        for text in
            ["1:", "x:1", "1:-3-", "1:0+", "1:99999999999", "a", "1,x", "4294967295:1,", "1::2", "+", "5++"]
        {
            assert!(read_quantities(text).is_err(), "{text}");
        }
        for text in ["1:1/2", "1:a", ":1", "1/2", "1/2/3/4", "1,-", "9999999999999999999"] {
            assert!(read_sums(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(raw in prop::collection::vec((1u32..500, 0u64..2_000_000, 0usize..4), 0..20)) {
            let figures: Vec<_> = raw
                .into_iter()
                .filter_map(|(slot, n, bound)| Some((Slot(slot), Quantity::new(n, Bound::ALL[bound]).ok()?)))
                .collect();
            let kept = write_quantities(&figures);
            prop_assert_eq!(&read_quantities(&kept).unwrap(), &figures);
            let (mut sealed, mut from_kept) = (String::new(), String::new());
            seal_quantities(&mut sealed, &figures);
            prop_assert!(seal_kept(&mut from_kept, &kept));
            prop_assert_eq!(&from_kept, &sealed);
            prop_assert_eq!(&read_quantities(&sealed).unwrap(), &figures);
            from_kept.clear();
            prop_assert!(seal_kept(&mut from_kept, &sealed), "as it was kept before");
            prop_assert_eq!(&from_kept, &sealed);
            let mut sums = Sums::default();
            figures.iter().for_each(|(slot, quantity)| sums.add(*slot, -quantity.sum()));
            prop_assert_eq!(read_sums(&write_sums(&sums)).unwrap(), sums);
        }
    }
}
