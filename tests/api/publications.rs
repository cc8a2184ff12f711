//! Published figures never change; what must be said of them since is made from what came in.

use crate::flow::WANFU;
use crate::review::{CAMPAIGN, materials, path};
use crate::support::{Engine, TestApp};
use serde_json::{Value, json};

on_both! {
    published_figures_are_frozen_and_corrected_in_words
    publishing_is_the_offices
    what_comes_in_while_publishing_is_not_half_in
}

async fn published_figures_are_frozen_and_corrected_in_words(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let about = json!({ "items": [
        { "measure": "materials", "title": "《宪法》", "count": 1000, "bound": "over" },
        { "measure": "banners", "count": 3 },
    ] });
    office.put(WANFU, &about).await.expect(201);
    office.put(&path("371772100", "2025-12-04"), &materials(200)).await.expect(201);
    let publications = format!("{CAMPAIGN}/publications");
    let made = office.post(&publications, &json!({ "unit": "371772", "title": "第3期简报" })).await;
    let made_view = made.expect(201);
    assert_eq!(made.header("location"), "/api/v1/campaigns/constitution-2025/publications/1");
    let frozen = &made_view["frozen"];
    let item = |code: &str| {
        frozen["items"].as_array().unwrap().iter().find(|i| i["measure"] == code).unwrap().clone()
    };
    let materials_then = item("materials");
    assert_eq!(
        [&materials_then["count"], &materials_then["low"], &materials_then["high"], &materials_then["exact"]],
        [&json!(1200), &json!(1200), &json!(2199), &json!(false)]
    );
    assert_eq!(
        (&frozen["by"], &frozen["revision"], &frozen["reported"]),
        (&json!("office"), &json!(2), &json!(2))
    );
    assert_eq!(frozen["at"], "2025-12-04T10:00:00+08:00");
    assert_eq!(made_view["correction"], Value::Null);

    let one = format!("{publications}/1");
    let bytes = frozen.to_string();
    // A decision is no correction; a returned, a corrected and a new report are.
    app.by("reviewer").post(&format!("{WANFU}/review"), &json!({ "decision": "accept" })).await.expect(200);
    assert_eq!(office.get(&one).await.expect(200)["correction"], Value::Null);
    office.put_over(&path("371772100", "2025-12-04"), &materials(150), 1).await.expect(200);
    office.put(&path("gx-school", "2025-12-04"), &materials(20)).await.expect(201);
    let back = json!({ "decision": "return", "reason": "再核" });
    app.by("reviewer").post(&format!("{WANFU}/review"), &back).await.expect(200);
    let same = json!({ "items": [{ "measure": "materials", "title": "《宪法》", "count": 1100 }] });
    office.put_over(WANFU, &same, 3).await.expect(200);

    let now = office.get(&one).await.expect(200);
    assert_eq!(now["frozen"].to_string(), bytes, "what was published stands, byte for byte");
    let stored = office.get(&one).await;
    assert!(stored.text().contains(&format!("\"frozen\":{bytes}")), "{}", stored.text());
    let correction = &now["correction"];
    let codes: Vec<&str> =
        correction["items"].as_array().unwrap().iter().map(|i| i["measure"].as_str().unwrap()).collect();
    assert_eq!(codes, ["materials", "banners"]);
    assert_eq!(correction["items"][0]["after"]["count"], 1270);
    assert_eq!(correction["items"][0]["units"], json!(["371772001", "371772100", "gx-school"]));
    assert_eq!(correction["items"][1]["units"], json!(["371772001"]));
    assert_eq!(
        correction["text"],
        "更正说明：2025年12月4日公布的“第3期简报”（2025年国家宪法日暨宪法宣传周，菏泽高新区），有关数据更正如下：\
         宣传资料由约1200份更正为1270份（涉及万福街道、吕陵镇、实验学校）；横幅标语由3条更正为0条（涉及万福街道）。"
    );
    assert_eq!(
        correction["text_en"],
        "Correction: in \"第3期简报\", published on 2025-12-4 (2025年国家宪法日暨宪法宣传周, 菏泽高新区), these figures \
         have changed: Printed matter: 1270 copies instead of about 1200 copies (万福街道, 吕陵镇, 实验学校); Banners: 0 \
         banners instead of 3 banners (万福街道)."
    );
    // The next one begins from here.
    let second = office.post(&publications, &json!({ "title": "第4期简报" })).await.expect(201);
    assert_eq!((&second["number"], &second["correction"]), (&json!(2), &Value::Null));
    let list = office.get(&publications).await.expect(200);
    let titles: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|i| i["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["第4期简报", "第3期简报"]);
    let audit = app.database.stored().await.audit;
    assert_eq!(audit.iter().filter(|row| row.action == "publication.freeze").count(), 2);
    app.assert_sound().await;

    // What somebody changes behind the service's back is found.
    app.database
        .execute("UPDATE publications SET frozen = replace(frozen, '1200', '1300') WHERE number = 1")
        .await;
    let findings = app.store.verify().await.unwrap();
    assert!(findings.len() == 1 && findings[0].0.contains("publication.freeze"), "{findings:?}");
}

async fn publishing_is_the_offices(engine: Engine) {
    let app = TestApp::start(engine).await;
    let publications = format!("{CAMPAIGN}/publications");
    let body = json!({ "unit": "371772", "title": "简报" });
    for who in ["reviewer", "viewer"] {
        app.by(who).post(&publications, &body).await.problem(403, "forbidden");
    }
    app.by("wanfu").post(&publications, &body).await.problem(404, "unit_out_of_scope");
    app.by("mudan").post(&publications, &body).await.problem(404, "campaign_unknown");
    let office = app.by("office");
    office.post(&publications, &json!({ "unit": "371772" })).await.problem(422, "field_missing");
    office.post(&publications, &json!({ "title": "电话13800138000" })).await.problem(422, "personal_data");
    office.post(&publications, &body).await.expect(201);
    app.by("viewer").get(&format!("{publications}/1")).await.expect(200);
    // Who sees one unit does not see the totals of all.
    app.by("wanfu").get(&format!("{publications}/1")).await.problem(404, "publication_unknown");
    assert_eq!(app.by("wanfu").get(&publications).await.expect(200)["items"], json!([]));
    office.get(&format!("{publications}/9")).await.problem(404, "publication_unknown");
    office.get(&format!("{publications}/x")).await.problem(404, "publication_unknown");
}

/// Reports that come in while figures are frozen are in them or are told as newer: never neither, never both.
async fn what_comes_in_while_publishing_is_not_half_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let publications = format!("{CAMPAIGN}/publications");
    let at = |n: usize| {
        path(["371772001", "371772100", "371772108", "gx-school"][n % 4], &format!("2025-12-0{}", n / 4 + 1))
    };
    let reports = async {
        for n in 0..16 {
            office.put(&at(n), &materials(1)).await.expect(201);
        }
    };
    let publish = async {
        let mut done = Vec::new();
        for n in 0..6 {
            let answer = office.post(&publications, &json!({ "title": format!("第{n}期") })).await;
            // Five times in a row somebody may be quicker; then the caller is asked to come back.
            if answer.status == 201 {
                done.push(answer.json()["number"].as_i64().unwrap());
            }
        }
        done
    };
    let ((), done) = tokio::join!(reports, publish);
    for number in done {
        let view = office.get(&format!("{publications}/{number}")).await.expect(200);
        let count = |items: &Value| {
            items.as_array().unwrap().iter().find(|i| i["measure"] == "materials").unwrap()["count"]
                .as_i64()
                .unwrap()
        };
        let then = count(&view["frozen"]["items"]);
        assert_eq!(view["frozen"]["revision"], then, "each report is one copy and one version");
        let new = view["correction"]["items"][0]["units"].as_array().map_or(0, Vec::len);
        assert_eq!(new == 0, then == 16, "{view}");
    }
    app.assert_sound().await;
}
