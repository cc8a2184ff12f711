//! Year over year: three alignments, the comparable basis, and the words of change.

use crate::support::{Engine, Options, TestApp, at};
use serde_json::{Value, json};

on_both! {
    years_align_three_ways
    the_comparable_basis_says_whom_it_leaves_out
    change_is_told_in_words_of_both_languages
    a_year_without_a_drive_is_no_base
    faults_of_a_comparison_are_told
}

/// Three drives whose 12·4 is their fifth, sixth and first day, the last of them on its second day:
///
/// | 份 | 2020: 11.30, 12.4, 12.6 | 2021: 11.29, 12.5 | 2022: 12.4, 12.5 |
/// |---|---|---|---|
/// | 万福街道 | 100, 200, 50 | 300, 80 | 400, 40 |
/// | 吕陵镇 | - | 1000, - | 500, - |
async fn three_years(engine: Engine) -> TestApp {
    let app =
        TestApp::start_with(engine, Options { now: at("2022-12-05T12:00:00"), ..Options::default() }).await;
    let admin = app.by("admin");
    for year in 2020..=2022 {
        let body = json!({ "kind": "constitution", "year": year, "unit": "371772" });
        admin.post("/campaigns", &body).await.expect(201);
    }
    for (unit, day, count) in [
        ("371772001", "2020-11-30", 100),
        ("371772001", "2020-12-04", 200),
        ("371772001", "2020-12-06", 50),
        ("371772001", "2021-11-29", 300),
        ("371772001", "2021-12-05", 80),
        ("371772001", "2022-12-04", 400),
        ("371772001", "2022-12-05", 40),
        ("371772100", "2021-11-29", 1000),
        ("371772100", "2022-12-04", 500),
    ] {
        let path = format!("/campaigns/constitution-{}/tallies/{unit}/{day}", &day[..4]);
        let mut items = vec![json!({ "measure": "materials", "count": count })];
        if day == "2022-12-05" {
            items.push(json!({ "measure": "banners", "count": 5 }));
        }
        admin.put(&path, &json!({ "items": items })).await.expect(201);
    }
    app
}

async fn compare(app: &TestApp, query: &str) -> Value {
    app.by("office").get(&format!("/comparison?unit=371772&years=2020-2022{query}")).await.expect(200)
}

fn counts(view: &Value) -> Vec<i64> {
    let years = view["years"].as_array().unwrap();
    assert_eq!(years.iter().map(|y| y["year"].as_i64().unwrap()).collect::<Vec<_>>(), [2020, 2021, 2022]);
    years.iter().map(|year| year["count"].as_i64().unwrap()).collect()
}

async fn years_align_three_ways(engine: Engine) {
    let app = three_years(engine).await;
    let by_day = compare(&app, "").await;
    assert_eq!((&by_day["align"], &by_day["through"]), (&json!("campaign_day"), &json!(2)), "{by_day}");
    assert_eq!(counts(&by_day), [100, 1300, 940], "two days of each");
    let by_distance = compare(&app, "&align=distance").await;
    assert_eq!((counts(&by_distance), &by_distance["through"]), (vec![300, 1380, 940], &json!(1)));
    let whole = compare(&app, "&align=whole").await;
    assert_eq!((counts(&whole), &whole["through"]), (vec![350, 1380, 940], &Value::Null));
    assert_eq!(whole["years"][0]["campaign"], "constitution-2020");

    // By day, a figure stands where its alignment puts it, beside the same position of the year before.
    let points = |view: &Value| -> Vec<(i64, i64, i64)> {
        let n = |point: &Value, name: &str| point[name].as_i64().unwrap();
        view["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (n(p, "year"), n(p, "position"), n(p, "count")))
            .collect()
    };
    let days = compare(&app, "&by=day&align=distance").await;
    assert_eq!(
        points(&days),
        [(2020, -4, 100), (2020, 0, 200), (2021, -5, 1300), (2021, 1, 80), (2022, 0, 900), (2022, 1, 40)]
    );
    assert_eq!(days["items"][5]["change"]["code"], "fall", "40 after 80: {days}");
    assert_eq!(days["items"][4]["change"]["code"], "no_base", "nothing on 12·4 of 2021: {days}");
    let days = compare(&app, "&by=day").await;
    assert_eq!(points(&days), [(2020, 1, 100), (2021, 1, 1300), (2022, 1, 900), (2022, 2, 40)]);
    assert_eq!(days["items"][2]["day"], "2022-12-04");

    // Once the last drive is over, all of each counts.
    app.set_clock("2022-12-20T08:00:00");
    assert_eq!(counts(&compare(&app, "").await), [350, 1380, 940]);
    let one = app.by("office").get("/comparison?unit=371772&years=2021").await.expect(200);
    assert_eq!(one["years"].as_array().unwrap().len(), 1);
}

async fn the_comparable_basis_says_whom_it_leaves_out(engine: Engine) {
    let app = three_years(engine).await;
    let all = compare(&app, "&align=whole").await;
    assert_eq!((&all["basis"], &all["left_out"]), (&json!("all"), &json!([])));
    let view = compare(&app, "&align=whole&basis=comparable").await;
    assert_eq!(counts(&view), [350, 380, 440]);
    assert_eq!(view["left_out"], json!([{ "unit": "371772100", "name": "吕陵镇" }]));
    let units = compare(&app, "&align=whole&by=unit").await;
    let of = |unit: &str| -> Vec<(i64, i64)> {
        let items = units["items"].as_array().unwrap().iter().filter(|item| item["unit"] == unit);
        items.map(|item| (item["year"].as_i64().unwrap(), item["count"].as_i64().unwrap())).collect()
    };
    assert_eq!(of("371772001"), [(2020, 350), (2021, 380), (2022, 440)]);
    assert_eq!(of("371772100"), [(2021, 1000), (2022, 500)], "no report is no figure, and not a zero");
    let first = units["items"].as_array().unwrap().iter().find(|item| item["unit"] == "371772100").unwrap();
    assert_eq!(first["change"]["code"], "no_base");
}

async fn change_is_told_in_words_of_both_languages(engine: Engine) {
    let app = three_years(engine).await;
    let office = app.by("office");
    let told = async |query: &str, year: usize| -> [Value; 4] {
        let path = format!("/comparison?unit=371772&years=2020-2022&align=whole{query}");
        let zh = office.get(&path).await.expect(200)["years"][year]["change"].clone();
        let en = office.get_with(&path, &[("accept-language", "en")]).await.expect(200);
        let en = en["years"][year]["change"].clone();
        assert_eq!((&zh["code"], &zh["permille"]), (&en["code"], &en["permille"]));
        [zh["code"].clone(), zh["permille"].clone(), zh["text"].clone(), en["text"].clone()]
    };
    let comparable = "&basis=comparable";
    assert_eq!(
        told(comparable, 0).await,
        [json!("no_base"), Value::Null, json!("无上年同期数据"), json!("no figure for last year")]
    );
    assert_eq!(
        told(comparable, 1).await,
        [json!("rise"), json!(86), json!("同比增长8.6%"), json!("up 8.6% on last year")]
    );
    assert_eq!(
        told("", 2).await,
        [json!("fall"), json!(-319), json!("同比下降31.9%"), json!("down 31.9% on last year")]
    );
    assert_eq!(
        told("&measure=banners", 2).await,
        [
            json!("zero_base"),
            Value::Null,
            json!("上年同期为0，不计算增幅"),
            json!("last year was 0, no rate")
        ]
    );
    assert_eq!(
        told("&measure=banners", 1).await,
        [json!("equal"), json!(0), json!("同比持平"), json!("same as last year")]
    );
    // An inexact figure whose interval reaches over last year's says so.
    let path = "/campaigns/constitution-2022/tallies/371772100/2022-12-05";
    let inexact = json!({ "items": [{ "measure": "materials", "count": 400, "bound": "over" }] });
    office.put(path, &inexact).await.expect(201);
    let view = compare(&app, "&align=whole").await;
    let year = &view["years"][2];
    assert_eq!(
        (&year["count"], &year["low"], &year["high"], &year["exact"]),
        (&json!(1340), &json!(1340), &json!(1439), &json!(false))
    );
    assert_eq!(
        (&year["change"]["certain"], &year["change"]["text"]),
        (&json!(false), &json!("同比约下降2.9%"))
    );
}

async fn a_year_without_a_drive_is_no_base(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    office
        .post("/campaigns", &json!({ "kind": "constitution", "year": 2023, "unit": "371772" }))
        .await
        .expect(201);
    for (day, count) in [("2023-12-01", 10), ("2025-12-01", 20)] {
        let path = format!("/campaigns/constitution-{}/tallies/371772001/{day}", &day[..4]);
        let body = json!({ "items": [{ "measure": "materials", "count": count }] });
        office.put(&path, &body).await.expect(201);
    }
    // 同比 is against last year, and there was no drive in 2024.
    for by in ["year", "day", "unit"] {
        let view = office.get(&format!("/comparison?unit=371772&by={by}")).await.expect(200);
        assert_eq!((&view["years"][1]["year"], &view["years"][1]["count"]), (&json!(2025), &json!(20)));
        assert_eq!(view["years"][1]["change"]["code"], "no_base", "{view}");
        for point in view["items"].as_array().unwrap() {
            assert_eq!(point["change"]["code"], "no_base", "{point}");
        }
    }
    let picture = office.get("/campaigns/constitution-2025/charts/year-over-year.svg").await.text();
    assert!(
        picture.contains("2023") && !picture.contains("同比增长"),
        "a change over two years is told as one"
    );
}

async fn faults_of_a_comparison_are_told(engine: Engine) {
    let app = TestApp::start(engine).await;
    let office = app.by("office");
    for (query, code) in [
        ("by=week", "by_unknown"),
        ("kind=election", "kind_unknown"),
        ("align=moon", "align_unknown"),
        ("basis=some", "basis_unknown"),
        ("years=2025-2021", "years_invalid"),
        ("years=last", "years_invalid"),
        ("measure=leaflets", "measure_unknown"),
        ("year=2025", "query_unknown"),
    ] {
        office.get(&format!("/comparison?{query}")).await.problem(422, code);
    }
    office.get("/comparison?years=2010").await.problem(404, "comparison_empty");
    office.get("/comparison?kind=custom").await.problem(404, "comparison_empty");
    office.get("/comparison?unit=371702").await.problem(404, "unit_out_of_scope");
}
