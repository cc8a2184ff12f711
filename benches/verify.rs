//! How long `pufa verify` takes over a history of a size: `cargo bench --bench verify -- --rows 1000000`.
//!
//! Makes a SQLite database in a temporary directory through the store's own ways: 200 towns with villages, drives of a
//! week of as many years as it takes, every report a version in a batch of 64; and half as many entries of other kinds, such
//! as sign-ins leave. Then runs `Store::verify` and prints seconds, rows a second, and the most memory that was held.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench stops at what it did not expect"
)]

use pufa::clock::Clock;
use pufa::domain::calendar::{ReportDay, Window};
use pufa::domain::campaign::{Campaign, CampaignId, Expected, Kind, USUAL_DEADLINE, template_measures};
use pufa::domain::review::Report;
use pufa::domain::tally::{Channel, Count, Draft, DraftItem};
use pufa::domain::unit::{UnitCode, UnitId, UnitKind};
use pufa::store::{
    Act, AuditEntry, NewCampaign, NewUnit, Origin, Precondition, Settings, Store, Submission, Transaction,
};
use std::time::Instant;

/// Versions that one batch holds.
const BATCH: usize = 64;
const TOWNS: usize = 200;
const VILLAGES: usize = 100;

fn main() {
    let rows = std::env::args().skip_while(|arg| arg != "--rows").nth(1);
    let rows: usize = rows.map_or(50_000, |rows| rows.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(rows));
}

async fn run(rows: usize) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("pufa.db").display());
    let settings = Settings { batch: BATCH, ..Settings::new(&url) };
    let store = Store::open(&settings, Clock::system()).await.unwrap();
    let villages = enter_units(&store).await;
    let begun = Instant::now();
    let (mut versions, mut year) = (0, 2000_i16);
    while versions < rows * 2 / 3 {
        versions += report(&store, &villages, year, rows * 2 / 3 - versions).await;
        year += 1;
    }
    let entries = rows - versions;
    enter_entries(&store, entries).await;
    println!("made {versions} versions and {entries} entries in {:.0} s", begun.elapsed().as_secs_f64());
    store.close().await;
    let settings = Settings { migrate: false, ..settings };
    let store = Store::open(&settings, Clock::system()).await.unwrap();
    for _ in 0..3 {
        let begun = Instant::now();
        let findings = store.verify().await.unwrap();
        assert!(findings.is_empty(), "{findings:?}");
        let took = begun.elapsed().as_secs_f64();
        println!("verified {rows} rows in {took:.2} s, {:.0} rows/s; {}", rows as f64 / took, peak());
    }
    store.close().await;
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned()
}

async fn enter_units(store: &Store) -> Vec<UnitId> {
    let unit = |code: String, kind, parent| NewUnit {
        name: code.clone(),
        code: UnitCode::new(&code).unwrap(),
        kind,
        parent,
        opened_on: None,
        closed_on: None,
        order: 1,
    };
    store
        .transact(move |tx: &mut Transaction| {
            Box::pin(async move {
                let top = tx.insert_units(vec![unit("top".into(), UnitKind::Region, None)]).await?[0];
                let towns = (0..TOWNS).map(|n| unit(format!("t{n}"), UnitKind::Town, Some(top))).collect();
                let towns = tx.insert_units(towns).await?;
                let villages = towns.iter().enumerate().flat_map(|(n, town)| {
                    (0..VILLAGES).map(move |v| unit(format!("v{n}-{v}"), UnitKind::Village, Some(*town)))
                });
                tx.insert_units(villages.collect()).await
            })
        })
        .await
        .unwrap()
}

async fn report(store: &Store, villages: &[UnitId], year: i16, most: usize) -> usize {
    let first: ReportDay = format!("{year}-12-01").parse().unwrap();
    let campaign = Campaign {
        key: 0,
        id: CampaignId::new(&format!("constitution-{year}")).unwrap(),
        kind: Kind::Constitution,
        year,
        name: format!("{year}"),
        ordinal: None,
        theme: String::new(),
        window: Window::new(first, first.plus(6)).unwrap(),
        deadline: USUAL_DEADLINE,
        unit: store.catalogue().tree.by_code("top").unwrap().id,
        expected: Expected::Leaves,
        measures: template_measures(Kind::Constitution),
        locked: false,
        demo: false,
        locks: pufa::domain::campaign::Locks::default(),
    };
    let key = store
        .transact(move |tx: &mut Transaction| {
            Box::pin(async move { tx.insert_campaign(NewCampaign(campaign)).await })
        })
        .await
        .unwrap();
    let catalogue = store.catalogue();
    let campaign = catalogue.campaign_by_key(key).unwrap();
    let mut made = 0;
    for day in 0..7 {
        let day = first.plus(day);
        for batch in villages.chunks(BATCH) {
            if made >= most {
                return made;
            }
            let submission = |(n, unit): (usize, &UnitId)| {
                let item = |measure: &str, count: usize| DraftItem {
                    measure: measure.into(),
                    title: None,
                    count: Count::Whole(count as u64),
                    bound: None,
                };
                let items = vec![item("materials", 100 + n), item("banners", 1 + n % 9), item("sessions", 2)];
                let draft = Draft { items, ..Draft::default() };
                Submission {
                    epoch: catalogue.epoch,
                    campaign: key,
                    unit: *unit,
                    day,
                    act: Act::Report {
                        report: Report::check(&draft, campaign, &catalogue.tree, *unit).unwrap(),
                        on_behalf: false,
                        channel: Channel::Api,
                        deadline: campaign.deadline_of(day),
                        exception: false,
                    },
                    precondition: Precondition::Absent,
                    idempotency: None,
                    actor: 1,
                    address: Some([10, 0, 0, 1].into()),
                    received_at: campaign.deadline_of(day),
                }
            };
            made += batch.len();
            store.submit_all(batch.iter().enumerate().map(submission).collect()).await.unwrap();
        }
    }
    made
}

async fn enter_entries(store: &Store, entries: usize) {
    for piece in (0..entries).collect::<Vec<_>>().chunks(5_000) {
        let piece = piece.len();
        store
            .transact(move |tx: &mut Transaction| {
                Box::pin(async move {
                    for n in 0..piece {
                        let origin = Origin { actor: Some(1), address: Some([10, 0, 0, 1].into()) };
                        let (subject, detail) = (format!("clerk-{n}"), "{}".to_owned());
                        tx.audit(AuditEntry { origin, action: "session.create", subject, detail }).await?;
                    }
                    Ok(())
                })
            })
            .await
            .unwrap();
    }
}
