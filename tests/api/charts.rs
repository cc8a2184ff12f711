//! Pictures through the API: what they are, what they name, and that they are not drawn or sent twice.

use crate::flow::WANFU;
use crate::support::{Answer, Engine, Options, TestApp};
use pufa::config::Limits;
use serde_json::json;

on_both! {
    every_picture_comes_as_png_and_svg
    a_picture_is_sent_once
    nothing_is_drawn_for_who_has_it
    faults_of_a_picture_are_told
    beyond_the_queue_a_picture_is_refused
}

const NAMES: [&str; 7] =
    ["totals", "trend", "composition", "topics", "completeness", "year-over-year", "summary"];

async fn with_figures(engine: Engine, limits: Limits) -> TestApp {
    let app = TestApp::start_with(engine, Options { limits, ..Options::default() }).await;
    let (admin, office) = (app.by("admin"), app.by("office"));
    admin
        .post("/campaigns", &json!({ "kind": "constitution", "year": 2024, "unit": "371772" }))
        .await
        .expect(201);
    for (unit, day, count) in [
        ("371772001", "2025-12-04", 1200),
        ("371772100", "2025-12-04", 600),
        ("gx-school", "2025-12-03", 90),
        ("371772001", "2024-12-04", 1000),
        ("371772108", "2024-12-04", 300),
    ] {
        let path = format!("/campaigns/constitution-{}/tallies/{unit}/{day}", &day[..4]);
        let body = json!({
            "items": [{ "measure": "materials", "title": "《宪法》", "count": count }],
            "consultations": [{ "topic": "labour", "mode": "on_site", "person_times": count / 10 }],
        });
        office.put(&path, &body).await.expect(201);
    }
    app
}

/// Width and height as the file itself says them.
#[track_caller]
fn png_size(answer: &Answer) -> (u32, u32) {
    assert_eq!((answer.status, answer.header("content-type")), (200, "image/png"));
    assert!(answer.body.starts_with(b"\x89PNG\r\n\x1a\n") && answer.body.ends_with(b"IEND\xaeB`\x82"));
    let number = |at: usize| u32::from_be_bytes(answer.body[at..at + 4].try_into().unwrap());
    assert_eq!(&answer.body[12..16], b"IHDR");
    (number(16), number(20))
}

async fn every_picture_comes_as_png_and_svg(engine: Engine) {
    let app = with_figures(engine, Limits::default()).await;
    let office = app.by("office");
    for name in NAMES {
        let path = format!("/campaigns/constitution-2025/charts/{name}");
        let size = png_size(&office.get(&format!("{path}.png")).await);
        assert_eq!(size, if name == "summary" { (1600, 2260) } else { (1600, 900) }, "{name}");
        let twice = png_size(&office.get(&format!("{path}.png?scale=2")).await);
        assert_eq!(twice, (2 * size.0, 2 * size.1), "{name}");

        let svg = office.get(&format!("{path}.svg")).await;
        assert_eq!((svg.status, svg.header("content-type")), (200, "image/svg+xml; charset=utf-8"));
        let text = svg.text();
        assert!(text.starts_with("<svg ") || text.starts_with("<?xml"), "{name}");
        assert!(
            !text.contains("http:") || text.contains("http://www.w3.org/2000/svg"),
            "nothing from outside"
        );
        let words: &[&str] = match name {
            "totals" | "completeness" | "summary" => &["万福街道", "吕陵镇", "马岭岗镇", "教体局"],
            "year-over-year" => &["万福街道", "吕陵镇", "2024", "2025"],
            "composition" => &["《宪法》"],
            "topics" => &["劳动用工", "现场"],
            _ => &["2024", "2025", "第1天"],
        };
        for word in words {
            assert!(text.contains(word), "{name} does not say {word}");
        }
    }
    for (preset, size) in [("a4", (1600, 2260)), ("phone", (1080, 1440)), ("screen", (1920, 1080))] {
        let path = format!("/campaigns/constitution-2025/charts/summary.png?preset={preset}");
        assert_eq!(png_size(&office.get(&path).await), size, "{preset}");
    }
    let path = "/campaigns/constitution-2025/charts/totals.svg";
    let english = office.get(&format!("{path}?lang=en")).await.text();
    assert!(english.contains("Printed matter") && english.contains("万福街道"));
    let other = office.get(&format!("{path}?measure=consultations")).await.text();
    assert!(other.contains("法律咨询") && other.contains("120"));
    let mut pictures = Vec::new();
    for query in ["", "?theme=dark", "?theme=print", "?unit=gx-edu", "?measure=banners", "?lang=en"] {
        pictures.push(office.get(&format!("{path}{query}")).await.body);
    }
    for (at, picture) in pictures.iter().enumerate() {
        assert!(!pictures[..at].contains(picture), "two questions, one picture");
    }
}

async fn a_picture_is_sent_once(engine: Engine) {
    let app = with_figures(engine, Limits::default()).await;
    let office = app.by("office");
    for file in ["totals.png", "summary.svg"] {
        let path = format!("/campaigns/constitution-2025/charts/{file}");
        let first = office.get(&path).await;
        let tag = first.header("etag");
        assert!(tag.len() > 8 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        let again = office.get(&path).await;
        assert_eq!((again.header("etag"), &again.body), (tag, &first.body), "same data, same bytes");
        let known = office.get_with(&path, &[("if-none-match", tag)]).await;
        assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, tag));
        let scaled = office.get_with(&format!("{path}?scale=2"), &[("if-none-match", tag)]).await;
        assert_eq!(scaled.status, 200, "another picture has another tag");
    }
    let path = "/campaigns/constitution-2025/charts/totals.png";
    let before = office.get(path).await;
    let body = json!({ "items": [{ "measure": "materials", "count": 1 }] });
    office.put_over(WANFU, &body, 1).await.expect(200);
    let after = office.get_with(path, &[("if-none-match", before.header("etag"))]).await;
    assert_eq!(after.status, 200, "new figures are a new picture");
    assert_ne!(after.body, before.body);
}

async fn nothing_is_drawn_for_who_has_it(engine: Engine) {
    let app = with_figures(engine, Limits::default()).await;
    let path = "/campaigns/constitution-2025/charts/summary.png";
    let first = app.by("office").get(path).await;
    let tag = first.header("etag").to_owned();
    let database = app.stop().await;
    // A service that keeps no picture yet, and has no place to draw one.
    let limits = Limits { drawings: 0, drawing_queue: 0, ..Limits::default() };
    let app = TestApp::on(&database, Options { limits, ..Options::default() }).await;
    let office = app.by("office");
    office.get(path).await.problem(503, "busy");
    let known = office.get_with(path, &[("if-none-match", &tag)]).await;
    assert_eq!((known.status, known.header("etag")), (304, tag.as_str()));
}

async fn faults_of_a_picture_are_told(engine: Engine) {
    let app = with_figures(engine, Limits::default()).await;
    let office = app.by("office");
    let path = "/campaigns/constitution-2025/charts";
    for file in ["pie.png", "totals.gif", "totals", ".png", "totals.png.svg"] {
        office.get(&format!("{path}/{file}")).await.problem(404, "chart_unknown");
    }
    for (query, code) in [
        ("scale=3", "scale_unknown"),
        ("scale=0", "scale_unknown"),
        ("scale=two", "scale_unknown"),
        ("theme=pink", "theme_unknown"),
        ("lang=de", "lang_unknown"),
        ("measure=leaflets", "measure_unknown"),
        ("size=9", "query_unknown"),
    ] {
        office.get(&format!("{path}/totals.png?{query}")).await.problem(422, code);
    }
    for (query, code) in
        [("preset=wall", "preset_unknown"), ("align=moon", "align_unknown"), ("basis=some", "basis_unknown")]
    {
        office.get(&format!("{path}/summary.png?{query}")).await.problem(422, code);
    }
    office.get(&format!("{path}/totals.png?unit=371702")).await.problem(404, "unit_out_of_scope");
    office.get("/campaigns/nothing/charts/totals.png").await.problem(404, "campaign_unknown");
}

async fn beyond_the_queue_a_picture_is_refused(engine: Engine) {
    let app = with_figures(engine, Limits { drawings: 1, drawing_queue: 0, ..Limits::default() }).await;
    let office = app.by("office");
    let asked = NAMES.map(|name| {
        let office = office.clone();
        tokio::spawn(async move {
            office.get(&format!("/campaigns/constitution-2025/charts/{name}.png?scale=2")).await
        })
    });
    let (mut drawn, mut refused) = (0, 0);
    for answer in asked {
        let answer = answer.await.unwrap();
        if answer.status == 200 {
            drawn += 1;
        } else {
            answer.problem(503, "busy");
            assert_eq!(answer.header("retry-after"), "2");
            refused += 1;
        }
    }
    assert!(drawn > 0 && refused > 0, "{drawn} drawn, {refused} refused");
    // Who comes again is served.
    for name in NAMES {
        png_size(&office.get(&format!("/campaigns/constitution-2025/charts/{name}.png")).await);
    }
}
