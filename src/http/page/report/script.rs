//! What the scripts of the clerk's pages are given: words, who reports, and where.

use crate::domain::access::link_of;
use crate::domain::quantity::Quantity;
use crate::i18n::Lang;
use crate::service::Caller;
use crate::service::report::ReportView;
use std::collections::BTreeMap;

/// The keys of the words that scripts say.
const WORDS: &[&str] = &[
    "draft-discard",
    "draft-older",
    "draft-restored",
    "draft-use",
    "error-count_fractional",
    "error-count_negative",
    "error-count_not_a_number",
    "error-count_too_large",
    "error-nothing_reported",
    "error-zero_with_items",
    "kept-offline",
    "kept-signed_out",
    "outbox-busy",
    "outbox-delete",
    "outbox-export",
    "outbox-file",
    "outbox-full",
    "outbox-offline",
    "outbox-open",
    "outbox-other",
    "outbox-receipt",
    "outbox-send",
    "outbox-sent",
    "outbox-sign_in",
    "outbox-signed_out",
    "outbox-state-refused",
    "outbox-state-sent",
    "outbox-state-waiting",
    "outbox-sure",
    "outbox-title",
    "paste-offline",
    "receipt-number",
    "report-mode",
    "report-row",
    "report-zero-mark",
    "signed_out",
    "stall-back",
    "stall-hint",
    "stall-title",
    "step-less",
    "step-more",
    "sum",
    "why",
];

/// What a page tells its scripts.
#[derive(Debug, Clone)]
pub(super) struct Script {
    /// The words, as JSON.
    pub(super) words: String,
    /// Who reports: what waits on a shared phone is sent by its own sender only.
    pub(super) who: String,
    /// The report's address in the API.
    pub(super) api: String,
    /// The report in a few words.
    pub(super) title: String,
    /// The largest count.
    pub(super) most: u32,
    /// The address of the module to begin with.
    pub(super) module: String,
}

impl Script {
    pub(super) fn new(lang: Lang, caller: &Caller, report: &ReportView) -> Self {
        let who = link_of(caller.actor.id)
            .map_or_else(|| caller.actor.username.clone(), |number| format!("#{number}"));
        Self {
            words: words(lang),
            who,
            api: format!(
                "/api/v1/campaigns/{}/tallies/{}/{}",
                report.campaign.id, report.unit.code, report.date
            ),
            title: format!("{} {}", report.unit.name, report.date),
            most: Quantity::MAX,
            module: super::super::assets::script("report.js"),
        }
    }
}

/// The words by their keys; what changes in them stands as `{name}`.
fn words(lang: Lang) -> String {
    let most = Quantity::MAX.to_string();
    let holes =
        [("count", "{count}"), ("label", "{label}"), ("n", "{n}"), ("word", "{word}"), ("limit", &most)];
    let all: BTreeMap<&str, String> = WORDS.iter().map(|key| (*key, lang.words(key, &holes))).collect();
    serde_json::to_string(&all).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::assets::SCRIPTS;

    #[test]
    fn scripts_say_only_words_that_they_are_given() {
        for (name, source) in SCRIPTS {
            for (at, _) in source.match_indices("t(\"") {
                let key = source[at + 3..].split('"').next().unwrap();
                let called = !source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                assert!(!called || key.starts_with('[') || WORDS.contains(&key), "{name}: {key}");
            }
        }
        for key in WORDS {
            assert!(Lang::ZhCn.has(key) && Lang::En.has(key), "{key}");
        }
        assert!(words(Lang::En).contains("{count}"));
    }
}
