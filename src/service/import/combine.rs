//! A report of a file laid over the one that is stored.

use crate::domain::quantity::{Quantity, Sum};
use crate::domain::tally::{Count, Draft, DraftConsultation};
use crate::sheet::reports::Report;

/// The sum of consultation records, none when one of them is no count.
fn person_times(records: &[DraftConsultation]) -> Option<Sum> {
    let quantity = |record: &DraftConsultation| {
        let Count::Whole(n) = record.person_times else { return None };
        let bound = record
            .bound
            .as_deref()
            .map_or(Some(Default::default()), crate::domain::quantity::Bound::from_code);
        Quantity::new(n, bound?).ok().map(Quantity::sum)
    };
    records.iter().map(quantity).sum()
}

/// What a report says after a file: its own parts, and those that the file does not speak of as they were.
pub(super) fn combined(
    report: &Report,
    stored: Option<Draft>,
    items: bool,
    consultations: bool,
    notes: bool,
) -> Draft {
    let mut draft = report.draft.clone();
    let Some(stored) = stored.filter(|_| !draft.zero) else { return draft };
    // A sheet has no columns for parts in events that others count.
    draft.joint = stored.joint;
    if !items {
        draft.items = stored.items;
    }
    let told = report.plain_consultations && !draft.consultations.is_empty();
    let same_sum = told && person_times(&draft.consultations) == person_times(&stored.consultations);
    if !consultations || same_sum {
        draft.consultations = stored.consultations;
    }
    if !notes {
        draft.note = stored.note;
    }
    draft
}
