//! Pictures of several years: the days of each as lines, and units or years as bars.

use super::{Desk, value};
use crate::domain::calendar::{Align, constitution_day_in};
use crate::domain::campaign::{Campaign, Kind, State};
use crate::domain::comparison::Basis;
use crate::domain::quantity::Sum;
use crate::domain::unit::{Placed, UnitId};
use crate::service::Error;
use crate::service::comparison::{Compared, Terms, change_view, drives};
use pufa_charts as draw;
use std::sync::Arc;

/// How many years a picture shows at most, the campaign's own included.
const YEARS: usize = 5;

impl Desk<'_> {
    /// The drives up to this one, oldest first.
    pub(super) fn years(&self) -> Vec<Arc<Campaign>> {
        let mut years = drives(self.catalogue, self.campaign.kind, self.unit.id);
        years.retain(|other| {
            other.window.first() < self.campaign.window.first() || other.id == self.campaign.id
        });
        // The campaign asked for stands for its year, whatever else ran in it.
        years.retain(|other| other.year != self.campaign.year);
        if let Some(chosen) = &self.chosen {
            years.retain(|other| chosen.contains(&other.year));
        }
        years.push(self.campaign.clone());
        let surplus = years.len().saturating_sub(YEARS);
        years.split_off(surplus)
    }

    pub(super) async fn compare(
        &self,
        align: Align,
        basis: Basis,
        with_children: bool,
    ) -> Result<Compared, Error> {
        let terms = Terms { unit: self.unit, campaigns: self.years(), align, basis };
        self.app.compare(self.catalogue, self.caller, terms, with_children).await
    }

    pub(super) async fn trend(&self) -> Result<draw::Trend, Error> {
        let compared = self.compare(Align::Whole, Basis::All, false).await?;
        let longest = compared.campaigns.iter().map(|c| c.window.days().count()).max().unwrap_or_default();
        let line = |campaign: &Arc<Campaign>| {
            let first = campaign.window.first();
            let length = campaign.window.days().count();
            let mut values: Vec<Option<draw::Value>> = vec![None; longest];
            for (at, day) in campaign.window.days().enumerate().filter(|(_, day)| *day <= self.today) {
                let rollup = compared.days(campaign, self.unit.id).find(|(other, _)| *other == day);
                values[at] =
                    Some(rollup.map_or(draw::Value::exact(0), |(_, r)| value(self.sum(r, self.measure))));
            }
            let mark =
                constitution_day_in(campaign.window).and_then(|day| usize::try_from(day.since(first)).ok());
            let open = (campaign.state(self.today) == State::Open).then(|| self.today.since(first));
            draw::Line {
                label: campaign.year.to_string(),
                values,
                mark,
                open_from: open.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < length),
            }
        };
        let whole = compared.rollup(self.campaign, self.unit.id);
        let day = |n: usize| self.lang().words("chart-day", &[("n", &(n + 1).to_string())]);
        Ok(draw::Trend {
            frame: self.frame(&self.title("chart-title-trend"), self.years_subtitle(&compared), &whole),
            measure: self.name(self.measure).into(),
            unit: self.word(self.measure).into(),
            days: (0..longest).map(day).collect(),
            lines: compared.campaigns.iter().map(line).collect(),
            mark_label: if self.campaign.kind == Kind::Constitution {
                self.lang().text("chart-mark")
            } else {
                String::new()
            },
        })
    }

    pub(super) fn usual_align(&self) -> Align {
        if self.campaign.state(self.today) == State::Open { Align::CampaignDay } else { Align::Whole }
    }

    pub(super) async fn year_over_year(
        &self,
        align: Option<Align>,
        basis: Basis,
    ) -> Result<draw::YearOverYear, Error> {
        let compared = self.compare(align.unwrap_or_else(|| self.usual_align()), basis, true).await?;
        let years: Vec<String> =
            compared.campaigns.iter().map(|campaign| campaign.year.to_string()).collect();
        let whole = compared.rollup(self.campaign, self.unit.id);
        let sum = |unit: UnitId, campaign: &Campaign| {
            let rollup = compared.rollup(campaign, unit);
            (rollup.changes > 0).then(|| self.sum(&rollup, self.measure))
        };
        let below: Vec<Placed<'_>> =
            self.children().into_iter().filter(|child| child.id != self.unit.id).collect();
        let group = |unit: Placed<'_>| {
            let sums: Vec<Option<Sum>> =
                compared.campaigns.iter().map(|campaign| sum(unit.id, campaign)).collect();
            let newest = sums.len().checked_sub(1).filter(|at| compared.year_before(*at).is_some());
            let last = newest.and_then(|at| sums[at - 1]);
            let this = sums.last().copied().flatten();
            draw::Group {
                label: unit.name(),
                values: sums.iter().map(|sum| sum.map(value)).collect(),
                changes: Vec::new(),
                change: match (last, this) {
                    (Some(_), Some(this)) => change_view(self.lang(), last, this).text,
                    _ => String::new(),
                },
            }
        };
        let year = |at: usize| {
            let campaign = &compared.campaigns[at];
            let this = sum(self.unit.id, campaign);
            let last = compared.year_before(at).and_then(|last| sum(self.unit.id, last));
            let change = match (last, this) {
                (Some(_), Some(this)) => change_view(self.lang(), last, this).text,
                _ => String::new(),
            };
            draw::Group {
                label: years[at].clone(),
                values: vec![this.map(value)],
                changes: Vec::new(),
                change,
            }
        };
        let by_year = below.is_empty();
        let title = if by_year { "chart-title-years" } else { "chart-title-year-over-year" };
        let mut frame = self.frame(
            &self.title(title),
            self.comparison_subtitle(&compared, Some(self.word(self.measure))),
            &whole,
        );
        frame.footer.push(self.basis_words(&compared, basis));
        Ok(draw::YearOverYear {
            frame,
            measure: self.name(self.measure).into(),
            unit: self.word(self.measure).into(),
            highlight: by_year.then(|| years.len().saturating_sub(1)),
            groups: if by_year {
                (0..years.len()).map(year).collect()
            } else {
                below.into_iter().map(group).collect()
            },
            series: if by_year { vec![self.name(self.measure).into()] } else { years },
        })
    }

    fn years_subtitle(&self, compared: &Compared) -> String {
        let first = compared.campaigns.first().map_or(0, |campaign| campaign.year).to_string();
        let (unit, last) = (self.unit.name(), self.campaign.year.to_string());
        let values = [("unit", unit.as_str()), ("first", &first), ("last", &last)];
        let years = self.lang().words("chart-years-by-day", &values);
        self.lang().words("chart-in", &[("what", &years), ("word", self.word(self.measure))])
    }

    /// What is compared; with the measure word where all figures have the same one.
    pub(super) fn comparison_subtitle(&self, compared: &Compared, word: Option<&str>) -> String {
        let first = compared.campaigns.first().map_or(0, |campaign| campaign.year).to_string();
        let last = self.campaign.year.to_string();
        let through = compared.through.map(|n| match (compared.align, n) {
            (Align::Distance, 0) => self.lang().text("chart-distance-on"),
            (Align::Distance, n) => {
                let key = if n < 0 { "chart-distance-before" } else { "chart-distance-after" };
                self.lang().words(key, &[("n", &n.unsigned_abs().to_string())])
            }
            _ => self.lang().words("chart-through-day", &[("n", &n.to_string())]),
        });
        let key = if through.is_some() { "chart-years-through" } else { "chart-years-whole" };
        let unit = self.unit.name();
        let values = [
            ("unit", unit.as_str()),
            ("first", first.as_str()),
            ("last", last.as_str()),
            ("through", through.as_deref().unwrap_or_default()),
        ];
        let years = self.lang().words(key, &values);
        match word {
            Some(word) => self.lang().words("chart-in", &[("what", &years), ("word", word)]),
            None => years,
        }
    }

    /// Which units are compared: all, or those that reported in every year.
    pub(super) fn basis_words(&self, compared: &Compared, basis: Basis) -> String {
        if basis == Basis::All {
            return self.lang().text("chart-all");
        }
        let names = compared.left_out.iter().filter_map(|unit| self.catalogue.tree.get(*unit));
        let names: Vec<String> = names.map(|unit| unit.name()).collect();
        let key = if names.is_empty() { "chart-comparable" } else { "chart-comparable-left_out" };
        self.lang().words(key, &[("names", &names.join(self.lang().pick("、", ", ")))])
    }
}
