//! Files of figures: what is in them, who gets them, and that they come back as they were.

use crate::import::post;
use crate::support::{Answer, Client, Engine, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

on_both! {
    reports_go_out_and_come_back_as_they_were
    a_flat_table_has_a_row_a_figure
    a_workbook_has_totals_a_chart_and_a_picture
    everybody_gets_what_is_theirs
    a_template_that_is_filled_in_comes_back
}

const BASE: &str = "/campaigns/constitution-2025";
const IMPORT: &str = "/api/v1/campaigns/constitution-2025/tallies/import";
const CSV: (&str, &str) = ("content-type", "text/csv");
const XLSX: (&str, &str) =
    ("content-type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");

/// Reports with everything that can be in one.
async fn fill(app: &TestApp) {
    let office = app.by("office");
    let all = json!({ "items": [
            { "measure": "materials", "title": "《宪法》", "count": 1200 },
            { "measure": "materials", "title": "小计", "count": 3 },
            { "measure": "materials", "title": "Leaflet A,1", "count": 40000, "bound": "over" },
            { "measure": "materials", "count": 7 }, { "measure": "banners", "title": "横幅", "count": 500, "bound": "under" },
            { "measure": "boards", "count": 0 } ],
        "consultations": [ { "topic": "labour", "mode": "on_site", "person_times": 14 },
            { "topic": "other", "person_times": 300, "bound": "about" }, { "person_times": 2 } ],
        "note": "=1+1，\"引号\"\n第二行" });
    office.put(&format!("{BASE}/tallies/371772001/2025-12-01"), &all).await.expect(201);
    office.put(&format!("{BASE}/tallies/371772100/2025-12-01"), &json!({ "zero": true })).await.expect(201);
    let plain = json!({ "items": [{ "measure": "banners", "count": 6 }] });
    office.put(&format!("{BASE}/tallies/gx-school/2025-12-02"), &plain).await.expect(201);
}

async fn again(client: &Client, kind: (&str, &str), file: &Answer) -> (u64, u64, u64, Value) {
    let view = post(client, &format!("{IMPORT}?dry_run=1"), kind, file.body.clone()).await.expect(200);
    assert_eq!(view["errors"], json!([]), "{view}");
    let count = |name: &str| view[name].as_u64().unwrap();
    (count("new"), count("changed"), count("same"), view["items"].clone())
}

async fn reports_go_out_and_come_back_as_they_were(engine: Engine) {
    let app = TestApp::start(engine).await;
    fill(&app).await;
    let office = app.by("office");
    for lang in ["zh-CN", "en"] {
        for (name, kind) in [("export.csv", CSV), ("export.xlsx", XLSX), ("flat.csv", CSV)] {
            let file = office.get(&format!("{BASE}/{name}?lang={lang}")).await;
            assert_eq!(file.status, 200, "{}", file.text());
            assert!(file.header("content-disposition").contains(&format!("constitution-2025-{name}")));
            let (new, changed, same, items) = again(&office, kind, &file).await;
            assert_eq!((new, changed, same), (0, 0, 3), "{name} {lang}: {items}");
            let twice = office.get(&format!("{BASE}/{name}?lang={lang}")).await;
            assert!(twice.body == file.body, "{name}: the same data gives the same bytes");
        }
    }
    let csv = office.get(&format!("{BASE}/export.csv")).await.text();
    let head = "\u{FEFF}单位代码,单位,日期,宣传资料,\"宣传资料:Leaflet A,1\",宣传资料《宪法》,宣传资料:小计,";
    assert!(csv.starts_with(head), "{csv}");
    // Every line ends as Excel writes it; the one break inside a note is its own.
    assert_eq!(csv.matches('\n').count(), csv.matches("\r\n").count() + 1, "{csv}");
    assert!(csv.contains("\"'=1+1，\"\"引号\"\"\n第二行\""), "{csv}");
    assert!(csv.contains("40000余") && csv.contains("近500") && csv.contains(",1200,"), "{csv}");
    let whole = office.get(&format!("{BASE}/export.json")).await.expect(200);
    assert_eq!((&whole["format"], &whole["campaign"]["id"]), (&json!(1), &json!("constitution-2025")));
    assert_eq!(whole["tallies"].as_array().unwrap().len(), 3);
    assert_eq!(whole["totals"], office.get(&format!("{BASE}/totals")).await.expect(200));
}

async fn a_flat_table_has_a_row_a_figure(engine: Engine) {
    let app = TestApp::start(engine).await;
    fill(&app).await;
    let rows = app.by("viewer").get(&format!("{BASE}/flat.json")).await.expect(200);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 11);
    let row = rows.iter().find(|row| row["title"] == "Leaflet A,1").unwrap();
    let wanted = json!({ "campaign": "constitution-2025", "year": 2025, "date": "2025-12-01", "unit_code": "371772001",
        "unit_name": "万福街道", "parent": "371772", "measure": "materials", "title": "Leaflet A,1", "topic": "", "mode": "",
        "count": 40000, "low": 40000, "high": 49999, "exact": false, "bound": "over", "zero": false, "state": "submitted" });
    assert_eq!(*row, wanted);
    let zero = rows.iter().find(|row| row["unit_code"] == "371772100").unwrap();
    assert_eq!((&zero["zero"], &zero["count"], &zero["measure"]), (&json!(true), &json!(null), &json!("")));
    let csv = app.by("viewer").get(&format!("{BASE}/flat.csv")).await.text();
    assert_eq!(csv.split("\r\n").count(), 13, "a heading, eleven rows and an end");
    assert!(csv.contains("constitution-2025,2025,2025-12-01,371772001,万福街道,371772,consultations,,labour,on_site,14,14,14,true,exact,false,submitted"), "{csv}");
}

fn part(file: &[u8], name: &str) -> String {
    let mut archive = ZipArchive::new(Cursor::new(file)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap_or_else(|_| panic!("{name}")).read_to_string(&mut text).unwrap();
    text
}

async fn a_workbook_has_totals_a_chart_and_a_picture(engine: Engine) {
    let app = TestApp::start(engine).await;
    fill(&app).await;
    let file = app.by("office").get(&format!("{BASE}/export.xlsx")).await;
    let book = part(&file.body, "xl/workbook.xml");
    for name in ["填报明细", "汇总", "按日", "走势", "同比"] {
        assert!(book.contains(&format!("name=\"{name}\"")), "{book}");
    }
    let reports = part(&file.body, "xl/worksheets/sheet1.xml");
    assert!(
        reports.contains("<mergeCell ")
            && reports.contains("<pane xSplit=\"3\" ySplit=\"3\"")
            && reports.contains("<v>1200</v>")
    );
    assert!(!reports.contains("<f>"), "a note is never a formula");
    assert!(part(&file.body, "xl/charts/chart1.xml").contains("按日"));
    let mut archive = ZipArchive::new(Cursor::new(&file.body[..])).unwrap();
    let mut png = Vec::new();
    archive.by_name("xl/media/image1.png").unwrap().read_to_end(&mut png).unwrap();
    let drawn = app.by("office").get(&format!("{BASE}/charts/year-over-year.png?unit=371772")).await;
    assert!(png == drawn.body, "the picture is the one that is drawn");
}

async fn everybody_gets_what_is_theirs(engine: Engine) {
    let app = TestApp::start(engine).await;
    fill(&app).await;
    for name in ["export.csv", "export.json", "export.xlsx", "flat.csv", "flat.json", "template.xlsx"] {
        app.by("mudan").get(&format!("{BASE}/{name}")).await.problem(404, "campaign_unknown");
        app.by("wanfu").get(&format!("{BASE}/{name}?unit=371772100")).await.problem(404, "unit_out_of_scope");
        app.nobody().get(&format!("{BASE}/{name}")).await.problem(401, "unauthenticated");
    }
    let own = app.by("wanfu").get(&format!("{BASE}/flat.json")).await.expect(200);
    assert!(own.as_array().unwrap().iter().all(|row| row["unit_code"] == "371772001"), "{own}");
    let own = app.by("edu").get(&format!("{BASE}/export.json")).await.expect(200);
    let units: Vec<&Value> = own["tallies"].as_array().unwrap().iter().map(|tally| &tally["unit"]).collect();
    assert_eq!(units, ["gx-school"]);
    app.by("office").get(&format!("{BASE}/template.xlsx?of=pictures")).await.problem(422, "template_unknown");
    app.by("office").get(&format!("{BASE}/export.pdf")).await.problem(404, "route_unknown");
}

/// Fills cells of the first sheet in, as a person would.
fn filled(file: &[u8], cells: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(file)).unwrap();
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if name == "xl/worksheets/sheet1.xml" {
            let mut text = String::from_utf8(bytes).unwrap();
            for (place, value) in cells {
                let start =
                    text.find(&format!("<c r=\"{place}\"")).unwrap_or_else(|| panic!("{place}: {text}"));
                let end = start + text[start..].find('>').unwrap() + 1;
                let cell = match value.parse::<f64>() {
                    Ok(_) => format!("<c r=\"{place}\"><v>{value}</v></c>"),
                    Err(_) => format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{value}</t></is></c>"),
                };
                assert!(text[start..end].ends_with("/>"), "{place} is not blank: {text}");
                text.replace_range(start..end, &cell);
            }
            bytes = text.into_bytes();
        }
        out.start_file(name, SimpleFileOptions::default()).unwrap();
        out.write_all(&bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

async fn a_template_that_is_filled_in_comes_back(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let template = office.send(Method::GET, &format!("/api/v1{BASE}/template.xlsx"), &[], None).await;
    assert_eq!(template.status, 200, "{}", template.text());
    let sheet = part(&template.body, "xl/worksheets/sheet1.xml");
    for wanted in ["hidden=\"1\"", "type=\"date\"", "type=\"whole\"", "type=\"list\"", "ySplit=\"3\""] {
        assert!(sheet.contains(wanted), "{wanted}: {sheet}");
    }
    // As it is, it reports nothing.
    let view = post(&office, IMPORT, XLSX, template.body.clone()).await.expect(200);
    assert_eq!((&view["new"], &view["blank"]), (&json!(0), &json!(4)), "{view}");
    // Four units, each a row from the fourth on; the day is today's. D is 《宪法》, I materials without a title.
    let bytes = filled(&template.body, &[("D4", "1200"), ("I4", "5"), ("J5", "14"), ("D6", "4万余份")]);
    let view = post(&office, IMPORT, XLSX, bytes.clone()).await.expect(200);
    assert_eq!(
        (&view["new"], &view["blank"], &view["warnings"]),
        (&json!(3), &json!(1), &json!([])),
        "{view}"
    );
    let first = office.get(&format!("{BASE}/tallies/371772001/2025-12-04")).await.expect(200);
    let items = json!([{ "measure": "materials", "title": "《宪法》", "count": 1200, "bound": "exact" },
        { "measure": "materials", "count": 5, "bound": "exact" }]);
    assert_eq!(first["items"], items);
    let second = office.get(&format!("{BASE}/tallies/371772100/2025-12-04")).await.expect(200);
    assert_eq!(second["consultations"][0]["person_times"], 14);
    assert_eq!(post(&office, IMPORT, XLSX, bytes).await.expect(200)["same"], 3);

    let template = office.get(&format!("{BASE}/template.xlsx?of=consultations")).await;
    assert!(part(&template.body, "xl/worksheets/sheet1.xml").contains("劳动用工"));
    let bytes = filled(&template.body, &[("D3", "劳动用工"), ("E3", "现场"), ("F3", "9")]);
    let view = post(&office, IMPORT, XLSX, bytes).await.expect(200);
    assert_eq!((&view["changed"], &view["blank"]), (&json!(1), &json!(3)), "{view}");
    let first = office.get(&format!("{BASE}/tallies/371772001/2025-12-04")).await.expect(200);
    assert_eq!((&first["items"], &first["consultations"][0]["topic"]), (&items, &json!("labour")));
    app.assert_sound().await;
}
