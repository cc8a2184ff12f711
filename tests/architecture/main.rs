//! The arrows between the layers, held: reads every source file and fails on a wrong one.
//!
//! The rules are in `rules.rs`. The tests of the checker itself come last: a check that cannot fail is a defect.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod rules;
mod scan;
mod security;
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a directory, as paths from the root.
fn sources(dir: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(root().join(dir)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{dir}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            sources(&path, found);
        } else if path.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// The names that code gives the dependencies of all packages: the first word of each line under `[dependencies]`.
fn crates() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = ["std", "core", "alloc", "pufa"].map(Into::into).into();
    for manifest in ["Cargo.toml", "charts/Cargo.toml", "migrations/Cargo.toml"] {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        let mut listed = false;
        for line in text.lines() {
            if line.starts_with('[') {
                listed = line == "[dependencies]";
            } else if listed
                && !line.starts_with('#')
                && let Some((name, _)) = line.split_once(['=', '.', ' '])
            {
                names.insert(name.replace('-', "_"));
            }
        }
    }
    names
}

#[test]
fn every_arrow_points_down() {
    let mut files = Vec::new();
    for dir in ["src", "charts/src", "migrations/src"] {
        sources(dir, &mut files);
    }
    files.sort();
    assert!(files.len() > 20, "the sources are somewhere else: {files:?}");
    let crates = crates();
    assert!(
        crates.contains("sea_orm") && crates.contains("plotters"),
        "the dependencies were not read: {crates:?}"
    );
    let faults: Vec<String> = files
        .iter()
        .flat_map(|path| rules::faults(path, &fs::read_to_string(root().join(path)).unwrap(), &crates))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The words of a Markdown text between single backticks, outside its code blocks.
fn quoted(text: &str) -> Vec<&str> {
    text.split("```").step_by(2).flat_map(|prose| prose.split('`').skip(1).step_by(2)).collect()
}

/// What ARCHITECTURE.md names that is not there. `files` are all files of the sources with their text.
fn stale(text: &str, files: &[(String, String)]) -> Vec<String> {
    let exists = |path: &str| {
        let path = path.trim_end_matches('/');
        root().join(path).exists() || root().join("src").join(path).exists()
    };
    let mut stale = Vec::new();
    for word in quoted(text) {
        let looks_like_path = word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
            && (word.ends_with('/') || word.ends_with(".rs") || word.starts_with("src/"));
        if looks_like_path && !exists(word) {
            stale.push(format!("`{word}` does not exist"));
        }
        let names: Vec<&str> =
            word.split("::").map(|part| part.split(['(', '<']).next().unwrap_or(part)).collect();
        if names.len() < 2 || !rules::is_layer(names[0]) {
            continue;
        }
        let of_layer = |path: &str| {
            path.starts_with(&format!("src/{}/", names[0])) || path == format!("src/{}.rs", names[0])
        };
        for name in &names[1..] {
            let word_of = |text: &str| {
                text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == *name)
            };
            let in_path = |path: &str| path.trim_end_matches(".rs").split('/').any(|part| part == *name);
            if !files.iter().any(|(path, text)| of_layer(path) && (in_path(path) || word_of(text))) {
                stale.push(format!("`{word}`: {} knows no {name}", names[0]));
            }
        }
    }
    stale
}

#[test]
fn architecture_document_names_what_is_there() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut files = Vec::new();
    sources("src", &mut files);
    let files: Vec<(String, String)> = files
        .into_iter()
        .map(|path| (path.clone(), fs::read_to_string(root().join(path)).unwrap()))
        .collect();
    let unnamed =
        rules::layers().filter(|layer| !text.contains(layer)).map(|layer| format!("{layer} is not in it"));
    let faults: Vec<String> = stale(&text, &files).into_iter().chain(unnamed).collect();
    assert!(faults.is_empty(), "ARCHITECTURE.md:\n{}", faults.join("\n"));
}

// The checker itself.

fn check(path: &str, text: &str) -> Vec<String> {
    let crates = "std core alloc pufa pufa_charts pufa_migrations argon2 hyper jiff plotters sea_orm sea_orm_migration serde \
                  serde_json thiserror tokio tracing warp";
    rules::faults(path, text, &crates.split_whitespace().map(Into::into).collect())
}

#[track_caller]
fn refused(path: &str, text: &str, why: &str) {
    let faults = check(path, text);
    assert!(faults.iter().any(|fault| fault.contains(why)), "{path}: {text}\nwanted {why:?}, got {faults:?}");
}

#[track_caller]
fn accepted(path: &str, text: &str) {
    assert_eq!(check(path, text), Vec::<String>::new(), "{path}: {text}");
}

#[test]
fn each_wrong_arrow_is_refused() {
    for (layer, above) in [
        (
            "domain",
            &[
                "clock",
                "config",
                "sheet",
                "i18n",
                "telemetry",
                "store",
                "service",
                "http",
                "boot",
                "cli",
                "demo",
            ][..],
        ),
        ("sheet", &["clock", "config", "i18n", "store", "service", "http", "boot", "cli", "demo"]),
        ("clock", &["config", "sheet", "store", "service", "http", "boot"]),
        ("config", &["store", "service", "http", "boot", "cli"]),
        ("i18n", &["store", "service", "http", "boot", "cli"]),
        ("telemetry", &["store", "service", "http", "boot", "cli"]),
        ("outgoing", &["domain", "store", "service", "http", "boot", "cli"]),
        ("store", &["config", "sheet", "i18n", "outgoing", "service", "http", "boot", "cli", "demo"]),
        ("service", &["http", "boot", "cli", "demo", "telemetry"]),
        ("http", &["store", "outgoing", "boot", "cli", "demo"]),
    ] {
        for other in above {
            let why = format!("{layer} must not name {other}");
            for path in
                [format!("src/{layer}.rs"), format!("src/{layer}/part.rs"), format!("src/{layer}/a/b.rs")]
            {
                refused(&path, &format!("use crate::{other}::Thing;"), &why);
            }
        }
    }
}

#[test]
fn an_arrow_is_seen_however_it_is_written() {
    let why = "store must not name http";
    for text in [
        "use crate::http;",
        "use crate::http as web;",
        "use crate::{domain::tally, http::reply};",
        "use crate::{domain::{tally, unit}, http::{self, reply::{json, Reply}}};",
        "use super::super::http;",
        "use super::super::{domain, http};",
        "use pufa::http::reply;",
        "pub(crate) use crate::http::*;",
        "pub use ::pufa::http;",
        "fn f() { crate::http::reply::json() }",
        "fn f() -> super::super::http::Reply { todo() }",
        "fn f() { let all = vec![crate::http::json(1)]; }",
        "fn f() { println!(\"{}\", crate::http::WORDS); }",
        "fn f(x: Vec<crate::http::Reply>) {}",
        "mod inner { use super::super::super::http; }",
        "mod inner { fn f() { super::super::super::http::g() } }",
        "macro_rules! m { () => { $crate::http::json() } }",
        "impl crate::http::Reply for X {}",
        "#[derive(crate::http::Reply)] struct X;",
        "#[cfg(test)] mod tests { use crate::http; }",
        "use\n    crate::\n    http;",
    ] {
        refused("src/store/writer.rs", text, why);
    }
    refused("src/store/mod.rs", "use super::http;", why);
    refused("src/store/tally_tests.rs", "use super::super::super::http;", why);
}

#[test]
fn the_line_of_a_fault_is_told() {
    let faults = check("src/store/writer.rs", "use crate::domain::tally;\n\n// why\nuse crate::http;\n");
    assert_eq!(faults, ["src/store/writer.rs:4: crate::http: store must not name http"]);
}

#[test]
fn the_whole_crate_cannot_be_taken() {
    for text in
        ["use crate::*;", "use crate as root;", "use crate::{self as root};", "use super::super as root;"]
    {
        refused("src/store/writer.rs", text, "takes the whole crate");
    }
    refused("src/store/mod.rs", "use super::*;", "takes the whole crate");
    accepted("src/i18n.rs", "#[cfg(test)] mod tests { use super::*; mod deep { use super::super::*; } }");
}

#[test]
fn the_domain_is_pure() {
    for name in
        ["tokio", "sea_orm", "warp", "hyper", "serde_json", "serde", "tracing", "argon2", "pufa_charts"]
    {
        let why = format!("domain must not name the crate {name}");
        refused("src/domain/tally.rs", &format!("use {name}::thing;"), &why);
        refused("src/domain/tally.rs", &format!("use {name} as other;"), &why);
        refused("src/domain/tally.rs", &format!("fn f() {{ {name}::thing() }}"), &why);
        refused("src/domain/tally.rs", &format!("fn f() {{ ::{name}::thing() }}"), &why);
        refused("src/domain/tally.rs", &format!("extern crate {name};"), &why);
        refused("src/domain/tally.rs", &format!("#[derive({name}::Thing)] struct X;"), &why);
    }
    for text in [
        "use std::time::SystemTime;",
        "use std::time::{Duration, SystemTime};",
        "use std::time;",
        "use std::time::*;",
        "use std as s;",
        "use std::{collections::HashMap, env};",
        "fn f() { std::env::var(\"X\"); }",
        "fn f() { std::fs::read(\"x\"); }",
        "fn f() { let at = std::time::Instant::now(); }",
    ] {
        refused("src/domain/tally.rs", text, "domain must not name std::");
    }
    refused("src/domain/tally.rs", "use jiff::Timestamp; fn f() { Timestamp::now(); }", "pass the time in");
    refused("src/domain/tally.rs", "async fn f() {}", "no async");
    refused("src/domain/tally.rs", "fn f() { x.await; }", "no await");
    accepted(
        "src/domain/tally.rs",
        "//! crate::http in a comment\nuse super::unit::Unit; use std::{fmt, time::Duration}; use jiff::Timestamp;
         use crate::domain::campaign; /* use tokio::x; */
         #[derive(thiserror::Error)] #[error(\"warp::x\")] struct E;
         fn f<T: Iterator>() { campaign::check(\"sea_orm::x\"); <T as Iterator>::next(r#\"crate::http\"#); }
         #[cfg(test)] mod tests { use super::*; use proptest::prelude::*; }",
    );
}

#[test]
fn each_layer_keeps_to_its_crates() {
    for (path, names) in [
        ("src/store/rows.rs", &["warp", "hyper", "pufa_charts"][..]),
        ("src/service/submit.rs", &["warp", "hyper", "sea_orm", "sea_orm_migration", "pufa_migrations"]),
        ("src/http/api/tally.rs", &["sea_orm", "sea_orm_migration", "pufa_migrations"]),
        ("charts/src/axis.rs", &["pufa", "sea_orm", "warp", "tokio"]),
        ("charts/src/chart/trend.rs", &["pufa", "jiff"]),
        ("migrations/src/lib.rs", &["pufa", "sea_orm", "pufa_charts", "tokio"]),
    ] {
        for name in names {
            let why = format!("must not name the crate {name}");
            refused(path, &format!("use {name}::thing;"), &why);
            refused(path, &format!("fn f() {{ {name}::thing() }}"), &why);
        }
    }
    refused(
        "src/service/submit.rs",
        "use crate::store::entity::unit;",
        "service must not name store::entity",
    );
    refused(
        "src/service/submit.rs",
        "use crate::store::{entity, Store};",
        "service must not name store::entity",
    );
    refused(
        "src/service/submit.rs",
        "use crate::store; fn f(x: store::entity::unit::Model) {}",
        "store::entity",
    );
    refused(
        "migrations/src/m1.rs",
        "use sea_orm_migration::sea_orm::entity::prelude::*;",
        "outlives the entities",
    );
    refused("migrations/src/m1.rs", "use crate::entity::unit;", "outlives the entities");
    refused("charts/src/axis.rs", "fn f() { std::time::Instant::now(); }", "charts must not name std::time");
    refused("charts/src/axis.rs", "fn f() { Clock::now(); }", "pass the time in");
    refused("charts/src/font.rs", "use std::fs;", "charts must not name std::fs");
    accepted(
        "src/store/rows.rs",
        "use crate::{clock::Clock, domain::tally}; use sea_orm::{Set, Value}; async fn f() { x.await }",
    );
    accepted("src/service/submit.rs", "use crate::store::{Store, Transaction}; use pufa_charts::Spec;");
    accepted(
        "src/http/reply.rs",
        "use crate::service::App; use warp::http::StatusCode; use super::error::Error;",
    );
    accepted("charts/src/axis.rs", "use crate::model::Spec; use super::theme; use plotters::prelude::*;");
    accepted("migrations/src/m1.rs", "use crate::create; use sea_orm_migration::prelude::*;");
    for wiring in ["main.rs", "lib.rs", "boot.rs", "boot/app.rs", "cli/serve.rs", "demo/mod.rs"] {
        accepted(
            &format!("src/{wiring}"),
            "use crate::{domain, store::entity, http}; use sea_orm::X; use warp::Y;",
        );
    }
}

#[test]
fn a_new_module_needs_a_layer() {
    refused("src/helpers.rs", "", "helpers is no layer");
    refused("src/util/text.rs", "", "util is no layer");
}

#[test]
fn a_long_file_is_refused() {
    for path in ["src/main.rs", "src/store/writer.rs", "charts/src/axis.rs", "migrations/src/lib.rs"] {
        accepted(path, &"//\n".repeat(500));
        refused(path, &"//\n".repeat(501), "501 lines");
    }
}

#[test]
fn unwrap_is_for_tests() {
    for path in ["src/main.rs", "src/http/reply.rs", "charts/src/axis.rs"] {
        refused(path, "fn f() { x.unwrap(); }", "unwrap outside a test");
        refused(path, "fn f() { x\n.expect(\"why\"); }", "expect outside a test");
        refused(path, "fn f() { xs.map(Option::unwrap); }", "unwrap outside a test");
        refused(path, "fn f() { format!(\"{}\", x.unwrap()); }", "unwrap outside a test");
        refused(path, "#[cfg(test)] mod tests { fn f() {} } fn f() { x.unwrap(); }", "unwrap outside a test");
        refused(path, "#[cfg(test)] use a::b; fn f() { x.unwrap(); }", "unwrap outside a test");
        refused(path, "#[cfg(not(test))] fn f() { x.unwrap(); }", "unwrap outside a test");
        accepted(
            path,
            "#[cfg(test)] mod tests { fn f() { x.unwrap(); mod deep { fn g() { x.expect(\"\"); } } } }",
        );
        accepted(path, "#[cfg(test)] fn f() { x.unwrap(); }");
        accepted(
            path,
            "#[expect(dead_code, reason = \"x.unwrap()\")] fn f() { x.unwrap_or(1); parser.expect; }",
        );
    }
    accepted("src/domain/tally_tests.rs", "fn f() { x.unwrap(); }");
    accepted("src/domain/tally.rs", "#[cfg(test)] #[path = \"tally_tests.rs\"] mod tests;");
    refused("src/domain/tally.rs", "#[path = \"tally_tests.rs\"] mod more;", "compiled outside tests");
    refused("src/domain/tally.rs", "mod tests;", "compiled outside tests");
}

#[test]
fn a_file_that_is_no_rust_is_refused() {
    refused("src/store/rows.rs", "fn f( {", "does not read as Rust");
}

#[test]
fn a_stale_name_in_the_document_is_found() {
    let files = [("src/store/writer.rs".to_owned(), "pub fn submit() {}".to_owned())];
    let text = "`src/gone.rs` `src/nowhere/` `store::writer::submit()` `store::writer::vanish` `tokio::spawn` `src/lib.rs`\n\
                ```\n`src/in/a/block.rs`\n```\n`gone/part.rs`";
    assert_eq!(
        stale(text, &files),
        [
            "`src/gone.rs` does not exist",
            "`src/nowhere/` does not exist",
            "`store::writer::vanish`: store knows no vanish",
            "`gone/part.rs` does not exist"
        ]
    );
}
