//! A report of a file laid over the one that is stored.

use crate::domain::catalogue::Catalogue;
use crate::domain::quantity::{Quantity, Sum};
use crate::domain::slot::{Line, Slot, SlotBook};
use crate::domain::tally::{Count, Draft, DraftConsultation, DraftItem, DraftJoint, Version};
use crate::sheet::reports::Report;

/// What is stored, as a draft of the same.
pub(super) fn kept(version: &Version, slots: &SlotBook, catalogue: &Catalogue) -> Option<Draft> {
    let mut draft = Draft { note: version.note.clone(), ..Draft::default() };
    let item = |slot: Slot, quantity: Quantity| match slots.line(slot)? {
        Line::Item { measure, title } => Some(DraftItem {
            measure: measure.to_string(),
            title: title.as_deref().map(ToOwned::to_owned),
            count: Count::Whole(quantity.value().into()),
            bound: Some(quantity.bound().code().to_owned()),
        }),
        Line::Consultation { .. } => None,
    };
    for &(slot, quantity) in &version.figures {
        match slots.line(slot)? {
            Line::Item { .. } => draft.items.push(item(slot, quantity)?),
            Line::Consultation { topic, mode } => draft.consultations.push(DraftConsultation {
                topic: Some(topic.code().into()),
                mode: Some(mode.code().into()),
                person_times: Count::Whole(quantity.value().into()),
                bound: Some(quantity.bound().code().to_owned()),
            }),
        }
    }
    // A sheet has no columns for parts in events that others count, so they stay.
    for part in &version.facts.joint {
        let items = part.figures.iter().map(|&(slot, quantity)| item(slot, quantity));
        draft.joint.push(DraftJoint {
            lead: catalogue.tree.get(part.lead)?.code.to_string(),
            items: items.collect::<Option<_>>()?,
        });
    }
    Some(draft)
}

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
