//! pufa.
pub mod domain;
