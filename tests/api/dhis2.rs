//! What a client of DHIS2 sends and reads.

use crate::flow::WANFU;
use crate::support::{Answer, Client, Engine, PASSWORD, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pufa::service::accounts::change_account;
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    a_day_is_pushed_and_read_back
    what_cannot_be_taken_is_told_and_leaves_the_rest
    trying_stores_nothing
    csv_goes_in_and_out
    lists_are_paged_and_filtered
    name_and_password_may_come_with_each_request
    the_python_client_pushes_a_day_and_reads_it_back
}

async fn get(client: &Client, path: &str) -> Value {
    client.send(Method::GET, path, &[], None).await.expect(200)
}

async fn push(client: &Client, more: &str, set: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    client
        .send(Method::POST, &format!("/api/dataValueSets{more}"), &headers, Some(set.to_string().into()))
        .await
}

fn day() -> Value {
    json!({
        "dataSet": "constitution-2025",
        "period": "20251204",
        "orgUnit": "371772001",
        "completeDate": "2025-12-04",
        "dataValues": [
            { "dataElement": "materials", "categoryOptionCombo": "《宪法》", "value": "1200", "comment": "over" },
            { "dataElement": "banners", "value": 6 },
            { "dataElement": "consultations", "categoryOptionCombo": "labour.on_site", "value": "14" },
        ],
    })
}

#[track_caller]
fn counts(answer: &Value) -> [u64; 4] {
    assert_eq!(answer["importCount"], answer["response"]["importCount"]);
    ["imported", "updated", "ignored", "deleted"].map(|name| answer["importCount"][name].as_u64().unwrap())
}

async fn a_day_is_pushed_and_read_back(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wanfu = app.by("wanfu");
    let done = push(&wanfu, "", &day()).await.expect(200);
    assert_eq!((counts(&done), &done["status"]), ([3, 0, 0, 0], &json!("OK")));
    assert_eq!(done["response"]["responseType"], "ImportSummary");
    let report = wanfu.get(WANFU).await.expect(200);
    assert_eq!(
        report["items"],
        json!([
            { "measure": "materials", "title": "《宪法》", "count": 1200, "bound": "over" },
            { "measure": "banners", "count": 6, "bound": "exact" },
        ])
    );
    assert_eq!(report["consultations"][0]["person_times"], 14);

    let path = "/api/dataValueSets?dataSet=constitution-2025&period=20251204&orgUnit=371772001";
    let read = get(&wanfu, path).await;
    let short = |value: &Value| {
        ["dataElement", "categoryOptionCombo", "value"].map(|name| value[name].as_str().unwrap().to_owned())
    };
    let values: Vec<_> = read["dataValues"].as_array().unwrap().iter().map(short).collect();
    let wanted = [
        ["materials", "《宪法》", "1200"],
        ["banners", "default", "6"],
        ["consultations", "labour.on_site", "14"],
    ];
    assert_eq!(values, wanted.map(|row| row.map(ToOwned::to_owned)));
    assert_eq!(read["dataValues"][0]["comment"], "over");

    // What was read can be sent as it is, and changes nothing.
    let again = push(&wanfu, "", &read).await.expect(200);
    assert_eq!(counts(&again), [0, 3, 0, 0]);
    assert_eq!(wanfu.get(WANFU).await.expect(200)["version"], 1);

    // One value is changed, the others stay.
    let one = json!({ "dataSet": "constitution-2025", "dataValues": [
        { "dataElement": "banners", "period": "20251204", "orgUnit": "371772001", "value": "8" },
        { "dataElement": "boards", "period": "20251204", "orgUnit": "371772001", "value": "2" },
    ] });
    assert_eq!(counts(&push(&wanfu, "", &one).await.expect(200)), [1, 1, 0, 0]);
    assert_eq!(counts(&push(&wanfu, "?importStrategy=CREATE", &one).await.expect(200)), [0, 0, 2, 0]);
    assert_eq!(counts(&push(&wanfu, "?importStrategy=DELETE", &one).await.expect(200)), [0, 0, 0, 2]);
    let report = wanfu.get(WANFU).await.expect(200);
    assert_eq!(report["items"].as_array().unwrap().len(), 1);
    assert_eq!(report["version"], 3);
    // With the last value taken out, the unit says that it did nothing.
    let mut all = day();
    assert_eq!(counts(&push(&wanfu, "?importStrategy=DELETE", &all).await.expect(200)), [0, 0, 1, 2]);
    assert_eq!(wanfu.get(WANFU).await.expect(200)["zero"], true);
    // Without a data set, the only campaign that waits for the unit is meant.
    all["dataSet"] = Value::Null;
    assert_eq!(counts(&push(&wanfu, "", &all).await.expect(200)), [3, 0, 0, 0]);
    app.assert_sound().await;
}

async fn what_cannot_be_taken_is_told_and_leaves_the_rest(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wanfu = app.by("wanfu");
    let set = json!({ "dataSet": "constitution-2025", "period": "20251204", "orgUnit": "371772001", "dataValues": [
        { "dataElement": "leaflets", "value": "1" },
        { "dataElement": "banners", "value": "1.5" },
        { "dataElement": "boards", "value": "3" },
        { "dataElement": "banners", "value": "4", "orgUnit": "371772100" },
        { "dataElement": "banners", "value": "4", "period": "20251301" },
        { "dataElement": "banners", "value": "4", "period": "20250101" },
        { "dataElement": "consultations", "value": "4", "categoryOptionCombo": "weather.on_site" },
    ] });
    let answer = push(&wanfu, "", &set).await.expect(409);
    assert_eq!((counts(&answer), &answer["response"]["status"]), ([1, 0, 6, 0], &json!("WARNING")));
    let mut told: Vec<(u64, &str)> = answer["conflicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|told| (told["indexes"][0].as_u64().unwrap(), told["errorCode"].as_str().unwrap()))
        .collect();
    told.sort_unstable();
    let wanted = [
        (0, "measure_unknown"),
        (1, "count_fractional"),
        (3, "unit_out_of_scope"),
        (4, "period_invalid"),
        (5, "day_outside_window"),
        (6, "topic_unknown"),
    ];
    assert_eq!(told, wanted);
    assert_eq!(answer["response"]["rejectedIndexes"], json!([0, 1, 3, 4, 5, 6]));
    assert_eq!(wanfu.get(WANFU).await.expect(200)["items"].as_array().unwrap().len(), 1);

    // Personal data in a comment would be stored as the note.
    let mut story = day();
    story["dataValues"][0]["comment"] = json!("电话13812345678");
    let answer = push(&wanfu, "", &story).await.expect(409);
    assert_eq!(counts(&answer), [0, 0, 3, 0]);
    assert_eq!(answer["conflicts"][0]["errorCode"], "personal_data");

    app.by("viewer").send(Method::GET, "/api/me", &[], None).await.expect(200);
    let answer = push(&app.by("viewer"), "", &day()).await.expect(409);
    assert_eq!((counts(&answer), &answer["conflicts"][0]["errorCode"]), ([0, 0, 3, 0], &json!("forbidden")));
    push(&app.nobody(), "", &day()).await.problem(401, "unauthenticated");
    push(&wanfu, "?importStrategy=MERGE", &day()).await.problem(422, "import_strategy_unknown");
    app.assert_sound().await;
}

async fn trying_stores_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.database.stored().await;
    let wanfu = app.by("wanfu");
    assert_eq!(counts(&push(&wanfu, "?dryRun=true", &day()).await.expect(200)), [3, 0, 0, 0]);
    let mut outside = day();
    outside["period"] = json!("20250101");
    assert_eq!(counts(&push(&wanfu, "?dryRun=true", &outside).await.expect(409)), [0, 0, 3, 0]);
    assert_eq!(app.database.stored().await.versions, before.versions);
}

async fn csv_goes_in_and_out(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let csv = "\"dataelement\",\"period\",\"orgunit\",\"catoptcombo\",\"attroptcombo\",\"value\"\r\n\
               \"materials\",\"20251204\",\"371772001\",\"《宪法》\",\"\",\"1200\"\r\n\
               \"banners\",\"20251203\",\"371772100\",\"\",\"\",\"7\"\r\n";
    let path = "/api/dataValueSets?dataSet=constitution-2025";
    let headers = [("content-type", "application/csv")];
    let answer = office.send(Method::POST, path, &headers, Some(csv.into())).await.expect(200);
    assert_eq!(counts(&answer), [2, 0, 0, 0]);
    let path = "/api/41/dataValueSets.csv?dataSet=constitution-2025&orgUnit=371772&children=true";
    let read = office.send(Method::GET, path, &[], None).await;
    assert_eq!((read.status, read.header("content-type")), (200, "text/csv; charset=utf-8"));
    let text = read.text();
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 3, "{text}");
    assert!(rows[1].starts_with("banners,20251203,371772100,default,default,7,"), "{text}");
    assert!(rows[2].starts_with("materials,20251204,371772001,《宪法》,default,1200,"), "{text}");
    let broken = b"dataelement,period\r\n\xff\xfe,1\r\n".to_vec();
    let told = office.send(Method::POST, "/api/dataValueSets", &headers, Some(broken)).await;
    assert_eq!(told.expect(400)["errors"][0]["row"], 2);
    app.assert_sound().await;
}

async fn lists_are_paged_and_filtered(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let all = get(&office, "/api/organisationUnits.json?paging=false").await;
    let all = all["organisationUnits"].as_array().unwrap();
    let page = get(&office, "/api/29/organisationUnits?pageSize=2&page=2&fields=id,name").await;
    assert_eq!(page["pager"]["total"], all.len());
    assert_eq!(page["organisationUnits"], json!(all[2..4]));
    let path = "/api/organisationUnits?filter=code:eq:371772001&filter=level:eq:2";
    let found = get(&office, path).await;
    assert_eq!(found["organisationUnits"][0]["parent"]["id"], "371772");
    assert_eq!(found["pager"]["total"], 1);
    assert_eq!(get(&office, "/api/organisationUnits/371772001.json").await["id"], "371772001");
    let refused = office.send(Method::GET, "/api/organisationUnits?filter=name", &[], None).await;
    refused.problem(422, "filter_unknown");

    let sets = get(&office, "/api/dataSets.json").await;
    assert_eq!(sets["dataSets"][0]["periodType"], "Daily");
    let elements = get(&office, "/api/dataElements?filter=id:in:[banners,boards]").await;
    assert_eq!(elements["dataElements"].as_array().unwrap().len(), 2);
    assert_eq!(get(&office, "/api/system/info.json").await["serverTimeZoneId"], "Asia/Shanghai");

    // Nobody sees through this door what the other does not show.
    let wanfu = app.by("wanfu");
    let own = get(&wanfu, "/api/organisationUnits?paging=false").await;
    assert_eq!(own["organisationUnits"].as_array().unwrap().len(), 1);
    for path in [
        "/api/organisationUnits/371772100",
        "/api/dataValueSets?dataSet=constitution-2025&orgUnit=371772100",
        "/api/dataSets/constitution-1999",
    ] {
        assert_eq!(wanfu.send(Method::GET, path, &[], None).await.status, 404, "{path}");
    }
}

async fn name_and_password_may_come_with_each_request(engine: Engine) {
    let app = TestApp::start(engine).await;
    let nobody = app.nobody();
    let basic =
        |name: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
    let ask = async |path: &str, authorization: &str| {
        nobody.send(Method::GET, path, &[("authorization", authorization)], None).await
    };
    let wanfu = basic("wanfu", PASSWORD);
    assert_eq!(ask("/api/me", &wanfu).await.expect(200)["username"], "wanfu");
    // One session serves all the requests of a program.
    let sessions =
        async || app.by("wanfu").get("/sessions").await.expect(200)["items"].as_array().unwrap().len();
    let before = sessions().await;
    ask("/api/me", &wanfu).await.expect(200);
    assert_eq!(sessions().await, before);
    ask("/api/v1/me", &wanfu).await.problem(401, "unauthenticated");
    for wrong in [&*basic("wanfu", "no such word"), &*basic("nobody", PASSWORD), "Basic ???"] {
        assert_eq!(ask("/api/me", wrong).await.status, 401, "{wrong}");
    }
    let body = json!({ "name": "dhis2", "role": "reporter", "unit": "371772001", "expires": "2026-06-01" });
    let token =
        app.by("wanfu").post("/tokens", &body).await.expect(201)["token"].as_str().unwrap().to_owned();
    for way in [basic("wanfu", &token), format!("ApiToken {token}")] {
        assert_eq!(ask("/api/me", &way).await.expect(200)["username"], "wanfu", "{way}");
    }
    // A browser that remembers the password must not be led by another site.
    let led = [("authorization", wanfu.as_str()), ("sec-fetch-site", "cross-site")];
    let refused = nobody.send(Method::POST, "/api/dataValueSets", &led, Some(day().to_string().into())).await;
    refused.problem(403, "cross_site");
    change_account(&app.store, "wanfu".into(), None, Some(true)).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_000)).await;
    assert_eq!(ask("/api/me", &wanfu).await.status, 401, "suspended, and dead within a second");
}

async fn the_python_client_pushes_a_day_and_reads_it_back(engine: Engine) {
    let app = TestApp::start(engine).await;
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let python = format!("{root}target/python/bin/python");
    assert!(std::path::Path::new(&python).exists(), "run scripts/need dhis2, as scripts/test does");
    let address = format!("http://{}", app.address);
    let run = move || {
        let script = format!("{root}tests/api/dhis2_client.py");
        std::process::Command::new(python).args([&script, &address, "wanfu", PASSWORD]).output()
    };
    let client = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&client.stderr);
    assert!(client.status.success() && client.stdout == b"pushed and read back\n", "{told}");
    assert_eq!(app.by("wanfu").get(WANFU).await.expect(200)["items"][0]["count"], 1200);
    app.assert_sound().await;
}
