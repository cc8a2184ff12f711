//! Something to choose from a list, and addresses with what was chosen.

use crate::service::board::Choice;

/// An option of a list.
#[derive(Debug, Clone)]
pub(super) struct Pick {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) chosen: bool,
}

impl Pick {
    pub(super) fn new(code: impl Into<String>, name: impl Into<String>, chosen: &str) -> Self {
        let code = code.into();
        Self { chosen: code == chosen, code, name: name.into() }
    }

    /// A unit, indented by how deep it lies: a list has no other way to show what stands below what.
    pub(super) fn unit(unit: &Choice, chosen: &str) -> Self {
        Self::new(&unit.code, format!("{}{}", "\u{3000}".repeat(unit.depth), unit.name), chosen)
    }
}

/// A query of those parameters that have a value.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    query.finish()
}
