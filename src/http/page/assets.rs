//! Files that pages load, held in the program.

use crate::http::error::Error;
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use base64::Engine as _;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use warp::http::{HeaderValue, StatusCode, header};

/// A file as it is served.
struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: Vec<u8>,
    version: String,
    /// What a page says of it, so that a browser takes nothing else for it.
    integrity: String,
}

impl Asset {
    fn new(name: &'static str, kind: &'static str, bytes: Vec<u8>) -> Self {
        let (version, integrity) = (version(&bytes), integrity(&bytes));
        Self { name, kind, bytes, version, integrity }
    }
}

/// What changes with the contents, so that an old copy is never taken for the new file.
fn version(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..6])
}

/// The hash of a file as the `integrity` of an element has it.
fn integrity(bytes: &[u8]) -> String {
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes)))
}

/// Puts a file of `web/assets` into the program.
macro_rules! text {
    ($path:literal) => {
        include_str!(concat!("../../../web/assets/", $path))
    };
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml; charset=utf-8";

/// The one style sheet: a file for each part of the design, joined here. `web/assets/css/README.md` says what is where.
const STYLES: &[&str] = &[
    text!("css/base.css"),
    text!("css/fields.css"),
    text!("css/parts.css"),
    text!("css/frame.css"),
    text!("css/report.css"),
    text!("css/office.css"),
    text!("css/paper.css"),
    text!("css/print.css"),
];

/// The scripts, as modules, which no page needs: a page names the one it begins with, the others are imported as
/// `./NAME.js`.
pub(super) const SCRIPTS: &[(&str, &str)] = &[
    ("page.js", text!("page.js")),
    ("files.js", text!("files.js")),
    ("live.js", text!("live.js")),
    ("picture.js", text!("picture.js")),
    ("report.js", text!("report.js")),
    ("checks.js", text!("checks.js")),
    ("dom.js", text!("dom.js")),
    ("fields.js", text!("fields.js")),
    ("keep.js", text!("keep.js")),
    ("outbox.js", text!("outbox.js")),
    ("queue.js", text!("queue.js")),
    ("stall.js", text!("stall.js")),
    ("screen.js", text!("screen.js")),
    ("sender.js", text!("sender.js")),
];

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let style = Asset::new("app.css", CSS, compact(&STYLES.concat()).into_bytes());
    let icon = Asset::new("icon.svg", SVG, text!("icon.svg").into());
    // One version for all modules, so that a page never runs an old one beside a new one.
    let whole: Vec<u8> = SCRIPTS.iter().flat_map(|(_, source)| source.bytes()).collect();
    let version = version(&whole);
    let scripts = SCRIPTS.iter().map(|&(name, source)| Asset {
        version: version.clone(),
        ..Asset::new(name, SCRIPT, with_versions(source, &version).into_bytes())
    });
    let screen = Asset::new("screen.css", CSS, compact(text!("screen.css")).into_bytes());
    [style, icon, screen].into_iter().chain(scripts).collect()
});

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

/// A style sheet without its comments, line ends and indentation.
fn compact(css: &str) -> String {
    let mut rest = css;
    let mut text = String::with_capacity(css.len());
    while let Some((before, after)) = rest.split_once("/*") {
        text.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.lines().map(str::trim).collect()
}

fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// The address of a file, which changes with its contents.
pub(super) fn address(name: &str) -> String {
    asset(name).map_or_else(String::new, |asset| format!("/assets/{name}?v={}", asset.version))
}

/// The `integrity` of an element that loads a file.
pub(super) fn integrity_of(name: &str) -> &'static str {
    asset(name).map_or("", |asset| &asset.integrity)
}

static CSS_ADDRESS: LazyLock<String> = LazyLock::new(|| address("app.css"));

/// The address of the style sheet.
#[must_use]
pub(super) fn css() -> &'static str {
    &CSS_ADDRESS
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
    let asset = asset(request.param(0)).ok_or(Error::RouteUnknown)?;
    let query = request.query(&["v"])?;
    let current = query.get("v").is_some_and(|given| given == asset.version);
    let mut response = reply::bytes_as(StatusCode::OK, asset.bytes.clone(), asset.kind);
    let kept = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_is_small_and_loads_nothing() {
        let css = std::str::from_utf8(&asset("app.css").unwrap().bytes).unwrap();
        assert!(css.len() < 32 * 1024, "{} bytes", css.len());
        assert!(!css.contains("@import") && !css.contains("url("));
        assert!(!css.contains("/*") && !css.contains('\n'));
        assert_eq!(css.matches('{').count(), css.matches('}').count());
    }

    #[test]
    fn nothing_that_pages_load_comes_from_outside() {
        for asset in ASSETS.iter() {
            let text = std::str::from_utf8(&asset.bytes).unwrap();
            let addresses = text.replace("http://www.w3.org/", "");
            assert!(!addresses.contains("http:") && !addresses.contains("https:"), "{}", asset.name);
        }
    }

    #[test]
    fn comments_are_left_out_of_the_style_sheet() {
        assert_eq!(compact("/* a */\n  b { c: d; }\n/* e"), "b { c: d; }");
    }

    #[test]
    fn modules_import_modules_of_their_own_version() {
        let source = "import { a } from \"./a.js\";\nimport { b } from \"./b.js\";\nlet c = 1;\n";
        let with = "import { a } from \"./a.js?v=1\";\nimport { b } from \"./b.js?v=1\";\nlet c = 1;\n";
        assert_eq!(with_versions(source, "1"), with);
    }
}
