//! Bad input: every refusal has its status, its stable code, a pointer and words in two languages, and leaves no trace.

mod figures;

use crate::flow::WANFU;
use crate::support::{Answer, Engine, Options, TestApp};
use pufa::config::Limits;
use reqwest::Method;
use serde_json::json;

on_both! {
    faults_of_the_figures_are_told_and_nothing_is_stored
    faults_of_the_place_are_told_and_nothing_is_stored
    bodies_that_cannot_be_read_are_told_and_nothing_is_stored
    versions_and_keys_are_guarded_and_nothing_is_stored
    all_faults_are_told_at_once
}

/// Says no with this code at this pointer, in Chinese unless English is wished.
#[track_caller]
fn assert_fault(zh: &Answer, en: &Answer, status: u16, code: &str, pointer: &str, words: (&str, &str)) {
    for (answer, lang, words) in [(zh, "zh-CN", words.0), (en, "en", words.1)] {
        let problem = answer.problem(status, code);
        assert_eq!(answer.header("content-language"), lang, "{code}");
        let fault = &problem["errors"][0];
        assert_eq!((&fault["code"], &fault["pointer"]), (&json!(code), &json!(pointer)), "{problem}");
        assert!(fault["message"].as_str().unwrap().contains(words), "{problem} has no {words:?}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem} has no {words:?}");
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{problem}");
    }
}

/// Runs refusals, and holds that they left no trace.
async fn leaving_no_trace(app: &TestApp, refusals: impl Future<Output = ()>) {
    let before = app.database.stored().await;
    refusals.await;
    assert_eq!(app.database.stored().await, before);
    let reader = app.by("wanfu");
    reader.get(WANFU).await.problem(404, "tally_unknown");
    let history = reader.get(&format!("{WANFU}/versions")).await.expect(200);
    assert_eq!(history["items"], json!([]));
    app.assert_sound().await;
}

async fn faults_of_the_figures_are_told_and_nothing_is_stored(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wanfu = app.by("wanfu");
    let refusals = async {
        for (body, code, pointer, in_chinese, in_english) in figures::faulty_figures() {
            let zh = wanfu.put(WANFU, &body).await;
            let en = wanfu.put_with(WANFU, &body, &[("accept-language", "en-GB,en;q=0.9")]).await;
            assert_fault(&zh, &en, 422, code, pointer, (in_chinese, in_english));
        }
    };
    leaving_no_trace(&app, refusals).await;
}

async fn faults_of_the_place_are_told_and_nothing_is_stored(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (admin, office, wanfu) = (app.by("admin"), app.by("office"), app.by("wanfu"));
    admin.patch("/units/371772100", &json!({ "closed_on": "2025-12-02" })).await.expect(200);
    let body = json!({ "items": [{ "measure": "banners", "count": 1 }] });
    let path = |unit: &str, date: &str| format!("/campaigns/constitution-2025/tallies/{unit}/{date}");
    let refusals = async {
        for (unit, date, code, pointer, words) in [
            ("371772100", "2025-12-03", "unit_closed", "/unit", ("未设立或已撤销", "was not open")),
            (
                "371702001",
                "2025-12-04",
                "unit_outside_campaign",
                "/unit",
                ("不参加此活动", "does not take part"),
            ),
            (
                "371772001",
                "2025-11-30",
                "day_outside_window",
                "/date",
                ("2025-12-01 至 2025-12-07", "outside the campaign"),
            ),
            (
                "371772001",
                "2025-12-08",
                "day_outside_window",
                "/date",
                ("2025-12-01 至 2025-12-07", "outside the campaign"),
            ),
            (
                "371772001",
                "2025-12-05",
                "day_in_future",
                "/date",
                ("今天是 2025-12-04", "today is 2025-12-04"),
            ),
            ("371772001", "2025-12-32", "date_invalid", "/date", ("日期应写作", "A date is written")),
            ("371772001", "2025-02-29", "date_invalid", "/date", ("日期应写作", "A date is written")),
            ("371772001", "2025-12-4", "date_invalid", "/date", ("日期应写作", "A date is written")),
            ("371772001", "today", "date_invalid", "/date", ("日期应写作", "A date is written")),
        ] {
            let zh = admin.put(&path(unit, date), &body).await;
            let en = admin.put_with(&path(unit, date), &body, &[("accept-language", "en")]).await;
            assert_fault(&zh, &en, 422, code, pointer, words);
        }
        // What does not exist and what is none of the caller's business are told alike, to the letter.
        let unknown = wanfu.put(&path("999999", "2025-12-04"), &body).await;
        unknown.problem(404, "unit_out_of_scope");
        for client in [&wanfu, &office] {
            let foreign = client.put(&path("371702001", "2025-12-04"), &body).await;
            assert_eq!((foreign.status, &foreign.body), (404, &unknown.body));
        }
        let sibling = wanfu.put(&path("371772100", "2025-12-02"), &body).await;
        assert_eq!((sibling.status, &sibling.body), (404, &unknown.body));
        let gone = wanfu.put("/campaigns/constitution-1999/tallies/371772001/2025-12-04", &body).await;
        gone.problem(404, "campaign_unknown");
        app.by("viewer").put(WANFU, &body).await.problem(403, "forbidden");
        app.nobody().put(WANFU, &body).await.problem(401, "unauthenticated");
    };
    leaving_no_trace(&app, refusals).await;
    admin.patch("/campaigns/constitution-2025", &json!({ "locked": true })).await.expect(200);
    leaving_no_trace(&app, async {
        wanfu.put(WANFU, &body).await.problem(409, "campaign_locked");
    })
    .await;
}

async fn bodies_that_cannot_be_read_are_told_and_nothing_is_stored(engine: Engine) {
    let limits = Limits { body_bytes: 2_000, ..Limits::default() };
    let app = TestApp::start_with(engine, Options { limits, ..Options::default() }).await;
    let wanfu = app.by("wanfu");
    let path = format!("/api/v1{WANFU}");
    let send = async |kind: &str, body: &str| {
        wanfu.send(Method::PUT, &path, &[("content-type", kind)], Some(body.into())).await
    };
    let refusals = async {
        for (body, row, column, pointer) in [
            ("{\n  \"items\": [\n", 3, 0, "/items"),
            ("{\"zero\": tru}", 1, 13, "/zero"),
            (
                "{\"items\": [{\"measure\": \"banners\", \"count\": 1, \"colour\": 1}]}",
                1,
                54,
                "/items/0/colour",
            ),
            ("{\"zeros\": true}", 1, 8, "/zeros"),
            ("{\"zero\": 1}", 1, 10, "/zero"),
            ("{\"items\": [{\"count\": 1}]}", 1, 23, "/items/0"),
            ("[]", 0, 0, ""),
            ("", 1, 0, ""),
        ] {
            let problem = send("application/json", body).await.problem(400, "body_invalid");
            let fault = &problem["errors"][0];
            assert_eq!(fault["pointer"], pointer, "{body}: {problem}");
            if row > 0 {
                assert_eq!(
                    (&fault["row"], &fault["column"]),
                    (&json!(row), &json!(column)),
                    "{body}: {problem}"
                );
            }
        }
        let not_utf8 = wanfu
            .send(
                Method::PUT,
                &path,
                &[("content-type", "application/json")],
                Some(b"{\"note\":\"\xff\"}".to_vec()),
            )
            .await;
        not_utf8.problem(400, "body_invalid");
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
            let problem = send(kind, "{\"zero\":true}").await.problem(415, "media_type");
            assert!(problem["title"].as_str().unwrap().contains("application/json"), "{problem}");
        }
        assert_eq!(
            send("application/json; charset=utf-8", "{").await.status,
            400,
            "a parameter does no harm"
        );

        let body = json!({ "zero": true });
        let strange = wanfu.put(&format!("{WANFU}?dry_run=1"), &body).await.problem(422, "query_unknown");
        assert!(strange["title"].as_str().unwrap().contains("dry_run"), "{strange}");
        let totals = wanfu.get("/campaigns/constitution-2025/totals?unitt=371772001").await;
        totals.problem(422, "query_unknown");

        let deleted = wanfu.delete(WANFU).await;
        deleted.problem(405, "method_not_allowed");
        assert_eq!(deleted.header("allow"), "PUT, GET, HEAD");
        let posted = wanfu.post(WANFU, &body).await;
        posted.problem(405, "method_not_allowed");
        wanfu.put(&format!("{WANFU}/extra"), &body).await.problem(404, "route_unknown");
        wanfu.get("/nothing").await.problem(404, "route_unknown");
    };
    leaving_no_trace(&app, refusals).await;

    // Over the cap: told from the announced length alone, and counted where none is announced.
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer token-of-wanfu\r\ncontent-type: application/json\r\n",
        app.address
    );
    leaving_no_trace(&app, async {
        let mut announced = app.raw().await;
        announced.send(format!("{head}content-length: 2001\r\n\r\n")).await;
        let answer = announced.answer().await.unwrap();
        assert_eq!(answer.status, 413, "{}", answer.body);
        assert!(
            answer.body.contains("\"body_too_large\"") && answer.body.contains("2000"),
            "{}",
            answer.body
        );
        assert!(answer.head.contains("application/problem+json"), "{}", answer.head);

        let mut chunked = app.raw().await;
        chunked.send(format!("{head}transfer-encoding: chunked\r\n\r\n")).await;
        let chunk = format!("3e8\r\n{}\r\n", " ".repeat(1000));
        chunked.send(&chunk).await;
        chunked.send(&chunk).await;
        chunked.try_send("1\r\n \r\n").await;
        let answer = chunked.answer().await.unwrap();
        assert_eq!(answer.status, 413, "{}", answer.body);
        assert!(answer.body.contains("\"body_too_large\""), "{}", answer.body);

        let mut broken = app.raw().await;
        broken.send(format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\n")).await;
        if let Some(answer) = broken.answer().await {
            assert_eq!(answer.status, 400, "{}", answer.body);
        }
    })
    .await;
    // Exactly at the cap it is taken.
    let mut full = json!({ "zero": true, "note": "" }).to_string();
    full.push_str(&" ".repeat(2_000 - full.len()));
    assert_eq!(send("application/json", &full).await.status, 201);
}

async fn versions_and_keys_are_guarded_and_nothing_is_stored(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wanfu = app.by("wanfu");
    let body = |count: u32| json!({ "items": [{ "measure": "materials", "count": count }] });
    leaving_no_trace(&app, async {
        wanfu.put_over(WANFU, &body(1), 1).await.problem(412, "version_absent");
        wanfu.put_with(WANFU, &body(1), &[("if-match", "*")]).await.problem(412, "version_absent");
        for bad in ["\"one\"", "W/\"1\"", "\"1\", \"2\"", "\"-1\"", ""] {
            let answer = wanfu.put_with(WANFU, &body(1), &[("if-match", bad)]).await;
            answer.problem(400, "precondition_invalid");
        }
        for bad in ["a b", "", &"k".repeat(129)] {
            let answer = wanfu.put_with(WANFU, &body(1), &[("idempotency-key", bad)]).await;
            answer.problem(400, "idempotency_key_invalid");
        }
    })
    .await;

    wanfu.put_with(WANFU, &body(1), &[("idempotency-key", "k1")]).await.expect(201);
    wanfu.put_over(WANFU, &body(2), 1).await.expect(200);
    let before = app.database.stored().await;
    let missing = wanfu.put(WANFU, &body(3)).await.problem(428, "precondition_required");
    assert_eq!(missing["current"]["version"], 2);
    assert_eq!(missing["submitted"], body(3));
    let stale = wanfu.put_over(WANFU, &body(3), 1).await.problem(412, "version_stale");
    assert_eq!(stale["current"]["items"][0]["count"], 2, "what is there now: {stale}");
    assert_eq!(stale["submitted"], body(3), "and what was sent");
    assert!(stale["title"].as_str().unwrap().contains("当前版本 2"), "{stale}");
    wanfu.put_over(WANFU, &body(3), 7).await.problem(412, "version_stale");
    wanfu.put_with(WANFU, &body(3), &[("if-none-match", "*")]).await.problem(412, "version_stale");
    let reused = wanfu.put_with(WANFU, &body(9), &[("idempotency-key", "k1")]).await;
    let problem = reused.problem(422, "idempotency_key_reused");
    assert!(problem["title"].as_str().unwrap().contains("幂等键"), "{problem}");
    // The same body sent elsewhere under the key is another request too.
    let elsewhere = "/campaigns/constitution-2025/tallies/371772001/2025-12-03";
    wanfu
        .put_with(elsewhere, &body(1), &[("idempotency-key", "k1")])
        .await
        .problem(422, "idempotency_key_reused");
    assert_eq!(app.database.stored().await, before);
    app.assert_sound().await;
}

async fn all_faults_are_told_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = json!({
        "items": [{ "measure": "nothing", "count": -1 }, { "measure": "banners", "count": 0.5 }],
        "consultations": [{ "topic": "x", "person_times": "3" }],
        "zero": true,
        "note": "13800138000",
    });
    let path = "/campaigns/constitution-2025/tallies/371772001/2025-12-05";
    let problem = app.by("wanfu").put(path, &body).await.expect(422);
    let faults = problem["errors"].as_array().unwrap();
    let pointers: Vec<&str> = faults.iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    for pointer in [
        "/date",
        "/items/0/measure",
        "/items/0/count",
        "/items/1/count",
        "/consultations/0/topic",
        "/consultations/0/person_times",
        "/zero",
        "/note",
    ] {
        assert!(pointers.contains(&pointer), "{pointer} in {pointers:?}");
    }
    assert_eq!(problem["code"], faults[0]["code"], "the code is the first fault's");
    app.by("wanfu").get(path).await.problem(404, "tally_unknown");
}
