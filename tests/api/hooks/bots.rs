//! Group bots: their forms, signatures and limits, and when something goes out.

use super::mock::{self, DINGTALK, FEISHU, Mock, Reply, SECRET, Seen, WECOM};
use super::{busy, deliveries, hook, settled};
use crate::support::{Engine, Options, TestApp};
use pufa::clock::Clock;
use pufa::domain::unit::UnitKind;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

on_both! {
    each_bot_takes_what_it_is_sent
    a_wrong_key_is_put_aside_at_once
    the_missing_list_goes_out_at_its_times
    nothing_goes_out_in_the_quiet_hours
    summary_and_picture_go_out_after_the_deadline
    a_bot_that_was_asked_too_often_is_left_alone
    a_long_list_goes_out_in_parts
    what_piled_up_goes_out_no_faster_than_a_bot_allows
}

type Strict = Box<dyn FnMut(&Seen) -> Reply + Send>;

fn bots(clock: &Clock) -> [(&'static str, &'static str, Strict); 3] {
    [
        ("wecom", WECOM, Box::new(mock::wecom(clock.clone()))),
        ("dingtalk", DINGTALK, Box::new(mock::dingtalk(clock.clone()))),
        ("feishu", FEISHU, Box::new(mock::feishu(clock.clone()))),
    ]
}

async fn zero(app: &TestApp, unit: &str, date: &str) {
    let path = format!("/campaigns/constitution-2025/tallies/{unit}/{date}");
    app.by("office").put(&path, &json!({ "zero": true })).await.expect(201);
}

fn text(seen: &Seen) -> String {
    let body = seen.json();
    let places = ["/text/content", "/content/text", "/markdown/content", "/markdown/text"];
    places.iter().find_map(|at| body.pointer(at)).and_then(Value::as_str).unwrap_or_default().to_owned()
}

async fn at(app: &TestApp, shanghai: &str) {
    app.set_clock(shanghai);
    // Long enough for several looks.
    tokio::time::sleep(Duration::from_millis(150)).await;
}

async fn each_bot_takes_what_it_is_sent(engine: Engine) {
    let app = TestApp::start_with(engine, busy()).await;
    for (kind, path, strict) in bots(&app.clock) {
        let mock = Mock::start(strict).await;
        let id =
            hook(&app, json!({ "kind": kind, "url": mock.url(path), "secret": SECRET, "summary_at": [-55] }))
                .await;
        let tried = app.by("office").post(&format!("/hooks/{id}/test"), &json!({})).await.expect(200);
        assert_eq!(tried, json!({ "delivered": true, "error": null }), "{kind}");
        app.set_clock("2025-12-04T17:05:00");
        let seen = mock.expect(3).await;
        assert!(seen.iter().any(|seen| text(seen).contains("尚有 4 个未报")), "{kind}");
        assert!(seen.iter().any(|seen| String::from_utf8_lossy(&seen.body).contains("【日报】")), "{kind}");
        assert_eq!(deliveries(&app, id, "?state=delivered").await.len(), 2, "{kind}");
        assert_eq!(app.by("office").delete(&format!("/hooks/{id}")).await.status, 204);
        app.set_clock("2025-12-04T10:00:00");
    }
}

async fn a_wrong_key_is_put_aside_at_once(engine: Engine) {
    let app = TestApp::start_with(engine, busy()).await;
    for (kind, path, strict) in bots(&app.clock) {
        let mock = Mock::start(strict).await;
        let (url, secret) = match kind {
            "wecom" => (mock.url("/cgi-bin/webhook/send?key=another"), SECRET),
            _ => (mock.url(path), "SEC-of-somebody-else"),
        };
        let body = json!({ "kind": kind, "url": url, "secret": secret, "events": ["missing"] });
        let id = hook(&app, body).await;
        app.set_clock("2025-12-04T17:00:00");
        let dead = settled(&app, id, |one| one["state"] == "dead").await;
        assert_eq!((&dead["attempts"], &dead["status"]), (&json!(1), &json!(200)), "{dead}");
        let code = match kind {
            "wecom" => "93000",
            "dingtalk" => "310000",
            _ => "19021",
        };
        assert!(dead["error"].as_str().unwrap().contains(code), "{dead}");
        app.set_clock("2025-12-04T10:00:00");
    }
    let view = app.by("office").get("/campaigns/constitution-2025/missing").await.expect(200);
    assert_eq!(view["items"][0]["asked"], 0, "nobody was asked by what did not arrive");
}

async fn the_missing_list_goes_out_at_its_times(engine: Engine) {
    let app = TestApp::start_with(engine, busy()).await;
    let mock = Mock::start(mock::wecom(app.clock.clone())).await;
    let body = json!({ "kind": "wecom", "url": mock.url(WECOM), "events": ["missing"] });
    let id = hook(&app, body).await;
    zero(&app, "371772001", "2025-12-04").await;
    at(&app, "2025-12-04T16:59:59").await;
    assert_eq!(mock.seen().len(), 0);

    at(&app, "2025-12-04T17:00:00").await;
    let first = text(&mock.expect(1).await[0]);
    assert!(first.starts_with("【上报提醒】") && first.contains("还有 1 小时"), "{first}");
    assert!(first.contains("吕陵镇、马岭岗镇、实验学校") && !first.contains("万福街道"), "{first}");
    zero(&app, "371772100", "2025-12-04").await;
    at(&app, "2025-12-04T18:30:00").await;
    let second = text(&mock.expect(2).await[1]);
    assert!(second.starts_with("【催报】") && second.contains("已过截止时间"), "{second}");
    assert!(
        second.contains("马岭岗镇、实验学校") && !second.contains("吕陵镇"),
        "who reported is not asked: {second}"
    );

    let chases = app.by("office").get("/campaigns/constitution-2025/chases").await.expect(200);
    let by: Vec<_> = chases["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["channel"], &one["by"], one["units"].as_array().unwrap().len()))
        .collect();
    assert_eq!(by, [(&json!("wecom"), &Value::Null, 2), (&json!("wecom"), &Value::Null, 3)]);
    // Nobody is missing the next day: nothing is said, and nobody troubled.
    for unit in ["371772001", "371772100", "371772108", "gx-school"] {
        app.set_clock("2025-12-05T10:00:00");
        zero(&app, unit, "2025-12-05").await;
    }
    at(&app, "2025-12-05T17:00:00").await;
    let dropped = settled(&app, id, |one| one["state"] == "dropped").await;
    assert_eq!((&dropped["date"], &dropped["number"]), (&json!("2025-12-05"), &json!(-60)));
    assert_eq!(mock.seen().len(), 2);
}

async fn nothing_goes_out_in_the_quiet_hours(engine: Engine) {
    let app = TestApp::start_with(engine, busy()).await;
    app.by("admin").patch("/campaigns/constitution-2025", &json!({ "deadline": "22:30" })).await.expect(200);
    let mock = Mock::start(mock::feishu(app.clock.clone())).await;
    let body = json!({ "kind": "feishu", "url": mock.url(FEISHU), "secret": SECRET, "events": ["missing"] });
    hook(&app, body).await;
    for time in ["22:00:00", "23:00:00", "23:59:59"] {
        at(&app, &format!("2025-12-04T{time}")).await;
    }
    at(&app, "2025-12-05T06:59:59").await;
    assert_eq!(mock.seen().len(), 0);
    at(&app, "2025-12-05T07:00:00").await;
    let said = text(&mock.expect(1).await[0]);
    assert!(said.contains("12月4日") && said.contains("已过截止时间（22:30）"), "{said}");
}

async fn summary_and_picture_go_out_after_the_deadline(engine: Engine) {
    let app = TestApp::start_with(engine, busy()).await;
    let mock = Mock::start(mock::wecom(app.clock.clone())).await;
    let body = json!({ "kind": "wecom", "url": mock.url(WECOM), "events": ["summary", "picture"] });
    let id = hook(&app, body).await;
    let body = json!({ "items": [
        { "measure": "materials", "title": "《宪法》", "count": 1200, "bound": "over" }, { "measure": "banners", "count": 6 },
    ] });
    app.by("office")
        .put("/campaigns/constitution-2025/tallies/371772001/2025-12-04", &body)
        .await
        .expect(201);
    at(&app, "2025-12-04T19:00:00").await;
    let seen = mock.expect(2).await;
    let said = seen.iter().map(text).find(|text| !text.is_empty()).unwrap();
    for words in [
        "【日报】2025年国家宪法日暨宪法宣传周",
        "应报 4 个单位，已报 1 个，未报 3 个",
        "宣传资料 约1200份",
        "6条",
    ] {
        assert!(said.contains(words), "{said} has no {words}");
    }
    assert!(seen.iter().any(|seen| seen.json()["msgtype"] == "image"));
    assert_eq!(deliveries(&app, id, "?state=delivered").await.len(), 2, "the bot found the picture right");
}

async fn a_bot_that_was_asked_too_often_is_left_alone(engine: Engine) {
    let app = TestApp::start_with(engine, busy()).await;
    let mut strict = mock::dingtalk(app.clock.clone());
    let mock = Mock::start(move |seen| strict(seen)).await;
    let body =
        json!({ "kind": "dingtalk", "url": mock.url(DINGTALK), "secret": SECRET, "events": ["missing"] });
    let id = hook(&app, body).await;
    // Somebody else has used up the minute of this robot.
    app.set_clock("2025-12-04T16:59:50");
    for _ in 0..20 {
        app.by("office").post(&format!("/hooks/{id}/test"), &json!({})).await.expect(200);
    }
    at(&app, "2025-12-04T17:00:00").await;
    mock.expect(21).await;
    let waits = settled(&app, id, |one| one["state"] == "waiting" && one["attempts"] == 1).await;
    assert!(waits["error"].as_str().unwrap().starts_with("rate_limited: 130101"), "{waits}");
    assert_eq!(waits["next_at"], "2025-12-04T17:10:00+08:00", "ten minutes, as its makers say");
    at(&app, "2025-12-04T17:09:59").await;
    mock.expect(21).await;
    at(&app, "2025-12-04T17:10:00").await;
    mock.expect(22).await;
    settled(&app, id, |one| one["state"] == "delivered").await;
}

async fn a_long_list_goes_out_in_parts(engine: Engine) {
    let mut options = busy();
    options.limits.hook_timeout = Duration::from_secs(10);
    let app = TestApp::start_with(engine, Options { ..options }).await;
    let admin = app.by("admin");
    for n in 0..150 {
        let unit = json!({
            "code": format!("371772108{n:03}"), "name": format!("第{n}居民委员会"), "parent": "371772108",
            "kind": UnitKind::Village.code(),
        });
        admin.post("/units", &unit).await.expect(201);
    }
    let mock = Mock::start(mock::wecom(app.clock.clone())).await;
    let body = json!({ "kind": "wecom", "url": mock.url(WECOM), "events": ["missing"] });
    let id = hook(&app, body).await;
    app.set_clock("2025-12-04T17:00:00");
    let seen = mock.expect(2).await;
    let said: Vec<String> = seen.iter().map(text).collect();
    assert!(said[0].starts_with("（1/2）\n【上报提醒】") && said[1].starts_with("（2/2）\n"), "{said:?}");
    let whole: String = said.concat();
    for n in 0..150 {
        assert!(whole.contains(&format!("第{n}居民委员会")), "{n}");
    }
    settled(&app, id, |one| one["state"] == "delivered").await;
}

async fn what_piled_up_goes_out_no_faster_than_a_bot_allows(engine: Engine) {
    let app = TestApp::start_with(engine, busy()).await;
    let mock = Mock::start(|_| Some((502, "", String::new()))).await;
    let times = [-60, -50, -40, -30, -20, -10];
    let body = json!({ "kind": "wecom", "url": mock.url(WECOM), "missing_at": times, "summary_at": times });
    let id = hook(&app, body).await;
    let mut planned = 0;
    for day in [4, 5] {
        for minute in [0, 10, 20, 30, 40, 50] {
            app.set_clock(&format!("2025-12-0{day}T17:{minute:02}:00"));
            planned += 2;
            let begun = Instant::now();
            while deliveries(&app, id, "?state=waiting").await.len() < planned {
                assert!(begun.elapsed() < Duration::from_secs(10), "{day} {minute}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    // A try under way would rest from the new time on, and the clock stands.
    let failed = mock.rest().await;
    mock.answer(mock::wecom(app.clock.clone()));
    // What failed eight times rests up to 75 minutes from 17:50 on.
    app.set_clock("2025-12-05T19:10:00");
    mock.expect(failed + 20).await;
    at(&app, "2025-12-05T19:10:59").await;
    assert_eq!(mock.seen().len(), failed + 20);
    app.set_clock("2025-12-05T19:11:00");
    mock.expect(failed + 24).await;
    let delivered = deliveries(&app, id, "?state=delivered").await;
    assert_eq!(delivered.len(), 24, "the bot was never asked too often");
}
