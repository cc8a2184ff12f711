//! Lines for the press, and drafts checked against the totals.

use crate::process::{pufa, run};
use crate::support::{Engine, Options, TestApp};
use pufa::config::Limits;
use serde_json::{Value, json};

on_both! {
    lines_claim_no_more_than_the_totals
    a_unit_of_its_own_and_nothing_to_say
    the_long_version_has_what_an_editor_needs
    a_draft_is_checked_figure_by_figure
    corrections_and_other_days_make_figures_stale
    drafts_that_cannot_be_checked_are_refused
    lines_are_printed_at_the_terminal
}

const PRESS: &str = "/campaigns/constitution-2025/press";

async fn report(app: &TestApp, unit: &str, day: &str, materials: u64, banners: u64, asked: u64) {
    let path = format!("/campaigns/constitution-{}/tallies/{unit}/{day}", &day[..4]);
    let body = json!({
        "items": [
            { "measure": "materials", "title": "《宪法》", "count": materials },
            { "measure": "banners", "count": banners },
        ],
        "consultations": [{ "person_times": asked, "bound": "over" }],
    });
    app.by("office").put(&path, &body).await.expect(201);
}

/// 万福 36 013 on the 3rd and 3 200 on the 4th, 吕陵 1 000 on the 4th: 40 213 copies, 42 banners, 3 050余 consultations.
async fn reported(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    report(&app, "371772001", "2025-12-03", 36_013, 30, 2_900).await;
    report(&app, "371772001", "2025-12-04", 3_200, 7, 100).await;
    report(&app, "371772100", "2025-12-04", 1_000, 5, 50).await;
    app
}

async fn lines_claim_no_more_than_the_totals(engine: Engine) {
    let app = reported(engine).await;
    let press = app.by("viewer").get(PRESS).await.expect(200);
    assert_eq!(
        press["short"],
        "据统计，活动期间，菏泽高新区共印发宣传资料40000余份，解答法律咨询3000余人次，悬挂横幅标语42条。"
    );
    assert_eq!(
        press["figures"][0],
        json!({
            "measure": "materials", "count": 40213, "low": 40213, "high": 40213, "exact": true,
            "value": 40000, "bound": "over", "text": "印发宣传资料40000余份"
        })
    );
    assert_eq!((&press["reported"], &press["expected"]), (&json!(2), &json!(4)));
    assert_eq!(press["unit"], "371772");
    let english = app.by("viewer").get(&format!("{PRESS}?lang=en")).await.expect(200);
    assert_eq!(
        english["short"],
        "During the drive 菏泽高新区 counted more than 40,000 copies of printed matter, more than 3,000 legal \
         consultations, 42 banners."
    );
    // Our own lines pass our own audit.
    let text = format!("{}\n{}", press["short"].as_str().unwrap(), press["long"].as_str().unwrap());
    let audit = audit(&app, &text).await;
    assert_eq!(audit["findings"], json!([]));
    let verdicts = verdicts(&audit);
    assert_eq!(verdicts.len(), 6);
    assert!(verdicts.iter().all(|verdict| verdict.ends_with("supported")), "{verdicts:?}");
}

async fn a_unit_of_its_own_and_nothing_to_say(engine: Engine) {
    let app = reported(engine).await;
    let own = app.by("wanfu").get(PRESS).await.expect(200);
    assert_eq!(
        own["short"],
        "据统计，活动期间，万福街道共印发宣传资料39000余份，解答法律咨询3000余人次，悬挂横幅标语37条。"
    );
    let named = app.by("office").get(&format!("{PRESS}?unit=371772100")).await.expect(200);
    assert_eq!(
        named["short"],
        "据统计，活动期间，吕陵镇共印发宣传资料1000份，解答法律咨询50余人次，悬挂横幅标语5条。"
    );
    let silent = app.by("office").get(&format!("{PRESS}?unit=371772108")).await.expect(200);
    assert_eq!((&silent["short"], &silent["long"], &silent["figures"]), (&json!(""), &json!(""), &json!([])));
    app.by("wanfu").get(&format!("{PRESS}?unit=371772100")).await.problem(404, "unit_out_of_scope");
    app.by("mudan").get(PRESS).await.problem(404, "campaign_unknown");
    app.by("office").get(&format!("{PRESS}?units=371772100")).await.problem(422, "query_unknown");
}

async fn the_long_version_has_what_an_editor_needs(engine: Engine) {
    let app = reported(engine).await;
    let alone = app.by("office").get(PRESS).await.expect(200);
    assert!(!alone["long"].as_str().unwrap().contains("上年"), "{}", alone["long"]);
    let body = json!({ "kind": "constitution", "year": 2024, "unit": "371772" });
    app.by("admin").post("/campaigns", &body).await.expect(201);
    report(&app, "371772001", "2024-12-03", 20_000, 42, 60).await;
    // After the day of the drive that is compared with.
    report(&app, "371772001", "2024-12-06", 70_000, 1, 1).await;
    let press = app.by("office").get(PRESS).await.expect(200);
    assert_eq!(
        press["long"],
        "在第十二个国家宪法日、第八个“宪法宣传周”之际，菏泽高新区于2025年12月1日至12月4日组织开展2025年国家宪法日暨宪法宣传周活动。\n\
         活动以“学习宣传贯彻习近平法治思想，推动宪法深入人心”为主题。\n\
         应报单位4个，已报2个。\n\
         活动通过发放宣传资料、现场解答咨询、悬挂横幅标语等形式开展。\n\
         据统计，共印发宣传资料40000余份，解答法律咨询3000余人次，悬挂横幅标语42条。\n\
         与上年同期相比：宣传资料40213份，上年同期20000份，同比增长101.1%；法律咨询3000余人次，上年同期60余人次，\
         同比增长4983.3%；横幅标语42条，上年同期42条，同比持平。"
    );
    let plain = app.by("office").get_with(PRESS, &[("accept", "text/plain")]).await;
    assert!(plain.header("content-type").starts_with("text/plain"));
    let (short, long) = (press["short"].as_str().unwrap(), press["long"].as_str().unwrap());
    let snapshot = press["snapshot"].as_str().unwrap();
    assert_eq!(plain.text(), format!("{short}\n\n{long}\n\n数据快照 {snapshot}\n"));
    let english = app.by("office").get(&format!("{PRESS}?lang=en")).await.expect(200);
    let long = english["long"].as_str().unwrap();
    for part in [
        "National Constitution Day (no. 12)",
        "2 of 4 units",
        "40213 copies, last year 20000, up 101.1% on last year; Consultations",
    ] {
        assert!(long.contains(part), "{part} in {long}");
    }
}

async fn audit(app: &TestApp, text: &str) -> Value {
    let body = json!({ "text": text, "campaign": "constitution-2025" });
    app.by("viewer").post("/press/audit", &body).await.expect(200)
}

fn verdicts(audit: &Value) -> Vec<String> {
    let one = |figure: &Value| {
        format!("{} {}", figure["text"].as_str().unwrap(), figure["verdict"].as_str().unwrap())
    };
    audit["figures"].as_array().unwrap().iter().map(one).collect()
}

async fn a_draft_is_checked_figure_by_figure(engine: Engine) {
    let app = reported(engine).await;
    let before = app.database.stored().await;
    let draft = "在第十一个国家宪法日、第八个宪法宣传周，以“大力弘扬宪法精神”为主题，全区25个单位悬挂横幅42条，\
                 印发宣传资料4万余份，其中吕陵镇发放1000份；解答咨询5000余人次，推送信息5篇，发放手册近500余份，\
                 志愿者25余人，资料1.5万余份，标语4千条。";
    let checked = audit(&app, draft).await;
    assert_eq!(
        verdicts(&checked),
        [
            "42条 supported",
            "4万余份 supported",
            "5000余人次 over",
            "5篇 over",
            "近500余份 unknown",
            "25余人 over",
            "1.5万余份 unknown",
            "4千条 over",
        ]
    );
    let found: Vec<(&str, &str, &str)> = checked["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let text = |name: &str| finding[name].as_str().unwrap();
            assert!(!text("message").is_empty());
            let start = finding["start"].as_u64().unwrap() as usize;
            let end = finding["end"].as_u64().unwrap() as usize;
            assert_eq!(draft.chars().skip(start).take(end - start).collect::<String>(), text("text"));
            (text("code"), text("text"), text("suggestion"))
        })
        .collect();
    assert_eq!(
        found,
        [
            ("ordinal_wrong", "第十一个", "第十二个"),
            ("theme_wrong", "大力弘扬宪法精神", "学习宣传贯彻习近平法治思想，推动宪法深入人心"),
            ("contradiction", "近500余份", "500余份"),
            ("over_on_digit", "25余人", "20余人"),
            ("over_on_decimal", "1.5万余份", "15000余份"),
            ("thousand", "4千条", "4000条"),
        ]
    );
    assert_eq!(checked["figures"][2]["basis"][0]["count"], 3_050);
    let part = audit(&app, "吕陵镇发放资料1000份").await;
    assert_eq!(verdicts(&part), ["1000份 supported"]);
    assert_eq!(
        (&part["figures"][0]["basis"][1]["kind"], &part["figures"][0]["basis"][1]["unit"]),
        (&json!("unit"), &json!("371772100"))
    );
    assert!(checked["unread"].as_array().unwrap().iter().any(|span| span["text"] == "25个"));
    assert_eq!(audit(&app, "").await["figures"], json!([]));
    assert_eq!(app.database.stored().await, before, "a draft leaves no trace");
}

async fn corrections_and_other_days_make_figures_stale(engine: Engine) {
    let app = reported(engine).await;
    // The 3rd alone: another day. The 4th, the last day reported: a part of now.
    let checked = audit(&app, "12月3日发放资料36013份，今日发放资料4200份").await;
    assert_eq!(verdicts(&checked), ["36013份 stale", "4200份 supported"]);
    assert_eq!(checked["figures"][0]["basis"][1]["date"], "2025-12-03");
    assert_eq!(checked["figures"][1]["basis"][1]["kind"], "day");

    app.set_clock("2025-12-04T11:00:00");
    let path = "/campaigns/constitution-2025/tallies/371772001/2025-12-04";
    let body = json!({ "items": [{ "measure": "materials", "title": "《宪法》", "count": 2_200 }] });
    app.by("office").put_over(path, &body, 1).await.expect(200);
    let checked = audit(&app, "发放宣传资料40213份，悬挂横幅42条，发放资料39213份，发放资料99000份").await;
    assert_eq!(verdicts(&checked), ["40213份 stale", "42条 stale", "39213份 supported", "99000份 over"]);
    let basis = &checked["figures"][0]["basis"];
    assert_eq!((&basis[0]["kind"], &basis[0]["count"]), (&json!("total"), &json!(39_213)));
    assert_eq!((&basis[1]["kind"], &basis[1]["count"]), (&json!("earlier"), &json!(40_213)));
    assert_eq!(basis[1]["at"], "2025-12-04T10:00:00+08:00");
    // A reporter without the units below is judged by its own reports.
    let own = json!({ "text": "发放资料38213份，发放资料39213份", "campaign": "constitution-2025" });
    let own = app.by("wanfu").post("/press/audit", &own).await.expect(200);
    assert_eq!(verdicts(&own), ["38213份 supported", "39213份 stale"]);
}

async fn drafts_that_cannot_be_checked_are_refused(engine: Engine) {
    let limits = Limits { text: 20, ..Limits::default() };
    let app = TestApp::start_with(engine, Options { limits, ..Options::default() }).await;
    let draft = |text: String, campaign: &str| json!({ "text": text, "campaign": campaign });
    let office = app.by("office");
    office.post("/press/audit", &draft("资".repeat(20), "constitution-2025")).await.expect(200);
    office
        .post("/press/audit", &draft("资".repeat(21), "constitution-2025"))
        .await
        .problem(422, "text_too_long");
    office.post("/press/audit", &draft(String::new(), "nothing")).await.problem(404, "campaign_unknown");
    office.post("/press/audit", &json!({ "text": "" })).await.problem(400, "body_invalid");
    let elsewhere = json!({ "text": "", "campaign": "constitution-2025", "unit": "371702" });
    office.post("/press/audit", &elsewhere).await.problem(404, "unit_out_of_scope");
    app.by("mudan")
        .post("/press/audit", &draft(String::new(), "constitution-2025"))
        .await
        .problem(404, "campaign_unknown");
}

async fn lines_are_printed_at_the_terminal(engine: Engine) {
    let app = reported(engine).await;
    let press = app.by("admin").get(PRESS).await.expect(200);
    let url = app.database.url().to_owned();
    let printed = |more: &'static [&'static str]| {
        let url = url.clone();
        tokio::task::spawn_blocking(move || {
            let arguments =
                [&["press", "--campaign", "constitution-2025", "--database", &url], more].concat();
            run(pufa(&arguments), "")
        })
    };
    let done = printed(&[]).await.unwrap();
    assert_eq!(done.code, 0, "{}", done.err);
    let lines: Vec<&str> = done.out.lines().collect();
    // The long version tells the day of the real clock, so only the line that has none is compared.
    assert_eq!((lines[0], lines[1]), (press["short"].as_str().unwrap(), ""));
    assert!(done.out.contains("第十二个国家宪法日"), "{}", done.out);
    let english = printed(&["--lang", "en", "--unit", "371772100"]).await.unwrap();
    assert!(english.out.starts_with("During the drive 吕陵镇 counted 1,000 copies"), "{}", english.out);
    let silent = printed(&["--unit", "371772108"]).await.unwrap();
    assert_eq!((silent.code, silent.out.as_str()), (0, ""));
    assert_eq!(printed(&["--unit", "nowhere"]).await.unwrap().code, 1);
    assert_eq!(printed(&["--lang", "fr"]).await.unwrap().code, 2);
    let chat = "万福街道：横幅12条\n吕陵：资料300份";
    let parse = tokio::task::spawn_blocking(move || {
        run(pufa(&["parse", "--database", &url, "--under", "371772"]), chat)
    });
    let parsed = parse.await.unwrap();
    assert_eq!(parsed.code, 0, "{}", parsed.err);
    let parsed: Value = serde_json::from_str(&parsed.out).unwrap();
    assert_eq!(
        (&parsed["parts"][0]["unit"], &parsed["parts"][1]["unit"]),
        (&json!("371772001"), &json!("371772100"))
    );
}
