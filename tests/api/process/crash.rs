//! Killed in the middle of the load: what was acknowledged is there.

use super::{Served, pufa, run};
use crate::support::{Client, PASSWORD, client};
use pufa::clock::Clock;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const CALLERS: usize = 4;
const ENOUGH: usize = 120;

fn body(count: u64) -> Value {
    json!({
        "items": [{ "measure": "materials", "count": count }, { "measure": "banners", "count": 1 }],
        "consultations": [{ "topic": "labour", "person_times": 2 }],
        // Corrections want one once the day's deadline is over, and this test runs at any hour.
        "reason": "更正",
    })
}

/// What one caller was told is stored: path, version, count.
type Acknowledged = Vec<(String, u64, u64)>;

/// Reports and corrects until the service is gone.
async fn report(office: Client, caller: usize, today: String, all: Arc<AtomicUsize>) -> Acknowledged {
    let mut acknowledged = Acknowledged::new();
    for round in 1.. {
        for unit in 0..5 {
            let path = format!("/campaigns/drive/tallies/u{caller}-{unit}/{today}");
            let count = round * 100 + unit;
            let answer = match round {
                1 => office.try_put(&path, &body(count), &[]).await,
                _ => office.try_put(&path, &body(count), &[("if-match", &(round - 1).to_string())]).await,
            };
            let Some(answer) = answer else { return acknowledged };
            let version = answer.expect(if round == 1 { 201 } else { 200 })["version"].as_u64().unwrap();
            assert_eq!(version, round);
            acknowledged.push((path, version, count));
            all.fetch_add(1, Ordering::SeqCst);
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", dir.path().join("pufa.db").display());
    let database = ["--database", url.as_str()];
    let add =
        pufa(&[&["user", "add", "root", "--role", "admin", "--password-stdin"][..], &database].concat());
    let added = run(add, &format!("{PASSWORD}\n"));
    assert_eq!((added.code, added.out.as_str()), (0, ""), "{}", added.err);

    let serve = || Served::start(pufa(&[&["serve", "--listen", "127.0.0.1:0"][..], &database].concat()));
    let mut served = serve();
    let nobody = client(served.address, None);
    let credentials = json!({ "username": "root", "password": PASSWORD });
    let token = nobody.post("/session", &credentials).await.expect(201)["token"].as_str().unwrap().to_owned();
    let office = client(served.address, Some(&token));
    office.post("/units", &json!({ "code": "top", "name": "高新区" })).await.expect(201);
    for caller in 0..CALLERS {
        for unit in 0..5 {
            let unit = json!({ "code": format!("u{caller}-{unit}"), "name": format!("单位{caller}{unit}"), "parent": "top" });
            office.post("/units", &unit).await.expect(201);
        }
    }
    let today = Clock::system().today();
    let drive = json!({
        "id": "drive", "kind": "custom", "unit": "top",
        "starts_on": today.plus(-1).to_string(), "ends_on": today.plus(1).to_string(),
    });
    office.post("/campaigns", &drive).await.expect(201);

    let all = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| tokio::spawn(report(office.clone(), caller, today.to_string(), all.clone())))
        .collect();
    while all.load(Ordering::SeqCst) < ENOUGH {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        assert!(callers.iter().any(|caller| !caller.is_finished()), "the callers gave up");
    }
    served.kill();
    let mut acknowledged = Acknowledged::new();
    for caller in callers {
        acknowledged.extend(caller.await.unwrap());
    }
    assert!(acknowledged.len() >= ENOUGH);

    let verified = run(pufa(&[&["verify"][..], &database].concat()), "");
    assert_eq!((verified.code, verified.out.as_str()), (0, ""), "{}", verified.err);
    let served = serve();
    let office = client(served.address, Some(&token));
    for (path, version, count) in &acknowledged {
        let history = office.get(&format!("{path}/versions")).await.expect(200);
        let stored = &history["items"][usize::try_from(*version).unwrap() - 1];
        assert_eq!(
            (&stored["version"], &stored["items"][0]["count"]),
            (&json!(version), &json!(count)),
            "{path}"
        );
        assert_eq!(stored["consultations"][0]["person_times"], 2);
    }
    // And the next life goes on where the last one ended.
    let (path, ..) = &acknowledged[0];
    let current = office.get(path).await.expect(200)["version"].as_u64().unwrap();
    office.put_over(path, &body(1), current).await.expect(200);
    assert_eq!(served.terminate(), 0);
    let verified = run(pufa(&[&["verify"][..], &database].concat()), "");
    assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
}
