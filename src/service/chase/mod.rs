//! Chasing (催报): who is missing, in words to paste.

mod log;

pub(super) use log::number;
pub use log::{
    BurdenView, BurdensView, ChaseBody, ChaseView, ChasesView, LiaisonBody, LiaisonView, LiaisonsView,
};

use super::completeness::day_of;
use super::{App, Caller, Error, scope};
use crate::domain::calendar::{ReportDay, rfc3339};
use crate::domain::campaign::{Campaign, State};
use crate::domain::catalogue::Catalogue;
use crate::domain::chase::{self, Grouping};
use crate::domain::completeness::Status;
use crate::domain::expected::Waited;
use crate::domain::unit::{Placed, UnitId};
use crate::i18n::Lang;
use crate::store::Asked;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// A unit that has not reported.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MissingUnit {
    /// Code.
    pub unit: String,
    /// Name.
    pub name: String,
    /// missing or returned.
    pub status: &'static str,
    /// How often it was asked for this day's report.
    pub asked: u64,
    /// When it was asked last, RFC 3339.
    pub asked_at: Option<String>,
}

/// Missing units that belong together.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MissingGroup {
    /// Name of the unit above, or of the contact group; null where none is noted.
    pub name: Option<String>,
    /// Codes of the units, in administrative order.
    pub units: Vec<String>,
    /// Ready to paste into the group's own chat.
    pub text: String,
}

/// The list for chasing (催报): by name, in administrative order, never ranked. A unit that reports leaves it at once.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MissingView {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// The day.
    pub date: String,
    /// Until when a report of the day is on time, RFC 3339.
    pub deadline: String,
    /// Whole minutes until then; negative once it is over.
    pub minutes_left: i64,
    /// Whether these are the hours in which nothing is sent by itself.
    pub quiet: bool,
    /// How many are expected that day.
    pub expected: u64,
    /// Who is missing.
    pub items: Vec<MissingUnit>,
    /// The same by unit above or by contact group, when asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<MissingGroup>,
    /// Always null: the list is whole.
    pub next: Option<String>,
    /// Ready to paste into a group chat.
    pub text: String,
}

/// The missing list of a unit and day, and whom it names.
#[derive(Debug, Clone)]
pub(super) struct Missing {
    pub(super) view: MissingView,
    pub(super) units: Vec<UnitId>,
}

/// What a missing list is of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) campaign: &'a Campaign,
    pub(super) top: Placed<'a>,
    pub(super) below: bool,
    pub(super) day: ReportDay,
    pub(super) grouping: Grouping,
    pub(super) lang: Lang,
}

impl App {
    /// Who is missing on a day: expected units under a unit without a report, or with a returned one.
    ///
    /// # Errors
    /// Out of scope is not found; a day outside the drive is invalid.
    pub async fn missing(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: Option<&str>,
        date: Option<&str>,
        grouping: Grouping,
    ) -> Result<MissingView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let top = scope::asked(&catalogue, caller, Some(&campaign), unit)?;
        let day = self.asked_day(&campaign, date)?;
        let below = scope::reads_below(&catalogue, caller, top.id);
        let question = Question {
            catalogue: &catalogue,
            campaign: &campaign,
            top,
            below,
            day,
            grouping,
            lang: caller.lang,
        };
        Ok(self.missing_of(question).await?.view)
    }

    /// The day that is meant: the one named, today while the drive runs, its last day otherwise.
    pub(super) fn asked_day(&self, campaign: &Campaign, date: Option<&str>) -> Result<ReportDay, Error> {
        let today = self.clock.today();
        match date {
            Some(date) => day_of(campaign, date),
            None if campaign.state(today) == State::Open => Ok(today),
            None => Ok(campaign.window.last()),
        }
    }

    pub(super) async fn missing_of(&self, question: Question<'_>) -> Result<Missing, Error> {
        let Question { catalogue, campaign, top, day, .. } = question;
        let waited = Waited::under(&catalogue.tree, campaign, top, &[day]);
        let expected: Vec<UnitId> = waited.units(question.below).map(|(unit, _)| unit.id).collect();
        let counted = self.store.standing(campaign.key, day, &expected).await?;
        let units: Vec<UnitId> =
            expected.iter().copied().filter(|unit| counted.get(unit) != Some(&true)).collect();
        let asked = self.store.asked(campaign.key, Some(day), &units).await?;
        let labels = match question.grouping {
            Grouping::Liaison => self.store.liaisons().await?,
            Grouping::None | Grouping::Parent => HashMap::new(),
        };
        let now = self.clock.now();
        let deadline = campaign.deadline_of(day);
        let quiet = self.limits.quiet;
        let words = Words {
            question,
            expected: expected.len(),
            minutes_left: chase::minutes_left(deadline, now),
            quiet: quiet.contains(now).then(|| (quiet.text(), chase::clock(quiet.to))),
        };
        let found: Vec<Placed<'_>> = units.iter().filter_map(|id| catalogue.tree.get(*id)).collect();
        let groups = words.groups(&found, &labels);
        let item =
            |unit: &Placed<'_>| missing_unit(*unit, counted.contains_key(&unit.id), asked.get(&unit.id));
        let view = MissingView {
            campaign: campaign.id.to_string(),
            unit: top.code().to_string(),
            date: day.to_string(),
            deadline: rfc3339(deadline),
            minutes_left: words.minutes_left,
            quiet: words.quiet.is_some(),
            expected: expected.len() as u64,
            items: found.iter().map(item).collect(),
            text: words.whole(&found, &groups),
            groups: groups.iter().map(|group| words.view(group)).collect(),
            next: None,
        };
        Ok(Missing { view, units })
    }
}

fn missing_unit(unit: Placed<'_>, returned: bool, asked: Option<&Asked>) -> MissingUnit {
    MissingUnit {
        unit: unit.code().to_string(),
        name: unit.name().clone(),
        status: if returned { Status::Returned.code() } else { Status::Missing.code() },
        asked: asked.map_or(0, |asked| asked.times),
        asked_at: asked.map(|asked| rfc3339(asked.last)),
    }
}

type Group<'a> = (Option<String>, Vec<Placed<'a>>);

/// The words of a list: a reminder before the deadline, a request after it.
struct Words<'a> {
    question: Question<'a>,
    expected: usize,
    minutes_left: i64,
    /// The quiet hours and their end, while they last.
    quiet: Option<(String, String)>,
}

impl<'a> Words<'a> {
    /// The missing by what puts them together, in the order in which the first of each comes.
    fn groups(&self, found: &[Placed<'a>], labels: &HashMap<UnitId, String>) -> Vec<Group<'a>> {
        let tree = &self.question.catalogue.tree;
        let name = |unit: Placed<'_>| match self.question.grouping {
            Grouping::None => None,
            Grouping::Parent => unit.above().map(|above| above.name()),
            Grouping::Liaison => {
                let mut line = std::iter::once(unit).chain(tree.ancestors(unit.id));
                line.find_map(|unit| labels.get(&unit.id).cloned())
            }
        };
        let mut groups: Vec<Group<'a>> = Vec::new();
        if self.question.grouping == Grouping::None {
            return groups;
        }
        let mut places: HashMap<Option<String>, usize> = HashMap::new();
        for unit in found {
            let name = name(*unit);
            let at = *places.entry(name.clone()).or_insert_with(|| {
                groups.push((name, Vec::new()));
                groups.len() - 1
            });
            groups[at].1.push(*unit);
        }
        groups
    }

    fn names(&self, units: &[Placed<'_>]) -> String {
        let names: Vec<String> = units.iter().map(|unit| unit.name()).collect();
        names.join(self.question.lang.pick("、", ", "))
    }

    fn heading(&self, name: Option<&str>) -> String {
        name.map_or_else(|| self.question.lang.text("missing-no_group"), ToOwned::to_owned)
    }

    fn view(&self, (name, units): &Group<'a>) -> MissingGroup {
        let group = self.heading(name.as_deref());
        MissingGroup {
            text: self.say("missing-group", &self.names(units), units.len(), &group),
            name: name.clone(),
            units: units.iter().map(|unit| unit.code().to_string()).collect(),
        }
    }

    fn whole(&self, found: &[Placed<'_>], groups: &[Group<'a>]) -> String {
        let lines = groups.iter().map(|(name, units)| {
            let count = units.len().to_string();
            let values =
                [("group", self.heading(name.as_deref())), ("count", count), ("names", self.names(units))];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            format!("\n{}", self.question.lang.words("missing-line", &values))
        });
        let mut names: String = lines.collect();
        if groups.is_empty() {
            names = self.names(found);
        } else {
            names.push('\n');
        }
        self.say("missing", &names, found.len(), "")
    }

    /// `key` and how it stands with the deadline name the words; what is said in the quiet hours comes after them.
    fn say(&self, key: &str, names: &str, count: usize, group: &str) -> String {
        let Question { campaign, day, lang, .. } = self.question;
        let (month, date) = day.month_day();
        let key = match (count, self.minutes_left) {
            (0, _) => "missing-nobody".to_owned(),
            (_, 0..) => format!("{key}-before"),
            _ => format!("{key}-after"),
        };
        let values = [
            ("campaign", campaign.name.clone()),
            ("month", month.to_string()),
            ("day", date.to_string()),
            ("expected", self.expected.to_string()),
            ("count", count.to_string()),
            ("names", names.to_owned()),
            ("group", group.to_owned()),
            ("deadline", chase::clock(campaign.deadline)),
            ("left", left(lang, self.minutes_left)),
        ];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        let text = lang.words(&key, &values);
        match &self.quiet {
            Some((hours, end)) if count > 0 => {
                let quiet = lang.words("missing-quiet", &[("hours", hours), ("end", end)]);
                format!("{text}\n{quiet}")
            }
            _ => text,
        }
    }
}

/// A span as people say it: `2 天 3 小时`, `8 小时 30 分钟`.
fn left(lang: Lang, minutes: i64) -> String {
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let parts = match (days, hours, minutes) {
        (1.., ..) => [("days", days), ("hours", hours)],
        _ => [("hours", hours), ("minutes", minutes)],
    };
    let said: Vec<String> = parts
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(unit, n)| lang.words(&format!("span-{unit}"), &[("n", &n.to_string())]))
        .collect();
    if said.is_empty() { lang.text("span-nearly") } else { said.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_in_its_two_largest_parts() {
        let said = |minutes| left(Lang::ZhCn, minutes);
        assert_eq!(said(480), "8 小时");
        assert_eq!(said(510), "8 小时 30 分钟");
        assert_eq!(said(59), "59 分钟");
        assert_eq!(said(0), "不到 1 分钟");
        assert_eq!(said(2 * 1440 + 3 * 60 + 5), "2 天 3 小时");
        assert_eq!(said(1440 + 5), "1 天");
        assert_eq!(left(Lang::En, 90), "1 h 30 min");
    }
}
