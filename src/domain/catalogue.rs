//! Everything a report is judged by, as it stood at one moment: the units and the campaigns.

use super::campaign::Campaign;
use super::unit::UnitTree;
use std::sync::Arc;

/// Units and campaigns at an epoch. A change of either makes a new catalogue with a higher epoch.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Which state this is.
    pub epoch: i64,
    /// All units.
    pub tree: Arc<UnitTree>,
    /// The epoch at which the units became as they are, where that is known.
    pub tree_epoch: Option<i64>,
    /// All campaigns, newest first.
    pub campaigns: Vec<Arc<Campaign>>,
}

impl Catalogue {
    /// The campaign with this identifier.
    #[must_use]
    pub fn campaign(&self, id: &str) -> Option<&Arc<Campaign>> {
        self.campaigns.iter().find(|campaign| campaign.id.as_str() == id)
    }

    /// The campaign with this number.
    #[must_use]
    pub fn campaign_by_key(&self, key: i32) -> Option<&Arc<Campaign>> {
        self.campaigns.iter().find(|campaign| campaign.key == key)
    }
}
