//! The same few reports, corrected by many at once: many times in one batch, and through two replicas. A million times over:
//! `scripts/with-postgres cargo bench --bench ingest -- --engine postgres --contend 1000000`.

use crate::support::{Engine, Options, TestApp, total};
use crate::writer::submission;
use pufa::domain::calendar::ReportDay;
use pufa::store::{Outcome, Precondition};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

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

/// Two batches that wait for the same two reports of a third, each in an order of its own: let go, none must hold what the
/// other waits for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_enter_the_same_reports_in_two_orders_do_not_lock_each_other_out() {
    let [a, b] = pair([1, 2]).await;
    let [first, second, _] = UNITS;
    // Its line is known from now on, so that what follows takes the way that most reports take.
    a.store.submit(submission(&a, UNITS[2], 1, "", Precondition::None)).await.unwrap();
    b.store.submit(submission(&b, UNITS[2], 2, "", Precondition::Any)).await.unwrap();
    let of = |app: &TestApp, unit| submission(app, unit, 3, "", Precondition::None);
    let database = a.database.connect().await;
    let third = database.begin().await.unwrap();
    for unit in [first, second] {
        let one = of(&a, unit);
        let key = format!("{}, {}, {}", one.campaign, one.day.number(), one.unit.0);
        let sql = format!(
            "INSERT INTO tally_versions (campaign_id, day, unit_id, version, review, channel, zero, late, on_behalf, \
             actor_id, received_at, figures) VALUES ({key}, 1, 0, 0, false, false, false, 1, 0, '')"
        );
        third.execute_unprepared(&sql).await.unwrap();
    }
    let sending = [(&a, [first, second]), (&b, [second, first])].map(|(app, units)| {
        let (store, all) = (app.store.clone(), units.map(|unit| of(app, unit)).to_vec());
        tokio::spawn(async move { store.submit_all(all).await.unwrap() })
    });
    let number = async |sql: &str| -> i64 {
        let row = database.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
        row.unwrap().try_get_by_index(0).unwrap()
    };
    const WAITING: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while number(WAITING).await < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    third.rollback().await.unwrap();
    let mut stored = 0;
    for outcomes in sending {
        let outcomes = outcomes.await.unwrap();
        stored += outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Stored { .. })).count();
        assert_eq!(outcomes.len(), 2);
    }
    assert_eq!(stored, 2, "one of them stored both, and the other none");
    // A session tells its numbers within a second.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").await, 0);
    for app in [&a, &b] {
        app.assert_sound().await;
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
