//! Files of reports and units: what is understood, what is refused, and that it is all or nothing.

use crate::support::{Answer, Client, Engine, TestApp, total};
use reqwest::Method;
use serde_json::{Value, json};

#[path = "../../src/sheet/forge_tests.rs"]
pub(crate) mod forge;

use forge::{Forge, row};

on_both! {
    a_sheet_of_all_units_is_taken_in_whole
    a_preview_stores_nothing_and_tells_the_difference
    what_a_file_does_not_speak_of_stays
    faults_are_told_by_place_and_nothing_is_stored
    a_file_reaches_no_further_than_its_sender
    figures_of_people_in_every_encoding_and_form
    units_come_from_a_file
    units_are_refused_whole
    a_changed_report_is_judged_again
}

const CSV: (&str, &str) = ("content-type", "text/csv");
const XLSX: (&str, &str) =
    ("content-type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
const REPORTS: &str = "/api/v1/campaigns/constitution-2025/tallies/import";

pub(crate) async fn post(
    client: &Client,
    path: &str,
    kind: (&str, &str),
    body: impl Into<Vec<u8>>,
) -> Answer {
    client.send(Method::POST, path, &[kind], Some(body.into())).await
}

async fn import(client: &Client, csv: &str) -> Answer {
    // A correction after the deadline says why.
    post(client, &format!("{REPORTS}?reason=recount"), CSV, csv).await
}

fn counts(view: &Value) -> (u64, u64, u64) {
    let count = |name: &str| view[name].as_u64().unwrap();
    (count("new"), count("changed"), count("same"))
}

async fn sum(client: &Client, measure: &str) -> (i64, i64, i64) {
    total(&client.totals("371772", "").await, |item| item["measure"] == measure)
}

const SHEET: &str = "宪法宣传周统计表\n单位,日期,宣传资料,,横幅,咨询人次\n,,《宪法》,《民法典》,,\n\
    万福街道,12月1日,\"1,200份\",300,6,14\n吕陵镇,2025-12-01,4万余,,2,\n马岭岗镇,2025年12月2日,５０,,,\n实验学校,12月2日,,,,\n\
    合计,,41250,300,8,14\n";

async fn a_sheet_of_all_units_is_taken_in_whole(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let view = import(&office, SHEET).await.expect(200);
    assert_eq!((counts(&view), &view["blank"], &view["dry_run"]), ((3, 0, 0), &json!(1), &json!(false)));
    assert_eq!(view["warnings"], json!([]));
    assert_eq!(sum(&office, "materials").await, (41_550, 41_550, 51_549));
    assert_eq!(sum(&office, "consultations").await, (14, 14, 14));
    let path = "/campaigns/constitution-2025/tallies/371772001/2025-12-01";
    let tally = office.get(path).await.expect(200);
    assert_eq!(
        (&tally["channel"], &tally["on_behalf"], &tally["late"]),
        (&json!("import"), &json!(true), &json!(true))
    );
    assert_eq!(
        tally["items"][0],
        json!({ "measure": "materials", "title": "《宪法》", "count": 1200, "bound": "exact" })
    );
    app.assert_sound().await;

    let before = app.database.stored().await;
    let again = import(&office, SHEET).await.expect(200);
    assert_eq!(counts(&again), (0, 0, 3));
    assert_eq!(app.database.stored().await, before, "the same file again changes nothing");
    assert_eq!(
        office.get(&format!("{path}/versions")).await.expect(200)["items"].as_array().unwrap().len(),
        1
    );
}

async fn a_preview_stores_nothing_and_tells_the_difference(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    import(&office, "单位,日期,横幅\n万福街道,12月1日,6\n吕陵镇,12月1日,7\n").await.expect(200);
    let before = app.database.stored().await;
    let csv =
        "单位,日期,横幅\n吕陵镇,12月1日,7\n万福街道,12月1日,近20\n马岭岗镇,12月1日,1\n无此镇,12月1日,1\n";
    let silent = post(&office, &format!("{REPORTS}?dry_run=1"), CSV, csv).await.expect(200);
    assert!(
        silent["errors"].as_array().unwrap().iter().any(|error| error["code"] == "reason_required"),
        "{silent}"
    );
    let view = post(&office, &format!("{REPORTS}?dry_run=1&reason=recount"), CSV, csv).await.expect(200);
    assert_eq!((counts(&view), &view["dry_run"]), ((1, 1, 1), &json!(true)));
    let item = |n: usize| &view["items"][n];
    assert_eq!(
        (&item(0)["name"], &item(0)["change"], &item(0)["row"]),
        (&json!("万福街道"), &json!("changed"), &json!(3))
    );
    let banners = |count: u32, bound: &str| json!([{ "measure": "banners", "count": count, "bound": bound }]);
    assert_eq!(item(0)["before"]["items"], banners(6, "exact"));
    assert_eq!(item(0)["after"]["items"], banners(20, "under"));
    assert_eq!((&item(1)["change"], &item(1)["before"]), (&json!("new"), &json!(null)));
    assert_eq!(item(2)["change"], "same");
    let error = &view["errors"][0];
    assert_eq!(
        (&error["row"], &error["column"], &error["cell"], &error["code"]),
        (&json!(5), &json!(1), &json!("A5"), &json!("unit_unknown"))
    );
    assert_eq!(app.database.stored().await, before);
}

async fn what_a_file_does_not_speak_of_stays(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let path = "/campaigns/constitution-2025/tallies/371772001/2025-12-03";
    let body = json!({ "items": [{ "measure": "banners", "count": 6 }], "note": "雨",
        "consultations": [{ "topic": "labour", "mode": "on_site", "person_times": 10 }] });
    office.put(path, &body).await.expect(201);
    let csv =
        "单位,日期,主题,方式,人次\n万福街道,12月3日,婚姻家庭,电话,4\n万福街道,12月3日,labour,on_site,11\n";
    assert_eq!(counts(&import(&office, csv).await.expect(200)), (0, 1, 0));
    let tally = office.get(path).await.expect(200);
    assert_eq!(
        (&tally["items"][0]["count"], &tally["note"], &tally["version"]),
        (&json!(6), &json!("雨"), &json!(2))
    );
    assert_eq!(tally["consultations"].as_array().unwrap().len(), 2);
    // A total that the records add up to leaves their topics alone; another one replaces them.
    let same = "单位,日期,横幅,咨询人次\n万福街道,12月3日,6,15\n";
    assert_eq!(counts(&import(&office, same).await.expect(200)), (0, 0, 1));
    assert_eq!(counts(&import(&office, &same.replace("15", "16")).await.expect(200)), (0, 1, 0));
    let tally = office.get(path).await.expect(200);
    let plain =
        json!([{ "topic": "unspecified", "mode": "unspecified", "person_times": 16, "bound": "exact" }]);
    assert_eq!(tally["consultations"], plain);
    // The order of columns is no difference.
    import(&office, "单位,日期,横幅,展板\n万福街道,12月3日,6,2\n").await.expect(200);
    assert_eq!(
        counts(&import(&office, "单位,日期,展板,横幅\n万福街道,12月3日,2,6\n").await.expect(200)),
        (0, 0, 1)
    );
    // A zero report takes everything away, and is one.
    import(&office, "单位,日期,横幅,零报告\n万福街道,12月3日,,是\n").await.expect(200);
    let tally = office.get(path).await.expect(200);
    assert_eq!(
        (&tally["zero"], &tally["items"], &tally["consultations"]),
        (&json!(true), &json!([]), &json!([]))
    );
    app.assert_sound().await;
}

async fn faults_are_told_by_place_and_nothing_is_stored(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let before = app.database.stored().await;
    let csv = "单位,日期,宣传资料,横幅,备注\n万福街道,12月1日,5,6,\n吕陵镇,04/12/2025,5,6,\n无此镇,12月1日,5,6,\n\
        马岭岗镇,12月9日,5,6,\n马岭岗镇,12月5日,1.5,-6,\n实验学校,12月1日,若干,3,电话13812345678\n东城街道,12月1日,1,1,\n";
    let answer = import(&office, csv).await;
    let problem = answer.problem(422, "date_ambiguous");
    let found: Vec<(String, String)> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["cell"].as_str().unwrap().into(), error["code"].as_str().unwrap().into()))
        .collect();
    let wanted = [
        ("B3", "date_ambiguous"),
        ("A4", "unit_unknown"),
        ("B5", "day_outside_window"),
        ("B6", "day_in_future"),
        ("C7", "count_not_a_number"),
        ("E7", "personal_data"),
        ("A8", "unit_unknown"),
    ];
    assert_eq!(found, wanted.map(|(cell, code)| (cell.to_owned(), code.to_owned())));
    assert_eq!((&problem["errors"][0]["row"], &problem["errors"][0]["column"]), (&json!(3), &json!(2)));
    assert!(!problem["errors"][3]["message"].as_str().unwrap().starts_with("error-"), "{problem}");
    for (csv, code) in [
        ("单位,日期,展版\n万福街道,12月1日,5\n", "column_unknown"),
        ("单位,宣传资料\n万福街道,5\n", "column_missing_date"),
        ("", "sheet_empty"),
    ] {
        import(&office, csv).await.problem(422, code);
    }
    post(&office, REPORTS, ("content-type", "image/png"), "x").await.problem(415, "media_type");
    post(&office, &format!("{REPORTS}?dry_run=perhaps"), CSV, "x").await.problem(422, "flag_invalid");
    let dated =
        post(&office, &format!("{REPORTS}?date=2025-12-01&dry_run=1"), CSV, "单位,横幅\n万福街道,5\n").await;
    assert_eq!(dated.expect(200)["items"][0]["date"], "2025-12-01");
    assert_eq!(app.database.stored().await, before, "all or nothing");
    office.patch("/campaigns/constitution-2025", &json!({ "locked": true })).await.expect(200);
    import(&office, SHEET).await.problem(409, "campaign_locked");
}

async fn a_file_reaches_no_further_than_its_sender(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.database.stored().await;
    let both = "单位,日期,横幅\n万福街道,12月1日,6\n吕陵镇,12月1日,7\n";
    import(&app.by("wanfu"), both).await.problem(422, "unit_unknown");
    import(&app.by("viewer"), both).await.problem(422, "unit_not_yours");
    import(&app.by("mudan"), both).await.problem(404, "campaign_unknown");
    import(&app.nobody(), both).await.problem(401, "unauthenticated");
    let units = "/api/v1/units/import";
    for who in ["wanfu", "viewer", "reviewer"] {
        post(&app.by(who), units, CSV, "code,name\n371772009,新街道\n").await.problem(422, "unit_not_yours");
    }
    post(&app.by("office"), units, CSV, "code,name\n371702009,别处街道\n")
        .await
        .problem(422, "unit_not_yours");
    post(&app.by("office"), units, CSV, "code,name\n51,四川\n").await.problem(422, "unit_not_yours");
    assert_eq!(app.database.stored().await, before);
    let own =
        import(&app.by("wanfu"), "单位代码,单位,日期,横幅\n371772001,万福街道,12月1日,6\n").await.expect(200);
    assert_eq!(counts(&own), (1, 0, 0));
    let tally =
        app.by("wanfu").get("/campaigns/constitution-2025/tallies/371772001/2025-12-01").await.expect(200);
    assert_eq!((&tally["on_behalf"], &tally["channel"]), (&json!(false), &json!("import")));
}

async fn figures_of_people_in_every_encoding_and_form(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let gb = encoding_rs::GB18030.encode(SHEET).0.into_owned();
    assert_eq!(counts(&post(&office, REPORTS, CSV, gb).await.expect(200)), (3, 0, 0));
    for text in [
        format!("\u{FEFF}{SHEET}"),
        SHEET.replace("\"1,200份\"", "1200").replace(',', "\t"),
        SHEET.replace("\"1,200份\"", "1200").replace(',', ";"),
    ] {
        assert_eq!(counts(&import(&office, &text).await.expect(200)), (0, 0, 3));
    }
    let data = [
        row(1, &["宪法宣传周统计表"]),
        row(2, &["单位", "日期", "宣传资料", "", "横幅", "咨询人次"]),
        row(3, &["", "", "《宪法》", "《民法典》"]),
        row(4, &["万福街道", "45992", "1200", "300", "6", "14"]),
        row(5, &["吕陵镇", "2025-12-1", "4万余", "", "2", ""]),
        row(6, &["马岭岗镇", "45993", "50"]),
        row(7, &["合 计", "", "41250", "300", "8", "14"]),
    ];
    let merges = ["A1:F1", "A2:A3", "B2:B3", "C2:D2", "E2:E3", "F2:F3"];
    let merges: String = merges.iter().map(|area| format!(r#"<mergeCell ref="{area}"/>"#)).collect();
    let forge =
        Forge::sheet(&format!("<sheetData>{}</sheetData><mergeCells>{merges}</mergeCells>", data.concat()));
    let view = post(&office, REPORTS, XLSX, forge.bytes()).await.expect(200);
    assert_eq!((counts(&view), &view["warnings"]), ((0, 0, 3), &json!([])));
    // The calendar of 1904.
    let early = "<sheetData>".to_owned()
        + &row(1, &["单位", "日期", "横幅"])
        + &row(2, &["实验学校", "44530", "9"])
        + "</sheetData>";
    let early = Forge::book(&[("Sheet1", "", &early)], r#"<workbookPr date1904="1"/>"#);
    assert_eq!(counts(&post(&office, REPORTS, XLSX, early.bytes()).await.expect(200)), (1, 0, 0));
    office.get("/campaigns/constitution-2025/tallies/gx-school/2025-12-01").await.expect(200);
    app.assert_sound().await;
}

async fn units_come_from_a_file(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.by("admin");
    let units = "/api/v1/units/import";
    // Below before above, parents by code and by column, kinds by code and by name.
    let csv = "code,name,parent,kind,order\n371772001001,万福社区,,,\n37,山东省,,,\n3717,菏泽市,,,\ngx-law,司法所,371772,部门,9\n\
        gx-law-1,普法股,gx-law,,\n371772100,吕陵镇政府,,,\n371772108,马岭岗镇,,,\n";
    let dry = post(&admin, &format!("{units}?dry_run=1"), CSV, csv).await.expect(200);
    assert_eq!((counts(&dry), &dry["errors"]), ((5, 1, 1), &json!([])));
    assert_eq!(admin.get("/units?limit=200").await.expect(200)["items"].as_array().unwrap().len(), 8);
    let view = post(&admin, units, CSV, csv).await.expect(200);
    assert_eq!(counts(&view), (5, 1, 1));
    let unit = async |code: &str| admin.get(&format!("/units/{code}")).await.expect(200);
    let village = unit("371772001001").await;
    assert_eq!((&village["parent"], &village["kind"]), (&json!("371772001"), &json!("village")));
    assert_eq!((&unit("3717").await["parent"], &unit("37").await["parent"]), (&json!("37"), &json!(null)));
    let law = unit("gx-law").await;
    assert_eq!(
        (&law["parent"], &law["kind"], &law["order"]),
        (&json!("371772"), &json!("department"), &json!(9))
    );
    assert_eq!(unit("gx-law-1").await["parent"], "gx-law");
    assert_eq!(
        (&unit("371772100").await["name"], &unit("371772100").await["kind"]),
        (&json!("吕陵镇政府"), &json!("town"))
    );
    let before = app.database.stored().await;
    assert_eq!(counts(&post(&admin, units, CSV, csv).await.expect(200)), (0, 0, 7));
    assert_eq!(app.database.stored().await, before, "the same file again changes nothing");
    assert!(before.audit.iter().any(|entry| entry.action == "unit.import"));
    // The new village is expected in place of the subdistrict above it.
    let whole =
        admin.get("/campaigns/constitution-2025/completeness?unit=371772&date=2025-12-04").await.expect(200);
    assert_eq!(whole["expected"], 5, "{whole}");
    app.assert_sound().await;
}

async fn units_are_refused_whole(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.by("admin");
    let before = app.database.stored().await;
    let units = "/api/v1/units/import";
    let csv = "code,name,parent\na,甲,b\nb,乙,a\nc,丙,nowhere\nd,,\n371772,高新区,gx-school\n";
    let problem = post(&admin, units, CSV, csv).await;
    let found = problem.expect(422);
    let codes: Vec<&str> =
        found["errors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["parent_circular", "parent_unknown", "name_invalid", "parent_circular"], "{found}");
    assert_eq!(app.database.stored().await, before);
}

/// Somebody reports while a file is read: the file is judged by what is there when it is stored.
async fn a_changed_report_is_judged_again(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let sheet: String =
        (1..=3).map(|day| format!("万福街道,12月{day}日,5\n吕陵镇,12月{day}日,6\n")).collect();
    let sheet = format!("单位,日期,横幅\n{sheet}");
    let wanfu = app.by("wanfu");
    let path = "/campaigns/constitution-2025/tallies/371772001/2025-12-02";
    let body = json!({ "items": [{ "measure": "banners", "count": 9 }] });
    let (one, other, put) =
        tokio::join!(import(&office, &sheet), import(&office, &sheet), wanfu.put(path, &body));
    one.expect(200);
    other.expect(200);
    assert!(matches!(put.status, 201 | 428), "{}", put.text());
    let versions = office.get(&format!("{path}/versions")).await.expect(200);
    assert!(versions["items"].as_array().unwrap().len() <= 2, "{versions}");
    app.assert_sound().await;
}
