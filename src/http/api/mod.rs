//! The API, a file a resource.

pub mod campaigns;
pub mod charts;
pub mod comparison;
pub mod description;
pub mod dhis2;
pub mod events;
pub mod health;
pub mod ledger;
pub mod publications;
pub mod review;
pub mod session;
pub mod tallies;
pub mod totals;
pub mod units;
