//! Tokens that stay tokens, and report links that stay report links.

use crate::flow::WANFU;
use crate::support::{Client, Engine, Options, TestApp};
use pufa::http::routes::{Access, TABLE};
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    a_token_does_what_its_owner_may_and_no_more
    a_token_never_grows_into_a_session
    a_link_reports_for_its_unit_and_does_nothing_else
    a_link_ends_when_it_is_revoked_and_by_itself
}

const EXPIRES: &str = "2026-12-05";

async fn made(owner: &Client, role: &str, unit: &str) -> Value {
    let body = json!({ "name": "导出", "role": role, "unit": unit, "expires": EXPIRES });
    owner.post("/tokens", &body).await.expect(201)
}

async fn token(app: &TestApp, owner: &str, role: &str, unit: &str) -> Client {
    app.bearer(made(&app.by(owner), role, unit).await["token"].as_str().unwrap())
}

async fn a_token_does_what_its_owner_may_and_no_more(engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = json!({ "items": [{ "measure": "materials", "count": 7 }] });
    let reporter = token(&app, "office", "reporter", "371772001").await;
    let viewer = token(&app, "office", "viewer", "gx-edu").await;
    reporter.put(WANFU, &body).await.expect(201);
    viewer.put(WANFU, &body).await.problem(404, "unit_out_of_scope");
    let school = "/campaigns/constitution-2025/tallies/gx-school/2025-12-04";
    viewer.put(school, &body).await.problem(403, "forbidden");
    reporter.put(school, &body).await.problem(404, "unit_out_of_scope");
    // Lists, totals and what is asked without a unit keep to it too.
    let units = viewer.get("/units").await.expect(200);
    assert_eq!(units["items"].as_array().unwrap().len(), 2, "{units}");
    assert_eq!(viewer.get("/campaigns/constitution-2025/totals").await.expect(200)["unit"], "gx-edu");
    let list = viewer.get("/campaigns/constitution-2025/tallies").await.expect(200);
    assert_eq!(list["items"], json!([]));
    let me = reporter.get("/me").await.expect(200);
    assert_eq!(me["grants"], json!([{ "role": "office", "unit": "371772001", "below": false }]), "{me}");
    for who in ["371772", "371702"] {
        reporter.get(&format!("/units/{who}")).await.problem(404, "unit_out_of_scope");
    }
    // What the owner loses, it loses.
    let grants = json!([{ "role": "viewer", "unit": "371772" }]);
    app.by("admin").patch("/users/office", &json!({ "grants": grants })).await.expect(200);
    reporter.put_over(WANFU, &body, 1).await.problem(403, "forbidden");
    reporter.get(WANFU).await.expect(200);
    app.by("admin").patch("/users/office", &json!({ "disabled": true })).await.expect(200);
    reporter.get(WANFU).await.problem(401, "unauthenticated");

    // Nobody asks for more than they have, or for longer than a year.
    let ask = async |who: &str, body: Value| app.by(who).post("/tokens", &body).await;
    let wanted = |role: &str, unit: Value, expires: &str| json!({ "name": "x", "role": role, "unit": unit, "expires": expires });
    ask("wanfu", wanted("office", json!("371772001"), EXPIRES)).await.problem(403, "forbidden");
    ask("wanfu", wanted("reporter", json!("371772100"), EXPIRES)).await.problem(404, "unit_out_of_scope");
    ask("wanfu", wanted("reporter", json!("371772001"), "2026-12-06")).await.problem(422, "expires_invalid");
    ask("wanfu", wanted("reporter", json!("371772001"), "2025-12-03")).await.problem(422, "expires_invalid");
    ask("wanfu", wanted("reporter", Value::Null, EXPIRES)).await.problem(422, "field_missing");
    ask("wanfu", wanted("king", json!("371772001"), EXPIRES)).await.problem(422, "role_unknown");
    ask("admin", wanted("admin", Value::Null, EXPIRES)).await.expect(201);
    app.assert_sound().await;
}

async fn a_token_never_grows_into_a_session(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.by("admin");
    let body = json!({ "name": "全部", "role": "admin", "expires": EXPIRES });
    let made = admin.post("/tokens", &body).await.expect(201);
    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with("pufa_") && secret.len() == 5 + 64);
    let program = app.bearer(secret);
    program.get("/me").await.expect(200);
    // Not one of these routes, whatever is sent.
    let mut refused = 0;
    for route in TABLE {
        let Access::Needs(permission) = route.access else { continue };
        if !matches!(format!("{permission:?}").as_str(), "Personal" | "ManageAccounts") {
            continue;
        }
        let path = route
            .path
            .replace("{id}", "1")
            .replace("{name}", "wanfu")
            .replace("{campaign}", "constitution-2025");
        let method: Method = route.method.name().parse().unwrap();
        let sent: &[u8] = match path.as_str() {
            "/api/v1/users" => {
                br#"{"username":"a","password":"a long enough word","grants":[{"role":"admin"}]}"#
            }
            "/api/v1/campaigns/constitution-2025/links" => br#"{"unit":"371772001"}"#,
            "/people" | "/people/wanfu" => {
                b"username=abc&password=a+long+enough+word&role0=viewer&unit0=371772&do=disable"
            }
            _ => br#"{"disabled":true}"#,
        };
        let kind =
            if path.starts_with("/api") { "application/json" } else { "application/x-www-form-urlencoded" };
        let has_body = matches!(route.method.name(), "POST" | "PUT" | "PATCH");
        let answer = program
            .send(method.clone(), &path, &[("content-type", kind)], has_body.then(|| sent.to_vec()))
            .await;
        assert!(matches!(answer.status, 403 | 404), "{method} {path}: {} {}", answer.status, answer.text());
        refused += 1;
    }
    assert!(refused >= 20, "{refused}");
    // Nor is it one when it comes as a cookie, even once it was seen in a header.
    for name in ["__Host-pufa_session", "pufa_session", "pufa_link"] {
        let cookie = format!("{name}={secret}");
        app.nobody().get_with("/me", &[("cookie", &cookie)]).await.problem(401, "unauthenticated");
    }
    let session = app.by("wanfu").token().unwrap().to_owned();
    app.bearer(&format!("pufa_{session}")).get("/me").await.problem(401, "unauthenticated");
    let users = admin.get("/users").await.expect(200);
    assert_eq!(users["items"].as_array().unwrap().len(), 8, "{users}");
    // Kept as a digest, told once, seen when used, and gone when revoked.
    let list = admin.get("/tokens").await.expect(200);
    assert!(!list.to_string().contains(secret) && list["items"][0]["used_at"].is_null(), "{list}");
    app.by("wanfu").delete(&format!("/tokens/{}", made["id"])).await.problem(404, "token_unknown");
    let id = made["id"].as_i64().unwrap();
    assert_eq!(admin.delete(&format!("/tokens/{id}")).await.status, 204);
    program.get("/me").await.problem(401, "unauthenticated");
    admin.delete(&format!("/tokens/{id}")).await.problem(404, "token_unknown");
    // And at the end of its last day.
    let body = json!({ "name": "今天", "role": "admin", "expires": "2025-12-04" });
    let made = admin.post("/tokens", &body).await.expect(201);
    let program = app.bearer(made["token"].as_str().unwrap());
    app.set_clock("2025-12-04T23:59:59");
    program.get("/me").await.expect(200);
    app.set_clock("2025-12-05T00:00:00");
    program.get("/me").await.problem(401, "unauthenticated");
    let database = app.stop().await;
    let stored = database.stored().await.audit;
    assert!(stored.iter().any(|row| row.action == "token.create") && !format!("{stored:?}").contains(secret));
    let app = TestApp::on(&database, Options::default()).await;
    let list = app.by("admin").get("/tokens").await.expect(200);
    assert!(list["items"][0]["used_at"].is_string(), "noted when the service stopped: {list}");
}

/// Opens a link: the cookies that a browser would keep, by path.
async fn open(app: &TestApp, path: &str) -> Vec<(String, String)> {
    let answer = app.nobody().send(Method::GET, path, &[], None).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(answer.header("location"), "/campaigns/constitution-2025/report/371772001");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    cookies
        .map(|cookie| {
            assert!(
                cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Secure")
            );
            let path = cookie.split("; ").find_map(|part| part.strip_prefix("Path=")).unwrap();
            (path.to_owned(), cookie.split(';').next().unwrap().to_owned())
        })
        .collect()
}

async fn a_link_reports_for_its_unit_and_does_nothing_else(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let links = "/campaigns/constitution-2025/links";
    let made = office.post(links, &json!({ "unit": "371772001" })).await.expect(201);
    let path = made["path"].as_str().unwrap();
    assert!(made["svg"].as_str().unwrap().starts_with("<svg") && path.starts_with("/r/"));
    assert_eq!(made["expires_at"], "2025-12-15T00:00:00+08:00", "a week after the drive");
    assert!(!office.get(links).await.expect(200).to_string().contains(path), "told once");
    let cookies = open(&app, path).await;
    let paths: Vec<&str> = cookies.iter().map(|(path, _)| path.as_str()).collect();
    let own = [
        "/campaigns/constitution-2025/report/371772001",
        "/api/v1/campaigns/constitution-2025/tallies/371772001",
    ];
    assert_eq!(paths, own, "a browser sends it nowhere else");
    let cookie = cookies[0].1.as_str();
    assert!(cookie.starts_with("__Secure-pufa_link="), "{cookie}");
    let holder = app.nobody();
    let with = [("cookie", cookie)];

    // The form, a report by it, its receipt; and the same through the API.
    let form = holder.send(Method::GET, own[0], &with, None).await;
    assert_eq!(form.status, 200, "{}", form.text());
    let number = made["id"].as_i64().unwrap();
    assert!(form.text().contains(&format!("报送链接 #{number}")) && !form.text().contains("/logout"));
    let body = json!({ "items": [{ "measure": "materials", "count": 9 }] });
    let stored =
        holder.put_with(WANFU, &body, &[with[0], ("sec-fetch-site", "same-origin")]).await.expect(201);
    assert_eq!(stored["on_behalf"], false);
    let versions = app.database.stored().await.versions;
    assert_eq!(i64::from(versions[0].actor_id), -number, "who it was stays known");
    let receipt = holder.send(Method::GET, &format!("{}?date=2025-12-04&done=1", own[0]), &with, None).await;
    assert!(receipt.status == 200 && receipt.text().contains("constitution-2025-371772001"));
    let fields = b"version=1&key=&m-materials=12&zero=".to_vec();
    let headers =
        [with[0], ("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    let sent = holder
        .send(Method::POST, &format!("{}?date=2025-12-04", own[0]), &headers, Some(fields.clone()))
        .await;
    assert!(matches!(sent.status, 303 | 422), "it is a form like any other: {} {}", sent.status, sent.text());
    let foreign = [with[0], headers[1], ("sec-fetch-site", "cross-site")];
    let forged = holder.send(Method::POST, own[0], &foreign, Some(fields)).await;
    assert_eq!(forged.status, 403, "a link is no way around the check of sites");

    // Every other route is not there, whatever the parameters; other units and drives neither.
    let token = cookie.split_once('=').unwrap().1;
    let mut closed = 0;
    for route in TABLE {
        let Access::Needs(_) = route.access else { continue };
        let own_path = route
            .path
            .replace("{campaign}", "constitution-2025")
            .replace("{unit}", "371772001")
            .replace("{code}", "371772001")
            .replace("{date}", "2025-12-04")
            .replace("{file}", "totals.png")
            .replace("{id}", "1")
            .replace("{name}", "wanfu");
        let method: Method = route.method.name().parse().unwrap();
        if !route.opens_to_links() {
            let answer = holder.send(method.clone(), &own_path, &with, None).await;
            assert_eq!(answer.status, 404, "{method} {own_path}: {}", answer.text());
            closed += 1;
        }
        for other in
            [route.path.replace("{unit}", "371772100"), route.path.replace("{campaign}", "constitution-2024")]
        {
            let other = other
                .replace("{campaign}", "constitution-2025")
                .replace("{unit}", "371772001")
                .replace("{date}", "2025-12-04");
            if route.opens_to_links() && method == Method::GET {
                assert_eq!(
                    holder.send(method.clone(), &other, &with, None).await.status,
                    404,
                    "{method} {other}"
                );
            }
        }
        let bearer = app.bearer(token).send(method.clone(), &own_path, &[], None).await;
        assert!(matches!(bearer.status, 401 | 303), "{method} {own_path}: no bearer token");
        for name in ["pufa_session", "__Host-pufa_session"] {
            let session = format!("{name}={token}");
            let answer = holder.send(method.clone(), &own_path, &[("cookie", &session)], None).await;
            assert!(matches!(answer.status, 401 | 303), "{method} {own_path}: no session");
        }
    }
    assert!(closed > 25, "{closed}");
    let other = "/campaigns/constitution-2025/tallies/371772100/2025-12-04";
    holder.put_with(other, &body, &with).await.problem(404, "unit_out_of_scope");
    // Somebody signed in acts by name, and by the link only where their own scope ends.
    let by_name = [("cookie", format!("{cookie}; pufa_session={}", office.token().unwrap()))];
    let by_name = [("cookie", by_name[0].1.as_str()), ("if-match", "1")];
    let more = json!({ "items": [{ "measure": "materials", "count": 10 }] });
    let known = holder.get_with(WANFU, &with).await.expect(200)["version"].as_u64().unwrap();
    let tag = format!("\"{known}\"");
    holder.put_with(WANFU, &more, &[by_name[0], ("if-match", &tag)]).await.expect(200);
    let versions = app.database.stored().await.versions;
    assert!(versions.iter().max_by_key(|row| row.version).unwrap().actor_id > 0);
    let stranger = format!("{cookie}; pufa_session={}", app.by("edu").token().unwrap());
    holder.get_with(WANFU, &[("cookie", &stranger)]).await.expect(200);
    app.assert_sound().await;
}

async fn a_link_ends_when_it_is_revoked_and_by_itself(engine: Engine) {
    let app = TestApp::start(engine).await;
    let links = "/campaigns/constitution-2025/links";
    let body = json!({ "unit": "371772001", "expires": "2025-12-05" });
    for (who, status, code) in [
        ("wanfu", 403, "forbidden"),
        ("reviewer", 403, "forbidden"),
        ("edu", 404, "unit_out_of_scope"),
        ("mudan", 404, "campaign_unknown"),
    ] {
        app.by(who).post(links, &body).await.problem(status, code);
    }
    app.by("admin").post(links, &json!({ "unit": "371702001" })).await.problem(422, "unit_outside_campaign");
    let office = app.by("office");
    let made = [office.post(links, &body).await.expect(201), office.post(links, &body).await.expect(201)];
    let path = |at: usize| made[at]["path"].as_str().unwrap();
    let (first, second) = (open(&app, path(0)).await, open(&app, path(1)).await);
    let holder = app.nobody();
    let reads = async |cookies: &[(String, String)]| {
        holder.get_with(WANFU, &[("cookie", &cookies[0].1)]).await.status
    };
    assert_eq!(
        (reads(&first).await, reads(&second).await),
        (404, 404),
        "nothing is reported, but they may look"
    );
    let form = holder.send(Method::GET, &first[0].0, &[("cookie", &first[0].1)], None).await;
    assert_eq!(form.status, 200);
    let id = made[0]["id"].as_i64().unwrap();
    app.by("mudan").delete(&format!("/links/{id}")).await.problem(404, "link_unknown");
    assert_eq!(office.delete(&format!("/links/{id}")).await.status, 204);
    assert_eq!((reads(&first).await, reads(&second).await), (401, 404));
    assert_eq!(holder.send(Method::GET, path(0), &[], None).await.status, 404);
    office.delete(&format!("/links/{id}")).await.problem(404, "link_unknown");
    app.set_clock("2025-12-05T23:59:59");
    assert_eq!(reads(&second).await, 404);
    app.set_clock("2025-12-06T00:00:00");
    assert_eq!(reads(&second).await, 401);
    assert_eq!(holder.send(Method::GET, path(1), &[], None).await.status, 404);
    let list = office.get(links).await.expect(200);
    assert!(
        list["items"][1]["revoked_at"].is_string() && list["items"].as_array().unwrap().len() == 2,
        "{list}"
    );
    let audit = app.database.stored().await.audit;
    for action in ["link.create", "link.revoke"] {
        assert!(audit.iter().any(|row| row.action == action && row.subject == "constitution-2025/371772001"));
    }
    app.assert_sound().await;
}
