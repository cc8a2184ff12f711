//! Whether the service lives and can work, and what it counts.

use super::{Access, Doc, Handler, Route, Shape, Verb, doc, schema};
use crate::http::api::health;

const fn state(
    path: &'static str,
    handler: Handler,
    summary: &'static str,
    refuses: &'static [u16],
) -> Route {
    Route {
        method: Verb::Get,
        path,
        access: Access::Public,
        shape: Shape::Api,
        handler,
        doc: Doc { refuses, gives: (200, None), ..doc(summary, &[], schema::<()>) },
    }
}

const ALIVE: Route = state("/healthz", run!(health::alive), "The process runs", &[]);
const READY: Route = state("/readyz", run!(health::ready), "The database answers", &[503]);

/// Beside everything else.
pub(super) const STATE: &[Route] = &[
    ALIVE,
    READY,
    state(
        "/metrics",
        run!(health::measured_here),
        "Counts, as OpenMetrics text, for this machine alone",
        &[404],
    ),
];

/// At the listener that is for monitoring alone.
pub(super) const MONITORING: &[Route] =
    &[ALIVE, READY, state("/metrics", run!(health::measured), "Counts, as OpenMetrics text", &[])];
