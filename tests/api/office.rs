//! The office's pages: the menu, the reports behind a figure, years side by side, drives and units. They work without
//! script.

use crate::flow::WANFU;
use crate::support::{Answer, Client, Engine, Options, TestApp, total};
use pufa::config::Limits;
use reqwest::Method;
use serde_json::json;

on_both! {
    the_menu_shows_what_a_person_may_do
    a_figure_leads_to_its_reports
    a_board_names_the_missing_only_where_they_are_few
    boards_asked_for_at_once_are_each_ones_own
    years_stand_side_by_side
    a_drive_is_set_up_on_a_page
    lists_are_asked_by_their_addresses
    units_are_kept_on_a_page
    a_unit_goes_over_into_another
    a_problem_says_what_to_do_and_keeps_the_menu
    a_picture_tells_its_figures
}

pub(crate) async fn show(client: &Client, path: &str) -> Answer {
    client.send(Method::GET, path, &[], None).await
}

pub(crate) async fn send(client: &Client, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    client.send(Method::POST, path, &headers, Some(body.into_bytes())).await
}

const DRIVE: &str = "/campaigns/constitution-2025";

fn materials(count: u32) -> serde_json::Value {
    json!({"items": [{"measure": "materials", "title": "《宪法》", "count": count}]})
}

async fn the_menu_shows_what_a_person_may_do(engine: Engine) {
    let app = TestApp::start(engine).await;
    let entry = |path: &str| format!("<a href=\"{DRIVE}{path}");
    let office = show(&app.by("office"), DRIVE).await.text();
    for path in ["/review?under=371772", "/missing?unit=371772", "/settings", "/comparison?unit=371772"] {
        assert!(office.contains(&entry(path)), "no {path}");
    }
    assert!(office.contains("<a href=\"/people\"") && office.contains("<a href=\"/units\""));
    assert!(office.contains(&format!("<a href=\"{DRIVE}?unit=371772\" aria-current=\"page\"")), "{office}");
    let wanfu = show(&app.by("wanfu"), DRIVE).await.text();
    assert!(wanfu.contains(&entry("/report/371772001")));
    for path in ["/review", "/missing", "/settings", "/publications"] {
        assert!(!wanfu.contains(&entry(path)), "{path}");
    }
    assert!(!wanfu.contains("<a href=\"/people\"") && !wanfu.contains("<a href=\"/units\""));

    // Large type is a mode of the browser's, and nobody is led away by choosing it.
    let chosen = send(&app.nobody(), "/size", &[("size", "large"), ("next", "/account")]).await;
    assert_eq!((chosen.status, chosen.header("location")), (303, "/account"));
    assert!(chosen.header("set-cookie").starts_with("pufa_size=large;"));
    let away = send(&app.nobody(), "/size", &[("size", "large"), ("next", "//a.example")]).await;
    assert_eq!(away.header("location"), "/");
    let large = app.nobody().send(Method::GET, "/login", &[("cookie", "pufa_size=large")], None).await.text();
    assert!(large.contains("class=\"large\"") && large.contains("标准版"));
}

async fn a_figure_leads_to_its_reports(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    office.put(WANFU, &materials(500)).await.expect(201);
    let earlier = "/campaigns/constitution-2025/tallies/371772100/2025-12-03";
    let banners = json!({"items": [{"measure": "banners", "count": 7}], "reason": "补报"});
    office.put(earlier, &banners).await.expect(201);

    let board = show(&office, DRIVE).await.text();
    let behind = format!("{DRIVE}/tallies?under=371772&#38;measure=materials");
    assert!(board.contains(&behind) || board.contains(&behind.replace("&#38;", "&amp;")), "{board}");
    assert!(board.contains("data-events=") && board.contains("id=\"live-grid\""));

    let list = async |query: &str| show(&office, &format!("{DRIVE}/tallies{query}")).await.text();
    let row = |unit: &str, date: &str| format!("{DRIVE}/report/{unit}?date={date}\">");
    let (first, second) = (row("371772100", "2025-12-03"), row("371772001", "2025-12-04"));
    let all = list("").await;
    assert!(all.find(&first).unwrap() < all.find(&second).unwrap(), "by day");
    let newest = list("?sort=-day").await;
    assert!(newest.find(&second).unwrap() < newest.find(&first).unwrap(), "the last day first");
    let measured = list("?measure=materials").await;
    assert!(measured.contains(&second) && !measured.contains(&first) && measured.contains("500"));
    let day = list("?from=2025-12-03&to=2025-12-03").await;
    assert!(day.contains(&first) && !day.contains(&second));
    assert!(list("?state=returned").await.contains("class=\"empty\""));
    assert!(!list("?under=371772001").await.contains(&first));
    assert_eq!(show(&office, &format!("{DRIVE}/tallies?measure=rank")).await.status, 422);
    assert_eq!(show(&office, &format!("{DRIVE}/tallies?from=yesterday")).await.status, 422);
    assert_eq!(show(&app.by("mudan"), &format!("{DRIVE}/tallies")).await.status, 404);
    // A reporter finds its own.
    let own = show(&app.by("wanfu"), &format!("{DRIVE}/tallies")).await.text();
    assert!(own.contains(&second) && !own.contains(&first));
}

async fn a_board_names_the_missing_only_where_they_are_few(engine: Engine) {
    let limits = Limits { page: 3, ..Limits::default() };
    let app = TestApp::start_with(engine, Options { limits, ..Options::default() }).await;
    let office = app.by("office");
    let (count, named) = ("未报单位（4）", "这里不逐一列出");
    let board = show(&office, DRIVE).await.text();
    assert!(board.contains(count) && board.contains(named) && !board.contains("id=\"paste\""), "{board}");
    assert!(board.contains(&format!("{DRIVE}/missing?unit=371772")));
    office.put(WANFU, &materials(500)).await.expect(201);
    let board = show(&office, DRIVE).await.text();
    assert!(
        board.contains("未报单位（3）") && !board.contains(named) && board.contains("id=\"paste\""),
        "{board}"
    );
}

async fn boards_asked_for_at_once_are_each_ones_own(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.by("office").put(WANFU, &materials(500)).await.expect(201);
    let (office, wanfu) = (app.by("office"), app.by("wanfu"));
    let path = format!("{DRIVE}?unit=371772001");
    let boards = (0..20).map(|n| show(if n % 2 == 0 { &office } else { &wanfu }, &path));
    for (n, board) in futures_util::future::join_all(boards).await.into_iter().enumerate() {
        let board = board.text();
        assert!(board.contains("500") && board.contains("万福街道"), "{board}");
        // Only an office chases, whoever else asked for the same board in the same moment.
        assert_eq!(board.contains(&format!("<a href=\"{DRIVE}/missing")), n % 2 == 0, "{n}");
    }
}

async fn years_stand_side_by_side(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let body = json!({"kind": "constitution", "year": 2024, "unit": "371772"});
    app.by("admin").post("/campaigns", &body).await.expect(201);
    let last = "/campaigns/constitution-2024/tallies/371772001/2024-12-04";
    let late =
        json!({"items": [{"measure": "materials", "title": "《宪法》", "count": 400}], "reason": "补报"});
    office.put(last, &late).await.expect(201);
    office.put(WANFU, &materials(500)).await.expect(201);
    let page = show(&office, &format!("{DRIVE}/comparison?align=whole")).await;
    assert_eq!(page.status, 200);
    let page = page.text();
    for words in [
        "万福街道",
        "400",
        "500",
        "增长25.0%",
        "year-over-year.svg",
        "summary.png",
        "<th scope=\"col\" class=\"n\">2024</th>",
    ] {
        assert!(page.contains(words), "no {words}: {page}");
    }
    assert!(page.contains("/campaigns/constitution-2024/tallies?under=371772001"), "each year's reports");
    let one = show(&office, &format!("{DRIVE}/comparison?align=whole&from=2025&to=2025")).await.text();
    assert!(!one.contains(">2024</th>") && one.contains(">2025</th>"));
    assert_eq!(show(&office, &format!("{DRIVE}/comparison?align=sideways")).await.status, 422);
    assert_eq!(show(&app.by("mudan"), &format!("{DRIVE}/comparison")).await.status, 404);
}

async fn a_drive_is_set_up_on_a_page(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    assert_eq!(show(&app.by("viewer"), &format!("{DRIVE}/settings")).await.status, 403);
    let made = send(
        &office,
        "/campaigns",
        &[("kind", "custom"), ("starts_on", "2025-12-10"), ("ends_on", "2025-12-12")],
    )
    .await;
    assert_eq!((made.status, made.header("location")), (303, "/campaigns/custom-2025/settings?new=1"));
    let wrong = send(&office, "/campaigns", &[("kind", "custom"), ("starts_on", "2025-12-10")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("value=\"2025-12-10\""), "what was typed stays");

    let settings = "/campaigns/custom-2025/settings";
    let fields = [
        ("name", "反诈宣传"),
        ("theme", ""),
        ("starts_on", "2025-12-10"),
        ("ends_on", "2025-12-13"),
        ("deadline", "17:30"),
        ("measure", "materials"),
        ("measure", "posts"),
        ("target.materials", "12,000"),
        ("own.code", "lantern"),
        ("own.name", "灯笼"),
        ("own.word", "盏"),
        ("expected", "listed"),
        ("units", "371772001 万福街道\n371772100\n"),
        ("do", "save"),
    ];
    let saved = send(&office, settings, &fields).await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (303, "/campaigns/custom-2025/settings?done=1"),
        "{}",
        saved.text()
    );
    let drive = office.get("/campaigns/custom-2025").await.expect(200);
    assert_eq!(
        (&drive["name"], &drive["ends_on"], &drive["deadline"]),
        (&json!("反诈宣传"), &json!("2025-12-13"), &json!("17:30"))
    );
    assert_eq!(drive["expected_units"], json!(["371772001", "371772100"]));
    let codes: Vec<&str> =
        drive["measures"].as_array().unwrap().iter().map(|m| m["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["materials", "posts", "lantern"]);
    assert_eq!(drive["measures"][0]["target"], 12_000);
    assert!(drive["measures"][1].get("target").is_none());
    let page = show(&office, settings).await.text();
    assert!(page.contains("value=\"12000\"") && page.contains("371772001 万福街道") && page.contains("灯笼"));

    // Its own measure and the target survive another change; a faulty one is told, and what was typed stays.
    let mut again = fields.to_vec();
    again.retain(|(name, _)| !name.starts_with("own."));
    again.push(("measure", "lantern"));
    assert_eq!(send(&office, settings, &again).await.status, 303);
    let drive = office.get("/campaigns/custom-2025").await.expect(200);
    assert_eq!(drive["measures"].as_array().unwrap().len(), 3);
    let faulty: Vec<_> =
        again.iter().map(|(n, v)| if *n == "target.materials" { (*n, "many") } else { (*n, *v) }).collect();
    let told = send(&office, settings, &faulty).await;
    assert_eq!(told.status, 422);
    assert!(told.text().contains("目标数须为整数") && told.text().contains("value=\"many\""));

    assert_eq!(send(&office, settings, &[("do", "lock")]).await.status, 303);
    assert_eq!(office.get("/campaigns/custom-2025").await.expect(200)["locked"], true);
    assert_eq!(send(&office, settings, &[("do", "unlock")]).await.status, 303);
    let day = [("do", "lock_day"), ("date", "2025-12-11"), ("reason", "已公布")];
    assert_eq!(send(&office, settings, &day).await.status, 303);
    let locked = office.get("/campaigns/custom-2025").await.expect(200);
    assert_eq!((&locked["locked"], &locked["locked_days"]), (&json!(false), &json!(["2025-12-11"])));
    let mut except = vec![("do", "except"), ("unit", "371772001 万福街道"), ("date", "2025-12-11")];
    let told = send(&office, settings, &except).await;
    assert!(told.status == 422 && told.text().contains("value=\"371772001 万福街道\""), "{}", told.text());
    except.extend([("reason", "漏报"), ("until", "2025-12-31T18:00")]);
    assert_eq!(send(&office, settings, &except).await.status, 303);
    let granted = show(&office, settings).await.text();
    assert!(
        granted.contains("371772001 · 2025-12-11 · 漏报") && granted.contains("2025-12-31 18:00"),
        "{granted}"
    );
    assert_eq!(send(&office, settings, &[("do", "unlock_day"), ("date", "2025-12-11")]).await.status, 303);
    assert_eq!(send(&office, settings, &[("do", "other")]).await.status, 404);
}

/// Every list has filters, orders and pages in its address, and refuses what it does not have.
async fn lists_are_asked_by_their_addresses(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let api = "/campaigns/constitution-2025";
    for title in ["第1期简报", "第2期简报", "第3期快报"] {
        office.post(&format!("{api}/publications"), &json!({ "title": title })).await.expect(201);
    }
    let made = json!({"title": "《宪法》", "date": "2025-12-04", "kind": "printed", "count": 7});
    office.post(&format!("{api}/ledger?unit=371772001"), &made).await.expect(201);
    for unit in ["371772001", "371772100"] {
        office.post(&format!("{api}/links"), &json!({ "unit": unit })).await.expect(201);
    }
    let ledger = format!("{DRIVE}/ledger/371772001");
    let lists: [(&str, &[&str], &[&str]); 9] = [
        (
            "/campaigns",
            &["sort=name", "kind=constitution", "state=closed"],
            &["sort=size", "kind=other", "state=late"],
        ),
        ("/units", &["under=371772&sort=name", "q=1&sort=code"], &["sort=size", "state=gone"]),
        ("/people", &["sort=-name&role=reporter"], &["sort=unit", "role=king", "size=1"]),
        (
            "/publications",
            &["sort=title&q=%E5%BF%AB", "from=2025-12-01"],
            &["sort=size", "from=soon", "cursor=99"],
        ),
        ("/links", &["sort=ends&state=all"], &["sort=size", "state=late", "cursor=99999"]),
        ("/screens", &["state=ended"], &["sort=size"]),
        ("/review", &["sort=day", "sort=-day&under=371772"], &["sort=size", "cursor=x"]),
        ("/missing", &["date=2025-12-04&sort=name&q=1"], &["date=2025-12-04&sort=count", "by=rank"]),
        ("/tallies", &["sort=-day"], &["sort=size", "state=late"]),
    ];
    for (list, good, bad) in lists {
        let list = match list {
            "/campaigns" | "/units" | "/people" => list.to_owned(),
            of_drive => format!("{DRIVE}{of_drive}"),
        };
        for query in good {
            let answer = show(&office, &format!("{list}?{query}")).await;
            assert_eq!(answer.status, 200, "{list}?{query}: {}", answer.text());
        }
        for query in bad {
            let answer = show(&office, &format!("{list}?{query}")).await;
            assert_eq!(answer.status, 422, "{list}?{query}");
        }
    }
    for (query, status) in [("kind=printed&sort=-day", 200), ("kind=lost", 422), ("sort=count", 422)] {
        assert_eq!(show(&office, &format!("{ledger}?{query}")).await.status, status, "{query}");
    }
    let wrong = show(&office, &format!("{DRIVE}/links?sort=size")).await.text();
    assert!(wrong.contains("sort") && wrong.contains("-made, made, name, ends"), "{wrong}");

    // Orders and filters do what they say.
    let order = |text: &str, names: [&str; 2]| {
        let [one, other] = names.map(|name| text.find(&format!(">{name}</a>")).expect(name));
        one < other
    };
    let published = async |query: &str| show(&office, &format!("{DRIVE}/publications?{query}")).await.text();
    assert!(order(&published("").await, ["第3期快报", "第1期简报"]));
    assert!(order(&published("sort=made").await, ["第1期简报", "第3期快报"]));
    assert!(!published("q=%E5%BF%AB%E6%8A%A5").await.contains("第1期简报"));
    let level = async |sort: &str| show(&office, &format!("/units?under=371772&sort={sort}")).await.text();
    assert!(order(&level("code").await, ["马岭岗镇", "教体局"]));
    assert!(order(&level("name").await, ["教体局", "马岭岗镇"]));
    let on = "on=2025-12-04&under=371772";
    let searched = async |sort: &str| show(&office, &format!("/units?{on}&sort={sort}")).await.text();
    assert!(order(&searched("place").await, ["马岭岗镇", "教体局"]));
    assert!(order(&searched("name").await, ["教体局", "马岭岗镇"]), "what is searched for has orders too");
}

async fn units_are_kept_on_a_page(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    let top = show(&office, "/units").await.text();
    assert!(top.contains("/units?under=371772\"") && !top.contains("牡丹区"), "{top}");
    let level = show(&office, "/units?under=371772").await.text();
    assert!(level.find("万福街道").unwrap() < level.find("吕陵镇").unwrap(), "administrative order");
    assert!(!level.contains("实验学校"), "one level at a time");
    let found = show(&office, "/units?q=%E5%AE%9E%E9%AA%8C").await.text();
    assert!(found.contains("实验学校") && !found.contains("万福街道"));
    assert!(show(&office, "/units?q=371772100").await.text().contains("吕陵镇"));
    assert!(show(&office, "/units?q=nowhere").await.text().contains("class=\"empty\""));

    let new = [("under", "371772"), ("code", "gx-court"), ("name", "法院"), ("kind", "department")];
    let made = send(&office, "/units", &new).await;
    assert_eq!((made.status, made.header("location")), (303, "/units?under=371772"));
    let again = send(&office, "/units", &new).await;
    assert_eq!(again.status, 409);
    assert!(again.text().contains("value=\"gx-court\"") && again.text().contains("role=\"alert\""));
    let renamed = [
        ("do", "save"),
        ("name", "人民法院"),
        ("code", "gx-court"),
        ("kind", "department"),
        ("parent", "371772"),
        ("order", "9"),
        ("opened_on", ""),
    ];
    assert_eq!(send(&office, "/units/gx-court", &renamed).await.status, 303);
    assert_eq!(office.get("/units/gx-court").await.expect(200)["name"], "人民法院");
    assert_eq!(
        send(&office, "/units/gx-court", &[("do", "close"), ("closed_on", "2025-12-03")]).await.status,
        303
    );
    let page = show(&office, "/units/gx-court").await.text();
    assert!(page.contains("已撤销") && page.contains("恢复单位"));
    assert_eq!(send(&office, "/units/gx-court", &[("do", "open")]).await.status, 303);
    assert!(office.get("/units/gx-court").await.expect(200)["closed_on"].is_null());
    assert_eq!(send(&app.by("viewer"), "/units/gx-court", &[("do", "open")]).await.status, 403);
    assert_eq!(show(&office, "/units/371702").await.status, 404);
    assert!(!show(&app.by("viewer"), "/units/gx-court").await.text().contains("name=\"closed_on\""));
}

async fn a_unit_goes_over_into_another(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    office.put(WANFU, &materials(500)).await.expect(201);
    let listed = json!({"expected_units": ["371772001", "gx-school"]});
    office.patch("/campaigns/constitution-2025", &listed).await.expect(200);
    let merge = async |from: &str, into: &str, on: &str| {
        office.post(&format!("/units/{from}/merge"), &json!({"into": into, "on": on})).await
    };
    merge("371772001", "371772001", "2025-12-04").await.problem(422, "merge_circular");
    merge("371772", "371772001", "2025-12-04").await.problem(422, "merge_circular");
    merge("gx-edu", "371772100", "2025-12-04").await.problem(422, "merge_children");
    merge("371772001", "371702001", "2025-12-04").await.problem(422, "merge_unknown");
    merge("371772001", "371772100", "soon").await.problem(422, "date_invalid");
    app.by("viewer")
        .post("/units/371772001/merge", &json!({"into": "371772100", "on": "2025-12-04"}))
        .await
        .problem(403, "forbidden");

    let ended = merge("371772001", "371772100", "2025-12-04").await.expect(200);
    assert_eq!(ended["closed_on"], "2025-12-04");
    let drive = office.get("/campaigns/constitution-2025").await.expect(200);
    assert_eq!(drive["expected_units"], json!(["371772001", "371772100", "gx-school"]));
    let expected = async |date: &str| {
        let path = format!("/campaigns/constitution-2025/completeness?unit=371772&date={date}");
        office.get(&path).await.expect(200)["expected"].clone()
    };
    assert_eq!((expected("2025-12-04").await, expected("2025-12-05").await), (json!(3), json!(2)));
    let kept = total(&office.totals("371772", "").await, |item| item["measure"] == "materials");
    assert_eq!(kept, (500, 500, 500), "what was reported stays");
    merge("gx-school", "371772001", "2025-12-05").await.problem(422, "merge_closed");
}

async fn a_problem_says_what_to_do_and_keeps_the_menu(engine: Engine) {
    let app = TestApp::start(engine).await;
    let html = [("accept", "text/html")];
    let unknown = app.by("office").send(Method::GET, "/campaigns/nowhere", &html, None).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.text().contains("请核对地址") && unknown.text().contains("id=\"menu\""));
    let barred = app.by("viewer").send(Method::GET, &format!("{DRIVE}/settings"), &html, None).await;
    assert_eq!(barred.status, 403);
    assert!(barred.text().contains("请联系本单位的普法办") && barred.text().contains("id=\"menu\""));
    let nowhere = app.nobody().send(Method::GET, "/nowhere", &html, None).await;
    assert!(nowhere.status == 404 && nowhere.text().contains("/login?next=/nowhere"), "{}", nowhere.text());
}

async fn a_picture_tells_its_figures(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    office.put(WANFU, &materials(500)).await.expect(201);
    let told = office.get("/campaigns/constitution-2025/charts/totals.json?unit=371772").await.expect(200);
    assert_eq!((&told["width"], &told["height"]), (&json!(1600), &json!(900)));
    let hits = told["hits"].as_array().unwrap();
    let hit = hits.iter().find(|hit| hit["label"] == "万福街道").unwrap();
    assert!(hit["value"].as_str().unwrap().contains("500") && hit["w"].as_f64().unwrap() > 0.0, "{hit}");
    assert!(told["rows"].as_array().unwrap().iter().any(|row| row[0] == "万福街道"));
    app.by("mudan")
        .get("/campaigns/constitution-2025/charts/totals.json")
        .await
        .problem(404, "campaign_unknown");
    office.get("/campaigns/constitution-2025/charts/nothing.json").await.problem(404, "chart_unknown");
    let board = show(&office, DRIVE).await.text();
    assert!(board.contains("data-figures=") && board.contains("<caption class=\"sr\">"));
}
