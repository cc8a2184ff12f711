//! The service: units report, the office sees exact totals.
//!
//! Layers, arrows one way: [`domain`] <- [`store`] <- `service` <- `http`; see ARCHITECTURE.md.

pub mod clock;
pub mod demo;
pub mod domain;
pub mod store;
