//! Report text to figures, through HTTP and at the terminal.

use crate::process::{pufa, run};
use crate::support::{Engine, Options, TestApp};
use pufa::config::Limits;
use serde_json::{Value, json};

on_both! {
    a_text_is_read_and_forgotten
    a_pasted_chat_is_split_among_the_units_in_scope
    texts_that_cannot_be_read_are_refused
}

const TEXT: &str =
    "12月4日，我镇悬挂横幅12条，发放《宪法》读本160本、宣传资料近5万份，解答咨询30余人次。联系人13800138000";

fn told(figures: &Value) -> Vec<String> {
    let one = |figure: &Value| {
        format!(
            "{} {} {} {}",
            figure["measure"].as_str().unwrap(),
            figure["value"],
            figure["bound"].as_str().unwrap(),
            figure["title"].as_str().unwrap()
        )
    };
    figures.as_array().unwrap().iter().map(one).collect()
}

async fn a_text_is_read_and_forgotten(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.database.stored().await;
    let read = app.by("viewer").post("/parse", &json!({ "text": TEXT })).await.expect(200);
    assert_eq!(
        told(&read["figures"]),
        [
            "banners 12 exact ",
            "materials 160 exact 《宪法》",
            "materials 50000 under ",
            "consultations 30 over "
        ]
    );
    assert_eq!(
        read["figures"][2],
        json!({
            "measure": "materials", "title": "", "value": 50000, "bound": "under", "low": 40000, "high": 49999,
            "word": "份", "text": "近5万份", "start": 33, "end": 37, "doubtful": false, "reason": null
        })
    );
    let unread: Vec<&str> =
        read["unread"].as_array().unwrap().iter().map(|span| span["text"].as_str().unwrap()).collect();
    assert_eq!(unread, ["12月4日", "13800138000"]);
    assert!(read.get("parts").is_none());
    let vague = app.by("wanfu").post("/parse", &json!({ "text": "发放资料数百份" })).await.expect(200);
    assert_eq!(
        (&vague["figures"][0]["doubtful"], &vague["figures"][0]["reason"]),
        (&json!(true), &json!("vague"))
    );
    assert_eq!(app.database.stored().await, before, "a text with a telephone number leaves no trace");
}

const CHAT: &str = "各位领导好\n1. 万福街道：横幅12条\n2. 吕陵：资料300份，咨询20人次\n【马领岗镇】横幅3条\n黄河路街道：资料5份\n教体局 资料80份";

async fn a_pasted_chat_is_split_among_the_units_in_scope(engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = json!({ "text": CHAT, "unit": "371772" });
    let read = app.by("office").post("/parse", &body).await.expect(200);
    let parts = read["parts"].as_array().unwrap();
    let chars: Vec<char> = CHAT.chars().collect();
    let mut last = 0;
    let mut shown = Vec::new();
    for part in parts {
        let (start, end) = (part["start"].as_u64().unwrap(), part["end"].as_u64().unwrap());
        assert_eq!(start, last);
        last = end;
        let candidates: Vec<&str> = part["candidates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|unit| unit["unit"].as_str().unwrap())
            .collect();
        shown.push(format!("{} {candidates:?} {:?}", part["unit"], told(&part["figures"])));
        for figure in part["figures"].as_array().unwrap() {
            let (from, to) = (figure["start"].as_u64().unwrap(), figure["end"].as_u64().unwrap());
            assert!(start <= from && to <= end);
            let written: String = chars[from as usize..to as usize].iter().collect();
            assert_eq!(figure["text"], written);
        }
    }
    assert_eq!(last as usize, chars.len());
    assert_eq!(
        shown,
        [
            "null [] []",
            "\"371772001\" [] [\"banners 12 exact \"]",
            "\"371772100\" [] [\"materials 300 exact \", \"consultations 20 exact \"]",
            "null [\"371772108\"] [\"banners 3 exact \"]",
            "null [] [\"materials 5 exact \"]",
            "\"gx-edu\" [] [\"materials 80 exact \"]",
        ]
    );
    assert_eq!(read["figures"].as_array().unwrap().len(), 6);

    // Nobody learns of units that are not theirs.
    app.by("mudan").post("/parse", &body).await.problem(404, "unit_out_of_scope");
    let own = app
        .by("edu")
        .post("/parse", &json!({ "text": "实验学校：资料5份", "unit": "gx-edu" }))
        .await
        .expect(200);
    assert_eq!(own["parts"][0]["unit"], "gx-school");
    let own = app.by("wanfu").post("/parse", &json!({ "text": CHAT, "unit": "371772001" })).await.expect(200);
    assert!(own["parts"].as_array().unwrap().iter().all(|part| part["unit"].is_null()));
}

async fn texts_that_cannot_be_read_are_refused(engine: Engine) {
    let limits = Limits { text: 20, ..Limits::default() };
    let app = TestApp::start_with(engine, Options { limits, ..Options::default() }).await;
    let office = app.by("office");
    office.post("/parse", &json!({ "text": "资".repeat(20) })).await.expect(200);
    office.post("/parse", &json!({ "text": "资".repeat(21) })).await.problem(422, "text_too_long");
    office.post("/parse", &json!({})).await.problem(400, "body_invalid");
    office.post("/parse", &json!({ "text": 5 })).await.problem(400, "body_invalid");
    office.post("/parse", &json!({ "text": "", "unit": "nowhere" })).await.problem(404, "unit_out_of_scope");
    assert_eq!(
        office.post("/parse", &json!({ "text": "" })).await.expect(200),
        json!({ "figures": [], "unread": [] })
    );
}

#[test]
fn a_text_is_read_at_the_terminal() {
    let done = run(pufa(&["parse"]), TEXT);
    assert_eq!(done.code, 0, "{}", done.err);
    let read: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(read["figures"].as_array().unwrap().len(), 4);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.txt");
    std::fs::write(&file, format!("\u{feff}{TEXT}")).unwrap();
    let again = run(pufa(&["parse", file.to_str().unwrap()]), "");
    assert_eq!((again.code, &again.out), (0, &done.out));
    assert_eq!(run(pufa(&["parse", "-"]), TEXT).out, done.out);
    assert_eq!(run(pufa(&["parse", "/nonexistent/report.txt"]), "").code, 1);
    std::fs::write(&file, [0xff, 0xfe, 0x00]).unwrap();
    assert_eq!(run(pufa(&["parse", file.to_str().unwrap()]), "").code, 1);
    assert_eq!(run(pufa(&["parse"]), &"资".repeat(100_000)).code, 1, "larger than the service would take");
    assert_eq!(run(pufa(&["parse", "--over", "x"]), "").code, 2);
}
