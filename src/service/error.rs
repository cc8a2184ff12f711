//! What a use case may answer instead of a result.

use super::tallies::TallyView;
use crate::domain::access::Held;
use crate::domain::fault::Fault;
use crate::sheet::Remark;
use crate::store::StoreError;

/// Named by cause; told in the reader's language at the edge.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Not there, or not in the caller's scope, which is told the same. The code says what was looked for.
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// Nobody is signed in, or the session has ended.
    #[error("not signed in")]
    Unauthenticated,
    /// Wrong name or password.
    #[error("wrong name or password")]
    WrongPassword,
    /// Too many failures to sign in; it may be tried again after so many seconds.
    #[error("sign-in locked for {0} s")]
    SignInLocked(u64),
    /// Name and password are right; a one-time code is needed too.
    #[error("one-time code needed")]
    TotpRequired,
    /// The one-time code is wrong, or was used already.
    #[error("wrong one-time code")]
    TotpWrong,
    /// Something must be done first.
    #[error("held: {0:?}")]
    Held(Held),
    /// Nobody would be left to manage everything.
    #[error("last administrator")]
    LastAdmin,
    /// In scope, but the role does not include it.
    #[error("not allowed")]
    Forbidden,
    /// The input breaks rules.
    #[error("invalid input: {0:?}")]
    Invalid(Vec<Fault>),
    /// The rows of a file break rules: each place and why.
    #[error("faults in a file: {0:?}")]
    Sheet(Vec<Remark>),
    /// What was to be entered exists already.
    #[error("already exists: {0}")]
    Exists(&'static str),
    /// As things stand this cannot be done; the code says why: `campaign_locked`, `day_locked`, `tally_returned` …
    #[error("refused: {0}")]
    Refused(&'static str),
    /// A version exists and the request names none.
    #[error("precondition required")]
    PreconditionRequired(Box<TallyView>),
    /// The request edits another version than the current one.
    #[error("stale version")]
    Stale(Option<Box<TallyView>>),
    /// The idempotency key was used for another request.
    #[error("idempotency key reused")]
    KeyReused,
    /// Too much is waiting already; try again in some seconds.
    #[error("busy")]
    Busy,
    /// The database cannot be used now.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The database went away before it said whether this was stored.
    #[error("unknown: {0}")]
    Unknown(String),
    /// A fault of the program.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// One fault.
    #[must_use]
    pub fn invalid(fault: Fault) -> Self {
        Self::Invalid(vec![fault])
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy,
            StoreError::Exists(what) => Self::Exists(what),
            StoreError::Damaged(what) => Self::Internal(what),
            StoreError::Panicked => Self::Internal(error.to_string()),
            StoreError::Unknown(_) => Self::Unknown(error.to_string()),
            StoreError::Database(_)
            | StoreError::Lost(_)
            | StoreError::Conflict(_)
            | StoreError::Stopped
            | StoreError::Unusable(_) => Self::Unavailable(error.to_string()),
        }
    }
}
