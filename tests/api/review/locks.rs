//! Locked days and exceptions.

use super::{CAMPAIGN, decide, materials, path};
use crate::flow::WANFU;
use crate::support::{Engine, TestApp};
use serde_json::json;

on_both! {
    a_locked_day_takes_no_report_but_by_an_exception
    a_lock_is_the_offices
}

async fn a_locked_day_takes_no_report_but_by_an_exception(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (wanfu, office) = (app.by("wanfu"), app.by("office"));
    wanfu.put(WANFU, &materials(10)).await.expect(201);
    let lock = json!({ "date": "2025-12-04", "reason": "已汇总上报" });
    let locks = office.post(&format!("{CAMPAIGN}/locks"), &lock).await.expect(201);
    assert_eq!(
        (&locks["days"][0]["date"], &locks["days"][0]["by"]),
        (&json!("2025-12-04"), &json!("office"))
    );
    assert_eq!(office.get(CAMPAIGN).await.expect(200)["locked_days"], json!(["2025-12-04"]));
    let before = app.database.stored().await;
    wanfu.put_over(WANFU, &materials(11), 1).await.problem(409, "day_locked");
    wanfu.put(&path("371772001", "2025-12-03"), &materials(1)).await.expect(201);
    // What could not be answered is not asked; what stands may be accepted.
    decide(&app.by("reviewer"), WANFU, "return", "再核").await.problem(409, "day_locked");
    assert_eq!(app.database.stored().await.versions.len(), before.versions.len() + 1);

    let except = |until: Option<&str>| json!({ "unit": "371772001", "date": "2025-12-04", "reason": "漏报", "until": until });
    let exceptions = format!("{CAMPAIGN}/exceptions");
    office.post(&exceptions, &except(Some("2025-12-04T12:00:00+08:00"))).await.expect(201);
    let by = wanfu.put_over(WANFU, &materials(12), 1).await.expect(200);
    assert_eq!((&by["exception"], &by["version"]), (&json!(true), &json!(2)));
    office.put(&path("371772100", "2025-12-04"), &materials(1)).await.problem(409, "day_locked");
    app.set_clock("2025-12-04T12:00:01");
    wanfu.put_over(WANFU, &materials(13), 2).await.problem(409, "day_locked");
    office.post(&exceptions, &except(None)).await.expect(201);
    wanfu.put_over(WANFU, &materials(13), 2).await.expect(200);
    decide(&app.by("reviewer"), WANFU, "return", "再核").await.expect(200);

    // A lock of the whole has the same exceptions.
    office.patch(CAMPAIGN, &json!({ "locked": true })).await.expect(200);
    wanfu.put_over(WANFU, &materials(13), 4).await.expect(200);
    wanfu.put(&path("371772001", "2025-12-02"), &materials(1)).await.problem(409, "campaign_locked");
    office.patch(CAMPAIGN, &json!({ "locked": false })).await.expect(200);
    let day = format!("{CAMPAIGN}/locks/2025-12-04");
    office.delete(&day).await.expect(204);
    office.delete(&day).await.problem(404, "lock_unknown");
    office.put(&path("371772100", "2025-12-04"), &materials(1)).await.expect(201);
    let audit = app.database.stored().await.audit;
    let actions: Vec<&str> = audit
        .iter()
        .map(|row| row.action.as_str())
        .filter(|action| action.starts_with("campaign."))
        .collect();
    for action in ["campaign.lock", "campaign.except", "campaign.unlock"] {
        assert!(actions.contains(&action), "{actions:?}");
    }
    assert!(audit.iter().any(|row| row.detail.contains("已汇总上报")));
    app.assert_sound().await;
    let database = app.stop().await;
    let app = TestApp::on(&database, crate::support::Options::default()).await;
    assert_eq!(
        app.by("office").get(&format!("{CAMPAIGN}/locks")).await.expect(200)["exceptions"][0]["reason"],
        "漏报"
    );
}

async fn a_lock_is_the_offices(engine: Engine) {
    let app = TestApp::start(engine).await;
    let lock = json!({ "date": "2025-12-04", "reason": "x" });
    for who in ["wanfu", "reviewer", "viewer"] {
        app.by(who).post(&format!("{CAMPAIGN}/locks"), &lock).await.problem(403, "forbidden");
        app.by(who).get(&format!("{CAMPAIGN}/locks")).await.problem(403, "forbidden");
    }
    app.by("mudan").post(&format!("{CAMPAIGN}/locks"), &lock).await.problem(404, "campaign_unknown");
    let office = app.by("office");
    let at = format!("{CAMPAIGN}/locks");
    office.post(&at, &json!({ "date": "2025-12-04" })).await.problem(422, "reason_required");
    office
        .post(&at, &json!({ "date": "2025-11-04", "reason": "x" }))
        .await
        .problem(422, "day_outside_window");
    let outside = json!({ "unit": "371702001", "date": "2025-12-04", "reason": "x" });
    office.post(&format!("{CAMPAIGN}/exceptions"), &outside).await.problem(404, "unit_out_of_scope");
}
