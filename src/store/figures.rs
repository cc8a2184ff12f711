//! Figures as they are kept in a column: `slot:figure` pairs parted by spaces.
//!
//! A tally keeps what was written: `1:1200 4:40000+ 9:500-` (`+` over, `-` under, `~` about). A rollup keeps sums:
//! `1:1200 4:40000/40000/49999` (count/low/high, one number when exact). The table `slots` says what a slot counts.

use super::StoreError;
use crate::domain::quantity::{Bound, Quantity, Sum};
use crate::domain::rollup::Sums;
use crate::domain::slot::Slot;

fn damaged(text: &str) -> StoreError {
    StoreError::Damaged(format!("figures {text:?}"))
}

/// Adds a number in decimal, without the machinery of `format!`: a batch writes thousands.
pub(super) fn number(text: &mut String, number: impl itoa::Integer) -> &mut String {
    text.push_str(itoa::Buffer::new().format(number));
    text
}

/// Begins a pair with its slot.
fn begin(text: &mut String, is_first: bool, slot: Slot) {
    if !is_first {
        text.push(' ');
    }
    number(text, slot.0).push(':');
}

/// Writes the figures of a tally.
pub(super) fn write_quantities(figures: &[(Slot, Quantity)]) -> String {
    let mut text = String::with_capacity(figures.len() * 12);
    add_quantities(&mut text, figures);
    text
}

/// Adds the figures of a tally to a text.
pub(super) fn add_quantities(text: &mut String, figures: &[(Slot, Quantity)]) {
    for (at, (slot, quantity)) in figures.iter().enumerate() {
        begin(text, at == 0, *slot);
        number(text, quantity.value());
        match quantity.bound() {
            Bound::Exact => {}
            Bound::Over => text.push('+'),
            Bound::Under => text.push('-'),
            Bound::About => text.push('~'),
        }
    }
}

/// Reads the figures of a tally.
pub(super) fn read_quantities(text: &str) -> Result<Vec<(Slot, Quantity)>, StoreError> {
    let pair = |pair: &str| {
        let (slot, figure) = pair.split_once(':')?;
        let (digits, bound) = match figure.as_bytes().last()? {
            b'+' => (&figure[..figure.len() - 1], Bound::Over),
            b'-' => (&figure[..figure.len() - 1], Bound::Under),
            b'~' => (&figure[..figure.len() - 1], Bound::About),
            _ => (figure, Bound::Exact),
        };
        Some((Slot(slot.parse().ok()?), Quantity::new(digits.parse().ok()?, bound).ok()?))
    };
    text.split_ascii_whitespace().map(|part| pair(part).ok_or_else(|| damaged(text))).collect()
}

/// Writes the sums of a rollup.
pub(super) fn write_sums(sums: &Sums) -> String {
    let mut text = String::with_capacity(sums.len() * 16);
    for (at, (slot, sum)) in sums.iter().enumerate() {
        begin(&mut text, at == 0, *slot);
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
    let pair = |pair: &str| {
        let (slot, figure) = pair.split_once(':')?;
        let mut numbers = figure.split('/').map(str::parse::<i64>);
        let count = numbers.next()?.ok()?;
        let sum = match (numbers.next(), numbers.next()) {
            (None, _) => Sum::exact(count),
            (Some(low), Some(high)) => Sum { count, low: low.ok()?, high: high.ok()? },
            (Some(_), None) => return None,
        };
        Some((Slot(slot.parse().ok()?), sum))
    };
    let mut sums = Sums::default();
    for part in text.split_ascii_whitespace() {
        let (slot, sum) = pair(part).ok_or_else(|| damaged(text))?;
        sums.add(slot, sum);
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn damaged_text_is_told() {
        for text in ["1", "1:", "x:1", "1:-3-", "1:0+", "1:99999999999"] {
            assert!(read_quantities(text).is_err(), "{text}");
        }
        for text in ["1:1/2", "1:a", ":1"] {
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
            prop_assert_eq!(&read_quantities(&write_quantities(&figures)).unwrap(), &figures);
            let mut sums = Sums::default();
            figures.iter().for_each(|(slot, quantity)| sums.add(*slot, -quantity.sum()));
            prop_assert_eq!(read_sums(&write_sums(&sums)).unwrap(), sums);
        }
    }
}
