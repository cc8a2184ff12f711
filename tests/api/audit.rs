//! What the audit keeps, who may read it, and that nobody can fill it up.

use crate::flow::WANFU;
use crate::support::{Engine, Options, PASSWORD, TestApp};
use pufa::config::{Limits, Site};
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    changes_are_read_with_before_and_after
    refusals_and_exports_are_kept
    a_flood_of_refusals_is_few_entries
    the_audit_is_read_within_its_scope
    pages_of_the_audit_hold_everything_once
    heads_are_those_of_the_day
    separate_duties_part_the_audit_from_those_who_act
}

/// Everything the audit tells to somebody, over all pages.
async fn all(app: &TestApp, who: &str, query: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.by(who).get(&format!("/audit?{query}{cursor}")).await.expect(200);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// Refusals are written once a second.
async fn eventually(app: &TestApp, query: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    for _ in 0..100 {
        let items = all(app, "admin", query).await;
        if wanted(&items) {
            return items;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{query}: {:?}", all(app, "admin", query).await);
}

async fn changes_are_read_with_before_and_after(engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = |count: u32| json!({ "items": [{ "measure": "materials", "count": count }] });
    app.by("wanfu").put(WANFU, &body(10)).await.expect(201);
    app.by("office").put_over(WANFU, &body(30), 1).await.expect(200);
    let accept = json!({ "decision": "accept" });
    app.by("reviewer").post(&format!("{WANFU}/review"), &accept).await.expect(200);
    app.by("office").patch("/units/371772100", &json!({ "name": "吕陵" })).await.expect(200);

    let items = all(&app, "admin", "subject=371772001").await;
    let told: Vec<_> = items.iter().map(|item| (&item["action"], &item["who"])).collect();
    let reports = [("tally.accept", "reviewer"), ("tally.correct", "office"), ("tally.submit", "wanfu")];
    assert_eq!(
        told,
        reports
            .map(|(action, who)| (json!(action), json!(who)))
            .iter()
            .map(|(a, w)| (a, w))
            .collect::<Vec<_>>()
    );
    let corrected = &items[1];
    assert_eq!(corrected["before"]["items"][0]["count"], 10);
    assert_eq!(corrected["after"]["items"][0]["count"], 30);
    assert_eq!(corrected["subject"], "constitution-2025/371772001/2025-12-04");
    assert!(items.iter().all(|item| item["address"] == "127.0.0.1"), "{items:?}");
    assert_eq!(items[2]["before"], Value::Null);

    let renamed = &all(&app, "admin", "action=unit.update").await[0];
    assert_eq!((&renamed["who"], &renamed["subject"]), (&json!("office"), &json!("371772100")));
    assert_ne!(renamed["before"], renamed["after"]);

    // Every filter alone and together.
    for (query, count) in [
        ("who=office&action=tally", 1),
        ("who=office&action=unit", 1),
        ("who=nobody-here", 0),
        ("who=%237", 0),
        ("action=tally", 3),
        ("action=tally.a", 1),
        ("action=tally&from=2025-12-05", 0),
        ("action=tally&to=2025-12-03", 0),
        ("action=tally&from=2025-12-04&to=2025-12-04", 3),
    ] {
        assert_eq!(all(&app, "admin", query).await.len(), count, "{query}");
    }
    for (query, code) in
        [("from=x", "date_invalid"), ("cursor=x", "cursor_invalid"), ("limit=0", "limit_invalid")]
    {
        app.by("admin").get(&format!("/audit?{query}")).await.problem(422, code);
    }
    app.assert_sound().await;
}

async fn refusals_and_exports_are_kept(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (wanfu, nobody) = (app.by("wanfu"), app.nobody());
    wanfu.get("/campaigns/constitution-2025/totals?unit=371772108").await.expect(404);
    wanfu.post("/users", &json!({ "username": "x", "password": "y", "grants": [] })).await.expect(403);
    nobody.get("/me").await.expect(401);
    app.bearer("no-such-token").get("/me").await.expect(401);
    let elsewhere = [("sec-fetch-site", "cross-site"), ("content-type", "application/json")];
    nobody.send(Method::POST, "/api/v1/session", &elsewhere, Some(b"{}".to_vec())).await.expect(403);
    nobody.post("/session", &json!({ "username": "nobody-here", "password": PASSWORD })).await.expect(401);
    nobody.post("/session", &json!({ "username": "wanfu", "password": "wrong" })).await.expect(401);

    let has = |items: &[Value], code: &str, who: Value| {
        items
            .iter()
            .any(|item| item["after"]["code"] == code && item["who"] == who && item["address"] == "127.0.0.1")
    };
    let items = eventually(&app, "action=access.refuse", |items| {
        has(items, "unit_out_of_scope", json!("wanfu"))
            && has(items, "forbidden", json!("wanfu"))
            && has(items, "unauthenticated", Value::Null)
            && has(items, "cross_site", Value::Null)
    })
    .await;
    let of_totals = items.iter().find(|item| item["after"]["code"] == "unit_out_of_scope").unwrap();
    assert_eq!(of_totals["subject"], "GET /api/v1/campaigns/{campaign}/totals");
    let unknown = items.iter().find(|item| item["after"]["code"] == "unauthenticated").unwrap();
    assert_eq!(unknown["after"]["times"], 2, "alike: without a token, and with one that is none");
    let refused = eventually(&app, "action=session.refuse", |items| items.len() >= 2).await;
    assert!(refused.iter().any(|item| item["subject"] == "wanfu" && item["after"]["reason"] == "password"));
    assert!(has(&refused, "name", Value::Null));
    assert!(!format!("{refused:?}").contains("nobody-here"), "it may be a password");

    let file = app.by("office").get("/campaigns/constitution-2025/export.csv?unit=371772001").await;
    assert_eq!(file.status, 200);
    let exports = all(&app, "admin", "action=export").await;
    assert_eq!(exports[0]["action"], "export.tallies");
    assert_eq!(
        (&exports[0]["who"], &exports[0]["subject"]),
        (&json!("office"), &json!("constitution-2025/371772001"))
    );
    let audit = app.by("auditor").get("/audit/export.csv?action=session").await;
    assert!(audit.header("content-disposition").contains("audit-export.csv"));
    assert!(audit.text().lines().next().unwrap().contains("id,at,who,address,action,subject,before,after"));
    let audit = app.by("admin").get("/audit/export.json").await.expect(200);
    assert!(
        audit
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["action"] == "export.audit" && item["who"] == "auditor")
    );
    app.assert_sound().await;
}

async fn a_flood_of_refusals_is_few_entries(engine: Engine) {
    let limits = Limits { refusals: 3, ..Limits::default() };
    let app = TestApp::start_with(engine, Options { limits, ..Options::default() }).await;
    let before = app.database.stored().await.audit.len();
    for n in 0..40 {
        app.by("wanfu").get(&format!("/units/none-{n}")).await.expect(404);
        app.by("wanfu").get("/users").await.expect(403);
        app.by("edu").get("/audit").await.expect(403);
        app.by("viewer").get(&format!("/campaigns/none-{n}")).await.expect(404);
        app.bearer("none").get("/me").await.expect(401);
    }
    eventually(&app, "action=access.refuse", |items| items.len() >= 3).await;
    let items = all(&app, "admin", "action=access.refuse").await;
    assert_eq!(items.len(), 3, "the clock stands still, so this is one minute: {items:?}");
    let database = app.stop().await;
    let entries = database.refusals().await;
    let times: i64 = entries.iter().map(|detail| detail["times"].as_i64().unwrap()).sum();
    assert_eq!(times, 200, "none is forgotten: {entries:?}");
    assert!(entries.len() <= 3 + 5, "{entries:?}");
    assert!(database.stored().await.audit.len() <= before + 3);
}

async fn the_audit_is_read_within_its_scope(engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = json!({ "zero": true });
    app.by("wanfu").put(WANFU, &body).await.expect(201);
    app.by("mudan").patch("/units/371702001", &json!({ "name": "东城" })).await.expect(200);
    for nosy in ["wanfu", "viewer", "reviewer", "edu"] {
        for path in ["/audit", "/audit/heads", "/audit/export.csv", "/audit/export.json"] {
            app.by(nosy).get(path).await.problem(403, "forbidden");
        }
    }
    let subjects = async |who: &str| -> Vec<String> {
        all(&app, who, "").await.iter().map(|item| item["subject"].as_str().unwrap().to_owned()).collect()
    };
    let (own, other) = ("constitution-2025/371772001/2025-12-04".to_owned(), "371702001".to_owned());
    let auditor = subjects("auditor").await;
    assert!(auditor.contains(&own) && !auditor.contains(&other), "{auditor:?}");
    let mudan = subjects("mudan").await;
    assert!(!mudan.contains(&own) && mudan.contains(&other), "{mudan:?}");
    let admin = subjects("admin").await;
    assert!(admin.contains(&own) && admin.contains(&other), "{admin:?}");
}

async fn pages_of_the_audit_hold_everything_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let other = TestApp::on(&app.database, Options { lane: 1, ..Options::default() }).await;
    for n in 1..=9_u32 {
        let by = if n % 2 == 0 { &app } else { &other };
        by.set_clock(&format!("2025-12-04T10:0{n}:00"));
        by.by("office").patch("/units/371772100", &json!({ "name": format!("吕陵{n}") })).await.expect(200);
        let day = format!("/campaigns/constitution-2025/tallies/371772001/2025-12-0{}", n.min(4));
        by.by("office").put_with(&day, &json!({ "zero": true }), &[]).await;
    }
    let whole = all(&app, "admin", "").await;
    let ids = |items: &[Value]| -> Vec<String> {
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    let mut once = ids(&whole);
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), whole.len());
    assert!(whole.iter().any(|item| item["id"].as_str().unwrap().starts_with("1/")), "both lanes are told");
    for limit in [1, 2, 5] {
        assert_eq!(ids(&all(&app, "admin", &format!("limit={limit}")).await), ids(&whole), "{limit}");
    }
    let times: Vec<_> = whole.iter().map(|item| item["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    // The page tells the same from the other end, too.
    let (mut upward, mut next) = (Vec::new(), Some("/audit?sort=at&limit=2".to_owned()));
    while let Some(page) = next {
        let html = app.by("admin").send(Method::GET, &page, &[], None).await.text();
        let rows =
            html.split("</td></tr>").filter_map(|row| row.rsplit_once("<td>")).map(|(_, id)| id.to_owned());
        upward.extend(rows.filter(|id| id.split('/').all(|part| part.parse::<u32>().is_ok())));
        let link = html.split_once("\" rel=\"next\"").and_then(|(before, _)| before.rsplit_once("href=\""));
        next = link.map(|(_, query)| format!("/audit{}", query.replace("&#38;", "&").replace("&amp;", "&")));
    }
    upward.reverse();
    assert_eq!(upward, ids(&whole));
}

async fn heads_are_those_of_the_day(engine: Engine) {
    let app = TestApp::start(engine).await;
    let heads = async |query: &str| app.by("auditor").get(&format!("/audit/heads{query}")).await.expect(200);
    let first = heads("").await["items"][0].clone();
    app.set_clock("2025-12-05T10:00:00");
    app.by("office").patch("/units/371772100", &json!({ "name": "吕陵" })).await.expect(200);
    let second = heads("").await["items"][0].clone();
    assert_eq!(second["seq"], first["seq"].as_i64().unwrap() + 1);
    assert_eq!(heads("?date=2025-12-04").await["items"][0], first);
    assert_eq!(heads("?date=2025-12-05").await["items"][0], second);
    assert_eq!(heads("?date=2025-12-03").await["items"], json!([]));
    app.by("auditor").get("/audit/heads?date=x").await.problem(422, "date_invalid");
    let read = |head: &Value| pufa::store::Anchor::read(head["head"].as_str().unwrap()).unwrap();
    let findings = app.store.verify_against(&[read(&first), read(&second)]).await.unwrap();
    assert_eq!(findings, []);
    let mut forged = read(&second);
    forged.hash = first["hash"].as_str().unwrap().to_owned();
    assert_eq!(app.store.verify_against(&[forged.clone()]).await.unwrap().len(), 1);
    forged.seq += 1;
    let findings = app.store.verify_against(&[forged]).await.unwrap();
    assert!(findings[0].0.contains("is cut off"), "{findings:?}");
}

/// Half a year is what the law asks for; here nothing goes away at all, and what is old is read as what is new.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_older_than_half_a_year_is_still_there() {
    let app = TestApp::start(Engine::Sqlite).await;
    app.by("office").patch("/units/371772100", &json!({ "name": "吕陵" })).await.expect(200);
    let before = all(&app, "auditor", "").await;
    assert!(before.len() >= 2, "{before:?}");
    // 184 days and one more; what the service tidies up, it tidies up when it starts and as it runs.
    let database = app.stop().await;
    let now = crate::support::at("2026-06-07T10:00:00");
    let app = TestApp::on(&database, Options { now, ..Options::default() }).await;
    app.by("office").patch("/units/371772100", &json!({ "name": "吕陵镇" })).await.expect(200);
    let after = all(&app, "auditor", "").await;
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after[1..], before);
    let of_then = all(&app, "auditor", "from=2025-12-04&to=2025-12-04&action=unit.update").await;
    assert_eq!(of_then.len(), 1, "{of_then:?}");
    let file = app.by("auditor").get("/audit/export.csv?to=2025-12-05").await.text();
    assert!(file.contains("unit.update"), "{file}");
    // Nor can it be otherwise: no code of the store takes anything from there.
    let audit = ["src/store/audit.rs", "src/store/audit_log.rs"].map(|path| {
        std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap().to_lowercase()
    });
    assert!(audit.iter().all(|text| !text.contains("delete from") && !text.contains("::delete")));
    app.assert_sound().await;
}

async fn separate_duties_part_the_audit_from_those_who_act(engine: Engine) {
    let site = Site { separate_duties: true, ..Site::default() };
    let limits = Limits { site, ..Limits::default() };
    let app = TestApp::start_with(engine, Options { limits, ..Options::default() }).await;
    for (who, status) in [("admin", 403), ("office", 403), ("auditor", 200)] {
        assert_eq!(app.by(who).get("/audit").await.status, status, "{who}");
        let page = app.by(who).send(Method::GET, "/audit", &[("accept", "text/html")], None).await;
        assert_eq!(page.status, status, "{who}");
    }
}
