//! What every answer says to a browser, over every route and status; and that no other site sends anything for anybody.

use crate::matrix::{Row, rows};
use crate::support::{Answer, Engine, Options, TestApp};
use base64::Engine as _;
use pufa::config::{Limits, Site};
use pufa::http::routes::{Shape, TABLE};
use reqwest::Method;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

on_both! {
    requests_of_other_sites_change_nothing
}

/// The address of a row, with what is there for everything that stands in it.
pub(crate) fn address(row: &Row) -> String {
    let (plain, query) = row.path.split_once('?').unwrap_or((&row.path, ""));
    let segments =
        plain.split('/').map(|segment| match segment.strip_prefix('{').map(|s| s.trim_end_matches('}')) {
            None => segment.to_owned(),
            Some("campaign") => "constitution-2025".to_owned(),
            Some("unit" | "code") => "371772001".to_owned(),
            Some("date") => "2025-12-04".to_owned(),
            Some(named) => match named.split_once('=') {
                Some((_, "hook" | "publication" | "snapshot")) => "1".to_owned(),
                Some((_, value)) => value.to_owned(),
                None => "x".to_owned(),
            },
        });
    let path = segments.collect::<Vec<_>>().join("/");
    let whole = if query.is_empty() { path } else { format!("{path}?{query}") };
    whole.replace("$UNIT", "371772001").replace("$CAMPAIGN", "constitution-2025")
}

fn body(row: &Row) -> (Option<Vec<u8>>, &'static str) {
    let body = row
        .body
        .as_ref()
        .map(|body| body.replace("$UNIT", "371772001").replace("$CAMPAIGN", "constitution-2025"));
    let kind = match &body {
        Some(json) if json.starts_with('{') => "application/json",
        Some(form) if form.contains('=') => "application/x-www-form-urlencoded",
        _ => "text/csv",
    };
    (body.map(String::into_bytes), kind)
}

/// What every answer must say, whatever it is.
#[track_caller]
fn assert_protected(answer: &Answer, what: &str) {
    let said = |name: &str| answer.header(name).to_owned();
    assert_eq!(said("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(said("cross-origin-opener-policy"), "same-origin", "{what}");
    assert_eq!(said("cross-origin-resource-policy"), "same-origin", "{what}");
    assert!(["same-origin", "no-referrer"].contains(&&*said("referrer-policy")), "{what}");
    assert_eq!(said("access-control-allow-origin"), "", "{what}");
    assert_eq!(said("server"), "", "{what}: what runs here is nobody's business");
    let policy = said("content-security-policy");
    let directives: BTreeSet<&str> = policy.split(';').map(str::trim).collect();
    for needed in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
        assert!(directives.contains(needed), "{what}: {policy}");
    }
    for never in ["unsafe-inline", "unsafe-eval", "http:", "https:", "*"] {
        assert!(!policy.contains(never), "{what}: {policy}");
    }
    assert!(!said("cache-control").is_empty(), "{what}");
    for cookie in answer.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{what}: {cookie}");
        // The language is nobody's secret.
        assert!(cookie.contains("HttpOnly") || cookie.starts_with("pufa_lang="), "{what}: {cookie}");
    }
    let location = said("location");
    assert!(
        location.is_empty() || (location.starts_with('/') && !location.starts_with("//")),
        "{what}: {location}"
    );
    if said("content-type").starts_with("text/html") {
        assert_nothing_inline(&answer.text(), what);
    }
}

/// No script, style or handler of a page's own text: the policy would refuse it.
#[track_caller]
fn assert_nothing_inline(html: &str, what: &str) {
    assert!(!html.contains("<style") && !html.contains(" style="), "{what}: a style");
    assert!(!html.contains("javascript:"), "{what}: an address that is a script");
    for script in html.split("<script").skip(1) {
        let (tag, rest) = script.split_once('>').unwrap_or((script, ""));
        assert!(tag.contains(" src=\"/"), "{what}: a script of its own: {tag}");
        assert!(rest.starts_with("</script>"), "{what}: a script with a text");
    }
    for tag in html.split('<').filter_map(|tag| tag.split('>').next()) {
        let handler = tag.split_whitespace().skip(1).find(|attribute| {
            let name = attribute.split('=').next().unwrap_or_default();
            attribute.contains("=\"")
                && name.len() > 4
                && name.starts_with("on")
                && name.bytes().all(|b| b.is_ascii_lowercase())
        });
        assert!(handler.is_none(), "{what}: a handler {handler:?}");
        for name in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
            assert!(!tag.contains(name), "{what}: something from outside: {tag}");
        }
    }
}

/// Every script and style sheet that a page loads, with the hash that the page says it has.
fn loaded(html: &str) -> BTreeSet<(String, String)> {
    let tags = html.split('<').filter_map(|tag| tag.split('>').next());
    let loads = |tag: &&str| tag.starts_with("script") || tag.contains("rel=\"stylesheet\"");
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
        Some(value.replace("&#38;", "&"))
    };
    let one = |tag: &str| {
        let address = attribute(tag, "src").or_else(|| attribute(tag, "href"));
        (address.unwrap_or_default(), attribute(tag, "integrity").unwrap_or_default())
    };
    tags.filter(loads).map(one).collect()
}

/// Every route, for somebody who may, somebody who may not, and nobody; and what no route answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_protects_whoever_gets_it() {
    let app = TestApp::start(Engine::Sqlite).await;
    let (mut statuses, mut assets) = (BTreeSet::new(), BTreeSet::new());
    let signs_out =
        |row: &Row| row.path == "/logout" || (row.method == Method::DELETE && row.path.ends_with("/session"));
    for row in rows().iter().filter(|row| !row.pattern.ends_with("/events")) {
        let path = address(row);
        for (who, client) in
            [("admin", app.by("admin")), ("wanfu", app.by("wanfu")), ("nobody", app.nobody())]
        {
            if signs_out(row) && who != "nobody" {
                continue;
            }
            let (body, kind) = body(row);
            let headers = [("content-type", kind), ("accept", "text/html, */*")];
            let answer = client.send(row.method.clone(), &path, &headers, body).await;
            let what = format!("{} {path} by {who}: {}", row.method, answer.status);
            assert_protected(&answer, &what);
            statuses.insert(answer.status);
            if who != "nobody" {
                // What is signed in for is kept nowhere, or asked for again each time.
                let kept = answer.header("cache-control").to_owned();
                let public = row.permission == "public";
                assert!(public || kept.contains("no-store") || kept == "private, no-cache", "{what}: {kept}");
                let page = answer.header("content-type").starts_with("text/html");
                assert!(!page || kept.contains("no-store"), "{what}: {kept}");
                if page {
                    assets.extend(loaded(&answer.text()));
                }
            }
        }
    }
    // What goes wrong before or beside a route.
    let huge = vec![b'x'; 300 * 1024];
    let json = [("content-type", "application/json")];
    let put = "/api/v1/campaigns/constitution-2025/tallies/371772100/2025-12-04";
    let admin = app.by("admin");
    for (method, path, headers, body) in [
        (Method::GET, "/nowhere", &[("accept", "text/html")][..], None),
        (Method::GET, "/api/v1/nowhere", &[], None),
        (Method::DELETE, "/api/v1/units", &[], None),
        (Method::OPTIONS, "/api/v1/units", &[("origin", "https://b.example")], None),
        (Method::PUT, put, &json[..], Some(huge)),
        (Method::PUT, put, &json[..], Some(b"{".to_vec())),
        (Method::PUT, put, &[("content-type", "text/plain")], Some(b"{}".to_vec())),
        (
            Method::PUT,
            put,
            &[("content-type", "application/json"), ("if-match", "\"9\"")],
            Some(br#"{"zero":true}"#.to_vec()),
        ),
        (Method::GET, "/api/v1/units?limit=x", &[], None),
        (Method::GET, "/../etc/passwd", &[], None),
        (Method::GET, "/assets/nothing.css", &[], None),
    ] {
        let answer = admin.send(method.clone(), path, headers, body).await;
        assert_protected(&answer, &format!("{method} {path}: {}", answer.status));
        statuses.insert(answer.status);
    }
    // A page says what each file that it loads must be, and that is what is served.
    assert!(assets.len() >= 6, "{assets:?}");
    for (address, integrity) in &assets {
        let file = admin.send(Method::GET, address, &[], None).await;
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&file.body));
        assert_eq!((file.status, integrity), (200, &format!("sha256-{hash}")), "{address}");
        let kept = file.header("cache-control");
        assert!(
            kept.contains("immutable"),
            "{address}: an old copy would be refused under the new hash: {kept}"
        );
    }
    for status in [200, 201, 204, 303, 400, 401, 403, 404, 405, 412, 413, 415, 422, 428] {
        assert!(statuses.contains(&status), "no answer had the status {status}: {statuses:?}");
    }
}

/// Over HTTPS a browser is told to come back over HTTPS only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_is_asked_for_again_where_it_is_used() {
    for (url, told) in [(Some("https://pufa.example"), true), (Some("http://10.0.0.1"), false), (None, false)]
    {
        let site = Site { public_url: url.map(ToOwned::to_owned), ..Site::default() };
        let limits = Limits { site, ..Limits::default() };
        let app = TestApp::start_with(Engine::Sqlite, Options { limits, ..Options::default() }).await;
        let said = app.nobody().send(Method::GET, "/login", &[], None).await;
        let said = said.header("strict-transport-security").to_owned();
        assert_eq!(said, if told { "max-age=31536000; includeSubDomains" } else { "" }, "{url:?}");
    }
}

/// Every unsafe method of every route, with a session's cookie, as a browser sends it for another site.
async fn requests_of_other_sites_change_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let cookie = format!("pufa_session={}", app.by("admin").token().unwrap());
    let before = app.database.stored().await;
    let mut refused = 0;
    for row in rows().iter().filter(|row| !row.method.is_safe()) {
        let route = TABLE.iter().find(|route| route.path == row.pattern && route.method() == row.method);
        let shape = route.map(|route| route.shape);
        let path = address(row);
        let (body, kind) = body(row);
        for sign in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://b.example")],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1")],
        ] {
            let mut headers = vec![("content-type", kind), ("cookie", &*cookie)];
            headers.extend(sign);
            let answer = app.nobody().send(row.method.clone(), &path, &headers, body.clone()).await;
            assert_eq!(answer.status, 403, "{} {path} {sign:?}: {}", row.method, answer.text());
            if shape == Some(Shape::Api) {
                answer.problem(403, "cross_site");
            }
            refused += 1;
        }
    }
    assert!(refused > 150, "{refused}");
    assert_eq!(app.database.stored().await, before);
}
