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
    bytes: &'static [u8],
}

const ASSETS: &[Asset] = &[
    Asset {
        name: "app.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("../../../web/assets/app.css"),
    },
    Asset {
        name: "icon.svg",
        kind: "image/svg+xml; charset=utf-8",
        bytes: include_bytes!("../../../web/assets/icon.svg"),
    },
];

/// What changes with the contents, so that an old copy is never taken for the new file.
fn version(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..6])
}

static CSS: LazyLock<String> = LazyLock::new(|| {
    let css = ASSETS.iter().find(|asset| asset.name == "app.css").map_or(&b""[..], |asset| asset.bytes);
    format!("/assets/app.css?v={}", version(css))
});

/// The address of the style sheet.
#[must_use]
pub(super) fn css() -> &'static str {
    &CSS
}

/// A file by its name.
///
/// # Errors
/// 404 for any other name.
pub async fn get(request: Request) -> Result<Response, Error> {
    let asset = ASSETS.iter().find(|asset| asset.name == request.param(0)).ok_or(Error::RouteUnknown)?;
    let query = request.query(&["v"])?;
    let current = query.get("v").is_some_and(|given| given == version(asset.bytes));
    let mut response = reply::bytes_as(StatusCode::OK, asset.bytes, asset.kind);
    let kept = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_is_small_and_loads_nothing() {
        let css = std::str::from_utf8(ASSETS[0].bytes).unwrap();
        assert!(css.len() < 16 * 1024, "{} bytes", css.len());
        assert!(!css.contains("@import") && !css.contains("url("));
    }
}
