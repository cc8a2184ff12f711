//! Reading a body within its limits.

use super::error::Error;
use super::request::BodyStream;
use crate::config::Limits;
use futures_util::StreamExt;
use hyper::body::Bytes;
use warp::http::{HeaderMap, header};

/// Collects a body.
///
/// # Errors
/// 413 beyond the cap, told at once when the announced length is too large; 408 past the deadline; 400 when the
/// connection breaks off.
pub async fn collect(mut body: BodyStream, headers: &HeaderMap, limits: &Limits) -> Result<Bytes, Error> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.body_bytes as u64) {
        discard(body, limits);
        return Err(Error::BodyTooLarge(limits.body_bytes));
    }
    let read = async {
        let mut collected: Option<Vec<u8>> = None;
        let mut first = Bytes::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| Error::BodyBroken)?;
            let length = collected.as_ref().map_or(first.len(), Vec::len) + chunk.len();
            if length > limits.body_bytes {
                discard(body, limits);
                return Err(Error::BodyTooLarge(limits.body_bytes));
            }
            // A body mostly comes in one piece, and then is not copied.
            match &mut collected {
                Some(all) => all.extend_from_slice(&chunk),
                None if first.is_empty() => first = chunk,
                None => collected = Some([&first[..], &chunk[..]].concat()),
            }
        }
        Ok(collected.map_or(first, Bytes::from))
    };
    tokio::time::timeout(limits.body_timeout, read).await.map_err(|_| Error::BodyTimeout)?
}

/// How many times the cap is read of a body that is refused for its size.
const DISCARDED: usize = 4;

/// Reads on for a while and throws away what comes. The answer does not wait for it; but who is refused while they are still
/// sending would see the connection break instead of the answer.
fn discard(mut body: BodyStream, limits: &Limits) {
    let mut left = limits.body_bytes.saturating_mul(DISCARDED);
    let read = async move {
        while let Some(Ok(chunk)) = body.next().await {
            let Some(rest) = left.checked_sub(chunk.len()) else { break };
            left = rest;
        }
    };
    tokio::spawn(tokio::time::timeout(limits.body_timeout, read));
}
