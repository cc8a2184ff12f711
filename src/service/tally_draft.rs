//! A report as told, as a draft that says the same: what an edit of a part of it begins with.

use super::tally_view::{ConsultationView, ItemView, JointView, TallyView};
use crate::domain::tally::{Count, Draft, DraftConsultation, DraftItem, DraftJoint};

impl From<&ItemView> for DraftItem {
    fn from(view: &ItemView) -> Self {
        Self {
            measure: view.measure.clone(),
            title: view.title.as_deref().map(ToOwned::to_owned),
            count: Count::Whole(view.count.into()),
            bound: Some(view.bound.to_owned()),
        }
    }
}

impl From<&ConsultationView> for DraftConsultation {
    fn from(view: &ConsultationView) -> Self {
        Self {
            topic: Some(view.topic.to_owned()),
            mode: Some(view.mode.to_owned()),
            person_times: Count::Whole(view.person_times.into()),
            bound: Some(view.bound.to_owned()),
        }
    }
}

impl From<&JointView> for DraftJoint {
    fn from(view: &JointView) -> Self {
        Self { lead: view.lead.clone(), items: view.items.iter().map(DraftItem::from).collect() }
    }
}

impl TallyView {
    /// The figures, the parts in joint events and the remark; why and through which channel is for the new version to say.
    #[must_use]
    pub fn draft(&self) -> Draft {
        Draft {
            items: self.items.iter().map(DraftItem::from).collect(),
            consultations: self.consultations.iter().map(DraftConsultation::from).collect(),
            note: self.note.clone(),
            joint: self.joint.iter().map(DraftJoint::from).collect(),
            ..Draft::default()
        }
    }
}
