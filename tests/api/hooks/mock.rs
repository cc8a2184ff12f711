//! Receivers: a server that remembers what it was sent, and the three bots as strict as the real ones.
//!
//! They judge by the published rules with code of their own, not by the service's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use md5::{Digest, Md5};
use pufa::clock::Clock;
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) query: HashMap<String, String>,
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Seen {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// An answer: status, further header lines, body. None is silence.
pub(super) type Reply = Option<(u16, &'static str, String)>;
type Answering = Box<dyn FnMut(&Seen) -> Reply + Send>;

pub(super) struct Mock {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    answering: Arc<Mutex<Answering>>,
    connections: Arc<AtomicUsize>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub(super) fn ok() -> Reply {
    Some((200, "", "{}".into()))
}

impl Mock {
    pub(super) async fn start(answering: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answering: Arc<Mutex<Answering>> = Arc::new(Mutex::new(Box::new(answering)));
        let connections = Arc::new(AtomicUsize::new(0));
        let (kept, answers, count) = (seen.clone(), answering.clone(), connections.clone());
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, kept.clone(), answers.clone()));
            }
        });
        Self { address, seen, answering, connections, server }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on answers like this.
    pub(super) fn answer(&self, answering: impl FnMut(&Seen) -> Reply + Send + 'static) {
        *self.answering.lock().unwrap() = Box::new(answering);
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until no request has come for three seconds, and says how many there were: on a busy machine what became of
    /// the last one is written down later than after one.
    pub(super) async fn rest(&self) -> usize {
        loop {
            let seen = self.seen().len();
            tokio::time::sleep(Duration::from_secs(3)).await;
            if self.seen().len() == seen {
                return seen;
            }
        }
    }

    /// Waits until so many requests have come, and gives all of them.
    #[track_caller]
    pub(super) fn expect(&self, count: usize) -> impl Future<Output = Vec<Seen>> {
        let place = std::panic::Location::caller();
        let seen = self.seen.clone();
        async move {
            let begun = Instant::now();
            while seen.lock().unwrap().len() < count {
                let came = seen.lock().unwrap().len();
                assert!(begun.elapsed() < Duration::from_secs(20), "{place}: {came} of {count} came");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // One too many would come at once.
            tokio::time::sleep(Duration::from_millis(150)).await;
            let seen = seen.lock().unwrap().clone();
            assert_eq!(seen.len(), count, "{place}: {:?}", seen.iter().map(Seen::json).collect::<Vec<_>>());
            seen
        }
    }
}

/// Reads one request, notes it and answers it.
pub(super) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: Arc<Mutex<Vec<Seen>>>,
    answering: Arc<Mutex<Answering>>,
) {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.lines();
    let target = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers["content-length"].parse().unwrap();
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let request = Seen { path: path.into(), query, headers, body: bytes[head + 4..].to_vec() };
    seen.lock().unwrap().push(request.clone());
    let reply = (answering.lock().unwrap())(&request);
    let Some((status, more, body)) = reply else {
        tokio::time::sleep(Duration::from_secs(60)).await;
        return;
    };
    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{more}\r\n{body}", body.len());
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// What is wrong with the signature of an event, or nothing.
pub(super) fn check_event(seen: &Seen, secret: &str, now: Timestamp) -> Result<(), &'static str> {
    let header = seen.headers.get("x-pufa-signature").ok_or("no signature")?;
    let (t, v1) = header.split_once(',').ok_or("no two parts")?;
    let t = t.strip_prefix("t=").ok_or("no time")?;
    let v1 = v1.strip_prefix("v1=").ok_or("no digest")?;
    let age = now.as_second() - t.parse::<i64>().map_err(|_| "time")?;
    let signed = [t.as_bytes(), b".", &seen.body].concat();
    match hex::encode(hmac(secret.as_bytes(), &signed)) == v1 {
        true if age.abs() <= 300 => Ok(()),
        true => Err("too old"),
        false => Err("wrong digest"),
    }
}

/// Counts requests of the last minute by the test's clock.
#[derive(Debug, Default)]
struct Pace(Vec<Timestamp>);

impl Pace {
    fn over(&mut self, now: Timestamp, limit: usize) -> bool {
        self.0.retain(|at| now.duration_since(*at).as_secs() < 60);
        self.0.push(now);
        self.0.len() > limit
    }
}

fn said(code: i64, words: &str) -> Reply {
    Some((200, "", json!({ "errcode": code, "errmsg": words }).to_string()))
}

fn only(value: &Value, keys: &[&str]) -> bool {
    value.as_object().is_some_and(|object| object.keys().all(|key| keys.contains(&key.as_str())))
}

pub(super) const WECOM: &str = "/cgi-bin/webhook/send?key=693a91f6-7aac-4bc4-97a0-0ec2f1fa5aaa";
pub(super) const DINGTALK: &str = "/robot/send?access_token=8d5f7e0c6b";
pub(super) const FEISHU: &str = "/open-apis/bot/v2/hook/0a1b2c3d-e5f6";
pub(super) const SECRET: &str = "SECd1e2f3a4b5c6d7e8";

/// A WeCom bot.
pub(super) fn wecom(clock: Clock) -> impl FnMut(&Seen) -> Reply + Send + 'static {
    let mut pace = Pace::default();
    move |seen| {
        if seen.path != "/cgi-bin/webhook/send"
            || seen.query.get("key").map(String::as_str) != WECOM.rsplit('=').next()
        {
            return said(93_000, "invalid webhook url, more info at https://open.work.weixin.qq.com");
        }
        if pace.over(clock.now(), 20) {
            return said(45_009, "api freq out of limit");
        }
        let body = seen.json();
        let kind = body["msgtype"].as_str().unwrap_or_default();
        if !["text", "markdown", "image"].contains(&kind) || !only(&body, &["msgtype", kind]) {
            return said(40_008, "invalid message type");
        }
        let part = &body[kind];
        if kind == "image" {
            let bytes =
                part["base64"].as_str().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
            let digest = hex::encode(Md5::digest(&bytes));
            return match () {
                () if !only(part, &["base64", "md5"]) => said(40_058, "invalid Request Parameter"),
                () if bytes.len() > 2 * 1024 * 1024 => said(40_009, "invalid image size"),
                () if !bytes.starts_with(b"\x89PNG") && !bytes.starts_with(b"\xff\xd8") => {
                    said(40_009, "invalid image type")
                }
                () if part["md5"] != *digest => said(301_019, "media md5 not match"),
                () => said(0, "ok"),
            };
        }
        let limit = if kind == "text" { 2_048 } else { 4_096 };
        match part["content"].as_str() {
            Some(content) if !(1..=limit).contains(&content.len()) => {
                said(40_058, &format!("{kind}.content exceed max length {limit}. invalid Request Parameter"))
            }
            Some(_) if only(part, &["content", "mentioned_list", "mentioned_mobile_list"]) => said(0, "ok"),
            _ => said(40_058, "invalid Request Parameter"),
        }
    }
}

/// A DingTalk robot that wants signatures.
pub(super) fn dingtalk(clock: Clock) -> impl FnMut(&Seen) -> Reply + Send + 'static {
    let mut pace = Pace::default();
    move |seen| {
        if seen.path != "/robot/send"
            || seen.query.get("access_token").map(String::as_str) != DINGTALK.rsplit('=').next()
        {
            return said(300_001, "token is not exist");
        }
        let at = seen.query.get("timestamp").and_then(|at| at.parse::<i64>().ok()).unwrap_or(0);
        if (clock.now().as_millisecond() - at).abs() > 3_600_000 {
            return said(310_000, "invalid timestamp");
        }
        let sign = STANDARD.encode(hmac(SECRET.as_bytes(), format!("{at}\n{SECRET}").as_bytes()));
        if seen.query.get("sign") != Some(&sign) {
            return said(310_000, "sign not match");
        }
        if pace.over(clock.now(), 20) {
            return said(130_101, "send too fast, exceed 20 times per minute");
        }
        let body = seen.json();
        let filled = |at: &str| body.pointer(at).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        let fine = match body["msgtype"].as_str() {
            Some("text") => filled("/text/content"),
            Some("markdown") => filled("/markdown/title") && filled("/markdown/text"),
            _ => false,
        };
        match fine && seen.body.len() <= 20_000 {
            true => said(0, "ok"),
            false => said(400_105, "param error"),
        }
    }
}

/// A Feishu bot that wants signatures.
pub(super) fn feishu(clock: Clock) -> impl FnMut(&Seen) -> Reply + Send + 'static {
    let mut pace = Pace::default();
    move |seen| {
        let said = |status, code: i64, words: &str| {
            Some((status, "", json!({ "code": code, "msg": words, "data": {} }).to_string()))
        };
        if seen.path != FEISHU {
            return said(200, 19_001, "param invalid: incoming webhook access token invalid");
        }
        if pace.over(clock.now(), 100) {
            return said(400, 9_499, "too many request");
        }
        let body = seen.json();
        let at = body["timestamp"].as_str().unwrap_or_default();
        let age = clock.now().as_second() - at.parse::<i64>().unwrap_or(0);
        let sign = STANDARD.encode(hmac(format!("{at}\n{SECRET}").as_bytes(), b""));
        if body["sign"] != sign || age.abs() > 3_600 {
            return said(
                200,
                19_021,
                "sign match fail or timestamp is not within one hour from current time",
            );
        }
        let fine = match body["msg_type"].as_str() {
            Some("text") => body["content"]["text"].as_str().is_some_and(|text| !text.is_empty()),
            Some("post") => {
                let post = &body["content"]["post"]["zh_cn"];
                let lines = post["content"].as_array();
                post["title"].is_string()
                    && lines.is_some_and(|lines| {
                        let fine = |line: &Value| {
                            line.as_array().is_some_and(|line| {
                                line.iter().all(|one| one["tag"] == "text" && one["text"].is_string())
                            })
                        };
                        !lines.is_empty() && lines.iter().all(fine)
                    })
            }
            _ => false,
        };
        match fine && seen.body.len() <= 20 * 1024 {
            true => said(200, 0, "success"),
            false => said(200, 9_499, "Bad Request"),
        }
    }
}
