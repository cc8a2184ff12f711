//! pufa.
