//! A tree as bytes, to be kept beside the units and read again in a moment.

use super::names::Names;
use super::runs::Runs;
use super::{Dates, UnitTree};
use crate::domain::unit::UnitKind;

/// What the bytes begin with: another form is told by it, and so are other kinds of units.
fn head() -> String {
    let kinds: Vec<&str> = UnitKind::ALL.iter().map(|kind| kind.code()).collect();
    format!("pufa units 1 {}\n", kinds.join(","))
}

/// Numbers and texts one after the other, each with its length before it.
struct Writer(Vec<u8>);

impl Writer {
    fn length(&mut self, length: usize) {
        self.0.extend_from_slice(&(length as u64).to_le_bytes());
    }

    fn all<const N: usize>(&mut self, numbers: impl ExactSizeIterator<Item = [u8; N]>) {
        self.length(numbers.len());
        self.0.reserve(numbers.len() * N);
        numbers.for_each(|number| self.0.extend_from_slice(&number));
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn length(&mut self) -> Option<usize> {
        let (length, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        usize::try_from(u64::from_le_bytes(*length)).ok()
    }

    fn all<const N: usize, T>(&mut self, read: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
        let length = self.length()?.checked_mul(N)?;
        let (numbers, _) = self.take(length)?.as_chunks();
        Some(numbers.iter().map(|number| read(*number)).collect())
    }

    fn text(&mut self) -> Option<&'b str> {
        let length = self.length()?;
        str::from_utf8(self.take(length)?).ok()
    }
}

impl UnitTree {
    /// The tree as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { runs, names, dated } = self;
        let (alphabet, text) = names.parts();
        let mut writer = Writer(head().into_bytes());
        writer.length(self.size());
        for column in [&runs.starts, &runs.parents, &runs.ends] {
            writer.all(column.iter().map(|number| number.to_le_bytes()));
        }
        for column in [&runs.ids, &runs.orders] {
            writer.all(column.iter().map(|number| number.to_le_bytes()));
        }
        writer.all(runs.codes.iter().map(|number| number.to_le_bytes()));
        writer.all(runs.kinds.iter().map(|kind| [*kind as u8]));
        writer.text(&runs.others.join("\n"));
        writer.text(&alphabet.iter().collect::<String>());
        writer.text(text);
        writer.all(dated.iter().map(|dates| dates.place.to_le_bytes()));
        writer.all(dated.iter().map(|dates| dates.opened.to_le_bytes()));
        writer.all(dated.iter().map(|dates| dates.closed.to_le_bytes()));
        writer.0
    }

    /// The tree that such bytes are. Nothing when they were written in another form, or are not what was written.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes.strip_prefix(head().as_bytes())?);
        let units = u32::try_from(reader.length()?).ok()?;
        let [starts, parents, ends] = [
            reader.all(u32::from_le_bytes)?,
            reader.all(u32::from_le_bytes)?,
            reader.all(u32::from_le_bytes)?,
        ];
        let [ids, orders] = [reader.all(i32::from_le_bytes)?, reader.all(i32::from_le_bytes)?];
        let codes = reader.all(u64::from_le_bytes)?;
        let kinds = reader.all(|[kind]| UnitKind::ALL.get(usize::from(kind)).copied())?;
        let kinds = kinds.into_iter().collect::<Option<Vec<UnitKind>>>()?;
        let others = reader.text()?.split_terminator('\n').map(Into::into).collect();
        let mut runs =
            Runs { units, starts, ids, codes, orders, parents, ends, kinds, others, ..Runs::default() };
        let alphabet = reader.text()?.chars().collect();
        let names = Names::of(alphabet, reader.text()?.to_owned());
        let dated = [reader.all(u32::from_le_bytes)?].into_iter().flatten();
        let days: [Vec<i32>; 2] = [reader.all(i32::from_le_bytes)?, reader.all(i32::from_le_bytes)?];
        let days = days[0].iter().zip(&days[1]);
        let dated: Vec<Dates> = dated
            .zip(days)
            .map(|(place, (opened, closed))| Dates { place, opened: *opened, closed: *closed })
            .collect();
        let fit = runs.fit()
            && names.count() == units as usize
            && dated.windows(2).all(|pair| pair[0].place < pair[1].place)
            && dated.last().is_none_or(|last| last.place < units);
        (fit && reader.0.is_empty() && runs.index().is_ok()).then_some(Self { runs, names, dated })
    }
}
