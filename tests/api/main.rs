//! The service from outside: real sockets, real SQLite files, a real PostgreSQL, and the program itself.
//!
//! One binary, a file a topic. Tests of the API run on both databases; PostgreSQL is found in `PUFA_TEST_POSTGRES`,
//! which `scripts/with-postgres` sets, and a test that misses it fails: what was not tried must not look tried.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

#[macro_use]
mod support;

mod access;
mod accounts;
mod archive;
mod audit;
mod batches;
mod cases;
mod catalogue;
mod charts;
mod chase;
mod comparison;
mod completeness;
mod contention;
mod desk;
mod dhis2;
mod drift;
mod equal_work;
mod events;
mod export;
mod failover;
mod flow;
mod headers;
mod hooks;
mod import;
mod limits;
mod logs;
mod matrix;
mod metrics;
mod office;
mod openapi;
mod parse;
mod partitions;
mod people;
mod press;
mod process;
mod publications;
mod refusals;
mod replicas;
mod review;
mod rollups_by_day;
mod screens;
mod standby;
mod tamper;
mod tokens;
mod tripwire;
mod unit_snapshot;
mod writer;
