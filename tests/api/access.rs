//! Who may come in, and how far.

use crate::flow::WANFU;
use crate::support::{Client, Engine, Options, PASSWORD, TestApp, password_hash};
use pufa::http::routes::{Access, Shape, TABLE};
use pufa::service::accounts::{add_account, change_account};
use pufa::store::NewAccount;
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

on_both! {
    nothing_answers_to_nobody
    signing_in_and_out
    wrong_names_and_wrong_passwords_are_told_alike
    a_session_ends_when_its_account_does
    a_reporter_sees_its_own_unit_alone
    a_grant_with_the_units_below_reaches_them
    looking_is_not_touching
    a_request_from_another_site_is_refused
}

/// The path of a route with something in place of its parameters.
fn path(pattern: &str) -> String {
    let fill = |segment: &str| match segment {
        "{campaign}" => "constitution-2025".to_owned(),
        "{unit}" | "{code}" => "371772001".to_owned(),
        "{date}" => "2025-12-04".to_owned(),
        "{file}" => "totals.png".to_owned(),
        "{id}" | "{delivery}" => "1".to_owned(),
        other => other.replace(['{', '}'], ""),
    };
    pattern.split('/').map(fill).collect::<Vec<_>>().join("/")
}

async fn nothing_answers_to_nobody(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.database.stored().await;
    let mut guarded = 0;
    for route in TABLE {
        let Access::Needs(_) = route.access else { continue };
        guarded += 1;
        let method: Method = route.method.name().parse().unwrap();
        let path = path(route.path);
        for token in [None, Some("no-such-token"), Some("")] {
            let client = token.map_or_else(|| app.nobody(), |token| app.bearer(token));
            let answer = client.send(method.clone(), &path, &[], None).await;
            match route.shape {
                Shape::Api => {
                    answer.problem(401, "unauthenticated");
                    assert_eq!(answer.header("www-authenticate"), "Bearer", "{method} {path}");
                }
                // A person is led to where one signs in.
                Shape::Page => {
                    assert!(matches!(answer.status, 303 | 401), "{method} {path}: {}", answer.status);
                }
            }
        }
        let cookie = [("cookie", "pufa_session=no-such-token"), ("sec-fetch-site", "same-origin")];
        let status = app.nobody().send(method.clone(), &path, &cookie, None).await.status;
        assert!(status == 401 || (route.shape == Shape::Page && status == 303), "{method} {path}: {status}");
    }
    assert!(guarded > 15, "the table has lost its guards");
    for open in ["/healthz", "/readyz", "/api/v1/openapi.json"] {
        app.nobody().send(Method::GET, open, &[], None).await.expect(200);
    }
    assert_eq!(app.database.stored().await, before);
}

async fn sign_in(client: &Client, username: &str, password: &str) -> crate::support::Answer {
    client.post("/session", &json!({ "username": username, "password": password })).await
}

async fn signing_in_and_out(engine: Engine) {
    let app = TestApp::start(engine).await;
    let answer = sign_in(&app.nobody(), "wanfu", PASSWORD).await;
    let session = answer.expect(201);
    assert_eq!(session["username"], "wanfu");
    assert_eq!(session["grants"], json!([{ "role": "reporter", "unit": "371772001", "below": false }]));
    assert_eq!(session["expires_at"], "2025-12-04T22:00:00+08:00");
    assert_eq!(answer.header("cache-control"), "no-store");
    let cookie = answer.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let token = session["token"].as_str().unwrap();
    assert!(cookie.starts_with(&format!("__Host-pufa_session={token};")) && token.len() >= 64, "{cookie}");
    let audit = app.database.stored().await.audit;
    assert!(audit.iter().any(|row| row.action == "session.create"
        && row.subject == "wanfu"
        && row.address.as_deref() == Some("127.0.0.1")));
    assert!(audit.iter().all(|row| !row.detail.contains(token)), "a token is nobody's business");

    let wanfu = app.bearer(token);
    assert_eq!(wanfu.get("/me").await.expect(200)["grants"], session["grants"]);
    let by_cookie = format!("pufa_session={token}");
    let headers = [("cookie", by_cookie.as_str())];
    assert_eq!(app.nobody().get_with("/me", &headers).await.expect(200)["username"], "wanfu");
    assert_eq!(app.by("admin").get("/me").await.expect(200)["grants"][0]["unit"], json!(null));

    let out = wanfu.delete("/session").await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").contains("Max-Age=0"), "{}", out.header("set-cookie"));
    wanfu.get("/me").await.problem(401, "unauthenticated");
    app.nobody().get_with("/me", &headers).await.problem(401, "unauthenticated");

    // A session ends by itself when its time is over.
    let session = sign_in(&app.nobody(), "wanfu", PASSWORD).await.expect(201);
    let wanfu = app.bearer(session["token"].as_str().unwrap());
    for used in ["13:59:59", "17:59:58", "21:59:57", "21:59:59"] {
        app.set_clock(&format!("2025-12-04T{used}"));
        wanfu.get("/me").await.expect(200);
    }
    app.set_clock("2025-12-04T22:00:00");
    wanfu.get("/me").await.problem(401, "unauthenticated");
    app.assert_sound().await;
}

async fn wrong_names_and_wrong_passwords_are_told_alike(engine: Engine) {
    let app = TestApp::start(engine).await;
    change_account(&app.store, "mudan".into(), None, Some(true)).await.unwrap();
    let nobody = app.nobody();
    let wrong = sign_in(&nobody, "wanfu", "something else").await;
    wrong.problem(401, "wrong_password");
    assert_eq!(wrong.header("set-cookie"), "");
    for (username, password) in
        [("nobody-here", PASSWORD), ("mudan", PASSWORD), ("WANFU", PASSWORD), ("", "")]
    {
        let other = sign_in(&nobody, username, password).await;
        assert_eq!((other.status, &other.body), (401, &wrong.body), "{username}");
    }
    nobody.post("/session", &json!({ "username": "wanfu" })).await.problem(400, "body_invalid");
}

async fn eventually_signed_out(client: &Client) {
    let begun = Instant::now();
    while client.get("/me").await.status != 401 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the session outlives its account");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn a_session_ends_when_its_account_does(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (wanfu, office) = (app.by("wanfu"), app.by("office"));
    wanfu.get("/me").await.expect(200);
    office.get("/me").await.expect(200);
    // As another process does it: this one finds out by itself.
    let other = TestApp::on(&app.database, Options { lane: 1, ..Options::default() }).await;
    assert!(change_account(&other.store, "wanfu".into(), None, Some(true)).await.unwrap());
    assert!(change_account(&other.store, "office".into(), Some(password_hash()), None).await.unwrap());
    assert!(!change_account(&other.store, "nobody".into(), None, Some(true)).await.unwrap());
    eventually_signed_out(&wanfu).await;
    eventually_signed_out(&office).await;
    app.by("viewer").get("/me").await.expect(200);
    sign_in(&app.nobody(), "wanfu", PASSWORD).await.problem(401, "wrong_password");
    sign_in(&app.nobody(), "office", PASSWORD).await.expect(201);
    let twice = NewAccount { username: "wanfu".into(), password_hash: password_hash(), grants: vec![] };
    assert!(add_account(&app.store, twice).await.is_err(), "a name is taken once");
    app.assert_sound().await;
}

async fn a_reporter_sees_its_own_unit_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (wanfu, office, mudan) = (app.by("wanfu"), app.by("office"), app.by("mudan"));
    // A unit below wanfu's own, which its grant does not reach.
    let below = json!({ "code": "371772001001", "name": "丹阳社区", "kind": "village" });
    office.post("/units", &below).await.expect(201);
    let body = json!({ "items": [{ "measure": "materials", "count": 7 }] });
    let of = |unit: &str| format!("/campaigns/constitution-2025/tallies/{unit}/2025-12-04");
    for unit in ["371772001", "371772001001", "371772100"] {
        office.put(&of(unit), &body).await.expect(201);
    }
    wanfu.get(WANFU).await.expect(200);
    for unit in ["371772001001", "371772100", "371772", "gx-school", "371702001"] {
        wanfu.get(&of(unit)).await.problem(404, "unit_out_of_scope");
        wanfu.get(&format!("{}/versions", of(unit))).await.problem(404, "unit_out_of_scope");
        wanfu.put(&of(unit), &body).await.problem(404, "unit_out_of_scope");
        wanfu.get(&format!("/units/{unit}")).await.problem(404, "unit_out_of_scope");
        for question in ["totals", "completeness", "missing", "charts/totals.svg"] {
            let path = format!("/campaigns/constitution-2025/{question}?unit={unit}");
            wanfu.get(&path).await.problem(404, "unit_out_of_scope");
        }
        wanfu.get(&format!("/comparison?unit={unit}")).await.problem(404, "unit_out_of_scope");
        wanfu
            .get(&format!("/campaigns/constitution-2025/tallies?under={unit}"))
            .await
            .problem(404, "unit_out_of_scope");
        wanfu.get(&format!("/units?under={unit}")).await.problem(404, "unit_out_of_scope");
    }
    // And what it may ask does not tell of others: neither totals, nor lists, nor pictures.
    let totals = wanfu.get("/campaigns/constitution-2025/totals").await.expect(200);
    assert_eq!((&totals["unit"], &totals["items"][0]["count"]), (&json!("371772001"), &json!(7)));
    let list = wanfu.get("/campaigns/constitution-2025/tallies").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    let units = wanfu.get("/units").await.expect(200);
    assert_eq!(units["items"].as_array().unwrap().len(), 1, "{units}");
    let missing = wanfu.get("/campaigns/constitution-2025/missing").await.expect(200);
    assert!(!missing.to_string().contains("马岭岗"), "{missing}");
    let picture = wanfu.get("/campaigns/constitution-2025/charts/completeness.svg").await.text();
    assert!(picture.contains("万福街道") && !picture.contains("丹阳社区") && !picture.contains("吕陵镇"));
    // The office of another district does not even learn that the drive exists.
    mudan.get("/campaigns/constitution-2025").await.problem(404, "campaign_unknown");
    assert_eq!(mudan.get("/campaigns").await.expect(200)["items"], json!([]));
    mudan.get(WANFU).await.problem(404, "campaign_unknown");
}

async fn a_grant_with_the_units_below_reaches_them(engine: Engine) {
    let app = TestApp::start(engine).await;
    let edu = app.by("edu");
    let body = json!({ "items": [{ "measure": "sessions", "count": 2 }] });
    edu.put("/campaigns/constitution-2025/tallies/gx-school/2025-12-04", &body).await.expect(201);
    let totals = edu.get("/campaigns/constitution-2025/totals?unit=gx-edu").await.expect(200);
    let sessions = crate::support::total(&totals, |item| item["measure"] == "sessions");
    assert_eq!(sessions, (2, 2, 2));
    edu.get(WANFU).await.problem(404, "unit_out_of_scope");
    edu.get("/campaigns/constitution-2025/totals?unit=371772").await.problem(404, "unit_out_of_scope");
}

async fn looking_is_not_touching(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.database.stored().await;
    let body = json!({ "zero": true });
    for who in ["viewer", "reviewer"] {
        let client = app.by(who);
        client.put(WANFU, &body).await.problem(403, "forbidden");
        client.get("/campaigns/constitution-2025/totals").await.expect(200);
        client
            .post("/units", &json!({ "code": "371772200", "name": "新乡" }))
            .await
            .problem(403, "forbidden");
        client.patch("/units/371772001", &json!({ "name": "x" })).await.problem(403, "forbidden");
        client
            .post("/campaigns", &json!({ "kind": "constitution", "year": 2024 }))
            .await
            .problem(403, "forbidden");
        client
            .patch("/campaigns/constitution-2025", &json!({ "locked": true }))
            .await
            .problem(403, "forbidden");
    }
    let wanfu = app.by("wanfu");
    wanfu.patch("/units/371772001", &json!({ "name": "x" })).await.problem(403, "forbidden");
    wanfu.patch("/campaigns/constitution-2025", &json!({ "locked": true })).await.problem(403, "forbidden");
    // An office manages its own subtree, not its neighbour's, and enters no unit beside itself.
    let office = app.by("office");
    office.patch("/units/371702001", &json!({ "name": "x" })).await.problem(404, "unit_out_of_scope");
    office.post("/units", &json!({ "code": "371799", "name": "又一区" })).await.problem(403, "forbidden");
    // Nor does it learn from a refusal what lies elsewhere.
    let street = json!({ "code": "371702002", "name": "又一街" });
    office.post("/units", &street).await.problem(422, "parent_unknown");
    office.patch("/units/371772001", &json!({ "parent": "371702" })).await.problem(422, "parent_unknown");
    assert_eq!(app.database.stored().await, before);
}

async fn a_request_from_another_site_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.database.stored().await;
    let here = format!("http://{}", app.address);
    let body = json!({ "zero": true });
    let cookie = ("cookie", "pufa_session=token-of-wanfu");
    let nobody = app.nobody();
    for foreign in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://elsewhere.example"),
        ("origin", "null"),
    ] {
        nobody.put_with(WANFU, &body, &[cookie, foreign]).await.problem(403, "cross_site");
        let credentials = json!({ "username": "wanfu", "password": PASSWORD }).to_string().into_bytes();
        let headers = [foreign, ("content-type", "application/json")];
        let signing_in = nobody.send(Method::POST, "/api/v1/session", &headers, Some(credentials)).await;
        signing_in.problem(403, "cross_site");
        // Looking does no harm, and a token is never sent unasked.
        nobody.get_with("/me", &[cookie, foreign]).await.expect(200);
    }
    assert_eq!(app.database.stored().await, before);
    nobody.put_with(WANFU, &body, &[cookie, ("origin", &here)]).await.expect(201);
    nobody
        .put_with(WANFU, &body, &[cookie, ("sec-fetch-site", "same-origin"), ("if-match", "1")])
        .await
        .expect(200);
    app.by("wanfu").put_with(WANFU, &body, &[("origin", "null"), ("if-match", "1")]).await.expect(200);
}
