//! The API, a file a resource.

pub mod account;
pub mod audit;
pub mod campaigns;
pub mod charts;
pub mod chase;
pub mod comparison;
pub mod description;
pub mod dhis2;
pub mod events;
pub mod export;
pub mod health;
pub mod hooks;
pub mod import;
pub mod ledger;
pub mod links;
pub mod parse;
pub mod press;
pub mod publications;
pub mod review;
pub mod session;
pub mod tallies;
pub mod tokens;
pub mod totals;
pub mod units;
pub mod users;
