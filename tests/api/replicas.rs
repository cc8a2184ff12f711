//! Several services on one PostgreSQL: on one lane, where they take turns, and on lanes of their own.

use crate::flow::WANFU;
use crate::support::{Client, Engine, Options, TestApp, total};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Makes two tests of one: replicas on the same lane, and on two.
macro_rules! on_both_layouts {
    ($($name:ident)*) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn one_lane() {
                super::$name(super::pair([0, 0]).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn two_lanes() {
                super::$name(super::pair([1, 2]).await).await;
            }
        }
    )* };
}

on_both_layouts! {
    one_report_sent_to_both_is_stored_once
    many_units_report_to_both_at_once
    units_move_while_reports_come_in
    what_one_enters_the_other_finds
}

async fn pair(lanes: [i16; 2]) -> [TestApp; 2] {
    let first = TestApp::start_with(Engine::Postgres, Options { lane: lanes[0], ..Options::default() }).await;
    let second = TestApp::on(&first.database, Options { lane: lanes[1], ..Options::default() }).await;
    [first, second]
}

fn body(count: usize) -> Value {
    json!({ "items": [{ "measure": "materials", "count": count }], "reason": "更正" })
}

fn path(unit: &str, day: usize) -> String {
    format!("/campaigns/constitution-2025/tallies/{unit}/2025-12-0{day}")
}

async fn materials(client: &Client) -> i64 {
    total(&client.totals("371772", "").await, |item| item["measure"] == "materials").0
}

async fn one_report_sent_to_both_is_stored_once([a, b]: [TestApp; 2]) {
    let units = ["371772001", "371772100", "371772108", "gx-school"];
    let mut sum = 0;
    for (day, unit) in (1..=4).flat_map(|day| units.map(|unit| (day, unit))) {
        let (path, on_a, on_b) = (path(unit, day), a.by("office"), b.by("office"));
        let (here, there) = (body(10 + day), body(20 + day));
        let (here, there) = tokio::join!(on_a.put(&path, &here), on_b.put(&path, &there));
        let (stored, refused) = if here.status == 201 { (here, there) } else { (there, here) };
        let told = refused.problem(428, "precondition_required");
        let stored = stored.expect(201);
        assert_eq!(told["current"]["items"], stored["items"], "the other one is told what is there");
        sum += stored["items"][0]["count"].as_i64().unwrap();
        // The same correction from both: one is the next version, the other is stale.
        let (here, there) = (body(30 + day), body(40 + day));
        let (here, there) = tokio::join!(on_a.put_over(&path, &here, 1), on_b.put_over(&path, &there, 1));
        let mut statuses = [here.status, there.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{} {}", here.text(), there.text());
        let count = |answer: &Value| answer["items"][0]["count"].as_i64().unwrap();
        let winner = if here.status == 200 { here.json() } else { there.json() };
        sum += count(&winner) - count(&stored);
    }
    // One key to both is one report, and both are told of it.
    let (on_a, on_b) = (a.by("wanfu"), b.by("wanfu"));
    let key = [("idempotency-key", "same"), ("if-match", "\"2\"")];
    let next = body(1);
    let (here, there) = tokio::join!(on_a.put_with(WANFU, &next, &key), on_b.put_with(WANFU, &next, &key));
    assert_eq!((here.expect(200), here.status), (there.expect(200), there.status));
    let before = on_a.get(&format!("{WANFU}/versions")).await.expect(200);
    let versions = before["items"].as_array().unwrap();
    assert_eq!(versions.len(), 3);
    sum += 1 - versions[1]["items"][0]["count"].as_i64().unwrap();
    for app in [&a, &b] {
        assert_eq!(materials(&app.by("office")).await, sum);
        app.assert_sound().await;
    }
}

async fn many_units_report_to_both_at_once([a, b]: [TestApp; 2]) {
    const UNITS: usize = 12;
    for n in 0..UNITS {
        let unit = json!({ "code": format!("gx-{n}"), "name": format!("单位{n}"), "parent": "371772" });
        a.by("admin").post("/units", &unit).await.expect(201);
    }
    settled(&b, &format!("gx-{}", UNITS - 1)).await;
    let sending: Vec<_> = (0..UNITS * 4)
        .flat_map(|n| [(n, &a), (n + UNITS * 4, &b)])
        .map(|(n, app)| {
            let office = app.by("office");
            // Both replicas write the same ancestors; each report goes to one of them.
            let path = path(&format!("gx-{}", n % UNITS), 1 + (n / UNITS) % 4);
            tokio::spawn(async move { (n, office.put(&path, &body(n + 1)).await) })
        })
        .collect();
    let mut sum = 0;
    let mut stored = 0;
    for sent in sending {
        let (n, answer) = sent.await.unwrap();
        match answer.status {
            201 => {
                sum += n + 1;
                stored += 1;
            }
            _ => drop(answer.problem(428, "precondition_required")),
        }
    }
    assert_eq!(stored, UNITS * 4, "every report once, whichever replica was quicker");
    for app in [&a, &b] {
        assert_eq!(materials(&app.by("office")).await, i64::try_from(sum).unwrap());
        app.assert_sound().await;
    }
}

/// Waits until a replica knows a unit that another one entered.
async fn settled(app: &TestApp, unit: &str) {
    let begun = Instant::now();
    while app.by("admin").get(&format!("/units/{unit}")).await.status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the replica never learnt of {unit}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn units_move_while_reports_come_in([a, b]: [TestApp; 2]) {
    let (moving, reporting) = (a.by("admin"), b.by("office"));
    let moves = async {
        for n in 0..16 {
            let parent = ["371772108", "gx-edu", "371772001", "371772100"][n % 4];
            moving.patch("/units/gx-school", &json!({ "parent": parent })).await.expect(200);
        }
    };
    let reports = async {
        let mut sum = 0;
        for n in 1..=32usize {
            let path = path(["gx-school", "371772100"][n % 2], 1 + (n / 2) % 4);
            let known = reporting.get(&path).await.json()["version"].as_u64();
            let before = if known.is_some() { 1 } else { 0 };
            loop {
                let answer = match known {
                    Some(version) => reporting.put_over(&path, &body(1000 + n), version).await,
                    None => reporting.put(&path, &body(1000 + n)).await,
                };
                // Changed five times while it was judged: the caller is asked to come again, and nothing is stored.
                if answer.status == 503 {
                    answer.problem(503, "busy");
                    continue;
                }
                answer.expect(if before == 1 { 200 } else { 201 });
                break;
            }
            sum += 1;
        }
        sum
    };
    let ((), sent) = tokio::join!(moves, reports);
    assert_eq!(sent, 32);
    let list = reporting.get("/campaigns/constitution-2025/tallies").await.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 8);
    let sum: i64 = items.iter().map(|item| item["items"][0]["count"].as_i64().unwrap()).sum();
    for app in [&a, &b] {
        assert_eq!(materials(&app.by("office")).await, sum);
        app.assert_sound().await;
    }
}

async fn what_one_enters_the_other_finds([a, b]: [TestApp; 2]) {
    // A unit that `b` has not heard of: its lines, sums and pictures come with it.
    let unit = json!({ "code": "gx-new", "name": "新单位", "parent": "371772" });
    a.by("admin").post("/units", &unit).await.expect(201);
    settled(&b, "gx-new").await;
    let titled = json!({ "items": [{ "measure": "materials", "title": "《新册》", "count": 3 }] });
    a.by("office").put(&path("gx-new", 4), &titled).await.expect(201);
    let read = b.by("office").get(&path("gx-new", 4)).await.expect(200);
    assert_eq!(read["items"][0]["title"], "《新册》", "{read}");
    // Both meet a title for the first time in the same moment.
    let new = json!({ "items": [{ "measure": "materials", "title": "《又一册》", "count": 1 }] });
    let other = json!({ "items": [{ "measure": "materials", "title": "《第三册》", "count": 1 }] });
    let (here, there) = (a.by("office"), b.by("office"));
    let (to_a, to_b) = (path("371772100", 4), path("371772108", 4));
    let (here, there) = tokio::join!(here.put(&to_a, &new), there.put(&to_b, &other));
    here.expect(201);
    there.expect(201);
    for app in [&a, &b] {
        let by_title = app.by("office").totals("371772", "&by=title").await;
        for (title, count) in [("《新册》", 3), ("《又一册》", 1), ("《第三册》", 1)] {
            assert_eq!(total(&by_title, |item| item["title"] == title).0, count, "{title}: {by_title}");
        }
        app.assert_sound().await;
    }
}
