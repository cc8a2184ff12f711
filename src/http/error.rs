//! Problems (RFC 9457): a stable code, and words in the reader's language.

use super::reply::{self, Response};
use crate::domain::access::Held;
use crate::domain::fault::Fault;
use crate::i18n::Lang;
use crate::service;
use hyper::body::Bytes;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use warp::http::{HeaderValue, StatusCode, header};

/// What can go wrong at the edge, or below it.
#[derive(Debug)]
pub enum Error {
    /// A use case said no.
    Service(service::Error),
    /// A use case found another version than the caller's; the caller's body goes back with the current one.
    Conflict(service::Error, Bytes),
    /// No route has this path.
    RouteUnknown,
    /// Routes have this path, but not this method.
    MethodNotAllowed(String),
    /// The body is of another kind than this.
    MediaType(&'static str),
    /// The body is larger than this.
    BodyTooLarge(usize),
    /// The body did not come in time.
    BodyTimeout,
    /// The connection broke off within the body.
    BodyBroken,
    /// The body cannot be read: where, and why.
    Body {
        /// JSON pointer.
        pointer: String,
        /// Line and column, from 1.
        place: Option<(usize, usize)>,
        /// What the parser says.
        detail: String,
    },
    /// If-Match is not one version.
    Precondition,
    /// The idempotency key has another form.
    IdempotencyKey,
    /// A browser says that the request comes from another site.
    CrossSite,
    /// The answer took too long.
    Timeout,
    /// The handler panicked.
    Panic,
}

impl From<service::Error> for Error {
    fn from(error: service::Error) -> Self {
        Self::Service(error)
    }
}

/// One thing wrong, as told.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FaultView {
    /// JSON pointer to the field, or `/name` of a parameter.
    pub pointer: String,
    /// Stable code.
    pub code: String,
    /// In the reader's language.
    pub message: String,
    /// Line in the body or row in the sheet, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// Column in the line or sheet, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The place in a sheet as a spreadsheet shows it, such as C7.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cell: String,
}

impl From<service::import::RemarkView> for FaultView {
    fn from(remark: service::import::RemarkView) -> Self {
        let number = |n: Option<u32>| n.and_then(|n| usize::try_from(n).ok());
        Self {
            pointer: String::new(),
            code: remark.code.into(),
            message: remark.message,
            row: number(remark.row),
            column: number(remark.column),
            cell: remark.cell,
        }
    }
}

/// A problem, as told.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Problem {
    /// `urn:pufa:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// In the reader's language.
    pub title: String,
    /// The status.
    pub status: u16,
    /// Stable code; that of the first fault where there are any.
    pub code: String,
    /// More words, or the first fault's.
    pub detail: String,
    /// Every fault of the input.
    pub errors: Vec<FaultView>,
    /// On a conflict: the current version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<service::tallies::TallyView>,
    /// On a conflict: what was submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted: Option<Value>,
}

impl Error {
    /// What is wrong with a body that does not read as `T`.
    #[must_use]
    pub fn body<T: serde::de::DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Self {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let pointer = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Err(found) => {
                found.path().iter().filter_map(segment).map(|segment| format!("/{segment}")).collect()
            }
            Ok(_) => String::new(),
        };
        Self::Body { pointer, place: Some((error.line(), error.column())), detail: error.to_string() }
    }

    /// The status it is told with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        use service::Error as S;
        match self {
            Self::Service(error) | Self::Conflict(error, _) => match error {
                S::NotFound(_) => StatusCode::NOT_FOUND,
                S::Unauthenticated | S::WrongPassword | S::TotpRequired | S::TotpWrong => {
                    StatusCode::UNAUTHORIZED
                }
                S::SignInLocked(_) => StatusCode::TOO_MANY_REQUESTS,
                S::Forbidden | S::Held(_) => StatusCode::FORBIDDEN,
                S::Invalid(_) | S::Sheet(_) | S::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
                S::Exists(_) | S::Refused(_) | S::LastAdmin => StatusCode::CONFLICT,
                S::PreconditionRequired(_) => StatusCode::PRECONDITION_REQUIRED,
                S::Stale(_) => StatusCode::PRECONDITION_FAILED,
                S::Busy | S::Unavailable(_) | S::Unknown(_) => StatusCode::SERVICE_UNAVAILABLE,
                S::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::RouteUnknown => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyBroken | Self::Body { .. } | Self::Precondition | Self::IdempotencyKey => {
                StatusCode::BAD_REQUEST
            }
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
            Self::Panic => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether it keeps somebody from what they asked for because of who they are: such goes into the audit. A wrong
    /// password is not among these, for its entry is made where it is counted.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        use service::Error as S;
        match self {
            Self::Service(error) | Self::Conflict(error, _) => matches!(
                error,
                S::NotFound(_) | S::Unauthenticated | S::Forbidden | S::Held(_) | S::SignInLocked(_)
            ),
            Self::CrossSite => true,
            _ => false,
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> String {
        use service::Error as S;
        match self {
            Self::Service(error) | Self::Conflict(error, _) => match error {
                S::NotFound(code) => (*code).to_owned(),
                S::Unauthenticated => "unauthenticated".into(),
                S::WrongPassword => "wrong_password".into(),
                S::SignInLocked(_) => "sign_in_locked".into(),
                S::TotpRequired => "totp_required".into(),
                S::TotpWrong => "totp_wrong".into(),
                S::Held(Held::ChangePassword) => "password_change_required".into(),
                S::Held(Held::EnrolTotp) => "totp_enrolment_required".into(),
                S::LastAdmin => "last_admin".into(),
                S::Forbidden => "forbidden".into(),
                S::Invalid(faults) => faults.first().map_or("invalid", |fault| fault.code).into(),
                S::Sheet(remarks) => remarks.first().map_or("invalid", |remark| remark.code).into(),
                S::Exists(what) => format!("exists-{what}"),
                S::Refused(code) => (*code).into(),
                S::PreconditionRequired(_) => "precondition_required".into(),
                S::Stale(Some(_)) => "version_stale".into(),
                S::Stale(None) => "version_absent".into(),
                S::KeyReused => "idempotency_key_reused".into(),
                S::Busy => "busy".into(),
                S::Unavailable(_) => "unavailable".into(),
                S::Unknown(_) => "outcome_unknown".into(),
                S::Internal(_) => "internal".into(),
            },
            Self::RouteUnknown => "route_unknown".into(),
            Self::MethodNotAllowed(_) => "method_not_allowed".into(),
            Self::MediaType(_) => "media_type".into(),
            Self::BodyTooLarge(_) => "body_too_large".into(),
            Self::BodyTimeout => "body_timeout".into(),
            Self::BodyBroken | Self::Body { .. } => "body_invalid".into(),
            Self::Precondition => "precondition_invalid".into(),
            Self::IdempotencyKey => "idempotency_key_invalid".into(),
            Self::CrossSite => "cross_site".into(),
            Self::Timeout => "timeout".into(),
            Self::Panic => "internal".into(),
        }
    }

    fn values(&self) -> Vec<(&'static str, String)> {
        use service::Error as S;
        match self {
            Self::MethodNotAllowed(allow) => vec![("allow", allow.clone())],
            Self::MediaType(expected) => vec![("expected", (*expected).to_owned())],
            Self::BodyTooLarge(limit) => vec![("limit", limit.to_string())],
            Self::Body { detail, .. } => vec![("detail", detail.clone())],
            Self::BodyBroken => vec![("detail", String::new())],
            Self::Service(S::SignInLocked(seconds)) => vec![("minutes", seconds.div_ceil(60).to_string())],
            Self::Service(S::PreconditionRequired(current) | S::Stale(Some(current)))
            | Self::Conflict(S::PreconditionRequired(current) | S::Stale(Some(current)), _) => {
                vec![("version", current.version.to_string())]
            }
            _ => Vec::new(),
        }
    }

    /// The title in a language.
    #[must_use]
    pub fn title(&self, lang: Lang) -> String {
        if let Self::Service(service::Error::Invalid(faults)) = self {
            return match faults.as_slice() {
                [one] => message(lang, one),
                _ => lang.text("error-invalid"),
            };
        }
        if let Self::Service(service::Error::Sheet(_)) = self {
            return lang.text("error-sheet");
        }
        words(lang, &self.code(), &self.values())
    }

    /// Every fault in a language.
    #[must_use]
    pub fn faults(&self, lang: Lang) -> Vec<FaultView> {
        match self {
            Self::Service(service::Error::Invalid(faults)) => {
                let view = |fault: &Fault| FaultView {
                    pointer: fault.pointer.clone(),
                    code: fault.code.into(),
                    message: message(lang, fault),
                    row: None,
                    column: None,
                    cell: String::new(),
                };
                faults.iter().map(view).collect()
            }
            Self::Service(service::Error::Sheet(remarks)) => {
                let view = |remark| service::import::RemarkView::new(remark, lang);
                remarks.iter().map(view).map(FaultView::from).collect()
            }
            Self::Body { pointer, place, detail } => vec![FaultView {
                pointer: pointer.clone(),
                code: "body_invalid".into(),
                message: detail.clone(),
                row: place.map(|place| place.0),
                column: place.map(|place| place.1),
                cell: String::new(),
            }],
            _ => Vec::new(),
        }
    }

    /// The problem as an answer.
    #[must_use]
    pub fn into_response(self, lang: Lang) -> Response {
        self.log();
        let status = self.status();
        let code = self.code();
        let errors = self.faults(lang);
        let (current, submitted) = match &self {
            Self::Conflict(service::Error::PreconditionRequired(current), body)
            | Self::Conflict(service::Error::Stale(Some(current)), body) => {
                (Some(TallyView::clone(current)), serde_json::from_slice(body).ok())
            }
            _ => (None, None),
        };
        let title = self.title(lang);
        let problem = Problem {
            kind: format!("urn:pufa:problem:{code}"),
            status: status.as_u16(),
            detail: errors.first().map_or_else(|| title.clone(), |fault| fault.message.clone()),
            title,
            code,
            errors,
            current,
            submitted,
        };
        let mut response = reply::json_as(status, &problem, "application/problem+json");
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag()));
        match &self {
            Self::MethodNotAllowed(allow) => {
                if let Ok(allow) = HeaderValue::from_str(allow) {
                    headers.insert(header::ALLOW, allow);
                }
            }
            Self::Service(service::Error::Unauthenticated) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::BodyTooLarge(_) | Self::BodyTimeout => {
                // What is left of the body is not read, so the connection cannot be used again.
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        self.advise(&mut response);
        response
    }

    /// Says when to come again, where that helps.
    pub(super) fn advise(&self, response: &mut Response) {
        let seconds = match self {
            Self::Service(service::Error::SignInLocked(seconds)) => *seconds,
            _ if self.status() == StatusCode::SERVICE_UNAVAILABLE => 2,
            _ => return,
        };
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }

    /// Logged once, here, and only what is the service's own fault; no names, tokens or bodies.
    pub(super) fn log(&self) {
        match self {
            Self::Service(error) | Self::Conflict(error, _) if self.status().is_server_error() => {
                tracing::error!(%error, "request failed");
            }
            _ if self.status().is_server_error() => tracing::error!(error = ?self, "request failed"),
            _ => tracing::debug!(code = self.code(), "request refused"),
        }
    }
}

use service::tallies::TallyView;

fn segment(segment: &serde_path_to_error::Segment) -> Option<String> {
    use serde_path_to_error::Segment;
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

fn words(lang: Lang, code: &str, values: &[(&'static str, String)]) -> String {
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    lang.words(&format!("error-{code}"), &values)
}

fn message(lang: Lang, fault: &Fault) -> String {
    words(lang, fault.code, &fault.args)
}

/// The shape of a problem, for the description of the API.
#[must_use]
pub fn example() -> Value {
    json!({"type": "urn:pufa:problem:count_negative", "title": "数量不能为负数", "status": 422, "code": "count_negative"})
}
