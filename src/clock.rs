//! The one place that asks what time it is.

use crate::domain::calendar::ReportDay;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Where the time comes from: the system, or a fixed instant that a test moves.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self { fixed: None }
    }

    /// A clock that stands at an instant.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(at.as_millisecond()))) }
    }

    /// Moves a fixed clock; the system's stays as it is.
    pub fn set(&self, at: Timestamp) {
        if let Some(fixed) = &self.fixed {
            fixed.store(at.as_millisecond(), Ordering::SeqCst);
        }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.fixed {
            Some(fixed) => {
                Timestamp::from_millisecond(fixed.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
            }
            #[expect(clippy::disallowed_methods, reason = "this is the one place")]
            None => Timestamp::now(),
        }
    }

    /// Today in Asia/Shanghai.
    #[must_use]
    pub fn today(&self) -> ReportDay {
        ReportDay::of(self.now())
    }
}
