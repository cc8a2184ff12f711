//! The edge: addresses, statuses, headers and words. Everything below speaks values and results.

pub mod api;
pub mod error;
pub mod filter;
pub mod front;
pub mod layers;
pub mod limit;
pub mod metrics;
pub mod multipart;
pub mod openapi;
pub mod page;
pub mod reply;
pub mod request;
pub mod routes;
pub mod server;
pub mod session;
pub mod standby;
