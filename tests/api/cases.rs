//! Real published reports, entered through the API as units and tallies of one drive.

use crate::support::{Engine, TestApp, total};
use serde_json::{Value, json};

on_both! {
    real_reports_add_up_with_their_bounds
}

/// What the reports add up to, worked out apart from the program by the rule of the field: 余 is below the next unit of
/// the last digit, 近 is below the number within one such unit, 约 rounds to the number.
const TOTALS: [(&str, i64, i64, i64); 12] = [
    ("materials", 363_160, 353_110, 433_183),
    ("consultations", 7_704, 7_704, 10_359),
    ("gifts", 7_200, 7_200, 9_297),
    ("audience", 2_400, 2_400, 3_498),
    ("banners", 159, 159, 276),
    ("sessions", 37, 37, 37),
    ("vehicles", 28, 28, 28),
    ("boards", 342, 342, 459),
    ("volunteers", 9, 9, 9),
    ("posts", 60, 60, 69),
    ("screens", 11, 11, 11),
    ("messages", 15_000, 15_000, 15_999),
];

/// The body of a report: consultations as a record, and figures that share a measure under titles of their own.
fn body(figures: &[Value]) -> Value {
    const TITLES: [&str; 3] = ["其一", "其二", "其三"];
    let (mut items, mut consultations) = (Vec::<Value>::new(), Vec::new());
    for figure in figures {
        let bound = if figure["bound"] == "vague" { json!("about") } else { figure["bound"].clone() };
        if figure["measure"] == "consultations" {
            consultations.push(json!({ "mode": "on_site", "person_times": figure["value"], "bound": bound }));
            continue;
        }
        let alike = |other: &&Value| other["measure"] == figure["measure"];
        let mut item = json!({ "measure": figure["measure"], "count": figure["value"], "bound": bound });
        if figures.iter().filter(alike).count() > 1 {
            item["title"] = json!(TITLES[items.iter().filter(alike).count()]);
        }
        items.push(item);
    }
    json!({ "items": items, "consultations": consultations })
}

async fn real_reports_add_up_with_their_bounds(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.by("admin");
    admin.post("/units", &json!({ "code": "all", "name": "各地" })).await.expect(201);
    let drive = json!({ "id": "published", "kind": "constitution", "year": 2025, "unit": "all" });
    admin.post("/campaigns", &drive).await.expect(201);
    let mut places = Vec::new();
    let mut silent = 0;
    for line in include_str!("cases.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (code, place) = (format!("case-{}", case["id"]), case["place"].as_str().unwrap().to_owned());
        admin.post("/units", &json!({ "code": code, "name": place, "parent": "all" })).await.expect(201);
        let figures = case["figures"].as_array().unwrap();
        let path = format!("/campaigns/published/tallies/{code}/2025-12-04");
        if figures.is_empty() {
            admin.get(&path).await.problem(404, "tally_unknown");
            silent += 1;
        } else {
            let tally = admin.put(&path, &body(figures)).await.expect(201);
            let sum: i64 = figures.iter().map(|figure| figure["value"].as_i64().unwrap()).sum();
            let told: i64 =
                tally["totals"].as_array().unwrap().iter().map(|t| t["count"].as_i64().unwrap()).sum();
            assert_eq!(told, sum, "{place}");
        }
        places.push(place);
    }
    assert_eq!((places.len(), silent), (24, 1));

    let totals = admin.get("/campaigns/published/totals?unit=all").await.expect(200);
    for item in totals["items"].as_array().unwrap() {
        let right = TOTALS.iter().find(|(measure, ..)| item["measure"] == *measure);
        let right = right.map_or((0, 0, 0), |&(_, count, low, high)| (count, low, high));
        assert_eq!(total(&totals, |other| other["measure"] == item["measure"]), right, "{item}");
    }
    assert_eq!(totals["revision"], 23);
    let by_unit =
        admin.get("/campaigns/published/totals?unit=all&by=unit&measure=materials").await.expect(200);
    assert_eq!(total(&by_unit, |item| item["name"] == "高新区"), (40_000, 40_000, 49_999));
    assert_eq!(total(&by_unit, |item| item["name"] == "东昌府区"), (50_000, 40_000, 49_999));
    assert_eq!(total(&by_unit, |item| item["name"] == "德昌县"), (25_000, 25_000, 25_000));
    assert_eq!(total(&by_unit, |item| item["name"] == "向阳社区"), (500, 450, 549));

    let completeness =
        admin.get("/campaigns/published/completeness?unit=all&date=2025-12-04").await.expect(200);
    let counts =
        ["expected", "reported", "missing", "rate_permille"].map(|name| completeness[name].as_u64().unwrap());
    assert_eq!(counts, [24, 23, 1, 958]);
    let missing = admin.get("/campaigns/published/missing?unit=all").await.expect(200);
    let absent = missing["items"].as_array().unwrap();
    assert_eq!(absent.len(), 1, "{missing}");
    assert_eq!(["unit", "name", "status"].map(|name| &absent[0][name]), ["case-44", "未具名44", "missing"]);

    let picture = admin.get("/campaigns/published/charts/totals.svg?unit=all").await;
    assert_eq!(picture.status, 200, "{}", picture.text());
    // A long name is broken into lines, so what is read is the text between the marks.
    let text: String = picture
        .text()
        .split('<')
        .filter_map(|piece| piece.split_once('>'))
        .map(|(_, text)| text.trim())
        .collect();
    for place in &places {
        assert!(text.contains(place.as_str()), "the picture does not name {place}");
    }
    let png = admin.get("/campaigns/published/charts/totals.png?unit=all&scale=2").await;
    assert!(png.status == 200 && png.body.starts_with(b"\x89PNG"));
    app.assert_sound().await;
}
