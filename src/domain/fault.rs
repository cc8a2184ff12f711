//! What is wrong with an input: where, a stable code, and the values its sentence needs.

/// One thing wrong with an input. The sentence for a reader is made at the edge from `code` and `args`,
/// in the reader's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer (RFC 6901) to the offending field; empty for the whole input.
    pub pointer: String,
    /// Stable, documented code such as `count_negative`.
    pub code: &'static str,
    /// Named values for the sentence, already written out.
    pub args: Vec<(&'static str, String)>,
}

impl Fault {
    /// A fault without further values.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: &'static str) -> Self {
        Self { pointer: pointer.into(), code, args: Vec::new() }
    }

    /// Adds a value for the sentence.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}
