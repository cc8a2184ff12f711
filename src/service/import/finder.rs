//! Units by what a sheet calls them.

use super::super::Caller;
use crate::domain::access::{self, Permission};
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::unit::{Placed, UnitId};
use crate::sheet::{Place, Remark};
use std::collections::HashMap;

/// Finds units by what a sheet calls them, among those that the caller may report for.
pub(super) struct Finder<'a> {
    catalogue: &'a Catalogue,
    caller: &'a Caller,
    names: HashMap<String, Vec<Placed<'a>>>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(catalogue: &'a Catalogue, caller: &'a Caller, campaign: &Campaign) -> Self {
        let mut names: HashMap<String, Vec<Placed<'_>>> = HashMap::new();
        for unit in catalogue.tree.subtree(campaign.unit) {
            names.entry(unit.name()).or_default().push(unit);
        }
        Self { catalogue, caller, names }
    }

    fn may(&self, permission: Permission, unit: Placed<'_>) -> bool {
        access::may(&self.caller.actor, &self.catalogue.tree, permission, unit.id)
    }

    pub(super) fn find(&self, code: Option<&str>, name: Option<&str>) -> Result<UnitId, Remark> {
        let unknown =
            |shown: &str| Remark::new(Place::default(), "unit_unknown").with("unit", shown.escape_debug());
        if let Some(code) = code {
            let unit = self.by_code(code)?.ok_or_else(|| unknown(code))?;
            // A hidden code under another name: one of them is a slip, and figures of the wrong unit are hard to find.
            return match name.filter(|name| *name != unit.name() && *name != unit.code().as_str()) {
                None => Ok(unit.id),
                Some(name) => Err(Remark::new(Place::default(), "unit_name_differs")
                    .with("name", name.escape_debug())
                    .with("right", unit.name())),
            };
        }
        let name = name.unwrap_or_default();
        let named = self.names.get(name).map_or(&[][..], Vec::as_slice);
        let may = |permission| named.iter().filter(move |unit| self.may(permission, **unit));
        let mine: Vec<&Placed<'_>> = may(Permission::Submit).collect();
        match mine.as_slice() {
            [one] => Ok(one.id),
            [] if may(Permission::Read).next().is_some() => {
                Err(Remark::new(Place::default(), "unit_not_yours").with("unit", name.escape_debug()))
            }
            [] => self.by_code(name)?.map(|unit| unit.id).ok_or_else(|| unknown(name)),
            many => {
                let codes: Vec<String> = many.iter().map(|unit| unit.code().to_string()).take(10).collect();
                let remark =
                    Remark::new(Place::default(), "unit_ambiguous").with("unit", name.escape_debug());
                Err(remark.with("codes", codes.join(", ")))
            }
        }
    }

    fn by_code(&self, code: &str) -> Result<Option<Placed<'_>>, Remark> {
        let seen = self.catalogue.tree.by_code(code).filter(|unit| self.may(Permission::Read, *unit));
        match seen {
            Some(unit) if !self.may(Permission::Submit, unit) => {
                Err(Remark::new(Place::default(), "unit_not_yours").with("unit", code.escape_debug()))
            }
            other => Ok(other),
        }
    }
}
