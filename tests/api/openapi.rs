//! The description of the API: what is served is what was agreed.

use crate::support::{Engine, TestApp};
use pufa::http::routes::{Shape, TABLE};
use serde_json::Value;

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/openapi.json");

#[tokio::test]
async fn the_description_served_is_the_one_agreed() {
    let app = TestApp::bare(Engine::Sqlite, crate::support::Options::default()).await;
    let answer = app.nobody().get("/openapi.json").await;
    let served = answer.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let mut text = serde_json::to_string_pretty(&served).unwrap();
    text.push('\n');
    if std::env::var_os("PUFA_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(SNAPSHOT, &text).unwrap();
    }
    let agreed = std::fs::read_to_string(SNAPSHOT).unwrap_or_default();
    let differs = text.lines().zip(agreed.lines()).position(|(served, agreed)| served != agreed);
    assert!(
        text == agreed,
        "the API changed from line {} of tests/api/openapi.json on; if that is meant: \
         PUFA_UPDATE_SNAPSHOTS=1 cargo test --test api openapi, and look at the difference",
        differs.map_or_else(|| agreed.lines().count(), |at| at + 1)
    );
}

#[test]
fn every_route_for_programs_is_described() {
    let document: Value = serde_json::from_str(&std::fs::read_to_string(SNAPSHOT).unwrap()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut described = 0;
    for route in TABLE.iter().filter(|route| route.shape == Shape::Api) {
        let operation = &document["paths"][route.path][route.method.name().to_lowercase()];
        assert!(operation.is_object(), "{} {} is not described", route.method.name(), route.path);
        assert_ne!(operation["summary"], "", "{} {}", route.method.name(), route.path);
        for segment in route.path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')) {
            let parameters = operation["parameters"].as_array().unwrap();
            assert!(
                parameters.iter().any(|p| p["name"] == segment && p["in"] == "path"),
                "{}: {segment}",
                route.path
            );
        }
        described += 1;
    }
    let all = document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len());
    assert_eq!(all.sum::<usize>(), described, "what is described is routed");
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            members.values().for_each(|member| collect_references(member, found));
        }
        Value::Array(members) => members.iter().for_each(|member| collect_references(member, found)),
        _ => {}
    }
}
