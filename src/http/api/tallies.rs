//! Reports of units.

use crate::digest::digest;
use crate::domain::tally::{Channel, Count, Draft, DraftConsultation, DraftItem, DraftJoint};
use crate::http::error::{Error, FaultView};
use crate::http::reply::{self, Response};
use crate::http::request::Request;
use crate::http::session::Token;
use crate::service;
use crate::service::quality::WarningView;
use crate::service::tallies::{Filter, IdempotencyKey, Precondition, Stored, parse_day};
use hyper::body::Bytes;
use schemars::JsonSchema;
use serde::de::{Deserializer, IgnoredAny, Visitor};
use serde::{Deserialize, Serialize};
use warp::http::{HeaderName, StatusCode, header};

/// A report. What an answer holds besides is taken and left alone, so that an answer can be changed and sent back.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TallyBody {
    /// Measures with their counts; each measure once a title.
    #[serde(default)]
    pub items: Vec<ItemBody>,
    /// Consultation records; their sum is the measure `consultations`.
    #[serde(default)]
    pub consultations: Vec<ConsultationBody>,
    /// A zero report: nothing was done, and that is said on purpose.
    #[serde(default)]
    pub zero: bool,
    /// A remark, without personal data.
    #[serde(default)]
    pub note: String,
    /// Parts in events that other units lead and count (联合开展); kept, shown, and in no total.
    #[serde(default)]
    pub joint: Vec<JointBody>,
    /// phone, wechat, paper, file or other: how the figures came to whoever enters them for the unit.
    #[serde(default)]
    pub via: Option<String>,
    /// Why: needed to correct figures after the day's deadline, and a word for what looks unusual.
    #[serde(default)]
    pub reason: String,
    #[serde(default, rename = "campaign")]
    #[schemars(skip)]
    _campaign: IgnoredAny,
    #[serde(default, rename = "unit")]
    #[schemars(skip)]
    _unit: IgnoredAny,
    #[serde(default, rename = "date")]
    #[schemars(skip)]
    _date: IgnoredAny,
    #[serde(default, rename = "version")]
    #[schemars(skip)]
    _version: IgnoredAny,
    #[serde(default, rename = "state")]
    #[schemars(skip)]
    _state: IgnoredAny,
    #[serde(default, rename = "late")]
    #[schemars(skip)]
    _late: IgnoredAny,
    #[serde(default, rename = "receipt")]
    #[schemars(skip)]
    _receipt: IgnoredAny,
    #[serde(default, rename = "totals")]
    #[schemars(skip)]
    _totals: IgnoredAny,
    #[serde(default, rename = "received_at")]
    #[schemars(skip)]
    _received_at: IgnoredAny,
    #[serde(default, rename = "on_behalf")]
    #[schemars(skip)]
    _on_behalf: IgnoredAny,
    #[serde(default, rename = "channel")]
    #[schemars(skip)]
    _channel: IgnoredAny,
    #[serde(default, rename = "by")]
    #[schemars(skip)]
    _by: IgnoredAny,
    #[serde(default, rename = "exception")]
    #[schemars(skip)]
    _exception: IgnoredAny,
    #[serde(default, rename = "self_reviewed")]
    #[schemars(skip)]
    _self_reviewed: IgnoredAny,
    #[serde(default, rename = "changes")]
    #[schemars(skip)]
    _changes: IgnoredAny,
    #[serde(default, rename = "warnings")]
    #[schemars(skip)]
    _warnings: IgnoredAny,
}

/// A part in another unit's event.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JointBody {
    /// Code of the unit whose report the event is counted in.
    pub lead: String,
    /// The event's measures with their counts.
    pub items: Vec<ItemBody>,
}

/// One measure of a report.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemBody {
    /// Code of the measure.
    pub measure: String,
    /// Title of the print.
    #[serde(default)]
    pub title: Option<String>,
    /// How many: a whole number from 0 to 10^9.
    #[serde(default, deserialize_with = "count")]
    #[schemars(schema_with = "count_schema")]
    pub count: Count,
    /// exact, over, under or about; exact when absent.
    #[serde(default)]
    pub bound: Option<String>,
}

/// One consultation record of a report.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsultationBody {
    /// Code of the topic; unspecified when absent.
    #[serde(default)]
    pub topic: Option<String>,
    /// Code of the mode; unspecified when absent.
    #[serde(default)]
    pub mode: Option<String>,
    /// How many: a whole number from 0 to 10^9.
    #[serde(default, deserialize_with = "count")]
    #[schemars(schema_with = "count_schema")]
    pub person_times: Count,
    /// exact, over, under or about; exact when absent.
    #[serde(default)]
    pub bound: Option<String>,
}

fn count_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "integer", "minimum": 0, "maximum": crate::domain::quantity::Quantity::MAX })
}

/// Takes whatever stands for a count, so that the judge can say what is wrong with it and where.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
    struct Any;
    impl<'de> Visitor<'de> for Any {
        type Value = Count;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a count")
        }
        fn visit_u64<E>(self, n: u64) -> Result<Count, E> {
            Ok(Count::Whole(n))
        }
        fn visit_i64<E>(self, n: i64) -> Result<Count, E> {
            Ok(u64::try_from(n).map_or(Count::Negative, Count::Whole))
        }
        fn visit_f64<E>(self, n: f64) -> Result<Count, E> {
            Ok(match n {
                n if n < 0.0 => Count::Negative,
                // A number beyond 64 bits is told as too large, not as a fraction.
                n if n.fract() != 0.0 => Count::Fraction,
                _ => Count::Whole(u64::MAX),
            })
        }
        fn visit_str<E>(self, _: &str) -> Result<Count, E> {
            Ok(Count::NotANumber)
        }
        fn visit_bool<E>(self, _: bool) -> Result<Count, E> {
            Ok(Count::NotANumber)
        }
        fn visit_unit<E>(self) -> Result<Count, E> {
            Ok(Count::Missing)
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Count, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Count::NotANumber)
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Count, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Count::NotANumber)
        }
    }
    deserializer.deserialize_any(Any)
}

impl From<TallyBody> for Draft {
    fn from(body: TallyBody) -> Self {
        let joint = |joint: JointBody| DraftJoint {
            lead: joint.lead,
            items: joint.items.into_iter().map(Into::into).collect(),
        };
        let consultation = |record: ConsultationBody| DraftConsultation {
            topic: record.topic,
            mode: record.mode,
            person_times: record.person_times,
            bound: record.bound,
        };
        Self {
            items: body.items.into_iter().map(Into::into).collect(),
            consultations: body.consultations.into_iter().map(consultation).collect(),
            zero: body.zero,
            note: body.note,
            joint: body.joint.into_iter().map(joint).collect(),
            via: body.via,
            reason: body.reason,
        }
    }
}

impl From<ItemBody> for DraftItem {
    fn from(item: ItemBody) -> Self {
        Self { measure: item.measure, title: item.title, count: item.count, bound: item.bound }
    }
}

/// The version that a request says it edits.
///
/// # Errors
/// When a header is there and is not one version.
pub fn precondition(request: &Request) -> Result<Precondition, Error> {
    if let Some(text) = request.header(header::IF_MATCH) {
        let text = text.trim();
        if text == "*" {
            return Ok(Precondition::Any);
        }
        let number = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        return number.parse().map(Precondition::Version).map_err(|_| Error::Precondition);
    }
    match request.header(header::IF_NONE_MATCH).map(str::trim) {
        Some("*") => Ok(Precondition::Absent),
        Some(_) => Err(Error::Precondition),
        None => Ok(Precondition::None),
    }
}

/// The caller's key for a request that may be sent twice, bound to the whole request.
///
/// # Errors
/// When the key has another form.
pub fn idempotency(request: &Request, body: &[u8]) -> Result<Option<IdempotencyKey>, Error> {
    let Some(key) = request.headers.get(HeaderName::from_static("idempotency-key")) else { return Ok(None) };
    let key = key.to_str().map_err(|_| Error::IdempotencyKey)?.trim();
    let if_match = request.header(header::IF_MATCH).unwrap_or_default();
    bound_key(key, &[request.path.as_bytes(), if_match.as_bytes(), body]).map(Some)
}

/// A key bound to everything that a request says, so that it cannot stand for another one.
///
/// # Errors
/// When the key has another form.
pub fn bound_key(key: &str, parts: &[&[u8]]) -> Result<IdempotencyKey, Error> {
    if !(1..=128).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::IdempotencyKey);
    }
    Ok(IdempotencyKey { key: key.to_owned(), request_hash: digest(parts) })
}

/// Parameters of a report: with `warnings=1` the answer says what looks unusual, which costs more looks.
pub const PUT: &[&str] = &["warnings"];

fn wanted(request: &Request, body: TallyBody) -> Result<service::tallies::Request, Error> {
    Ok(service::tallies::Request {
        campaign: request.param(0).to_owned(),
        unit: request.param(1).to_owned(),
        date: request.param(2).to_owned(),
        draft: body.into(),
        precondition: precondition(request)?,
        idempotency: None,
        channel: channel(request),
    })
}

/// A page that sends its form by script asks as any program does; but a browser says whose page it is, which no program
/// has a reason to.
fn channel(request: &Request) -> Channel {
    let signed_in = matches!(Token::of(&request.headers), None | Some(Token::Cookie(_)));
    let of_page = request.header(header::ORIGIN).is_some()
        || request.headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
    if signed_in && of_page { Channel::Form } else { Channel::Api }
}

/// Reports a unit's day, or corrects it.
///
/// # Errors
/// Whatever is wrong with the request; then nothing was stored.
pub async fn put(mut request: Request) -> Result<Response, Error> {
    let (body, bytes): (TallyBody, Bytes) = request.json().await?;
    let asked = request.query(PUT)?.get("warnings") == Some("1");
    let wanted =
        service::tallies::Request { idempotency: idempotency(&request, &bytes)?, ..wanted(&request, body)? };
    match request.app.submit(request.caller()?, &wanted).await {
        Ok((mut tally, stored)) => {
            if asked {
                tally.warnings = Some(request.app.warnings_of(request.caller()?, &wanted).await?);
            }
            let status = if stored == Stored::Created { StatusCode::CREATED } else { StatusCode::OK };
            Ok(reply::tagged(reply::json(status, &tally), &tally.version.to_string()))
        }
        Err(error @ (service::Error::PreconditionRequired(_) | service::Error::Stale(_))) => {
            Err(Error::Conflict(error, bytes))
        }
        Err(error) => Err(error.into()),
    }
}

/// What would become of a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CheckView {
    /// Why it would be refused.
    pub errors: Vec<FaultView>,
    /// What looks unusual.
    pub warnings: Vec<WarningView>,
}

/// Judges a report without storing it.
///
/// # Errors
/// 404 out of scope; faults of the report itself are part of the answer.
pub async fn check(mut request: Request) -> Result<Response, Error> {
    let (body, _): (TallyBody, Bytes) = request.json().await?;
    request.query(&[])?;
    let wanted = wanted(&request, body)?;
    let checked = request.app.check(request.caller()?, &wanted).await?;
    let errors = Error::Service(service::Error::Invalid(checked.faults)).faults(request.lang);
    Ok(reply::json(StatusCode::OK, &CheckView { errors, warnings: checked.warnings }))
}

/// The current version of a report.
///
/// # Errors
/// 404 when there is none.
pub async fn get(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    let tally =
        request.app.tally(request.caller()?, request.param(0), request.param(1), request.param(2)).await?;
    let tag = tally.version.to_string();
    let known =
        request.header(header::IF_NONE_MATCH).is_some_and(|known| known.trim().trim_matches('"') == tag);
    let response =
        if known { reply::empty(StatusCode::NOT_MODIFIED) } else { reply::json(StatusCode::OK, &tally) };
    Ok(reply::tagged(response, &tag))
}

/// Every version of a report.
///
/// # Errors
/// 404 out of scope.
pub async fn versions(request: Request) -> Result<Response, Error> {
    request.query(&[])?;
    let versions =
        request.app.versions(request.caller()?, request.param(0), request.param(1), request.param(2)).await?;
    Ok(reply::json(StatusCode::OK, &versions))
}

/// Parameters of the list.
pub const LIST: &[&str] = &["under", "from", "to", "state", "cursor", "limit"];

/// Current reports.
///
/// # Errors
/// 422 for a faulty parameter; 404 out of scope.
pub async fn list(request: Request) -> Result<Response, Error> {
    let query = request.query(LIST)?;
    let day = |name: &str| query.get(name).map(|text| parse_day(text, &format!("/{name}"))).transpose();
    let state = query.owned("state");
    if let Some(state) = &state
        && crate::domain::tally::Review::from_code(state).is_none()
    {
        let fault = crate::domain::fault::Fault::new("/state", "state_unknown");
        return Err(service::Error::invalid(fault).into());
    }
    let filter = Filter {
        under: query.owned("under"),
        from: day("from")?,
        to: day("to")?,
        state,
        cursor: query.owned("cursor"),
        limit: query.positive("limit")?,
        ..Filter::default()
    };
    Ok(reply::json(StatusCode::OK, &request.app.tallies(request.caller()?, request.param(0), &filter).await?))
}
