//! What somebody finds here: the drive and unit they look at, and what they may do there.

use super::{App, Caller, scope};
use crate::domain::access::{self, Permission};
use crate::domain::calendar::ReportDay;
use crate::domain::campaign::{Campaign, State};
use crate::domain::catalogue::Catalogue;
use std::sync::Arc;

/// Where somebody is, and what is open to them from there.
#[derive(Debug, Clone, Default)]
pub struct Outlook {
    /// The drive looked at, or else the one that concerns the caller now: identifier and name.
    pub campaign: Option<(String, String)>,
    /// Code of the unit looked at, or else the caller's highest one in that drive.
    pub unit: Option<String>,
    /// Sees what is under that unit.
    pub below: bool,
    /// The unit reports itself and does not only add up others, and the caller may report for it.
    pub reports: bool,
    /// What the caller may do to some unit.
    allowed: Vec<Permission>,
}

impl Outlook {
    /// Whether the caller may do this anywhere.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.allowed.contains(&permission)
    }
}

/// What an entry of the menu can hang on.
const ASKED: [Permission; 8] = [
    Permission::Read,
    Permission::Submit,
    Permission::Review,
    Permission::ManageCampaigns,
    Permission::ManageUnits,
    Permission::Publish,
    Permission::ManageAccounts,
    Permission::ReadAudit,
];

impl App {
    /// What is open to a caller who looks at a campaign and a unit, as far as these are known to them. Reads memory only.
    #[must_use]
    pub fn outlook(&self, caller: &Caller, campaign: Option<&str>, unit: Option<&str>) -> Outlook {
        let catalogue = self.catalogue();
        let tree = &catalogue.tree;
        let allowed = ASKED
            .into_iter()
            .filter(|permission| !access::scopes(&caller.actor, tree, *permission).is_empty())
            .collect();
        let named = campaign.and_then(|id| scope::campaign(&catalogue, caller, id).ok());
        let Some(campaign) = named.or_else(|| self.current_campaign(&catalogue, caller)) else {
            return Outlook { allowed, ..Outlook::default() };
        };
        let asked = |code: Option<&str>| scope::asked(&catalogue, caller, Some(&campaign), code).ok();
        let unit = unit.and_then(|code| asked(Some(code))).or_else(|| asked(None));
        let reports = unit.is_some_and(|unit| {
            let today = self.clock.today();
            (tree.is_leaf(unit.id, today) || campaign.expects(tree, unit.id, today))
                && access::may(&caller.actor, tree, Permission::Submit, unit.id)
        });
        Outlook {
            campaign: Some((campaign.id.to_string(), campaign.name.clone())),
            below: unit.is_some_and(|unit| scope::reads_below(&catalogue, caller, unit.id)),
            unit: unit.map(|unit| unit.code().to_string()),
            reports,
            allowed,
        }
    }

    /// Whether any unit has been entered.
    #[must_use]
    pub fn has_units(&self) -> bool {
        self.catalogue().tree.roots().next().is_some()
    }

    /// Today's date, at the place.
    #[must_use]
    pub fn today(&self) -> ReportDay {
        self.clock.today()
    }

    /// Whether a unit and all above it exist today.
    #[must_use]
    pub fn is_open_today(&self, code: &str) -> bool {
        let catalogue = self.catalogue();
        let unit = catalogue.tree.by_code(code);
        unit.is_some_and(|unit| catalogue.tree.is_open(unit.id, self.clock.today()))
    }

    /// The drive that concerns a caller now: an open one, else the newest.
    pub(super) fn current_campaign(&self, catalogue: &Catalogue, caller: &Caller) -> Option<Arc<Campaign>> {
        let today = self.clock.today();
        let mine =
            || catalogue.campaigns.iter().filter(|campaign| scope::concerns(catalogue, caller, campaign));
        let open = mine().find(|campaign| campaign.state(today) == State::Open);
        open.or_else(|| mine().next()).cloned()
    }
}
