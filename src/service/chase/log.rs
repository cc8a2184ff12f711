//! Who was asked when, how much is asked of a unit, and to which contact group it belongs.

use super::{Question, day_of};
use crate::domain::access::{self, Permission};
use crate::domain::calendar::rfc3339;
use crate::domain::chase::{Channel, Grouping};
use crate::domain::expected::Waited;
use crate::domain::fault::Fault;
use crate::domain::privacy;
use crate::domain::unit::{Placed, UnitId, UnitTree};
use crate::service::{App, Caller, Error, scope};
use crate::store::{Asked, AuditEntry, Chase, NewChase, Transaction};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// Units that the office has asked for a day's report.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChaseBody {
    /// Code of the unit under which the missing were asked; the caller's highest when absent.
    pub unit: Option<String>,
    /// The day; today when absent.
    pub date: Option<String>,
    /// wechat, wecom, dingtalk, feishu, phone, message, letter or other.
    pub channel: Option<String>,
    /// Codes of the missing units that were asked; all of them when absent.
    pub units: Option<Vec<String>>,
}

/// One time that units were asked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChaseView {
    /// Its number.
    pub id: i32,
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit under which they were looked for.
    pub unit: String,
    /// The day whose report was asked for.
    pub date: String,
    /// Through what.
    pub channel: &'static str,
    /// Name of the account that asked; null when the service did by itself.
    pub by: Option<String>,
    /// When, RFC 3339.
    pub at: String,
    /// Codes of who was asked.
    pub units: Vec<String>,
}

/// Times that units were asked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChasesView {
    /// Newest first.
    pub items: Vec<ChaseView>,
    /// Where the next page begins; null on the last one.
    pub next: Option<String>,
}

/// What a drive has asked of a unit so far.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BurdenView {
    /// Code.
    pub unit: String,
    /// Name.
    pub name: String,
    /// Daily reports demanded of it up to today.
    pub demanded: u64,
    /// How often it was asked for one.
    pub asked: u64,
    /// When it was asked last, RFC 3339.
    pub asked_at: Option<String>,
    /// Drives that demand a report of it today, this one among them.
    pub drives_today: u64,
}

/// What a drive has asked of units so far, in administrative order, never ranked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BurdensView {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Fields of the form that a report fills.
    pub measures: u64,
    /// The units that the drive expects.
    pub items: Vec<BurdenView>,
    /// Where the next page begins; null on the last one.
    pub next: Option<String>,
}

/// The contact group of a unit: a label such as 教育系统群, never a person's name or number.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiaisonBody {
    /// The label; empty takes it away, and the unit is in the group of the unit above.
    pub label: String,
}

/// The contact group of a unit.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LiaisonView {
    /// Code of the unit.
    pub unit: String,
    /// The label.
    pub label: String,
}

/// The contact groups of units, in administrative order.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LiaisonsView {
    /// The units that have one noted.
    pub items: Vec<LiaisonView>,
    /// Always null: the list is whole.
    pub next: Option<String>,
}

/// The longest label, in characters.
const LABEL: usize = 30;

impl App {
    /// Notes that the office has asked units that are missing on a day.
    ///
    /// # Errors
    /// `chase_nobody` when nobody is missing, `unit_not_missing` for a unit that is not, faults of the body; `Forbidden`
    /// for who may not review there.
    pub async fn chase(&self, caller: &Caller, campaign: &str, body: &ChaseBody) -> Result<ChaseView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let top = scope::asked(&catalogue, caller, Some(&campaign), body.unit.as_deref())?;
        if !access::may(&caller.actor, &catalogue.tree, Permission::Review, top.id) {
            return Err(Error::Forbidden);
        }
        let channel = body.channel.as_deref().map(Channel::from_code);
        let channel = match channel {
            Some(Some(channel)) => channel,
            Some(None) => return Err(Error::invalid(Fault::new("/channel", "channel_unknown"))),
            None => return Err(Error::invalid(Fault::new("/channel", "field_missing"))),
        };
        let day = self.asked_day(&campaign, body.date.as_deref())?;
        let missing = self
            .missing_of(Question {
                catalogue: &catalogue,
                campaign: &campaign,
                top,
                below: true,
                day,
                grouping: Grouping::None,
                lang: caller.lang,
            })
            .await?;
        let mut units = missing.units;
        if let Some(codes) = &body.units {
            let all: HashSet<UnitId> = units.iter().copied().collect();
            let (mut faults, mut named) = (Vec::new(), HashSet::new());
            for (at, code) in codes.iter().enumerate() {
                match catalogue.tree.by_code(code).filter(|unit| all.contains(&unit.id)) {
                    Some(unit) => drop(named.insert(unit.id)),
                    None => faults.push(Fault::new(format!("/units/{at}"), "unit_not_missing")),
                }
            }
            if !faults.is_empty() {
                return Err(Error::Invalid(faults));
            }
            units.retain(|unit| named.contains(unit));
        }
        if units.is_empty() {
            return Err(Error::invalid(Fault::new("/units", "chase_nobody")));
        }
        let new = NewChase {
            campaign: campaign.key,
            day,
            unit: top.id,
            channel,
            actor: Some(caller.actor.id),
            hook: None,
            units: units.clone(),
        };
        let origin = caller.origin();
        let subject = format!("{} {day}", campaign.id);
        let detail =
            serde_json::json!({ "unit": top.code().as_str(), "channel": channel.code(), "asked": units.len() })
                .to_string();
        let (id, at) = self
            .store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    let id = tx.insert_chase(new).await?;
                    tx.audit(AuditEntry { origin, action: "chase.create", subject, detail }).await?;
                    Ok((id, tx.now()))
                })
            })
            .await?;
        let by = Some(caller.actor.username.clone());
        let chase = Chase { id, day, unit: top.id, channel, by, at, units };
        Ok(view(&catalogue.tree, campaign.id.to_string(), chase, |_| true))
    }

    /// Who was asked when, under a unit, newest first.
    ///
    /// # Errors
    /// Out of scope is not found; `Forbidden` for who may not review there; faults of the parameters.
    pub async fn chases(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: Option<&str>,
        date: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<ChasesView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let top = scope::asked(&catalogue, caller, Some(&campaign), unit)?;
        if !access::may(&caller.actor, &catalogue.tree, Permission::Review, top.id) {
            return Err(Error::Forbidden);
        }
        let day = date.map(|date| day_of(&campaign, date)).transpose()?;
        let before = number(cursor)?.unwrap_or(i32::MAX);
        let limit = u64::from(self.limits.page);
        let found = self.store.chases(campaign.key, day, before, limit).await?;
        let next = found.last().filter(|_| found.len() as u64 == limit).map(|last| last.id.to_string());
        // Of a chase over more than the asked unit only what lies under it is told.
        let under = |unit: UnitId| catalogue.tree.is_under(unit, top.id);
        let views =
            found.into_iter().map(|chase| view(&catalogue.tree, campaign.id.to_string(), chase, under));
        Ok(ChasesView { items: views.filter(|view| !view.units.is_empty()).collect(), next })
    }

    /// What a drive has asked of the units under a unit so far.
    ///
    /// # Errors
    /// Out of scope is not found; faults of the parameters.
    pub async fn burden(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<BurdensView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let top = scope::asked(&catalogue, caller, Some(&campaign), unit)?;
        let below = scope::reads_below(&catalogue, caller, top.id);
        let tree = &catalogue.tree;
        let today = self.clock.today();
        let due: Vec<_> = campaign.window.days().filter(|day| *day <= today).collect();
        let from = usize::try_from(number(cursor)?.unwrap_or(0)).unwrap_or(0);
        let waited = Waited::under(tree, &campaign, top, &due);
        let demanded = waited.units(below);
        let mut page: Vec<(Placed<'_>, u64)> =
            demanded.skip(from).take(self.limits.page as usize + 1).collect();
        let more = page.len() > self.limits.page as usize;
        page.truncate(self.limits.page as usize);
        let ids: Vec<UnitId> = page.iter().map(|(unit, _)| unit.id).collect();
        let asked = self.store.asked(campaign.key, None, &ids).await?;
        let item = |(unit, demanded): &(Placed<'_>, u64)| {
            let asked: Option<&Asked> = asked.get(&unit.id);
            let expects = catalogue.campaigns.iter().filter(|other| other.expects(tree, unit.id, today));
            BurdenView {
                unit: unit.code().to_string(),
                name: unit.name(),
                demanded: *demanded,
                asked: asked.map_or(0, |asked| asked.times),
                asked_at: asked.map(|asked| rfc3339(asked.last)),
                drives_today: expects.count() as u64,
            }
        };
        Ok(BurdensView {
            campaign: campaign.id.to_string(),
            measures: campaign.measures.len() as u64,
            items: page.iter().map(item).collect(),
            next: more.then(|| (from + page.len()).to_string()),
        })
    }

    /// The contact groups of the units under a unit.
    ///
    /// # Errors
    /// Out of scope is not found.
    pub async fn liaisons(&self, caller: &Caller, unit: Option<&str>) -> Result<LiaisonsView, Error> {
        let catalogue = self.catalogue();
        let top = scope::asked(&catalogue, caller, None, unit)?;
        let below = scope::reads_below(&catalogue, caller, top.id);
        let labels: HashMap<UnitId, String> = self.store.liaisons().await?;
        let view = |unit: Placed<'_>| {
            let label = labels.get(&unit.id)?.clone();
            Some(LiaisonView { unit: unit.code().to_string(), label })
        };
        Ok(LiaisonsView { items: top.reach(below).filter_map(view).collect(), next: None })
    }

    /// Sets the contact group of a unit.
    ///
    /// # Errors
    /// `name_invalid` when the label is too long, `personal_data` when it holds a number of a person; out of scope is not
    /// found; `Forbidden` for who may not manage the unit.
    pub async fn set_liaison(
        &self,
        caller: &Caller,
        unit: &str,
        body: &LiaisonBody,
    ) -> Result<LiaisonView, Error> {
        let catalogue = self.catalogue();
        let unit = scope::unit(&catalogue, caller, Permission::ManageUnits, unit)?;
        let label = privacy::line(&body.label, 0..=LABEL, "name_invalid")
            .map_err(|code| Error::invalid(Fault::new("/label", code)))?
            .to_owned();
        let (origin, subject, id) = (caller.origin(), unit.code().to_string(), unit.id);
        let view = LiaisonView { unit: unit.code().to_string(), label: label.clone() };
        let detail = serde_json::json!({ "label": label }).to_string();
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.set_liaison(id, label).await?;
                    tx.audit(AuditEntry { origin, action: "unit.liaison", subject, detail }).await.map(drop)
                })
            })
            .await?;
        Ok(view)
    }
}

fn view(tree: &UnitTree, campaign: String, chase: Chase, told: impl Fn(UnitId) -> bool) -> ChaseView {
    let code = |id: UnitId| tree.get(id).map(|unit| unit.code().to_string());
    ChaseView {
        id: chase.id,
        campaign,
        unit: code(chase.unit).unwrap_or_default(),
        date: chase.day.to_string(),
        channel: chase.channel.code(),
        by: chase.by,
        at: rfc3339(chase.at),
        units: chase.units.into_iter().filter(|unit| told(*unit)).filter_map(code).collect(),
    }
}

/// Where a page begins, as the page before told it.
pub(in crate::service) fn number(cursor: Option<&str>) -> Result<Option<i32>, Error> {
    let wrong = || Error::invalid(Fault::new("/cursor", "cursor_invalid"));
    let read = |cursor: &str| cursor.parse().ok().filter(|n: &i32| *n >= 0).ok_or_else(wrong);
    cursor.map(read).transpose()
}
