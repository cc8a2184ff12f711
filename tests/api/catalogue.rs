//! Units and campaigns: entering and changing them, and totals that follow every change.

use crate::support::{Engine, TestApp, total};
use serde_json::{Value, json};

on_both! {
    a_campaign_is_entered_and_found
    faults_of_a_campaign_are_told
    a_campaign_changes_and_its_totals_follow
    a_unit_is_entered_and_found
    faults_of_a_unit_are_told
    a_unit_moves_and_its_totals_follow
    a_closed_unit_keeps_what_it_did
    the_lists_of_codes_are_whole
}

async fn put(app: &TestApp, unit: &str, date: &str, count: u32) {
    let path = format!("/campaigns/constitution-2025/tallies/{unit}/{date}");
    let body = json!({ "items": [{ "measure": "materials", "count": count }] });
    app.by("office").put(&path, &body).await.expect(201);
}

async fn materials(app: &TestApp, unit: &str) -> i64 {
    total(&app.by("office").totals(unit, "").await, |item| item["measure"] == "materials").0
}

async fn expected(app: &TestApp) -> Value {
    let path = "/campaigns/constitution-2025/completeness?date=2025-12-04";
    let view = app.by("office").get(path).await.expect(200);
    json!([view["expected"], view["reported"]])
}

async fn a_campaign_is_entered_and_found(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.by("admin");
    let built_in = admin.get("/campaigns/constitution-2025").await.expect(200);
    for (name, value) in [
        ("kind", json!("constitution")),
        ("year", json!(2025)),
        ("ordinal", json!(12)),
        ("theme", json!("学习宣传贯彻习近平法治思想，推动宪法深入人心")),
        ("starts_on", json!("2025-12-01")),
        ("ends_on", json!("2025-12-07")),
        ("deadline", json!("18:00")),
        ("state", json!("open")),
        ("today", json!("2025-12-04")),
        ("unit", json!("371772")),
        ("expected_units", Value::Null),
        ("locked", json!(false)),
        ("demo", json!(false)),
    ] {
        assert_eq!(built_in[name], value, "{name}");
    }
    assert_eq!(built_in["measures"].as_array().unwrap().len(), 13);

    // Weeks that were not announced yet are entered by the office; so are drives with measures of their own.
    let own = json!({ "code": "lectures", "name": "法治讲座", "word": "场" });
    let answer = admin
        .post(
            "/campaigns",
            &json!({
                "id": "winter-2026", "kind": "carbon_monoxide", "name": "冬季敲门行动", "unit": "371772",
                "starts_on": "2026-01-05", "ends_on": "2026-01-20", "deadline": "09:30",
                "measures": ["households", "hazards_found", "hazards_fixed", own], "expected_units": ["371772001"],
            }),
        )
        .await;
    let entered = answer.expect(201);
    assert_eq!(answer.header("location"), "/api/v1/campaigns/winter-2026");
    assert_eq!((&entered["state"], &entered["today"]), (&json!("planned"), &Value::Null));
    assert_eq!((&entered["deadline"], &entered["expected_units"]), (&json!("09:30"), &json!(["371772001"])));
    assert_eq!(
        (&entered["measures"][3]["code"], &entered["measures"][3]["word_en"]),
        (&json!("lectures"), &json!("场"))
    );
    let past =
        admin.post("/campaigns", &json!({ "kind": "constitution", "year": 2021, "unit": "371772" })).await;
    let past = past.expect(201);
    assert_eq!(
        (&past["state"], &past["starts_on"], &past["ordinal"]),
        (&json!("closed"), &json!("2021-11-29"), &json!(8))
    );

    let list = app.by("office").get("/campaigns").await.expect(200);
    let ids: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["winter-2026", "constitution-2025", "constitution-2021"], "newest first");
    assert_eq!(list["items"][0], entered);

    app.set_clock("2026-01-05T08:00:00");
    let body =
        json!({ "items": [{ "measure": "lectures", "count": 2 }, { "measure": "households", "count": 40 }] });
    app.by("wanfu").put("/campaigns/winter-2026/tallies/371772001/2026-01-05", &body).await.expect(201);
    let asked = json!({ "consultations": [{ "person_times": 1 }] });
    let refused = app.by("office").put("/campaigns/winter-2026/tallies/371772100/2026-01-05", &asked).await;
    refused.problem(422, "consultations_not_counted");
    app.assert_sound().await;
}

async fn faults_of_a_campaign_are_told(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.by("admin");
    put(&app, "371772001", "2025-12-04", 1).await;
    let before = admin.get("/campaigns").await.expect(200);
    let new = |more: Value| {
        let mut body =
            json!({ "kind": "custom", "starts_on": "2026-03-01", "ends_on": "2026-03-02", "unit": "371772" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (body, code, pointer) in [
        (json!({}), "field_missing", "/kind"),
        (new(json!({ "kind": "election" })), "kind_unknown", "/kind"),
        (json!({ "kind": "custom", "unit": "371772" }), "field_missing", "/starts_on"),
        (
            json!({ "kind": "custom", "starts_on": "2026-03-01", "unit": "371772" }),
            "field_missing",
            "/ends_on",
        ),
        (new(json!({ "ends_on": "2026-02-28" })), "window_invalid", "/ends_on"),
        (new(json!({ "ends_on": "2027-03-02" })), "window_invalid", "/ends_on"),
        (new(json!({ "ends_on": "2026-02-30" })), "date_invalid", "/ends_on"),
        (new(json!({ "deadline": "24:00" })), "time_invalid", "/deadline"),
        (new(json!({ "deadline": "6pm" })), "time_invalid", "/deadline"),
        (new(json!({ "id": "Drive 1" })), "id_invalid", "/id"),
        (new(json!({ "name": " " })), "name_invalid", "/name"),
        (new(json!({ "year": 1999 })), "year_invalid", "/year"),
        (new(json!({ "measures": [] })), "measures_invalid", "/measures"),
        (new(json!({ "measures": ["banners", "banners"] })), "measures_invalid", "/measures"),
        (new(json!({ "measures": ["leaflets"] })), "measure_unknown", "/measures/0"),
        (
            new(json!({ "expected_units": ["371772001", "371702001"] })),
            "unit_outside_campaign",
            "/expected_units/1",
        ),
    ] {
        let problem = admin.post("/campaigns", &body).await.problem(422, code);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let taken = json!({ "kind": "constitution", "year": 2025, "unit": "371772" });
    let problem = admin.post("/campaigns", &taken).await.expect(409);
    assert!(problem["code"].as_str().unwrap().contains("campaign_id"), "{problem}");
    let path = "/campaigns/constitution-2025";
    for (body, code, pointer) in [
        (json!({ "id": "other" }), "field_fixed", "/id"),
        (json!({ "kind": "custom" }), "field_fixed", "/kind"),
        (json!({ "unit": "371702" }), "field_fixed", "/unit"),
        (json!({ "starts_on": "2025-12-05" }), "window_has_reports", "/starts_on"),
    ] {
        let problem = admin.patch(path, &body).await.problem(422, code);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    admin.patch(path, &json!({ "colour": 1 })).await.problem(400, "body_invalid");
    admin.patch("/campaigns/nothing", &json!({ "locked": true })).await.problem(404, "campaign_unknown");
    assert_eq!(admin.get("/campaigns").await.expect(200), before);
}

async fn a_campaign_changes_and_its_totals_follow(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (admin, path) = (app.by("admin"), "/campaigns/constitution-2025");
    put(&app, "371772001", "2025-12-04", 5).await;
    put(&app, "371772100", "2025-12-04", 6).await;
    assert_eq!(expected(&app).await, json!([4, 2]));
    let listed = json!({ "expected_units": ["371772001", "371772108"] });
    let changed = admin.patch(path, &listed).await.expect(200);
    assert_eq!(changed["expected_units"], json!(["371772001", "371772108"]));
    assert_eq!(expected(&app).await, json!([2, 1]), "what an unexpected unit sends is no completeness");
    assert_eq!(materials(&app, "371772").await, 11, "and still counts");
    app.assert_sound().await;
    admin.patch(path, &json!({ "expected_units": [] })).await.expect(200);
    assert_eq!(expected(&app).await, json!([4, 2]));
    let longer = json!({ "ends_on": "2025-12-10", "name": "宪法宣传周", "deadline": "17:00" });
    let changed = admin.patch(path, &longer).await.expect(200);
    assert_eq!((&changed["ends_on"], &changed["starts_on"]), (&json!("2025-12-10"), &json!("2025-12-01")));
    assert_eq!((&changed["name"], &changed["deadline"]), (&json!("宪法宣传周"), &json!("17:00")));
    app.set_clock("2025-12-09T17:30:00");
    let body = json!({ "items": [{ "measure": "materials", "count": 1 }] });
    let late = app.by("wanfu").put(&format!("{path}/tallies/371772001/2025-12-09"), &body).await.expect(201);
    assert_eq!(late["late"], true);
    let audit = app.database.stored().await.audit;
    assert_eq!(audit.iter().filter(|row| row.action == "campaign.update").count(), 3);
    app.assert_sound().await;
}

async fn a_unit_is_entered_and_found(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (admin, office) = (app.by("admin"), app.by("office"));
    let body =
        json!({ "code": "371772001002", "name": "桂陵社区", "kind": "village", "opened_on": "2025-12-05" });
    let answer = office.post("/units", &body).await;
    let unit = answer.expect(201);
    assert_eq!(answer.header("location"), "/api/v1/units/371772001002");
    assert_eq!(
        (&unit["parent"], &unit["order"]),
        (&json!("371772001"), &json!(0)),
        "the code names its parent"
    );
    assert_eq!(office.get("/units/371772001002").await.expect(200), unit);
    office
        .post("/units", &json!({ "code": "gx-court", "name": "法院", "parent": "371772", "order": -1 }))
        .await
        .expect(201);
    let codes = async |query: &str| -> Vec<String> {
        let list = admin.get(&format!("/units{query}")).await.expect(200);
        list["items"].as_array().unwrap().iter().map(|unit| unit["code"].as_str().unwrap().into()).collect()
    };
    let all =
        ["371772", "gx-court", "371772001", "371772001002", "371772100", "371772108", "gx-edu", "gx-school"];
    assert_eq!(codes("?under=371772").await, all, "administrative order, parents first");
    assert_eq!(codes("?q=%E7%A4%BE%E5%8C%BA").await, ["371772001002"], "part of a name");
    assert_eq!(codes("?q=371702").await, ["371702", "371702001"], "beginning of a code");
    assert_eq!(codes("?under=371772001&on=2025-12-04").await, ["371772001"]);
    let first = admin.get("/units?limit=3").await.expect(200);
    let rest = codes(&format!("?cursor={}", first["next"].as_str().unwrap())).await;
    assert_eq!((first["items"].as_array().unwrap().len(), rest.len()), (3, 7));
    admin.get("/units?cursor=nowhere").await.problem(422, "cursor_invalid");
    admin.get("/units?on=2025").await.problem(422, "date_invalid");
    admin.get("/units/nowhere").await.problem(404, "unit_out_of_scope");
    app.assert_sound().await;
}

async fn faults_of_a_unit_are_told(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.by("admin");
    let before = admin.get("/units").await.expect(200);
    for (body, code, pointer) in [
        (json!({ "name": "x" }), "field_missing", "/code"),
        (json!({ "code": "gx-1" }), "field_missing", "/name"),
        (json!({ "code": "a b", "name": "x" }), "code_invalid", "/code"),
        (json!({ "code": "单位", "name": "x" }), "code_invalid", "/code"),
        (json!({ "code": "gx-1", "name": "" }), "name_invalid", "/name"),
        (json!({ "code": "gx-1", "name": "长".repeat(101) }), "name_invalid", "/name"),
        (json!({ "code": "gx-1", "name": "x", "parent": "nowhere" }), "parent_unknown", "/parent"),
        (json!({ "code": "gx-1", "name": "x", "kind": "club" }), "kind_unknown", "/kind"),
        (json!({ "code": "gx-1", "name": "x", "opened_on": "1.12." }), "date_invalid", "/opened_on"),
        (
            json!({ "code": "gx-1", "name": "x", "opened_on": "2025-12-02", "closed_on": "2025-12-01" }),
            "closed_before_opened",
            "/closed_on",
        ),
    ] {
        let problem = admin.post("/units", &body).await.problem(422, code);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let taken = admin.post("/units", &json!({ "code": "gx-edu", "name": "x" })).await.expect(409);
    assert!(taken["code"].as_str().unwrap().contains("unit_code"), "{taken}");
    admin.patch("/units/gx-school", &json!({ "code": "gx-edu" })).await.expect(409);
    for parent in ["gx-edu", "gx-school"] {
        let circle = admin.patch("/units/gx-edu", &json!({ "parent": parent })).await;
        let problem = circle.problem(422, "parent_circular");
        assert_eq!(problem["errors"][0]["pointer"], "/parent");
    }
    assert_eq!(admin.get("/units").await.expect(200), before);
}

async fn a_unit_moves_and_its_totals_follow(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.by("admin");
    put(&app, "gx-school", "2025-12-04", 30).await;
    put(&app, "371772108", "2025-12-04", 5).await;
    assert_eq!(expected(&app).await, json!([4, 2]));
    admin.patch("/units/gx-school", &json!({ "parent": "371772108" })).await.expect(200);
    assert_eq!((materials(&app, "gx-edu").await, materials(&app, "371772108").await), (0, 35));
    assert_eq!(materials(&app, "371772").await, 35);
    assert_eq!(expected(&app).await, json!([4, 1]), "the department is a leaf now, the town is none");
    app.assert_sound().await;

    // A new code and name are the same unit.
    let renamed = json!({ "code": "gx-school-1", "name": "第一实验学校" });
    admin.patch("/units/gx-school", &renamed).await.expect(200);
    let path = "/campaigns/constitution-2025/tallies/gx-school-1/2025-12-04";
    assert_eq!(admin.get(path).await.expect(200)["items"][0]["count"], 30);
    admin.get("/units/gx-school").await.problem(404, "unit_out_of_scope");

    // Out of the drive's subtree its reports count no more; back in, they do.
    admin.patch("/units/gx-school-1", &json!({ "parent": "371702" })).await.expect(200);
    assert_eq!(materials(&app, "371772").await, 5);
    app.assert_sound().await;
    admin.patch("/units/gx-school-1", &json!({ "parent": "gx-edu", "order": 3 })).await.expect(200);
    assert_eq!((materials(&app, "371772").await, materials(&app, "gx-edu").await), (35, 30));
    admin.patch("/units/gx-school-1", &json!({ "parent": null })).await.expect(200);
    assert_eq!(admin.get("/units/gx-school-1").await.expect(200)["parent"], Value::Null);
    assert_eq!(materials(&app, "371772").await, 5);
    app.assert_sound().await;
}

async fn a_closed_unit_keeps_what_it_did(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.by("admin");
    put(&app, "371772001", "2025-12-03", 7).await;
    put(&app, "371772001", "2025-12-04", 9).await;
    let closed = admin.patch("/units/371772001", &json!({ "closed_on": "2025-12-03" })).await.expect(200);
    assert_eq!(closed["closed_on"], "2025-12-03");
    assert_eq!(materials(&app, "371772").await, 16);
    assert_eq!(expected(&app).await, json!([3, 0]));
    app.assert_sound().await;
    let path = "/campaigns/constitution-2025/tallies/371772001/2025-12-04";
    let body = json!({ "items": [{ "measure": "materials", "count": 8 }] });
    admin.put_over(path, &body, 1).await.problem(422, "unit_closed");
    admin.patch("/units/371772001", &json!({ "closed_on": null })).await.expect(200);
    admin.put_over(path, &body, 1).await.expect(200);
    assert_eq!((materials(&app, "371772").await, expected(&app).await), (15, json!([4, 1])));
    app.assert_sound().await;
}

async fn the_lists_of_codes_are_whole(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wanfu = app.by("wanfu");
    let codes = async |path: &str| -> Vec<String> {
        let list = wanfu.get(path).await.expect(200);
        assert!(list["items"].as_array().unwrap().iter().all(|i| i["name"] != "" && i["name_en"] != ""));
        list["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap().into()).collect()
    };
    assert_eq!(
        codes("/measures").await.join(" "),
        "materials banners boards consultations sessions audience volunteers posts screens desks vehicles gifts \
         messages households hazards_found hazards_fixed"
    );
    assert!(codes("/topics").await.contains(&"unspecified".into()));
    assert!(codes("/modes").await.contains(&"on_site".into()));
}
