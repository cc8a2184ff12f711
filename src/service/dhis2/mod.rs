//! The way in for clients of DHIS2: campaigns are its data sets, measures its data elements, days its periods.
//!
//! Codes stand where DHIS2 has identifiers. A title, or the topic and mode of a consultation, is the category option
//! combination. What is read and written here are the same reports as everywhere else.

mod import;
mod values;

pub use import::{Conflict, Count, Options, Strategy, Summary};
pub use values::{Asked, DataValue, DataValueSet};

use super::{App, Caller, scope};
use crate::domain::access::{self, Permission};
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::measure::Measure;
use crate::domain::unit::{Placed, UnitTree};
use crate::i18n::Lang;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The category option combination of a figure that is not parted further.
pub const DEFAULT: &str = "default";

/// The things that can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Units in the caller's scope.
    OrganisationUnits,
    /// Campaigns that concern the caller.
    DataSets,
    /// Measures of these campaigns.
    DataElements,
}

impl Kind {
    /// The name of the list in the answer.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::OrganisationUnits => "organisationUnits",
            Self::DataSets => "dataSets",
            Self::DataElements => "dataElements",
        }
    }
}

fn unit(unit: Placed<'_>, tree: &UnitTree) -> Value {
    let mut path: Vec<String> = tree.ancestors(unit.id).map(|above| above.code().to_string()).collect();
    path.reverse();
    path.push(unit.code().to_string());
    let mut object = json!({
        "id": unit.code().as_str(),
        "code": unit.code().as_str(),
        "name": unit.name(),
        "displayName": unit.name(),
        "shortName": unit.name().chars().take(50).collect::<String>(),
        "level": path.len(),
        "path": format!("/{}", path.join("/")),
        "leaf": tree.children(unit.id).next().is_none(),
        // DHIS2 asks for an opening date of every unit; one that is open since ever has this one there.
        "openingDate": unit.opened_on().map_or_else(|| "1970-01-01".to_owned(), |day| day.to_string()),
    });
    if let Some(closed) = unit.closed_on() {
        object["closedDate"] = json!(closed.to_string());
    }
    if let Some(parent) = unit.above() {
        object["parent"] = json!({ "id": parent.code().as_str() });
    }
    object
}

fn element(measure: &Measure, lang: Lang) -> Value {
    let name = if lang == Lang::En { &measure.name_en } else { &measure.name };
    json!({
        "id": measure.code.as_str(),
        "code": measure.code.as_str(),
        "name": name,
        "displayName": name,
        "shortName": name,
        "domainType": "AGGREGATE",
        "valueType": "INTEGER_ZERO_OR_POSITIVE",
        "aggregationType": "SUM",
        "categoryCombo": { "id": DEFAULT },
    })
}

fn data_set(campaign: &Campaign) -> Value {
    let elements = campaign.measures.iter();
    let elements: Vec<Value> =
        elements.map(|measure| json!({ "dataElement": { "id": measure.code.as_str() } })).collect();
    json!({
        "id": campaign.id.as_str(),
        "code": campaign.id.as_str(),
        "name": campaign.name,
        "displayName": campaign.name,
        "shortName": campaign.name,
        "periodType": "Daily",
        "openFuturePeriods": 0,
        "categoryCombo": { "id": DEFAULT },
        "dataSetElements": elements,
    })
}

fn mine(catalogue: &Catalogue, caller: &Caller) -> Vec<Arc<Campaign>> {
    catalogue
        .campaigns
        .iter()
        .filter(|campaign| scope::concerns(catalogue, caller, campaign))
        .cloned()
        .collect()
}

/// Measures of the campaigns, each code once: a campaign's own measure is the newest one of that code.
fn elements(campaigns: &[Arc<Campaign>]) -> BTreeMap<&str, &Measure> {
    let all = campaigns.iter().rev().flat_map(|campaign| &campaign.measures);
    all.map(|measure| (measure.code.as_str(), measure)).collect()
}

impl App {
    /// Those of a kind in the caller's scope that lie in a range of their usual order, and how many there are.
    #[must_use]
    pub fn dhis2_list(&self, caller: &Caller, kind: Kind, range: Range<usize>) -> (Vec<Value>, usize) {
        let catalogue = self.catalogue();
        let tree = &catalogue.tree;
        let wanted = |at: usize| range.contains(&at);
        if kind == Kind::OrganisationUnits {
            let seen = |unit: &Placed<'_>| access::may(&caller.actor, tree, Permission::Read, unit.id);
            let (mut found, mut total) = (Vec::new(), 0);
            for one in tree.all().filter(seen) {
                if wanted(total) {
                    found.push(unit(one, tree));
                }
                total += 1;
            }
            return (found, total);
        }
        let campaigns = mine(&catalogue, caller);
        let objects: Vec<Value> = match kind {
            Kind::DataSets => campaigns.iter().map(|campaign| data_set(campaign)).collect(),
            _ => elements(&campaigns).into_values().map(|measure| element(measure, caller.lang)).collect(),
        };
        let total = objects.len();
        (objects.into_iter().skip(range.start).take(range.len()).collect(), total)
    }

    /// The one with this code, if it is in the caller's scope.
    #[must_use]
    pub fn dhis2_one(&self, caller: &Caller, kind: Kind, id: &str) -> Option<Value> {
        let catalogue = self.catalogue();
        match kind {
            Kind::OrganisationUnits => scope::unit(&catalogue, caller, Permission::Read, id)
                .ok()
                .map(|found| unit(found, &catalogue.tree)),
            Kind::DataSets => {
                scope::campaign(&catalogue, caller, id).ok().map(|campaign| data_set(&campaign))
            }
            Kind::DataElements => {
                elements(&mine(&catalogue, caller)).get(id).map(|measure| element(measure, caller.lang))
            }
        }
    }

    /// Who asks, as a client of DHIS2 wants to know it.
    #[must_use]
    pub fn dhis2_me(&self, caller: &Caller) -> Value {
        let catalogue = self.catalogue();
        let units = caller.actor.grants.iter().filter_map(|grant| catalogue.tree.get(grant.unit?));
        let units: Vec<Value> =
            units.map(|unit| json!({ "id": unit.code().as_str(), "name": unit.name() })).collect();
        let roles = caller.actor.grants.iter().map(|grant| grant.role);
        let roles: Vec<Value> = roles.map(|role| json!({ "id": role.code(), "name": role.code() })).collect();
        let sets: Vec<Value> =
            mine(&catalogue, caller).iter().map(|campaign| json!(campaign.id.as_str())).collect();
        let name = &caller.actor.username;
        json!({
            "id": name,
            "username": name,
            "name": name,
            "displayName": name,
            "authorities": [],
            "userRoles": roles,
            "organisationUnits": units,
            "dataViewOrganisationUnits": units,
            "dataSets": sets,
            "programs": [],
        })
    }

    /// What a client of DHIS2 asks first. The version is the one whose answers are given here.
    #[must_use]
    pub fn dhis2_info(&self) -> Value {
        json!({
            "version": "2.41.0",
            "revision": concat!("pufa-", env!("CARGO_PKG_VERSION")),
            "systemName": "pufa",
            "serverDate": self.clock.now().to_string(),
            "serverTimeZoneId": "Asia/Shanghai",
            "calendar": "iso8601",
            "dateFormat": "yyyy-mm-dd",
        })
    }
}
