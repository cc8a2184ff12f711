//! The audit for those who may read it: filtered, a page at a time, as files, and the heads of its chains.

use super::{App, Caller, Error, audit_file};
use crate::domain::access::{self, Permission};
use crate::domain::calendar::{ReportDay, rfc3339};
use crate::domain::catalogue::Catalogue;
use crate::domain::fault::Fault;
use crate::domain::tally::{Review, Version};
use crate::domain::unit::UnitId;
use crate::store::{AuditEntry, AuditFilter, Recorded, Sealed, Transaction};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

/// Something that was done, or refused.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AuditItem {
    /// Lane and number of the entry, `0/123`; of a version the place in its batch behind, `0/123/4`.
    pub id: String,
    /// When, RFC 3339.
    pub at: String,
    /// Name of the account, `#7` for report link 7; null for the command line, and for nobody.
    pub who: Option<String>,
    /// Address it came from; null for the command line.
    pub address: Option<String>,
    /// What was done.
    pub action: String,
    /// To what: a code, an identifier, a name.
    pub subject: String,
    /// How it was before; null where there was nothing, or nothing is known.
    pub before: serde_json::Value,
    /// How it was afterwards, or what else is told.
    pub after: serde_json::Value,
}

/// A page of the audit, newest first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AuditView {
    /// Items.
    pub items: Vec<AuditItem>,
    /// What to give as `cursor` for the next page. A page may hold few items or none and yet have a next: so much was
    /// looked through.
    pub next: Option<String>,
}

/// The end of a lane's chain.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HeadView {
    /// The lane.
    pub lane: i16,
    /// Number of the last entry.
    pub seq: i64,
    /// Its seal.
    pub hash: String,
    /// When it was made, RFC 3339.
    pub at: String,
    /// The three together, as `pufa verify --head` takes them.
    pub head: String,
}

/// The ends of all chains.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HeadsView {
    /// The day at whose end they were so; null for now.
    pub date: Option<String>,
    /// A chain each.
    pub items: Vec<HeadView>,
}

/// What of the audit is asked for, as it came.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Name of an account, or `#7` for report link 7.
    pub who: Option<String>,
    /// The beginning of an action: `session`, `tally.accept`.
    pub action: Option<String>,
    /// A part of the subject.
    pub subject: Option<String>,
    /// First day.
    pub from: Option<String>,
    /// Last day.
    pub to: Option<String>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// At most so many.
    pub limit: Option<u32>,
    /// In the order in which it was done.
    pub oldest_first: bool,
}

/// Entries read of a lane at once, and how often for one page.
const CHUNK: u64 = 256;
const CHUNKS: usize = 40;

/// Where a lane is read on: before this number (oldest first, after it), and after so many versions of that very batch.
type Places = BTreeMap<i16, (i64, usize)>;

fn read_cursor(text: &str) -> Option<Places> {
    let one = |part: &str| {
        let (lane, at) = part.split_once(':')?;
        let (seq, skip) = at.split_once('.')?;
        Some((lane.parse().ok()?, (seq.parse().ok()?, skip.parse().ok()?)))
    };
    text.split(',').map(one).collect()
}

fn write_cursor(places: &Places) -> String {
    let one = |(lane, (seq, skip)): (&i16, &(i64, usize))| format!("{lane}:{seq}.{skip}");
    places.iter().map(one).collect::<Vec<_>>().join(",")
}

/// The action of a version.
fn action_of(version: &Version) -> &'static str {
    match (version.review, version.version) {
        (Review::Accepted, _) => "tally.accept",
        (Review::Returned, _) => "tally.return",
        (Review::Submitted, 1) => "tally.submit",
        (Review::Submitted, _) => "tally.correct",
    }
}

/// Somebody's name, and the units that their grants are over.
struct Person {
    name: String,
    units: Vec<Option<UnitId>>,
}

/// Those who were looked up for one answer.
#[derive(Default)]
struct People {
    by_id: HashMap<i32, Option<Person>>,
    by_name: HashMap<String, Vec<Option<UnitId>>>,
}

impl App {
    fn audit_reader(&self, caller: &Caller, catalogue: &Catalogue) -> Result<bool, Error> {
        if access::scopes(&caller.actor, &catalogue.tree, Permission::ReadAudit).is_empty() {
            return Err(Error::Forbidden);
        }
        Ok(access::may_everywhere(&caller.actor, Permission::ReadAudit))
    }

    async fn person(&self, people: &mut People, id: i32) -> Result<(), Error> {
        if let Entry::Vacant(place) = people.by_id.entry(id) {
            let account = self.store.account_numbered(id).await?;
            place.insert(account.map(|account| Person {
                units: account.grants.iter().map(|grant| grant.unit).collect(),
                name: account.username,
            }));
        }
        Ok(())
    }

    /// Whether somebody who does not read all of it may see an entry: when its subject, or who acted, is in their scope.
    async fn sees(
        &self,
        caller: &Caller,
        catalogue: &Catalogue,
        people: &mut People,
        entry: &Recorded,
    ) -> Result<bool, Error> {
        let may = |unit: UnitId| access::may(&caller.actor, &catalogue.tree, Permission::ReadAudit, unit);
        let may_all =
            |units: &[Option<UnitId>]| !units.is_empty() && units.iter().all(|unit| unit.is_some_and(may));
        if let Some(id) = entry.actor.filter(|id| *id > 0) {
            self.person(people, id).await?;
            if let Some(Some(person)) = people.by_id.get(&id)
                && may_all(&person.units)
            {
                return Ok(true);
            }
        }
        let mut parts = entry.subject.split('/');
        let campaign = parts.next().and_then(|slug| catalogue.campaign(slug));
        if let Some(campaign) = campaign {
            let unit = parts.next().and_then(|code| catalogue.tree.by_code(code)).map(|unit| unit.id);
            return Ok(may(unit.unwrap_or(campaign.unit)));
        }
        if let Some(unit) = catalogue.tree.by_code(&entry.subject) {
            return Ok(may(unit.id));
        }
        let personal = ["user.", "session.", "token.", "totp.", "setup"];
        if !personal.iter().any(|area| entry.action.starts_with(area)) || entry.subject.is_empty() {
            return Ok(false);
        }
        if let Entry::Vacant(place) = people.by_name.entry(entry.subject.clone()) {
            let account = self.store.account_named(&entry.subject).await?;
            let units = account.map(|account| account.grants.iter().map(|grant| grant.unit).collect());
            place.insert(units.unwrap_or_default());
        }
        Ok(people.by_name.get(&entry.subject).is_some_and(|units| may_all(units)))
    }

    /// The audit that the caller may read, newest first.
    ///
    /// # Errors
    /// `Forbidden` for whoever may read none; `cursor_invalid`; faults of the days.
    pub async fn audit(&self, caller: &Caller, query: &AuditQuery) -> Result<AuditView, Error> {
        let catalogue = self.catalogue();
        let everything = self.audit_reader(caller, &catalogue)?;
        let limit = query.limit.unwrap_or(self.limits.page).min(self.limits.page) as usize;
        let Some(filter) = self.audit_filter(query).await? else {
            return Ok(AuditView { items: Vec::new(), next: None });
        };
        let mut places: Places = match &query.cursor {
            Some(cursor) => {
                read_cursor(cursor).ok_or_else(|| Error::invalid(Fault::new("/cursor", "cursor_invalid")))?
            }
            None => {
                let heads = self.store.audit_heads(None).await?;
                let place = |seq: i64| if query.oldest_first { 0 } else { seq + 1 };
                heads.into_iter().map(|(head, _)| (head.lane, (place(head.seq), 0))).collect()
            }
        };
        // What a lane has to say of an entry once more when its batch was told in part.
        let again = if query.oldest_first { -1 } else { 1 };
        let (mut items, mut people) = (Vec::new(), People::default());
        'looking: for _ in 0..CHUNKS {
            let (entries, ended) = self.next_entries(&filter, &places).await?;
            for entry in entries {
                if items.len() >= limit {
                    break 'looking;
                }
                if let Some(id) = entry.actor.filter(|id| *id > 0) {
                    self.person(&mut people, id).await?;
                }
                if entry.is_batch() {
                    let skip = match places.get(&entry.lane) {
                        Some((place, skip)) if *place == entry.seq + again => *skip,
                        _ => 0,
                    };
                    let told = self.told_versions(caller, &catalogue, &mut people, &filter, &entry).await?;
                    let room = limit - items.len();
                    let left = told.len().saturating_sub(skip);
                    items.extend(told.into_iter().skip(skip).take(room));
                    if left > room {
                        places.insert(entry.lane, (entry.seq + again, skip + room));
                        break 'looking;
                    }
                } else if everything || self.sees(caller, &catalogue, &mut people, &entry).await? {
                    items.push(item(&people, &entry));
                }
                places.insert(entry.lane, (entry.seq, 0));
            }
            for lane in ended {
                places.remove(&lane);
            }
            if places.is_empty() {
                break;
            }
        }
        let next = (!places.is_empty()).then(|| write_cursor(&places));
        Ok(AuditView { items, next })
    }

    /// What is asked for, as the store looks for it; none when it is asked for somebody that nobody is.
    async fn audit_filter(&self, query: &AuditQuery) -> Result<Option<AuditFilter>, Error> {
        let actor = match query.who.as_deref().map(|who| (who, who.strip_prefix('#'))) {
            None => None,
            Some((_, Some(link))) => match link.parse() {
                Ok(link) => Some(access::link_actor(link)),
                Err(_) => return Ok(None),
            },
            Some((name, None)) => match self.store.account_named(name).await? {
                Some(account) => Some(account.id),
                None => return Ok(None),
            },
        };
        let day = |pointer: &str, text: &Option<String>| -> Result<Option<ReportDay>, Error> {
            let read =
                |text: &str| text.parse().map_err(|_| Error::invalid(Fault::new(pointer, "date_invalid")));
            text.as_deref().map(read).transpose()
        };
        let midnight = |day: ReportDay| day.at(jiff::civil::Time::midnight());
        let batches = query
            .action
            .as_deref()
            .is_none_or(|action| "tally.".starts_with(action) || action.starts_with("tally."));
        Ok(Some(AuditFilter {
            actor,
            action: query.action.clone(),
            subject: query.subject.clone(),
            from: day("/from", &query.from)?.map(midnight),
            to: day("/to", &query.to)?.map(|day| midnight(day.plus(1))),
            batches,
            oldest_first: query.oldest_first,
        }))
    }

    /// What comes next of all lanes, in the order asked for, and the lanes that are at their end with it. A lane of which more is to
    /// be read says how far the others may go.
    async fn next_entries(
        &self,
        filter: &AuditFilter,
        places: &Places,
    ) -> Result<(Vec<Recorded>, Vec<i16>), Error> {
        let (mut found, mut ended) = (Vec::<(Timestamp, Recorded)>::new(), Vec::new());
        let up = filter.oldest_first;
        let mut cut = if up { Timestamp::MAX } else { Timestamp::MIN };
        for (&lane, &(place, _)) in places {
            let mut entries = self.store.audit_from(filter, lane, place, CHUNK).await?;
            let more = entries.len() as u64 == CHUNK;
            if !up {
                entries.reverse();
            }
            // Entries of before clocks were kept from going back: a chain's order goes before its times.
            let mut latest = Timestamp::MIN;
            let mut timed: Vec<(Timestamp, Recorded)> = Vec::with_capacity(entries.len());
            for entry in entries {
                latest = latest.max(entry.at);
                timed.push((latest, entry));
            }
            let farthest = if up { timed.last() } else { timed.first() }.map(|(at, _)| *at);
            if !more {
                ended.push((lane, farthest));
            } else if let Some(at) = farthest {
                cut = if up { cut.min(at) } else { cut.max(at) };
            }
            found.extend(timed);
        }
        let reached = |at: Timestamp| if up { at <= cut } else { at >= cut };
        found.retain(|(at, _)| reached(*at));
        found.sort_by_key(|(at, entry)| (*at, entry.seq, std::cmp::Reverse(entry.lane)));
        if !up {
            found.reverse();
        }
        let ended =
            ended.into_iter().filter(|(_, at)| at.is_none_or(reached)).map(|(lane, _)| lane).collect();
        Ok((found.into_iter().map(|(_, entry)| entry).collect(), ended))
    }

    /// The versions of a batch that are asked for and that the caller may see, each as an item.
    async fn told_versions(
        &self,
        caller: &Caller,
        catalogue: &std::sync::Arc<Catalogue>,
        people: &mut People,
        filter: &AuditFilter,
        entry: &Recorded,
    ) -> Result<Vec<AuditItem>, Error> {
        let mut items = Vec::new();
        for (place, sealed) in self.store.audit_batch(entry).await?.into_iter().enumerate() {
            let Sealed { version, before, address } = sealed;
            let code =
                catalogue.tree.get(version.unit).map(|unit| unit.code().to_string()).unwrap_or_default();
            let slug = catalogue.campaign_by_key(version.campaign).map(|campaign| campaign.id.to_string());
            let subject = format!("{}/{code}/{}", slug.unwrap_or_default(), version.day);
            let action = action_of(&version);
            let wanted = filter.actor.is_none_or(|actor| actor == version.actor)
                && filter.action.as_deref().is_none_or(|prefix| action.starts_with(prefix))
                && filter.subject.as_deref().is_none_or(|part| subject.contains(part));
            if !wanted || !access::may(&caller.actor, &catalogue.tree, Permission::ReadAudit, version.unit) {
                continue;
            }
            if version.actor > 0 {
                self.person(people, version.actor).await?;
            }
            let at = version.received_at.max(entry.at);
            let who = who(people, Some(version.actor));
            let told: Vec<Version> = before.into_iter().chain([version]).collect();
            let mut views = self.views(catalogue, caller, &told).await?.into_iter();
            let mut next = |wanted: bool| {
                let view = if wanted { views.next() } else { None };
                view.and_then(|view| serde_json::to_value(view).ok()).unwrap_or_default()
            };
            let before = next(told.len() > 1);
            items.push(AuditItem {
                id: format!("{}/{}/{place}", entry.lane, entry.seq),
                at: rfc3339(at),
                who,
                address,
                action: action.to_owned(),
                subject,
                before,
                after: next(true),
            });
        }
        Ok(items)
    }

    /// The ends of all chains, now or as they were at the end of a day.
    ///
    /// # Errors
    /// `Forbidden` for whoever may read none of the audit; `date_invalid`.
    pub async fn audit_heads(&self, caller: &Caller, date: Option<&str>) -> Result<HeadsView, Error> {
        self.audit_reader(caller, &self.catalogue())?;
        let invalid = |_| Error::invalid(Fault::new("/date", "date_invalid"));
        let day: Option<ReportDay> = date.map(str::parse).transpose().map_err(invalid)?;
        let before = day.map(|day| day.plus(1).at(jiff::civil::Time::midnight()));
        let heads = self.store.audit_heads(before).await?;
        let view = |(head, at): (crate::store::Anchor, Timestamp)| HeadView {
            lane: head.lane,
            seq: head.seq,
            head: head.to_string(),
            hash: head.hash,
            at: rfc3339(at),
        };
        Ok(HeadsView { date: day.map(|day| day.to_string()), items: heads.into_iter().map(view).collect() })
    }

    /// The audit that the caller may read as a file, and an entry that says so.
    ///
    /// # Errors
    /// As [`audit`](Self::audit); `export_too_large`.
    pub async fn export_audit(
        &self,
        caller: &Caller,
        query: &AuditQuery,
        csv: bool,
    ) -> Result<Vec<u8>, Error> {
        let mut items: Vec<AuditItem> = Vec::new();
        let mut query = AuditQuery { cursor: None, limit: None, ..query.clone() };
        loop {
            let page = self.audit(caller, &query).await?;
            items.extend(page.items);
            if items.len() > self.limits.export_reports {
                let limit = self.limits.export_reports;
                return Err(Error::invalid(Fault::new("", "export_too_large").with("limit", limit)));
            }
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
        }
        let bytes = if csv {
            audit_file::table(&items)
        } else {
            serde_json::to_vec(&items).map_err(|error| Error::Internal(error.to_string()))?
        };
        let asked = serde_json::json!({
            "who": query.who, "action": query.action, "subject": query.subject,
            "from": query.from, "to": query.to, "items": items.len(),
        });
        self.exported(caller, "export.audit", String::new(), asked).await?;
        Ok(bytes)
    }

    /// Keeps in the audit that figures went out, before they do.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn exported(
        &self,
        caller: &Caller,
        action: &'static str,
        subject: String,
        detail: serde_json::Value,
    ) -> Result<(), Error> {
        let entry = AuditEntry { origin: caller.origin(), action, subject, detail: detail.to_string() };
        self.store
            .transact(move |tx: &mut Transaction| Box::pin(async move { tx.audit(entry).await.map(drop) }))
            .await?;
        Ok(())
    }
}

fn who(people: &People, actor: Option<i32>) -> Option<String> {
    let id = actor?;
    if let Some(link) = access::link_of(id) {
        return Some(format!("#{link}"));
    }
    people.by_id.get(&id).and_then(Option::as_ref).map(|person| person.name.clone())
}

fn item(people: &People, entry: &Recorded) -> AuditItem {
    let mut after: serde_json::Value = serde_json::from_str(&entry.detail).unwrap_or_default();
    let before = after.as_object_mut().and_then(|detail| detail.remove("before")).unwrap_or_default();
    if let Some(alone) =
        after.as_object_mut().filter(|detail| detail.len() == 1).and_then(|d| d.remove("after"))
    {
        after = alone;
    }
    AuditItem {
        id: format!("{}/{}", entry.lane, entry.seq),
        at: rfc3339(entry.at),
        who: who(people, entry.actor),
        address: entry.address.clone(),
        action: entry.action.clone(),
        subject: entry.subject.clone(),
        before,
        after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let places: Places = [(0, (17, 0)), (3, (4, 12))].into();
        assert_eq!(write_cursor(&places), "0:17.0,3:4.12");
        assert_eq!(read_cursor("0:17.0,3:4.12"), Some(places));
        for text in ["", "0", "0:1", "x:1.0", "0:1.0,"] {
            assert_eq!(read_cursor(text), None, "{text}");
        }
    }
}
