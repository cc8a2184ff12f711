//! The layers and what each may name; ARCHITECTURE.md says why.

use crate::scan::{self, Kind};
use std::collections::BTreeSet;

/// No file is longer: it is read in one sitting.
const LINES: usize = 500;

/// What code may name of other crates.
#[derive(Debug)]
enum Crates {
    Only(&'static [&'static str]),
    Not(&'static [&'static str]),
}

/// A part of the source and its rules. Wiring may name everything, so it has no arrows to check.
#[derive(Debug)]
struct Layer {
    name: &'static str,
    /// The other layers it may name.
    may: &'static [&'static str],
    crates: Crates,
    /// Paths it may not name although their crate or layer is allowed.
    never: &'static [&'static str],
    /// No `async` and nobody's `now()`: the same input gives the same answer.
    pure: bool,
}

const OUTSIDE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
];

const LAYERS: &[Layer] = &[
    Layer {
        name: "domain",
        may: &[],
        // `pinyin` is tables of how characters are read, and nothing else.
        crates: Crates::Only(&["std", "core", "alloc", "jiff", "pinyin", "thiserror"]),
        never: OUTSIDE,
        pure: true,
    },
    Layer {
        name: "sheet",
        may: &["domain"],
        crates: Crates::Only(&[
            "std",
            "core",
            "alloc",
            "jiff",
            "thiserror",
            "encoding_rs",
            "quick_xml",
            "zip",
            "rust_xlsxwriter",
        ]),
        never: &["std::env", "std::fs", "std::net", "std::process", "std::thread", "std::time"],
        pure: true,
    },
    Layer {
        name: "clock",
        may: &["domain"],
        crates: Crates::Only(&["std", "jiff"]),
        never: &[],
        pure: false,
    },
    Layer {
        name: "digest",
        may: &[],
        crates: Crates::Only(&["std", "hex", "sha2"]),
        never: OUTSIDE,
        pure: true,
    },
    Layer {
        name: "config",
        may: &["domain", "sheet"],
        crates: Crates::Not(&["warp", "hyper", "sea_orm"]),
        never: &[],
        pure: false,
    },
    Layer {
        name: "i18n",
        may: &["domain"],
        crates: Crates::Not(&["warp", "hyper", "sea_orm"]),
        never: OUTSIDE,
        pure: true,
    },
    Layer {
        name: "telemetry",
        may: &["config"],
        crates: Crates::Not(&["warp", "sea_orm"]),
        never: &[],
        pure: false,
    },
    Layer {
        name: "outgoing",
        may: &["config"],
        crates: Crates::Not(&["warp", "sea_orm", "sea_orm_migration", "sqlx", "pufa_migrations", "clap"]),
        never: &["std::env", "std::fs"],
        pure: false,
    },
    Layer {
        name: "store",
        may: &["domain", "clock", "digest"],
        crates: Crates::Not(&[
            "warp",
            "hyper",
            "hyper_util",
            "http_body_util",
            "tower",
            "tower_http",
            "pufa_charts",
            "askama",
            "clap",
            "fluent_bundle",
        ]),
        never: &["std::env"],
        pure: false,
    },
    Layer {
        name: "service",
        may: &["domain", "sheet", "store", "outgoing", "clock", "config", "digest", "i18n"],
        crates: Crates::Not(&[
            "warp",
            "hyper",
            "hyper_util",
            "http_body_util",
            "tokio_rustls",
            "tower",
            "tower_http",
            "sea_orm",
            "sea_orm_migration",
            "sqlx",
            "pufa_migrations",
            "askama",
            "clap",
        ]),
        never: &["store::entity", "std::env"],
        pure: false,
    },
    Layer {
        name: "http",
        may: &["domain", "sheet", "service", "clock", "config", "digest", "i18n", "telemetry"],
        crates: Crates::Not(&["sea_orm", "sea_orm_migration", "sqlx", "pufa_migrations", "clap"]),
        never: &["std::env"],
        pure: false,
    },
];

/// What wires the layers together.
const WIRING: &[&str] = &["boot", "cli", "demo", "lib", "main"];

const CHARTS: Layer = Layer {
    name: "charts",
    may: &[],
    crates: Crates::Not(&[
        "pufa",
        "pufa_migrations",
        "sea_orm",
        "sqlx",
        "warp",
        "hyper",
        "tokio",
        "jiff",
        "chrono",
        "time",
    ]),
    never: &["std::env", "std::fs", "std::net", "std::process", "std::time"],
    pure: true,
};

const MIGRATIONS: Layer = Layer {
    name: "migrations",
    may: &[],
    crates: Crates::Only(&["std", "sea_orm_migration", "async_trait"]),
    never: &[],
    pure: false,
};

/// Every fault of a file, as `path:line: what`. `crates` are the names of all dependencies.
pub(crate) fn faults(path: &str, text: &str, crates: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines > LINES {
        found.push(format!("{path}:{LINES}: {lines} lines; split it, {LINES} are read in one sitting"));
    }
    let module = module(path);
    let layer = match layer(path, &module) {
        Ok(layer) => layer,
        Err(fault) => return vec![fault],
    };
    let facts = match scan::facts(text) {
        Ok(facts) => facts,
        Err(fault) => return vec![format!("{path}: {fault}")],
    };
    let test_file = is_test_file(path);
    for fact in facts {
        let test = test_file || fact.test;
        let fault = match &fact.kind {
            Kind::Word(word) if word == "unwrap" || word == "expect" => {
                (!test).then(|| format!("{word} outside a test: say what went wrong instead"))
            }
            Kind::Word(word) => layer
                .filter(|layer| layer.pure && !test)
                .map(|layer| format!("{} is pure: no {word}", layer.name)),
            Kind::File(name) => {
                (is_test_file(name) && !test).then(|| format!("{name} is compiled outside tests"))
            }
            Kind::Path { segments, inside, import } => layer.and_then(|layer| {
                let module = [&module[..], inside].concat();
                wrong_path(layer, &module, segments, *import, test, crates)
            }),
        };
        found.extend(fault.map(|fault| format!("{path}:{}: {fault}", fact.line)));
    }
    found
}

/// The rules of a file; none for wiring.
fn layer(path: &str, module: &[String]) -> Result<Option<&'static Layer>, String> {
    if path.starts_with("charts/src/") {
        return Ok(Some(&CHARTS));
    }
    if path.starts_with("migrations/src/") {
        return Ok(Some(&MIGRATIONS));
    }
    let top = module.first().map_or("lib", String::as_str);
    if WIRING.contains(&top) {
        return Ok(None);
    }
    let known = LAYERS.iter().find(|layer| layer.name == top);
    known
        .map(Some)
        .ok_or_else(|| format!("{path}: {top} is no layer: give it one in tests/architecture/rules.rs"))
}

/// The module of a file: `src/store/writer.rs` is `store::writer`, `src/domain/tally_tests.rs` `domain::tally::tests`.
fn module(path: &str) -> Vec<String> {
    let below = path.split_once("src/").map_or(path, |(_, below)| below).trim_end_matches(".rs");
    let mut module: Vec<String> = below.split('/').map(ToOwned::to_owned).collect();
    match module.pop().as_deref() {
        Some("mod" | "lib") | None => {}
        Some(name) => match name.strip_suffix("_tests") {
            Some(of) => module.extend([of.to_owned(), "tests".to_owned()]),
            None => module.push(name.to_owned()),
        },
    }
    module
}

fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".rs");
    name == "tests" || name.ends_with("_tests")
}

/// What is wrong with a path that a module of a layer names.
fn wrong_path(
    layer: &Layer,
    module: &[String],
    segments: &[String],
    import: bool,
    test: bool,
    crates: &BTreeSet<String>,
) -> Option<String> {
    let name = layer.name;
    let shown = segments.join("::");
    let own = !matches!(name, "charts" | "migrations");
    let path = match own.then(|| inner(module, segments)).flatten() {
        Some(path) => {
            let top = path.first().map_or("*", String::as_str);
            if top == "*" {
                return Some(format!("{shown} takes the whole crate, which hides what {name} uses"));
            }
            if top != name && !layer.may.contains(&top) {
                return Some(format!("{shown}: {name} must not name {top}"));
            }
            path
        }
        None => {
            if let Some(fault) = wrong_crate(layer, &segments[0], crates).filter(|_| !test) {
                return Some(format!("{shown}: {fault}"));
            }
            segments.to_vec()
        }
    };
    let forbidden = |never: &&&str| {
        let never: Vec<&str> = never.split("::").collect();
        let path: Vec<&str> = path.iter().map(String::as_str).filter(|part| *part != "*").collect();
        // Importing `std::time` would let `time::SystemTime` pass.
        path.starts_with(&never) || (import && never.starts_with(&path))
    };
    if let Some(never) = layer.never.iter().find(forbidden).filter(|_| !test) {
        return Some(format!("{shown}: {name} must not name {never}"));
    }
    if layer.pure && !test && path.last().is_some_and(|last| last == "now") {
        return Some(format!("{shown}: {name} is pure: pass the time in"));
    }
    let entity = |part: &String| part == "entity" || part == "entities";
    (name == "migrations" && path.iter().any(entity))
        .then(|| format!("{shown}: a migration outlives the entities, so it must not name them"))
}

fn wrong_crate(layer: &Layer, krate: &str, crates: &BTreeSet<String>) -> Option<String> {
    let wrong = match layer.crates {
        Crates::Only(only) => crates.contains(krate) && !only.contains(&krate),
        Crates::Not(not) => not.contains(&krate),
    };
    wrong.then(|| format!("{} must not name the crate {krate}", layer.name))
}

/// A path within this crate from its root; none for a path into another crate or to a local name.
fn inner(module: &[String], segments: &[String]) -> Option<Vec<String>> {
    let (first, rest) = segments.split_first()?;
    match first.as_str() {
        "crate" | "pufa" => Some(rest.to_vec()),
        "self" | "super" => {
            let up = segments.iter().filter(|part| *part == "super").count();
            let base = &module[..module.len().checked_sub(up)?];
            let rest = segments.iter().filter(|part| !matches!(part.as_str(), "self" | "super"));
            Some(base.iter().chain(rest).cloned().collect())
        }
        // `use crate::store;` and then `store::entity`.
        top if segments.len() > 1 && is_top(top) => Some(segments.to_vec()),
        _ => None,
    }
}

fn is_top(name: &str) -> bool {
    LAYERS.iter().any(|layer| layer.name == name) || WIRING.contains(&name)
}

/// Whether a word of ARCHITECTURE.md begins a path into this crate.
pub(crate) fn is_layer(name: &str) -> bool {
    LAYERS.iter().any(|layer| layer.name == name)
}

/// The layers in the order of their arrows.
pub(crate) fn layers() -> impl Iterator<Item = &'static str> {
    LAYERS.iter().map(|layer| layer.name)
}
