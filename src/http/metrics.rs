//! Counts for an administrator's monitoring, in the text form that Prometheus reads.
//!
//! Requests are counted by the route table's own path, never by the address that was asked for, so nobody can make
//! new series. What the service holds is looked at when it is asked for.

use super::routes::Route;
use crate::service::{App, Measured};
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use warp::http::StatusCode;

/// The media type of the answer.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper ends of the latencies told apart, in seconds: a page from rollups, a report that waits for the disk, a file.
const SECONDS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// What answered a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Answered {
    method: &'static str,
    /// As the route table has it.
    route: &'static str,
    status: u16,
}

impl EncodeLabelSet for Answered {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), std::fmt::Error> {
        [("method", self.method), ("route", self.route)].encode(encoder)?;
        [("status", self.status)].encode(encoder)
    }
}

/// A route without its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Asked {
    method: &'static str,
    route: &'static str,
}

impl EncodeLabelSet for Asked {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), std::fmt::Error> {
        [("method", self.method), ("route", self.route)].encode(encoder)
    }
}

/// Everything that is counted at the edge.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Asked, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    older: Family<ReadFrom, Counter>,
    held: Held,
}

/// Where an answer was read that may be a little old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReadFrom {
    /// On the standby.
    Standby,
    /// On the primary: the standby was away, behind, or behind what the caller had seen.
    Primary,
}

impl EncodeLabelSet for ReadFrom {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), std::fmt::Error> {
        let from = match self {
            Self::Standby => "standby",
            Self::Primary => "primary",
        };
        [("from", from)].encode(encoder)
    }
}

/// What the service holds, as last looked at.
#[derive(Debug, Default)]
struct Held {
    writes_waiting: Gauge,
    batches: Counter<u64, AtomicU64>,
    reports: Counter<u64, AtomicU64>,
    listeners: Gauge,
    pictures: Gauge,
    picture_bytes: Gauge,
    remembered: Gauge,
    units: Gauge,
    standby_used: Gauge,
    standby_behind: Gauge<f64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("pufa");
        let requests = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let seconds: Family<Asked, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(SECONDS));
        registry.register_with_unit(
            "http_request_duration",
            "Time until an answer began",
            Unit::Seconds,
            seconds.clone(),
        );
        let in_flight = Gauge::default();
        registry.register("http_requests_in_flight", "Requests being answered", in_flight.clone());
        let held = Held::default();
        for (name, help, gauge) in [
            ("writes_waiting", "Writes that wait for the one writer", &held.writes_waiting),
            ("event_listeners", "Open pages that wait for changes", &held.listeners),
            ("pictures_kept", "Finished pictures kept", &held.pictures),
            ("credentials_remembered", "Sessions, tokens and links recognised lately", &held.remembered),
            ("units", "Units in the tree", &held.units),
            ("standby_used", "Whether what may be older is read from the standby", &held.standby_used),
        ] {
            registry.register(name, help, gauge.clone());
        }
        registry.register_with_unit(
            "pictures_kept",
            "Their size together",
            Unit::Bytes,
            held.picture_bytes.clone(),
        );
        registry.register_with_unit(
            "standby_behind",
            "How old what is read from the standby can be at most; NaN when that is not known",
            Unit::Seconds,
            held.standby_behind.clone(),
        );
        let older = Family::default();
        registry.register(
            "older_reads",
            "Answers that may be a little old, by where they were read",
            older.clone(),
        );
        registry.register("write_batches", "Groups of reports committed together", held.batches.clone());
        registry.register("reports_stored", "Versions of reports committed", held.reports.clone());
        Self { registry, requests, seconds, in_flight, older, held }
    }
}

/// A request that is being answered; it counts as such until it is dropped.
#[derive(Debug)]
pub struct InFlight<'m>(&'m Gauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// A request has come in.
    #[must_use]
    pub fn begin(&self) -> InFlight<'_> {
        self.in_flight.inc();
        InFlight(&self.in_flight)
    }

    /// A route's request is answered.
    pub fn done(&self, route: &Route, status: StatusCode, took: Duration) {
        let asked = Asked { method: route.method.name(), route: route.path };
        self.note(asked, status);
        self.seconds.get_or_create(&asked).observe(took.as_secs_f64());
    }

    /// A request is answered that fits no route.
    pub fn lost(&self, status: StatusCode) {
        self.note(Asked { method: "", route: "" }, status);
    }

    /// An answer that may be a little old was read somewhere.
    pub fn read(&self, from: ReadFrom) {
        self.older.get_or_create(&from).inc();
    }

    fn note(&self, Asked { method, route }: Asked, status: StatusCode) {
        self.requests.get_or_create(&Answered { method, route, status: status.as_u16() }).inc();
    }

    /// All of it as text.
    ///
    /// # Errors
    /// None in practice: writing into memory does not fail.
    pub fn text(&self, app: &App) -> Result<String, std::fmt::Error> {
        self.held.look(&app.measured());
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Held {
    fn look(&self, now: &Measured) {
        let set = |gauge: &Gauge, value: usize| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&self.writes_waiting, now.writes_waiting);
        set(&self.listeners, now.listeners);
        set(&self.pictures, now.pictures);
        set(&self.picture_bytes, now.picture_bytes);
        set(&self.remembered, now.remembered);
        set(&self.units, now.units);
        set(&self.standby_used, now.standby.is_some_and(|standby| standby.used).into());
        let age = now.standby.and_then(|standby| standby.age);
        self.standby_behind.set(age.map_or(f64::NAN, |age| age.as_secs_f64()));
        self.batches.inner().store(now.batches, Ordering::Relaxed);
        self.reports.inner().store(now.reports, Ordering::Relaxed);
    }
}
