//! The lines that figures are kept under.
//!
//! Every (measure, title) and every (topic, mode) of a consultation that was ever reported has a small number, its
//! slot. A tally and a rollup are lists of slot and figure, so any number of measures and titles fits without a
//! change of schema, and the same print has the same slot in every year.

use super::consultation::{Mode, Topic};
use super::measure::{CONSULTATIONS, MeasureCode};
use std::collections::HashMap;
use std::sync::Arc;

/// The number of a line. Never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u32);

/// What a line counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Line {
    /// A measure, with the title of the print where one was given.
    Item {
        /// The measure; never `consultations`.
        measure: MeasureCode,
        /// Title such as 《宪法》.
        title: Option<Arc<str>>,
    },
    /// Person-times of consultation on a topic by a mode.
    Consultation {
        /// What was asked about.
        topic: Topic,
        /// How.
        mode: Mode,
    },
}

impl Line {
    /// The code of the measure that this line is summed into.
    #[must_use]
    pub fn measure(&self) -> &str {
        match self {
            Self::Item { measure, .. } => measure.as_str(),
            Self::Consultation { .. } => CONSULTATIONS,
        }
    }
}

/// All lines known so far, both ways.
#[derive(Debug, Clone, Default)]
pub struct SlotBook {
    lines: HashMap<Slot, Line>,
    slots: HashMap<Line, Slot>,
    last: u32,
}

impl SlotBook {
    /// The slot of a line, if it has one.
    #[must_use]
    pub fn slot(&self, line: &Line) -> Option<Slot> {
        self.slots.get(line).copied()
    }

    /// The line behind a slot.
    #[must_use]
    pub fn line(&self, slot: Slot) -> Option<&Line> {
        self.lines.get(&slot)
    }

    /// Enters a line under its number.
    pub fn insert(&mut self, slot: Slot, line: Line) {
        self.last = self.last.max(slot.0);
        self.slots.insert(line.clone(), slot);
        self.lines.insert(slot, line);
    }

    /// The number that the next new line gets.
    #[must_use]
    pub const fn next(&self) -> Slot {
        Slot(self.last + 1)
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is none yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}
