//! The office's pages, which work without script.

use super::{CAMPAIGN, materials, path};
use crate::flow::WANFU;
use crate::support::{Answer, Client, Engine, TestApp};
use reqwest::Method;
use serde_json::json;

on_both! {
    the_queue_decides_about_what_was_ticked
    figures_are_published_and_print_is_entered_on_pages
    a_joint_part_survives_the_form
}

async fn show(client: &Client, path: &str) -> Answer {
    client.send(Method::GET, path, &[], None).await
}

async fn send(client: &Client, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    client.send(Method::POST, path, &headers, Some(body.into_bytes())).await
}

async fn the_queue_decides_about_what_was_ticked(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (office, reviewer) = (app.by("office"), app.by("reviewer"));
    office.put(WANFU, &materials(500)).await.expect(201);
    office.put(&path("371772100", "2025-12-04"), &materials(9_000)).await.expect(201);
    let queue = "/campaigns/constitution-2025/review";
    let page = show(&reviewer, queue).await.text();
    let (town, street) = (page.find("<span>吕陵镇 ").unwrap(), page.find("<span>万福街道 ").unwrap());
    assert!(town < street, "what is not explained comes first");
    assert!(page.contains("value=\"371772100|2025-12-04|1\"") && page.contains("高于同类单位"), "{page}");
    assert!(show(&reviewer, "/campaigns/constitution-2025").await.text().contains("/review?under=371772"));
    assert_eq!(show(&app.by("wanfu"), queue).await.status, 403);
    assert!(!show(&app.by("wanfu"), "/campaigns/constitution-2025").await.text().contains("/review?under="));

    let both = [("report", "371772100|2025-12-04|1"), ("report", "371772001|2025-12-04|1")];
    let refused = send(&reviewer, queue, &[both[0], both[1], ("do", "return")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("请说明原因"), "{}", refused.text());
    assert_eq!(send(&reviewer, queue, &[("do", "accept")]).await.status, 422, "nothing is ticked");
    office.put_over(WANFU, &materials(501), 1).await.expect(200);
    // One has changed since the page was made; the other is returned all the same.
    let partly = send(&reviewer, queue, &[both[0], both[1], ("do", "return"), ("reason", "核对")]).await;
    assert_eq!(partly.status, 422);
    assert!(
        partly.text().contains("371772001") && !partly.text().contains("<span>吕陵镇 "),
        "{}",
        partly.text()
    );
    assert_eq!(office.get(&path("371772100", "2025-12-04")).await.expect(200)["state"], "returned");
    let done = send(&reviewer, queue, &[("report", "371772001|2025-12-04|2"), ("do", "accept")]).await;
    assert_eq!((done.status, done.header("location")), (303, "/campaigns/constitution-2025/review?done=1"));
    assert_eq!(office.get(WANFU).await.expect(200)["state"], "accepted");
    assert!(show(&reviewer, queue).await.text().contains("没有待审的报表"));
}

async fn figures_are_published_and_print_is_entered_on_pages(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    office.put(WANFU, &materials(500)).await.expect(201);
    let list = "/campaigns/constitution-2025/publications";
    assert_eq!(send(&office, list, &[("title", " ")]).await.status, 422);
    let made = send(&office, list, &[("title", "第1期简报")]).await;
    assert_eq!((made.status, made.header("location")), (303, "/campaigns/constitution-2025/publications/1"));
    office.put_over(WANFU, &materials(700), 1).await.expect(200);
    let page = show(&office, "/campaigns/constitution-2025/publications/1").await.text();
    assert!(
        page.contains("第1期简报") && page.contains("宣传资料由500份更正为700份（涉及万福街道）"),
        "{page}"
    );
    assert!(show(&office, list).await.text().contains("第1期简报"));

    let ledger = "/campaigns/constitution-2025/ledger/371772001";
    let entry = [("title", "《宪法》"), ("date", "2025-12-01"), ("kind", "drawn"), ("count", "900")];
    assert_eq!(send(&app.by("wanfu"), ledger, &entry).await.status, 303);
    let page = show(&app.by("wanfu"), ledger).await.text();
    assert!(page.contains("<td class=\"n\">700</td>") && page.contains("<td class=\"n\">200</td>"), "{page}");
    let (_, id) = page.split_once("name=\"reverses\" value=\"").unwrap();
    let id = id.split_once('"').unwrap().0.to_owned();
    assert_eq!(send(&office, ledger, &[("reverses", id.as_str())]).await.status, 303);
    assert_eq!(send(&office, ledger, &[("reverses", id.as_str())]).await.status, 409);
    assert!(!show(&office, ledger).await.text().contains("name=\"reverses\""), "what is taken back is done");
    let faulty =
        send(&office, ledger, &[("title", "x"), ("date", ""), ("kind", "drawn"), ("count", "-1")]).await;
    assert!(faulty.status == 422 && faulty.text().contains("数量不能为负数"), "{}", faulty.text());
    app.assert_sound().await;
}

async fn a_joint_part_survives_the_form(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wanfu = app.by("wanfu");
    let fields = [
        ("items.0.measure", "banners"),
        ("items.0.given", "1"),
        ("items.0.count", "2"),
        ("joint.0.lead", "371772100"),
        ("joint.0.measure", "materials"),
        ("joint.0.title", "《宪法》"),
        ("joint.0.count", "30"),
        ("joint.1.lead", "371772100"),
        ("joint.1.measure", "sessions"),
        ("joint.1.count", "1"),
        ("joint.2.lead", ""),
        ("joint.2.measure", "materials"),
        ("joint.2.count", ""),
        ("version", ""),
        ("do", "submit"),
    ];
    let sent = super::form(&wanfu, "2025-12-04", &fields).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let tally = wanfu.get(WANFU).await.expect(200);
    assert_eq!(tally["totals"].as_array().unwrap().len(), 1);
    assert_eq!(
        tally["joint"],
        json!([{ "lead": "371772100", "items": [
        { "measure": "materials", "title": "《宪法》", "count": 30, "bound": "exact" },
        { "measure": "sessions", "count": 1, "bound": "exact" },
    ] }])
    );
    let page = show(&wanfu, "/campaigns/constitution-2025/report/371772001?date=2025-12-04").await.text();
    assert!(page.contains("name=\"joint.0.lead\" value=\"371772100\"") && page.contains("吕陵镇"), "{page}");
    let receipt = show(&wanfu, "/campaigns/constitution-2025/report/371772001?date=2025-12-04&done=1").await;
    assert!(receipt.text().contains("联合开展（吕陵镇牵头）：宣传资料：《宪法》"), "{}", receipt.text());
    let mut wrong = fields.to_vec();
    wrong[3].1 = "371702001";
    wrong[13].1 = "1";
    let refused = super::form(&wanfu, "2025-12-04", &wrong).await;
    assert!(refused.status == 422 && refused.text().contains("id=\"joint.0.fault\""), "{}", refused.text());
    let totals =
        app.by("office").get(&format!("{CAMPAIGN}/totals?unit=371772&measure=materials")).await.expect(200);
    assert_eq!(totals["items"][0]["count"], 0);
}
