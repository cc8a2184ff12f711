//! The rules of the field: pure values and functions, no clock, no I/O, no database, no HTTP.
//!
//! Everything that enters is checked where it is made, so a [`tally::Figures`] that exists is valid.

pub mod access;
pub mod bot;
pub mod calendar;
pub mod campaign;
pub mod catalogue;
pub mod chase;
mod coded;
pub mod comparison;
pub mod completeness;
pub mod consultation;
pub mod expected;
pub mod fault;
pub mod ledger;
pub mod measure;
pub mod password;
pub mod password_attempts;
pub mod press;
pub mod privacy;
pub mod quality;
pub mod quantity;
pub mod report_text;
pub mod review;
pub mod rollup;
pub mod slot;
pub mod tally;
pub mod totp;
pub mod unit;
pub mod unit_tree;
