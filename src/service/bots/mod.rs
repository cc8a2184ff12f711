//! What group bots and programs are told, in the form that each of them takes, and what their answers mean.
//!
//! Bots answer 200 whatever happens and say in the body how it went: `errcode` (WeCom, DingTalk), `code` or `StatusCode`
//! (Feishu, which also answers 400 when it is asked too often).

mod sign;

use crate::domain::bot::{self, HookKind};
use crate::outgoing::Answer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use std::sync::Arc;

/// What is said.
#[derive(Debug, Clone)]
pub(super) enum Message {
    /// Lines as they are.
    Text(String),
    /// A heading over lines.
    Titled {
        /// The heading.
        title: String,
        /// The lines.
        lines: Vec<String>,
    },
    /// A PNG picture.
    Picture(Arc<[u8]>),
    /// An event for a program, with what it is told apart by.
    Event {
        /// The same for every try.
        id: String,
        /// What happened.
        kind: &'static str,
        /// The body.
        body: Value,
    },
}

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was taken.
    Done,
    /// It may be taken another time.
    Retry(String),
    /// It was too much; not before so many seconds.
    Later(i64, String),
    /// It will not be taken until somebody changes something.
    Never(String),
}

/// The requests that say something: several for a long text.
///
/// # Errors
/// A code when it cannot be said there.
pub(super) fn posts(
    kind: HookKind,
    url: &str,
    secret: &str,
    message: &Message,
    now: Timestamp,
) -> Result<Vec<Post>, &'static str> {
    match (kind, message) {
        (HookKind::Generic, Message::Event { id, kind, body }) => {
            let body = serde_json::to_vec(body).map_err(|_| "message_unwritable")?;
            let headers = vec![
                ("x-pufa-signature", sign::generic(secret, now, &body)),
                ("x-pufa-event", (*kind).to_owned()),
                ("x-pufa-delivery", id.clone()),
            ];
            Ok(vec![Post { url: url.to_owned(), headers, body }])
        }
        (HookKind::Generic, _) | (_, Message::Event { .. }) => Err("message_not_taken"),
        (HookKind::Wecom, Message::Picture(bytes)) if bytes.len() <= bot::PICTURE_BYTES => {
            let picture = json!({
                "base64": STANDARD.encode(bytes),
                "md5": hex::encode(Md5::digest(bytes)),
            });
            Ok(vec![post(kind, url, secret, json!({ "msgtype": "image", "image": picture }), now)])
        }
        (_, Message::Picture(_)) => Err("message_not_taken"),
        (_, Message::Text(text)) => {
            let text = plain(text);
            let bodies = parts(&text, kind.text_bytes()).into_iter().map(|part| text_body(kind, &part));
            Ok(bodies.map(|body| post(kind, url, secret, body, now)).collect())
        }
        (_, Message::Titled { title, lines }) => {
            let (title, lines) = (plain(title), plain(&lines.join("\n")));
            let bodies = parts(&lines, TITLED).into_iter().map(|part| titled_body(kind, &title, &part));
            Ok(bodies.map(|body| post(kind, url, secret, body, now)).collect())
        }
    }
}

/// A text without what a bot would take as a call of people (`<@all>`, `<at user_id="all">`): nobody is called by the
/// name of a unit.
fn plain(text: &str) -> String {
    text.replace('<', "＜").replace('>', "＞")
}

/// What numbering a part takes, in bytes: `（12/12）` and a line end.
const NUMBERING: usize = 24;
/// The longest lines under one heading, in bytes: few, for where each line has a frame of its own the frames take most of
/// what a body may hold.
const TITLED: usize = 1_200;

/// A text in parts that fit, numbered when there are several. What is beyond the last part that a group should bear is
/// left out, which the last part says by its dots.
fn parts(text: &str, limit: usize) -> Vec<String> {
    if text.len() <= limit {
        return vec![text.to_owned()];
    }
    let parts = bot::split(text, limit - NUMBERING);
    let shown = parts.len().min(bot::PARTS);
    let part = |(at, part): (usize, &&str)| {
        let more = if at + 1 == shown && shown < parts.len() { "……" } else { "" };
        format!("（{}/{shown}）\n{part}{more}", at + 1)
    };
    parts.iter().take(shown).enumerate().map(part).collect()
}

fn text_body(kind: HookKind, text: &str) -> Value {
    match kind {
        HookKind::Feishu => json!({ "msg_type": "text", "content": { "text": text } }),
        _ => json!({ "msgtype": "text", "text": { "content": text } }),
    }
}

fn titled_body(kind: HookKind, title: &str, lines: &str) -> Value {
    match kind {
        HookKind::Feishu => {
            let content: Vec<Value> =
                lines.lines().map(|line| json!([{ "tag": "text", "text": line }])).collect();
            json!({ "msg_type": "post", "content": { "post": { "zh_cn": { "title": title, "content": content } } } })
        }
        // Two spaces before a line end make it one there.
        HookKind::Dingtalk => {
            let text = format!("### {title}\n\n{}", lines.replace('\n', "  \n"));
            json!({ "msgtype": "markdown", "markdown": { "title": title, "text": text } })
        }
        _ => json!({ "msgtype": "markdown", "markdown": { "content": format!("**{title}**\n{lines}") } }),
    }
}

fn post(kind: HookKind, url: &str, secret: &str, mut body: Value, now: Timestamp) -> Post {
    let mut url = url.to_owned();
    if !secret.is_empty() {
        match kind {
            HookKind::Dingtalk => {
                let at = now.as_millisecond();
                let sign = sign::dingtalk(secret, at);
                let sign: String = form_urlencoded::byte_serialize(sign.as_bytes()).collect();
                let mark = if url.contains('?') { '&' } else { '?' };
                url = format!("{url}{mark}timestamp={at}&sign={sign}");
            }
            HookKind::Feishu => {
                body["timestamp"] = now.as_second().to_string().into();
                body["sign"] = sign::feishu(secret, now.as_second()).into();
            }
            HookKind::Wecom | HookKind::Generic => {}
        }
    }
    Post { url, headers: Vec::new(), body: body.to_string().into_bytes() }
}

/// What an answer means.
pub(super) fn judge(kind: HookKind, answer: &Answer) -> Verdict {
    let status = answer.status;
    if (300..400).contains(&status) {
        return Verdict::Never(format!("redirect_refused: {status}"));
    }
    if kind == HookKind::Generic {
        return match status {
            200..300 => Verdict::Done,
            429 => Verdict::Later(kind.deaf(), "rate_limited: 429".into()),
            _ => Verdict::Retry(format!("status: {status}")),
        };
    }
    let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let number = |name: &str| said.as_ref().and_then(|said| said[name].as_i64());
    let code = match kind {
        HookKind::Feishu => number("code").or_else(|| number("StatusCode")),
        _ => number("errcode"),
    };
    let words =
        |name: &str| said.as_ref().and_then(|said| said[name].as_str()).unwrap_or_default().to_owned();
    let words = if kind == HookKind::Feishu { words("msg") } else { words("errmsg") };
    let words: String = words.chars().filter(|c| !c.is_control()).take(160).collect();
    match (kind, code) {
        (_, Some(0)) => Verdict::Done,
        // Asked too often. Feishu says 9499 also of a faulty request, which the number of tries ends.
        (HookKind::Wecom, Some(code @ 45009))
        | (HookKind::Dingtalk, Some(code @ (130_101 | 660_026)))
        | (HookKind::Feishu, Some(code @ (9_499 | 11_232))) => {
            Verdict::Later(kind.deaf(), format!("rate_limited: {code} {words}"))
        }
        // Wrong key, format, length, keyword, signature, or an address that the bot does not listen to.
        (HookKind::Wecom, Some(code @ (93_000 | 40_058 | 40_008 | 40_009 | 45_002)))
        | (HookKind::Dingtalk, Some(code @ (310_000 | 300_001 | 300_005 | 400_013 | 400_101..=400_106)))
        | (HookKind::Feishu, Some(code @ (19_001 | 19_002 | 19_021 | 19_022 | 19_024))) => {
            Verdict::Never(format!("refused: {code} {words}"))
        }
        (_, Some(code)) => Verdict::Retry(format!("refused: {code} {words}")),
        (_, None) => Verdict::Retry(format!("answer_unreadable: {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        "2025-12-04T10:00:00+08:00".parse().unwrap()
    }

    fn bodies(kind: HookKind, message: &Message) -> Vec<Value> {
        let posts = posts(kind, "https://bot.example/?key=1", "", message, at()).unwrap();
        posts.iter().map(|post| serde_json::from_slice(&post.body).unwrap()).collect()
    }

    #[test]
    fn each_bot_gets_its_own_form() {
        let text = Message::Text("三个单位<@all>".into());
        let content = "三个单位＜@all＞";
        assert_eq!(
            bodies(HookKind::Wecom, &text),
            [json!({ "msgtype": "text", "text": { "content": content } })]
        );
        assert_eq!(bodies(HookKind::Dingtalk, &text), bodies(HookKind::Wecom, &text));
        assert_eq!(
            bodies(HookKind::Feishu, &text),
            [json!({ "msg_type": "text", "content": { "text": content } })]
        );
        let titled = Message::Titled { title: "日报".into(), lines: vec!["一".into(), "二".into()] };
        assert_eq!(
            bodies(HookKind::Wecom, &titled),
            [json!({ "msgtype": "markdown", "markdown": { "content": "**日报**\n一\n二" } })]
        );
        assert_eq!(
            bodies(HookKind::Dingtalk, &titled),
            [
                json!({ "msgtype": "markdown", "markdown": { "title": "日报", "text": "### 日报\n\n一  \n二" } })
            ]
        );
        let content = json!([[{ "tag": "text", "text": "一" }], [{ "tag": "text", "text": "二" }]]);
        assert_eq!(
            bodies(HookKind::Feishu, &titled),
            [
                json!({ "msg_type": "post", "content": { "post": { "zh_cn": { "title": "日报", "content": content } } } })
            ]
        );
    }

    #[test]
    fn a_picture_goes_with_its_digest() {
        let picture = Message::Picture(b"hello".as_slice().into());
        let image = json!({ "base64": "aGVsbG8=", "md5": "5d41402abc4b2a76b9719d911017c592" });
        assert_eq!(bodies(HookKind::Wecom, &picture), [json!({ "msgtype": "image", "image": image })]);
        for kind in [HookKind::Dingtalk, HookKind::Feishu, HookKind::Generic] {
            assert_eq!(posts(kind, "", "", &picture, at()).unwrap_err(), "message_not_taken");
        }
        let large = Message::Picture(vec![0; bot::PICTURE_BYTES + 1].into());
        assert!(posts(HookKind::Wecom, "", "", &large, at()).is_err());
    }

    #[test]
    fn a_long_text_becomes_numbered_parts_that_fit() {
        let line = "马岭岗镇第一居民委员会、".repeat(10);
        let text = vec![line; 12].join("\n");
        for kind in [HookKind::Wecom, HookKind::Dingtalk, HookKind::Feishu] {
            let whole = Message::Text(text.clone());
            let titled = Message::Titled { title: "题".repeat(100), lines: vec![text.clone()] };
            for message in [whole, titled] {
                let posts = posts(kind, "https://bot.example/", "s", &message, at()).unwrap();
                for post in &posts {
                    let body: Value = serde_json::from_slice(&post.body).unwrap();
                    let content =
                        ["/text/content", "/markdown/content"].iter().find_map(|at| body.pointer(at));
                    let length = content.and_then(Value::as_str).map_or(0, str::len);
                    let limit = if body["msgtype"] == "markdown" { 4_096 } else { 2_048 };
                    assert!(kind != HookKind::Wecom || (1..=limit).contains(&length), "{length}");
                    assert!(post.body.len() <= 20_000, "{}", post.body.len());
                }
                if kind == HookKind::Wecom {
                    assert!(posts.len() > 2);
                    assert!(
                        String::from_utf8_lossy(&posts[0].body).contains(&format!("（1/{}）", posts.len()))
                    );
                }
            }
        }
        let endless = Message::Text("单位、".repeat(100_000));
        let posts = posts(HookKind::Wecom, "", "", &endless, at()).unwrap();
        assert_eq!(posts.len(), bot::PARTS);
        assert!(
            String::from_utf8_lossy(&posts[bot::PARTS - 1].body).contains("……"),
            "it says that it is cut"
        );
        // What escapes double still fits.
        let hostile = Message::Text("\"\\\n".repeat(100_000));
        let all = super::posts(HookKind::Dingtalk, "", "", &hostile, at()).unwrap();
        assert!(all.iter().all(|post| post.body.len() <= 20_000));
    }

    #[test]
    fn a_signature_goes_where_each_bot_looks_for_it() {
        let text = Message::Text("x".into());
        let sent = |kind, url| posts(kind, url, "this is secret", &text, at()).unwrap().remove(0);
        let dingtalk = sent(HookKind::Dingtalk, "https://oapi.dingtalk.com/robot/send?access_token=a");
        let millis = at().as_millisecond();
        assert!(
            dingtalk.url.starts_with(&format!(
                "https://oapi.dingtalk.com/robot/send?access_token=a&timestamp={millis}&sign="
            )),
            "{}",
            dingtalk.url
        );
        assert!(!dingtalk.url.contains('+') && !dingtalk.url.contains(' '));
        assert!(sent(HookKind::Dingtalk, "https://a.example/").url.contains("/?timestamp="));
        let feishu: Value =
            serde_json::from_slice(&sent(HookKind::Feishu, "https://a.example/").body).unwrap();
        assert_eq!(feishu["timestamp"], at().as_second().to_string());
        assert_eq!(feishu["sign"].as_str().unwrap().len(), 44);
    }

    #[test]
    fn answers_are_understood() {
        let answer = |status, body: &str| Answer { status, body: body.to_owned().into_bytes().into() };
        let judged = |kind, status, body: &str| judge(kind, &answer(status, body));
        assert_eq!(judged(HookKind::Wecom, 200, r#"{"errcode":0,"errmsg":"ok"}"#), Verdict::Done);
        assert_eq!(
            judged(HookKind::Feishu, 200, r#"{"StatusCode":0,"StatusMessage":"success"}"#),
            Verdict::Done
        );
        assert_eq!(judged(HookKind::Feishu, 200, r#"{"code":0,"msg":"success","data":{}}"#), Verdict::Done);
        for (kind, status, body, seconds) in [
            (HookKind::Wecom, 200, r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#, 60),
            (
                HookKind::Dingtalk,
                200,
                r#"{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}"#,
                600,
            ),
            (HookKind::Dingtalk, 200, r#"{"errcode":660026,"errmsg":"x"}"#, 600),
            (HookKind::Feishu, 400, r#"{"code":9499,"msg":"too many request","data":{}}"#, 60),
            (HookKind::Feishu, 200, r#"{"code":11232,"msg":"frequency limited"}"#, 60),
        ] {
            assert!(
                matches!(judged(kind, status, body), Verdict::Later(after, _) if after == seconds),
                "{body}"
            );
        }
        for (kind, body) in [
            (HookKind::Wecom, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#),
            (HookKind::Wecom, r#"{"errcode":40058,"errmsg":"text.content exceed max length 2048"}"#),
            (HookKind::Dingtalk, r#"{"errcode":310000,"errmsg":"sign not match"}"#),
            (
                HookKind::Feishu,
                r#"{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}"#,
            ),
        ] {
            assert!(matches!(judged(kind, 200, body), Verdict::Never(_)), "{body}");
        }
        for (kind, status, body) in [
            (HookKind::Wecom, 200, "<html>"),
            (HookKind::Wecom, 502, ""),
            (HookKind::Wecom, 200, r#"{"errcode":-1,"errmsg":"system busy"}"#),
            (HookKind::Generic, 404, ""),
            (HookKind::Generic, 500, ""),
        ] {
            assert!(matches!(judged(kind, status, body), Verdict::Retry(_)), "{body}");
        }
        assert_eq!(judged(HookKind::Generic, 204, ""), Verdict::Done);
        assert!(
            matches!(judged(HookKind::Generic, 302, ""), Verdict::Never(why) if why.contains("redirect"))
        );
        assert!(matches!(judged(HookKind::Wecom, 301, r#"{"errcode":0}"#), Verdict::Never(_)));
    }
}
