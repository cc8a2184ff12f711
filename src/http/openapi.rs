//! The description of the API, made from the route table.

use super::error::Problem;
use super::routes::{Access, Route, Shape, TABLE};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// The header that says as of when an answer is, as people write it.
const AS_OF: &str = "Pufa-Data-As-Of";

/// OpenAPI 3.1, made once.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| document(TABLE));

/// Describes the routes of a table that are made for programs.
#[must_use]
pub fn document(table: &[Route]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    // What is written has fields that need not be there, and what is read has others: two readings of one type.
    let mut takes = settings.clone().for_deserialize().into_generator();
    let mut gives = settings.for_serialize().into_generator();
    let problem = gives.subschema_for::<Problem>();
    let mut paths: Map<String, Value> = Map::new();
    for route in table.iter().filter(|route| route.shape == Shape::Api) {
        let operation = operation(route, [&mut takes, &mut gives], &problem);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.name().to_lowercase()] = operation;
    }
    let mut schemas = takes.take_definitions(true);
    schemas.extend(gives.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "pufa",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Units report daily tallies of a publicity drive; the office sees exact totals. \
                            Numbers are integers, days are ISO dates in Asia/Shanghai, times RFC 3339 with offset.",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "cookie": { "type": "apiKey", "in": "cookie", "name": super::session::COOKIE },
            },
        },
    })
}

fn operation(route: &Route, [reads, writes]: [&mut SchemaGenerator; 2], problem: &schemars::Schema) -> Value {
    let in_path = route.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let text = json!({ "type": "string" });
    let mut parameters: Vec<Value> =
        in_path.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": text })).collect();
    parameters
        .extend(route.doc.query.iter().map(|name| json!({ "name": name, "in": "query", "schema": text })));
    if route.doc.refuses.contains(&428) {
        let named =
            |name: &str, of: &str| json!({ "name": name, "in": "header", "description": of, "schema": text });
        parameters.push(named("If-Match", "The version edited; needed once there is one"));
        parameters.push(named("Idempotency-Key", "The same key with the same request gets the same answer"));
    }
    if route.may_be_older() {
        let of = "Only an answer that holds all that was acknowledged before this time";
        parameters.push(json!({ "name": AS_OF, "in": "header", "description": of, "schema": text }));
    }
    let mut responses = Map::new();
    let (status, gives) = route.doc.gives;
    let mut success = json!({ "description": "Done" });
    if let Some(gives) = gives {
        success["content"] = json!({ "application/json": { "schema": gives(writes) } });
    }
    if route.may_be_older() {
        let of = "Where the service reads from a standby: all that was acknowledged before this time is in the answer";
        success["headers"] = json!({ AS_OF: { "description": of, "schema": text } });
    }
    responses.insert(status.to_string(), success.clone());
    if route.doc.refuses.contains(&428) {
        responses.insert("201".into(), success.clone());
    }
    for status in route.doc.also {
        responses.insert(status.to_string(), success.clone());
    }
    // Whoever is not signed in, may not, or must do something else first.
    let needs: &[u16] = if matches!(route.access, Access::Needs(_)) { &[401, 403] } else { &[] };
    for status in needs.iter().chain(route.doc.refuses) {
        let content = json!({ "application/problem+json": { "schema": problem } });
        responses.insert(status.to_string(), json!({ "description": "Refused", "content": content }));
    }
    let mut operation = json!({
        "summary": route.doc.summary,
        "operationId": operation_id(route),
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(takes) = route.doc.takes {
        let content = json!({ "application/json": { "schema": takes(reads) } });
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    if let Access::Needs(permission) = route.access {
        operation["security"] = json!([{ "bearer": [] }, { "cookie": [] }]);
        operation["x-permission"] = json!(format!("{permission:?}"));
    }
    operation
}

fn operation_id(route: &Route) -> String {
    let words = route.path.trim_start_matches("/api/v1").split(['/', '.']).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.map(|word| word.trim_matches(['{', '}'])).collect();
    format!("{}_{}", route.method.name().to_lowercase(), words.join("_"))
}
