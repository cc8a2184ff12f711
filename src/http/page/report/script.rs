//! What the scripts of the clerk's pages are given: words, who reports, and where.

use crate::domain::quantity::Quantity;
use crate::i18n::Lang;
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
    "outbox-gone",
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

/// The keys of the words that the queue says on every other page.
const ELSEWHERE: &[&str] = &[
    "outbox-busy",
    "outbox-look",
    "outbox-offline",
    "outbox-receipt",
    "outbox-send",
    "outbox-signed_out",
    "outbox-state-refused",
    "outbox-state-sent",
    "outbox-state-waiting",
    "outbox-title",
    "receipt-number",
];

/// The words of the queue on pages that are not a clerk's, as JSON.
pub(in crate::http::page) fn outbox_words(lang: Lang) -> String {
    words(lang, ELSEWHERE)
}

/// What a page tells its scripts.
#[derive(Debug, Clone)]
pub(super) struct Script {
    /// The words, as JSON.
    pub(super) words: String,
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
    pub(super) fn new(lang: Lang, report: &ReportView) -> Self {
        Self {
            words: words(lang, WORDS),
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
fn words(lang: Lang, keys: &[&'static str]) -> String {
    let most = Quantity::MAX.to_string();
    let holes = [
        ("count", "{count}"),
        ("label", "{label}"),
        ("n", "{n}"),
        ("title", "{title}"),
        ("word", "{word}"),
        ("limit", &most),
    ];
    let all: BTreeMap<&str, String> = keys.iter().map(|key| (*key, lang.words(key, &holes))).collect();
    serde_json::to_string(&all).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::assets::SCRIPTS;

    #[test]
    fn scripts_say_only_words_that_they_are_given() {
        for (name, source) in SCRIPTS {
            let given = if *name == "sender.js" { ELSEWHERE } else { WORDS };
            for (at, _) in source.match_indices("t(\"") {
                let key = source[at + 3..].split('"').next().unwrap();
                let called = !source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                assert!(!called || key.starts_with('[') || given.contains(&key), "{name}: {key}");
            }
        }
        for key in WORDS.iter().chain(ELSEWHERE) {
            assert!(Lang::ZhCn.has(key) && Lang::En.has(key), "{key}");
        }
        assert!(words(Lang::En, WORDS).contains("{count}"));
    }
}
