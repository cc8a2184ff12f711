//! People, managed within what one may give; and the pages for it.

use crate::flow::WANFU;
use crate::support::{Client, Engine, Options, PASSWORD, TestApp};
use pufa::config::{Limits, Site};
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    people_are_managed_within_what_one_may_give
    a_password_given_by_somebody_else_is_changed_first
    the_last_administrator_stays
    duties_can_be_separate
    pages_of_accounts_work_without_script
}

async fn people_are_managed_within_what_one_may_give(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let names = async |who: &str| -> Vec<String> {
        let users = app.by(who).get("/users").await.expect(200);
        users["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["username"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("office").await, ["auditor", "edu", "office", "reviewer", "viewer", "wanfu"]);
    assert_eq!(names("mudan").await, ["mudan"]);
    assert_eq!(names("admin").await.len(), 8);
    for who in ["wanfu", "viewer", "reviewer", "auditor"] {
        app.by(who).get("/users").await.problem(403, "forbidden");
        app.by(who).patch("/users/edu", &json!({ "disabled": true })).await.problem(403, "forbidden");
    }
    for hidden in ["admin", "mudan", "nobody"] {
        office.get(&format!("/users/{hidden}")).await.problem(404, "user_unknown");
        office
            .patch(&format!("/users/{hidden}"), &json!({ "disabled": true }))
            .await
            .problem(404, "user_unknown");
    }
    let new = |name: &str, grants: Value| json!({ "username": name, "password": "a first password", "grants": grants });
    let grant = |role: &str, unit: &str| json!([{ "role": role, "unit": unit }]);
    for (grants, status, code) in [
        (grant("admin", "371772"), 403, "forbidden"),
        (grant("viewer", "371702"), 404, "unit_out_of_scope"),
        (grant("viewer", "nowhere"), 404, "unit_out_of_scope"),
        (grant("king", "371772"), 422, "role_unknown"),
        (json!([]), 422, "field_missing"),
        (json!([{ "role": "office" }]), 422, "field_missing"),
        (json!([{ "role": "admin" }]), 403, "forbidden"),
    ] {
        office.post("/users", &new("li", grants)).await.problem(status, code);
    }
    office.post("/users", &new("li si", grant("viewer", "371772"))).await.problem(422, "username_invalid");
    office.post("/users", &new("wanfu", grant("viewer", "371772"))).await.problem(409, "exists-username");
    let two = json!([{ "role": "reporter", "unit": "gx-edu", "below": true }, { "role": "viewer", "unit": "371772" }]);
    let made = office.post("/users", &new("李四", two)).await.expect(201);
    assert_eq!((&made["temporary"], made["grants"].as_array().unwrap().len()), (&json!(true), 2), "{made}");
    assert_eq!(office.get("/users/%E6%9D%8E%E5%9B%9B").await.expect(200)["username"], "李四");
    // Somebody with a part elsewhere is not the office's alone.
    let both = json!([{ "role": "viewer", "unit": "371772" }, { "role": "viewer", "unit": "371702" }]);
    app.by("admin").patch("/users/viewer", &json!({ "grants": both })).await.expect(200);
    office.patch("/users/viewer", &json!({ "disabled": true })).await.problem(404, "user_unknown");
    app.by("viewer").get("/me").await.problem(401, "unauthenticated");
    // A page at a time.
    let app = TestApp::on(
        &app.database,
        Options { limits: Limits { page: 3, ..Limits::default() }, lane: 1, ..Options::default() },
    )
    .await;
    let page = app.by("admin").get("/users").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 3);
    let next = page["next"].as_str().unwrap();
    let rest = app.by("admin").get(&format!("/users?cursor={next}")).await.expect(200);
    assert!(rest["items"][0]["username"].as_str().unwrap() > next, "{rest}");
    assert_eq!(app.by("admin").get("/users?q=wan").await.expect(200)["items"][0]["username"], "wanfu");
    app.assert_sound().await;
}

async fn a_password_given_by_somebody_else_is_changed_first(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    office.patch("/users/office", &json!({ "password": "my own new one" })).await.problem(403, "forbidden");
    office
        .patch("/users/wanfu", &json!({ "password": "wanfu-2026!" }))
        .await
        .problem(422, "password_telling");
    office.patch("/users/wanfu", &json!({ "password": "given by the office" })).await.expect(200);
    app.by("wanfu").get("/me").await.problem(401, "unauthenticated");
    let body = json!({ "username": "wanfu", "password": "given by the office" });
    let session = app.nobody().post("/session", &body).await.expect(201);
    assert_eq!(session["held"], "change_password");
    let wanfu = app.bearer(session["token"].as_str().unwrap());
    wanfu.get("/units").await.problem(403, "password_change_required");
    wanfu.put(WANFU, &json!({ "zero": true })).await.problem(403, "password_change_required");
    let page = wanfu.send(Method::GET, "/account", &[], None).await;
    assert!(page.status == 200 && page.text().contains("请先修改密码"), "{}", page.text());
    let body = json!({ "current": "given by the office", "new": "chosen by myself" });
    let session = wanfu.put("/me/password", &body).await.expect(200);
    let wanfu = app.bearer(session["token"].as_str().unwrap());
    wanfu.put(WANFU, &json!({ "zero": true })).await.expect(201);
    let audit = format!("{:?}", app.database.stored().await.audit);
    assert!(!audit.contains("given by the office") && !audit.contains("chosen by myself"));
}

async fn the_last_administrator_stays(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.by("admin");
    admin.patch("/users/admin", &json!({ "disabled": true })).await.problem(409, "last_admin");
    let less = json!({ "grants": [{ "role": "office", "unit": "371772" }] });
    admin.patch("/users/admin", &less).await.problem(409, "last_admin");
    admin.get("/me").await.expect(200);
    let second =
        json!({ "username": "deputy", "password": "a first password", "grants": [{ "role": "admin" }] });
    admin.post("/users", &second).await.expect(201);
    admin.patch("/users/admin", &less).await.expect(200);
    admin.get("/me").await.problem(401, "unauthenticated");
}

async fn duties_can_be_separate(engine: Engine) {
    let open = TestApp::start(engine).await;
    let site = Site { separate_duties: true, ..Site::default() };
    let limits = Limits { site, ..Limits::default() };
    let app = TestApp::on(&open.database, Options { limits, lane: 1, ..Options::default() }).await;
    let body = json!({ "zero": true });
    app.by("admin").put(WANFU, &body).await.problem(403, "forbidden");
    app.by("admin").patch("/units/371772001", &json!({ "name": "万福街道" })).await.expect(200);
    app.by("office").put(WANFU, &body).await.expect(201);
    let auditor = json!([{ "role": "auditor", "unit": "371772" }]);
    app.by("office").patch("/users/viewer", &json!({ "grants": auditor })).await.problem(403, "forbidden");
    app.by("admin").patch("/users/viewer", &json!({ "grants": auditor })).await.expect(200);
    open.by("admin")
        .put_over(WANFU, &json!({ "items": [{ "measure": "materials", "count": 1 }] }), 1)
        .await
        .expect(200);
}

async fn pages_of_accounts_work_without_script(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let post = async |client: &Client, path: &str, fields: &str| {
        client.send(Method::POST, path, &[kind], Some(fields.replace(' ', "+").into_bytes())).await
    };
    let get = async |client: &Client, path: &str| {
        client.send(Method::GET, path, &[("accept-language", "en")], None).await
    };
    for path in ["/account", "/people", "/people/wanfu"] {
        let page = get(&office, path).await;
        assert_eq!((page.status, page.header("content-language")), (200, "en"), "{}", page.text());
    }
    assert_eq!(get(&app.by("wanfu"), "/people").await.status, 403);
    assert_eq!(get(&office, "/people/mudan").await.status, 404);
    // Somebody new, and what is wrong told with what was typed.
    let wrong = post(&office, "/people", "username=zhao&password=short&role0=reporter&unit0=371772001").await;
    assert!(
        wrong.status == 422 && wrong.text().contains("value=\"zhao\"") && !wrong.text().contains("short")
    );
    let made =
        post(&office, "/people", "username=zhao&password=a first password&role0=reporter&unit0=371772001")
            .await;
    assert_eq!((made.status, made.header("location")), (303, "/people/zhao?done=1"));
    let changed =
        post(&office, "/people/zhao", "do=grants&role0=&unit0=371772001&role1=viewer&unit1=371772").await;
    assert_eq!(changed.status, 303, "{}", changed.text());
    let zhao = office.get("/users/zhao").await.expect(200);
    assert_eq!(zhao["grants"], json!([{ "role": "viewer", "unit": "371772", "below": true }]));
    for (what, disabled) in [("disable", true), ("enable", false)] {
        assert_eq!(post(&office, "/people/zhao", &format!("do={what}")).await.status, 303);
        assert_eq!(office.get("/users/zhao").await.expect(200)["disabled"], disabled);
    }
    // One's own: wrong, differing and right passwords; a session from the list; the way to one-time codes.
    let wanfu = app.by("wanfu");
    let fields = |current: &str, new: &str, again: &str| {
        format!("do=password&current={current}&new={new}&again={again}")
    };
    for (fields, status) in [
        (fields("not it", "a new password", "a new password"), 401),
        (fields(PASSWORD, "a new password", "another one"), 422),
        (fields(PASSWORD, "password1", "password1"), 422),
    ] {
        let told = post(&wanfu, "/account", &fields).await;
        assert!(
            told.status == status && told.text().contains("role=\"alert\""),
            "{} {}",
            told.status,
            told.text()
        );
        assert!(!told.text().contains("a new password") && !told.text().contains(PASSWORD));
    }
    let offer = post(&wanfu, "/account", &format!("do=totp&current={PASSWORD}")).await;
    assert!(
        offer.status == 200 && offer.text().contains("<svg") && offer.text().contains("value=\"confirm\"")
    );
    let again = post(&wanfu, "/account", "do=confirm&totp=12345").await;
    assert!(again.status == 401 && again.text().contains("<svg"), "the same code again: {}", again.text());
    let done = post(&wanfu, "/account", &fields(PASSWORD, "a new password", "a new password")).await;
    assert_eq!((done.status, done.header("location")), (303, "/account?done=1"));
    let cookie = done.header("set-cookie").split(';').next().unwrap().to_owned();
    let page = app.nobody().send(Method::GET, "/account?done=1", &[("cookie", &cookie)], None).await;
    assert!(page.status == 200 && page.text().contains("role=\"status\""));
    wanfu.get("/me").await.problem(401, "unauthenticated");
    assert_eq!(post(&office, "/account", "do=dance").await.status, 404);
    // A link by the page: shown once, with its code, and revoked from the list.
    let links = "/campaigns/constitution-2025/links";
    assert_eq!(get(&app.by("viewer"), links).await.status, 403);
    assert_eq!(post(&office, links, "unit=371702001").await.status, 404);
    let made = post(&office, links, "unit=371772001").await;
    let address = format!("http://{}/r/", app.address);
    assert!(
        made.status == 200 && made.text().contains("<svg") && made.text().contains(&address),
        "{}",
        made.text()
    );
    let list = get(&office, links).await.text();
    assert!(list.contains("Report link #1") && !list.contains("/r/"), "{list}");
    assert_eq!(post(&office, links, "revoke=1").await.status, 303);
    assert!(!get(&office, links).await.text().contains("Report link #1"));
    app.assert_sound().await;
}
