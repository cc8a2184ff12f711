//! Files that pages load, held in the program.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use warp::http::{HeaderValue, StatusCode, header};

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: Vec<u8>,
    version: String,
}

impl Asset {
    fn new(name: &'static str, kind: &'static str, bytes: &[u8]) -> Self {
        Self { name, kind, version: version(bytes), bytes: bytes.to_vec() }
    }
}

/// The modules of scripts: a page names the one it begins with, the others are imported as `./NAME.js`.
pub(super) const SCRIPTS: &[(&str, &str)] = &[
    ("report.js", include_str!("../../../web/assets/report.js")),
    ("checks.js", include_str!("../../../web/assets/checks.js")),
    ("dom.js", include_str!("../../../web/assets/dom.js")),
    ("fields.js", include_str!("../../../web/assets/fields.js")),
    ("keep.js", include_str!("../../../web/assets/keep.js")),
    ("outbox.js", include_str!("../../../web/assets/outbox.js")),
    ("queue.js", include_str!("../../../web/assets/queue.js")),
    ("stall.js", include_str!("../../../web/assets/stall.js")),
];

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut all = vec![
        Asset::new("app.css", "text/css; charset=utf-8", include_bytes!("../../../web/assets/app.css")),
        Asset::new(
            "icon.svg",
            "image/svg+xml; charset=utf-8",
            include_bytes!("../../../web/assets/icon.svg"),
        ),
    ];
    // One version for all modules, so that a page never runs an old one beside a new one.
    let whole: Vec<u8> = SCRIPTS.iter().flat_map(|(_, source)| source.bytes()).collect();
    let version = version(&whole);
    all.extend(SCRIPTS.iter().map(|&(name, source)| Asset {
        name,
        kind: "text/javascript; charset=utf-8",
        bytes: with_versions(source, &version).into_bytes(),
        version: version.clone(),
    }));
    all
});

/// What changes with the contents, so that an old copy is never taken for the new file.
fn version(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..6])
}

/// A module whose imports name the version too.
fn with_versions(source: &str, version: &str) -> String {
    let mut text = String::with_capacity(source.len() + 256);
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("from \"./") {
        let (name, after) = after.split_once('"').unwrap_or((after, ""));
        text.push_str(&format!("{before}from \"./{name}?v={version}\""));
        rest = after;
    }
    text + rest
}

/// The address of a file.
fn address(name: &str) -> String {
    let version = ASSETS.iter().find(|asset| asset.name == name).map_or("", |asset| &asset.version);
    format!("/assets/{name}?v={version}")
}

static CSS: LazyLock<String> = LazyLock::new(|| address("app.css"));

/// The address of the style sheet.
#[must_use]
pub(super) fn css() -> &'static str {
    &CSS
}

/// The address of a module.
#[must_use]
pub(super) fn script(name: &str) -> String {
    address(name)
}

/// A file by its name.
///
/// # Errors
/// 404 for any other name.
pub async fn get(request: Request) -> Result<Response, Error> {
    let asset = ASSETS.iter().find(|asset| asset.name == request.param(0)).ok_or(Error::RouteUnknown)?;
    let query = request.query(&["v"])?;
    let current = query.get("v").is_some_and(|given| given == asset.version);
    let mut response = reply::bytes_as(StatusCode::OK, asset.bytes.as_slice(), asset.kind);
    let kept = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_is_small_and_loads_nothing() {
        let css = std::str::from_utf8(&ASSETS[0].bytes).unwrap();
        assert!(css.len() < 16 * 1024, "{} bytes", css.len());
        assert!(!css.contains("@import") && !css.contains("url("));
    }

    #[test]
    fn modules_import_modules_of_their_own_version() {
        let source = "import { a } from \"./a.js\";\nimport { b } from \"./b.js\";\nlet c = 1;\n";
        let with = "import { a } from \"./a.js?v=1\";\nimport { b } from \"./b.js?v=1\";\nlet c = 1;\n";
        assert_eq!(with_versions(source, "1"), with);
    }
}
