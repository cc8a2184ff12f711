//! What figures were made from: a unit's totals at one revision, named so that anybody can come back to them.

use super::audit::HISTORY;
use super::{Scene, history};
use crate::domain::access::Permission;
use crate::domain::calendar::rfc3339;
use crate::service::tallies::MeasureTotal;
use crate::service::{App, Caller, Error, scope};
use schemars::JsonSchema;
use serde::Serialize;
use std::slice;

/// The totals of a unit at one revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SnapshotView {
    /// Its name: the unit's code, a full stop and the revision.
    pub id: String,
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// Name of the unit.
    pub name: String,
    /// How many versions there were under the unit.
    pub revision: i64,
    /// Whether nothing has come in since.
    pub current: bool,
    /// When its last version came in, RFC 3339; null while there was none.
    pub at: Option<String>,
    /// Numbers of the publications that froze just this.
    pub publications: Vec<i32>,
    /// The totals, in the order of the campaign's measures.
    pub items: Vec<MeasureTotal>,
}

/// The name of a unit's totals at a revision.
pub(super) fn id(unit: &str, revision: i64) -> String {
    format!("{unit}.{revision}")
}

impl App {
    /// The totals that a snapshot names, told again from the versions.
    ///
    /// # Errors
    /// `snapshot_unknown` for one that never was, or of a drive with too many versions to go back through; out of scope is
    /// not found.
    pub async fn snapshot(&self, caller: &Caller, campaign: &str, name: &str) -> Result<SnapshotView, Error> {
        const UNKNOWN: Error = Error::NotFound("snapshot_unknown");
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let (code, revision) = name.rsplit_once('.').ok_or(UNKNOWN)?;
        let revision: i64 = revision.parse().map_err(|_| UNKNOWN)?;
        let unit = scope::unit(&catalogue, caller, Permission::Read, code)?;
        let below = scope::reads_below(&catalogue, caller, unit.id);
        let scene = Scene { catalogue: &catalogue, campaign, unit, below };
        let mut top = vec![scene.unit.id, scene.campaign.unit];
        top.dedup();
        let reading = self.read_sums(&catalogue, slice::from_ref(&scene.campaign), &top, below).await?;
        let now = reading.whole(&scene.campaign, unit.id).changes;
        let all = reading.whole(&scene.campaign, scene.campaign.unit).changes;
        if !(0..=now).contains(&revision) || (all >= HISTORY && revision < now) {
            return Err(UNKNOWN);
        }
        let versions = if all < HISTORY { self.store.history(scene.campaign.key).await? } else { Vec::new() };
        let then = history::at(&scene, &self.store.slots(), &versions, revision);
        let total = |code: &str| {
            let sum = if revision == now {
                self.sum(&scene, &reading, code)
            } else {
                then.totals.get(code).copied().unwrap_or_default()
            };
            MeasureTotal::new(code, sum)
        };
        let mut publications = Vec::new();
        for one in self.store.publications(scene.campaign.key).await? {
            let frozen: serde_json::Value = serde_json::from_str(&one.content.frozen).unwrap_or_default();
            if below && one.content.unit == unit.id && frozen["revision"].as_i64() == Some(revision) {
                publications.push(one.number);
            }
        }
        Ok(SnapshotView {
            id: id(code, revision),
            campaign: scene.campaign.id.to_string(),
            unit: unit.code().to_string(),
            name: unit.name().clone(),
            revision,
            current: revision == now,
            at: then.at.map(rfc3339),
            publications,
            items: scene.campaign.measures.iter().map(|measure| total(measure.code.as_str())).collect(),
        })
    }
}
