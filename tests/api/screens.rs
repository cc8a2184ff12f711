//! A wall screen with a device link, and the bulletin.

use crate::flow::WANFU;
use crate::office::{send, show};
use crate::support::{Engine, Options, PASSWORD, TestApp, password_hash};
use pufa::domain::access::{Grant, Role};
use pufa::http::routes::{Access, TABLE};
use pufa::service::accounts::add_account;
use pufa::store::NewAccount;
use reqwest::Method;
use serde_json::json;

on_both! {
    a_device_link_shows_one_drive_and_does_nothing_else
    a_screen_that_nobody_opened_does_not_ask_to_sign_in
    the_bulletin_says_what_was_reported
    an_empty_service_leads_on
}

const SCREEN: &str = "/screen/constitution-2025";

async fn a_device_link_shows_one_drive_and_does_nothing_else(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let body = json!({"items": [{"measure": "materials", "title": "《宪法》", "count": 512}]});
    office.put(WANFU, &body).await.expect(201);
    let links = "/campaigns/constitution-2025/links";
    office.post(links, &json!({"unit": "371772", "kind": "wall"})).await.problem(422, "kind_unknown");
    let made = office.post(links, &json!({"unit": "371772", "kind": "screen"})).await.expect(201);
    assert_eq!(made["kind"], "screen");
    let opened = show(&app.nobody(), made["path"].as_str().unwrap()).await;
    assert_eq!((opened.status, opened.header("location")), (303, "/screen/constitution-2025?unit=371772"));
    let cookie = opened.header("set-cookie");
    assert!(cookie.contains(&format!("Path={SCREEN};")) && cookie.contains("HttpOnly"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let with = [("cookie", cookie.as_str())];
    let device = app.nobody();

    let screen = device.send(Method::GET, &format!("{SCREEN}?unit=371772"), &with, None).await;
    assert_eq!(screen.status, 200, "{}", screen.text());
    let text = screen.text();
    assert!(text.contains("512") && text.contains("<svg") && text.contains("data-events="));
    assert!(!text.contains("/login") && !text.contains("<nav") && !text.contains("<form"));

    // Whatever else there is, it is not there for the device.
    let mut closed = 0;
    for route in TABLE {
        let Access::Needs(_) = route.access else { continue };
        if route.opens_to_screens() {
            continue;
        }
        let path = route
            .path
            .replace("{campaign}", "constitution-2025")
            .replace("{unit}", "371772001")
            .replace("{code}", "371772001")
            .replace("{date}", "2025-12-04")
            .replace("{file}", "totals.png")
            .replace("{id}", "1")
            .replace("{name}", "wanfu");
        let method: Method = route.method.name().parse().unwrap();
        let answer = device.send(method.clone(), &path, &with, None).await;
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
        closed += 1;
    }
    assert!(closed > 30, "{closed}");
    // Nor are other drives and units.
    let year = json!({"kind": "constitution", "year": 2024, "unit": "371772"});
    app.by("admin").post("/campaigns", &year).await.expect(201);
    for other in ["/screen/constitution-2024", "/screen/constitution-2025?unit=371702"] {
        assert_eq!(device.send(Method::GET, other, &with, None).await.status, 404, "{other}");
    }
    // A report link opens no screen.
    let report = office.post(links, &json!({"unit": "371772001"})).await.expect(201);
    let opened = show(&app.nobody(), report["path"].as_str().unwrap()).await;
    let report = opened.header("set-cookie").split(';').next().unwrap().to_owned();
    let answer = device.send(Method::GET, SCREEN, &[("cookie", report.as_str())], None).await;
    assert_eq!(answer.status, 404);

    // The page of devices lists it, and revoking it ends it.
    let devices = "/campaigns/constitution-2025/screens";
    let number = made["id"].to_string();
    assert!(show(&office, devices).await.text().contains(&format!("设备 #{number}")));
    assert!(
        !show(&office, "/campaigns/constitution-2025/links").await.text().contains(&format!("#{number}<"))
    );
    assert_eq!(show(&app.by("viewer"), devices).await.status, 403);
    let another = send(&office, devices, &[("unit", "371772")]).await;
    assert!(another.status == 200 && another.text().contains("/r/"), "{}", another.text());
    assert_eq!(send(&office, devices, &[("revoke", &number)]).await.status, 303);
    let ended = device.send(Method::GET, SCREEN, &with, None).await;
    assert_eq!(ended.status, 401);
}

async fn a_screen_that_nobody_opened_does_not_ask_to_sign_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let answer = show(&app.nobody(), SCREEN).await;
    assert_eq!(answer.status, 401);
    assert!(answer.text().contains("设备链接"), "{}", answer.text());
    // Who is signed in sees it too, within their scope.
    assert_eq!(show(&app.by("office"), SCREEN).await.status, 200);
    assert_eq!(show(&app.by("mudan"), SCREEN).await.status, 404);
    let events = app.by("office").open(&SCREEN.replace("2025", "2025/events")).await;
    assert_eq!(events.status(), 200);
    assert!(events.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
}

async fn the_bulletin_says_what_was_reported(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let body = json!({"items": [{"measure": "materials", "title": "《宪法》", "count": 512}]});
    office.put(WANFU, &body).await.expect(201);
    let page = show(&office, "/campaigns/constitution-2025/bulletin?number=3").await;
    assert_eq!(page.status, 200);
    let text = page.text();
    for words in ["第 3 期", "截至2025年12月4日", "512 份", "已报 1 份", "万福街道", "theme=print"]
    {
        assert!(text.contains(words), "no {words}: {text}");
    }
    assert_eq!(show(&app.by("mudan"), "/campaigns/constitution-2025/bulletin").await.status, 404);
    // GB/T 9704: 37 mm above, 28 mm left, and a text area of 156 by 225 mm of the 210 by 297.
    let address = text.split("href=\"").find(|rest| rest.starts_with("/assets/app.css")).unwrap();
    let css = show(&office, address.split('"').next().unwrap()).await.text();
    let margins = css.split("@page paper").nth(1).unwrap().split('}').next().unwrap();
    let margin = margins.split("margin:").nth(1).unwrap().split(';').next().unwrap();
    let sides: Vec<i32> =
        margin.split_whitespace().map(|side| side.trim_end_matches("mm").trim().parse().unwrap()).collect();
    let [top, right, bottom, left] = sides[..] else { panic!("{margin}") };
    assert_eq!((top, left, 210 - left - right, 297 - top - bottom), (37, 28, 156, 225));
    assert!(margins.contains("size: A4"));
}

async fn an_empty_service_leads_on(engine: Engine) {
    let app = TestApp::bare(engine, Options::default()).await;
    let grants = vec![Grant { role: Role::Admin, unit: None, below: true }];
    let admin = NewAccount { username: "admin".into(), password_hash: password_hash(), grants };
    add_account(&app.store, admin).await.unwrap();
    let nobody = app.nobody();
    let made = send(&nobody, "/login", &[("username", "admin"), ("password", PASSWORD)]).await;
    assert_eq!((made.status, made.header("location")), (303, "/"), "{}", made.text());
    let cookie = made.header("set-cookie").split(';').next().unwrap().to_owned();
    let with = [("cookie", cookie.as_str())];
    let form =
        [with[0], ("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    let page = async |path: &str| nobody.send(Method::GET, path, &with, None).await;
    let post = async |path: &str, body: &str| nobody.send(Method::POST, path, &form, Some(body.into())).await;

    let first = page("/").await.text();
    assert!(first.contains("href=\"/units\"") && !first.contains("main\" href=\"/campaigns\""), "{first}");
    assert_eq!(post("/units", "code=371772&name=%E9%AB%98%E6%96%B0%E5%8C%BA&kind=region").await.status, 303);
    assert_eq!(
        post("/units", "under=371772&code=371772001&name=%E4%B8%87%E7%A6%8F&kind=subdistrict").await.status,
        303
    );
    assert!(page("/").await.text().contains("main\" href=\"/campaigns\""), "next comes the drive");
    let drive = post("/campaigns", "kind=constitution&year=2025").await;
    assert_eq!(
        (drive.status, drive.header("location")),
        (303, "/campaigns/constitution-2025/settings?new=1"),
        "{}",
        drive.text()
    );
    let settings = page("/campaigns/constitution-2025/settings?new=1").await.text();
    assert!(settings.contains("/campaigns/constitution-2025/links") && settings.contains("href=\"/people\""));
    assert!(page("/").await.header("location").ends_with("/campaigns/constitution-2025"));
}
