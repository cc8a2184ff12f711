//! The service: units report, the office sees exact totals.
//!
//! Layers, arrows one way: [`domain`] <- [`store`] <- [`service`] <- `http`; see ARCHITECTURE.md.

pub mod clock;
pub mod config;
pub mod domain;
pub mod http;
pub mod i18n;
pub mod service;
pub mod store;
