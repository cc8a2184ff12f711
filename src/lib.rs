//! The service: units report, the office sees exact totals.
//!
//! Layers, arrows one way: [`domain`] <- [`store`] <- [`service`] <- [`http`]; [`boot`] and [`cli`] wire them; see
//! ARCHITECTURE.md.

pub mod boot;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod digest;
pub mod domain;
pub mod http;
pub mod i18n;
pub mod outgoing;
pub mod service;
pub mod sheet;
pub mod store;
pub mod telemetry;
