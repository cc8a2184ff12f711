//! Finding what a caller names, within what the caller may see.

use super::{App, Caller, Error};
use crate::domain::access::{self, Permission};
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::unit::{Placed, UnitId};
use std::sync::Arc;

/// The unit with this code, if the caller may do this to it.
///
/// # Errors
/// `unit_out_of_scope` when there is no such unit or the caller may not even see it; `Forbidden` when it may be seen but
/// the permission is missing.
pub fn unit<'c>(
    catalogue: &'c Catalogue,
    caller: &Caller,
    permission: Permission,
    code: &str,
) -> Result<Placed<'c>, Error> {
    let unit = catalogue.tree.by_code(code).ok_or(Error::NotFound("unit_out_of_scope"))?;
    let may = |permission| access::may(&caller.actor, &catalogue.tree, permission, unit.id);
    if !may(Permission::Read) {
        Err(Error::NotFound("unit_out_of_scope"))
    } else if !may(permission) {
        Err(Error::Forbidden)
    } else {
        Ok(unit)
    }
}

/// The campaign with this identifier, if any of the caller's units takes part in it.
///
/// # Errors
/// `campaign_unknown` otherwise.
pub fn campaign(catalogue: &Catalogue, caller: &Caller, id: &str) -> Result<Arc<Campaign>, Error> {
    catalogue
        .campaign(id)
        .filter(|campaign| concerns(catalogue, caller, campaign))
        .cloned()
        .ok_or(Error::NotFound("campaign_unknown"))
}

/// Whether a campaign concerns any unit of the caller's.
#[must_use]
pub fn concerns(catalogue: &Catalogue, caller: &Caller, campaign: &Campaign) -> bool {
    let tree = &catalogue.tree;
    let meets = |own: UnitId| tree.is_under(own, campaign.unit) || tree.is_under(campaign.unit, own);
    access::may_enter(&caller.actor, campaign.key)
        && access::scopes(&caller.actor, tree, Permission::Read)
            .iter()
            .any(|grant| grant.unit.is_none_or(meets))
}

/// The unit a question is about: the one named, or else the highest that both the caller and the campaign have.
///
/// # Errors
/// As [`unit()`]; `unit_out_of_scope` when the caller has no unit in the campaign.
pub fn asked<'c>(
    catalogue: &'c Catalogue,
    caller: &Caller,
    campaign: Option<&Campaign>,
    code: Option<&str>,
) -> Result<Placed<'c>, Error> {
    if let Some(code) = code {
        return unit(catalogue, caller, Permission::Read, code);
    }
    let whole = |unit: UnitId| campaign.is_none_or(|campaign| catalogue.tree.is_under(unit, campaign.unit));
    let scopes = access::scopes(&caller.actor, &catalogue.tree, Permission::Read);
    let home = scopes.iter().find_map(|grant| match (grant.unit, campaign) {
        (None, Some(campaign)) => Some(campaign.unit),
        (None, None) => catalogue.tree.roots().next().map(|unit| unit.id),
        (Some(own), Some(campaign)) if grant.below && catalogue.tree.is_under(campaign.unit, own) => {
            Some(campaign.unit)
        }
        (Some(own), _) => whole(own).then_some(own),
    });
    home.and_then(|unit| catalogue.tree.get(unit)).ok_or(Error::NotFound("unit_out_of_scope"))
}

/// Whether a caller may read everything under a unit. A reporter whose grant does not reach below sees its own
/// unit's report alone, so totals of its unit leave out the units below.
#[must_use]
pub fn reads_below(catalogue: &Catalogue, caller: &Caller, unit: UnitId) -> bool {
    access::scopes(&caller.actor, &catalogue.tree, Permission::Read)
        .iter()
        .any(|grant| grant.unit.is_none_or(|own| grant.below && catalogue.tree.is_under(unit, own)))
}

impl App {
    /// Units and campaigns as they stand.
    #[must_use]
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.store.catalogue()
    }
}
