//! What looks unusual asks for a word.

use super::{CAMPAIGN, form, materials, path};
use crate::flow::WANFU;
use crate::support::{Engine, Options, TestApp};
use pufa::config::Limits;
use serde_json::{Value, json};

on_both! {
    a_check_tells_and_stores_nothing
    the_queue_begins_with_what_is_not_explained
    the_form_asks_for_a_word_and_then_stores
    print_is_not_handed_out_that_was_never_drawn
    a_queue_comes_a_page_at_a_time_and_has_an_end
}

fn codes(warnings: &Value) -> Vec<&str> {
    warnings.as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap()).collect()
}

async fn a_check_tells_and_stores_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wanfu = app.by("wanfu");
    wanfu.put(&path("371772001", "2025-12-03"), &materials(2500)).await.expect(201);
    let before = app.database.stored().await;
    let check = format!("{WANFU}/check");
    let told = wanfu.post(&check, &materials(2500)).await.expect(200);
    assert_eq!(told["errors"], json!([]));
    assert_eq!(codes(&told["warnings"]), ["above_band", "same_as_yesterday"], "{told}");
    assert_eq!(told["warnings"][0]["pointer"], "/items/0/count");
    assert_eq!(told["warnings"][0]["message"], "宣传资料2500，高于同类单位常见范围 100—2400");
    let english = wanfu.post(&format!("{check}?lang=en"), &materials(2500)).await.expect(200);
    assert!(english["warnings"][0]["message"].as_str().unwrap().starts_with("Printed matter 2500 is above"));
    let faulty = wanfu.post(&check, &materials(-1)).await.expect(200);
    assert_eq!((codes(&faulty["errors"]), &faulty["warnings"]), (vec!["count_negative"], &json!([])));
    assert_eq!(app.database.stored().await, before);
    app.by("viewer").post(&check, &materials(1)).await.problem(403, "forbidden");
    // The plain report stores at once and tells only when asked.
    let silent = wanfu.put(WANFU, &materials(2500)).await.expect(201);
    assert_eq!(silent["warnings"], Value::Null);
    let asked = wanfu.put_over(&format!("{WANFU}?warnings=1"), &materials(2501), 1).await.expect(200);
    assert_eq!(codes(&asked["warnings"]), ["above_band"]);
    // A reader of the unit sees no judgement of it; a reviewer does.
    assert_eq!(wanfu.get(WANFU).await.expect(200)["warnings"], Value::Null);
    assert_eq!(codes(&app.by("reviewer").get(WANFU).await.expect(200)["warnings"]), ["above_band"]);
    app.set_clock("2025-12-04T19:00:00");
    let late = wanfu.post(&check, &materials(2000)).await.expect(200);
    assert_eq!(codes(&late["errors"]), ["reason_required"]);
}

async fn the_queue_begins_with_what_is_not_explained(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let with_note = |count: i64, note: &str| {
        let mut body = materials(count);
        body["note"] = note.into();
        body
    };
    office.put(&path("371772001", "2025-12-01"), &materials(500)).await.expect(201);
    office.put(&path("371772001", "2025-12-02"), &with_note(9_000, "集市大集")).await.expect(201);
    office.put(&path("371772100", "2025-12-03"), &materials(9_000)).await.expect(201);
    office.put(&path("371772108", "2025-12-04"), &materials(60)).await.expect(201);
    let reviewer = app.by("reviewer");
    let queue = reviewer.get(&format!("{CAMPAIGN}/review")).await.expect(200);
    let order: Vec<_> = queue["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (item["unit"].as_str().unwrap(), item["date"].as_str().unwrap(), item["unexplained"] == true)
        })
        .collect();
    assert_eq!(
        order,
        [
            ("371772100", "2025-12-03", true),
            ("371772001", "2025-12-01", false),
            ("371772001", "2025-12-02", false),
            ("371772108", "2025-12-04", false),
        ]
    );
    assert_eq!((&queue["waiting"], &queue["next"]), (&json!(4), &Value::Null));
    assert_eq!(queue["items"][0]["name"], "吕陵镇");
    assert_eq!(codes(&queue["items"][0]["warnings"]), ["above_band"]);
    assert_eq!(codes(&queue["items"][3]["warnings"]), ["below_band"], "a hint, which asks nothing");
    let under = reviewer.get(&format!("{CAMPAIGN}/review?under=371772001")).await.expect(200);
    assert_eq!(under["waiting"], 2);
    // What is decided leaves the queue.
    let body = json!({ "decision": "accept", "items": [{ "unit": "371772100", "date": "2025-12-03", "version": 1 }] });
    reviewer.post(&format!("{CAMPAIGN}/review"), &body).await.expect(200);
    let queue = reviewer.get(&format!("{CAMPAIGN}/review")).await.expect(200);
    assert_eq!((&queue["waiting"], &queue["items"][0]["date"]), (&json!(3), &json!("2025-12-01")));
    app.by("wanfu").get(&format!("{CAMPAIGN}/review")).await.problem(403, "forbidden");
    reviewer.get(&format!("{CAMPAIGN}/review?cursor=x")).await.problem(422, "cursor_invalid");
    let place = reviewer.get(&format!("{CAMPAIGN}/review?cursor=1.20251201.2")).await.expect(200);
    assert_eq!(place["items"][0]["date"], "2025-12-02", "{place}");
}

async fn the_form_asks_for_a_word_and_then_stores(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wanfu = app.by("wanfu");
    let fields = |reason: &'static str| {
        [
            ("items.0.measure", "materials"),
            ("items.0.title", "《宪法》"),
            ("items.0.given", "1"),
            ("items.0.count", "9000"),
            ("version", ""),
            ("reason", reason),
            ("do", "submit"),
        ]
    };
    let page = form(&wanfu, "2025-12-04", &fields("")).await;
    assert_eq!(page.status, 422);
    let text = page.text();
    assert!(text.contains("高于同类单位常见范围") && text.contains("name=\"reason\""), "{text}");
    assert!(text.contains("value=\"9000\""), "what was typed is still there");
    wanfu.get(WANFU).await.problem(404, "tally_unknown");
    let stored = form(&wanfu, "2025-12-04", &fields("全市集中宣传日")).await;
    assert_eq!(stored.status, 303, "{}", stored.text());
    let view = wanfu.get(WANFU).await.expect(200);
    assert_eq!((&view["reason"], &view["items"][0]["count"]), (&json!("全市集中宣传日"), &json!(9000)));
    // A correction after the deadline asks for the same word.
    app.set_clock("2025-12-04T20:00:00");
    let open = wanfu
        .send(
            reqwest::Method::GET,
            "/campaigns/constitution-2025/report/371772001?date=2025-12-04",
            &[],
            None,
        )
        .await;
    assert!(open.text().contains("name=\"reason\""));
}

async fn print_is_not_handed_out_that_was_never_drawn(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (wanfu, office) = (app.by("wanfu"), app.by("office"));
    let ledger = format!("{CAMPAIGN}/ledger?unit=371772001");
    let add = |kind: &str, count: i64| json!({ "title": "《宪法》", "date": "2025-12-01", "kind": kind, "count": count });
    office.post(&ledger, &add("received", 2000)).await.expect(201);
    let drawn = office.post(&ledger, &add("drawn", 1500)).await.expect(201);
    wanfu.put(&path("371772001", "2025-12-03"), &materials(1000)).await.expect(201);
    let check = format!("{WANFU}/check");
    assert_eq!(codes(&wanfu.post(&check, &materials(500)).await.expect(200)["warnings"]), Vec::<&str>::new());
    let told = wanfu.post(&check, &materials(501)).await.expect(200);
    assert_eq!(codes(&told["warnings"]), ["more_than_drawn"]);
    assert!(told["warnings"][0]["message"].as_str().unwrap().contains("1501"), "{told}");
    let view = wanfu.get(&ledger).await.expect(200);
    assert_eq!(
        view["balances"],
        json!([{ "title": "《宪法》", "printed": 0, "received": 2000, "drawn": 1500, "handed_out": 1000,
                 "in_store": 500, "in_hand": 500 }])
    );
    // An entry is never changed; another takes it back, once.
    let id = drawn["id"].as_str().unwrap();
    let back = json!({ "reverses": id, "note": "记错单位" });
    let reversed = office.post(&ledger, &back).await.expect(201);
    assert_eq!((&reversed["count"], &reversed["reverses"]), (&json!(-1500), &json!(id)));
    office.post(&ledger, &back).await.problem(409, "exists-ledger_reversal");
    let again = json!({ "reverses": reversed["id"] });
    office.post(&ledger, &again).await.problem(409, "exists-ledger_reversal");
    office.post(&ledger, &json!({ "reverses": "0-99999" })).await.problem(404, "ledger_unknown");
    assert_eq!(wanfu.get(&ledger).await.expect(200)["items"].as_array().unwrap().len(), 3);
    assert_eq!(
        codes(&wanfu.post(&check, &materials(1)).await.expect(200)["warnings"]),
        ["below_band", "more_than_drawn"]
    );

    office.post(&ledger, &add("lost", 1)).await.problem(422, "ledger_kind_unknown");
    office.post(&ledger, &add("drawn", 0)).await.problem(422, "count_missing");
    let mut phone = add("drawn", 1);
    phone["note"] = "领用人13800138000".into();
    office.post(&ledger, &phone).await.problem(422, "personal_data");
    app.by("viewer").post(&ledger, &add("drawn", 1)).await.problem(403, "forbidden");
    app.by("mudan").get(&ledger).await.problem(404, "campaign_unknown");
    app.assert_sound().await;
}

async fn a_queue_comes_a_page_at_a_time_and_has_an_end(engine: Engine) {
    let limits = Limits { page: 2, review_queue: 5, ..Limits::default() };
    let app = TestApp::start_with(engine, Options { limits, ..Options::default() }).await;
    let office = app.by("office");
    for day in 1..=4 {
        for unit in ["371772001", "371772100"] {
            let count = if day == 2 { 9_010 } else { 510 };
            office.put(&path(unit, &format!("2025-12-0{day}")), &materials(count)).await.expect(201);
        }
    }
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let queue = office.get(&format!("{CAMPAIGN}/review?{cursor}")).await.expect(200);
        assert_eq!(queue["waiting"], 5, "what is beyond comes up when these are decided");
        for item in queue["items"].as_array().unwrap() {
            found
                .push((item["date"].as_str().unwrap().to_owned(), item["unit"].as_str().unwrap().to_owned()));
        }
        match queue["next"].as_str() {
            Some(next) => cursor = format!("cursor={next}"),
            None => break,
        }
    }
    let expected = [("02", "371772001"), ("02", "371772100"), ("01", "371772001"), ("01", "371772100")];
    let expected = expected.map(|(day, unit)| (format!("2025-12-{day}"), unit.to_owned()));
    assert_eq!(found[..4], expected);
    assert_eq!(found.len(), 5);
}
