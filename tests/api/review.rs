//! What the office does with reports: it accepts them, sends them back, locks days, and wants to know why.

mod locks;
mod pages;
mod quality;

use crate::flow::WANFU;
use crate::support::{Client, Engine, TestApp, total};
use serde_json::{Value, json};

on_both! {
    a_returned_report_counts_nothing_until_it_is_submitted_again
    decisions_follow_the_states_and_the_roles
    a_decision_is_about_the_version_that_was_looked_at
    many_are_decided_each_by_itself
    a_correction_after_the_deadline_says_why
    versions_say_who_how_why_and_what_changed
    a_conflict_shows_both_sides
    a_joint_event_counts_once
    random_decisions_keep_every_total_exact
}

pub(crate) const CAMPAIGN: &str = "/campaigns/constitution-2025";

pub(crate) fn path(unit: &str, date: &str) -> String {
    format!("{CAMPAIGN}/tallies/{unit}/{date}")
}

pub(crate) fn materials(count: i64) -> Value {
    json!({ "items": [{ "measure": "materials", "title": "《宪法》", "count": count }] })
}

async fn decide(client: &Client, path: &str, decision: &str, reason: &str) -> crate::support::Answer {
    client.post(&format!("{path}/review"), &json!({ "decision": decision, "reason": reason })).await
}

async fn sum(app: &TestApp) -> i64 {
    total(&app.by("office").totals("371772", "").await, |item| item["measure"] == "materials").0
}

async fn a_returned_report_counts_nothing_until_it_is_submitted_again(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (wanfu, reviewer) = (app.by("wanfu"), app.by("reviewer"));
    let school = path("gx-school", "2025-12-04");
    wanfu.put(WANFU, &materials(1200)).await.expect(201);
    app.by("edu").put(&school, &materials(80)).await.expect(201);
    assert_eq!(sum(&app).await, 1280);

    let back = decide(&reviewer, WANFU, "return", "数字与台账不符").await;
    let view = back.expect(200);
    assert_eq!(
        back.header("etag"),
        "\"2\"",
        "whoever typed on the old version must not overwrite this unseen"
    );
    assert_eq!((view["state"].as_str(), view["version"].as_i64()), (Some("returned"), Some(2)));
    assert_eq!((view["by"].as_str(), view["reason"].as_str()), (Some("reviewer"), Some("数字与台账不符")));
    assert_eq!(view["items"][0]["count"], 1200, "what was sent back is still to be seen");
    assert_eq!(sum(&app).await, 80, "a rejected submission is in no total");
    let office = app.by("office");
    let counts =
        office.get(&format!("{CAMPAIGN}/completeness?unit=371772&date=2025-12-04")).await.expect(200);
    assert_eq!((&counts["reported"], &counts["returned"]), (&json!(1), &json!(1)), "{counts}");
    for by in ["by=day", "by=unit", "by=title"] {
        let totals = office.totals("371772", &format!("&{by}&measure=materials")).await;
        let found: i64 =
            totals["items"].as_array().unwrap().iter().map(|i| i["count"].as_i64().unwrap()).sum();
        assert_eq!(found, 80, "{by}: {totals}");
    }
    app.assert_sound().await;

    // The clerk's own page says why, and is open.
    let page =
        wanfu.send(reqwest::Method::GET, "/campaigns/constitution-2025/report/371772001", &[], None).await;
    assert!(page.text().contains("数字与台账不符"), "{}", page.text());
    assert!(page.text().contains("name=\"version\" value=\"2\""), "{}", page.text());

    // Even the same figures again are a report anew.
    wanfu.put_over(WANFU, &materials(1200), 1).await.problem(412, "version_stale");
    let again = wanfu.put_over(WANFU, &materials(1200), 2).await.expect(200);
    assert_eq!((again["state"].as_str(), again["version"].as_i64()), (Some("submitted"), Some(3)));
    assert_eq!(sum(&app).await, 1280);
    app.assert_sound().await;
}

async fn decisions_follow_the_states_and_the_roles(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (wanfu, reviewer) = (app.by("wanfu"), app.by("reviewer"));
    decide(&reviewer, WANFU, "accept", "").await.problem(404, "tally_unknown");
    wanfu.put(WANFU, &materials(1)).await.expect(201);
    decide(&wanfu, WANFU, "accept", "").await.problem(403, "forbidden");
    decide(&app.by("viewer"), WANFU, "accept", "").await.problem(403, "forbidden");
    decide(&app.by("mudan"), WANFU, "accept", "").await.problem(404, "campaign_unknown");
    decide(&app.nobody(), WANFU, "accept", "").await.problem(401, "unauthenticated");
    let blank = decide(&reviewer, WANFU, "return", " ").await.problem(422, "reason_required");
    assert_eq!(blank["errors"][0]["pointer"], "/reason");
    decide(&reviewer, WANFU, "perhaps", "").await.problem(422, "decision_unknown");
    decide(&reviewer, WANFU, "return", "请联系13800138000").await.problem(422, "personal_data");

    let accepted = decide(&reviewer, WANFU, "accept", "").await.expect(200);
    assert_eq!((accepted["state"].as_str(), accepted["version"].as_i64()), (Some("accepted"), Some(2)));
    assert_eq!(accepted["self_reviewed"], Value::Null);
    let twice = decide(&reviewer, WANFU, "accepted", "").await.expect(200);
    assert_eq!(twice["version"], 2, "accepted is accepted");
    assert_eq!(sum(&app).await, 1);
    // What is corrected must be looked at again.
    let corrected = wanfu.put_over(WANFU, &materials(5), 2).await.expect(200);
    assert_eq!((corrected["state"].as_str(), corrected["version"].as_i64()), (Some("submitted"), Some(3)));
    decide(&reviewer, WANFU, "accept", "").await.expect(200);
    let back = decide(&reviewer, WANFU, "returned", "再核").await.expect(200);
    assert_eq!((back["state"].as_str(), back["version"].as_i64()), (Some("returned"), Some(5)));
    decide(&reviewer, WANFU, "accept", "").await.problem(409, "tally_returned");
    assert_eq!(sum(&app).await, 0);

    // The office may decide about what it entered itself, and that is said.
    let town = path("371772100", "2025-12-04");
    app.by("office").put(&town, &materials(7)).await.expect(201);
    let own = decide(&app.by("office"), &town, "accept", "").await.expect(200);
    assert_eq!(own["self_reviewed"], true);
    app.assert_sound().await;
}

async fn a_decision_is_about_the_version_that_was_looked_at(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (wanfu, reviewer) = (app.by("wanfu"), app.by("reviewer"));
    wanfu.put(WANFU, &materials(1)).await.expect(201);
    wanfu.put_over(WANFU, &materials(2), 1).await.expect(200);
    let at = format!("/api/v1{WANFU}/review");
    let body = json!({ "decision": "accept" }).to_string().into_bytes();
    let send = async |version: &str| {
        let headers = [("if-match", version), ("content-type", "application/json")];
        reviewer.send(reqwest::Method::POST, &at, &headers, Some(body.clone())).await
    };
    let stale = send("\"1\"").await.problem(412, "version_stale");
    assert_eq!(stale["current"]["version"], 2);
    send("\"2\"").await.expect(200);
}

async fn many_are_decided_each_by_itself(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    for unit in ["371772001", "371772100", "gx-school"] {
        office.put(&path(unit, "2025-12-04"), &materials(100)).await.expect(201);
    }
    let item =
        |unit: &str, version: Option<u32>| json!({ "unit": unit, "date": "2025-12-04", "version": version });
    let many = async |decision: &str, items: Vec<Value>| {
        let body = json!({ "decision": decision, "reason": "核对", "items": items });
        app.by("reviewer").post(&format!("{CAMPAIGN}/review"), &body).await
    };
    let items = vec![
        item("371772001", Some(1)),
        item("371772100", Some(7)),
        item("371772108", None),
        item("371702001", None),
        item("gx-school", None),
    ];
    let done = many("return", items).await.expect(200);
    let told: Vec<_> = done["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["status"].as_i64().unwrap(), item["code"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(
        told,
        [(200, ""), (412, "version_stale"), (404, "tally_unknown"), (404, "unit_out_of_scope"), (200, "")]
    );
    assert_eq!(done["items"][0]["state"], "returned");
    assert_eq!(sum(&app).await, 100);
    many("accept", vec![]).await.problem(422, "items_count");
    many("accept", vec![item("371772001", None); 201]).await.problem(422, "items_count");
    app.assert_sound().await;
}

async fn a_correction_after_the_deadline_says_why(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (wanfu, reviewer) = (app.by("wanfu"), app.by("reviewer"));
    let with = |count: i64, reason: &str| {
        let mut body = materials(count);
        body["reason"] = reason.into();
        body
    };
    app.set_clock("2025-12-04T18:30:00");
    wanfu.put(WANFU, &materials(10)).await.expect(201);
    let refused = wanfu.put_over(WANFU, &materials(11), 1).await.problem(422, "reason_required");
    assert_eq!(refused["errors"][0]["pointer"], "/reason");
    wanfu.put_over(WANFU, &with(11, " "), 1).await.problem(422, "reason_required");
    assert_eq!(sum(&app).await, 10, "nothing of what was refused is stored");
    // What says nothing new needs no reason.
    wanfu.put_over(WANFU, &materials(10), 1).await.expect(200);
    let noted = wanfu.put_over(WANFU, &json!({ "items": materials(10)["items"], "note": "晴" }), 1).await;
    assert_eq!(noted.expect(200)["version"], 2);
    let corrected = wanfu.put_over(WANFU, &with(11, "漏报一处"), 2).await.expect(200);
    assert_eq!((corrected["version"].as_i64(), corrected["reason"].as_str()), (Some(3), Some("漏报一处")));
    // Who is asked to report again has been told why already.
    decide(&reviewer, WANFU, "return", "再核").await.expect(200);
    let mut echoed = wanfu.get(WANFU).await.expect(200);
    echoed["items"][0]["count"] = 12.into();
    let again = wanfu.put_over(WANFU, &echoed, 4).await.expect(200);
    assert_eq!((again["state"].as_str(), &again["reason"]), (Some("submitted"), &Value::Null));
    // And an accepted one is corrected for a reason of the unit's, not the reviewer's.
    decide(&reviewer, WANFU, "accept", "已核").await.expect(200);
    let mut echoed = wanfu.get(WANFU).await.expect(200);
    echoed["items"][0]["count"] = 13.into();
    wanfu.put_over(WANFU, &echoed, 6).await.problem(422, "reason_required");
    app.assert_sound().await;
}

async fn versions_say_who_how_why_and_what_changed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut body = materials(10);
    body["consultations"] = json!([{ "topic": "labour", "mode": "on_site", "person_times": 3 }]);
    body["via"] = "phone".into();
    let first = app.by("office").put(WANFU, &body).await.expect(201);
    assert_eq!((first["by"].as_str(), first["via"].as_str()), (Some("office"), Some("phone")));
    assert_eq!((&first["on_behalf"], &first["changes"]), (&json!(true), &Value::Null));
    let second = json!({
        "items": [
            { "measure": "materials", "title": "《宪法》", "count": 12, "bound": "over" },
            { "measure": "banners", "count": 2 },
        ],
        "reason": "补充",
    });
    app.by("wanfu").put_over(WANFU, &second, 1).await.expect(200);
    decide(&app.by("reviewer"), WANFU, "accept", "").await.expect(200);
    let history = app.by("wanfu").get(&format!("{WANFU}/versions")).await.expect(200);
    let of = |at: usize, name: &str| history["items"][at][name].clone();
    assert_eq!((0..3).map(|at| of(at, "by")).collect::<Vec<_>>(), ["office", "wanfu", "reviewer"]);
    assert_eq!(of(0, "changes"), json!([]));
    assert_eq!(
        of(1, "changes"),
        json!([
            {
                "line": { "measure": "materials", "title": "《宪法》" },
                "before": { "count": 10, "bound": "exact" },
                "after": { "count": 12, "bound": "over" },
            },
            { "line": { "measure": "banners" }, "before": null, "after": { "count": 2, "bound": "exact" } },
            {
                "line": { "measure": "consultations", "topic": "labour", "mode": "on_site" },
                "before": { "count": 3, "bound": "exact" },
                "after": null,
            },
        ])
    );
    assert_eq!((of(1, "reason"), of(1, "via")), (json!("补充"), Value::Null));
    assert_eq!((of(2, "changes"), of(2, "state")), (json!([]), json!("accepted")));
    app.by("office").put(WANFU, &json!({ "zero": true, "via": "pigeon" })).await.problem(422, "via_unknown");
    // The page of the unit tells the same.
    let page = app
        .by("wanfu")
        .send(reqwest::Method::GET, "/campaigns/constitution-2025/report/371772001", &[], None)
        .await
        .text();
    for words in ["office", "电话", "补充", "10份", "12余份"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

async fn a_conflict_shows_both_sides(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wanfu = app.by("wanfu");
    wanfu.put(WANFU, &materials(10)).await.expect(201);
    app.by("office").put_over(WANFU, &materials(20), 1).await.expect(200);
    let stale = wanfu.put_over(WANFU, &materials(30), 1).await.problem(412, "version_stale");
    assert_eq!(stale["current"]["items"][0]["count"], 20);
    assert_eq!(stale["current"]["by"], "office");
    assert_eq!(stale["submitted"]["items"][0]["count"], 30);
    let fields = [
        ("items.0.measure", "materials"),
        ("items.0.title", "《宪法》"),
        ("items.0.count", "30"),
        ("version", "1"),
        ("do", "submit"),
    ];
    let page = super::review::form(&wanfu, "2025-12-04", &fields).await;
    assert_eq!(page.status, 412);
    assert!(page.text().contains("20份") && page.text().contains("30份"), "{}", page.text());
}

/// Sends the form of 万福街道.
pub(crate) async fn form(client: &Client, date: &str, fields: &[(&str, &str)]) -> crate::support::Answer {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let path = format!("/campaigns/constitution-2025/report/371772001?date={date}");
    client.send(reqwest::Method::POST, &path, &headers, Some(body.into_bytes())).await
}

async fn a_joint_event_counts_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (wanfu, edu, office) = (app.by("wanfu"), app.by("edu"), app.by("office"));
    let school = path("gx-school", "2025-12-04");
    let part = json!([{
        "lead": "371772001",
        "items": [{ "measure": "materials", "title": "《宪法》", "count": 300 }, { "measure": "sessions", "count": 1 }],
    }]);
    // A report with nothing but its part in another's event is a report, and no zero report.
    let sent = edu.put(&format!("{school}?warnings=1"), &json!({ "joint": part })).await.expect(201);
    assert_eq!(
        (&sent["zero"], &sent["totals"], &sent["joint"][0]["lead"]),
        (&json!(false), &json!([]), &json!("371772001"))
    );
    assert_eq!(sent["joint"][0]["items"][0]["count"], 300);
    let codes = |view: &Value| -> Vec<String> {
        view["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes(&sent), ["lead_not_reported"]);
    assert_eq!(sum(&app).await, 0, "nobody counts what its lead has not reported");
    let lead = json!({ "items": [{ "measure": "materials", "title": "《宪法》", "count": 300 }, { "measure": "sessions", "count": 1 }] });
    wanfu.put(WANFU, &lead).await.expect(201);
    let read = office.get(&school).await.expect(200);
    assert_eq!(codes(&read), Vec::<String>::new());
    assert_eq!(sum(&app).await, 300, "once, by its lead");
    for by in ["by=day", "by=unit", "by=title"] {
        let totals = office.totals("371772", &format!("&{by}&measure=materials")).await;
        let found: i64 =
            totals["items"].as_array().unwrap().iter().map(|i| i["count"].as_i64().unwrap()).sum();
        assert_eq!(found, 300, "{by}");
    }
    let counts =
        office.get(&format!("{CAMPAIGN}/completeness?unit=371772&date=2025-12-04")).await.expect(200);
    assert_eq!((&counts["reported"], &counts["zero"]), (&json!(2), &json!(0)), "{counts}");

    // Sent back as it was read it is the same report; without the part it is another.
    assert_eq!(edu.put_over(&school, &read, 1).await.expect(200)["version"], 1);
    let own =
        json!({ "items": [{ "measure": "materials", "title": "《宪法》", "count": 50 }], "joint": part });
    edu.put_over(&school, &own, 1).await.expect(200);
    assert_eq!(sum(&app).await, 350);
    let history = edu.get(&format!("{school}/versions")).await.expect(200);
    assert_eq!(history["items"][1]["changes"].as_array().unwrap().len(), 1, "{history}");
    let without = json!({ "items": own["items"] });
    edu.put_over(&school, &without, 2).await.expect(200);
    let history = edu.get(&format!("{school}/versions")).await.expect(200);
    assert_eq!(history["items"][2]["changes"][0]["line"]["lead"], "371772001");

    let faulty = json!({ "joint": [{ "lead": "gx-school", "items": part[0]["items"] }] });
    edu.put_over(&school, &faulty, 3).await.problem(422, "joint_own_unit");
    app.assert_sound().await;
}

/// Sequences of reports, decisions and corrections, from several at once; after each the totals are those of a model.
async fn random_decisions_keep_every_total_exact(engine: Engine) {
    let app = TestApp::start(engine).await;
    let units = ["371772001", "371772100", "371772108", "gx-school", "gx-edu"];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut dice = move |sides: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % sides
    };
    let mut model: std::collections::HashMap<(usize, u64), (i64, bool, i64)> =
        std::collections::HashMap::new();
    for _ in 0..90 {
        let (unit, day) = (usize::try_from(dice(5)).unwrap(), dice(3) + 2);
        let at = path(units[unit], &format!("2025-12-0{day}"));
        let known = model.get(&(unit, day)).copied();
        let count = i64::try_from(dice(900)).unwrap() + 1;
        match (dice(3), known) {
            (0, Some((kept, counts, version))) => {
                let answer = decide(&app.by("reviewer"), &at, "return", "退").await;
                let new = if counts { version + 1 } else { version };
                assert_eq!(answer.expect(200)["version"], new);
                model.insert((unit, day), (kept, false, new));
            }
            (1, Some((kept, counts, version))) => {
                let answer = decide(&app.by("office"), &at, "accept", "").await;
                if counts {
                    let new = answer.expect(200)["version"].as_i64().unwrap();
                    assert!(new == version || new == version + 1);
                    model.insert((unit, day), (kept, true, new));
                } else {
                    answer.problem(409, "tally_returned");
                }
            }
            (_, known) => {
                let mut body = materials(count);
                body["reason"] = "更正".into();
                let version = known.map_or(0, |known| known.2);
                let answer = match version {
                    0 => app.by("office").put(&at, &body).await,
                    n => app.by("office").put_over(&at, &body, n.unsigned_abs()).await,
                };
                let view: Value = serde_json::from_slice(&answer.body).unwrap();
                assert!(answer.status < 300, "{view}");
                model.insert((unit, day), (count, true, view["version"].as_i64().unwrap()));
            }
        }
        let right: i64 = model.values().filter(|(_, counts, _)| *counts).map(|(count, ..)| count).sum();
        assert_eq!(sum(&app).await, right);
    }
    let returned = model.values().filter(|(_, counts, _)| !counts).count();
    assert!(returned > 0, "the sequence returns something");
    app.assert_sound().await;
}
