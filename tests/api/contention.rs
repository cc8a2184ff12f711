//! The same few reports, corrected by many at once: many times in one batch, and through two replicas.

use crate::support::{Engine, Options, TestApp, total};
use crate::writer::submission;
use pufa::domain::calendar::ReportDay;
use pufa::store::{Outcome, Precondition, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

on_both! {
    a_report_corrected_thousands_of_times_keeps_every_version_once
}

/// Reports that everybody corrects.
const UNITS: [&str; 3] = ["371772001", "371772100", "371772108"];
/// Who corrects them at once, and how often each.
const CALLERS: usize = 48;
const EACH: usize = 60;

async fn a_report_corrected_thousands_of_times_keeps_every_version_once(engine: Engine) {
    let app = Arc::new(TestApp::start(engine).await);
    contend(&[app]).await;
}

mod through_two_replicas {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_lane() {
        super::contend(&super::pair([0, 0]).await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_lanes() {
        super::contend(&super::pair([1, 2]).await).await;
    }
}

async fn pair(lanes: [i16; 2]) -> [Arc<TestApp>; 2] {
    let first = TestApp::start_with(Engine::Postgres, Options { lane: lanes[0], ..Options::default() }).await;
    let second = TestApp::on(&first.database, Options { lane: lanes[1], ..Options::default() }).await;
    [Arc::new(first), Arc::new(second)]
}

/// What a caller was told: unit, version, count.
type Told = Vec<(usize, u32, u64)>;

/// Corrects the same report `EACH` times. Even callers name the version they know, and learn the next when it is stale;
/// odd ones correct whatever is there, so that one batch holds a report many times over.
async fn correct(app: Arc<TestApp>, caller: usize) -> Told {
    let unit = caller % UNITS.len();
    let mut known = 0;
    let mut told = Told::new();
    while told.len() < EACH {
        let count = (caller * EACH + told.len() + 1) as u64;
        let precondition = match known {
            0 => Precondition::None,
            known if caller.is_multiple_of(2) => Precondition::Version(known),
            _ => Precondition::Any,
        };
        match app.store.submit(submission(&app, UNITS[unit], count, "", precondition)).await {
            Ok(Outcome::Stored { version, .. }) => {
                known = version.version;
                told.push((unit, version.version, count));
            }
            Ok(Outcome::Stale(Some(current)) | Outcome::PreconditionRequired(current)) => {
                known = current.version;
            }
            // Lost against the other replica twenty times: nothing was stored, and the caller comes again.
            Err(StoreError::Conflict(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    told
}

async fn contend(apps: &[Arc<TestApp>]) {
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| tokio::spawn(correct(apps[caller / UNITS.len() % apps.len()].clone(), caller)))
        .collect();
    let mut told: BTreeMap<(usize, u32), u64> = BTreeMap::new();
    for caller in callers {
        for (unit, version, count) in caller.await.unwrap() {
            assert_eq!(told.insert((unit, version), count), None, "a version was promised twice");
        }
    }
    let day: ReportDay = "2025-12-04".parse().unwrap();
    let mut last = 0;
    for (at, unit) in UNITS.iter().enumerate() {
        let catalogue = apps[0].store.catalogue();
        let campaign = catalogue.campaign("constitution-2025").unwrap().key;
        let id = catalogue.tree.by_code(unit).unwrap().id;
        let stored = apps[0].store.versions(campaign, day, id).await.unwrap();
        let stored: Vec<(u32, u64)> =
            stored.iter().map(|v| (v.version, u64::from(v.figures[0].1.value()))).collect();
        let promised: Vec<(u32, u64)> =
            told.range((at, 0)..(at + 1, 0)).map(|((_, version), count)| (*version, *count)).collect();
        assert_eq!(stored, promised, "{unit}: what is stored is what was acknowledged, version by version");
        assert_eq!(stored.len(), CALLERS / UNITS.len() * EACH);
        assert!(stored.iter().zip(1..).all(|((version, _), n)| *version == n), "without a gap");
        last += stored.last().unwrap().1;
    }
    for app in apps {
        let totals = app.by("office").totals("371772", "").await;
        let materials = total(&totals, |item| item["measure"] == "materials").0;
        assert_eq!(materials, i64::try_from(last).unwrap(), "the last version of each counts, and once");
        assert_eq!(totals["revision"], CALLERS * EACH);
        app.assert_sound().await;
    }
}
