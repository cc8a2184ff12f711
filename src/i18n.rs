//! Words for people, in zh-CN and en, from `web/locales`.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::sync::LazyLock;

/// A language of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// Simplified Chinese, the default.
    #[default]
    ZhCn,
    /// English.
    En,
}

/// The source of each language's words.
pub const SOURCES: [(Lang, &str); 2] = [
    (Lang::ZhCn, include_str!("../web/locales/zh-CN.ftl")),
    (Lang::En, include_str!("../web/locales/en.ftl")),
];

impl Lang {
    /// The tag: `zh-CN` or `en`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }

    /// The language with this tag.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        [Self::ZhCn, Self::En].into_iter().find(|lang| lang.tag().eq_ignore_ascii_case(tag))
    }

    /// The language that an `Accept-Language` header prefers: the first that is Chinese or English.
    #[must_use]
    pub fn preferred(header: &str) -> Self {
        let tags = header.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
        for tag in tags {
            match tag.split('-').next().map(str::to_ascii_lowercase).as_deref() {
                Some("zh") => return Self::ZhCn,
                Some("en") => return Self::En,
                _ => {}
            }
        }
        Self::default()
    }

    /// Picks the name in this language.
    #[must_use]
    pub const fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::ZhCn => zh,
            Self::En => en,
        }
    }

    /// The words under a key, without values.
    #[must_use]
    pub fn text(self, key: &str) -> String {
        self.words(key, &[])
    }

    /// The words under a key with values filled in. An unknown key is given back itself, and logged.
    #[must_use]
    pub fn words(self, key: &str, values: &[(&str, &str)]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            // Figures come in as text, already written as this language writes them.
            args.set((*name).to_owned(), FluentValue::from(*value));
        }
        self.find(key, &args).unwrap_or_else(|| {
            tracing::warn!(key, lang = self.tag(), "no words for this key");
            key.to_owned()
        })
    }

    /// Whether there are words under a key.
    #[must_use]
    pub fn has(self, key: &str) -> bool {
        bundle(self).is_some_and(|bundle| bundle.has_message(key))
    }

    fn find(self, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        let bundle = bundle(self)?;
        let pattern = bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::warn!(key, ?errors, "words with faults");
        }
        Some(text)
    }
}

type Bundles = Vec<(Lang, FluentBundle<FluentResource>)>;

static BUNDLES: LazyLock<Bundles> = LazyLock::new(|| {
    SOURCES
        .iter()
        .map(|(lang, source)| {
            let resource =
                FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, errors)| {
                    tracing::error!(lang = lang.tag(), ?errors, "faulty words");
                    resource
                });
            let mut bundle = FluentBundle::new_concurrent(lang.tag().parse().into_iter().collect());
            // Marks around values are for mixed writing directions, which we do not have.
            bundle.set_use_isolating(false);
            if let Err(errors) = bundle.add_resource(resource) {
                tracing::error!(lang = lang.tag(), ?errors, "words given twice");
            }
            (*lang, bundle)
        })
        .collect()
});

fn bundle(lang: Lang) -> Option<&'static FluentBundle<FluentResource>> {
    BUNDLES.iter().find(|(other, _)| *other == lang).map(|(_, bundle)| bundle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn keys(source: &str) -> BTreeSet<&str> {
        source
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|line| line.split_once('=').map(|(key, _)| key.trim()))
            .collect()
    }

    #[test]
    fn both_languages_have_the_same_keys_and_no_faults() {
        let [zh, en] = SOURCES.map(|(_, source)| keys(source));
        assert_eq!(zh.symmetric_difference(&en).collect::<Vec<_>>(), Vec::<&&str>::new());
        assert!(!zh.is_empty());
        for (lang, source) in SOURCES {
            assert!(FluentResource::try_new(source.to_owned()).is_ok(), "{}", lang.tag());
            assert_eq!(
                keys(source).len(),
                source
                    .lines()
                    .filter(|l| l.contains('=') && l.starts_with(|c: char| c.is_ascii_lowercase()))
                    .count(),
                "a key twice in {}",
                lang.tag()
            );
        }
    }

    #[test]
    fn every_placeholder_is_in_both_languages() {
        let holes = |source: &str, key: &str| -> BTreeSet<String> {
            let line = source
                .lines()
                .find(|line| line.split('=').next().is_some_and(|k| k.trim() == key))
                .unwrap_or("");
            line.split('$')
                .skip(1)
                .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
                .collect()
        };
        let [(_, zh), (_, en)] = SOURCES;
        for key in keys(zh) {
            assert_eq!(holes(zh, key), holes(en, key), "{key}");
        }
    }

    #[test]
    fn languages_are_chosen_by_header() {
        assert_eq!(Lang::preferred("fr, en-US;q=0.8, zh;q=0.5"), Lang::En);
        assert_eq!(Lang::preferred("zh-Hans-CN,zh;q=0.9"), Lang::ZhCn);
        assert_eq!(Lang::preferred(""), Lang::ZhCn);
    }
}
