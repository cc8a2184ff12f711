//! Report links: whoever holds one reports for one unit in one drive, without an account, and does nothing else.

use super::accounts::qr;
use super::session::{Credential, digest, random};
use super::tokens::{LONGEST, end_of};
use super::{App, Caller, Error, scope};
use crate::domain::access::{self, Door, Permission};
use crate::domain::calendar::rfc3339;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::unit::UnitId;
use crate::store::{AuditEntry, Link, LinkKind, NewLink, Transaction};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Days after its drive that a link lasts unless told otherwise: corrections come late.
const AFTER: i32 = 7;

/// A report link to be made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkBody {
    /// Code of the unit.
    pub unit: String,
    /// Its last day; a week after the drive when absent.
    #[serde(default)]
    pub expires: Option<String>,
    /// report or screen; report when absent.
    #[serde(default)]
    pub kind: Option<String>,
}

/// A report link, without its token.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LinkView {
    /// Its number: a version that came through it says 报送链接 and this number.
    pub id: i32,
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// Name of the unit.
    pub name: String,
    /// report, or screen: a wall screen that shows the drive and does nothing else.
    pub kind: &'static str,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it ends, RFC 3339.
    pub expires_at: String,
    /// When it was revoked, RFC 3339.
    pub revoked_at: Option<String>,
    /// The address; told once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The address as a QR code, SVG; told once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub svg: Option<String>,
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// It opens a wall screen.
    pub screen: bool,
    /// Seconds that it lasts yet.
    pub seconds: u64,
}

/// An address as a QR code, SVG.
///
/// # Errors
/// When it is too long for any code.
pub fn qr_code(address: &str) -> Result<String, Error> {
    qr::svg(address)
}

fn view(catalogue: &Catalogue, campaign: &Campaign, link: &Link) -> Option<LinkView> {
    let unit = catalogue.tree.get(link.unit)?;
    Some(LinkView {
        id: link.id,
        campaign: campaign.id.to_string(),
        unit: unit.code().to_string(),
        name: unit.name().clone(),
        kind: match link.kind {
            LinkKind::Report => "report",
            LinkKind::Screen => "screen",
        },
        created_at: rfc3339(link.created_at),
        expires_at: rfc3339(link.expires_at),
        revoked_at: link.revoked_at.map(rfc3339),
        path: None,
        svg: None,
    })
}

impl App {
    /// Makes a report link. `base` is how this service is reached, `https://a.example`, for the QR code.
    ///
    /// # Errors
    /// Out of scope is not found; `Forbidden`; `unit_outside_campaign`; `expires_invalid`.
    pub async fn create_link(
        &self,
        caller: &Caller,
        campaign: &str,
        body: &LinkBody,
        base: &str,
    ) -> Result<LinkView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let unit = scope::unit(&catalogue, caller, Permission::ManageAccounts, &body.unit)?;
        if !catalogue.tree.is_under(unit.id, campaign.unit) {
            return Err(Error::invalid(Fault::new("/unit", "unit_outside_campaign")));
        }
        let kind = match body.kind.as_deref() {
            None | Some("report") => LinkKind::Report,
            Some("screen") => LinkKind::Screen,
            Some(_) => return Err(Error::invalid(Fault::new("/kind", "kind_unknown"))),
        };
        let now = self.clock.now();
        let expires_at = match &body.expires {
            Some(day) => end_of(day, now)?,
            None => campaign.window.last().plus(AFTER + 1).at(jiff::civil::Time::midnight()),
        };
        if expires_at <= now {
            return Err(Error::invalid(Fault::new("/expires", "expires_invalid").with("limit", LONGEST)));
        }
        // 160 bits: a code that is still photographed from paper, and nobody guesses.
        let token = hex::encode(random::<20>()?);
        let (path, unit_id) = (format!("/r/{token}"), unit.id);
        let svg = qr::svg(&format!("{base}{path}"))?;
        let new = NewLink {
            campaign: campaign.key,
            unit: unit_id,
            kind,
            token_hash: digest(&token),
            created_by: caller.actor.id,
            expires_at,
        };
        let origin = caller.origin();
        let subject = format!("{}/{}", campaign.id, unit.code());
        let id = self
            .store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    let id = tx.insert_link(new).await?;
                    let screen = kind == LinkKind::Screen;
                    let detail = serde_json::json!({ "link": id, "screen": screen }).to_string();
                    tx.audit(AuditEntry { origin, action: "link.create", subject, detail }).await?;
                    Ok(id)
                })
            })
            .await?;
        let unknown = Error::NotFound("link_unknown");
        let link = self.store.link_numbered(id).await?.ok_or(unknown.clone())?;
        let view = view(&catalogue, &campaign, &link).ok_or(unknown)?;
        Ok(LinkView { path: Some(path), svg: Some(svg), ..view })
    }

    /// The report links of a campaign that the caller manages, newest first; those that ended among them.
    ///
    /// # Errors
    /// Out of scope is not found; `Forbidden` for whoever manages none.
    pub async fn links(&self, caller: &Caller, campaign: &str) -> Result<Vec<LinkView>, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        if access::scopes(&caller.actor, &catalogue.tree, Permission::ManageAccounts).is_empty() {
            return Err(Error::Forbidden);
        }
        let links = self.store.links(campaign.key).await?;
        let mine =
            |unit: UnitId| access::may(&caller.actor, &catalogue.tree, Permission::ManageAccounts, unit);
        Ok(links
            .iter()
            .filter(|link| mine(link.unit))
            .filter_map(|link| view(&catalogue, &campaign, link))
            .collect())
    }

    /// Revokes a report link.
    ///
    /// # Errors
    /// `link_unknown` when there is none of this number that the caller manages.
    pub async fn revoke_link(&self, caller: &Caller, id: i32) -> Result<(), Error> {
        let catalogue = self.catalogue();
        let link = self.store.link_numbered(id).await?;
        let mine = |link: &Link| {
            link.revoked_at.is_none()
                && access::may(&caller.actor, &catalogue.tree, Permission::ManageAccounts, link.unit)
        };
        let link = link.filter(mine).ok_or(Error::NotFound("link_unknown"))?;
        let unit = catalogue.tree.get(link.unit).map(|unit| unit.code().to_string()).unwrap_or_default();
        let campaign = catalogue.campaign_by_key(link.campaign).map(|campaign| campaign.id.to_string());
        let (origin, subject) = (caller.origin(), format!("{}/{unit}", campaign.unwrap_or_default()));
        let detail = serde_json::json!({ "link": id }).to_string();
        self.store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    tx.revoke_link(id).await?;
                    tx.audit(AuditEntry { origin, action: "link.revoke", subject, detail }).await.map(drop)
                })
            })
            .await?;
        self.sessions.distrust();
        Ok(())
    }

    /// Where a link leads.
    ///
    /// # Errors
    /// `link_unknown` when it is none, has ended or was revoked.
    pub async fn open_link(&self, token: &str) -> Result<Opened, Error> {
        let unknown = || Error::NotFound("link_unknown");
        let actor = match self.authenticate(Credential::Link(token)).await {
            Err(Error::Unauthenticated) => return Err(unknown()),
            found => found?,
        };
        let now = self.clock.now();
        let link = self.store.link(&digest(token), now).await?.ok_or_else(unknown)?;
        let catalogue = self.catalogue();
        let (Door::Link(campaign) | Door::Screen(campaign)) = actor.door else { return Err(unknown()) };
        let campaign = catalogue.campaign_by_key(campaign).ok_or_else(unknown)?;
        let unit = catalogue.tree.get(link.unit).ok_or_else(unknown)?;
        Ok(Opened {
            campaign: campaign.id.to_string(),
            unit: unit.code().to_string(),
            screen: link.kind == LinkKind::Screen,
            seconds: link.expires_at.duration_since(now).as_secs().unsigned_abs(),
        })
    }

    /// Whether somebody may read a unit's report in a campaign: else a link that they hold too may.
    #[must_use]
    pub fn reads_report(&self, actor: &access::Actor, campaign: &str, unit: &str) -> bool {
        let catalogue = self.catalogue();
        let known = catalogue.campaign(campaign).is_some_and(|found| access::may_enter(actor, found.key));
        let unit = catalogue.tree.by_code(unit);
        known && unit.is_some_and(|unit| access::may(actor, &catalogue.tree, Permission::Read, unit.id))
    }
}
