//! A form with a file, as browsers send it.

use super::error::Error;
use super::limit;
use super::request::{Query, Request};
use crate::config::Limits;
use warp::http::header;

/// What is expected here.
const KIND: &str = "multipart/form-data";

/// The most parts of a form; ours have a handful.
const PARTS: usize = 64;

/// The fields of a form, and its file.
#[derive(Debug, Default)]
pub struct Upload {
    /// The fields that are texts.
    pub fields: Query,
    /// What the file holds; empty when none was chosen.
    pub file: Vec<u8>,
}

/// Reads such a form, within a cap on its file, which may come as base64, rather than that on other bodies.
///
/// # Errors
/// 415 for another kind, and as any body.
pub async fn upload(request: &mut Request, most: usize) -> Result<Upload, Error> {
    request.expect_type(KIND)?;
    let given = request.header(header::CONTENT_TYPE).unwrap_or_default();
    let boundary = boundary(given).ok_or(Error::MediaType(KIND))?;
    let Some(body) = request.body.take() else { return Ok(Upload::default()) };
    let usual = request.app.limits();
    let limits = Limits { body_bytes: most / 3 * 4 + usual.body_bytes, ..usual.clone() };
    let bytes = limit::collect(body, &request.headers, &limits).await?;
    Ok(split(&bytes, &boundary))
}

/// The boundary named in the header.
fn boundary(kind: &str) -> Option<String> {
    let named = |part: &str| {
        let (name, value) = part.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"').to_owned())
    };
    kind.split(';').skip(1).find_map(named).filter(|boundary| (1..=70).contains(&boundary.len()))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// The parts between the boundaries; what does not have the form of a part is left out.
fn split(bytes: &[u8], boundary: &str) -> Upload {
    let mut upload = Upload::default();
    let mut fields = Vec::new();
    let (first, between) = (format!("--{boundary}"), format!("\r\n--{boundary}"));
    let Some(start) = find(bytes, first.as_bytes()) else { return upload };
    let mut rest = &bytes[start + first.len()..];
    for _ in 0..PARTS {
        // Two hyphens instead of a line end: the end of all.
        let Some(part) = rest.strip_prefix(b"\r\n") else { break };
        let Some(end) = find(part, between.as_bytes()) else { break };
        if let Some(head) = find(&part[..end], b"\r\n\r\n") {
            let content = &part[head + 4..end];
            let (name, is_file) = names(&String::from_utf8_lossy(&part[..head]));
            match name {
                Some(_) if is_file => upload.file = content.to_vec(),
                Some(name) => fields.push((name, String::from_utf8_lossy(content).into_owned())),
                None => {}
            }
        }
        rest = &part[end + between.len()..];
    }
    upload.fields = Query::of(fields);
    upload
}

/// The name of a part, and whether it is a file.
fn names(head: &str) -> (Option<String>, bool) {
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let Some(disposition) = disposition else { return (None, false) };
    let value = |wanted: &str| {
        disposition.split(';').find_map(|part| {
            let (name, value) = part.trim().split_once('=')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim_matches('"').to_owned())
        })
    };
    (value("name"), value("filename").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_a_browser_is_read() {
        let body = "--x1\r\nContent-Disposition: form-data; name=\"reason\"\r\n\r\n更正\r\n二行\r\n--x1\r\n\
                    Content-Disposition: form-data; name=\"file\"; filename=\"报;表.csv\"\r\nContent-Type: text/csv\r\n\r\n\
                    a,b\r\n--x\r\n\r\n--x1--\r\n";
        let upload = split(body.as_bytes(), "x1");
        assert_eq!(upload.fields.get("reason"), Some("更正\r\n二行"));
        assert_eq!(upload.file, b"a,b\r\n--x\r\n");
        assert_eq!(boundary("multipart/form-data; Boundary=\"x1\""), Some("x1".into()));
        assert_eq!(boundary("multipart/form-data"), None);
    }

    #[test]
    fn what_is_broken_gives_nothing() {
        for body in
            ["", "--x1", "--x1--", "--x1\r\n\r\n", "--x1\r\nname\r\n\r\nx", "x1\r\n--x1\r\n--x1\r\n--x1"]
        {
            let upload = split(body.as_bytes(), "x1");
            assert!(upload.file.is_empty() && upload.fields.pairs().count() == 0, "{body:?}");
        }
    }
}
