//! The pages where an office takes in what units send and gives out what it adds up to.

use crate::review::{CAMPAIGN, materials, path};
use crate::support::{Answer, Client, Engine, Options, TestApp, total};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both! {
    messages_of_a_chat_become_reports_after_a_person_said_so
    what_was_reported_is_not_written_over_without_a_word
    a_sheet_is_looked_at_and_then_stored
    a_table_of_units_is_looked_at_and_then_stored
    lines_have_a_snapshot_that_can_be_looked_up
    a_draft_is_marked_figure_by_figure
    every_file_that_is_offered_is_there
}

const PASTE: &str = "/campaigns/constitution-2025/paste";
const IMPORT: &str = "/campaigns/constitution-2025/import";

async fn page(client: &Client, path: &str) -> Answer {
    client.send(Method::GET, path, &[], None).await
}

async fn send(client: &Client, path: &str, fields: &[(String, String)]) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    client.send(Method::POST, path, &headers, Some(body.into_bytes())).await
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What a page shows as text.
fn plain(html: &str) -> String {
    html.replace("&quot;", "\"").replace("&#34;", "\"").replace("&amp;", "&")
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[start..].split('"').next()
}

/// What a browser would send of the first form of a page that has a field of this name.
fn filled(html: &str, with: &str) -> Vec<(String, String)> {
    let form = html.split("<form").find(|form| form.contains(&format!("name=\"{with}\""))).unwrap();
    let form = form.split("</form>").next().unwrap();
    let mut fields = Vec::new();
    for tag in form.split('<').filter(|tag| tag.starts_with("input ")) {
        let Some(name) = attribute(tag, "name") else { continue };
        let ticked = attribute(tag, "type") != Some("checkbox") || tag.contains(" checked");
        if ticked {
            fields.push((name.to_owned(), plain(attribute(tag, "value").unwrap_or_default())));
        }
    }
    for select in form.split("<select ").skip(1) {
        let name = attribute(&format!(" {select}"), "name").unwrap().to_owned();
        let options = select.split("</select>").next().unwrap();
        let chosen = options.split("<option ").skip(1).find(|option| option.contains(" selected"));
        let chosen = chosen.or_else(|| options.split("<option ").nth(1)).unwrap();
        fields.push((name, attribute(&format!(" {chosen}"), "value").unwrap().to_owned()));
    }
    fields
}

const CHAT: &str = "1. 万福街道：发放宣传手册800余份、单页500张，咨询数十人次，下一步将发放9000份\n\
    2. 吕陵镇 横幅14条，资料1200份，咨询33人次\n3. 马岭岗 零报告\n大家辛苦了";

async fn read_chat(client: &Client) -> String {
    let page = send(client, PASTE, &owned(&[("text", CHAT), ("date", "2025-12-04"), ("do", "read")])).await;
    assert_eq!(page.status, 200, "{}", page.text());
    page.text()
}

async fn messages_of_a_chat_become_reports_after_a_person_said_so(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    assert!(page(&office, &format!("{PASTE}?unit=371772")).await.text().contains("name=\"text\""));
    assert_eq!(page(&app.by("viewer"), PASTE).await.status, 403);
    let html = read_chat(&office).await;
    assert!(app.database.stored().await.versions.is_empty(), "nothing is stored before a person says so");
    assert!(html.contains("800余份</a></mark>"), "figures are linked with their fields");
    assert!(html.contains("9000份"), "what was not read is told");
    let fields: BTreeMap<String, String> = filled(&html, "parts.0.unit").into_iter().collect();
    assert_eq!((&*fields["parts.0.unit"], &*fields["parts.1.unit"]), ("371772001", "371772100"));
    assert_eq!(fields["parts.0.items.0.title"], "宣传手册");
    assert!(!fields.contains_key("parts.0.items.2.take"), "what is doubtful is not taken by itself");
    let mut fields: Vec<_> = filled(&html, "parts.0.unit");
    fields.push(("do".into(), "store".into()));
    let done = send(&office, PASTE, &fields).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(done.text().contains("吕陵镇"));
    let wanfu = office.get(&path("371772001", "2025-12-04")).await.expect(200);
    assert_eq!(
        (&wanfu["on_behalf"], &wanfu["via"], &wanfu["channel"]),
        (&json!(true), &json!("wechat"), &json!("form"))
    );
    let mut items: Vec<(String, u64, String)> = Vec::new();
    for item in wanfu["items"].as_array().unwrap() {
        let text = |name: &str| item[name].as_str().unwrap().to_owned();
        items.push((text("title"), item["count"].as_u64().unwrap(), text("bound")));
    }
    items.sort();
    assert_eq!(items, [("单页".into(), 500, "exact".into()), ("宣传手册".into(), 800, "over".into())]);
    let lvling = office.get(&path("371772100", "2025-12-04")).await.expect(200);
    assert_eq!(lvling["consultations"][0]["person_times"], 33);
    assert_eq!(office.get(&path("371772108", "2025-12-04")).await.expect(200)["zero"], true);
    app.assert_sound().await;
}

async fn what_was_reported_is_not_written_over_without_a_word(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let before = json!({ "items": [{ "measure": "materials", "count": 5 }], "note": "雨天" });
    office.put(&path("371772100", "2025-12-04"), &before).await.expect(201);
    let html = read_chat(&office).await;
    let mut fields = filled(&html, "parts.0.unit");
    assert!(fields.iter().all(|(name, _)| name != "parts.1.take"), "it was reported already");
    fields.push(("do".into(), "store".into()));
    send(&office, PASTE, &fields).await;
    assert_eq!(office.get(&path("371772100", "2025-12-04")).await.expect(200)["version"], 1);
    // Said on purpose it replaces, and keeps what a message has no words for.
    fields.push(("parts.1.take".into(), "1".into()));
    fields.retain(|(name, _)| name != "parts.0.take" && name != "parts.2.take");
    let done = send(&office, PASTE, &fields).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let after = office.get(&path("371772100", "2025-12-04")).await.expect(200);
    assert_eq!((&after["version"], &after["note"]), (&json!(2), &json!("雨天")));
    assert_eq!(after["consultations"][0]["person_times"], 33);
    // The same page once more: somebody was quicker, and that is told.
    let again = send(&office, PASTE, &fields).await;
    assert_eq!(again.status, 422);
    assert!(again.text().contains("value=\"2\""), "{}", again.text());
    // Faults come back with what was typed.
    for (name, value) in &mut fields {
        if name == "parts.1.items.1.count" {
            *value = "一千二".into();
        } else if name == "parts.1.version" {
            *value = "2".into();
        }
    }
    let wrong = send(&office, PASTE, &fields).await;
    assert!(wrong.status == 422 && wrong.text().contains("一千二"), "{}", wrong.text());
}

async fn upload(client: &Client, file: &[u8], fields: &[(&str, &str)]) -> Answer {
    upload_to(client, IMPORT, file, fields).await
}

async fn upload_to(client: &Client, path: &str, file: &[u8], fields: &[(&str, &str)]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.into_bytes());
    }
    let head = "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"表.csv\"\r\nContent-Type: text/csv\r\n\r\n";
    body.extend(head.as_bytes());
    body.extend(file);
    body.extend(b"\r\n--xyz--\r\n");
    let kind = [("content-type", "multipart/form-data; boundary=xyz")];
    client.send(Method::POST, path, &kind, Some(body)).await
}

async fn a_table_of_units_is_looked_at_and_then_stored(engine: Engine) {
    const UNITS: &str = "/units/import/sheet";
    let mut options = Options::default();
    (options.limits.units_sheet.rows, options.limits.units_sheet.file_bytes) = (20_000, 4_000_000);
    let app = TestApp::start_with(engine, options).await;
    let admin = app.by("admin");
    assert!(page(&admin, "/units").await.text().contains("href=\"/units/import/sheet\""));
    assert!(page(&admin, UNITS).await.text().contains("type=\"file\""));
    assert_eq!(page(&app.by("viewer"), UNITS).await.status, 403);
    let table = "代码,名称\n371772001001,万福社区\n371772108,马岭岗镇政府\n";
    let html = upload_to(&admin, UNITS, table.as_bytes(), &[("do", "preview")]).await.text();
    assert!(html.contains("万福社区") && html.contains("<del>马岭岗镇</del>"), "{html}");
    let before = app.database.stored().await;
    let data = html.split("name=\"data\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let stored = upload_to(&admin, UNITS, b"", &[("do", "store"), ("data", data)]).await;
    assert_eq!(stored.status, 200);
    assert!(stored.text().contains("已写入2个单位"), "{}", stored.text());
    assert_ne!(app.database.stored().await, before);
    admin.get("/units/371772001001").await.expect(200);
    // Any code is the address of its unit, whatever other pages there are.
    let named = "代码,名称,类型,上级\nimport,进口单位,enterprise,371772\n";
    assert_eq!(upload_to(&admin, UNITS, named.as_bytes(), &[("do", "store")]).await.status, 200);
    assert!(page(&admin, "/units/import").await.text().contains("进口单位"));
    // What is wrong is told by its place, and what goes beyond a limit is refused.
    let html = upload_to(&admin, UNITS, "代码,名称\nx,\n".as_bytes(), &[("do", "store")]).await;
    assert_eq!(html.status, 422);
    assert!(html.text().contains("B2"), "{}", html.text());
    let long = format!("代码,名称\n{}", "1,甲\n".repeat(20_001));
    assert_eq!(upload_to(&admin, UNITS, long.as_bytes(), &[("do", "store")]).await.status, 422);
    assert_eq!(upload_to(&admin, UNITS, &vec![b'x'; 6_000_000], &[("do", "store")]).await.status, 413);
    // An import that is not known, or somebody else's: the first was the administrator's.
    assert_eq!(page(&admin, "/units/import/sheet?job=1").await.status, 200);
    for (who, job) in [("admin", "99"), ("office", "1"), ("admin", "x")] {
        assert_eq!(
            page(&app.by(who), &format!("/units/import/sheet?job={job}")).await.status,
            404,
            "{who} {job}"
        );
    }
    app.assert_sound().await;
}

async fn a_sheet_is_looked_at_and_then_stored(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    office.put(&path("371772001", "2025-12-04"), &materials(100)).await.expect(201);
    assert!(page(&office, IMPORT).await.text().contains("type=\"file\""));
    assert_eq!(page(&app.by("viewer"), IMPORT).await.status, 403);
    let sheet = "单位,宣传资料,横幅\n万福街道,120,\n吕陵镇,80,3\n马岭岗镇,,\n";
    let html = upload(&office, sheet.as_bytes(), &[("date", "2025-12-04"), ("do", "preview")]).await;
    let text = html.text();
    assert_eq!(html.status, 200, "{text}");
    assert!(text.contains("<dt>宣传资料：《宪法》</dt><dd><del>100份</del>"), "{text}");
    assert!(text.contains("<ins>120份</ins>"), "{text}");
    let sum = async || total(&office.totals("371772", "").await, |item| item["measure"] == "materials").0;
    assert_eq!(sum().await, 100, "a preview stores nothing");
    let fields = filled(&text, "data");
    let mut all: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    all.push(("do", "store"));
    let done = upload(&office, b"", &all).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(sum().await, 200);
    let again = upload(&office, sheet.as_bytes(), &[("date", "2025-12-04"), ("do", "preview")]).await;
    assert!(!again.text().contains("name=\"data\""), "there is nothing to store any more");
    let wrong = upload(&office, "单位,宣传资料\n万福街道,很多\n".as_bytes(), &[("date", "2025-12-04")]).await;
    assert!(wrong.status == 422 && wrong.text().contains("<b>B2</b>"), "{}", wrong.text());
    let nothing = upload(&office, b"", &[("do", "preview")]).await;
    assert_eq!(nothing.status, 422, "{}", nothing.text());
    let other = [("content-type", "text/csv")];
    assert_eq!(office.send(Method::POST, IMPORT, &other, Some(b"a".to_vec())).await.status, 415);
    app.assert_sound().await;
}

async fn lines_have_a_snapshot_that_can_be_looked_up(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    office.put(&path("371772001", "2025-12-03"), &materials(40_000)).await.expect(201);
    office.post(&format!("{CAMPAIGN}/publications"), &json!({ "title": "第3期简报" })).await.expect(201);
    let first = office.get(&format!("{CAMPAIGN}/press")).await.expect(200);
    assert_eq!(first["snapshot"], "371772.1");
    let look = async |id: &str| office.get(&format!("{CAMPAIGN}/snapshots/{id}")).await;
    let materials_of = |view: &Value| total(view, |item| item["measure"] == "materials").0;
    let view = look("371772.1").await.expect(200);
    assert_eq!((&view["current"], &view["publications"]), (&json!(true), &json!([1])));
    assert_eq!(materials_of(&view), 40_000);
    office.put(&path("371772100", "2025-12-04"), &materials(213)).await.expect(201);
    let back = json!({ "decision": "return", "reason": "数字有误" });
    let of_wanfu = format!("{}/review", path("371772001", "2025-12-03"));
    app.by("reviewer").post(&of_wanfu, &back).await.expect(200);
    for (id, current, sum) in [
        ("371772.0", false, 0),
        ("371772.1", false, 40_000),
        ("371772.2", false, 40_213),
        ("371772.3", true, 213),
    ] {
        let view = look(id).await.expect(200);
        assert_eq!((view["current"].as_bool(), materials_of(&view)), (Some(current), sum), "{id}");
    }
    assert_eq!(materials_of(&look("371772100.1").await.expect(200)), 213);
    for id in ["371772.4", "371772.-1", "371772", "371772.x"] {
        look(id).await.problem(404, "snapshot_unknown");
    }
    look("371702.0").await.problem(404, "unit_out_of_scope");
    let html = page(&office, &format!("{CAMPAIGN}/snapshots/371772.1")).await;
    assert!(html.status == 200 && html.text().contains("40,000"), "{}", html.text());
    let plain = office.get_with(&format!("{CAMPAIGN}/press"), &[("accept", "text/plain")]).await;
    assert!(plain.text().ends_with("数据快照 371772.3\n"), "{}", plain.text());
}

async fn a_draft_is_marked_figure_by_figure(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    office.put(&path("371772001", "2025-12-04"), &materials(40_213)).await.expect(201);
    let press = format!("{CAMPAIGN}/press");
    let html = page(&office, &press).await.text();
    assert!(html.contains("印发宣传资料40000余份") && html.contains("data-copy=\"long\""), "{html}");
    let draft = "在第十一个国家宪法日，发放资料4万余份，悬挂横幅25余条。<b>";
    let checked = send(&office, &press, &owned(&[("text", draft), ("unit", "371772")])).await.text();
    assert!(checked.contains("<mark class=\"supported\">4万余份"), "{checked}");
    assert!(checked.contains("<mark class=\"over\">25余条"), "{checked}");
    assert!(
        checked.contains("第十二个") && checked.contains("href=\"/campaigns/constitution-2025?unit=371772")
    );
    assert!(!checked.contains("<b>。") && checked.contains("&#60;b&#62;"), "a draft is text");
    let long = "字".repeat(60_000);
    assert_eq!(send(&office, &press, &owned(&[("text", &long)])).await.status, 413);
    let long = "a".repeat(60_000);
    let refused = send(&office, &press, &owned(&[("text", &long)])).await;
    assert!(refused.status == 422 && refused.text().contains("role=\"alert\""));
}

async fn every_file_that_is_offered_is_there(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    office.put(&path("371772001", "2025-12-04"), &materials(12)).await.expect(201);
    let html = page(&office, "/campaigns/constitution-2025/export?unit=371772001").await;
    assert_eq!(html.status, 200);
    let text = plain(&html.text()).replace("&#38;", "&");
    let links: Vec<&str> = text
        .split('<')
        .filter(|tag| tag.starts_with("a "))
        .filter_map(|tag| attribute(tag, "href"))
        .collect();
    let files: Vec<&&str> = links.iter().filter(|href| href.contains("/api/v1/")).collect();
    assert_eq!(files.len(), 7);
    for file in files {
        let answer = page(&office, file).await;
        assert!(answer.status == 200 && !answer.body.is_empty(), "{file}");
    }
}
