//! Statistical pictures with Chinese text.
