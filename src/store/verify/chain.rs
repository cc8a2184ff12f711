//! The chains of the audit, and the versions that their batches sealed.

use super::{Anchor, Findings};
use crate::domain::tally::{Channel, Review};
use crate::store::audit::{self, MARK, SUBMIT};
use crate::store::rows::{COLUMN, joined, lines};
use crate::store::sealed::{self, Group};
use crate::store::state::{self, Seal};
use crate::store::tally::{self, Key, from_small};
use crate::store::{StoreError, figures, ledger, publication};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio::sync::mpsc;

/// The latest seal of each bucket, and the entry that holds it.
pub(super) type Latest = HashMap<(usize, i32), (Seal, (i16, i64))>;

/// What the chains say, and what was wrong with them.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) findings: Findings,
    /// The latest seal of each bucket, and the entry that holds it.
    pub(super) state: Latest,
    /// What was sealed one by one: action and digest by the number of the entry.
    pub(super) records: BTreeMap<(i16, i64), (&'static str, String)>,
    /// How far each lane's chain had come when it was last marked.
    marks: BTreeMap<i16, (i64, String)>,
    anchors: Vec<Anchor>,
    /// Versions that a batch sealed.
    sealed: i64,
}

/// What was read of a lane, on its way to where it is looked at.
enum Page {
    /// Entries, in one text.
    Entries(i16, Option<String>),
    /// What the batches up to a number say that they sealed, and those versions, in a few texts.
    Versions(i16, Vec<Group>, Vec<String>),
    /// All of a lane was read.
    End(i16),
}

/// Entries read at once, at least and at most, and the versions of theirs that are wanted at once.
const FEW: i64 = 128;
const MANY: i64 = 4_096;
const VERSIONS: usize = 16_384;

/// Walks every chain. One task reads while a thread looks at what was read before.
pub(super) async fn walk(snapshot: &DatabaseTransaction, anchors: &[Anchor]) -> Result<Walked, StoreError> {
    let marks = marks(snapshot).await?;
    let lanes = lanes(snapshot, &marks, anchors).await?;
    let start = Walked { marks, anchors: anchors.to_vec(), ..Walked::default() };
    let (sender, receiver) = mpsc::channel(2);
    let looking = tokio::task::spawn_blocking(move || look(start, receiver));
    for lane in lanes {
        read_lane(snapshot, lane, &sender).await?;
    }
    drop(sender);
    let mut walked = looking.await.map_err(|_| StoreError::Panicked)?;
    // What is here and was named by no batch. One that was named twice makes the count differ as well.
    let all = Statement::from_string(snapshot.get_database_backend(), "SELECT COUNT(*) FROM tally_versions");
    let all: Option<i64> =
        snapshot.query_one_raw(all).await?.map(|row| row.try_get_by_index(0)).transpose()?;
    let (all, sealed) = (all.unwrap_or_default(), walked.sealed);
    if all != sealed {
        walked.findings.add(format!("audit versions: {all} are stored, {sealed} of them in a batch"));
    }
    Ok(walked)
}

async fn marks(snapshot: &DatabaseTransaction) -> Result<BTreeMap<i16, (i64, String)>, StoreError> {
    let sql = "SELECT bucket, number, digest FROM seals WHERE name = $1";
    let statement = Statement::from_sql_and_values(snapshot.get_database_backend(), sql, [MARK.into()]);
    let mut marks = BTreeMap::new();
    for row in snapshot.query_all_raw(statement).await? {
        let lane = i16::try_from(row.try_get_by_index::<i32>(0)?).unwrap_or(i16::MAX);
        marks.insert(lane, (row.try_get_by_index(1)?, row.try_get_by_index(2)?));
    }
    Ok(marks)
}

/// Every lane that has entries, versions, a mark or an anchor.
async fn lanes(
    snapshot: &DatabaseTransaction,
    marks: &BTreeMap<i16, (i64, String)>,
    anchors: &[Anchor],
) -> Result<BTreeSet<i16>, StoreError> {
    let mut lanes: BTreeSet<i16> = marks.keys().copied().collect();
    lanes.extend(anchors.iter().map(|anchor| anchor.lane));
    for table in ["audit", "batches"] {
        let mut after = i32::from(i16::MIN) - 1;
        // Lane by lane, along the index: a look for all of them at once would read every row.
        loop {
            let sql = format!("SELECT MIN(shard) FROM {table} WHERE shard > $1");
            let statement =
                Statement::from_sql_and_values(snapshot.get_database_backend(), sql, [after.into()]);
            let row = snapshot.query_one_raw(statement).await?;
            let next: Option<i16> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
            let Some(next) = next else { break };
            lanes.insert(next);
            after = next.into();
        }
    }
    Ok(lanes)
}

async fn read_lane(
    snapshot: &DatabaseTransaction,
    lane: i16,
    sender: &mpsc::Sender<Page>,
) -> Result<(), StoreError> {
    let backend = snapshot.get_database_backend();
    let text = joined(backend);
    let entries = format!(
        "SELECT MAX(seq), {text} FROM (SELECT seq, CAST(seq AS TEXT) || '{COLUMN}' || CAST(at AS TEXT) || '{COLUMN}' || \
         COALESCE(CAST(actor_id AS TEXT), '') || '{COLUMN}' || COALESCE(address, '') || '{COLUMN}' || action || '{COLUMN}' || \
         subject || '{COLUMN}' || detail || '{COLUMN}' || hash || '{COLUMN}' || COALESCE('=' || state, '') AS line \
         FROM audit WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3) AS page"
    );
    let flag = |name: &str| format!("CASE WHEN t.{name} THEN ' true' ELSE ' false' END");
    let line = format!(
        "CAST(t.campaign_id AS TEXT) || ' ' || CAST(t.day AS TEXT) || ' ' || CAST(t.unit_id AS TEXT) || ' ' || \
         CAST(t.version AS TEXT) || '{COLUMN}' || CAST(t.review AS TEXT) || '{COLUMN}' || CAST(t.channel AS TEXT) || '{COLUMN}' || \
         {} || {} || {} || ' ' || CAST(t.actor_id AS TEXT) || ' ' || CAST(t.received_at AS TEXT) || '{COLUMN}' || t.figures || \
         '{COLUMN}' || COALESCE(t.note, '') || '{COLUMN}' || COALESCE(t.facts, '') AS line",
        flag("zero"),
        flag("late"),
        flag("on_behalf")
    );
    let gone = |_| StoreError::Panicked;
    let (mut after, mut size) = (i64::MIN, FEW);
    loop {
        let values: [Value; 3] = [lane.into(), after.into(), size.into()];
        let page = Statement::from_sql_and_values(backend, &entries, values);
        let page = snapshot.query_one_raw(page).await?;
        let page = page.ok_or_else(|| StoreError::Damaged("a page without a row".into()))?;
        let (last, text): (Option<i64>, Option<String>) =
            (page.try_get_by_index(0)?, page.try_get_by_index(1)?);
        // What comes after the last entry belongs to none; there should be nothing.
        let upto = last.unwrap_or(i64::MAX);
        sender.send(Page::Entries(lane, text)).await.map_err(gone)?;
        let groups = sealed::groups(snapshot, lane, (after, upto), None).await?;
        let names: Vec<_> = groups.iter().filter_map(|group| group.members().ok()).flatten().collect();
        let count = names.len();
        let texts = tally::names(names.into_iter())
            .find_joined(snapshot, &line, "tally_versions", tally::BY_NAME)
            .await?;
        sender.send(Page::Versions(lane, groups, texts)).await.map_err(gone)?;
        if last.is_none() {
            break;
        }
        (after, size) = match count {
            many if many > VERSIONS => (upto, (size / 2).max(FEW)),
            few if few < VERSIONS / 4 => (upto, (size * 2).min(MANY)),
            _ => (upto, size),
        };
    }
    sender.send(Page::End(lane)).await.map_err(gone)
}

/// Where a lane's chain is.
#[derive(Default)]
struct Chain {
    seq: i64,
    hash: String,
    stateful: bool,
    /// Batches whose versions are expected: how many, and their digest.
    batches: BTreeMap<i64, (u64, String)>,
}

fn look(mut walked: Walked, mut pages: mpsc::Receiver<Page>) -> Walked {
    let mut chain = Chain::default();
    while let Some(page) = pages.blocking_recv() {
        match page {
            Page::Entries(lane, text) => look_at_entries(&mut walked, &mut chain, lane, text.as_deref()),
            Page::Versions(lane, groups, texts) => {
                look_at_versions(&mut walked, &mut chain, lane, &groups, &texts);
            }
            Page::End(lane) => {
                look_at_end(&mut walked, &chain, lane);
                chain = Chain::default();
            }
        }
    }
    walked
}

fn look_at_entries(walked: &mut Walked, chain: &mut Chain, lane: i16, text: Option<&str>) {
    let seq_of = |line: &str| line.split(COLUMN).next().and_then(|seq| seq.parse::<i64>().ok());
    let mut found: Vec<(i64, &str)> = Vec::with_capacity(MANY as usize);
    for line in lines(text) {
        match seq_of(line) {
            Some(seq) => found.push((seq, line)),
            None => walked.findings.add(format!("audit {lane}: an entry cannot be read")),
        }
    }
    found.sort_by_key(|(seq, _)| *seq);
    for (seq, line) in found {
        if seq != chain.seq + 1 {
            let before = chain.seq;
            walked.findings.add(format!("audit {lane}/{}: entries after {before} are missing", before + 1));
        }
        let mut columns = line.split(COLUMN).skip(1);
        let fields: [Option<&str>; 8] = std::array::from_fn(|_| columns.next());
        let [
            Some(at),
            Some(actor),
            Some(address),
            Some(action),
            Some(subject),
            Some(detail),
            Some(hash),
            Some(state),
        ] = fields
        else {
            walked.findings.add(format!("audit {lane}/{seq}: the seal is broken"));
            chain.seq = seq;
            continue;
        };
        let state = state.strip_prefix('=');
        let (lane_text, seq_text) = (lane.to_string(), seq.to_string());
        let sealed = [&chain.hash, &*lane_text, &seq_text, at, actor, address, action, subject, detail];
        // After a gap the seal cannot hold; the gap was told.
        if seq == chain.seq + 1 && audit::digest(sealed.into_iter().chain(state)) != hash {
            walked.findings.add(format!("audit {lane}/{seq}: the seal is broken"));
        }
        if columns.next().is_some() {
            walked.findings.add(format!("audit {lane}/{seq}: the entry cannot be read"));
        }
        (chain.seq, chain.hash) = (seq, hash.to_owned());
        take(walked, chain, lane, action, detail, state);
        compare_end(walked, chain, lane, action);
    }
}

/// Takes what an entry says about other tables.
fn take(walked: &mut Walked, chain: &mut Chain, lane: i16, action: &str, detail: &str, state: Option<&str>) {
    #[derive(serde::Deserialize)]
    struct Sealed {
        #[serde(default)]
        versions: u64,
        digest: Option<String>,
    }
    let kept = [SUBMIT, ledger::ADD, publication::FREEZE].into_iter().find(|kept| *kept == action);
    if let Some(kept) = kept {
        let sealed = serde_json::from_str(detail).unwrap_or(Sealed { versions: 0, digest: None });
        let digest = sealed.digest.unwrap_or_default();
        if kept == SUBMIT {
            chain.batches.insert(chain.seq, (sealed.versions, digest));
        } else {
            walked.records.insert((lane, chain.seq), (kept, digest));
        }
    }
    for (place, seal) in state.map(state::read).unwrap_or_default() {
        // A batch seals the lines that it is the first to use, and moves no mark.
        chain.stateful |= action != SUBMIT;
        let newer = walked.state.get(&place).is_none_or(|(known, _)| known.number < seal.number);
        if newer {
            walked.state.insert(place, (seal, (lane, chain.seq)));
        }
    }
}

/// Compares an entry with the lane's mark and with the heads that were kept elsewhere.
fn compare_end(walked: &mut Walked, chain: &Chain, lane: i16, action: &str) {
    let seq = chain.seq;
    if let Some((marked, hash)) = walked.marks.get(&lane) {
        if seq == *marked && *hash != chain.hash {
            walked
                .findings
                .add(format!("audit {lane}/{seq}: another entry stood here when the chain was marked"));
        } else if seq > *marked && action != SUBMIT {
            walked.findings.add(format!("audit {lane}/{seq}: the mark of the chain's end was moved back"));
        }
    }
    for anchor in &walked.anchors {
        if anchor.lane == lane && anchor.seq == seq && !anchor.hash.eq_ignore_ascii_case(&chain.hash) {
            walked.findings.add(format!("audit {lane}/{seq}: not the entry of the head that was kept"));
        }
    }
}

fn look_at_end(walked: &mut Walked, chain: &Chain, lane: i16) {
    let end = chain.seq;
    match walked.marks.get(&lane) {
        Some((marked, _)) if *marked > end => {
            let words = format!("audit {lane}/{}: the chain is cut off, it went on to {marked}", end + 1);
            walked.findings.add(words);
        }
        None if chain.stateful => {
            walked.findings.add(format!("audit {lane}/{end}: the mark of the chain's end is gone"));
        }
        _ => {}
    }
    for anchor in walked.anchors.iter().filter(|anchor| anchor.lane == lane && anchor.seq > end) {
        let words = format!(
            "audit {lane}/{}: the chain is cut off, the head that was kept is {}",
            end + 1,
            anchor.seq
        );
        walked.findings.add(words);
    }
}

/// A version as it is sealed.
struct Sealed<'t> {
    key: &'t str,
    review: &'static str,
    channel: &'static str,
    /// Whether nothing was done, whether late, whether for another, who and when.
    told: &'t str,
    figures: &'t str,
    note: &'t str,
    facts: &'t str,
}

type Name = (i32, i32, i32, u32);

fn read_version(line: &str) -> Option<(Name, Sealed<'_>)> {
    let mut columns = line.split(COLUMN);
    let key = columns.next()?;
    let mut numbers = key.split(' ');
    let mut number = || numbers.next()?.parse::<i32>().ok();
    let name = (number()?, number()?, number()?, u32::try_from(number()?).ok()?);
    let review = from_small(Review::ALL, columns.next()?.parse().ok()?).ok()?.code();
    let channel = from_small(Channel::ALL, columns.next()?.parse().ok()?).ok()?.code();
    let [told, figures, note, facts] = [columns.next()?, columns.next()?, columns.next()?, columns.next()?];
    let sealed = Sealed { key, review, channel, told, figures, note, facts };
    columns.next().is_none().then_some((name, sealed))
}

/// The digest of a batch's versions, which come in the order of their keys; nothing when one of them is not there.
fn digest(names: &[Name], found: &HashMap<Name, Sealed<'_>>) -> Option<String> {
    let mut digest = audit::Digest::new();
    let mut text = String::new();
    for name in names {
        let version = found.get(name)?;
        text.clear();
        text.extend([version.key, " ", version.review, " ", version.channel, version.told, " "]);
        let is_read = figures::seal_kept(&mut text, version.figures);
        text.extend([if is_read { " " } else { "\u{1f} " }, version.note]);
        if !version.facts.is_empty() {
            text.extend(["\u{1f}", version.facts]);
        }
        digest.text(&text);
    }
    Some(digest.finish())
}

fn look_at_versions(walked: &mut Walked, chain: &mut Chain, lane: i16, groups: &[Group], texts: &[String]) {
    let mut found: HashMap<Name, Sealed<'_>> = HashMap::new();
    for line in texts.iter().flat_map(|text| lines(Some(text))) {
        match read_version(line) {
            Some((name, version)) => drop(found.insert(name, version)),
            None => walked.findings.add(format!("audit {lane}: a version cannot be read")),
        }
    }
    for groups in groups.chunk_by(|one, next| one.batch == next.batch) {
        let batch = groups[0].batch;
        let members: Result<Vec<_>, _> = groups.iter().map(Group::members).collect();
        let expected = chain.batches.remove(&batch);
        let name = |((campaign, day, unit), version): (Key, u32)| (campaign, day.number(), unit.0, version);
        let mut names: Vec<Name> = members.unwrap_or_default().into_iter().flatten().map(name).collect();
        names.sort_unstable();
        let here = names.iter().filter(|name| found.contains_key(name)).count();
        walked.sealed += here as i64;
        let whole = digest(&names, &found).map(|digest| (names.len() as u64, digest));
        if here == 0 && !names.is_empty() {
            walked.findings.add(format!("audit {lane}/{batch}: its versions are gone"));
        } else if whole.is_none() || expected != whole {
            walked.findings.add(format!("audit {lane}/{batch}: its versions are not those it sealed"));
        }
    }
    // A page of versions holds those of every batch read so far.
    for (batch, _) in std::mem::take(&mut chain.batches) {
        walked.findings.add(format!("audit {lane}/{batch}: its versions are gone"));
    }
}
