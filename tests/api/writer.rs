//! The writer: retries, callers who want the same report at once, batches, and what is told when it is too much.

use crate::flow::WANFU;
use crate::support::{Engine, Hold, Options, TestApp, at, total};
use pufa::config::Limits;
use pufa::domain::calendar::ReportDay;
use pufa::domain::review::Report;
use pufa::domain::tally::{Channel, Count, Draft, DraftItem};
use pufa::store::{Act, IdempotencyKey, Outcome, Precondition, Submission, Transaction};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

on_both! {
    a_retry_gets_the_same_answer
    one_key_sent_twice_at_once_is_one_report
    callers_of_one_report_never_lose_or_double_a_version
    a_report_may_come_several_times_in_one_batch
    a_poisoned_report_takes_no_other_with_it
    a_full_queue_is_told
    a_late_answer_is_told_and_may_be_asked_again
    without_its_writer_the_service_is_not_ready
}

fn body(count: u32) -> Value {
    json!({ "items": [{ "measure": "materials", "count": count }] })
}

async fn a_retry_gets_the_same_answer(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wanfu = app.by("wanfu");
    let key = [("idempotency-key", "0d0f5c7e")];
    let first = wanfu.put_with(WANFU, &body(5), &key).await;
    first.expect(201);
    app.set_clock("2025-12-04T11:00:00");
    let again = wanfu.put_with(WANFU, &body(5), &key).await;
    assert_eq!((again.status, &again.body, again.header("etag")), (201, &first.body, "\"1\""));

    // A correction under a key is answered the same even after further corrections, and does not come back.
    let second = [("idempotency-key", "second"), ("if-match", "\"1\"")];
    let corrected = wanfu.put_with(WANFU, &body(6), &second).await;
    corrected.expect(200);
    wanfu.put_over(WANFU, &body(7), 2).await.expect(200);
    let again = wanfu.put_with(WANFU, &body(6), &second).await;
    assert_eq!((again.status, &again.body), (200, &corrected.body));
    assert_eq!(wanfu.get(WANFU).await.expect(200)["version"], 3);
    // A key is its account's own.
    let office = app.by("office");
    office.put_with(WANFU, &body(8), &[("idempotency-key", "second"), ("if-match", "3")]).await.expect(200);
    assert_eq!(office.totals("371772", "").await["revision"], 4);
    app.assert_sound().await;
}

async fn one_key_sent_twice_at_once_is_one_report(engine: Engine) {
    let app = TestApp::start(engine).await;
    let held = Hold::writer(&app.store).await;
    let sending: Vec<_> = (0..20)
        .map(|_| {
            let wanfu = app.by("wanfu");
            tokio::spawn(async move { wanfu.put_with(WANFU, &body(5), &[("idempotency-key", "one")]).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    held.release().await;
    let mut answers = BTreeSet::new();
    for answer in sending {
        let answer = answer.await.unwrap();
        answer.expect(201);
        answers.insert(answer.body);
    }
    assert_eq!(answers.len(), 1, "everybody is told the same");
    let stored = app.database.stored().await;
    assert_eq!((stored.versions.len(), stored.keys.len()), (1, 1));
    app.assert_sound().await;
}

async fn callers_of_one_report_never_lose_or_double_a_version(engine: Engine) {
    const CALLERS: u32 = 10;
    const EACH: u32 = 20;
    let app = TestApp::start(engine).await;
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let office = app.by("office");
            tokio::spawn(async move {
                let mut known = 0;
                for n in 0..EACH {
                    let body = body(1 + caller * EACH + n);
                    loop {
                        let answer = match known {
                            0 => office.put(WANFU, &body).await,
                            known => office.put_over(WANFU, &body, known).await,
                        };
                        let told = answer.json();
                        known = match answer.status {
                            200 | 201 => told["version"].as_u64().unwrap(),
                            412 | 428 => told["current"]["version"].as_u64().unwrap(),
                            other => panic!("{other}: {told}"),
                        };
                        if answer.status < 300 {
                            break;
                        }
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let office = app.by("office");
    let history = office.get(&format!("{WANFU}/versions")).await.expect(200);
    let versions = history["items"].as_array().unwrap();
    let numbers: Vec<u64> = versions.iter().map(|v| v["version"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=u64::from(CALLERS * EACH)).collect::<Vec<_>>());
    let counts: BTreeSet<u64> = versions.iter().map(|v| v["items"][0]["count"].as_u64().unwrap()).collect();
    assert_eq!(counts.len(), versions.len(), "each correction is there once");
    let totals = office.totals("371772", "").await;
    assert_eq!(totals["revision"], CALLERS * EACH);
    let last = versions.last().unwrap()["items"][0]["count"].as_i64().unwrap();
    assert_eq!(
        total(&totals, |item| item["measure"] == "materials").0,
        last,
        "the last one counts, and it alone"
    );
    app.assert_sound().await;
}

/// A report as the service hands it to the store.
pub(crate) fn submission(
    app: &TestApp,
    unit: &str,
    count: u64,
    note: &str,
    precondition: Precondition,
) -> Submission {
    let catalogue = app.store.catalogue();
    let campaign = catalogue.campaign("constitution-2025").unwrap();
    let day: ReportDay = "2025-12-04".parse().unwrap();
    let item =
        DraftItem { measure: "materials".into(), title: None, count: Count::Whole(count), bound: None };
    let draft = Draft { items: vec![item], note: note.into(), ..Draft::default() };
    let unit = catalogue.tree.by_code(unit).unwrap().id;
    Submission {
        epoch: catalogue.epoch,
        campaign: campaign.key,
        unit,
        day,
        act: Act::Report {
            report: Report::check(&draft, campaign, &catalogue.tree, unit).unwrap(),
            on_behalf: false,
            channel: Channel::Api,
            deadline: campaign.deadline_of(day),
            exception: false,
        },
        precondition,
        idempotency: None,
        actor: 1,
        address: None,
        received_at: at("2025-12-04T10:00:00"),
    }
}

async fn a_report_may_come_several_times_in_one_batch(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wanfu = |count, precondition| submission(&app, "371772001", count, "", precondition);
    let keyed = |count: u64, key: &str| Submission {
        idempotency: Some(IdempotencyKey { key: key.into(), request_hash: count.to_string() }),
        ..submission(&app, "371772100", count, "", Precondition::None)
    };
    let outdated = Submission { epoch: -1, ..submission(&app, "371772108", 1, "", Precondition::None) };
    let held = Hold::writer(&app.store).await;
    let store = &app.store;
    // `join!` polls in order, and the first poll queues: this is the order in the one batch that follows.
    let (_, first, second, missing, third, stale, same, one, again, other, outdated) = tokio::join!(
        held.release(),
        store.submit(wanfu(10, Precondition::None)),
        store.submit(wanfu(20, Precondition::Version(1))),
        store.submit(wanfu(30, Precondition::None)),
        store.submit(wanfu(40, Precondition::Version(2))),
        store.submit(wanfu(50, Precondition::Version(2))),
        store.submit(wanfu(40, Precondition::Version(3))),
        store.submit(keyed(7, "k")),
        store.submit(keyed(7, "k")),
        store.submit(keyed(8, "k")),
        store.submit(outdated),
    );
    let stored = |outcome: Result<Outcome, _>| match outcome.unwrap() {
        Outcome::Stored { version, created } => (version.version, created),
        other => panic!("{other:?}"),
    };
    assert_eq!([stored(first), stored(second), stored(third)], [(1, true), (2, false), (3, false)]);
    assert!(matches!(missing.unwrap(), Outcome::PreconditionRequired(version) if version.version == 2));
    assert!(matches!(stale.unwrap(), Outcome::Stale(Some(version)) if version.version == 3));
    assert!(matches!(same.unwrap(), Outcome::Unchanged(version) if version.version == 3));
    assert_eq!([stored(one), stored(again)], [(1, true), (1, true)]);
    assert!(matches!(other.unwrap(), Outcome::KeyReused));
    assert!(matches!(outdated.unwrap(), Outcome::Outdated));

    let tables = app.database.stored().await;
    assert_eq!(tables.versions.len(), 4);
    let batches = tables.audit.iter().filter(|row| row.action == "tally.submit").count();
    assert_eq!(batches, 1, "it was one batch");
    let totals = app.by("office").totals("371772", "").await;
    assert_eq!((total(&totals, |i| i["measure"] == "materials").0, &totals["revision"]), (47, &json!(4)));
    app.assert_sound().await;
}

async fn a_poisoned_report_takes_no_other_with_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    // The database itself refuses one report of a batch, as a full disk or a fault of the program might.
    let poison = match engine {
        Engine::Sqlite => {
            "CREATE TRIGGER poison BEFORE INSERT ON tally_versions WHEN NEW.note = 'poison' \
             BEGIN SELECT RAISE(ABORT, 'poisoned'); END"
        }
        Engine::Postgres => {
            "ALTER TABLE tally_versions ADD CONSTRAINT poison CHECK (note IS DISTINCT FROM 'poison')"
        }
    };
    app.database.execute(poison).await;
    let held = Hold::writer(&app.store).await;
    let store = &app.store;
    let (_, before, poisoned, after) = tokio::join!(
        held.release(),
        store.submit(submission(&app, "371772001", 1, "", Precondition::None)),
        store.submit(submission(&app, "371772100", 2, "poison", Precondition::None)),
        store.submit(submission(&app, "371772108", 4, "", Precondition::None)),
    );
    assert!(matches!(before.unwrap(), Outcome::Stored { .. }));
    assert!(matches!(after.unwrap(), Outcome::Stored { .. }));
    assert!(poisoned.is_err());
    assert_eq!(app.database.stored().await.versions.len(), 2);
    let noted = json!({ "items": [{ "measure": "materials", "count": 2 }], "note": "poison" });
    let path = "/campaigns/constitution-2025/tallies/371772100/2025-12-04";
    let refused = app.by("office").put(path, &noted).await;
    refused.problem(503, "unavailable");
    assert!(!refused.text().contains("poison"), "what the database says is not for callers");
    app.by("office").put(path, &body(2)).await.expect(201);
    let totals = app.by("office").totals("371772", "").await;
    assert_eq!(total(&totals, |item| item["measure"] == "materials").0, 7);
    app.assert_sound().await;
}

async fn a_full_queue_is_told(engine: Engine) {
    let database = TestApp::start(engine).await.stop().await;
    let app = TestApp::on(&database, Options { queue: 3, ..Options::default() }).await;
    let held = Hold::writer(&app.store).await;
    let reports = (1..=4).flat_map(|day| ["371772001", "371772100", "371772108"].map(|unit| (unit, day)));
    let sending: Vec<_> = reports
        .map(|(unit, day)| {
            let office = app.by("office");
            let path = format!("/campaigns/constitution-2025/tallies/{unit}/2025-12-0{day}");
            tokio::spawn(async move { office.put(&path, &body(1)).await })
        })
        .collect();
    // Who finds the queue full is told while the writer is still held.
    while !sending.iter().any(tokio::task::JoinHandle::is_finished) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    held.release().await;
    let (mut stored, mut refused) = (0, 0);
    for answer in sending {
        let answer = answer.await.unwrap();
        if answer.status == 201 {
            stored += 1;
            continue;
        }
        answer.problem(503, "busy");
        assert_eq!(answer.header("retry-after"), "2");
        refused += 1;
    }
    assert!(stored > 0 && refused > 0, "{stored} stored, {refused} refused");
    assert_eq!(app.database.stored().await.versions.len(), stored, "a refused report left something");
    app.assert_sound().await;
}

async fn without_its_writer_the_service_is_not_ready(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ready = async || app.nobody().send(reqwest::Method::GET, "/readyz", &[], None).await;
    ready().await.expect(200);
    // A fault of the program is a failure of the work that met it, and the writer goes on.
    let failed =
        app.store.transact::<(), _>(|_: &mut Transaction| Box::pin(async { panic!("a fault") })).await;
    assert!(failed.is_err());
    app.by("wanfu").put(WANFU, &body(1)).await.expect(201);
    ready().await.expect(200);
    // Who watches over the service learns of it when the writer has ended.
    app.store.clone().close().await;
    ready().await.problem(503, "unavailable");
}

async fn a_late_answer_is_told_and_may_be_asked_again(engine: Engine) {
    let limits = Limits { request_timeout: Duration::from_millis(1_000), ..Limits::default() };
    let app = TestApp::start_with(engine, Options { limits, ..Options::default() }).await;
    let wanfu = app.by("wanfu");
    let key = [("idempotency-key", "late")];
    let held = Hold::writer(&app.store).await;
    wanfu.put_with(WANFU, &body(5), &key).await.problem(503, "timeout");
    held.release().await;
    // Whether it was stored meanwhile is the server's secret; asking again under the key settles it.
    assert_eq!(wanfu.put_with(WANFU, &body(5), &key).await.expect(201)["version"], 1);
    assert_eq!(app.database.stored().await.versions.len(), 1);
    app.assert_sound().await;
}
