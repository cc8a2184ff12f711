//! Who has reported, who is missing: zero, not reported and not expected stay three states.

use crate::support::{Engine, TestApp};
use serde_json::{Value, json};

on_both! {
    zero_missing_and_not_expected_are_three_states
    the_missing_are_listed_by_name
    completeness_never_exceeds_one
}

async fn put(app: &TestApp, unit: &str, date: &str, body: Value) {
    let path = format!("/campaigns/constitution-2025/tallies/{unit}/{date}");
    app.by("office").put(&path, &body).await.expect(201);
}

async fn completeness(app: &TestApp, query: &str) -> Value {
    app.by("office").get(&format!("/campaigns/constitution-2025/completeness{query}")).await.expect(200)
}

/// How a unit stands on a day; null for one that only adds up others.
fn status<'v>(view: &'v Value, unit: &str, date: &str) -> &'v Value {
    let units = view["units"].as_array().unwrap();
    let row = units.iter().find(|row| row["unit"] == unit).unwrap();
    let day = row["days"].as_array().unwrap().iter().find(|day| day["date"] == date).unwrap();
    &day["status"]
}

fn counts(view: &Value) -> [u64; 7] {
    ["expected", "reported", "on_time", "late", "zero", "missing", "returned"]
        .map(|name| view[name].as_u64().unwrap())
}

async fn zero_missing_and_not_expected_are_three_states(engine: Engine) {
    let app = TestApp::start(engine).await;
    let opened = json!({ "opened_on": "2025-12-04" });
    app.by("admin").patch("/units/371772108", &opened).await.expect(200);
    let one = json!({ "items": [{ "measure": "materials", "count": 1 }] });
    put(&app, "371772001", "2025-12-04", one.clone()).await;
    put(&app, "371772001", "2025-12-03", one).await;
    put(&app, "371772100", "2025-12-04", json!({ "zero": true })).await;

    let view = completeness(&app, "").await;
    assert_eq!(view["date"], Value::Null);
    assert_eq!(status(&view, "371772001", "2025-12-04"), "on_time");
    assert_eq!(status(&view, "371772001", "2025-12-03"), "late");
    assert_eq!(status(&view, "371772001", "2025-12-02"), "missing");
    assert_eq!(status(&view, "371772001", "2025-12-05"), "pending");
    assert_eq!(status(&view, "371772100", "2025-12-04"), "zero");
    assert_eq!(status(&view, "371772108", "2025-12-03"), "not_expected");
    assert_eq!(status(&view, "371772108", "2025-12-04"), "missing");
    assert_eq!(*status(&view, "gx-edu", "2025-12-04"), Value::Null, "it only adds up its school");
    // Three units on three days and four on the fourth; what has not come yet is not due.
    assert_eq!(counts(&view), [13, 3, 2, 1, 1, 10, 0]);
    assert_eq!(view["rate_permille"], 230);
    assert_eq!(view["days"].as_array().unwrap().len(), 7);
    let names: Vec<&str> =
        view["units"].as_array().unwrap().iter().map(|u| u["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["万福街道", "吕陵镇", "马岭岗镇", "教体局"], "administrative order, not a ranking");

    let day = completeness(&app, "?date=2025-12-04").await;
    assert_eq!(counts(&day), [4, 2, 2, 0, 1, 2, 0]);
    assert_eq!((&day["rate_permille"], &day["date"]), (&json!(500), &json!("2025-12-04")));
    let school = completeness(&app, "?unit=gx-edu&date=2025-12-04").await;
    assert_eq!(counts(&school), [1, 0, 0, 0, 0, 1, 0]);
    let none = completeness(&app, "?unit=371772108&date=2025-12-03").await;
    assert_eq!((&none["expected"], &none["rate_permille"]), (&json!(0), &Value::Null), "nobody is no rate");
    let path = "/campaigns/constitution-2025/completeness?date=2025-11-01";
    app.by("office").get(path).await.problem(422, "day_outside_window");
}

async fn the_missing_are_listed_by_name(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    put(&app, "371772100", "2025-12-04", json!({ "zero": true })).await;
    let path = "/campaigns/constitution-2025/missing";
    let view = office.get(path).await.expect(200);
    assert_eq!((&view["date"], &view["expected"]), (&json!("2025-12-04"), &json!(4)), "today, when not said");
    let items: Vec<(&str, &str)> = view["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["name"].as_str().unwrap(), item["status"].as_str().unwrap()))
        .collect();
    assert_eq!(items, [("万福街道", "missing"), ("马岭岗镇", "missing"), ("实验学校", "missing")]);

    let text = office.get_with(path, &[("accept", "text/plain")]).await;
    assert_eq!((text.status, text.header("content-type")), (200, "text/plain; charset=utf-8"));
    assert_eq!(text.text(), view["text"].as_str().unwrap());
    for words in ["12月4日", "应报 4 个单位", "3 个未报", "万福街道、马岭岗镇、实验学校", "零报告"]
    {
        assert!(text.text().contains(words), "{} has no {words:?}", text.text());
    }
    let english = office.get_with(path, &[("accept", "text/plain"), ("accept-language", "en")]).await.text();
    assert!(english.contains("3 of 4 units") && english.contains("万福街道, 马岭岗镇"), "{english}");

    let school = office.get(&format!("{path}?unit=gx-edu&date=2025-12-01")).await.expect(200);
    assert_eq!((&school["expected"], &school["items"][0]["unit"]), (&json!(1), &json!("gx-school")));
    put(&app, "gx-school", "2025-12-01", json!({ "zero": true })).await;
    let nobody = office.get(&format!("{path}?unit=gx-edu&date=2025-12-01")).await.expect(200);
    assert_eq!(nobody["items"], json!([]));
    assert!(nobody["text"].as_str().unwrap().contains("已全部上报"), "{nobody}");
    office.get(&format!("{path}?date=2025-13-01")).await.problem(422, "date_invalid");
}

async fn completeness_never_exceeds_one(engine: Engine) {
    let app = TestApp::start(engine).await;
    let one = json!({ "items": [{ "measure": "materials", "count": 1 }] });
    // Everybody reports; so does a department that only adds up others, and so is not expected.
    for unit in ["371772001", "371772100", "371772108", "gx-edu", "gx-school"] {
        put(&app, unit, "2025-12-04", one.clone()).await;
    }
    let view = completeness(&app, "?date=2025-12-04").await;
    assert_eq!(counts(&view), [4, 4, 4, 0, 0, 0, 0]);
    assert_eq!(view["rate_permille"], 1000);
    assert_eq!(status(&view, "gx-edu", "2025-12-04"), "on_time");
    assert_eq!(app.by("office").totals("371772", "").await["items"][0]["count"], 5, "what it did counts");
    // Units that reported and were closed after, or are expected no more, take their place among the expected along.
    let admin = app.by("admin");
    admin.patch("/units/371772001", &json!({ "closed_on": "2025-12-03" })).await.expect(200);
    let view = completeness(&app, "?date=2025-12-04").await;
    assert_eq!((counts(&view), &view["rate_permille"]), ([3, 3, 3, 0, 0, 0, 0], &json!(1000)));
    app.assert_sound().await;
    let listed = json!({ "expected_units": ["371772100", "gx-edu"] });
    admin.patch("/campaigns/constitution-2025", &listed).await.expect(200);
    let view = completeness(&app, "?date=2025-12-04").await;
    assert_eq!((counts(&view), &view["rate_permille"]), ([2, 2, 2, 0, 0, 0, 0], &json!(1000)));
    assert_eq!(app.by("office").totals("371772", "").await["items"][0]["count"], 5);
    app.assert_sound().await;
}
