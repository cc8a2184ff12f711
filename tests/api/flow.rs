//! The main flow: a unit sends its day, and everything that is asked about it is right at once.

use crate::support::{Engine, TestApp, total};
use serde_json::{Value, json};

on_both! {
    a_tally_counts_at_once_everywhere
    a_unit_that_adds_up_others_counts_its_own_report_too
    a_correction_replaces_and_keeps_its_history
    what_was_read_can_be_sent_back
    the_clock_decides_what_is_late
    a_zero_report_is_a_report
    the_office_reports_for_a_unit
    current_reports_come_a_page_at_a_time
    a_service_that_starts_again_knows_everything
}

pub(crate) const WANFU: &str = "/campaigns/constitution-2025/tallies/371772001/2025-12-04";
const SCHOOL: &str = "/campaigns/constitution-2025/tallies/gx-school/2025-12-03";

fn day_of_wanfu() -> Value {
    json!({
        "items": [
            { "measure": "materials", "title": "《宪法》", "count": 1200 },
            { "measure": "materials", "title": "《民法典》", "count": 300, "bound": "over" },
            { "measure": "banners", "count": 6, "bound": "exact" },
        ],
        "consultations": [
            { "topic": "labour", "mode": "on_site", "person_times": 14 },
            { "topic": "labour", "mode": "phone", "person_times": 6 },
            { "topic": "inheritance", "mode": "on_site", "person_times": 20, "bound": "about" },
            { "person_times": 1 },
        ],
        "zero": false,
        "note": "街道广场设咨询台",
    })
}

async fn a_tally_counts_at_once_everywhere(engine: Engine) {
    let app = TestApp::start(engine).await;
    let sent = app.by("wanfu").put(WANFU, &day_of_wanfu()).await;
    let tally = sent.expect(201);
    assert_eq!(sent.header("etag"), "\"1\"");
    assert_eq!(tally["version"], 1);
    assert_eq!(tally["state"], "submitted");
    assert_eq!(tally["late"], false);
    assert_eq!(tally["on_behalf"], false);
    assert_eq!(tally["channel"], "api");
    assert_eq!(tally["received_at"], "2025-12-04T10:00:00+08:00");
    assert_eq!(
        (&tally["campaign"], &tally["unit"], &tally["date"]),
        (&json!("constitution-2025"), &json!("371772001"), &json!("2025-12-04"))
    );
    assert!(!tally["receipt"].as_str().unwrap().is_empty());
    assert_eq!(
        total(&json!({ "items": tally["totals"] }), |t| t["measure"] == "materials"),
        (1500, 1500, 1599)
    );

    let second = json!({
        "items": [{ "measure": "materials", "title": "《宪法》", "count": 80 }],
        "consultations": [{ "topic": "labour", "mode": "on_site", "person_times": 3 }],
    });
    app.by("edu").put(SCHOOL, &second).await.expect(201);

    let office = app.by("office");
    for unit in ["371772", "371772001"] {
        let own = if unit == "371772" { 80 } else { 0 };
        let all = office.totals(unit, "").await;
        let measure = |code: &'static str| total(&all, move |item| item["measure"] == code);
        assert_eq!(measure("materials"), (1500 + own, 1500 + own, 1599 + own));
        assert_eq!(measure("banners"), (6, 6, 6));
        assert_eq!(measure("posts"), (0, 0, 0));
        let asked = if own > 0 { 3 } else { 0 };
        assert_eq!(measure("consultations"), (41 + asked, 36 + asked, 45 + asked));
    }
    let by_day = office.totals("371772", "&by=day").await;
    let of = |day: &'static str, code: &'static str| {
        total(&by_day, move |i| i["day"] == day && i["measure"] == code).0
    };
    assert_eq!((of("2025-12-03", "materials"), of("2025-12-04", "materials")), (80, 1500));
    assert_eq!((of("2025-12-03", "consultations"), of("2025-12-05", "materials")), (3, 0));

    let by_unit = office.totals("371772", "&by=unit&measure=materials").await;
    let of = |unit: &'static str| total(&by_unit, move |item| item["unit"] == unit).0;
    assert_eq!((of("371772001"), of("gx-edu"), of("371772100")), (1500, 80, 0));
    assert_eq!(by_unit["items"][0]["name"], "万福街道", "{by_unit}");

    let by_title = office.totals("371772", "&by=title").await;
    let of = |title: &'static str| {
        total(&by_title, move |item| item["title"] == title && item["measure"] == "materials")
    };
    assert_eq!(of("《宪法》"), (1280, 1280, 1280));
    assert_eq!(of("《民法典》"), (300, 300, 399));

    let by_topic = office.totals("371772", "&by=topic").await;
    let of = |topic: &'static str| total(&by_topic, move |item| item["topic"] == topic).0;
    assert_eq!((of("labour"), of("inheritance"), of("unspecified"), of("consumer")), (23, 20, 1, 0));
    let by_mode = office.totals("371772", "&by=mode").await;
    let of = |mode: &'static str| total(&by_mode, move |item| item["mode"] == mode).0;
    assert_eq!((of("on_site"), of("phone"), of("unspecified")), (37, 6, 1));
    app.assert_sound().await;
}

async fn a_unit_that_adds_up_others_counts_its_own_report_too(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let count = |count: u32| json!({ "items": [{ "measure": "banners", "count": count }] });
    let path = |unit: &str| format!("/campaigns/constitution-2025/tallies/{unit}/2025-12-04");
    // First its children alone, then itself, then another day on which only it reports.
    office.put(&path("gx-school"), &count(5)).await.expect(201);
    let banners = async |unit: &str| {
        let totals = office.totals("371772", "&by=unit&measure=banners").await;
        total(&totals, |item| item["unit"] == unit).0
    };
    assert_eq!(banners("gx-edu").await, 5);
    office.put(&path("gx-edu"), &count(30)).await.expect(201);
    assert_eq!(banners("gx-edu").await, 35);
    let late = json!({ "items": [{ "measure": "banners", "count": 400 }], "reason": "补报" });
    office.put("/campaigns/constitution-2025/tallies/gx-edu/2025-12-03", &late).await.expect(201);
    assert_eq!(banners("gx-edu").await, 435);
    let own = office.totals("gx-edu", "&by=unit&measure=banners").await;
    assert_eq!(total(&own, |item| item["unit"] == "gx-edu").0, 430);
    assert_eq!(total(&own, |item| item["unit"] == "gx-school").0, 5);
    // The region itself, of which no list is a child.
    office.put(&path("371772"), &count(7)).await.expect(201);
    assert_eq!(total(&office.totals("371772", "").await, |item| item["measure"] == "banners").0, 442);
    let grid = office.get("/campaigns/constitution-2025/completeness?unit=371772").await.expect(200);
    let row = grid["units"].as_array().unwrap().iter().find(|row| row["unit"] == "gx-edu").unwrap();
    let statuses: Vec<&Value> = row["days"].as_array().unwrap().iter().map(|day| &day["status"]).collect();
    assert!(
        statuses.iter().filter(|status| status.is_string()).count() >= 2,
        "its own reports are seen: {grid}"
    );
}

async fn a_correction_replaces_and_keeps_its_history(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (wanfu, office) = (app.by("wanfu"), app.by("office"));
    wanfu.put(WANFU, &day_of_wanfu()).await.expect(201);
    let revision = office.totals("371772", "").await["revision"].as_i64().unwrap();

    let corrected = json!({ "items": [{ "measure": "materials", "title": "《宪法》", "count": 1000 }] });
    let answer = wanfu.put_over(WANFU, &corrected, 1).await;
    assert_eq!(answer.expect(200)["version"], 2);
    assert_eq!(answer.header("etag"), "\"2\"");
    let totals = office.totals("371772", "").await;
    assert_eq!(totals["revision"], revision + 1);
    assert_eq!(total(&totals, |item| item["measure"] == "materials"), (1000, 1000, 1000));
    assert_eq!(total(&totals, |item| item["measure"] == "consultations"), (0, 0, 0));

    // The same again is no new version, with the right precondition or with `*`.
    assert_eq!(wanfu.put_over(WANFU, &corrected, 2).await.expect(200)["version"], 2);
    assert_eq!(wanfu.put_with(WANFU, &corrected, &[("if-match", "*")]).await.expect(200)["version"], 2);

    let history = office.get(&format!("{WANFU}/versions")).await.expect(200);
    let versions = history["items"].as_array().unwrap();
    assert_eq!(versions.iter().map(|v| v["version"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(versions[0]["items"].as_array().unwrap().len(), 3, "the first version as it was sent");
    assert_eq!(versions[0]["note"], "街道广场设咨询台");
    assert_eq!(versions[1]["items"][0]["count"], 1000);
    assert_eq!(history["next"], Value::Null);
    app.assert_sound().await;
}

async fn what_was_read_can_be_sent_back(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wanfu = app.by("wanfu");
    wanfu.put(WANFU, &day_of_wanfu()).await.expect(201);
    let read = wanfu.get(WANFU).await;
    let tally = read.expect(200);
    assert_eq!(read.header("etag"), "\"1\"");
    for (name, value) in day_of_wanfu().as_object().unwrap() {
        if name != "items" && name != "consultations" {
            assert_eq!(&tally[name], value, "{name}");
        }
    }
    assert_eq!(
        tally["items"][1],
        json!({ "measure": "materials", "title": "《民法典》", "count": 300, "bound": "over" })
    );
    assert_eq!(tally["consultations"][3]["topic"], "unspecified");

    let known = wanfu.get_with(WANFU, &[("if-none-match", "\"1\"")]).await;
    assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, "\"1\""));
    assert_eq!(wanfu.get_with(WANFU, &[("if-none-match", "\"9\"")]).await.status, 200);

    let back = wanfu.put_with(WANFU, &tally, &[("if-match", read.header("etag"))]).await;
    assert_eq!(back.expect(200)["version"], 1, "nothing changed, so there is no second version");
    let mut changed = tally;
    changed["items"][2]["count"] = json!(7);
    let back = wanfu.put_with(WANFU, &changed, &[("if-match", read.header("etag"))]).await;
    assert_eq!(back.expect(200)["version"], 2);
    app.assert_sound().await;
}

async fn the_clock_decides_what_is_late(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let put = async |unit: &str, date: &str, count: u32| {
        let path = format!("/campaigns/constitution-2025/tallies/{unit}/{date}");
        let body = json!({ "items": [{ "measure": "materials", "count": count }] });
        office.put(&path, &body).await.expect(201)["late"].as_bool().unwrap()
    };
    app.set_clock("2025-12-04T18:00:00");
    assert!(!put("371772001", "2025-12-04", 1).await, "the last instant is in time");
    app.set_clock("2025-12-04T18:00:00.001");
    assert!(put("371772100", "2025-12-04", 1).await);
    assert!(put("371772001", "2025-12-03", 1).await, "yesterday's report");
    // Corrected in the evening, what came in time stays in time.
    let corrected = json!({ "items": [{ "measure": "materials", "count": 2 }], "reason": "漏报一份" });
    assert_eq!(office.put_over(WANFU, &corrected, 1).await.expect(200)["late"], false);
    // The day of the place ends at its own midnight, which is four in the afternoon in UTC.
    app.set_clock("2025-12-04T23:59:59");
    let tomorrow = "/campaigns/constitution-2025/tallies/371772001/2025-12-05";
    office.put(tomorrow, &corrected).await.problem(422, "day_in_future");
    app.set_clock("2025-12-05T00:00:00");
    assert_eq!(office.put(tomorrow, &corrected).await.expect(201)["late"], false);
    let counts = office.get("/campaigns/constitution-2025/completeness?date=2025-12-04").await.expect(200);
    assert_eq!((&counts["reported"], &counts["late"], &counts["on_time"]), (&json!(2), &json!(1), &json!(1)));
    app.assert_sound().await;
}

async fn a_zero_report_is_a_report(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (wanfu, office) = (app.by("wanfu"), app.by("office"));
    let zero = json!({ "items": [], "consultations": [], "zero": true });
    let tally = wanfu.put(WANFU, &zero).await.expect(201);
    assert_eq!((&tally["zero"], &tally["items"]), (&json!(true), &json!([])));
    assert_eq!(wanfu.get(WANFU).await.expect(200)["zero"], true);
    let counts = office.get("/campaigns/constitution-2025/completeness?date=2025-12-04").await.expect(200);
    assert_eq!((&counts["reported"], &counts["zero"], &counts["missing"]), (&json!(1), &json!(1), &json!(3)));
    // And what turns out to have been something after all is a correction like any other.
    let something = json!({ "items": [{ "measure": "posts", "count": 1 }] });
    assert_eq!(wanfu.put_over(WANFU, &something, 1).await.expect(200)["zero"], false);
    let counts = office.get("/campaigns/constitution-2025/completeness?date=2025-12-04").await.expect(200);
    assert_eq!((&counts["reported"], &counts["zero"]), (&json!(1), &json!(0)));
    app.assert_sound().await;
}

async fn the_office_reports_for_a_unit(engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = json!({ "items": [{ "measure": "materials", "count": 10 }] });
    assert_eq!(app.by("office").put(WANFU, &body).await.expect(201)["on_behalf"], true);
    let own = json!({ "items": [{ "measure": "materials", "count": 12 }] });
    assert_eq!(app.by("wanfu").put_over(WANFU, &own, 1).await.expect(200)["on_behalf"], false);
    let history = app.by("wanfu").get(&format!("{WANFU}/versions")).await.expect(200);
    assert_eq!(
        (&history["items"][0]["on_behalf"], &history["items"][1]["on_behalf"]),
        (&json!(true), &json!(false))
    );
}

async fn current_reports_come_a_page_at_a_time(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    for (unit, date) in [
        ("371772001", "2025-12-03"),
        ("371772001", "2025-12-04"),
        ("371772100", "2025-12-04"),
        ("gx-school", "2025-12-02"),
        ("gx-school", "2025-12-04"),
    ] {
        let path = format!("/campaigns/constitution-2025/tallies/{unit}/{date}");
        let body = json!({ "items": [{ "measure": "materials", "count": 5 }] });
        office.put(&path, &body).await.expect(201);
    }
    office.put_over(WANFU, &json!({ "zero": true }), 1).await.expect(200);
    let list = async |query: &str| {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/campaigns/constitution-2025/tallies?limit=2{query}{cursor}");
            let page = office.get(&path).await.expect(200);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 2);
            let key = |item: &Value| {
                (item["date"].as_str().unwrap().to_owned(), item["unit"].as_str().unwrap().to_owned())
            };
            found.extend(items.iter().map(key));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    };
    let all = list("").await;
    assert_eq!(all.len(), 5, "each report once, however often corrected: {all:?}");
    assert!(all.is_sorted_by_key(|(date, _)| date.clone()));
    assert_eq!(list("&under=gx-edu").await.len(), 2);
    assert_eq!(list("&from=2025-12-03&to=2025-12-03").await, [("2025-12-03".into(), "371772001".into())]);
    assert_eq!(list("&state=returned").await.len(), 0);
    office.get("/campaigns/constitution-2025/tallies?cursor=x").await.problem(422, "cursor_invalid");
    office.get("/campaigns/constitution-2025/tallies?limit=0").await.problem(422, "limit_invalid");
    office.get("/campaigns/constitution-2025/tallies?state=x").await.problem(422, "state_unknown");
}

async fn a_service_that_starts_again_knows_everything(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.by("wanfu").put(WANFU, &day_of_wanfu()).await.expect(201);
    let before = app.by("office").totals("371772", "&by=title").await;
    let database = app.stop().await;
    let app = TestApp::on(&database, crate::support::Options::default()).await;
    assert_eq!(app.by("office").totals("371772", "&by=title").await, before);
    let body = json!({ "items": [{ "measure": "materials", "title": "《宪法》", "count": 1 }] });
    assert_eq!(app.by("wanfu").put_over(WANFU, &body, 1).await.expect(200)["version"], 2);
    app.assert_sound().await;
}
