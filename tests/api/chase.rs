//! Chasing: words before and after the deadline, who was asked when, and what is asked of a unit.

use crate::support::{Engine, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    words_are_kind_before_the_deadline_and_plain_after_it
    the_missing_are_put_together_by_unit_above_or_contact_group
    who_reports_leaves_the_list_and_who_was_asked_is_noted
    what_is_asked_of_a_unit_is_counted
    the_page_works_without_script
}

const MISSING: &str = "/campaigns/constitution-2025/missing";
const CHASES: &str = "/campaigns/constitution-2025/chases";

async fn zero(app: &TestApp, unit: &str, date: &str) {
    let path = format!("/campaigns/constitution-2025/tallies/{unit}/{date}");
    app.by("office").put(&path, &json!({ "zero": true })).await.expect(201);
}

async fn words_are_kind_before_the_deadline_and_plain_after_it(engine: Engine) {
    let app = TestApp::start_with(engine, crate::hooks::busy()).await;
    let office = app.by("office");
    let text = async |query: &str| {
        let view = office.get(&format!("{MISSING}{query}")).await.expect(200);
        (view["text"].as_str().unwrap().to_owned(), view)
    };
    let (said, view) = text("").await;
    assert!(
        said.starts_with("【上报提醒】2025年国家宪法日暨宪法宣传周12月4日应报 4 个单位，尚有 4 个未报："),
        "{said}"
    );
    assert!(said.contains("距截止时间（18:00）还有 8 小时，请按时上报"), "{said}");
    assert_eq!((&view["minutes_left"], &view["quiet"]), (&json!(480), &json!(false)));
    assert_eq!(view["deadline"], "2025-12-04T18:00:00+08:00");
    app.set_clock("2025-12-04T18:00:00");
    assert!(text("").await.0.contains("还有 不到 1 分钟"));
    app.set_clock("2025-12-04T18:00:01");
    let (said, view) = text("").await;
    assert!(said.starts_with("【催报】") && said.contains("已过截止时间（18:00），请尽快补报"), "{said}");
    assert_eq!(view["minutes_left"], -1);
    assert!(!said.contains("免打扰"));
    app.set_clock("2025-12-04T22:00:00");
    let (said, view) = text("").await;
    assert!(
        said.contains("现为免打扰时段（22:00–07:00），系统不自动发送催报；请各单位于 07:00 后处理。"),
        "{said}"
    );
    assert_eq!(view["quiet"], true);
    assert!(text("?date=2025-12-05").await.0.contains("还有 20 小时"));
    let english =
        office.get_with(MISSING, &[("accept", "text/plain"), ("accept-language", "en")]).await.text();
    assert!(english.starts_with("[Report due]") && english.contains("4 of 4 units"), "{english}");
    office.get(&format!("{MISSING}?by=rank")).await.problem(422, "by_unknown");
}

async fn the_missing_are_put_together_by_unit_above_or_contact_group(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (admin, office) = (app.by("admin"), app.by("office"));
    let group = |view: &Value| -> Vec<(String, Vec<String>)> {
        let groups = view["groups"].as_array().unwrap().iter();
        let codes = |group: &Value| {
            group["units"].as_array().unwrap().iter().map(|u| u.as_str().unwrap().into()).collect()
        };
        groups.map(|group| (group["name"].as_str().unwrap_or("-").into(), codes(group))).collect()
    };
    let towns = ["371772001", "371772100", "371772108"].map(String::from).to_vec();
    let school = vec!["gx-school".to_owned()];
    let view = office.get(&format!("{MISSING}?by=parent")).await.expect(200);
    assert_eq!(
        group(&view),
        [("菏泽高新区".to_owned(), towns.clone()), ("教体局".to_owned(), school.clone())]
    );
    let text = view["text"].as_str().unwrap();
    assert!(
        text.contains("\n菏泽高新区（3）：万福街道、吕陵镇、马岭岗镇\n教体局（1）：实验学校\n"),
        "{text}"
    );
    let own = view["groups"][1]["text"].as_str().unwrap();
    assert!(own.contains("教体局尚有 1 个单位未报：实验学校") && !own.contains("万福街道"), "{own}");
    assert!(office.get(MISSING).await.expect(200)["groups"].is_null(), "one list unless asked");

    // A contact group is noted at a unit and holds for those under it.
    let put = async |who: &str, code: &str, label: &str| {
        app.by(who).put(&format!("/units/{code}/liaison"), &json!({ "label": label })).await
    };
    put("office", "gx-edu", "教育系统群").await.expect(200);
    put("office", "371772100", " 乡镇联络群 ").await.expect(200);
    put("viewer", "gx-edu", "x").await.problem(403, "forbidden");
    put("mudan", "gx-edu", "x").await.problem(404, "unit_out_of_scope");
    put("office", "gx-edu", "张三 13800138000").await.problem(422, "personal_data");
    put("office", "gx-edu", &"群".repeat(31)).await.problem(422, "name_invalid");
    let view = office.get(&format!("{MISSING}?by=liaison")).await.expect(200);
    let none = vec!["371772001".to_owned(), "371772108".to_owned()];
    assert_eq!(
        group(&view),
        [
            ("-".to_owned(), none),
            ("乡镇联络群".to_owned(), vec!["371772100".into()]),
            ("教育系统群".to_owned(), school)
        ]
    );
    assert!(view["text"].as_str().unwrap().contains("未设联络群（2）"));
    let listed = office.get("/liaisons").await.expect(200);
    assert_eq!(
        listed["items"],
        json!([{ "unit": "371772100", "label": "乡镇联络群" }, { "unit": "gx-edu", "label": "教育系统群" }])
    );
    put("office", "gx-edu", "").await.expect(200);
    assert_eq!(admin.get("/liaisons?unit=gx-edu").await.expect(200)["items"], json!([]));
    app.assert_sound().await;
}

async fn who_reports_leaves_the_list_and_who_was_asked_is_noted(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let body = json!({ "date": "2025-12-04", "channel": "wechat" });
    for (who, status, code) in
        [("viewer", 403, "forbidden"), ("wanfu", 403, "forbidden"), ("mudan", 404, "campaign_unknown")]
    {
        app.by(who).post(CHASES, &body).await.problem(status, code);
    }
    let noted = office.post(CHASES, &body).await.expect(201);
    assert_eq!(noted["units"], json!(["371772001", "371772100", "371772108", "gx-school"]));
    assert_eq!((&noted["by"], &noted["at"]), (&json!("office"), &json!("2025-12-04T10:00:00+08:00")));
    zero(&app, "371772001", "2025-12-04").await;
    app.set_clock("2025-12-04T11:00:00");
    let some = json!({ "channel": "phone", "units": ["371772100"] });
    assert_eq!(app.by("reviewer").post(CHASES, &some).await.expect(201)["units"], json!(["371772100"]));
    let view = office.get(MISSING).await.expect(200);
    let asked: Vec<_> = view["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["unit"], &one["asked"], &one["asked_at"]))
        .collect();
    assert_eq!(
        asked,
        [
            (&json!("371772100"), &json!(2), &json!("2025-12-04T11:00:00+08:00")),
            (&json!("371772108"), &json!(1), &json!("2025-12-04T10:00:00+08:00")),
            (&json!("gx-school"), &json!(1), &json!("2025-12-04T10:00:00+08:00")),
        ]
    );
    assert_eq!(office.get(&format!("{MISSING}?date=2025-12-03")).await.expect(200)["items"][0]["asked"], 0);

    for (body, code) in [
        (json!({}), "field_missing"),
        (json!({ "channel": "pigeon" }), "channel_unknown"),
        (json!({ "channel": "phone", "units": ["371772001"] }), "unit_not_missing"),
        (json!({ "channel": "phone", "units": ["nowhere"] }), "unit_not_missing"),
        (json!({ "channel": "phone", "units": [] }), "chase_nobody"),
        (json!({ "channel": "phone", "date": "2025-12-09" }), "day_outside_window"),
        (json!({ "channel": "phone", "unit": "371772001" }), "chase_nobody"),
    ] {
        office.post(CHASES, &body).await.problem(422, code);
    }
    let list = office.get(CHASES).await.expect(200);
    let channels: Vec<_> = list["items"].as_array().unwrap().iter().map(|one| &one["channel"]).collect();
    assert_eq!((channels, &list["next"]), (vec![&json!("phone"), &json!("wechat")], &Value::Null));
    let school = office.get(&format!("{CHASES}?unit=gx-edu")).await.expect(200);
    assert_eq!(school["items"].as_array().unwrap().len(), 1);
    assert_eq!(school["items"][0]["units"], json!(["gx-school"]), "only what lies under the unit asked for");
    assert_eq!(office.get(&format!("{CHASES}?date=2025-12-03")).await.expect(200)["items"], json!([]));
    app.by("viewer").get(CHASES).await.problem(403, "forbidden");
    let audit = app.database.stored().await.audit;
    assert_eq!(audit.iter().filter(|row| row.action == "chase.create").count(), 2);
    app.assert_sound().await;
}

async fn what_is_asked_of_a_unit_is_counted(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let other = json!({ "kind": "custom", "id": "other", "year": 2025, "starts_on": "2025-12-04", "ends_on": "2025-12-05",
        "unit": "371772", "expected_units": ["gx-school"] });
    app.by("admin").post("/campaigns", &other).await.expect(201);
    app.by("admin").patch("/units/371772108", &json!({ "opened_on": "2025-12-03" })).await.expect(200);
    for date in ["2025-12-03", "2025-12-04"] {
        office.post(CHASES, &json!({ "date": date, "channel": "wechat" })).await.expect(201);
    }
    office.post(CHASES, &json!({ "channel": "phone", "units": ["gx-school"] })).await.expect(201);
    let view = office.get("/campaigns/constitution-2025/burden").await.expect(200);
    assert_eq!(view["measures"], 13);
    let row = |item: &Value| {
        (
            item["name"].as_str().unwrap().to_owned(),
            ["demanded", "asked", "drives_today"].map(|name| item[name].as_u64().unwrap()),
        )
    };
    let rows: Vec<_> = view["items"].as_array().unwrap().iter().map(row).collect();
    assert_eq!(
        rows,
        [
            ("万福街道".to_owned(), [4, 2, 1]),
            ("吕陵镇".to_owned(), [4, 2, 1]),
            ("马岭岗镇".to_owned(), [2, 2, 1]),
            ("实验学校".to_owned(), [4, 3, 2]),
        ],
        "in administrative order, whatever the burden"
    );
    let own = app.by("wanfu").get("/campaigns/constitution-2025/burden").await.expect(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 1, "a unit sees its own");
    office.get("/campaigns/constitution-2025/burden?cursor=x").await.problem(422, "cursor_invalid");
}

async fn the_page_works_without_script(engine: Engine) {
    let app = TestApp::start(engine).await;
    let page = async |who: &str, query: &str| {
        app.by(who)
            .send(Method::GET, &format!("/campaigns/constitution-2025/missing{query}"), &[], None)
            .await
    };
    let board = app.by("office").send(Method::GET, "/campaigns/constitution-2025", &[], None).await.text();
    assert!(
        board.contains("/campaigns/constitution-2025/missing?unit=371772&#38;date=2025-12-04")
            || board.contains("/campaigns/constitution-2025/missing?unit=371772&amp;date=2025-12-04"),
        "{board}"
    );
    let shown = page("office", "?by=parent").await;
    assert_eq!(shown.status, 200);
    let shown = shown.text();
    for words in
        ["【上报提醒】", "教体局尚有 1 个单位未报", "已发送，记一笔", "当日还没有催报记录", "菏泽高新区（3）"]
    {
        assert!(shown.contains(words), "no {words}");
    }
    assert!(!shown.contains("<script>") && shown.contains("readonly"));
    assert!(!page("viewer", "").await.text().contains("记一笔"), "who may not note is not offered to");
    assert_eq!(page("office", "?by=rank").await.status, 422);
    assert_eq!(page("mudan", "").await.status, 404);

    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = "unit=371772&date=2025-12-04&by=parent&channel=wechat".to_owned().into_bytes();
    let path = "/campaigns/constitution-2025/missing";
    let sent = app.by("office").send(Method::POST, path, &form, Some(body.clone())).await;
    assert_eq!(
        (sent.status, sent.header("location")),
        (303, "/campaigns/constitution-2025/missing?unit=371772&date=2025-12-04&by=parent&noted=1")
    );
    let shown = page("office", "?noted=1").await.text();
    for words in ["已记下", "已提醒 1 次", "微信群", "4 个单位", "2025-12-04 10:00"] {
        assert!(shown.contains(words), "no {words}");
    }
    assert_eq!(app.by("viewer").send(Method::POST, path, &form, Some(body)).await.status, 403);
    let english = app.by("office").send(Method::GET, &format!("{path}?lang=en"), &[], None).await.text();
    assert!(english.contains("Sent: note it") && english.contains("asked 1 times"), "{english}");
}
