//! Signing in safely: passwords, lock-out, one-time codes, sessions, the cookies.

use crate::support::{Answer, Client, Engine, Options, PASSWORD, TestApp, at};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use pufa::config::{Limits, Site};
use reqwest::Method;
use serde_json::{Value, json};
use sha1::Sha1;
use std::time::{Duration, Instant};

on_both! {
    five_failures_lock_an_account_at_an_address
    guesses_sent_all_at_once_are_counted
    a_password_has_rules
    changing_the_password_ends_the_other_sessions
    one_time_codes_are_taken_once
    offices_must_have_one_time_codes_where_it_is_asked
    sessions_are_listed_and_ended
    what_is_ended_elsewhere_is_dead_within_a_second
    a_session_left_unused_ends
    the_first_administrator_comes_by_a_link_once
}

async fn sign_in(client: &Client, username: &str, password: &str) -> Answer {
    client.post("/session", &json!({ "username": username, "password": password })).await
}

/// Signs in from another address: a proxy on this machine is believed.
async fn sign_in_from(client: &Client, address: &str, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password }).to_string().into_bytes();
    let headers = [("content-type", "application/json"), ("x-forwarded-for", address)];
    client.send(Method::POST, "/api/v1/session", &headers, Some(body)).await
}

fn token(session: &Value) -> String {
    session["token"].as_str().unwrap().to_owned()
}

async fn signed_in(app: &TestApp, username: &str) -> Client {
    let session = sign_in(&app.nobody(), username, PASSWORD).await.expect(201);
    app.bearer(&token(&session))
}

async fn actions(app: &TestApp, action: &str) -> Vec<(String, Option<String>, String)> {
    let audit = app.database.stored().await.audit;
    let found = audit.into_iter().filter(|row| row.action == action);
    found.map(|row| (row.subject, row.address, row.detail)).collect()
}

async fn five_failures_lock_an_account_at_an_address(engine: Engine) {
    let app = TestApp::start(engine).await;
    let nobody = app.nobody();
    for name in ["wanfu", "nobody-here"] {
        for _ in 0..5 {
            sign_in_from(&nobody, "203.0.113.1", name, "something else").await.problem(401, "wrong_password");
        }
        let locked = sign_in_from(&nobody, "203.0.113.1", name, PASSWORD).await;
        locked.problem(429, "sign_in_locked");
        assert_eq!(locked.header("retry-after"), "900", "{name}");
        assert_eq!(locked.header("set-cookie"), "");
    }
    // Nobody else is shut out: neither the account elsewhere, nor its neighbours.
    sign_in_from(&nobody, "203.0.113.2", "wanfu", PASSWORD).await.expect(201);
    sign_in_from(&nobody, "203.0.113.1", "edu", PASSWORD).await.expect(201);
    // A replica knows of it, and so does the page.
    let other = TestApp::on(&app.database, Options { lane: 1, ..Options::default() }).await;
    sign_in_from(&other.nobody(), "203.0.113.1", "wanfu", PASSWORD).await.problem(429, "sign_in_locked");
    let form = format!("username=wanfu&password={}", PASSWORD.replace(' ', "+")).into_bytes();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-forwarded-for", "203.0.113.1")];
    let page = nobody.send(Method::POST, "/login", &headers, Some(form)).await;
    assert_eq!((page.status, page.header("retry-after")), (429, "900"), "{}", page.text());
    app.set_clock("2025-12-04T10:14:59");
    sign_in_from(&nobody, "203.0.113.1", "wanfu", PASSWORD).await.problem(429, "sign_in_locked");
    app.set_clock("2025-12-04T10:15:00");
    sign_in_from(&nobody, "203.0.113.1", "wanfu", PASSWORD).await.expect(201);
    // A success forgets what failed before it.
    for _ in 0..2 {
        for _ in 0..4 {
            sign_in_from(&nobody, "203.0.113.1", "edu", "wrong").await.problem(401, "wrong_password");
        }
        sign_in_from(&nobody, "203.0.113.1", "edu", PASSWORD).await.expect(201);
    }

    // Unknown names are without number: they are counted, a second's together, and written when it is over.
    let unknown = |(.., detail): &(String, Option<String>, String)| -> u64 {
        serde_json::from_str::<Value>(detail).unwrap()["times"].as_u64().unwrap_or_default()
    };
    let mut refused = actions(&app, "session.refuse").await;
    for _ in 0..50 {
        if refused.iter().map(unknown).sum::<u64>() >= 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        refused = actions(&app, "session.refuse").await;
    }
    let of = |name: &str| refused.iter().filter(|(subject, ..)| subject == name).count();
    let unknown: u64 = refused.iter().map(unknown).sum();
    assert_eq!((of("wanfu"), unknown, of("edu")), (5, 5, 8), "{refused:?}");
    assert!(refused.iter().all(|(.., address, _)| address.as_deref() == Some("203.0.113.1")));
    let locks = actions(&app, "session.lock").await;
    assert_eq!(locks.len(), 1, "a name that is nobody's has no lock to be told of: {locks:?}");
    let audit = format!("{:?}", app.database.stored().await.audit);
    assert!(
        !audit.contains("something else") && !audit.contains("nobody-here"),
        "what was typed is not kept"
    );
    // What no longer counts is not kept for ever.
    app.set_clock("2025-12-04T12:00:00");
    sign_in(&nobody, "viewer", "wrong").await.problem(401, "wrong_password");
    let db = app.database.connect().await;
    let rows = {
        use sea_orm::EntityTrait;
        pufa::store::entity::sign_in_failure::Entity::find().all(&db).await.unwrap()
    };
    db.close().await.unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    app.assert_sound().await;
}

async fn guesses_sent_all_at_once_are_counted(engine: Engine) {
    let app = TestApp::start(engine).await;
    let guesses = (0..30).map(|n| {
        let nobody = app.nobody();
        // The right one comes late in the crowd.
        let password = if n == 25 { PASSWORD.to_owned() } else { format!("guess number {n}") };
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(n * 5)).await;
            sign_in(&nobody, "wanfu", &password).await.status
        })
    });
    let guesses: Vec<_> = guesses.collect();
    let mut statuses = Vec::new();
    for guess in guesses {
        statuses.push(guess.await.unwrap());
    }
    assert!(statuses.iter().all(|status| matches!(status, 401 | 429)), "{statuses:?}");
    assert_eq!(actions(&app, "session.create").await.len(), 0);
}

async fn a_password_has_rules(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wanfu = signed_in(&app, "wanfu").await;
    let change = async |new: &str| {
        wanfu
            .send(
                Method::PUT,
                "/api/v1/me/password",
                &[("content-type", "application/json"), ("accept-language", "en")],
                Some(json!({ "current": PASSWORD, "new": new }).to_string().into_bytes()),
            )
            .await
    };
    for (new, code) in [
        ("1234567", "password_length"),
        (&"长".repeat(257), "password_length"),
        ("Password1", "password_common"),
        ("my Wanfu secret", "password_telling"),
        ("pufa pufa pufa", "password_telling"),
        (PASSWORD, "password_same"),
    ] {
        let problem = change(new).await.problem(422, code);
        assert_eq!(problem["errors"][0]["pointer"], "/new", "{problem}");
        assert!(problem["title"].as_str().unwrap().is_ascii(), "in the reader's language: {problem}");
    }
    let longest = format!("长{}", "密码可以很长 ".repeat(36));
    let session = change(&longest).await.expect(200);
    assert_eq!(session["username"], "wanfu");
    sign_in(&app.nobody(), "wanfu", &longest).await.expect(201);
    sign_in(&app.nobody(), "wanfu", &longest[..longest.len() - 1]).await.problem(401, "wrong_password");
}

async fn changing_the_password_ends_the_other_sessions(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (one, two) = (signed_in(&app, "wanfu").await, signed_in(&app, "wanfu").await);
    let body = json!({ "current": "not this one", "new": "a quite new password" });
    one.put("/me/password", &body).await.problem(401, "wrong_password");
    two.get("/me").await.expect(200);
    let body = json!({ "current": PASSWORD, "new": "a quite new password" });
    let answer = one.put("/me/password", &body).await;
    let session = answer.expect(200);
    assert!(answer.header("set-cookie").contains(&token(&session)), "the browser goes on");
    one.get("/me").await.problem(401, "unauthenticated");
    two.get("/me").await.problem(401, "unauthenticated");
    app.bearer(&token(&session)).get("/me").await.expect(200);
    assert_eq!(actions(&app, "user.password").await.len(), 1);
}

/// The code of a secret at an instant, by the standard.
fn code(secret: &str, now: Timestamp) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = secret.chars().map(|c| format!("{:05b}", alphabet.find(c).unwrap())).collect();
    let bytes: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|b| u8::from_str_radix(std::str::from_utf8(b).unwrap(), 2).unwrap())
        .collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(&bytes).unwrap();
    mac.update(&(now.as_second() / 30).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

async fn enrol(app: &TestApp, client: &Client) -> (String, Value) {
    client.post("/me/totp", &json!({ "password": "wrong one here" })).await.problem(401, "wrong_password");
    let offer = client.post("/me/totp", &json!({ "password": PASSWORD })).await.expect(200);
    let secret = offer["secret"].as_str().unwrap().to_owned();
    assert!(
        offer["uri"].as_str().unwrap().contains(&secret)
            && offer["svg"].as_str().unwrap().starts_with("<svg")
    );
    client.put("/me/totp", &json!({ "totp": "000000x" })).await.problem(401, "totp_wrong");
    let confirmed =
        client.put("/me/totp", &json!({ "totp": code(&secret, app.clock.now()) })).await.expect(200);
    (secret, confirmed)
}

async fn one_time_codes_are_taken_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let nobody = app.nobody();
    let office = signed_in(&app, "office").await;
    let (secret, confirmed) = enrol(&app, &office).await;
    office.get("/me").await.problem(401, "unauthenticated");
    app.by("office").get("/me").await.problem(401, "unauthenticated");
    let office = app.bearer(&token(&confirmed["session"]));
    office.get("/me").await.expect(200);
    office.post("/me/totp", &json!({ "password": PASSWORD })).await.problem(409, "exists-totp");

    let with = async |totp: &str| {
        nobody.post("/session", &json!({ "username": "office", "password": PASSWORD, "totp": totp })).await
    };
    sign_in(&nobody, "office", PASSWORD).await.problem(401, "totp_required");
    sign_in(&nobody, "office", "wrong").await.problem(401, "wrong_password");
    with(&code(&secret, app.clock.now())).await.problem(401, "totp_wrong");
    app.set_clock("2025-12-04T10:01:00");
    let now = code(&secret, app.clock.now());
    with(&now).await.expect(201);
    with(&now).await.problem(401, "totp_wrong");
    with(&code(&secret, at("2025-12-04T10:01:30"))).await.expect(201);
    with(&code(&secret, at("2025-12-04T10:02:30"))).await.problem(401, "totp_wrong");
    // A recovery code once, however it is written.
    let codes = confirmed["recovery_codes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    let recovery = codes[3].as_str().unwrap();
    with(&recovery.to_uppercase().replace('-', " ")).await.expect(201);
    with(recovery).await.problem(401, "totp_wrong");
    let audit = format!("{:?}", app.database.stored().await.audit);
    assert!(!audit.contains(&secret) && !audit.contains(recovery));
    assert!(audit.contains("totp"));

    // Wrong codes lock as wrong passwords do.
    for _ in 0..4 {
        with("123456789").await.problem(401, "totp_wrong");
    }
    with("123456789").await.problem(429, "sign_in_locked");
    app.set_clock("2025-12-04T10:20:00");
    let body = json!({ "password": PASSWORD, "totp": code(&secret, app.clock.now()) });
    let bare = office.post("/me/totp/removal", &body).await.expect(200);
    office.get("/me").await.problem(401, "unauthenticated");
    app.bearer(&token(&bare)).get("/me").await.expect(200);
    sign_in(&nobody, "office", PASSWORD).await.expect(201);
    app.assert_sound().await;
}

async fn offices_must_have_one_time_codes_where_it_is_asked(engine: Engine) {
    let site = Site { require_totp: true, ..Site::default() };
    let limits = Limits { site, ..Limits::default() };
    let open = TestApp::start(engine).await;
    let app = TestApp::on(&open.database, Options { limits, lane: 1, ..Options::default() }).await;
    let office = signed_in(&app, "office").await;
    assert_eq!(office.get("/me").await.expect(200)["held"], "enrol_totp");
    for path in ["/campaigns", "/units", "/users", "/comparison"] {
        office.get(path).await.problem(403, "totp_enrolment_required");
    }
    let page = office.send(Method::GET, "/people", &[], None).await;
    assert_eq!((page.status, page.header("location")), (303, "/account"));
    let page = office.send(Method::GET, "/", &[], None).await;
    assert_eq!((page.status, page.header("location")), (303, "/account"));
    let expires = "2026-01-01";
    let body = json!({ "name": "x", "role": "viewer", "unit": "371772", "expires": expires });
    office.post("/tokens", &body).await.problem(403, "totp_enrolment_required");
    // A token made before it was asked is held as its owner is.
    let made = open.by("office").post("/tokens", &body).await.expect(201);
    app.bearer(made["token"].as_str().unwrap()).get("/units").await.problem(403, "totp_enrolment_required");
    let (_, confirmed) = enrol(&app, &office).await;
    let office = app.bearer(&token(&confirmed["session"]));
    assert_eq!(office.get("/me").await.expect(200)["held"], Value::Null);
    office.get("/units").await.expect(200);
    // Everybody else comes in as before.
    let wanfu = signed_in(&app, "wanfu").await;
    wanfu.get("/units").await.expect(200);
}

async fn sessions_are_listed_and_ended(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (one, two) = (signed_in(&app, "wanfu").await, signed_in(&app, "wanfu").await);
    let list = one.get("/sessions").await.expect(200);
    let items = list["items"].as_array().unwrap();
    // And the one that the world entered with the account.
    assert_eq!(items.len(), 3, "{list}");
    let current: Vec<_> = items.iter().filter(|item| item["current"] == true).collect();
    assert_eq!((current.len(), &current[0]["address"]), (1, &json!("127.0.0.1")));
    assert!(!list.to_string().contains("token"), "neither tokens nor their digests");
    let other = items[0]["id"].as_i64().unwrap();
    assert_ne!(json!(other), current[0]["id"]);
    one.delete("/sessions/99999").await.problem(404, "session_unknown");
    one.delete("/sessions/x").await.problem(404, "session_unknown");
    // Neither a stranger nor somebody without the duty; the office may, its neighbour may not.
    for who in ["edu", "viewer", "mudan"] {
        app.by(who).delete(&format!("/sessions/{other}")).await.problem(404, "session_unknown");
        app.by(who).get("/sessions?user=wanfu").await.problem(404, "user_unknown");
    }
    let seen = app.by("office").get("/sessions?user=wanfu").await.expect(200);
    assert_eq!(seen["items"].as_array().unwrap().len(), 3);
    assert_eq!(one.delete(&format!("/sessions/{other}")).await.status, 204);
    two.get("/me").await.problem(401, "unauthenticated");
    one.get("/me").await.expect(200);
    let own = current[0]["id"].as_i64().unwrap();
    assert_eq!(app.by("office").delete(&format!("/sessions/{own}")).await.status, 204);
    one.get("/me").await.problem(401, "unauthenticated");
    app.assert_sound().await;
}

async fn what_is_ended_elsewhere_is_dead_within_a_second(engine: Engine) {
    let app = TestApp::start(engine).await;
    let other = TestApp::on(&app.database, Options { lane: 1, ..Options::default() }).await;
    let body = json!({ "name": "x", "role": "viewer", "unit": "371772001", "expires": "2026-01-01" });
    let made = app.by("wanfu").post("/tokens", &body).await.expect(201);
    let program = other.bearer(made["token"].as_str().unwrap());
    let (edu, viewer, reviewer) = (other.by("edu"), other.by("viewer"), other.by("reviewer"));
    for client in [&program, &edu, &viewer, &reviewer] {
        client.get("/units").await.expect(200);
    }
    app.by("office").patch("/users/edu", &json!({ "disabled": true })).await.expect(200);
    let grants = json!([{ "role": "reporter", "unit": "371772100" }]);
    app.by("office").patch("/users/viewer", &json!({ "grants": grants })).await.expect(200);
    assert_eq!(app.by("wanfu").delete(&format!("/tokens/{}", made["id"])).await.status, 204);
    let password = json!({ "password": "given by the office" });
    app.by("office").patch("/users/reviewer", &password).await.expect(200);
    let begun = Instant::now();
    loop {
        let mut dead = true;
        for client in [&program, &edu, &viewer, &reviewer] {
            dead &= client.get("/me").await.status == 401;
        }
        if dead {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(1), "still alive after {:?}", begun.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Here, at once.
    app.by("edu").get("/me").await.problem(401, "unauthenticated");
    app.by("office").patch("/users/edu", &json!({ "disabled": false })).await.expect(200);
    sign_in(&other.nobody(), "edu", PASSWORD).await.expect(201);
}

async fn a_session_left_unused_ends(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (used, unused) = (signed_in(&app, "wanfu").await, signed_in(&app, "edu").await);
    app.set_clock("2025-12-04T13:59:59");
    used.get("/me").await.expect(200);
    // A replica learns that it is in use when the service notes it, here as it stops.
    let database = app.stop().await;
    let app = TestApp::on(&database, Options { now: at("2025-12-04T14:00:00"), ..Options::default() }).await;
    let again = |client: &Client| app.bearer(client.token().unwrap());
    again(&unused).get("/me").await.problem(401, "unauthenticated");
    again(&used).get("/me").await.expect(200);
    app.set_clock("2025-12-04T17:59:59");
    again(&used).get("/me").await.expect(200);
    app.set_clock("2025-12-04T21:59:59");
    again(&used).get("/me").await.problem(401, "unauthenticated");
}

async fn the_first_administrator_comes_by_a_link_once(engine: Engine) {
    let app = TestApp::bare(engine, Options::default()).await;
    let nobody = app.nobody();
    let offer = async || {
        let store = app.store.clone();
        pufa::service::App::new(store, app.clock.clone(), Limits::default()).offer_setup().await.unwrap()
    };
    let earlier = offer().await.unwrap();
    let token = offer().await.unwrap();
    let path = |token: &str| format!("/setup/{token}");
    assert_eq!(
        nobody.send(Method::GET, &path(&earlier), &[], None).await.status,
        404,
        "a new link ends the old"
    );
    let form = nobody.send(Method::GET, &path(&token), &[], None).await;
    assert_eq!(form.status, 200);
    assert!(form.text().contains("name=\"again\"") && form.header("cache-control").contains("no-store"));
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let post = async |token: &str, body: String| {
        nobody.send(Method::POST, &path(token), &headers, Some(body.into_bytes())).await
    };
    let body = |name: &str, password: &str, again: &str| {
        let mut body = reqwest::Url::parse("http://a.example").unwrap();
        body.query_pairs_mut()
            .append_pair("username", name)
            .append_pair("password", password)
            .append_pair("again", again);
        body.query().unwrap().to_owned()
    };
    assert_eq!(post("wrong", body("root", PASSWORD, PASSWORD)).await.status, 404);
    for (name, password, again) in [
        ("root", PASSWORD, "another"),
        ("root", "short", "short"),
        ("a b", PASSWORD, PASSWORD),
        ("root", "root's own word", "root's own word"),
    ] {
        let told = post(&token, body(name, password, again)).await;
        assert_eq!(told.status, 422, "{}", told.text());
        assert!(told.text().contains("role=\"alert\"") && !told.text().contains(PASSWORD));
    }
    let bodies = (0..4).map(|n| body(&format!("root{n}"), PASSWORD, PASSWORD));
    let posts: Vec<_> = bodies
        .map(|body| {
            let (nobody, path) = (nobody.clone(), path(&token));
            tokio::spawn(async move {
                nobody.send(Method::POST, &path, &headers, Some(body.into_bytes())).await.status
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for post in posts {
        statuses.push(post.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404, 404, 404], "one link, one administrator");
    let accounts = app.store.accounts().await.unwrap();
    assert_eq!(accounts.len(), 1);
    assert_eq!(nobody.send(Method::GET, &path(&token), &[], None).await.status, 404);
    assert_eq!(offer().await, None, "nor after a restart");
    sign_in(&nobody, &accounts[0].username, PASSWORD).await.expect(201);
    app.assert_sound().await;
}

/// The cookies of answers over HTTPS, on one's own machine, and over plain HTTP.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_is_as_safe_as_the_way_it_goes() {
    let app = TestApp::start(Engine::Sqlite).await;
    let body = json!({ "username": "wanfu", "password": PASSWORD }).to_string().into_bytes();
    let nobody = app.nobody();
    let cookie = async |more: &[(&str, &str)]| {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend_from_slice(more);
        let answer = nobody.send(Method::POST, "/api/v1/session", &headers, Some(body.clone())).await;
        answer.expect(201);
        answer.header("set-cookie").to_owned()
    };
    let secure = cookie(&[]).await;
    assert!(secure.starts_with("__Host-pufa_session=") && secure.contains("; Secure"), "{secure}");
    assert!(secure.contains("Path=/;") && !secure.contains("Domain"), "{secure}");
    let plain = cookie(&[("host", "10.0.0.5:8124")]).await;
    assert!(plain.starts_with("pufa_session=") && !plain.contains("Secure"), "{plain}");
    let proxied = cookie(&[("host", "pufa.example"), ("x-forwarded-proto", "https")]).await;
    assert!(proxied.starts_with("__Host-pufa_session="), "{proxied}");
    for cookie in [&secure, &plain] {
        let pair = cookie.split(';').next().unwrap();
        assert_eq!(nobody.get_with("/me", &[("cookie", pair)]).await.expect(200)["username"], "wanfu");
    }
    let site = Site { public_url: Some("https://pufa.example".into()), ..Site::default() };
    let limits = Limits { site, ..Limits::default() };
    let app = TestApp::on(&app.database, Options { limits, lane: 1, ..Options::default() }).await;
    let headers = [("content-type", "application/json"), ("host", "10.0.0.5:8124")];
    let answer = app.nobody().send(Method::POST, "/api/v1/session", &headers, Some(body)).await;
    assert!(answer.header("set-cookie").starts_with("__Host-"), "{}", answer.header("set-cookie"));
}
