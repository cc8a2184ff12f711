//! The menu: which pages there are for whoever looks.

use super::super::routes::{Shape, TABLE, Verb};
use crate::domain::access::Permission;
use crate::i18n::Lang;
use crate::service::menu::Outlook;
use std::sync::LazyLock;

/// Whom an entry is for.
#[derive(Clone, Copy)]
enum For {
    /// Whoever may do this somewhere.
    May(Permission),
    /// Whoever may do this somewhere and sees what is under the unit.
    Above(Permission),
    /// Whoever reports for the unit itself.
    Reporter,
}

/// An entry: its word, its page, the parameter that takes the unit there, and whom it is for.
struct Entry {
    word: &'static str,
    path: &'static str,
    unit_as: Option<&'static str>,
    whom: For,
}

const fn entry(word: &'static str, path: &'static str, unit_as: Option<&'static str>, whom: For) -> Entry {
    Entry { word, path, unit_as, whom }
}

use Permission::{ManageAccounts, ManageCampaigns, ManageUnits, Read, ReadAudit, Review, Submit};

/// Of the drive that is looked at, in the order of a day's work.
const DRIVE: &[Entry] = &[
    entry("nav-report", "/campaigns/{campaign}/report/{unit}", None, For::Reporter),
    entry("nav-board", "/campaigns/{campaign}", Some("unit"), For::May(Read)),
    entry("nav-missing", "/campaigns/{campaign}/missing", Some("unit"), For::Above(Read)),
    entry("nav-review", "/campaigns/{campaign}/review", Some("under"), For::May(Review)),
    entry("nav-tallies", "/campaigns/{campaign}/tallies", Some("under"), For::May(Read)),
    entry("nav-paste", "/campaigns/{campaign}/paste", Some("unit"), For::May(Submit)),
    entry("nav-import", "/campaigns/{campaign}/import", None, For::Above(Submit)),
    entry("nav-comparison", "/campaigns/{campaign}/comparison", Some("unit"), For::May(Read)),
    entry("nav-press", "/campaigns/{campaign}/press", Some("unit"), For::Above(Read)),
    entry("nav-bulletin", "/campaigns/{campaign}/bulletin", Some("unit"), For::Above(Read)),
    entry("nav-publications", "/campaigns/{campaign}/publications", None, For::Above(Read)),
    entry("nav-export", "/campaigns/{campaign}/export", Some("unit"), For::May(Read)),
    entry("nav-ledger", "/campaigns/{campaign}/ledger/{unit}", None, For::May(Read)),
    entry("nav-screens", "/campaigns/{campaign}/screens", None, For::May(ManageAccounts)),
    entry("nav-settings", "/campaigns/{campaign}/settings", None, For::May(ManageCampaigns)),
    entry("nav-links", "/campaigns/{campaign}/links", None, For::May(ManageAccounts)),
];

/// Of the whole service.
const WHOLE: &[Entry] = &[
    entry("nav-campaigns", "/campaigns", None, For::May(ManageCampaigns)),
    entry("nav-units", "/units", None, For::May(ManageUnits)),
    entry("nav-people", "/people", None, For::May(ManageAccounts)),
    entry("nav-audit", "/audit", None, For::May(ReadAudit)),
];

/// A link of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) word: String,
    pub(super) href: String,
    /// It leads to the page that is shown, or to the one above it.
    pub(super) current: bool,
}

/// The menu of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Nav {
    /// Name of the drive that is looked at.
    pub(super) campaign: Option<String>,
    pub(super) drive: Vec<Link>,
    pub(super) whole: Vec<Link>,
}

/// The pages that there are: an entry without its page would lead nowhere.
static PAGES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let shown = TABLE.iter().filter(|route| route.shape == Shape::Page && route.method == Verb::Get);
    shown.map(|route| route.path).collect()
});

/// Whether there is a page at this address.
fn has_page(path: &str) -> bool {
    PAGES.contains(&path)
}

impl Nav {
    pub(super) fn new(lang: Lang, outlook: &Outlook, path: &str) -> Self {
        let links =
            |entries: &[Entry]| entries.iter().filter_map(|one| link(one, lang, outlook, path)).collect();
        Self {
            campaign: outlook.campaign.as_ref().map(|(_, name)| name.clone()),
            drive: links(DRIVE),
            whole: links(WHOLE),
        }
    }

    /// Whether there is anything to choose.
    pub(super) fn is_empty(&self) -> bool {
        self.drive.is_empty() && self.whole.is_empty()
    }
}

fn link(entry: &Entry, lang: Lang, outlook: &Outlook, path: &str) -> Option<Link> {
    let open = match entry.whom {
        For::May(permission) => outlook.may(permission),
        For::Above(permission) => outlook.below && outlook.may(permission),
        For::Reporter => outlook.reports,
    };
    if !open || !has_page(entry.path) {
        return None;
    }
    let mut place = entry.path.to_owned();
    if place.contains("{campaign}") {
        place = place.replace("{campaign}", &outlook.campaign.as_ref()?.0);
    }
    let unit = outlook.unit.as_deref();
    if place.contains("{unit}") {
        place = place.replace("{unit}", unit?);
    }
    let within = path.strip_prefix(place.as_str());
    // The board stands above every page of its drive, and the list of drives above the boards.
    let is_parent = !matches!(entry.word, "nav-board" | "nav-campaigns");
    let current = within.is_some_and(|rest| rest.is_empty() || (is_parent && rest.starts_with('/')));
    let href = match (entry.unit_as, unit) {
        (Some(name), Some(unit)) => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            format!("{place}?{}", query.append_pair(name, unit).finish())
        }
        _ => place,
    };
    Some(Link { word: lang.text(entry.word), href, current })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_its_word_in_both_languages() {
        for one in DRIVE.iter().chain(WHOLE) {
            assert!(Lang::ZhCn.has(one.word) && Lang::En.has(one.word), "{}", one.word);
        }
    }

    #[test]
    fn nobody_sees_anything_without_permission() {
        assert!(Nav::new(Lang::ZhCn, &Outlook::default(), "/").is_empty());
    }
}
