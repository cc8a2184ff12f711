//! The tripwire on free text: nothing that a person can write anywhere holds a person's number once it is stored.
//!
//! The fields come from the description of the API. What of it is free text is not listed but found out: each field is
//! first sent with harmless words, and where those are stored, a number must be refused in their place.

use crate::headers::address;
use crate::matrix::rows;
use crate::support::{Answer, Client, Engine, PASSWORD, TestApp};
use pufa::store::archive::Rows;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A request of each route that takes JSON, with every field that it may have; what cannot be sent beside the others is tried
/// alone. `$N` is another number each time.
const REQUESTS: &[(&str, &str, &str, &str)] = &[
    (
        "admin",
        "POST /api/dataValueSets",
        "",
        r#"{"dataSet":"constitution-2025","period":"20251204","orgUnit":"371772108","dataValues":[{"dataElement":"materials",
            "categoryOptionCombo":"《某册》","attributeOptionCombo":"default","comment":"over","period":"20251204",
            "orgUnit":"371772108","lastUpdated":"2025-12-04","value":"5"}]}"#,
    ),
    (
        "admin",
        "POST /api/v1/campaigns",
        "",
        r#"{"id":"drive-$N","kind":"constitution","year":2025,"name":"某活动","theme":"某主题","unit":"371702","deadline":"18:00",
            "starts_on":"2025-12-01","ends_on":"2025-12-07","expected_units":["371702001"],
            "measures":["materials",{"code":"flags","name":"旗","name_en":"flags","word":"面","word_en":"flags"}]}"#,
    ),
    (
        "admin",
        "PATCH /api/v1/campaigns/{campaign}",
        "",
        r#"{"name":"某活动","theme":"某主题","deadline":"18:00","starts_on":"2025-12-01","ends_on":"2025-12-07",
            "expected_units":["371772001","371772100","371772108","gx-school"],
            "measures":["materials","sessions","consultations",{"code":"flags","name":"旗","name_en":"flags","word":"面","word_en":"flags"}]}"#,
    ),
    (
        "admin",
        "POST /api/v1/campaigns/{campaign}/chases",
        "",
        r#"{"channel":"phone","date":"2025-12-04","unit":"371772","units":["gx-school"]}"#,
    ),
    (
        "admin",
        "POST /api/v1/campaigns/{campaign}/exceptions",
        "",
        r#"{"unit":"371772001","date":"2025-12-01","reason":"漏报","until":"2025-12-05T00:00:00+08:00"}"#,
    ),
    (
        "admin",
        "POST /api/v1/campaigns/{campaign}/hooks",
        "",
        r#"{"kind":"generic","url":"https://a.example/x","secret":"0123456789abcdef","unit":"371772","lang":"zh-CN",
            "events":["tally.created"]}"#,
    ),
    (
        "admin",
        "PATCH /api/v1/hooks/{id}",
        "",
        r#"{"url":"https://a.example/x","secret":"0123456789abcdef","lang":"zh-CN","events":["tally.created"]}"#,
    ),
    (
        "admin",
        "POST /api/v1/campaigns/{campaign}/ledger",
        "?unit=371772001",
        r#"{"title":"《某册》","date":"2025-12-01","kind":"received","count":5,"note":"入库"}"#,
    ),
    (
        "admin",
        "POST /api/v1/campaigns/{campaign}/links",
        "",
        r#"{"unit":"371772001","kind":"report","expires":"2025-12-06"}"#,
    ),
    ("admin", "POST /api/v1/campaigns/{campaign}/locks", "", r#"{"date":"2025-12-02","reason":"核对"}"#),
    ("admin", "POST /api/v1/campaigns/{campaign}/publications", "", r#"{"title":"简报","unit":"371772"}"#),
    (
        "admin",
        "POST /api/v1/campaigns/{campaign}/review",
        "",
        r#"{"decision":"return","reason":"再核","items":[{"unit":"371772100","date":"2025-12-04"}]}"#,
    ),
    ("admin", "PUT /api/v1/campaigns/{campaign}/tallies/{unit}/{date}", "", TALLY),
    ("admin", "POST /api/v1/campaigns/{campaign}/tallies/{unit}/{date}/check", "", TALLY),
    (
        "admin",
        "POST /api/v1/campaigns/{campaign}/tallies/{unit}/{date}/review",
        "",
        r#"{"decision":"return","reason":"再核"}"#,
    ),
    ("edu", "PUT /api/v1/me/password", "", r#"{"current":"$PASSWORD","new":"quite another password"}"#),
    ("viewer", "POST /api/v1/me/totp", "", r#"{"password":"$PASSWORD"}"#),
    ("viewer", "PUT /api/v1/me/totp", "", r#"{"totp":"000000"}"#),
    ("viewer", "POST /api/v1/me/totp/removal", "", r#"{"password":"$PASSWORD","totp":"000000"}"#),
    ("admin", "POST /api/v1/parse", "", r#"{"text":"发放资料10份","unit":"371772001"}"#),
    (
        "admin",
        "POST /api/v1/press/audit",
        "",
        r#"{"text":"发放资料10份","campaign":"constitution-2025","unit":"371772"}"#,
    ),
    (
        "nobody",
        "POST /api/v1/session",
        "",
        r#"{"username":"reviewer","password":"$PASSWORD","totp":"000000"}"#,
    ),
    (
        "admin",
        "POST /api/v1/tokens",
        "",
        r#"{"name":"导出","role":"viewer","unit":"371772","expires":"2026-01-31"}"#,
    ),
    (
        "admin",
        "POST /api/v1/units",
        "",
        r#"{"code":"unit-$N","name":"某单位","kind":"department","parent":"371702","opened_on":"2020-01-01",
            "closed_on":"2030-01-01"}"#,
    ),
    (
        "admin",
        "PATCH /api/v1/units/{code}",
        "",
        r#"{"name":"某街道","kind":"subdistrict","parent":"371772","opened_on":"2020-01-01","closed_on":"2030-01-01"}"#,
    ),
    ("admin", "PUT /api/v1/units/{code}/liaison", "", r#"{"label":"镇街群"}"#),
    ("admin", "POST /api/v1/units/{code}/merge", "", r#"{"into":"371772100","on":"2025-12-10"}"#),
    (
        "admin",
        "POST /api/v1/users",
        "",
        r#"{"username":"newcomer-$N","password":"a long enough first pass","grants":[{"role":"viewer","unit":"371772"}]}"#,
    ),
    (
        "admin",
        "PATCH /api/v1/users/{name}",
        "",
        r#"{"password":"a long enough first pass","grants":[{"role":"viewer","unit":"371772"}]}"#,
    ),
];

const TALLY: &str = r#"{"items":[{"measure":"materials","title":"《某册》","count":5,"bound":"exact"}],
    "consultations":[{"topic":"labour","mode":"on_site","person_times":3,"bound":"exact"}],
    "joint":[{"lead":"371772108","items":[{"measure":"sessions","title":"某讲座","count":1,"bound":"exact"}]}],
    "note":"备注","reason":"更正","via":"phone"}"#;

/// What is free text, as it was found out: a line a field. A new field comes to this list by itself, and the test then says so.
const FREE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/tripwire.txt");

/// What takes any words, is stored, and may hold a number: each with its reason.
const OTHERWISE: &[(&str, &str)] = &[
    // Addresses and keys of programs, told to nobody again; a robot's key may well be a long number.
    ("POST /api/v1/campaigns/{campaign}/hooks", "/secret"),
    ("PATCH /api/v1/hooks/{id}", "/secret"),
];

/// Published examples of the standards; nobody's.
const NUMBERS: [&str; 3] = ["13800138000", "11010519491231002X", "4111111111111111"];

/// The pointers of all strings of a schema that are not one of a list; `*` is every place of an array.
fn strings(document: &Value, schema: &Value, at: &str, found: &mut BTreeSet<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        strings(document, &document.pointer(reference.trim_start_matches('#')).unwrap().clone(), at, found);
    }
    for way in ["anyOf", "oneOf", "allOf"] {
        for part in schema[way].as_array().into_iter().flatten() {
            strings(document, part, at, found);
        }
    }
    let kind = &schema["type"];
    let is_string = kind == "string" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("string")));
    if is_string && schema["enum"].is_null() {
        found.insert(at.to_owned());
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        strings(document, property, &format!("{at}/{name}"), found);
    }
    if schema["items"].is_object() {
        strings(document, &schema["items"], &format!("{at}/*"), found);
    }
}

/// Puts a text in the place of a pointer; a field that the request has not stands alone.
fn with(body: &Value, pointer: &str, text: &str) -> Value {
    let mut changed = body.clone();
    for place in 0..4 {
        let pointer = pointer.replacen('*', &place.to_string(), 1).replace('*', "0");
        if let Some(found) = changed.pointer_mut(&pointer).filter(|found| found.is_string()) {
            *found = text.into();
            return changed;
        }
    }
    let name = pointer.trim_start_matches('/');
    assert!(!name.contains('/'), "{pointer} is in no request of this test: {body}");
    json!({ name: text })
}

struct Field {
    route: &'static str,
    pointer: String,
}

struct World {
    app: TestApp,
    sent: usize,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::start(Engine::Sqlite).await;
        let admin = app.by("admin");
        for unit in ["371772001", "371772100"] {
            let path = format!("/campaigns/constitution-2025/tallies/{unit}/2025-12-04");
            admin.put(&path, &json!({ "zero": true })).await.expect(201);
        }
        let hook = json!({ "kind": "generic", "url": "https://a.example/x", "secret": "0123456789abcdef" });
        admin.post("/campaigns/constitution-2025/hooks", &hook).await.expect(201);
        Self { app, sent: 0 }
    }

    fn client(&self, who: &str) -> Client {
        if who == "nobody" { self.app.nobody() } else { self.app.by(who) }
    }

    /// Sends a request with a text in one of its fields.
    async fn send(&mut self, at: usize, pointer: &str, text: &str) -> Answer {
        let (who, route, query, body) = REQUESTS[at];
        self.sent += 1;
        let body = body.replace("$N", &self.sent.to_string()).replace("$PASSWORD", PASSWORD);
        let body = with(&serde_json::from_str(&body).unwrap(), pointer, text);
        let (method, path) = route.split_once(' ').unwrap();
        let path = path
            .replace("{campaign}", "constitution-2025")
            .replace("{unit}", "371772001")
            .replace("{code}", "371772108")
            .replace("{date}", "2025-12-04")
            .replace("{name}", "auditor")
            .replace("{id}", "1");
        let method: Method = method.parse().unwrap();
        let mut headers = vec![("content-type", "application/json")];
        if method == Method::PUT && path.contains("/tallies/") {
            headers.push(("if-match", "*"));
        }
        let client = self.client(who);
        client.send(method, &format!("{path}{query}"), &headers, Some(body.to_string().into())).await
    }

    /// Everything that is stored, as one text.
    async fn stored(&self) -> String {
        let mut text = Vec::new();
        self.app.store.archive(&mut text, &Rows::default()).await.unwrap();
        String::from_utf8(text).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_free_text_takes_a_personal_number() {
    let mut world = World::new().await;
    let document = world.app.nobody().get("/openapi.json").await.expect(200);
    let mut fields: Vec<(usize, Field)> = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if schema.is_null() {
                continue;
            }
            let route = format!("{} {path}", method.to_uppercase());
            let at = REQUESTS.iter().position(|(_, known, ..)| *known == route);
            let at = at.unwrap_or_else(|| panic!("{route} takes JSON: give this test a request of it"));
            let mut pointers = BTreeSet::new();
            strings(&document, schema, "", &mut pointers);
            fields.extend(pointers.into_iter().map(|pointer| (at, Field { route: REQUESTS[at].1, pointer })));
        }
    }
    assert!(fields.len() > 100, "{}", fields.len());
    let mut told = Vec::new();
    // Harmless words first: where they are stored, the field is free text.
    for (n, (at, field)) in fields.iter().enumerate() {
        let answer = world.send(*at, &field.pointer, &format!("《字迹{n:03}》")).await;
        assert!(answer.status < 500, "{} {}: {}", field.route, field.pointer, answer.text());
        told.push(format!("{} {}: {} {}", field.route, field.pointer, answer.status, answer.text()));
    }
    let stored = world.stored().await;
    let is_free = |n: usize| stored.contains(&format!("字迹{n:03}"));
    let found: Vec<String> = (0..fields.len())
        .filter(|n| is_free(*n))
        .map(|n| format!("{} {}", fields[n].1.route, fields[n].1.pointer))
        .collect();
    let listed = std::fs::read_to_string(FREE).unwrap();
    let listed: Vec<&str> = listed.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        found,
        listed,
        "what is free text has changed: see tests/api/tripwire.txt\n{}",
        told.join("\n")
    );
    let mut passed = Vec::new();
    for (n, (at, field)) in fields.iter().enumerate() {
        if OTHERWISE.contains(&(field.route, &field.pointer)) {
            continue;
        }
        let answer =
            world.send(*at, &field.pointer, &format!("《联系{}》", NUMBERS[n % NUMBERS.len()])).await;
        if is_free(n) && !answer.text().contains("personal_data") {
            passed.push(format!("{} {}: {}", field.route, field.pointer, answer.text()));
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
    // Forms and files come to the same use cases by other ways.
    for row in rows().iter().filter(|row| row.method == Method::POST) {
        let Some(form) = row.body.as_ref().filter(|body| !body.starts_with('{') && body.contains('=')) else {
            continue;
        };
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        for field in form.split('&').filter_map(|pair| pair.split('=').next()) {
            let form = form.split('&').map(|pair| match pair.split('=').next() {
                Some(name) if name == field => format!("{name}=%E8%81%94{}", NUMBERS[0]),
                _ => pair.replace("$UNIT", "371772001"),
            });
            let form = form.collect::<Vec<_>>().join("&");
            let answer = world
                .client("office")
                .send(Method::POST, &address(row), &headers, Some(form.into_bytes()))
                .await;
            assert!(answer.status < 500, "{} {field}", row.path);
        }
    }
    let import = "/api/v1/campaigns/constitution-2025/tallies/import";
    let file = [("content-type", "text/csv")];
    for (query, sheet) in [
        ("", format!("单位,日期,宣传资料,备注\n371772108,12月4日,10,联系{}\n", NUMBERS[0])),
        ("", format!("单位,日期,资料名称,宣传资料\n371772108,12月4日,联系{},10\n", NUMBERS[0])),
        ("?reason=1380013-8000", "单位,日期,宣传资料\n371772108,12月4日,10\n".to_owned()),
    ] {
        let answer = world
            .client("admin")
            .send(Method::POST, &format!("{import}{query}"), &file, Some(sheet.clone().into_bytes()))
            .await;
        assert!(answer.text().contains("personal_data"), "{sheet}: {} {}", answer.status, answer.text());
    }
    let units = format!("代码,名称,类型,上级\nunit-x,联系{},department,371772\n", NUMBERS[0]);
    let answer =
        world.client("admin").send(Method::POST, "/api/v1/units/import", &file, Some(units.into())).await;
    assert!(answer.text().contains("personal_data"), "{}", answer.text());
    let stored = world.stored().await;
    for number in NUMBERS {
        assert!(!stored.contains(number), "{number} is stored: {:?}", around(&stored, number));
    }
}

/// What stands around a text, to see where it came from.
fn around<'t>(text: &'t str, found: &str) -> Option<&'t str> {
    let at = text.find(found)?;
    let from = (0..=at.saturating_sub(200)).rev().find(|at| text.is_char_boundary(*at))?;
    text.get(from..at)
}

/// Whatever a parameter chooses from a list, it chooses nothing else: neither an order, nor a group, nor a measure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_that_choose_take_nothing_else() {
    const CHOOSING: [&str; 12] = [
        "align", "basis", "by", "kind", "lang", "measure", "of", "preset", "scale", "state", "theme", "years",
    ];
    let app = TestApp::start(Engine::Sqlite).await;
    let (office, document) = (app.by("office"), app.nobody().get("/openapi.json").await.expect(200));
    let mut asked = BTreeSet::new();
    for row in rows().iter().filter(|row| row.method == Method::GET && row.pattern.starts_with("/api/")) {
        let parameters = &document["paths"][&row.pattern]["get"]["parameters"];
        for parameter in parameters.as_array().into_iter().flatten().filter(|p| p["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            if !CHOOSING.contains(&name) {
                continue;
            }
            let path = address(row);
            let kept = path.split(['?', '&']).skip(1).filter(|pair| !pair.starts_with(&format!("{name}=")));
            let kept: Vec<&str> = kept.collect();
            let plain = path.split('?').next().unwrap();
            for value in ["name%3B--", "1%27%20OR%201%3D1", "(select)"] {
                let path = format!("{plain}?{name}={value}&{}", kept.join("&"));
                let answer = office.send(Method::GET, path.trim_end_matches('&'), &[], None).await;
                assert!(matches!(answer.status, 404 | 422), "{path}: {} {}", answer.status, answer.text());
                asked.insert(name.to_owned());
            }
        }
    }
    for must in ["align", "basis", "by", "kind", "measure", "scale", "state", "theme", "years"] {
        assert!(asked.contains(must), "{must}: {asked:?}");
    }
}
